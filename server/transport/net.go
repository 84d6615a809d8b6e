package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// netReadBuffer is what a connection reads at a time, in bytes.
const netReadBuffer = 16 << 10

// rejectTime is how long a refused peer has to take the last bytes.
const rejectTime = time.Second

// netConn is a connection with goroutines of its own: one that reads, and one
// that writes while there is something that the peer has not taken. Locks are
// taken in the order turn, handler's lock, mu.
type netConn struct {
	server   *Server
	conn     net.Conn
	raw      syscall.RawConn // for writing without waiting; nil if impossible
	session  Session
	fd       int
	rejected []byte
	pending  atomic.Int64

	// turn keeps Receive and the Serve that belongs to it together.
	turn sync.Mutex

	// Guarded by the handler's lock.
	closed bool   // Session.Closed has been called
	last   []byte // what was left to write then

	mu      sync.Mutex // guards what follows
	writing bool       // somebody has the right to write
	woken   bool       // that one is to look for more before giving it up
}

// Attach makes a connection out of c, which may be one end of net.Pipe. The
// handler's lock must not be held. On error c is left alone.
func (s *Server) Attach(c net.Conn) error {
	nc := &netConn{server: s, conn: c, fd: -1}
	socket := nc.socket()
	if r, ok := socket.(syscall.Conn); ok {
		raw, err := r.SyscallConn()
		if err != nil {
			return err
		}
		raw.Control(func(fd uintptr) { nc.fd = int(fd) })
		if socket == c {
			nc.raw = raw
		}
	}
	if err := s.enter(); err != nil {
		return err
	}
	nc.SetKeepAlive(time.Duration(s.keepAlive.Load()))
	accepted := s.welcome(nc)
	go func() {
		defer s.running.Done()
		if accepted {
			nc.read()
		} else {
			nc.refuse()
		}
	}()
	return nil
}

// welcome offers the connection to the handler.
func (s *Server) welcome(c *netConn) (accepted bool) {
	h := s.handler
	h.Lock()
	defer h.Unlock()
	if s.stopped {
		return false
	}
	s.stats.Connections++
	session := h.Accept(c)
	switch {
	case session == nil:
		return false
	case c.closed:
		session.Closed(nil)
		return false
	}
	c.session = session
	s.conns[c] = struct{}{}
	return true
}

// refuse sends the last bytes to a connection that the handler does not want.
func (c *netConn) refuse() {
	if len(c.rejected) > 0 {
		c.conn.SetDeadline(time.Now().Add(rejectTime))
		c.conn.Write(c.rejected)
	}
	c.conn.Close()
}

// read reads until the connection ends.
func (c *netConn) read() {
	buf := make([]byte, netReadBuffer)
	var spare []byte
	for {
		n, err := c.conn.Read(buf)
		if n > 0 {
			var goOn bool
			if spare, goOn = c.execute(buf[:n], spare); !goOn {
				return
			}
		}
		if err != nil {
			c.end(err)
			return
		}
	}
}

// execute serves what has arrived and writes the replies, or leaves them to the
// goroutine that is writing already. It returns a buffer for the next time, and
// whether to read on.
func (c *netConn) execute(p, spare []byte) (next []byte, goOn bool) {
	s := c.server
	c.turn.Lock()
	c.session.Receive(p)
	s.handler.Lock()
	if c.closed {
		s.handler.Unlock()
		c.turn.Unlock()
		return nil, false
	}
	s.stats.Reads++
	s.stats.BytesRead += uint64(len(p))
	mine := c.claim()
	var out []byte
	var closing bool
	if mine {
		out, closing = c.session.Output(spare)
		spare = nil
	}
	if !closing {
		c.session.Serve()
		c.server.handler.EndRound()
	}
	if mine && !c.closed {
		out, closing, spare = c.output(out, closing)
	}
	ticket := s.committer.Commit()
	s.handler.Unlock()
	c.turn.Unlock()
	s.committer.Await(ticket)
	if !mine {
		return spare, true
	}
	return c.deliver(out, closing, spare)
}

// output takes the replies of a Serve and puts them behind those of before.
func (c *netConn) output(before []byte, closing bool) (out []byte, end bool, spare []byte) {
	out, end = c.session.Output(nil)
	if len(before) > 0 {
		out, spare = append(before, out...), out[:0]
	}
	c.server.countWrite(out)
	return out, closing || end, spare
}

// countWrite counts bytes as written that are about to be.
func (s *Server) countWrite(out []byte) {
	if len(out) > 0 {
		s.stats.Writes++
		s.stats.BytesWritten += uint64(len(out))
	}
}

// deliver writes what the socket takes and leaves the rest to a goroutine. The
// caller had the right to write; it is given up.
func (c *netConn) deliver(out []byte, closing bool, spare []byte) (next []byte, goOn bool) {
	n := 0
	if len(out) > 0 && c.raw != nil {
		var err error
		if n, err = tryWrite(c.raw, out); err != nil {
			c.drop(err)
			return nil, false
		}
	}
	if n == len(out) && !closing && !c.release() {
		if cap(out) > 0 && cap(out) <= netReadBuffer {
			spare = out[:0]
		}
		return spare, true
	}
	c.pending.Store(int64(len(out) - n))
	c.server.running.Go(func() { c.flush(out[n:], closing) })
	return nil, !closing
}

