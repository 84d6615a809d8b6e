package server

import (
	"slices"
	"strings"
	"unsafe"

	"respect/keyspace/hashtable"
	"respect/server/command"
)

// Client-side caching. A client that tracks is told when what it may have cached
// is not true any more: once for each key that it has read, or, when it broadcasts, for
// every key with one of its prefixes, whoever reads it.
//
// The table knows for each key the clients that have read it, by number, in ascending
// order; numbers of clients that are gone do no harm. A key that changes leaves the
// table. The messages are pushes of RESP3; a client of RESP2 can have them sent to
// another connection, which gets them as messages of pub/sub.
//
// To the client whose command is being executed the messages go when it has ended, with the
// keys in the order of their changes; broadcasts are collected as long as one client's
// requests are being served.

// tracking is the server's side.
type tracking struct {
	clients  int // that track
	table    *hashtable.Table[*trackedKey]
	items    int                // entries of all keys together
	bytes    int                // that keys and entries take
	prefixes map[string]*prefix // of those who broadcast
	changed  bool               // some prefix has keys to tell
	pending  []string           // keys that the client in execution is to be told of
	flushed  bool               // it is to be told that all keys are gone
	buffer   []command.KeyRef   // room for the keys of a request
}

// keys returns the number of tracked keys.
func (t *tracking) keys() int {
	if t.table == nil {
		return 0
	}
	return t.table.Len()
}

// memory returns the bytes of the table with all that is in it.
func (t *tracking) memory() int {
	if t.table == nil {
		return 0
	}
	return t.table.Bytes() + t.bytes
}

// trackedKey is a key that clients have read.
type trackedKey struct {
	name    []byte
	readers []int64
}

func (k *trackedKey) key() []byte { return k.name }

func (k *trackedKey) size() int {
	return int(unsafe.Sizeof(*k)) + len(k.name) + cap(k.readers)*int(unsafe.Sizeof(k.readers[0]))
}

// A prefix has those who broadcast it, and what has changed, by whom.
type prefix struct {
	clients []*client
	changed map[string]*client
}

// clientTracking is the client's side.
type clientTracking struct {
	options  trackingOptions
	redirect int64 // the client that gets the messages, or 0
	broken   bool  // it is gone
	caching  bool  // CLIENT CACHING holds for the next command
	prefixes []string
}

type trackingOptions struct{ bcast, optIn, optOut, noLoop bool }

const (
	errRedirectTwice replyError = "ERR A client can only redirect to a single other client"
	errRedirectNone  replyError = "ERR The client ID you want redirect to does not exist"
	errPrefixBcast   replyError = "ERR PREFIX option requires BCAST mode to be enabled"
	errSwitchBcast   replyError = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
	errBcastOpt      replyError = "ERR OPTIN and OPTOUT are not compatible with BCAST"
	errOptInOut      replyError = "ERR You can't specify both OPTIN mode and OPTOUT mode"
	errSwitchOpt     replyError = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
	errCachingMode   replyError = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
	errCachingYes    replyError = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."
	errCachingNo     replyError = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
)

func errPrefixOverlap(a, b, which string) replyError {
	return replyError("ERR Prefix '" + a + "' overlaps with " + which + " prefix '" + b + "'. Prefixes for a single client must not overlap.")
}

// remember notes which keys a command has read for the client.
func (s *Server) remember(c *client, r *row) {
	t, own := &s.tracking, c.tracking
	o := own.options
	if r.Flags&command.ReadOnly == 0 || r.Flags&command.PubSub != 0 || o.bcast ||
		o.optIn && !own.caching || o.optOut && own.caching {
		return
	}
	keys, err := r.Keys(t.buffer[:0], c.args.argv)
	if err != nil {
		return
	}
	t.buffer = keys
	if t.table == nil {
		t.table = hashtable.New((*trackedKey).key)
	}
	for _, ref := range keys {
		name := c.args.argv[ref.Pos]
		k, found := t.table.Find(name)
		if !found {
			k = &trackedKey{name: slices.Clone(name)}
			t.table.Insert(k)
			t.bytes += k.size()
		}
		if i, known := slices.BinarySearch(k.readers, c.id); !known {
			t.bytes -= k.size()
			k.readers = slices.Insert(k.readers, i, c.id)
			t.bytes += k.size()
			t.items++
		}
	}
}

