package server

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// keeper notes what is propagated.
type keeper struct{ told []string }

func (k *keeper) feed(db int, argv [][]byte) {
	words := []string{fmt.Sprint(db)}
	for _, arg := range argv {
		words = append(words, string(arg))
	}
	k.told = append(k.told, strings.Join(words, " "))
}

// run executes requests, each a line of words.
func run(c *client, requests ...string) (replies []string) {
	for _, request := range requests {
		replies = append(replies, c.do(strings.Fields(request)...))
	}
	return replies
}

func TestEvictionsArePropagated(t *testing.T) {
	for lazy, want := range map[string]string{"no": "DEL", "yes": "UNLINK"} {
		c := session(t)
		run(c, "CONFIG SET maxmemory-policy volatile-ttl lazyfree-lazy-eviction "+lazy,
			"SET a 1 EX 100", "SET k 1", "SELECT 3", "SET b 1 EX 200")
		k := &keeper{}
		c.srv.copies = []copyKeeper{k}
		run(c, "CONFIG SET maxmemory 1", "SET refused 1", "DEL nothing")
		if expected := []string{"0 " + want + " a", "3 " + want + " b"}; !slices.Equal(k.told, expected) {
			t.Errorf("lazy %s: propagated were %q, want %q", lazy, k.told, expected)
		}
		if err := c.srv.ks.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestAHashWithFieldsThatExpireIsEvicted(t *testing.T) {
	c := session(t)
	run(c, "CONFIG SET maxmemory-policy allkeys-lru", "HSET h f 1 g 2", "HEXPIRE h 100 FIELDS 1 f")
	if _, ok := c.srv.ks.NextExpiry(); !ok {
		t.Fatal("no field expires")
	}
	if got := run(c, "CONFIG SET maxmemory 1", "EXISTS h"); got[1] != ":0\r\n" {
		t.Errorf("EXISTS: %q", got[1])
	}
	if at, ok := c.srv.ks.NextExpiry(); ok {
		t.Errorf("something expires at %d", at)
	}
	if err := c.srv.ks.Check(); err != nil {
		t.Error(err)
	}
	run(c, "CONFIG SET maxmemory 0 maxmemory-policy volatile-random", "HSET h f 1", "HEXPIRE h 100 FIELDS 1 f")
	if got := run(c, "CONFIG SET maxmemory 1", "EXISTS h"); got[1] != ":1\r\n" {
		t.Errorf("by a volatile policy, a hash goes of which only fields expire: %q", got[1])
	}
}

// Eviction stops when its time is over, and the timer goes on with it.
func TestEvictionIsCutIntoSlices(t *testing.T) {
	clock := &stepping{now: time.UnixMilli(1_700_000_000_000)}
	s := New(Options{Config: quiet(t), Now: clock.Now, Log: io.Discard})
	c := s.Accept(lone{}).(*client)
	fill := func() {
		run(c, "CONFIG SET maxmemory 0")
		for i := range 1000 {
			c.do("SET", fmt.Sprint("k", i), "v")
		}
	}
	run(c, "CONFIG SET maxmemory-policy allkeys-random")
	fill()
	run(c, "CONFIG SET maxmemory 1", "PING")
	if n := s.ks.Len(); n != 0 {
		t.Fatalf("%d keys are left though the clock stands still", n)
	}
	s.goOnEvicting() // as the timer would
	fill()
	clock.step = time.Millisecond // at each look
	if got := run(c, "CONFIG SET maxmemory 1", "SET k v"); got[1] != "+OK\r\n" {
		t.Errorf("while eviction goes on: %q", got[1])
	}
	if n := s.ks.Len(); n != 1000-evictionBatch+1 {
		t.Errorf("%d keys are left after a slice", n)
	}
	rounds := 0
	for s.goOnEvicting() {
		rounds++
	}
	if n := s.ks.Len(); n != 0 || rounds != 1000/evictionBatch-1 {
		t.Errorf("%d keys are left after %d slices", n, rounds)
	}
	current, total := s.evictionExceeded()
	if s.stats.evictedKeys != 1001+1000 || current == 0 || total < current {
		t.Errorf("evicted %d; too much for %v, altogether %v", s.stats.evictedKeys, current, total)
	}
	run(c, "CONFIG SET maxmemory 0")
	if none, after := s.evictionExceeded(); none != 0 || after < total {
		t.Errorf("without a limit: too much for %v, altogether %v, before %v", none, after, total)
	}
	run(c, "CONFIG RESETSTAT")
	if current, total = s.evictionExceeded(); current+total != 0 || s.stats.evictedKeys != 0 {
		t.Errorf("after RESETSTAT: too much for %v, altogether %v", current, total)
	}
}

func TestTheTimeOfEviction(t *testing.T) {
	s := session(t).srv
	for tenacity, want := range map[int64]time.Duration{0: 0, 1: 50 * time.Microsecond, 10: 500 * time.Microsecond,
		11: 575 * time.Microsecond, 20: 2022 * time.Microsecond, 99: 126 * time.Second} {
		s.cfg.MaxmemoryEvictionTenacity = tenacity
		if got := s.evictionTime(); got < want || got > want+want/100+time.Microsecond {
			t.Errorf("tenacity %d: %v, want %v", tenacity, got, want)
		}
	}
	s.cfg.MaxmemoryEvictionTenacity = 100
	if got := s.evictionTime(); got < time.Hour {
		t.Errorf("tenacity 100: %v", got)
	}
}

// What is used falls when replies have been taken, and when a client goes.
func TestWhatClientsTakeIsUsed(t *testing.T) {
	c := session(t)
	run(c, "CONFIG SET maxmemory 1gb", "SET k "+strings.Repeat("v", 100_000))
	before := c.srv.usedMemory()
	c.Receive([]byte("GET k\r\n"))
	c.Serve()
	if grown := c.srv.usedMemory() - before; grown < 100_000 {
		t.Errorf("a reply of 100 kB is counted as %d bytes", grown)
	}
	c.Output(nil)
	if now := c.srv.usedMemory(); now > before+1000 {
		t.Errorf("%d bytes used, before %d", now, before)
	}
	run(c, "MULTI", "SET k "+strings.Repeat("v", 50_000))
	if grown := c.srv.usedMemory() - before; grown < 50_000 {
		t.Errorf("a transaction of 50 kB is counted as %d bytes", grown)
	}
	c.Closed(nil)
	if now := c.srv.usedMemory(); now > before {
		t.Errorf("%d bytes used when the client is gone, before %d", now, before)
	}
}

func TestWhatIsTrackedIsUsed(t *testing.T) {
	c := session(t)
	run(c, "HELLO 3", "CONFIG SET maxmemory 1gb", "CLIENT TRACKING ON")
	before := c.srv.usedMemory()
	for i := range 1000 {
		c.do("GET", fmt.Sprintf("%0100d", i))
	}
	if grown := c.srv.usedMemory() - before; grown < 100_000 || grown > 300_000 {
		t.Errorf("1000 tracked keys of 100 bytes are counted as %d bytes", grown)
	}
	for i := range 1000 {
		c.do("SET", fmt.Sprintf("%0100d", i), "v")
	}
	if n := c.srv.tracking.bytes; n != 0 {
		t.Errorf("%d bytes are counted for no tracked keys", n)
	}
}

func TestGarbageAllowed(t *testing.T) {
	const mib = 1 << 20
	for _, x := range []struct {
		used, limit uint64
		want        int
	}{
		{0, 0, 100}, {100 * mib, 0, 100}, {0, 100 * mib, 100}, {10 * mib, 100 * mib, 100}, {60 * mib, 100 * mib, 100},
		{80 * mib, 100 * mib, 50}, {100 * mib, 100 * mib, 20}, {200 * mib, 100 * mib, 20}, {mib, mib, 100}, {20 * mib, 20 * mib, 80},
	} {
		if got := garbageAllowed(x.used, x.limit, usualGarbage); got != x.want {
			t.Errorf("%d of %d used: %d %%, want %d", x.used, x.limit, got, x.want)
		}
	}
}

// pacedServer is a server that tells its collector nothing, but notes what it would tell:
// garbage was collected times times, and left is what was left of the heap then.
func pacedServer(t *testing.T, times, left *uint64) (s *Server, told *[]int) {
	s, told = New(Options{Config: quiet(t), Log: io.Discard}), new([]int)
	t.Cleanup(s.Close)
	p := &s.pacing
	p.own, p.collections = true, func() (uint64, uint64) { return *times, *left }
	p.tell = func(percent int) int { *told = append(*told, percent); return 0 }
	return s, told
}

// TestReadingIsPaced has the collector wait for what an RDB file brings, and then for it to
// be twice as much, once.
func TestReadingIsPaced(t *testing.T) {
	times, left := uint64(7), uint64(1<<20)
	s, told := pacedServer(t, &times, &left)
	s.Lock()
	defer s.Unlock()
	s.beginReading()
	for i := range 20_000 {
		s.ks.DB(0).SetString(fmt.Appendf(nil, "key:%d", i), make([]byte, 100), false)
	}
	s.endReading()
	paced := int((2*s.usedMemory() - left) * 100 / left * 10 / 7)
	s.paceCollector()
	s.paceCollector()
	times++
	s.paceCollector()
	if want := []int{loadGarbage, paced, usualGarbage}; !slices.Equal(*told, want) || paced < 2*usualGarbage {
		t.Errorf("%v %%, want %v", *told, want)
	}
}

// What is collected already while it is read changes nothing.
func TestReadingOfLittleIsNotPaced(t *testing.T) {
	times, left := uint64(7), uint64(1<<40)
	s, told := pacedServer(t, &times, &left)
	s.Lock()
	defer s.Unlock()
	s.beginReading()
	s.endReading()
	if want := []int{loadGarbage, usualGarbage}; !slices.Equal(*told, want) {
		t.Errorf("%v %%, want %v", *told, want)
	}
}

// What is held against the limit costs nothing to look at, and nothing without one.
func BenchmarkSetWithLimit(b *testing.B) {
	for _, limit := range []string{"0", "1gb"} {
		b.Run(limit, func(b *testing.B) {
			c := session(b)
			run(c, "CONFIG SET maxmemory "+limit)
			request, buf := []byte("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n"), []byte(nil)
			b.ReportAllocs()
			for b.Loop() {
				buf = c.exchange(request, buf)
			}
		})
	}
}
