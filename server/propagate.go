package server

import (
	"strconv"

	"respect/keyspace"
	"respect/server/command"
)

// Propagation: what changes the data set is told, as commands that make the same change
// anywhere and at any time, to those who keep a copy of it.
//
// Most commands are told as they came, if they changed anything. What depends on the
// time, on chance or on what somebody waited for is told by its effect instead: the
// handler calls effect, once for each command that it comes to, and its request is not
// told any more. An expiry becomes a point in time, a random member its removal, an ID
// that was made the one that it is.
//
// What belongs together is a unit: a command with the keys that it found expired, a
// transaction, each client that was waiting and is served. Of a unit that comes to several
// commands, MULTI and EXEC stand around them, so that a copy has all of it or nothing.
// As nobody knows at the first command whether there will be a second one, it waits
// until the next one or the end of the unit comes.
//
// A handler that is added decides: do the same arguments always do the same? If they do,
// there is nothing to write. If not:
//
//	c.effect(wordDel, key)                  // instead of the request; several times if need be
//	if argv := c.rewrite(); argv != nil {   // the request with other arguments
//		argv[2] = c.number(atMs)
//		c.effect(argv...)
//	}
//	c.noEffect()                            // it changed nothing that others have to know
//
// What happens without a command (eviction) is told by propagate.
//
// Without a keeper all of this is a comparison with nil.

// A copyKeeper keeps a copy of the data set up to date. It is called with the lock held,
// in the order of the changes, and keeps no argument after it has returned. The database
// is that in which the command is to be executed, or noDB for MULTI and EXEC, which are
// the same in each: in front of them no SELECT is needed.
type copyKeeper interface {
	feed(db int, argv [][]byte)
}

// unit is what has been told of the commands that belong together.
type unit struct {
	n         int      // commands
	db        int      // of the first of them
	first     [][]byte // while it waits
	text      []byte   // what arguments are made of that are nowhere else
	argv      [][]byte // of a request that is being rewritten
	told      bool     // the command that is being executed has told its effect
	separated bool     // each command is a unit of its own
}

// What commands are told by, and the options of these.
var (
	wordDel            = []byte("DEL")
	wordExec           = []byte("EXEC")
	wordHdel           = []byte("HDEL")
	wordHpexpireat     = []byte("HPEXPIREAT")
	wordHset           = []byte("HSET")
	wordLmove          = []byte("LMOVE")
	wordLpop           = []byte("LPOP")
	wordMulti          = []byte("MULTI")
	wordPersist        = []byte("PERSIST")
	wordPexpireat      = []byte("PEXPIREAT")
	wordRpop           = []byte("RPOP")
	wordRpoplpush      = []byte("RPOPLPUSH")
	wordSet            = []byte("SET")
	wordSrem           = []byte("SREM")
	wordUnlink         = []byte("UNLINK")
	wordXclaim         = []byte("XCLAIM")
	wordXgroup         = []byte("XGROUP")
	wordZadd           = []byte("zadd") // the reference writes it so
	wordZpopmax        = []byte("ZPOPMAX")
	wordZpopmin        = []byte("ZPOPMIN")
	wordAbsttl         = []byte("ABSTTL")
	wordCreateconsumer = []byte("CREATECONSUMER")
	wordEntriesread    = []byte("ENTRIESREAD")
	wordEquals         = []byte("=")
	wordForce          = []byte("FORCE")
	wordJustid         = []byte("JUSTID")
	wordKeepttl        = []byte("KEEPTTL")
	wordLastid         = []byte("LASTID")
	wordPxat           = []byte("PXAT")
	wordRetrycount     = []byte("RETRYCOUNT")
	wordSetid          = []byte("SETID")
	wordTime           = []byte("TIME")
	wordZero           = []byte("0")
)

var (
	multiWords = [][]byte{wordMulti}
	execWords  = [][]byte{wordExec}
)

