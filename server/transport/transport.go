package transport

import (
	"errors"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrShutdown is what Session.Closed is told when the server was closed.
var ErrShutdown = errors.New("server is shutting down")

// A Handler is the server. Its lock guards all its state and that of its
// sessions.
type Handler interface {
	sync.Locker

	// Accept takes a new connection; the lock is held. It returns nil to
	// refuse it, and may have given it some last bytes with Conn.Reject.
	Accept(c Conn) Session

	// EndRound is called when all that had arrived was executed, also of those who
	// had been woken by it, and before what they replied is taken; the lock is held.
	EndRound()
}

// A Committer is a Handler that has something to do between the execution of requests and
// the replies to them, as writing a log is.
type Committer interface {
	// Commit is told that requests have been executed; the lock is held. The replies that
	// were taken under this hold of the lock are not written before Await has returned for
	// the ticket.
	Commit() (ticket uint64)

	// Await is called without the lock.
	Await(ticket uint64)
}

// committed is the Committer of handlers that are none.
type committed struct{}

func (committed) Commit() uint64 { return 0 }
func (committed) Await(uint64)   {}

// A Session is the server's side of one connection.
type Session interface {
	// Receive takes bytes that have arrived. It is called without the lock,
	// and while no other method of the session runs except Closed, after
	// which its effects do not matter. p is valid until the Serve that
	// follows returns.
	Receive(p []byte)

	// Serve executes the requests that Receive found; the lock is held. It
	// also runs, without a Receive before it, when the connection was woken.
	Serve()

	// Output hands over the replies appended so far, and takes an empty buffer
	// for the next ones, possibly nil; the lock is held. It is called before
	// Serve to lend a buffer and after it to take it back. closing asks for the
	// connection's end as soon as out is written; nothing is read after it.
	Output(spare []byte) (out []byte, closing bool)

	// Closed tells that the connection is gone; the lock is held. It is the
	// last call under the lock, and happens exactly once. err is nil if the
	// session asked for it, through closing or Conn.Close, io.EOF if the peer
	// closed its side, ErrShutdown, or what the socket failed with.
	Closed(err error)
}

// A BufferedSession can have its input read to where it belongs, which saves a
// copy of long arguments.
type BufferedSession interface {
	Session

	// ReadBuffer returns where the next bytes are to be read, or nil for the
	// transport's own buffer. It is called like Receive. The next call is
	// Receive with a prefix of the buffer, or the read has brought nothing.
	// Not every transport asks.
	ReadBuffer() []byte
}

// A Conn is the transport's side of one connection. The lock must be held for
// all its methods.
type Conn interface {
	// Wake tells that the session has output, or could execute requests that
	// had to wait, though nothing arrives at its socket. Cheap, coalesced.
	Wake()

	// Close drops the connection at once, without writing any more. It calls
	// Session.Closed before it returns, also when called in the session's own
	// Serve; closing again does nothing.
	Close()

	// Reject gives bytes that are sent, as far as that is possible without
	// waiting, when Accept returns nil.
	Reject(last []byte)

	// LocalAddr and RemoteAddr are in the form of CLIENT LIST:
	// "127.0.0.1:6379", "[::1]:6379", "/path/of/socket:0".
	LocalAddr() string
	RemoteAddr() string

	// FD is the number of the socket, -1 if there is none.
	FD() int

	// Unix tells whether this is a Unix socket.
	Unix() bool

	// SetKeepAlive lets the system probe a TCP peer that has been silent for that
	// long, then three times in intervals of a third of it; 0 for never. The
	// unit is the second.
	SetKeepAlive(d time.Duration)

	// OutputPending is the number of bytes that were taken with Output and
	// could not be written yet.
	OutputPending() int

	// Room returns an empty buffer for output that is appended to a session which
	// has none: it answers no request, so that Serve lent no buffer for it. nil if
	// none is at hand.
	Room() []byte
}

// Options are the parameters of a Server.
type Options struct {
	// Bind are the TCP addresses to listen on: an IP address, a host name, "*"
	// for all of IPv4 or "::*" for all of IPv6. One with a '-' before it is left
	// out if the machine does not have it; one of a protocol that the machine
	// does not know is left out in any case.
	Bind []string

	// Port belongs to all of them. With 0 there is no listening on TCP, or,
	// with AnyPort, on a free port for each address.
	Port    int
	AnyPort bool

	// Backlog is the length of the queue of connections that wait to be
	// accepted, the system's default if 0. Only epoll applies it.
	Backlog int

	// UnixSocket is the path of a Unix socket to listen on, "" for none. It
	// disappears with the server. UnixSocketPerm are its permissions, 0 leaves
	// them to the umask.
	UnixSocket     string
	UnixSocketPerm os.FileMode

	// KeepAlive is given to Conn.SetKeepAlive of new connections.
	KeepAlive time.Duration

	// Loops is the number of epoll loops, 1 if 0.
	Loops int

	// ForceNet selects a goroutine per connection also where there is epoll.
	ForceNet bool

	// Grace is how long Close may take to write replies, 1 second if 0.
	Grace time.Duration

	// AcceptError is told when no connection could be accepted for want of
	// descriptors or memory. The next attempt is made 100 ms later; while none
	// succeeds, it is told of every tenth. The error's text is the one that the
	// reference logs. It is called without the handler's lock.
	AcceptError func(error)
}

// acceptTrouble counts the failures to accept a connection since the last one that
// was accepted.
type acceptTrouble struct{ failures int }

func (a *acceptTrouble) tell(s *Server, err error) {
	if a.failures%toldAccept == 0 {
		var call *os.SyscallError
		if errors.As(err, &call) {
			err = reason{os.NewSyscallError("accept", call.Err)}
		}
		s.options.AcceptError(err)
	}
	a.failures++
}

// Stats counts what has happened since the start.
type Stats struct {
	Connections             uint64 // accepted, refused ones included
	Reads, Writes           uint64 // calls that moved bytes
	BytesRead, BytesWritten uint64
	Cycles                  uint64 // times that an event loop looked for events
}

func (s *Stats) add(o *Stats) {
	s.Connections += o.Connections
	s.Reads += o.Reads
	s.Writes += o.Writes
	s.BytesRead += o.BytesRead
	s.BytesWritten += o.BytesWritten
	s.Cycles += o.Cycles
	*o = Stats{}
}

const (
	// lingerTime is how long replies are written to a peer that has closed its
	// sending side.
	lingerTime = 10 * time.Second

	// acceptPause is how long no connections are accepted after it failed.
	acceptPause = 100 * time.Millisecond

	// toldAccept is how many failures in a row one is told of, the first.
	toldAccept = 10

	// maxSpare is the capacity in bytes up to which a reply buffer is used again.
	maxSpare = 64 << 10
)

// A Server is the transports and listeners of one Handler.
type Server struct {
	handler   Handler
	committer Committer
	keepAlive atomic.Int64   // a time.Duration
	running   sync.WaitGroup // the goroutines of this package
	stop      chan struct{}  // closed by Close

	// Guarded by the handler's lock.
	stats   Stats
	conns   map[*netConn]struct{}
	stopped bool // no further connections

	// Guarded by mu, which may be taken while holding the handler's lock but
	// not the other way round. What is not a listener is set once, by Listen.
	mu        sync.Mutex
	options   Options
	closed    bool
	loops     []*loop
	listeners []*listener
}

// Listen returns a server that accepts connections, unless no address is given:
// then it serves what is handed to Attach and Serve. The error may be a
// *ListenError. The handler's lock must not be held.
func Listen(h Handler, o Options) (*Server, error) {
	o.Loops = max(o.Loops, 1)
	if o.Grace == 0 {
		o.Grace = time.Second
	}
	if o.AcceptError == nil {
		o.AcceptError = func(error) {}
	}
	s := &Server{handler: h, options: o, stop: make(chan struct{}), conns: map[*netConn]struct{}{}}
	s.committer = committed{}
	if c, ok := h.(Committer); ok {
		s.committer = c
	}
	s.SetKeepAlive(o.KeepAlive)
	if err := s.open(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open opens what the options name.
func (s *Server) open() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.usesEpoll() {
		if err := s.startLoops(); err != nil {
			return err
		}
	}
	if s.listeners, err = s.openTCP(s.options.Bind, s.options.Port); err != nil {
		return err
	}
	if s.options.UnixSocket == "" {
		return nil
	}
	l, err := s.openUnix()
	if err == nil {
		s.listeners = append(s.listeners, l)
	}
	return err
}

// API names the mechanism that waits for events.
func (s *Server) API() string {
	if s.usesEpoll() {
		return "epoll"
	}
	return "net"
}

func (s *Server) usesEpoll() bool { return haveEpoll && !s.options.ForceNet }

// Stats returns the counters; the handler's lock must be held.
func (s *Server) Stats() Stats { return s.stats }

// SetKeepAlive sets Options.KeepAlive for the connections to come.
func (s *Server) SetKeepAlive(d time.Duration) { s.keepAlive.Store(int64(d)) }

// Close stops listening, executes nothing more, writes the replies that there
// are as long as Options.Grace allows, ends all connections and waits until all
// goroutines are gone. The handler's lock must not be held. Closing again waits
// for the same end.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	for _, l := range s.listeners {
		l.stop()
	}
	s.listeners = nil
	s.mu.Unlock()
	if first {
		close(s.stop)
		s.shutdown(time.Now().Add(s.options.Grace))
	}
	s.running.Wait()
}

// shutdown ends all sessions, and the writing at the given time.
func (s *Server) shutdown(until time.Time) {
	for i, l := range s.loops {
		ended := make(chan struct{})
		l.post(func() { l.shutdown(until); close(ended) })
		if i == 0 {
			<-ended // it is the one that gives connections to the others
		}
	}
	s.handler.Lock()
	s.stopped = true
	conns := slices.Collect(maps.Keys(s.conns))
	s.handler.Unlock()
	for _, c := range conns {
		c.shutdown(until)
	}
}

// enter announces a goroutine that Close has to wait for. It fails once the
// server is closed.
func (s *Server) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.running.Add(1)
	return nil
}
