package server

import (
	"io"
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
