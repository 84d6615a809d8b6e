package server

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"
)

// A message to subscribers goes through buffers that were there: with one allocated for
// each, PUBLISH to a hundred of them spent a third of its time on them.
func TestMessagesThroughSocketsAllocateNothing(t *testing.T) {
	const subscribers, messages = 20, 500
	message := []byte("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\nxxx\r\n")
	s := startOn(t, quiet(t), false, "127.0.0.1")
	addr := s.transport.Addrs()[0].String()
	var conns []net.Conn
	for range subscribers {
		p := dial(t, addr)
		p.send("SUBSCRIBE news")
		p.expect("*3", "$9", "subscribe", "$4", "news", ":1")
		conns = append(conns, p)
	}
	publisher := dial(t, addr)
	got := make([]byte, len(message))
	request, reply := []byte("PUBLISH news xxx\r\n"), make([]byte, len(":20\r\n"))
	round := func() {
		publisher.Write(request)
		for _, conn := range conns {
			if _, err := io.ReadFull(conn, got); err != nil || !bytes.Equal(got, message) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		io.ReadFull(publisher.Conn, reply)
	}
	round() // makes the buffers
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range messages {
		round()
	}
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > subscribers*messages/10 {
		t.Errorf("%d allocations for %d messages to %d subscribers", n, messages, subscribers)
	}
}
