package server

import (
	"strings"

	"respect/server/command"
)

// Transactions. After MULTI the commands of a client are queued, with a copy of
// their arguments, until EXEC executes them all at once: the lock is held, nobody
// is served in between, and all of them see the same time. An error in one does
// not keep the others from being executed. What a guard refuses while commands are
// queued spoils the transaction.
//
// Before that, WATCH can say on which keys it depends; watch.go notices whether
// they change.
//
// How dispatch treats a command within a transaction is a column of its row
// (multiRole): all are queued but those that concern the transaction itself or end
// the connection's state.

var transactionCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: discardCommand, inMulti: atOnce, Spec: command.New("discard", 1, "noscript loading stale fast allow_busy @transaction", "", "transactions 2.0.0", "O(N)",
		"",
		"Drops a transaction.")},
	{handler: execCommand, inMulti: executes, Spec: command.New("exec", 1, "noscript loading stale skip_slowlog @transaction", "", "transactions 1.2.0", "",
		"",
		"Executes the commands of a transaction.")},
	{handler: multiCommand, inMulti: atOnce, Spec: command.New("multi", 1, "noscript loading stale fast allow_busy @transaction", "", "transactions 1.2.0", "O(1)",
		"",
		"Begins a transaction.")},
	{handler: unwatchCommand, Spec: command.New("unwatch", 1, "noscript loading stale fast allow_busy @transaction", "", "transactions 2.2.0", "O(1)",
		"",
		"Forgets the watched keys.")},
	{handler: watchCommand, inMulti: atOnce, Spec: command.New("watch", -2, "noscript loading stale fast allow_busy @transaction", "1..-1 RO", "transactions 2.2.0", "O(N)",
		"key:key...",
		"Lets the next transaction fail if keys change.")},
}

// multiRole is what becomes of a command while its client's commands are queued.
type multiRole uint8

const (
	isQueued multiRole = iota
	atOnce             // it is executed
	executes           // it is executed, and with it what has been queued
)

// transaction is what a client has queued.
type transaction struct {
	queue     []queuedCommand
	argv      [][]byte      // the arguments of all commands
	text      []byte        // what they are cut from; a full one is left to them
	size      int           // bytes of the arguments
	flags     command.Flags // of any of the commands
	spoiled   bool          // a command was refused
	executing bool
}

// queuedCommand is a command and the range of its arguments.
type queuedCommand struct {
	row         *row
	first, last int
}

const (
	errExecAbort  replyError = "EXECABORT Transaction discarded because of previous errors."
	errNestedMult replyError = "ERR MULTI calls can not be nested"
	errWatchMulti replyError = "ERR WATCH inside MULTI is not allowed"
	errNoMulti    replyError = "ERR Command not allowed inside a transaction"
)

func errWithoutMulti(name string) replyError { return replyError("ERR " + name + " without MULTI") }

func errAborted(cause error) replyError {
	return replyError("EXECABORT Transaction discarded because of: " + strings.TrimPrefix(cause.Error(), "ERR "))
}

// The room in bytes that is made for arguments at a time, unless one is longer.
const minQueueText, maxQueueText = 512, 16 << 10

// add queues a command. The arguments are copied: they lie in a buffer that is
// about to be used for something else.
func (t *transaction) add(r *row, argv [][]byte) {
	first := len(t.argv)
	for _, arg := range argv {
		if len(arg) > cap(t.text)-len(t.text) {
			t.text = make([]byte, 0, max(minQueueText, min(2*cap(t.text), maxQueueText), len(arg)))
		}
		start := len(t.text)
		t.text = append(t.text, arg...)
		t.argv = append(t.argv, t.text[start:len(t.text):len(t.text)])
		t.size += len(arg)
	}
	t.queue = append(t.queue, queuedCommand{r, first, len(t.argv)})
	t.flags |= r.Flags
}

// queue queues the command of the client's request, unless the transaction
// cannot succeed any more.
func (c *client) queue(r *row, argv [][]byte) {
	if !c.multi.spoiled && !c.watchBroken() {
		c.multi.add(r, argv)
	}
	mark := len(c.out.Buf)
	c.out.Queued()
	c.endReply(mark)
}

// refused notes that a guard refused a request, with a row if the command is
// known, and returns the error to reply.
func (c *client) refused(r *row, err error) error {
	if r != nil && r.inMulti == executes {
		c.discard()
		return errAborted(err)
	}
	if c.multi != nil {
		c.multi.spoiled = true
	}
	return err
}

// maxSpareQueue bounds the transaction that is kept for the next one, in commands
// and, a hundredfold, in bytes.
const maxSpareQueue = 128

// beginTransaction returns an empty transaction.
func (s *Server) beginTransaction() *transaction {
	t := s.spareTransaction
	if t == nil {
		return new(transaction)
	}
	s.spareTransaction = nil
	return t
}

// discard ends the client's transaction and forgets the watched keys.
func (c *client) discard() {
	c.unwatch()
	t := c.multi
	c.multi = nil
	if t == nil || len(t.queue) > maxSpareQueue || cap(t.text) > 100*maxSpareQueue || cap(t.argv) > 10*maxSpareQueue {
		return
	}
	clear(t.argv)
	*t = transaction{queue: t.queue[:0], argv: t.argv[:0], text: t.text[:0]}
	c.srv.spareTransaction = t
}

// inExec tells whether the client's commands are being executed by EXEC.
func (c *client) inExec() bool { return c.multi != nil && c.multi.executing }

// multiCommand begins a transaction.
//
//	MULTI
//
// O(1). Reply: OK; the commands that follow are answered QUEUED.
func multiCommand(c *client, a *args) error {
	if c.multi != nil {
		return errNestedMult
	}
	c.multi = c.srv.beginTransaction()
	c.out.OK()
	return nil
}

// discardCommand drops the transaction.
//
//	DISCARD
//
// O(N) with N the number of queued commands. Reply: OK.
func discardCommand(c *client, a *args) error {
	if c.multi == nil {
		return errWithoutMulti("DISCARD")
	}
	c.discard()
	c.out.OK()
	return nil
}

// execCommand executes the transaction.
//
//	EXEC
//
// The complexity is that of the commands. Reply: an array with the reply of each;
// null if a watched key was changed. Deviation: a client that kills itself by one of
// them gets the replies of all; the reference drops those behind it.
func execCommand(c *client, a *args) error {
	t := c.multi
	switch {
	case t == nil:
		return errWithoutMulti("EXEC")
	case t.spoiled:
		c.discard()
		return errExecAbort
	case c.watchBroken() || c.watchedExpired():
		c.discard()
		c.out.NullArray()
		return nil
	}
	c.unwatch()
	t.executing = true
	mark := len(c.out.Buf)
	c.out.Array(len(t.queue))
	c.mute(mark)
	started, own := c.srv.clock(), c.args
	for _, q := range t.queue {
		if c.closed { // by one of them; the transaction is somebody else's
			return nil
		}
		c.args = args{argv: t.argv[q.first:q.last:q.last]}
		c.srv.execute(c, q.row)
		now := c.srv.clock()
		took := max(0, now-started)
		q.row.stats.record(uint64(took), c.srv.cfg.LatencyTracking)
		if took >= c.srv.observation.slowNs {
			run := timedRun{n: 1, client: c}
			run.rows[0], run.argvs[0] = q.row, c.args.argv
			c.srv.observeSlow(&run, took)
		}
		started = now
	}
	c.args = own
	c.ownReply = true
	c.discard()
	return nil
}
