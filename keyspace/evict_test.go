package keyspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

// evictable returns a keyspace of keys named by numbers, each used a second after the
// one before. Those that expire do so in the order of their numbers.
func evictable(t *testing.T, keys int, volatile func(i int) bool) *Keyspace {
	ks := New(4, newRand(t))
	ks.Meter(true)
	const from = 1_700_000_000_000
	for i := range keys {
		ks.SetNow(from + int64(i)*1000)
		db := ks.DB(i % 3) // the last one stays empty
		o := db.SetString(strconv.AppendInt(nil, int64(i), 10), []byte("value"), false)
		if volatile(i) {
			db.SetExpireAt(o, from+1_000_000_000+int64(i))
		}
	}
	return ks
}

func all(int) bool  { return true }
func none(int) bool { return false }

// evict evicts so many keys, in order.
func evict(t *testing.T, ks *Keyspace, p Policy, n int) (gone []int) {
	t.Helper()
	for range n {
		db, o := ks.Victim(p, 5)
		if o == nil {
			t.Fatalf("no victim after %d of %d", len(gone), n)
		}
		i, err := strconv.Atoi(string(o.Key()))
		if err != nil || db != ks.DB(i%3) {
			t.Fatalf("victim %q of database %d", o.Key(), db.ID())
		}
		gone = append(gone, i)
		db.Remove(o)
	}
	if err := ks.Check(); err != nil {
		t.Fatal(err)
	}
	return gone
}

// share returns which part of the numbers is below a limit.
func share(numbers []int, limit int) float64 {
	n := 0
	for _, i := range numbers {
		if i < limit {
			n++
		}
	}
	return float64(n) / float64(len(numbers))
}

// Usually 97 of 100 that go are of the older half: three databases are sampled each time.
func TestTheOldestKeysGo(t *testing.T) {
	const keys = 6000
	for _, volatile := range []bool{false, true} {
		ks := evictable(t, keys, all)
		p := Policy{Volatile: volatile, By: EvictIdle}
		first := evict(t, ks, p, keys/10)
		half := append(first, evict(t, ks, p, keys*4/10)...)
		if got := share(first, keys/4); got < 0.97 {
			t.Errorf("volatile %v: of the first tenth that went, %.3f were of the oldest quarter", volatile, got)
		}
		if got := share(half, keys/2); got < 0.95 {
			t.Errorf("volatile %v: of the half that went, %.3f were of the older half", volatile, got)
		}
	}
}

func TestTheRarestKeysGo(t *testing.T) {
	const keys = 6000
	for _, volatile := range []bool{false, true} {
		ks := evictable(t, keys, all)
		ks.Settings.LFU = true
		for i := range keys {
			db := ks.DB(i % 3)
			ks.SetFrequency(db.Lookup(strconv.AppendInt(nil, int64(i), 10), NoTouch), uint8(i*255/keys))
		}
		half := evict(t, ks, Policy{Volatile: volatile, By: EvictRare}, keys/2)
		if got := share(half, keys/2); got < 0.95 {
			t.Errorf("volatile %v: of the half that went, %.3f were of the rarer half", volatile, got)
		}
	}
}

func TestAnyKeyGoes(t *testing.T) {
	const keys = 6000
	for _, volatile := range []bool{false, true} {
		ks := evictable(t, keys, all)
		half := evict(t, ks, Policy{Volatile: volatile, By: EvictRandom}, keys/2)
		if got := share(half, keys/2); got < 0.47 || got > 0.53 {
			t.Errorf("volatile %v: %.3f of the half that went were of the older half", volatile, got)
		}
		for i := range 3 {
			if n := ks.DB(i).Len(); n != keys/2/3 {
				t.Errorf("volatile %v: database %d has %d keys", volatile, i, n)
			}
		}
	}
}

func TestTheNextToExpireGoes(t *testing.T) {
	ks := evictable(t, 3000, all)
	for i, gone := range evict(t, ks, Policy{Volatile: true, By: EvictTTL}, 3000) {
		if gone != i {
			t.Fatalf("%d went as number %d", gone, i)
		}
	}
}

func TestOnlyKeysThatMayGoDo(t *testing.T) {
	odd := func(i int) bool { return i%2 == 1 }
	for _, by := range []EvictionOrder{EvictRandom, EvictIdle, EvictRare, EvictTTL} {
		ks := evictable(t, 600, odd)
		for _, i := range evict(t, ks, Policy{Volatile: true, By: by}, 300) {
			if !odd(i) {
				t.Fatalf("order %d: %d went", by, i)
			}
		}
		if _, o := ks.Victim(Policy{Volatile: true, By: by}, 5); o != nil {
			t.Errorf("order %d: %q may go, too", by, o.Key())
		}
		if _, o := ks.Victim(Policy{By: EvictNone}, 5); o != nil {
			t.Errorf("%q may go by no policy", o.Key())
		}
	}
}

