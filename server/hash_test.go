package server

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"respect/protocol"
)

// say sends a request given as words and returns the reply, its lines joined by
// blanks.
func (c *client) say(request string) string {
	raw := protocol.AppendRequest(nil, strings.Fields(request)...)
	return strings.Join(strings.Fields(string(c.exchange(raw, nil))), " ")
}

func TestHashCommandsAllocateNothing(t *testing.T) {
	if raceDetector {
		t.Skip("under the race detector sync.Pool drops some of what it is given")
	}
	for _, entries := range []string{"512", "0"} {
		c := session(t)
		c.say("CONFIG SET hash-max-listpack-entries " + entries)
		c.say("HSET h field value n 1000 other x")
		c.say("HSET e field value n 1000 other x")
		c.say("HEXPIREAT e 4000000000 FIELDS 2 n other")
		buf := make([]byte, 0, 4096)
		for _, request := range []string{
			"HSET h field xyzzy", "HGET h field", "HMGET h field n none", "HINCRBY h n 1", "HEXISTS h field", "HLEN h",
			"HGETALL h", "HSTRLEN h n", "HSETNX h field y", "HDEL h none", "HRANDFIELD h", "HSET e field v", "HGET e n",
			"HINCRBY e n 1", "HTTL e FIELDS 2 n field",
		} {
			raw := protocol.AppendRequest(nil, strings.Fields(request)...)
			c.exchange(raw, buf)
			if n := testing.AllocsPerRun(200, func() { c.exchange(raw, buf) }); n != 0 {
				t.Errorf("%s, limit of %s: %v allocations", request, entries, n)
			}
		}
	}
}

// A count that nobody can want must not take the memory of its reply.
func TestHrandfieldRefusesWhatIsTooLong(t *testing.T) {
	c := session(t)
	c.say("HSET h f " + strings.Repeat("v", 60_000))
	for _, request := range []string{"HRANDFIELD h -1000000000 WITHVALUES", "HRANDFIELD h -4611686018427387903 WITHVALUES"} {
		if got := c.say(request); got != "-ERR value is out of range" {
			t.Errorf("%s: %.80s", request, got)
		}
	}
	if got := c.say("HRANDFIELD h -2"); got != "*2 $1 f $1 f" {
		t.Error(got)
	}
}

func TestHashesSurviveAnyOrderOfCommands(t *testing.T) {
	c := session(t)
	c.say("CONFIG SET hash-max-listpack-entries 8")
	for i := range 3000 {
		field := fmt.Sprintf("f%d", i*i%23)
		for _, request := range []string{
			"HSET h " + field + " 1", "HINCRBY h " + field + " 5", "HDEL h f3 f4 " + fmt.Sprintf("f%d", i%11),
			"HPEXPIRE h 50000 FIELDS 2 f1 " + field, "HPERSIST h FIELDS 1 f1", "HPEXPIRE h 0 FIELDS 1 f2",
			"COPY h g REPLACE", "RENAME g k", "MOVE k 1", "HDEL h f1 f2 f5 f6 f7 f8",
		} {
			if got := c.say(request); strings.HasPrefix(got, "-") && got != "-ERR no such key" {
				t.Fatal(request, got)
			}
		}
		if err := c.srv.ks.Check(); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			c.say("SWAPDB 0 1")
		}
	}
}

// frozenSession is session with a clock that the test moves.
func frozenSession(t testing.TB, clock *frozen) *client {
	cfg := quiet(t)
	cfg.EnableDebugCommand = "yes"
	s := New(Options{Config: cfg, Log: io.Discard, Now: clock.Now})
	return s.Accept(lone{}).(*client)
}
