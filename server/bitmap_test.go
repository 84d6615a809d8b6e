package server

import (
	"strconv"
	"testing"

	"respect/protocol"
)

func TestBitsAndSketchesAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	buf := make([]byte, 0, 4096)
	c.exchange(protocol.AppendRequest(nil, "SETBIT", "long", "80000", "1"), buf)
	c.exchange(protocol.AppendRequest(nil, "SETBIT", "other", "90000", "1"), buf)
	c.exchange(protocol.AppendRequest(nil, "SET", "number", "123456"), buf)
	for _, first := range []string{"a", "b"} {
		for i := range 500 {
			c.exchange(protocol.AppendRequest(nil, "PFADD", "sketch:"+first, first+strconv.Itoa(i)), buf)
		}
	}
	for _, request := range [][]string{
		{"SETBIT", "short", "77", "1"}, {"SETBIT", "long", "77777", "1"}, {"GETBIT", "long", "5"}, {"GETBIT", "number", "5"},
		{"BITCOUNT", "long"}, {"BITCOUNT", "number", "0", "-1", "BIT"}, {"BITPOS", "long", "1", "9"},
		{"BITFIELD", "long", "GET", "u8", "0", "INCRBY", "i5", "#3", "1", "OVERFLOW", "FAIL", "SET", "u2", "9", "7"},
		{"BITFIELD_RO", "long", "GET", "u63", "77"},
		{"PFADD", "sketch:a", "a7"}, {"PFCOUNT", "sketch:a"}, {"PFCOUNT", "sketch:a", "sketch:b"},
	} {
		raw := protocol.AppendRequest(nil, request...)
		c.exchange(raw, buf)
		if n := testing.AllocsPerRun(200, func() { c.exchange(raw, buf) }); n != 0 {
			t.Errorf("%q: %v allocations", request, n)
		}
	}
}

// TestGrowingBySetbitIsAmortised sets bits one behind the other: the value must
// not be copied for each byte that it grows by.
func TestGrowingBySetbitIsAmortised(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	buf := make([]byte, 0, 4096)
	next := 1 << 20
	raw := make([]byte, 0, 128)
	n := testing.AllocsPerRun(1000, func() {
		next += 8
		raw = protocol.AppendRequest(raw[:0], "SETBIT", "k", strconv.Itoa(next), "1")
		c.exchange(raw, buf)
	})
	if n > 1 { // the number in the request
		t.Errorf("%v allocations for each bit", n)
	}
	if err := c.srv.ks.Check(); err != nil {
		t.Error(err)
	}
}
