package server

import (
	"sync"

	"respect/keyspace"
	"respect/protocol"
	"respect/server/transport"
)

// A client is the server's side of one connection. Its requests come in through
// receive and serve, its replies collect in out; both ends belong to the
// transport (see transport.Session for who calls what under which lock).
type client struct {
	srv  *Server
	conn transport.Conn
	id   int64

	parser protocol.Parser
	in     []byte // bytes of requests that could not be executed yet
	batch  *batch // requests cut out of in, or of what has just arrived; nil between two rounds
	args   args   // of the command in execution
	row    *row   // the command in execution, or the last one
	out    protocol.Writer
	reply  replyMode

	ownReply bool // the handler has heeded CLIENT REPLY by itself

	db            *keyspace.DB
	authenticated bool
	user          string
	name          string
	libName       string
	libVersion    string
	flags         clientFlags

	createdMs, activeMs int64 // when it connected; when it last sent something
	queryLen            int   // bytes of requests not yet executed

	softSinceMs int64 // since when its output is beyond the soft limit; 0 if it is not
	softCalm    bool  // it was below when cron looked
	counted     int   // bytes that Server.clientBytes has of it

	multi         *transaction    // what it has queued since MULTI, or nil
	watching      *watching       // what it watches, or nil
	subscriptions *subscriptions  // nil if it has none
	tracking      *clientTracking // nil if it does not track
	blocked       *blocking       // what it waits for, or nil
	replays       bool            // its requests are effects (propagate.go), which were checked before
	postponed     bool            // its next request waits for the end of CLIENT PAUSE
	closing       bool            // to be closed once out is written
	closed        bool

	scratch []byte // for numbers in text form
}

type clientFlags uint16

const (
	flagNoEvict clientFlags = 1 << iota
	flagNoTouch
	flagMonitor        // shown all commands (monitor.go)
	flagTrackingBroken // the client that was to get its invalidation messages is gone
)

// replyMode is what CLIENT REPLY has set.
type replyMode uint8

const (
	replyOn replyMode = iota
	replyOff
	replySkipNext // the command in execution is, or executes, CLIENT REPLY SKIP
	replySkip     // the command in execution is the one to be skipped
)

// maxIdleBuffer is the capacity in bytes up to which a client keeps its request
// buffer while there is nothing in it.
const maxIdleBuffer = 32 << 10

// batches are the batches that are not in use. A client has one only from
// Receive to the end of Serve.
var batches = sync.Pool{New: func() any { return new(batch) }}

// maxIdleArgs bounds the room for arguments of a batch that is kept. A batch that has
// half as many takes no further requests, so that only a request of thousands of
// arguments leaves garbage behind.
const maxIdleArgs = 4096

// release gives the batch back, without what it refers to.
func (b *batch) release() {
	if cap(b.argv) > maxIdleArgs {
		b.argv, b.reqs = nil, nil
	}
	*b = batch{argv: b.argv[:0], reqs: b.reqs[:0]}
	batches.Put(b)
}

// batch is a run of requests cut out of one buffer, to be executed under one
// hold of the lock.
type batch struct {
	argv [][]byte // the arguments of all requests
	reqs []request
	next int    // first request not executed
	buf  []byte // what the requests were cut from
	end  int    // up to where buf has been cut
	err  error  // what is wrong with the bytes behind the last request

	received int // bytes that have arrived since the last Serve
}

// request is a range of batch.argv and where its bytes begin in batch.buf.
type request struct {
	first, last int32
	start       int
}

// maxBatch bounds how many requests are cut before the first is executed.
const maxBatch = 512

// Receive takes bytes that have arrived and cuts them into requests. It runs
// outside the lock and touches nothing but parser, in and batch, which belong to
// the transport's side.
func (c *client) Receive(p []byte) {
	b := c.batch
	if b == nil {
		b = batches.Get().(*batch)
		c.batch = b
	}
	b.received += len(p)
	if len(c.in) > 0 {
		c.in = append(c.in, p...)
		p = c.in
	}
	b.buf, b.end = p, 0
	c.cut()
}

// waiting tells whether the client's requests have to wait.
func (c *client) waiting() bool { return c.blocked != nil || c.postponed || c.closing }

// cut fills the batch with the next requests of its buffer. Before the client
// has authenticated itself they are cut one by one: the limits change with AUTH.
func (c *client) cut() {
	b := c.batch
	b.argv, b.reqs, b.next = b.argv[:0], b.reqs[:0], 0
	limit := maxBatch
	if c.parser.Unauthenticated {
		limit = 1
	}
	for len(b.reqs) < limit && len(b.argv) < maxIdleArgs/2 && b.err == nil && b.end < len(b.buf) {
		first := len(b.argv)
		n, argv, err := c.parser.Next(b.buf[b.end:], b.argv)
		b.argv, b.err = argv, err
		if n == 0 {
			return
		}
		if len(argv) > first {
			b.reqs = append(b.reqs, request{int32(first), int32(len(argv)), b.end})
		}
		b.end += n
	}
}