// limitTracking forgets keys while there are more than tracking-table-max-keys, and
// tells those who have read them.
func (s *Server) limitTracking() {
	t, most := &s.tracking, int(s.cfg.TrackingTableMaxKeys)
	for most > 0 && t.table != nil && t.table.Len() > most {
		k, ok := t.table.Random(s.ks.Rand())
		if !ok {
			return
		}
		s.invalidateRead(k.name)
	}
}

// invalidate tells that a key was changed by a client, or by nobody.
func (s *Server) invalidate(key []byte, by *client) {
	for p, x := range s.tracking.prefixes {
		if strings.HasPrefix(string(key), p) {
			x.changed[string(key)] = by
			s.tracking.changed = true
		}
	}
	s.invalidateRead(key)
}

// invalidateRead tells it to those who have read the key.
func (s *Server) invalidateRead(key []byte) {
	t := &s.tracking
	if t.table == nil {
		return
	}
	k, found := t.table.Find(key)
	if !found {
		return
	}
	t.table.Delete(key)
	t.items -= len(k.readers)
	t.bytes -= k.size()
	for _, id := range k.readers {
		c := s.clients[id]
		switch {
		case c == nil || c.tracking == nil || c.tracking.options.bcast || c.tracking.options.noLoop && c == s.current:
		case c == s.current && !s.eviction.pushing:
			t.pending = append(t.pending, string(k.name))
		default:
			s.tellInvalid(c, string(k.name))
		}
	}
}

// invalidateAll tells all who track that there are no keys any more.
func (s *Server) invalidateAll() {
	t := &s.tracking
	t.table, t.items, t.bytes = nil, 0, 0
	if t.clients == 0 {
		return
	}
	for _, c := range s.byID() {
		switch {
		case c.tracking == nil:
		case c == s.current:
			t.flushed = true
		default:
			s.tellInvalid(c)
		}
	}
}

// tellPending tells the client whose command has ended what it has to know itself.
func (s *Server) tellPending(c *client) {
	t := &s.tracking
	pending, flushed := t.pending, t.flushed
	t.pending, t.flushed = nil, false
	for _, key := range pending {
		s.tellInvalid(c, key)
	}
	if flushed {
		s.tellInvalid(c)
	}
}

// tellInvalid sends keys to a client that tracks, or where it has them sent to; no
// keys for all.
func (s *Server) tellInvalid(c *client, keys ...string) {
	to, own := c, c.tracking
	if own.redirect != 0 {
		if to = s.clients[own.redirect]; to == nil {
			own.broken = true
			if c.out.Proto >= 3 {
				w := s.compose(2)
				w.BulkString("tracking-redir-broken")
				w.Int(own.redirect)
				s.pushNow(c, w.Buf)
			}
			return
		}
	}
	switch {
	case to.out.Proto >= 3:
		s.compose(2).BulkString("invalidate")
	case to != c && to.subscribed():
		w := s.compose(3)
		w.BulkString("message")
		w.BulkString("__redis__:invalidate")
	default:
		return // RESP2 has nothing for it
	}
	w := &s.message
	if len(keys) == 0 {
		w.Proto = c.out.Proto // the null is that of the one who tracks
		w.Null()
	} else {
		w.Array(len(keys))
	}
	for _, key := range keys {
		w.BulkString(key)
	}
	if to == c {
		s.pushNow(to, w.Buf)
	} else {
		s.push(to, w.Buf)
	}
}

