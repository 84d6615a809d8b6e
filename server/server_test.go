package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"respect/protocol"
	"respect/server/config"
	"respect/server/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a configuration that loads nothing and logs nothing.
func quiet(t testing.TB) *config.Config {
	cfg := config.New()
	cfg.Dir = t.TempDir()
	cfg.Loglevel = config.LogWarning
	return cfg
}

// startServer runs a server on a free loopback port until the test ends.
func startServer(t testing.TB, o Options) (*Server, string) {
	if o.Config == nil {
		o.Config = quiet(t)
	}
	o.Log = io.Discard
	s := New(o)
	addr, err := s.StartLoopback()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := s.ks.Check(); err != nil {
			t.Error(err)
		}
	})
	return s, addr
}

// peer is a client that speaks in lines.
type peer struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *peer {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t, c, bufio.NewReader(c)}
	p.hurry()
	t.Cleanup(func() { c.Close() })
	return p
}

// hurry bounds what comes next: a server that does not answer fails the test. What the
// test does between two exchanges does not count, which can be slow on a busy machine.
func (p *peer) hurry() { p.SetDeadline(time.Now().Add(20 * time.Second)) }

func (p *peer) send(lines ...string) {
	p.t.Helper()
	p.hurry()
	if _, err := io.WriteString(p, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) expect(lines ...string) {
	p.t.Helper()
	p.hurry()
	for _, want := range lines {
		got, err := p.r.ReadString('\n')
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", want, err)
		}
		if got = strings.TrimRight(got, "\r\n"); got != want {
			p.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// infoField returns a field of INFO persistence.
func (p *peer) infoField(name string) string {
	p.t.Helper()
	p.send("INFO persistence memory")
	head, err := p.r.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(head[1:]))
	text := make([]byte, n+2)
	if _, err := io.ReadFull(p.r, text); err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestPipelineBehindABlockingCommandGoesOnOnceItIsServed(t *testing.T) {
	_, addr := startServer(t, Options{})
	waiter, other := dial(t, addr), dial(t, addr)
	waiter.send("CLIENT ID", "BLPOP q 0", "PING behind")
	id, err := waiter.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for blocked := false; !blocked; {
		other.send("CLIENT LIST ID " + strings.TrimSpace(id[1:]))
		header, _ := other.r.ReadString('\n')
		line, err := other.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		other.r.ReadString('\n')
		blocked = header != "" && strings.Contains(line, "flags=b")
	}
	other.send("RPUSH q x")
	other.expect(":1")
	waiter.expect("*2", "$1", "q", "$1", "x", "$6", "behind")
}

func TestConcurrentClientsLoseNothing(t *testing.T) {
	_, addr := startServer(t, Options{})
	const clients, increments = 8, 300
	var done sync.WaitGroup
	for range clients {
		p := dial(t, addr)
		done.Go(func() {
			for range increments {
				p.send("INCR n", "LPUSH l x", "RPOP l")
			}
		})
	}
	done.Wait()
	p := dial(t, addr)
	for got := ""; got != fmt.Sprint(clients*increments); {
		p.send("GET n")
		p.r.ReadString('\n') // the length
		line, err := p.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		got = strings.TrimSpace(line)
	}
}

// frozen is a clock that a test moves.
type frozen struct {
	mu  sync.Mutex
	now time.Time
}

func (f *frozen) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *frozen) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func TestTheInjectedClockDecidesExpiry(t *testing.T) {
	clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
	_, addr := startServer(t, Options{Now: clock.Now})
	p := dial(t, addr)
	p.send("SET k v PX 1000", "PTTL k", "PEXPIRETIME k")
	p.expect("+OK", ":1000", ":1700000001000")
	clock.advance(time.Second)
	p.send("GET k")
	p.expect("$1", "v")
	clock.advance(time.Millisecond)
	p.send("GET k", "DBSIZE")
	p.expect("$-1", ":0")
}

func TestCloseAnswersWhatWasExecuted(t *testing.T) {
	s, addr := startServer(t, Options{})
	p := dial(t, addr)
	p.send("SET k v")
	p.expect("+OK")
	s.Close()
	if rest, err := io.ReadAll(p.r); err != nil || len(rest) != 0 {
		t.Errorf("after Close: %q, %v", rest, err)
	}
}

// lone is a connection that is not there.
type lone struct{ transport.Conn }

func (lone) Wake()              {}
func (lone) OutputPending() int { return 0 }
func (lone) Room() []byte       { return nil }
func (lone) Unix() bool         { return true }
func (lone) RemoteAddr() string { return "" }

// session returns a client of a server that does not listen.
func session(t testing.TB) *client {
	s := New(Options{Config: quiet(t), Log: io.Discard})
	return s.Accept(lone{}).(*client)
}

// exchange executes requests and returns the replies, in buf.
func (c *client) exchange(requests, buf []byte) []byte {
	c.out.Buf = buf[:0]
	c.Receive(requests)
	c.Serve()
	out, _ := c.Output(nil)
	return out
}

// A pipeline of big replies is executed in parts, each written before the next; the
// replies of one whose peer does not read collect, for the limits of output buffers.
func TestBigRepliesAreWrittenInParts(t *testing.T) {
	const requests, size = 100, 4 << 10
	c := session(t)
	conn := &counting{}
	c.conn = conn
	c.exchange(protocol.AppendRequest(nil, "SET", "k", strings.Repeat("x", size)), nil)
	pipeline := bytes.Repeat(protocol.AppendRequest(nil, "GET", "k"), requests)
	total, parts := len(c.exchange(pipeline, nil)), 1
	for ; conn.woken > 0; parts++ {
		conn.woken = 0
		c.Serve()
		out, _ := c.Output(nil)
		if len(out) > maxReplies+size+64 {
			t.Fatalf("%d bytes of replies at once", len(out))
		}
		total += len(out)
	}
	if want := requests*len(fmt.Sprintf("$%d\r\n\r\n", size)) + requests*size; total != want || parts < total/(maxReplies+size+64) {
		t.Errorf("%d bytes in %d parts, not %d", total, parts, want)
	}
	conn.pending = 1
	if out := c.exchange(pipeline, nil); len(out) != total || conn.woken > 0 {
		t.Errorf("a peer that does not read has %d bytes of replies, not %d", len(out), total)
	}
}

// counting is a connection that counts how often it is woken.
type counting struct {
	lone
	woken, pending int
}

func (c *counting) Wake()              { c.woken++ }
func (c *counting) OutputPending() int { return c.pending }

func (c *counting) Room() []byte { return nil }

func TestTheHotPathAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	buf := make([]byte, 0, 4096)
	for _, keepers := range [][]copyKeeper{nil, {deafKeeper{}}} {
		c := session(t)
		c.srv.copies = keepers
		for _, request := range [][]string{
			{"GET", "key:000000000001"}, {"SET", "key:000000000001", "xyz"}, {"INCR", "n"}, {"EXISTS", "n"}, {"PING"}, {"PEXPIRE", "n", "100000"},
		} {
			raw := protocol.AppendRequest(nil, request...)
			c.exchange(raw, buf)
			if n := testing.AllocsPerRun(200, func() { c.exchange(raw, buf) }); n != 0 {
				t.Errorf("%s, %d keepers: %v allocations", request[0], len(keepers), n)
			}
		}
	}
}

// deafKeeper is told everything and keeps nothing.
type deafKeeper struct{}

func (deafKeeper) feed(int, [][]byte) {}
