package transport

import (
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// serveEpoll has the first loop accept the connections of a socket, of which it
// makes a duplicate. stop ends that.
func (s *Server) serveEpoll(socket net.Listener) (stop func(), err error) {
	fd, err := duplicate(socket)
	if err != nil {
		return nil, err
	}
	if s.options.Backlog > 0 {
		err = os.NewSyscallError("listen", unix.Listen(fd, s.options.Backlog))
	}
	if err == nil {
		err = os.NewSyscallError("fcntl", unix.SetNonblock(fd, true))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	l := s.loops[0]
	l.post(func() { l.listen(&epollListener{fd, socket.Addr()}) })
	return func() {
		// This frees the address at once. The descriptor stays the loop's, which
		// may be about to use it.
		unix.Shutdown(fd, unix.SHUT_RDWR)
		l.post(func() { l.unlisten(fd) })
	}, nil
}

func (l *loop) listen(listener *epollListener) {
	l.listeners[listener.fd] = listener
	if err := l.control(unix.EPOLL_CTL_ADD, listener.fd, unix.EPOLLIN); err != nil {
		l.server.options.AcceptError(err)
	}
}

func (l *loop) unlisten(fd int) {
	delete(l.listeners, fd)
	unix.Close(fd)
}

func duplicate(socket net.Listener) (fd int, err error) {
	raw, err := socket.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	outer := raw.Control(func(original uintptr) {
		fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	})
	if outer != nil {
		return -1, outer
	}
	return fd, os.NewSyscallError("fcntl", err)
}

// accept accepts the connections that wait at a listener.
func (l *loop) accept(listener *epollListener) {
	for range maxAccepts {
		fd, peer, err := unix.Accept4(listener.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			l.trouble = acceptTrouble{}
			l.accepted = append(l.accepted, l.newConn(fd, peer, listener))
		case unix.EINTR, unix.ECONNABORTED:
		case unix.EAGAIN, unix.EINVAL: // the latter: shut down
			return
		default:
			l.pauseAccept(os.NewSyscallError("accept", err))
			return
		}
	}
}

// pauseAccept leaves connections waiting for a while: out of descriptors, the
// listener would be ready without end.
func (l *loop) pauseAccept(err error) {
	l.trouble.tell(l.server, err)
	l.resumeAt = time.Now().Add(acceptPause)
	for fd := range l.listeners {
		l.control(unix.EPOLL_CTL_MOD, fd, 0)
	}
}

func (l *loop) newConn(fd int, peer unix.Sockaddr, listener *epollListener) *epollConn {
	c := &epollConn{fd: fd, loop: l}
	if path, ok := listener.addr.(*net.UnixAddr); ok {
		c.unix = true
		c.local = formatAddr(path)
		c.remote = c.local
		return c
	}
	own, _ := unix.Getsockname(fd)
	c.local, c.remote = formatSockaddr(own), formatSockaddr(peer)
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if d := time.Duration(l.server.keepAlive.Load()); d > 0 {
		c.SetKeepAlive(d)
	}
	return c
}

func formatSockaddr(a unix.Sockaddr) string {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return net.JoinHostPort(net.IP(a.Addr[:]).String(), strconv.Itoa(a.Port))
	case *unix.SockaddrInet6:
		return net.JoinHostPort(net.IP(a.Addr[:]).String(), strconv.Itoa(a.Port))
	}
	return ""
}

// offer shows the accepted connections to the handler and gives each to the loop
// with the least of them; the lock is held.
func (l *loop) offer() {
	for i, c := range l.accepted {
		l.accepted[i] = nil
		l.count.Connections++
		c.loop = l.server.leastLoaded()
		session := l.server.handler.Accept(c)
		if session == nil || c.closed {
			c.refuse(session)
			continue
		}
		c.session = session
		c.buffered, _ = session.(BufferedSession)
		c.loop.load++
		c.loop.incoming = append(c.loop.incoming, c)
		if c.loop != l {
			c.loop.notify()
		}
	}
	l.accepted = l.accepted[:0]
}

func (s *Server) leastLoaded() *loop {
	least := s.loops[0]
	for _, l := range s.loops[1:] {
		if l.load < least.load {
			least = l
		}
	}
	return least
}