// broadcast tells those who broadcast what has changed since the last time, prefix by
// prefix and in the order of the keys.
func (s *Server) broadcast() {
	t := &s.tracking
	t.changed = false
	names := make([]string, 0, len(t.prefixes))
	for p := range t.prefixes {
		names = append(names, p)
	}
	slices.Sort(names)
	for _, name := range names {
		p := t.prefixes[name]
		if len(p.changed) == 0 {
			continue
		}
		all := make([]string, 0, len(p.changed))
		for key := range p.changed {
			all = append(all, key)
		}
		slices.Sort(all)
		for _, c := range p.clients {
			keys := all
			if c.tracking.options.noLoop {
				keys = slices.DeleteFunc(slices.Clone(all), func(key string) bool { return p.changed[key] == c })
			}
			if len(keys) > 0 {
				s.tellInvalid(c, keys...)
			}
		}
		clear(p.changed)
	}
}

// track begins to track, or changes how.
func (c *client) track(o trackingOptions, redirect int64, prefixes []string) {
	t := &c.srv.tracking
	if c.tracking == nil {
		t.clients++
		c.tracking = &clientTracking{}
	}
	own := c.tracking
	own.options, own.redirect, own.broken = o, redirect, false
	if o.bcast && len(prefixes) == 0 {
		prefixes = []string{""}
	}
	for _, p := range prefixes {
		if slices.Contains(own.prefixes, p) {
			continue
		}
		own.prefixes = append(own.prefixes, p)
		if t.prefixes == nil {
			t.prefixes = map[string]*prefix{}
		}
		if t.prefixes[p] == nil {
			t.prefixes[p] = &prefix{changed: map[string]*client{}}
		}
		t.prefixes[p].clients = append(t.prefixes[p].clients, c)
	}
}

// untrack ends tracking. What the client has read stays in the table until it
// changes.
func (c *client) untrack() {
	own, t := c.tracking, &c.srv.tracking
	if own == nil {
		return
	}
	for _, p := range own.prefixes {
		x := t.prefixes[p]
		x.clients = slices.DeleteFunc(x.clients, func(other *client) bool { return other == c })
		if len(x.clients) == 0 {
			delete(t.prefixes, p)
		}
	}
	if c == c.srv.current {
		t.pending, t.flushed = nil, false
	}
	t.clients--
	c.tracking = nil
}

// redirection returns where the client's messages go: -1 without tracking, 0 to
// itself.
func (c *client) redirection() int64 {
	if c.tracking == nil {
		return -1
	}
	return c.tracking.redirect
}

// endCaching ends CLIENT CACHING behind the command that it was for. Subcommands of
// CLIENT are none, and a transaction counts as one.
func (c *client) endCaching(r *row) {
	if c.multi == nil && r.Container != "client" {
		c.tracking.caching = false
	}
}

// trackingRequest is what CLIENT TRACKING was given.
type trackingRequest struct {
	options  trackingOptions
	redirect int64
	prefixes []string
}

func (c *client) readTracking(a *args) (q trackingRequest, err error) {
	for a.more() {
		switch {
		case a.optionWith("REDIRECT", 1):
			if q.redirect != 0 {
				return q, errRedirectTwice
			}
			if q.redirect, err = a.int(); err != nil {
				return q, err
			}
			if c.srv.clients[q.redirect] == nil {
				return q, errRedirectNone
			}
		case a.option("BCAST"):
			q.options.bcast = true
		case a.option("OPTIN"):
			q.options.optIn = true
		case a.option("OPTOUT"):
			q.options.optOut = true
		case a.option("NOLOOP"):
			q.options.noLoop = true
		case a.optionWith("PREFIX", 1):
			q.prefixes = append(q.prefixes, string(a.next()))
		default:
			return q, errSyntax
		}
	}
	return q, nil
}

