package transport

import (
	"io"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A round: what is read is executed, then what was replied is written.

// read reads once from a connection.
func (l *loop) read(c *epollConn) {
	var p []byte
	direct := false
	if c.buffered != nil {
		if p = c.buffered.ReadBuffer(); len(p) > 0 {
			p, direct = p[:min(len(p), maxDirectRead)], true
		}
	}
	if !direct {
		if len(l.input)-l.used < minRead {
			l.execute()
			if !c.reading() {
				return
			}
		}
		p = l.input[l.used:min(l.used+maxRead, len(l.input))]
	}
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return
	case errno != 0:
		c.end = os.NewSyscallError("read", errno)
	case n == 0:
		c.end = io.EOF
	default:
		if !direct {
			l.used = min((l.used+int(n)+cacheLine-1)&^(cacheLine-1), len(l.input))
		}
		l.count.Reads++
		l.count.BytesRead += uint64(n)
		c.session.Receive(p[:n])
		c.received = true
	}
	l.enlist(c)
}

// enlist puts a connection into the batch.
func (l *loop) enlist(c *epollConn) {
	if !c.listed {
		c.listed = true
		l.batch = append(l.batch, c)
	}
}

// execute takes the lock and does all that there is to do under it, then writes.
func (l *loop) execute() {
	h := l.server.handler
	h.Lock()
	l.restock()
	l.offer()
	l.server.stats.add(&l.count) // first, so that INFO tells of this round, too
	fresh := l.incoming
	l.incoming = nil
	for _, c := range l.batch {
		if c.received {
			c.received = false
			l.serve(c)
		}
	}
	for range wokenGenerations {
		l.serveWoken()
	}
	h.EndRound()
	for _, c := range l.batch {
		l.collect(c)
	}
	if len(l.woken) == 0 && l.posted.Load() {
		l.posted.Store(false)
	}
	ticket := l.server.committer.Commit()
	h.Unlock()
	if ticket != 0 {
		l.server.committer.Await(ticket)
	}

	for _, c := range fresh {
		l.register(c)
	}
	for i, c := range l.batch {
		l.batch[i] = nil
		c.listed = false
		l.settle(c)
	}
	l.batch, l.used = l.batch[:0], 0
	l.bury()
}

// wokenGenerations is how often in a round those are served who were woken by serving
// others. There is an end to it, so that a round cannot go on for ever.
const wokenGenerations = 8

// serveWoken serves the connections that were woken, and not yet those that are woken by
// that.
func (l *loop) serveWoken() {
	n := len(l.woken)
	for i := range n {
		c := l.woken[i]
		c.woken = false
		l.enlist(c)
		if !c.stuck && !c.lent && !c.closed {
			l.take(c, nil) // messages, more often than not: there is nothing else to do
		}
		l.serve(c)
	}
	rest := copy(l.woken, l.woken[n:])
	clear(l.woken[rest:])
	l.woken = l.woken[:rest]
}

// serve lets a session execute, with a buffer for its replies; the lock is held.
func (l *loop) serve(c *epollConn) {
	if c.closed || c.closing {
		return
	}
	if !c.stuck && !c.lent && len(c.out) == 0 {
		l.take(c, l.spare())
		c.lent = true
	}
	c.session.Serve()
}

// collect takes a session's replies and tells it if this was the end; the lock is
// held. While the peer does not take what was taken before, replies stay with the
// session.
func (l *loop) collect(c *epollConn) {
	if c.closed {
		c.ended, c.out = true, c.out[:0]
		return
	}
	if !c.stuck || c.end != nil {
		l.take(c, nil)
		c.lent = false
	}
	if c.end == nil && c.closing && len(c.out) == 0 {
		c.end = errAsked
	}
	if c.end != nil {
		c.finish()
		c.ended = true
	}
}

// take exchanges the session's buffer.
func (l *loop) take(c *epollConn, spare []byte) {
	out, closing := c.session.Output(spare)
	c.closing = c.closing || closing
	switch {
	case len(out) == 0:
		l.keep(out)
	case len(c.out) == 0:
		c.out = out
	default:
		c.out = append(c.out, out...)
		l.keep(out)
	}
}

// spare returns an empty buffer; the lock is held.
func (l *loop) spare() []byte {
	n := len(l.spares)
	if n == 0 {
		return make([]byte, 0, spareSize)
	}
	b := l.spares[n-1]
	l.spares[n-1] = nil
	l.spares = l.spares[:n-1]
	return b
}

