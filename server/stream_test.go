package server

import (
	"fmt"
	"testing"
)

// TestLastEntryInXread has what valkey 8.0.1 answers; redis 7.0.15 does not know "+".
func TestLastEntryInXread(t *testing.T) {
	c := session(t)
	for _, step := range []struct{ request, reply string }{
		{"XREAD STREAMS s +", "*-1\r\n"},
		{"XGROUP CREATE s g 0 MKSTREAM", "+OK\r\n"},
		{"XREAD STREAMS s +", "-ERR the stream last element ID is 0-0\r\n"},
		{"XADD s 1 a 1", "$3\r\n1-0\r\n"},
		{"XADD s 2 a 1", "$3\r\n2-0\r\n"},
		{"XREAD COUNT 1 STREAMS s +", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"},
		{"XREADGROUP GROUP g c STREAMS s +", "-" + string(errReadTop) + "\r\n"},
		{"XDEL s 2", ":1\r\n"},
		{"XREAD STREAMS s +", "*-1\r\n"},
	} {
		if got := string(c.exchange(textRequest(step.request), nil)); got != step.reply {
			t.Errorf("%s: %q, want %q", step.request, got, step.reply)
		}
	}
}

// TestStreamCommandsHardlyAllocate has entries that share their fields and others.
func TestStreamCommandsHardlyAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	buf := make([]byte, 0, 64<<10)
	for i := range 300 {
		c.exchange(textRequest(fmt.Sprintf("XADD s %d-0 a %d b text", i+1, i)), buf)
		c.exchange(textRequest(fmt.Sprintf("XADD s %d-1 field%d %d", i+1, i%7, i)), buf)
	}
	for _, words := range []string{"XLEN s", "XRANGE s 100 110", "XREVRANGE s 110 100", "XDEL s 9999", "XTRIM s MAXLEN 9999"} {
		raw := textRequest(words)
		c.exchange(raw, buf)
		if n := testing.AllocsPerRun(100, func() { c.exchange(raw, buf) }); n > 1 {
			t.Errorf("%q: %v allocations", words, n)
		}
	}
	raw := textRequest("XADD s * a 1 b text")
	if n := testing.AllocsPerRun(1000, func() { c.exchange(raw, buf) }); n > 1 {
		t.Errorf("XADD: %v allocations", n)
	}
}
