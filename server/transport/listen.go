package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A ListenError tells which address could not be listened on. Together with the
// text of Err this is what the reference logs:
//
//	Could not create server TCP listening socket Addr: Err
//	Failed opening Unix socket: Err
type ListenError struct {
	Addr string // host:port, the host as configured but without '-'; or a path
	Unix bool
	Err  error // its text is that of C's library: "bind: Address already in use"
}

func (e *ListenError) Error() string { return e.Addr + ": " + e.Err.Error() }

func (e *ListenError) Unwrap() error { return e.Err }

// A reason is an error under the text that the reference has for it.
type reason struct{ error }

func (e reason) Unwrap() error { return e.error }

func (e reason) Error() string {
	var name *net.DNSError
	if errors.As(e.error, &name) {
		return "Name or service not known"
	}
	var call *os.SyscallError
	if errors.As(e.error, &call) {
		return call.Syscall + ": " + capital(call.Err.Error())
	}
	return capital(e.error.Error())
}

func capital(text string) string {
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}

// A listener is a socket that accepts connections. stop ends that without
// waiting, so that its address can be used again; any lock may be held.
type listener struct {
	addr net.Addr
	tcp  bool // belongs to Options.Bind
	stop func()
}

// Addrs returns the addresses that are listened on: those of TCP in the order of
// Options.Bind, then the Unix socket.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var addrs []net.Addr
	for _, l := range s.listeners {
		addrs = append(addrs, l.addr)
	}
	return addrs
}

// Rebind listens on other TCP addresses, with the meaning of Options.Bind and
// Options.Port, and no longer on the present ones; connections stay. After a
// *ListenError it still listens on the present ones, as far as they could be
// opened again. The handler's lock may be held.
func (s *Server) Rebind(bind []string, port int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	fresh, err := s.openTCP(bind, port)
	if errors.Is(err, syscall.EADDRINUSE) {
		// It may be us who use the address.
		s.replaceTCP(nil)
		if fresh, err = s.openTCP(bind, port); err != nil {
			fresh, _ = s.openTCP(s.options.Bind, s.options.Port)
			s.replaceTCP(fresh)
			return err
		}
	}
	if err != nil {
		return err
	}
	s.options.Bind, s.options.Port = bind, port
	s.replaceTCP(fresh)
	return nil
}

// replaceTCP stops the TCP listeners and puts fresh ones in their place.
func (s *Server) replaceTCP(fresh []*listener) {
	for _, l := range s.listeners {
		if l.tcp {
			l.stop()
		}
	}
	others := slices.DeleteFunc(s.listeners, func(l *listener) bool { return l.tcp })
	s.listeners = append(fresh, others...)
}

// openTCP opens all addresses or none.
func (s *Server) openTCP(bind []string, port int) (opened []*listener, err error) {
	if port == 0 && !s.options.AnyPort {
		return nil, nil
	}
	for _, addr := range bind {
		name, optional := strings.CutPrefix(addr, "-")
		l, err := s.openAddr(name, port)
		if err == nil {
			opened = append(opened, l)
			continue
		}
		if unsupported(err) || optional && errors.Is(err, syscall.EADDRNOTAVAIL) {
			continue
		}
		for _, l := range opened {
			l.stop()
		}
		return nil, &ListenError{Addr: name + ":" + strconv.Itoa(port), Err: reason{err}}
	}
	return opened, nil
}

// unsupported tells whether the machine does not know the address' protocol.
func unsupported(err error) bool {
	return errors.Is(err, syscall.ENOPROTOOPT) || errors.Is(err, syscall.EPROTONOSUPPORT) ||
		errors.Is(err, syscall.ESOCKTNOSUPPORT) || errors.Is(err, syscall.EPFNOSUPPORT) ||
		errors.Is(err, syscall.EAFNOSUPPORT)
}

func (s *Server) openAddr(name string, port int) (*listener, error) {
	network, host := "tcp4", name
	switch {
	case name == "*":
		host = "0.0.0.0"
	case name == "::*":
		network, host = "tcp6", "::"
	case strings.Contains(name, ":"):
		network = "tcp6"
	case net.ParseIP(name) == nil:
		network = "tcp"
	}
	// The net package sets SO_REUSEADDR, and IPV6_V6ONLY for "tcp6". Multipath
	// TCP, its default, would make every call on the sockets dearer.
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	socket, err := config.Listen(context.Background(), network, net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	return s.serve(socket)
}

// openUnix opens Options.UnixSocket, in the place of a socket that is there.
//
// Deviation: a file of another kind is not replaced.
func (s *Server) openUnix() (*listener, error) {
	path, perm := s.options.UnixSocket, s.options.UnixSocketPerm
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		os.Remove(path)
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, &ListenError{Addr: path, Unix: true, Err: reason{err}}
	}
	socket.SetUnlinkOnClose(false) // of this descriptor: it is not the last one
	l, err := s.serve(socket)
	if err == nil && perm != 0 {
		err = os.Chmod(path, perm)
	}
	if err != nil {
		os.Remove(path)
		return nil, &ListenError{Addr: path, Unix: true, Err: reason{err}}
	}
	stop := l.stop
	l.stop = func() { stop(); os.Remove(path) }
	return l, nil
}

// Serve accepts the connections of a listener that was made elsewhere, for
// instance for TLS, each with a goroutine of its own.
func (s *Server) Serve(socket net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	l := s.serveNet(socket)
	l.tcp = false // not Rebind's
	s.listeners = append(s.listeners, l)
	return nil
}

// serve takes over a listening socket.
func (s *Server) serve(socket net.Listener) (*listener, error) {
	if !s.usesEpoll() {
		return s.serveNet(socket), nil
	}
	// The loop has it under a descriptor of its own.
	defer socket.Close()
	stop, err := s.serveEpoll(socket)
	if err != nil {
		return nil, err
	}
	return &listener{addr: socket.Addr(), tcp: socket.Addr().Network() == "tcp", stop: stop}, nil
}

// formatAddr returns an address in the form of CLIENT LIST.
func formatAddr(a net.Addr) string {
	switch a := a.(type) {
	case nil:
		return ""
	case *net.TCPAddr:
		return net.JoinHostPort(a.IP.String(), strconv.Itoa(a.Port))
	case *net.UnixAddr:
		return a.Name + ":0"
	}
	return a.String()
}
