package server

import (
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"respect/server/transport"
)

// stranger is a connection from another machine.
type stranger struct {
	transport.Conn
	rejected *string
}

func (stranger) RemoteAddr() string   { return "192.0.2.7:40000" }
func (stranger) Unix() bool           { return false }
func (s stranger) Reject(text []byte) { *s.rejected = string(text) }

func TestProtectedModeRefusesStrangers(t *testing.T) {
	for _, c := range []struct {
		name, parameter, value string
		refused                bool
	}{
		{"by default", "", "", true},
		{"with a password", "requirepass", "secret", false},
		{"switched off", "protected-mode", "no", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := quiet(t)
			if c.parameter != "" {
				if err := cfg.LoadText(c.parameter + " " + c.value); err != nil {
					t.Fatal(err)
				}
			}
			s := New(Options{Config: cfg, Log: io.Discard})
			rejected := ""
			session := s.Accept(stranger{rejected: &rejected})
			if refused := session == nil; refused != c.refused || refused != strings.HasPrefix(rejected, "-DENIED Redis is running in protected mode") {
				t.Errorf("session %v, rejected with %q", session, rejected)
			}
		})
	}
}

func TestMaxclientsRefusesTheNextOne(t *testing.T) {
	cfg := quiet(t)
	cfg.Maxclients = 2
	_, addr := startServer(t, Options{Config: cfg})
	first, second := dial(t, addr), dial(t, addr)
	first.send("PING")
	first.expect("+PONG")
	second.send("PING")
	second.expect("+PONG")
	dial(t, addr).expect("-ERR max number of clients reached")
	first.Close()
	for {
		p := dial(t, addr)
		p.send("PING")
		line, err := p.r.ReadString('\n')
		if err == nil && line == "+PONG\r\n" {
			return
		}
	}
}

func TestTimeoutClosesIdleClientsButNotWaitingOnes(t *testing.T) {
	clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
	cfg := quiet(t)
	cfg.Timeout = 10
	s, addr := startServer(t, Options{Config: cfg, Now: clock.Now})
	idle, waiter := dial(t, addr), dial(t, addr)
	idle.send("PING")
	idle.expect("+PONG")
	waiter.send("PING", "BLPOP l 0")
	waiter.expect("+PONG")
	for blocked := 0; blocked == 0; {
		s.mu.Lock()
		blocked = len(s.waiters)
		s.mu.Unlock()
	}
	clock.advance(11 * time.Second)
	s.mu.Lock()
	s.tick()
	s.cron()
	s.mu.Unlock()
	if line, err := idle.r.ReadString('\n'); err != io.EOF {
		t.Errorf("the idle client got %q, %v", line, err)
	}
	other := dial(t, addr)
	other.send("RPUSH l x")
	other.expect(":1")
	waiter.expect("*2", "$1", "l", "$1", "x")
}

// flood appends to the output of a client that has subscriptions, as others would, until
// it is gone or so many bytes were appended.
func flood(s *Server, id int64, bytes int) (appended int) {
	piece := make([]byte, 64<<10)
	for appended < bytes {
		s.mu.Lock()
		c := s.clients[id]
		if c == nil {
			s.mu.Unlock()
			return appended
		}
		c.subscribe(channels, []byte("flood"))
		c.out.Buf = append(c.out.Buf, piece...)
		c.delivered()
		s.mu.Unlock()
		appended += len(piece)
	}
	return appended
}

func TestASubscriberThatDoesNotReadIsDropped(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name, limit string
		after       time.Duration // from the first byte beyond the soft limit
		from, to    int           // bytes appended until it is gone
	}{
		{"hard limit", "pubsub 4mb 0 0", 0, 4 * mib, 16 * mib},
		{"soft limit, before its time", "pubsub 0 1mb 10", 10 * time.Second, 64 * mib, 64 * mib},
		{"soft limit, after its time", "pubsub 0 1mb 10", 11 * time.Second, 0, mib},
		{"the limit of others", "pubsub 0 0 0 normal 1mb 1mb 1", time.Hour, 64 * mib, 64 * mib},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
			s, addr := startServer(t, Options{Now: clock.Now})
			other, p := dial(t, addr), dial(t, addr)
			other.send("CONFIG SET client-output-buffer-limit \"" + c.limit + "\"")
			other.expect("+OK")
			p.send("CLIENT ID")
			line, err := p.r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			id, _ := strconv.ParseInt(strings.TrimSpace(line[1:]), 10, 64)
			if c.after > 0 { // beyond what socket buffers take, and no more is counted
				flood(s, id, 24*mib)
				clock.advance(c.after)
				s.mu.Lock()
				s.tick()
				s.cron()
				s.mu.Unlock()
			}
			if n := flood(s, id, 64*mib); n < c.from || n > c.to {
				t.Errorf("%d bytes were appended, want %d to %d", n, c.from, c.to)
			}
			other.send("PING")
			other.expect("+PONG")
		})
	}
}

func TestALongPipelineEndsInItsMiddle(t *testing.T) {
	s, addr := startServer(t, Options{})
	p, other := dial(t, addr), dial(t, addr)
	other.send("CONFIG SET client-output-buffer-limit \"normal 1mb 0 0\"", "SETRANGE long 999999 x")
	other.expect("+OK", ":1000000")
	p.send(strings.Repeat("GET long\r\n", 4999) + "GET long")
	for deadline := time.Now().Add(5 * time.Second); ; { // nothing is read meanwhile
		s.mu.Lock()
		if s.stats.outputBufferKills > 0 || time.Now().After(deadline) {
			break
		}
		s.mu.Unlock()
		runtime.Gosched()
	}
	defer s.mu.Unlock()
	if n := s.stats.commands; n > 100 || s.stats.outputBufferKills != 1 {
		t.Errorf("%d commands executed, %d connections closed", n, s.stats.outputBufferKills)
	}
	if len(s.overSoft) > 0 {
		t.Error("a client that is gone is looked after")
	}
}

// sluggish is a connection whose peer reads as much as a test says.
type sluggish struct {
	lone
	pending int
	session transport.Session
}

func (s *sluggish) OutputPending() int { return s.pending }
func (s *sluggish) Room() []byte       { return nil }
func (s *sluggish) LocalAddr() string  { return "" }
func (s *sluggish) FD() int            { return -1 }
func (s *sluggish) Close()             { s.session.Closed(nil) }

func TestWhatIsBeingWrittenDoesNotEndTheSoftLimit(t *testing.T) {
	for _, caughtUp := range []bool{false, true} {
		clock := &frozen{now: time.UnixMilli(1_700_000_000_000)}
		s := New(Options{Config: quiet(t), Log: io.Discard, Now: clock.Now})
		conn := &sluggish{}
		c := s.Accept(conn).(*client)
		conn.session = c
		c.do("CONFIG", "SET", "client-output-buffer-limit", "normal 0 1mb 10")
		c.do("SETRANGE", "long", "2000000", "x")
		c.do("GET", "long") // taken, and not yet written
		cron := func(after time.Duration) {
			clock.advance(after)
			s.tick()
			s.cron()
		}
		cron(0)
		if !caughtUp {
			conn.pending = 2_000_000
		}
		cron(time.Second)
		conn.pending = 2_000_000
		cron(10 * time.Second)
		cron(time.Second)
		if c.closed == caughtUp {
			t.Errorf("caught up: %v, closed: %v", caughtUp, c.closed)
		}
	}
}