// propagate tells a command that nobody sent and that belongs to no other: a key was
// evicted, say. It is called between commands:
//
//	if s.copies != nil {
//		s.propagate(db.ID(), [][]byte{wordDel, key})
//	}
//
// evicted keys are told with DEL, or with UNLINK if lazyfree-lazy-eviction is set; there
// is tellDeleted for that, which may also be called within commands.
func (s *Server) propagate(db int, argv [][]byte) {
	for _, k := range s.copies {
		k.feed(db, argv)
	}
}

// tell tells a command as a part of the unit. What the arguments are made of has to
// stay as it is until the end of the unit.
func (s *Server) tell(db int, argv [][]byte) {
	u := &s.unit
	switch {
	case u.separated:
		s.propagate(db, argv)
		return
	case u.n == 0:
		u.db, u.first = db, append(u.first[:0], argv...)
	case u.n == 1:
		s.propagate(noDB, multiWords)
		s.propagate(u.db, u.first)
		fallthrough
	default:
		s.propagate(db, argv)
	}
	u.n++
}

// maxSpareUnit bounds the room, in bytes and in arguments, that is kept for the next unit.
const maxSpareUnit = 16 << 10

// endUnit tells what has waited for the end of the unit. It is called where one ends if
// anything was told.
func (s *Server) endUnit() {
	u := &s.unit
	switch u.n {
	case 0:
	case 1:
		s.propagate(u.db, u.first)
	default:
		s.propagate(noDB, execWords)
	}
	u.n = 0
	if len(u.first) > maxSpareUnit/16 {
		u.first = nil
	}
	clear(u.first)
	if u.text = u.text[:0]; cap(u.text) > maxSpareUnit {
		u.text = nil
	}
}

// propagateRequest tells the request of a command that has been executed, unless its
// handler has told its effect. What is not flagged as a writing command is never told: it
// can change the data set as a whole, as DEBUG does, or execute others, as EXEC does.
func (s *Server) propagateRequest(c *client, r *row, changed bool) {
	if changed && !s.unit.told && r.Flags&(command.Write|command.MayReplicate) != 0 {
		s.tell(c.db.ID(), c.args.argv)
	}
	s.unit.told = false
}

// effect tells a command that the one in execution comes to.
func (c *client) effect(argv ...[]byte) {
	if c.srv.copies == nil {
		return
	}
	c.srv.unit.told = true
	c.srv.tell(c.db.ID(), argv)
}

// noEffect has nothing told of the command in execution but the effects that it tells.
func (c *client) noEffect() {
	if c.srv.copies != nil {
		c.srv.unit.told = true
	}
}

// rewrite returns a copy of the request, whose arguments may be replaced, until the next
// call; nil if there is nobody to be told.
func (c *client) rewrite() [][]byte {
	if c.srv.copies == nil {
		return nil
	}
	u := &c.srv.unit
	u.argv = append(u.argv[:0], c.args.argv...)
	return u.argv
}

// number returns a number as an argument of an effect.
func (c *client) number(n int64) []byte {
	if c.srv.copies == nil {
		return nil
	}
	u := &c.srv.unit
	start := len(u.text)
	u.text = strconv.AppendInt(u.text, n, 10)
	return u.text[start:len(u.text):len(u.text)]
}

// kept returns an argument of an effect that would not stay as it is.
func (s *Server) kept(b []byte) []byte {
	if s.copies == nil {
		return nil
	}
	u := &s.unit
	start := len(u.text)
	u.text = append(u.text, b...)
	return u.text[start:len(u.text):len(u.text)]
}

// keptElement is kept for an element of a value.
func (s *Server) keptElement(e keyspace.Element) []byte {
	if s.copies == nil {
		return nil
	}
	u := &s.unit
	start := len(u.text)
	u.text = e.AppendTo(u.text)
	return u.text[start:len(u.text):len(u.text)]
}

// deletion is the command that deletes a key.
func deletion(lazy bool) []byte {
	if lazy {
		return wordUnlink
	}
	return wordDel
}

// tellDeleted tells that a key was deleted which no command named: it had expired, or
// had to make room. Within a command that is a part of its unit.
func (s *Server) tellDeleted(db *keyspace.DB, key []byte, lazy bool) {
	if s.copies == nil {
		return
	}
	argv := [2][]byte{deletion(lazy), key}
	s.tell(db.ID(), argv[:])
}
