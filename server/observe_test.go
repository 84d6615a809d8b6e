package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"respect/protocol"
)

// do executes a request and returns the reply.
func (c *client) do(words ...string) string {
	return string(c.exchange(protocol.AppendRequest(nil, words...), nil))
}

// stepping is a clock that goes on by a step at each reading.
type stepping struct {
	now  time.Time
	step time.Duration
}

func (s *stepping) Now() time.Time {
	s.now = s.now.Add(s.step)
	return s.now
}

// slowSession is a session whose clock a test moves.
func slowSession(t *testing.T) (*client, *stepping) {
	clock := &stepping{now: time.UnixMilli(1_700_000_000_000)}
	s := New(Options{Config: quiet(t), Now: clock.Now})
	return s.Accept(lone{}).(*client), clock
}

func TestASlowCallAmongFastOnesIsNotLost(t *testing.T) {
	c, clock := slowSession(t)
	var pipeline []byte
	for i := range 5 {
		pipeline = protocol.AppendRequest(pipeline, "SET", fmt.Sprint("k", i), "v")
	}
	clock.step = 12 * time.Millisecond
	c.exchange(pipeline, nil)
	clock.step = 0
	entries := c.srv.slowlog.entries
	if len(entries) != 5 {
		t.Fatalf("%d entries for a run of five calls that took longer than the threshold", len(entries))
	}
	sum := int64(0)
	for i, e := range entries {
		sum += e.usec
		if want := fmt.Sprint("k", i); string(e.argv[1]) != want || string(e.argv[0]) != "SET" {
			t.Errorf("entry %d: %q", i, e.argv)
		}
	}
	if sum != 12_000 {
		t.Errorf("the entries have %d µs, the run took 12000", sum)
	}
}

func TestALowThresholdTimesEachCall(t *testing.T) {
	c, clock := slowSession(t)
	c.do("CONFIG", "SET", "slowlog-log-slower-than", "0")
	c.srv.slowlog.entries = nil
	clock.step = 7 * time.Microsecond
	pipeline := protocol.AppendRequest(nil, "SET", "a", "v")
	pipeline = protocol.AppendRequest(pipeline, "GET", "a")
	c.exchange(pipeline, nil)
	if e := c.srv.slowlog.entries; len(e) != 2 || e[0].usec != 7 || e[1].usec != 7 {
		t.Errorf("entries %+v, want two of 7 µs", e)
	}
}

func TestLatencyEventsTellWhatHeldTheServerUp(t *testing.T) {
	c, clock := slowSession(t)
	c.do("CONFIG", "SET", "latency-monitor-threshold", "10")
	clock.step = 15 * time.Millisecond
	c.do("GET", "a")
	c.do("KEYS", "*")
	clock.step = 0
	c.do("SET", "k", "v", "PX", "1")
	clock.now = clock.now.Add(time.Second)
	clock.step = 20 * time.Millisecond
	c.srv.act()
	clock.step = 0
	for event, want := range map[string]int64{"fast-command": 15, "command": 15, "expire-cycle": 20} {
		e := c.srv.latency[event]
		if e == nil || e.maxMs != want || e.samples[len(e.samples)-1].ms != want {
			t.Errorf("%s: %+v, want %d ms", event, e, want)
		}
	}
	if got := c.do("LATENCY", "RESET"); got != ":3\r\n" {
		t.Errorf("reset of three events: %q", got)
	}
}

func TestLatencyKeepsTheWorstOfASecondAndALimitedNumber(t *testing.T) {
	var e latencyEvent
	for i := range int64(maxLatencySamples + 40) {
		e.add(latencySample{i, 5})
		e.add(latencySample{i, 9})
		e.add(latencySample{i, 7})
	}
	if n := len(e.samples); n != maxLatencySamples || e.samples[0] != (latencySample{40, 9}) || e.samples[n-1].ms != 9 {
		t.Errorf("%d samples from %+v to %+v", n, e.samples[0], e.samples[n-1])
	}
}

func TestLatencyGraph(t *testing.T) {
	e := latencyEvent{maxMs: 200}
	for i, ms := range []int64{10, 20, 30, 40, 120, 130} {
		e.add(latencySample{1000 - int64(60*(6-i)) - int64(i), ms})
	}
	want := "command - high 130 ms, low 10 ms (all time high 200 ms)\n" +
		strings.Repeat("-", 80) + "\n" + // each row has three steps of 10 ms
		"    ##\n" +
		"    ||\n" +
		"   _||\n" +
		"_o#|||\n" +
		"      \n" +
		"654321\n" +
		"mmmmmm\n"
	if got := e.graph("command", 1000); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestPausedCronSamplesNothing(t *testing.T) {
	c, clock := slowSession(t)
	c.do("DEBUG", "PAUSE-CRON", "1") // refused: it is not allowed
	clock.now = clock.now.Add(time.Second)
	c.srv.act()
	sampled := c.srv.stats.lastSample
	if sampled.atMs != c.srv.nowMs {
		t.Fatal("cron has not run")
	}
	c.srv.cfg.EnableDebugCommand = "yes"
	c.do("DEBUG", "PAUSE-CRON", "1")
	clock.now = clock.now.Add(time.Second)
	if again := c.srv.act(); c.srv.stats.lastSample != sampled || again < time.Second {
		t.Errorf("cron runs although it is paused, or is waited for: again after %v", again)
	}
	c.do("DEBUG", "PAUSE-CRON", "0")
	c.srv.act()
	if c.srv.stats.lastSample == sampled {
		t.Error("cron does not go on")
	}
}

func TestDebugDoesNotCrash(t *testing.T) {
	c := session(t)
	c.srv.cfg.EnableDebugCommand = "yes"
	for _, name := range []string{
		"SEGFAULT", "PANIC", "OOM", "ASSERT", "RESTART", "CRASH-AND-RECOVER", "LEAK", "MALLCTL", "MALLCTL-STR", "JMAP",
	} {
		want := "-ERR unknown subcommand or wrong number of arguments for '" + name + "'. Try DEBUG HELP.\r\n"
		if got := c.do("DEBUG", name); got != want {
			t.Errorf("DEBUG %s: %q", name, got)
		}
	}
}

// No server of a release with field expiry is at hand for a comparison.
func TestADigestKnowsWhetherFieldsExpire(t *testing.T) {
	c := session(t)
	c.srv.cfg.EnableDebugCommand = "yes"
	for _, value := range []string{"1", strings.Repeat("x", 100)} { // both encodings
		c.do("DEL", "h")
		c.do("HSET", "h", "f", value, "g", "2")
		plain := c.do("DEBUG", "DIGEST-VALUE", "h")
		c.do("HEXPIRE", "h", "1000", "FIELDS", "1", "f")
		expires := c.do("DEBUG", "DIGEST-VALUE", "h")
		c.do("HEXPIRE", "h", "2000", "FIELDS", "1", "f")
		later := c.do("DEBUG", "DIGEST-VALUE", "h")
		c.do("HPERSIST", "h", "FIELDS", "1", "f")
		if again := c.do("DEBUG", "DIGEST-VALUE", "h"); again != plain || expires == plain || later != expires {
			t.Errorf("without deadline %q and %q, with one %q and %q", plain, again, expires, later)
		}
	}
}
