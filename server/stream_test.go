package server

import (
	"fmt"
	"io"
	"testing"
)

// "+" in XREAD came with 7.4. A server that names an older release does not know it, and
// one that names none does.
func TestReleaseDecidesAboutTheLastEntryInXread(t *testing.T) {
	const last = "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n"
	for release, want := range map[string]string{
		"7.0": "-" + string(errStreamID) + "\r\n", "7.2": "-" + string(errStreamID) + "\r\n", "7.4": last, "": last,
	} {
		cfg := quiet(t)
		cfg.Compat = release
		c := New(Options{Config: cfg, Log: io.Discard}).Accept(lone{}).(*client)
		c.exchange(textRequest("XADD s 1 a 1"), nil)
		c.exchange(textRequest("XADD s 2 a 1"), nil)
		if got := string(c.exchange(textRequest("XREAD STREAMS s +"), nil)); got != want {
			t.Errorf("%s: %q, want %q", release, got, want)
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