// checkTracking tells what is wrong with the options, among each other and beside
// those in force.
func (c *client) checkTracking(q *trackingRequest) error {
	o, own := q.options, c.tracking
	switch {
	case !o.bcast && len(q.prefixes) > 0:
		return errPrefixBcast
	case own != nil && own.options.bcast != o.bcast:
		return errSwitchBcast
	case o.bcast && (o.optIn || o.optOut):
		return errBcastOpt
	case o.optIn && o.optOut:
		return errOptInOut
	case own != nil && (o.optIn && own.options.optOut || o.optOut && own.options.optIn):
		return errSwitchOpt
	}
	for i, p := range q.prefixes {
		if own != nil {
			for _, old := range own.prefixes {
				if overlap(p, old) {
					return errPrefixOverlap(p, old, "an existing")
				}
			}
		}
		for _, other := range q.prefixes[i+1:] {
			if overlap(p, other) {
				return errPrefixOverlap(p, other, "another provided")
			}
		}
	}
	return nil
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// clientTrackingCommand switches tracking on and off.
//
//	CLIENT TRACKING ON | OFF [REDIRECT client-id] [PREFIX prefix [PREFIX prefix
//	    ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
//
// O(N) with N the number of prefixes. Reply: OK.
func clientTrackingCommand(c *client, a *args) error {
	status := a.next()
	q, err := c.readTracking(a)
	if err != nil {
		return err
	}
	switch {
	case equalFold(status, "ON"):
		if err := c.checkTracking(&q); err != nil {
			return err
		}
		c.track(q.options, q.redirect, q.prefixes)
	case equalFold(status, "OFF"):
		c.untrack()
	default:
		return errSyntax
	}
	c.out.OK()
	return nil
}

// clientCachingCommand says whether the keys of the next command are tracked.
//
//	CLIENT CACHING YES | NO
//
// O(1). Reply: OK.
func clientCachingCommand(c *client, a *args) error {
	own := c.tracking
	switch {
	case own == nil:
		return errCachingMode
	case a.option("YES"):
		if !own.options.optIn {
			return errCachingYes
		}
	case a.option("NO"):
		if !own.options.optOut {
			return errCachingNo
		}
	default:
		return errSyntax
	}
	own.caching = true
	c.out.OK()
	return nil
}

// clientGetredirCommand tells where invalidation messages go.
//
//	CLIENT GETREDIR
//
// O(1). Reply: the number of a client; 0 for this one, -1 without tracking.
func clientGetredirCommand(c *client, a *args) error {
	c.out.Int(c.redirection())
	return nil
}

// clientTrackinginfoCommand describes the client's tracking.
//
//	CLIENT TRACKINGINFO
//
// O(1). Reply: a map of flags, redirect and prefixes.
func clientTrackinginfoCommand(c *client, a *args) error {
	flags, prefixes := []string{"off"}, []string(nil)
	if own := c.tracking; own != nil {
		flags, prefixes = own.flags(), slices.Sorted(slices.Values(own.prefixes))
	}
	w := &c.out
	w.Map(3)
	w.BulkString("flags")
	w.Set(len(flags))
	for _, flag := range flags {
		w.BulkString(flag)
	}
	w.BulkString("redirect")
	w.Int(c.redirection())
	w.BulkString("prefixes")
	w.Array(len(prefixes))
	for _, p := range prefixes {
		w.BulkString(p)
	}
	return nil
}

func (t *clientTracking) flags() []string {
	flags := []string{"on"}
	o := t.options
	for _, f := range []struct {
		set  bool
		name string
	}{
		{o.bcast, "bcast"}, {o.optIn, "optin"}, {o.optIn && t.caching, "caching-yes"},
		{o.optOut, "optout"}, {o.optOut && t.caching, "caching-no"}, {o.noLoop, "noloop"}, {t.broken, "broken_redirect"},
	} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	return flags
}

// trackingLetters are the flags in CLIENT LIST.
func (c *client) trackingLetters() string {
	if c.tracking == nil {
		return ""
	}
	letters := "t"
	if c.tracking.broken {
		letters += "R"
	}
	if c.tracking.options.bcast {
		letters += "B"
	}
	return letters
}
