package server

import (
	"testing"

	"respect/protocol"
)

// requests encodes requests of one word each, or of words.
func requests(all ...[]string) (raw []byte) {
	for _, words := range all {
		raw = protocol.AppendRequest(raw, words...)
	}
	return raw
}

func TestNobodyWatchesAfterwards(t *testing.T) {
	for name, last := range map[string][]string{
		"EXEC": {"EXEC"}, "DISCARD": {"DISCARD"}, "RESET": {"RESET"}, "arity": {"EXEC", "x"},
	} {
		c := session(t)
		c.exchange(requests([]string{"WATCH", "a", "b", "a"}, []string{"SELECT", "3"}, []string{"WATCH", "a"}, []string{"MULTI"}), nil)
		if n := len(c.srv.watchers); n != 3 {
			t.Fatalf("%d keys are watched, want 3", n)
		}
		c.exchange(requests(last), nil)
		if len(c.srv.watchers) != 0 || c.watching != nil {
			t.Errorf("%s: %d keys are still watched", name, len(c.srv.watchers))
		}
	}
	c := session(t)
	c.exchange(requests([]string{"WATCH", "a"}, []string{"MULTI"}), nil)
	c.Closed(nil)
	if len(c.srv.watchers) != 0 {
		t.Error("a client that is gone still watches")
	}
}

func TestATransactionIsUsedAgain(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	raw := requests([]string{"MULTI"}, []string{"GET", "a"}, []string{"EXISTS", "a", "b"}, []string{"EXEC"})
	buf := make([]byte, 0, 4096)
	for range 3 {
		buf = c.exchange(raw, buf)
		if got, want := string(buf), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$-1\r\n:0\r\n"; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	if n := testing.AllocsPerRun(200, func() { c.exchange(raw, buf) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	long := requests([]string{"MULTI"}, []string{"ECHO", string(make([]byte, 1<<20))}, []string{"EXEC"})
	c.exchange(long, nil)
	if s := c.srv.spareTransaction; s != nil && cap(s.text) > 1<<16 {
		t.Errorf("%d bytes are kept", cap(s.text))
	}
}