// Serve executes the requests that have been cut and those that follow them in
// the buffer. The transport also calls it when the client was woken: then what
// had to wait goes on.
func (c *client) Serve() {
	s := c.srv
	s.tick()
	c.parser.MaxBulk = s.cfg.ProtoMaxBulkLen
	if c.batch == nil {
		if len(c.in) == 0 || c.waiting() {
			return
		}
		c.batch = batches.Get().(*batch)
		c.batch.buf = c.in
	} else {
		s.stats.bytesIn += uint64(c.batch.received)
		c.activeMs = s.nowMs
	}
	s.current = c
	floor := c.outputFloor()
	if c.softSinceMs != 0 {
		c.checkOutput()
	}
	for !c.waiting() && !c.yields() && c.nextRequest() {
		if !s.dispatch(c) {
			c.batch.next--
		}
		if len(c.out.Buf) >= floor {
			c.checkOutput()
		}
	}
	s.current = nil
	s.endRun()
	c.keepRest()
	if s.limits.counted {
		s.accountClient(c)
	}
}

// maxReplies is how many bytes of replies a client may have before they are written,
// and the other clients get their turn: what is written soon is still in the
// processor's cache, and buffers of this size are used again.
const maxReplies = 32 << 10

// yields tells whether the client's next requests have to wait until the replies to
// the previous ones are written. If its peer does not read, they have not: that is
// what the limits of output buffers are for.
func (c *client) yields() bool {
	if len(c.out.Buf) < maxReplies || c.conn.OutputPending() > 0 {
		return false
	}
	c.conn.Wake()
	return true
}

// hasNext tells whether another request has been cut.
func (c *client) hasNext() bool { return c.batch != nil && c.batch.next < len(c.batch.reqs) }

// nextRequest puts the arguments of the next request into c.args, and tells
// whether there is one.
func (c *client) nextRequest() bool {
	b := c.batch
	for b.next == len(b.reqs) {
		if b.err != nil {
			c.protocolError(b.err)
			return false
		}
		cut := b.end
		if c.cut(); b.end == cut && b.err == nil {
			return false
		}
	}
	if b.next == 0 && len(b.reqs) > 1 {
		c.srv.warmed += c.warm()
	}
	r := b.reqs[b.next]
	b.next++
	c.args = args{argv: b.argv[r.first:r.last:r.last]}
	return true
}

// maxWarm bounds how many keys are warmed at a time.
const maxWarm = 64

// warm lets the keyspace prepare for the keys of a pipeline: the first argument
// of each request, which is a key more often than not.
func (c *client) warm() (sum uint64) {
	if !c.db.WorthWarming() {
		return 0
	}
	var keys [maxWarm][]byte
	n := 0
	for _, r := range c.batch.reqs {
		if r.last-r.first < 2 {
			continue
		}
		if n == maxWarm {
			break
		}
		keys[n] = c.batch.argv[r.first+1]
		n++
	}
	return c.db.Warm(keys[:n])
}

// keepRest saves the bytes that have not been executed: they may lie in the
// transport's buffer, which is about to be used for something else.
func (c *client) keepRest() {
	b := c.batch
	from := b.end
	if b.next < len(b.reqs) {
		from = b.reqs[b.next].start
	}
	if b.next < len(b.reqs) || b.err != nil {
		c.parser.Reset() // what is kept will be cut again
	}
	rest := b.buf[from:]
	if c.closing {
		rest = nil
	}
	switch {
	case len(rest) > 0 && len(rest) == len(c.in) && &rest[0] == &c.in[0]:
		// All of it is there already: a long argument that is still arriving.
	case len(rest) > 0:
		c.in = append(c.in[:0], rest...)
	default:
		c.in = c.in[:0]
	}
	if len(rest) == 0 && cap(c.in) > maxIdleBuffer {
		c.in = nil
	}
	b.release()
	c.batch, c.args = nil, args{} // the batch is somebody else's from now on
	c.queryLen = len(c.in)
	if int64(c.queryLen) > c.srv.cfg.ClientQueryBufferLimit {
		c.srv.stats.queryBufferKills++
		c.srv.log.warn("Closing client that reached max query buffer length: %s", c.describe())
		c.conn.Close()
	}
}

func (c *client) protocolError(err error) {
	c.srv.stats.protocolErrors++
	c.out.Error("ERR " + err.Error())
	c.closeAfterReply()
}

// closeAfterReply lets the connection end once everything is written.
func (c *client) closeAfterReply() { c.closing = true }

// Output hands over the replies and takes an empty buffer for the next ones.
func (c *client) Output(spare []byte) (out []byte, closing bool) {
	out = c.out.Buf
	c.srv.stats.bytesOut += uint64(len(out))
	c.out.Buf = spare
	if spare == nil && c.srv.limits.counted {
		c.srv.countClient(c)
	}
	return out, c.closing
}

// Closed ends what the client had going on.
func (c *client) Closed(error) {
	c.closed = true
	c.srv.forget(c)
}