// room is spare for messages, which may be to very many connections at once: it makes
// no more buffers than are kept. The lock is held.
func (l *loop) room() []byte {
	if len(l.spares) == 0 {
		if l.missing == 0 {
			return nil
		}
		l.missing--
	}
	return l.spare()
}

// keep takes back a buffer that is not needed any more.
func (l *loop) keep(b []byte) {
	if cap(b) >= spareSize && cap(b) <= maxSpare && len(l.returned) < maxSpares {
		l.returned = append(l.returned, b[:0])
	}
}

// restock makes what was given back available; the lock is held.
func (l *loop) restock() {
	n := min(len(l.returned), maxSpares-len(l.spares))
	l.spares = append(l.spares, l.returned[len(l.returned)-n:]...)
	clear(l.returned)
	l.returned = l.returned[:0]
	l.missing = maxSpares - len(l.spares)
}

// settle writes what was collected.
func (l *loop) settle(c *epollConn) {
	switch {
	case c.gone:
	case c.ended && len(c.out) == 0:
		l.dispose(c)
	case c.stuck:
		l.watch(c)
		l.linger(c)
	case len(c.out) > 0:
		l.write(c)
		l.linger(c)
	}
}

// write writes once. What remains waits until the socket takes more.
func (l *loop) write(c *epollConn) {
	p := c.out[c.sent:]
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), unix.MSG_NOSIGNAL, 0, 0)
	switch errno {
	case 0:
		l.count.Writes++
		l.count.BytesWritten += uint64(n)
		c.sent += int(n)
	case unix.EAGAIN, unix.EINTR:
	default:
		l.failed(c, os.NewSyscallError("write", errno))
		return
	}
	if rest := len(c.out) - c.sent; rest > 0 {
		c.pending.Store(int64(rest))
		c.stuck = true
		l.watch(c)
		return
	}
	l.keep(c.out)
	c.out, c.sent = nil, 0
	l.written(c)
}

// written goes on with a connection that owes its peer nothing any more.
func (l *loop) written(c *epollConn) {
	switch {
	case c.ended:
		l.dispose(c)
		return
	case c.closing:
		c.end = errAsked
		l.finished = append(l.finished, c)
	}
	if c.stuck {
		c.stuck = false
		c.pending.Store(0)
		l.watch(c)
		l.enlist(c) // the session may have more
	}
}

// failed gives up a connection that cannot be written to.
func (l *loop) failed(c *epollConn, err error) {
	l.discard(c)
	if c.ended {
		l.dispose(c)
		return
	}
	c.end = err
	l.finished = append(l.finished, c)
}

func (l *loop) discard(c *epollConn) {
	c.out, c.sent, c.stuck = nil, 0, false
	c.pending.Store(0)
}

// bury tells the sessions of finished connections, and lets those go.
func (l *loop) bury() {
	if len(l.finished) == 0 {
		return
	}
	h := l.server.handler
	h.Lock()
	for _, c := range l.finished {
		if !c.closed {
			c.finish()
		}
	}
	h.Unlock()
	for _, c := range l.finished {
		l.dispose(c)
	}
	clear(l.finished)
	l.finished = l.finished[:0]
}

// dispose closes the socket. Before the end of the round its number cannot be
// mistaken for that of a new connection: those are registered by the loop only.
func (l *loop) dispose(c *epollConn) {
	if c.gone {
		return
	}
	c.gone, c.ended = true, true
	l.discard(c)
	if c.fd < len(l.conns) && l.conns[c.fd] == c {
		l.conns[c.fd] = nil
		l.live--
	}
	unix.Close(c.fd)
}

// register begins to listen to a new connection.
func (l *loop) register(c *epollConn) {
	if c.gone {
		return
	}
	for c.fd >= len(l.conns) {
		l.conns = append(l.conns, nil)
	}
	l.conns[c.fd] = c
	l.live++
	c.events = unix.EPOLLIN
	if err := l.control(unix.EPOLL_CTL_ADD, c.fd, c.events); err != nil {
		l.failed(c, err)
	}
}

// watch tells the kernel which events of a connection are of interest.
func (l *loop) watch(c *epollConn) {
	var events uint32
	if c.reading() {
		events |= unix.EPOLLIN
	}
	if c.stuck {
		events |= unix.EPOLLOUT
	}
	if events == c.events {
		return
	}
	c.events = events
	l.control(unix.EPOLL_CTL_MOD, c.fd, events)
}
