package transport

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// errAsked stands for the session's own wish as the reason of a connection's end.
var errAsked = errors.New("session asked for it")

// epollConn is a connection of a loop.
type epollConn struct {
	loop          *loop
	session       Session
	buffered      BufferedSession // the session, if it is one
	fd            int
	unix          bool
	local, remote string
	pending       atomic.Int64

	// Guarded by the handler's lock.
	closed bool // Session.Closed has been called
	woken  bool // in loop.woken
	last   []byte

	// The loop's own.
	out      []byte // replies taken from the session
	sent     int    // bytes of out that are written
	events   uint32 // that the kernel reports
	listed   bool   // in loop.batch
	received bool   // Serve has to be called
	lent     bool   // the session has a buffer of the loop
	stuck    bool   // out cannot be written at present
	closing  bool   // to be closed when out is written
	ended    bool   // closed, as far as the loop knows
	gone     bool   // the socket is closed
	end      error  // why nothing is read any more
	until    time.Time
}

// reading tells whether input is of interest.
func (c *epollConn) reading() bool { return c.end == nil && !c.closing && !c.ended }

// finish tells the session that the connection is gone; the lock is held.
func (c *epollConn) finish() {
	c.closed = true
	c.loop.load--
	err := c.end
	if err == errAsked {
		err = nil
	}
	c.session.Closed(err)
}

// refuse sends the last bytes to a connection that the handler does not want, or
// that the handler has closed in Accept; the lock is held.
func (c *epollConn) refuse(session Session) {
	if session != nil {
		session.Closed(nil)
	} else if len(c.last) > 0 {
		unix.SendmsgN(c.fd, c.last, nil, nil, unix.MSG_NOSIGNAL)
	}
	c.closed, c.gone = true, true
	unix.Close(c.fd)
}

func (c *epollConn) Wake() {
	if c.woken || c.closed {
		return
	}
	c.woken = true
	c.loop.woken = append(c.loop.woken, c)
	c.loop.notify()
}

func (c *epollConn) Close() {
	if c.closed {
		return
	}
	if c.session == nil { // in Accept
		c.closed = true
		return
	}
	c.Wake() // the loop has to close the socket
	c.closed = true
	c.loop.load--
	c.session.Closed(nil)
}

func (c *epollConn) Reject(last []byte) { c.last = last }

func (c *epollConn) LocalAddr() string { return c.local }

func (c *epollConn) RemoteAddr() string { return c.remote }

func (c *epollConn) FD() int { return c.fd }

func (c *epollConn) Unix() bool { return c.unix }

func (c *epollConn) SetKeepAlive(d time.Duration) {
	if c.unix || c.closed {
		return
	}
	on, seconds := 0, int(d/time.Second)
	if seconds > 0 {
		on = 1
		unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, seconds)
		unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, max(seconds/3, 1))
		unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3)
	}
	unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, on)
}

func (c *epollConn) OutputPending() int { return int(c.pending.Load()) }

func (c *epollConn) Room() []byte { return c.loop.room() }