// claim takes the right to write. If somebody else has it, that one is told that
// there will be more.
func (c *netConn) claim() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing {
		c.woken = true
		return false
	}
	c.writing = true
	return true
}

// release gives up the right to write, unless there is more to do.
func (c *netConn) release() (more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = c.woken
	return c.woken
}

// flush writes, waiting for the peer, until there is nothing left. It has the
// right to write, and keeps it for good when the connection ends.
func (c *netConn) flush(out []byte, closing bool) {
	for {
		if len(out) > 0 {
			if _, err := c.conn.Write(out); err != nil {
				c.drop(err)
				return
			}
		}
		c.pending.Store(0)
		if closing {
			c.drop(nil)
			return
		}
		if !c.release() {
			return
		}
		out, closing = c.more()
	}
}

// more executes what had to wait and returns what there is to write. closing is
// also the end of a connection whose session has ended.
func (c *netConn) more() (out []byte, closing bool) {
	out, closing, ticket := c.takeMore()
	c.server.committer.Await(ticket)
	return out, closing
}

func (c *netConn) takeMore() (out []byte, closing bool, ticket uint64) {
	c.mu.Lock()
	c.woken = false
	c.mu.Unlock()
	c.turn.Lock()
	defer c.turn.Unlock()
	c.server.handler.Lock()
	defer c.server.handler.Unlock()
	if !c.closed {
		c.session.Serve()
		c.server.handler.EndRound()
	}
	if c.closed {
		out, c.last, closing = c.last, nil, true
	} else {
		out, closing = c.session.Output(nil)
	}
	c.server.countWrite(out)
	c.pending.Store(int64(len(out)))
	return out, closing, c.server.committer.Commit()
}

// end ends the session of a peer that sends no more; what there is to write still
// is, for a while.
func (c *netConn) end(err error) {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrShutdown // only shutdown sets one for reading
	} else {
		c.conn.SetWriteDeadline(time.Now().Add(lingerTime))
	}
	h := c.server.handler
	h.Lock()
	if !c.closed {
		c.last, _ = c.session.Output(nil)
		c.finish(err)
	}
	h.Unlock()
	if c.claim() {
		c.flush(c.more())
	}
}

// finish tells the session that the connection is gone; the lock is held.
func (c *netConn) finish(err error) {
	c.closed = true
	delete(c.server.conns, c)
	if c.session != nil {
		c.session.Closed(err)
	}
}

// drop ends the connection; the lock is not held.
func (c *netConn) drop(err error) {
	h := c.server.handler
	h.Lock()
	if !c.closed {
		c.finish(err)
	}
	h.Unlock()
	c.pending.Store(0)
	c.conn.Close()
}

// shutdown ends reading at once and writing at the given time.
func (c *netConn) shutdown(until time.Time) {
	c.conn.SetWriteDeadline(until)
	c.conn.SetReadDeadline(time.Unix(1, 0))
}

func (c *netConn) Wake() {
	if c.closed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woken = true
	if !c.writing {
		c.writing = true
		c.server.running.Go(func() { c.flush(nil, false) })
	}
}

func (c *netConn) Close() {
	if c.closed {
		return
	}
	c.finish(nil)
	c.socket().Close() // closing TLS in good order would wait for the peer
}

func (c *netConn) Reject(last []byte) { c.rejected = last }

func (c *netConn) LocalAddr() string { return formatAddr(c.conn.LocalAddr()) }

// RemoteAddr is the path of the socket for a Unix peer: it has no name itself.
func (c *netConn) RemoteAddr() string {
	if c.Unix() {
		return c.LocalAddr()
	}
	return formatAddr(c.conn.RemoteAddr())
}

func (c *netConn) FD() int { return c.fd }

func (c *netConn) Unix() bool {
	_, ok := c.socket().(*net.UnixConn)
	return ok
}

func (c *netConn) SetKeepAlive(d time.Duration) {
	if tcp, ok := c.socket().(*net.TCPConn); ok {
		tcp.SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: d > 0, Idle: d, Interval: max((d / 3).Truncate(time.Second), time.Second), Count: 3,
		})
	}
}

// socket is the connection below TLS.
func (c *netConn) socket() net.Conn {
	if t, ok := c.conn.(interface{ NetConn() net.Conn }); ok {
		return t.NetConn()
	}
	return c.conn
}

func (c *netConn) OutputPending() int { return int(c.pending.Load()) }

func (c *netConn) Room() []byte { return nil }

// serveNet accepts the connections of a socket until that is closed.
func (s *Server) serveNet(socket net.Listener) *listener {
	s.running.Go(func() { s.acceptNet(socket) })
	return &listener{
		addr: socket.Addr(),
		tcp:  socket.Addr().Network() == "tcp",
		stop: func() { socket.Close() },
	}
}

func (s *Server) acceptNet(socket net.Listener) {
	var trouble acceptTrouble
	for {
		c, err := socket.Accept()
		switch {
		case err == nil:
			trouble = acceptTrouble{}
			if s.Attach(c) != nil {
				c.Close()
			}
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		trouble.tell(s, err)
		select {
		case <-s.stop:
		case <-time.After(acceptPause):
		}
	}
}
