package server

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"respect/protocol"
)

// textRequest returns a request of the words of a line.
func textRequest(line string) []byte { return protocol.AppendRequest(nil, strings.Fields(line)...) }

func TestSetCommandsAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	c := session(t)
	buf := make([]byte, 0, 64<<10)
	big := "SADD hashtable"
	for i := range 1000 {
		big += fmt.Sprintf(" member:%d", i)
	}
	for _, line := range []string{"SADD intset 1 2 3", "SADD listpack a b c", big} {
		c.exchange(textRequest(line), buf)
	}
	for _, key := range []string{"intset", "listpack", "hashtable"} {
		for _, words := range []string{
			"SADD %s 1", "SISMEMBER %s member:77", "SISMEMBER %s absent", "SCARD %s", "SREM %s absent",
			"SMISMEMBER %s 1 2 a", "SRANDMEMBER %s", "SRANDMEMBER %s -5", "SMEMBERS %s",
		} {
			if key == "listpack" {
				words = strings.Replace(words, "SADD %s 1", "SADD %s a", 1)
			}
			raw := textRequest(fmt.Sprintf(words, key))
			c.exchange(raw, buf)
			if n := testing.AllocsPerRun(100, func() { c.exchange(raw, buf) }); n != 0 {
				t.Errorf("%q: %v allocations", fmt.Sprintf(words, key), n)
			}
		}
	}
	// What comes and goes costs what is stored: nothing in the small encodings, the
	// member in a table, and a bucket if chance puts it where all are full.
	for _, words := range []string{"intset 5", "listpack e", "hashtable absent"} {
		most := 0.0
		if strings.HasPrefix(words, "hashtable") {
			most = 2
		}
		least := math.Inf(1) // of several members: the bucket of one may be full, and get another one each time
		for n := range 5 {
			raw := fmt.Appendf(textRequest(fmt.Sprintf("SADD %s%d", words, n)), "%s", textRequest(fmt.Sprintf("SREM %s%d", words, n)))
			c.exchange(raw, buf)
			least = min(least, testing.AllocsPerRun(100, func() { c.exchange(raw, buf) }))
		}
		if least > most {
			t.Errorf("SADD and SREM %s: %v allocations", words, least)
		}
	}
}

// TestRandomMembersAreFair draws with replacement through the server. The seed is
// fixed, but not that of the hash table: the limit is one that chance exceeds once
// in ten million tests.
func TestRandomMembersAreFair(t *testing.T) {
	const members, draws, limit = 10, 20_000, 49
	for _, encoding := range []string{"intset", "listpack", "hashtable"} {
		s := New(Options{Config: quiet(t), Rand: rand.NewPCG(1, 2)})
		c := s.Accept(lone{}).(*client)
		line := "SADD s"
		for i := range members {
			line += fmt.Sprintf(" %d", i)
		}
		switch encoding {
		case "listpack":
			s.ks.Settings.Set.MaxIntset = 0
		case "hashtable":
			s.ks.Settings.Set.MaxIntset, s.ks.Settings.Set.MaxListpackEntries = 0, 0
		}
		c.exchange(textRequest(line), nil)
		if out := c.exchange(textRequest("OBJECT ENCODING s"), nil); !bytes.Contains(out, []byte(encoding)) {
			t.Fatalf("%q, want %s", out, encoding)
		}
		out := c.exchange(textRequest(fmt.Sprint("SRANDMEMBER s -", draws)), nil)
		chi2, expected := 0.0, float64(draws)/members
		for i := range members {
			n := bytes.Count(out, fmt.Appendf(nil, "$1\r\n%d\r\n", i))
			chi2 += (float64(n) - expected) * (float64(n) - expected) / expected
		}
		if chi2 > limit {
			t.Errorf("%s: chi-square %.1f", encoding, chi2)
		}
	}
}

// TestNoReplyIsTooLong asks for more members than fit anywhere.
func TestNoReplyIsTooLong(t *testing.T) {
	c := session(t)
	c.exchange(textRequest("SADD s a b c"), nil)
	for _, count := range []int64{-math.MaxInt64, -1 << 62, -1 << 40} {
		out := c.exchange(textRequest(fmt.Sprint("SRANDMEMBER s ", count)), nil)
		if want := "-ERR value is out of range\r\n"; string(out) != want || cap(out) > 1<<20 {
			t.Errorf("SRANDMEMBER s %d: %.100q in %d bytes", count, out, cap(out))
		}
	}
	for _, line := range []string{
		fmt.Sprint("SRANDMEMBER s ", int64(math.MaxInt64)), fmt.Sprint("SPOP s ", int64(math.MaxInt64)),
	} {
		if out := c.exchange(textRequest(line), nil); string(out[:2]) != "*3" || cap(out) > 1<<20 {
			t.Errorf("%s: %.100q in %d bytes", line, out, cap(out))
		}
	}
}