// All keys go in the end, also when few are left in big tables, and when candidates
// are gone, or expire no more, since they were chosen.
func TestVictimsAreFoundToTheLast(t *testing.T) {
	for _, p := range []Policy{{false, EvictRandom}, {false, EvictIdle}, {false, EvictRare}, {true, EvictIdle}} {
		ks := evictable(t, 3000, all)
		evict(t, ks, p, 100)
		for i := 0; i < 2990; i++ {
			ks.DB(i % 3).Delete(strconv.AppendInt(nil, int64(i), 10))
		}
		left := ks.Len()
		evict(t, ks, p, left)
		if db, o := ks.Victim(p, 5); o != nil {
			t.Errorf("%+v: %q of database %d is a victim, and there is nothing", p, o.Key(), db.ID())
		}
		ks.DB(0).SetString([]byte("0"), []byte("v"), false)
		if _, o := ks.Victim(p, 5); (o == nil) != p.Volatile {
			t.Errorf("%+v: the victim is %v", p, o)
		}
	}
}

func TestACandidateThatIsUsedAgainIsSpared(t *testing.T) {
	ks := evictable(t, 16, none)
	p := Policy{By: EvictIdle}
	if _, o := ks.Victim(p, 64); string(o.Key()) != "0" { // all others are candidates now
		t.Fatalf("victim %q", o.Key())
	}
	for i := range 3 {
		ks.DB(i).Lookup(strconv.AppendInt(nil, int64(i), 10), 0)
	}
	if _, o := ks.Victim(p, 1); string(o.Key()) != "3" {
		t.Errorf("victim %q, though it was just used", o.Key())
	}
}

func TestACandidateThatDoesNotExpireAnyMoreIsSpared(t *testing.T) {
	ks := evictable(t, 16, all)
	p := Policy{Volatile: true, By: EvictIdle}
	ks.Victim(p, 64) // all others are candidates now
	for i := range 3 {
		ks.DB(i).Persist(ks.DB(i).Lookup(strconv.AppendInt(nil, int64(i), 10), NoTouch))
	}
	if _, o := ks.Victim(p, 1); string(o.Key()) != "3" {
		t.Errorf("victim %q, which does not expire", o.Key())
	}
}

func TestThePoolKeepsTheBest(t *testing.T) {
	r := newRand(t)
	for range 200 {
		var p evictionPool
		n := 1 + r.IntN(40)
		for _, score := range r.Perm(n) {
			p.offer(score%3, fmt.Appendf(nil, "key %d", score), uint32(score))
		}
		for want := n - 1; want >= max(0, n-poolSize); want-- {
			c, ok := p.take()
			if !ok || c.score != uint32(want) || string(c.key) != fmt.Sprintf("key %d", want) || c.db != want%3 {
				t.Fatalf("of %d: got %d %q of %d, want %d", n, c.score, c.key, c.db, want)
			}
		}
		if _, ok := p.take(); ok {
			t.Fatal("one too many")
		}
	}
}

func BenchmarkVictim(b *testing.B) {
	ks := New(16, rand.NewPCG(1, 2))
	for i := range 100_000 {
		ks.SetNow(int64(i) * 1000)
		ks.DB(0).SetString(strconv.AppendInt(nil, int64(i), 10), []byte("value"), false)
	}
	b.ReportAllocs()
	for b.Loop() {
		ks.Victim(Policy{By: EvictIdle}, 5)
	}
}

// What a database takes falls when its index of deadlines shrinks, whoever lets it.
func TestTheMeterFollowsTheIndex(t *testing.T) {
	for name, free := range map[string]func(db *DB, o *Object){
		"persisted": func(db *DB, o *Object) { db.Persist(o) },
		"set anew":  func(db *DB, o *Object) { db.SetString(o.Key(), []byte("again"), false) },
		"deleted":   func(db *DB, o *Object) { db.Remove(o) },
	} {
		ks := evictable(t, 3000, all)
		before := ks.Used()
		for i := range 3000 {
			db := ks.DB(i % 3)
			free(db, db.Lookup(strconv.AppendInt(nil, int64(i), 10), NoTouch))
		}
		if err := ks.Check(); err != nil || ks.Used() >= before {
			t.Errorf("%s: %v; %d bytes, before %d", name, err, ks.Used(), before)
		}
		ks.Meter(false)
		if unmetered := ks.Used(); unmetered == 0 {
			t.Errorf("%s: nothing is used", name)
		}
	}
}
