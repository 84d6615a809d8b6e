package server

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// copyLog is a keeper of copies that writes down what it is told.
type copyLog struct{ lines []string }

func (l *copyLog) feed(db int, argv [][]byte) {
	words := []string{fmt.Sprint(db)}
	for _, arg := range argv {
		words = append(words, string(arg))
	}
	l.lines = append(l.lines, strings.Join(words, " "))
}

// otherServer accepts connections and answers what it is told to, line by line.
func otherServer(t *testing.T, replies string) (host, port string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(replies))
			t.Cleanup(func() { c.Close() })
		}
	}()
	t.Cleanup(func() { l.Close(); <-served })
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

func TestMigratePropagates(t *testing.T) {
	s, addr := startServer(t, Options{})
	log := &copyLog{}
	s.Lock()
	s.copies = append(s.copies, log)
	s.Unlock()
	c := dial(t, addr)
	host, port := otherServer(t, "+OK\r\n+OK\r\n-NO\r\n+OK\r\n+OK\r\n+OK\r\n")
	ask := func(options string) { c.send("MIGRATE " + host + " " + port + ` "" 0 200 ` + options) }
	c.send("MSET a 1 b 2 c 3")
	c.expect("+OK")
	ask("KEYS a x b c")
	c.expect("-ERR Target instance replied with error: NO")
	c.send("SET d 4") // behind it as it is
	c.expect("+OK")
	ask("COPY KEYS d")
	c.expect("+OK")
	ask("KEYS d")
	c.expect("-IOERR error or timeout reading to target instance")
	c.send("EXISTS a b c d")
	c.expect(":2")
	s.Lock()
	defer s.Unlock()
	want := []string{"0 MSET a 1 b 2 c 3", "0 DEL a c", "0 SET d 4"}
	if !slices.Equal(log.lines, want) {
		t.Errorf("told %q, want %q", log.lines, want)
	}
}

func TestMigrateSockets(t *testing.T) {
	s, addr := startServer(t, Options{})
	c := dial(t, addr)
	c.send("SET k v")
	c.expect("+OK")
	for range maxMigrateSockets + 3 {
		host, port := otherServer(t, "+OK\r\n+OK\r\n")
		c.send("MIGRATE " + host + " " + port + " k 0 2000 COPY")
		c.expect("+OK")
	}
	s.Lock()
	defer s.Unlock()
	if n := len(s.migrateSockets.byName); n != maxMigrateSockets {
		t.Errorf("%d connections are kept, want %d", n, maxMigrateSockets)
	}
	s.migrateSockets.closeUnused(s.nowMs - migrateSocketMs)
	if n := len(s.migrateSockets.byName); n != maxMigrateSockets {
		t.Errorf("%d connections are kept, want %d", n, maxMigrateSockets)
	}
	s.migrateSockets.closeUnused(s.nowMs + 1)
	if n := len(s.migrateSockets.byName); n != 0 {
		t.Errorf("%d unused connections are kept", n)
	}
}
