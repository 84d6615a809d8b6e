package transport

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience bounds every wait of the tests.
const patience = 20 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lineHandler is a server of lines:
//
//	any text    is sent back
//	big N       N bytes and a line end
//	take N      is followed by N bytes; their number and checksum are sent back
//	wait        no line is executed until the session's go is called
//	quit        is answered, then the connection is closed
//	drop        the connection is closed without an answer
type lineHandler struct {
	sync.Mutex
	refuse   string
	sessions []*lineSession
	accepted chan *lineSession
	closed   chan error
	failed   chan acceptFailure
}

// acceptFailure is what Options.AcceptError was told.
type acceptFailure struct {
	err error
	at  time.Time
}

func newLineHandler() *lineHandler {
	return &lineHandler{
		accepted: make(chan *lineSession, 4096), closed: make(chan error, 4096),
		failed: make(chan acceptFailure, 4096),
	}
}

func (h *lineHandler) EndRound() {}

func (h *lineHandler) Accept(c Conn) Session {
	if h.refuse != "" {
		c.Reject([]byte(h.refuse))
		return nil
	}
	s := &lineSession{h: h, conn: c, index: len(h.sessions)}
	h.sessions = append(h.sessions, s)
	h.accepted <- s
	return s
}

type lineSession struct {
	h     *lineHandler
	conn  Conn
	index int

	in      []byte
	out     []byte
	take    int // bytes announced and not yet there
	waiting bool
	closing bool
	closed  int
	serves  int
	direct  int // times that ReadBuffer was asked and gave a buffer
}

// ReadBuffer gives room for announced bytes.
func (s *lineSession) ReadBuffer() []byte {
	if s.take-len(s.in) < 64<<10 {
		return nil
	}
	if free := cap(s.in) - len(s.in); free < 16<<10 {
		s.in = append(make([]byte, 0, 2*cap(s.in)+64<<10), s.in...)
	}
	s.direct++
	return s.in[len(s.in):min(cap(s.in), s.take)]
}

func (s *lineSession) Receive(p []byte) {
	if n := len(s.in); n < cap(s.in) && &p[0] == &s.in[:n+1][n] {
		s.in = s.in[:n+len(p)]
		return
	}
	s.in = append(s.in, p...)
}

func (s *lineSession) Serve() {
	s.serves++
	rest := s.in
	for !s.waiting && !s.closing && s.closed == 0 {
		if s.take > 0 {
			if len(rest) < s.take {
				break
			}
			s.out = fmt.Appendf(s.out, "%d %d\n", s.take, sum(rest[:s.take]))
			rest, s.take = rest[s.take:], 0
			continue
		}
		line, after, found := bytes.Cut(rest, []byte("\n"))
		if !found {
			break
		}
		rest = after
		s.line(string(line))
	}
	if len(rest) < len(s.in) {
		s.in = append([]byte(nil), rest...)
	}
}

func (s *lineSession) line(text string) {
	word, arg, _ := strings.Cut(text, " ")
	n, _ := strconv.Atoi(arg)
	switch word {
	case "big":
		s.out = append(append(s.out, bytes.Repeat([]byte{'x'}, n)...), '\n')
	case "take":
		s.take = n
	case "wait":
		s.waiting = true
	case "drop":
		s.conn.Close()
	case "quit":
		s.closing = true
		fallthrough
	default:
		s.out = append(append(s.out, text...), '\n')
	}
}

func sum(p []byte) (n uint32) {
	for _, b := range p {
		n = n*31 + uint32(b)
	}
	return n
}

func (s *lineSession) Output(spare []byte) ([]byte, bool) {
	out := s.out
	s.out = spare
	if s.closed > 0 {
		panic("Output after Closed")
	}
	return out, s.closing
}

func (s *lineSession) Closed(err error) {
	s.closed++
	if s.closed > 1 {
		panic("closed twice")
	}
	s.h.closed <- err
}

// fixture is a server under test.
type fixture struct {
	*lineHandler
	server *Server
	dial   func() (net.Conn, error)
}

func newFixture(t *testing.T, network string, o Options) *fixture {
	h := newLineHandler()
	switch network {
	case "tcp":
		o.Bind, o.AnyPort = []string{"127.0.0.1"}, true
	case "tcp6":
		o.Bind, o.AnyPort = []string{"::1"}, true
	case "unix":
		o.UnixSocket = filepath.Join(t.TempDir(), "s")
	}
	o.AcceptError = func(err error) { h.failed <- acceptFailure{err, time.Now()} }
	s, err := Listen(h, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if network == "tcp6" && len(s.Addrs()) == 0 {
		t.Skip("no IPv6 here")
	}
	f := &fixture{lineHandler: h, server: s}
	if addrs := s.Addrs(); len(addrs) > 0 {
		f.dial = func() (net.Conn, error) { return net.Dial(addrs[0].Network(), addrs[0].String()) }
		return f
	}
	f.dial = func() (net.Conn, error) {
		ours, theirs := net.Pipe()
		return ours, s.Attach(theirs)
	}
	return f
}

// each runs a test against every implementation.
func each(t *testing.T, networks string, test func(t *testing.T, f *fixture)) {
	kinds := []struct {
		name string
		o    Options
	}{
		{"epoll", Options{}},
		{"epoll3", Options{Loops: 3}},
		{"net", Options{ForceNet: true}},
	}
	for _, network := range strings.Fields(networks) {
		for _, k := range kinds {
			if network == "pipe" && k.name != "net" {
				continue
			}
			t.Run(k.name+"/"+network, func(t *testing.T) { test(t, newFixture(t, network, k.o)) })
		}
	}
}

// peer is a client.
type peer struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func (f *fixture) connect(t *testing.T) *peer {
	t.Helper()
	c, err := f.dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	p := &peer{Conn: c, t: t}
	p.r = bufio.NewReader(p)
	return p
}

// Read and Write bound each step and not the whole conversation: a test that moves much
// takes long on a busy machine, but it gets on.
func (p *peer) Read(b []byte) (int, error) {
	p.SetReadDeadline(time.Now().Add(patience))
	return p.Conn.Read(b)
}

func (p *peer) Write(b []byte) (int, error) {
	p.SetWriteDeadline(time.Now().Add(patience))
	return p.Conn.Write(b)
}

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(want string) {
	p.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(p.r, got); err != nil || string(got) != want {
		p.t.Fatalf("got %.80q (%v), want %.80q", got[:n], err, want)
	}
}

func (p *peer) expectEOF() {
	p.t.Helper()
	if b, err := p.r.ReadByte(); err != io.EOF {
		p.t.Fatalf("got %q, %v, want the end", b, err)
	}
}

func (p *peer) closeWrite() {
	p.t.Helper()
	if err := p.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		p.t.Fatal(err)
	}
}

func (f *fixture) session(t *testing.T) *lineSession {
	t.Helper()
	return receive(t, f.accepted)
}

func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("waited in vain")
	}
	return v
}

// eventually waits for a condition of the handler's state.
func (f *fixture) eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		f.Lock()
		ok := condition()
		f.Unlock()
		if ok {
			return
		}
	}
	t.Fatal("never: " + what)
}
