package hashtable

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// benchEntry has a 16-byte key, as "key:000000012345".
type benchEntry struct{ key [16]byte }

func (e *benchEntry) Key() []byte { return e.key[:] }

func benchKey(i int) (k [16]byte) {
	copy(k[:], fmt.Sprintf("key:%012d", i))
	return k
}

func benchEntries(n int) []*benchEntry {
	all := make([]*benchEntry, n)
	for i := range all {
		all[i] = &benchEntry{benchKey(i)}
	}
	return all
}

func benchTable(all []*benchEntry) *Table[*benchEntry] {
	t := New((*benchEntry).Key)
	for _, e := range all {
		t.Insert(e)
	}
	return t
}

func benchSizes(b *testing.B, run func(b *testing.B, n int)) {
	for _, n := range []int{100, 100_000, 750_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { run(b, n) })
	}
}

func BenchmarkFindHit(b *testing.B) {
	benchSizes(b, func(b *testing.B, n int) {
		all := benchEntries(n)
		t := benchTable(all)
		keys := make([][16]byte, 1<<16)
		for i := range keys {
			keys[i] = benchKey(rand.IntN(n))
		}
		b.ResetTimer()
		for i := range b.N {
			if _, found := t.Find(keys[i%len(keys)][:]); !found {
				b.Fatal("key lost")
			}
		}
		b.ReportMetric(float64(t.Bytes())/float64(n), "B/elem")
	})
}

// BenchmarkFindHot looks up the same few keys of a large table again and again.
func BenchmarkFindHot(b *testing.B) {
	all := benchEntries(1_000_000)
	t := benchTable(all)
	keys := make([][16]byte, 256)
	for i := range keys {
		keys[i] = benchKey(i * 1000)
	}
	for i := 0; b.Loop(); i++ {
		if _, found := t.Find(keys[i%len(keys)][:]); !found {
			b.Fatal("key lost")
		}
	}
}

func BenchmarkFindMiss(b *testing.B) {
	benchSizes(b, func(b *testing.B, n int) {
		t := benchTable(benchEntries(n))
		key := benchKey(0)
		b.ResetTimer()
		for i := range b.N {
			binary.LittleEndian.PutUint64(key[8:], uint64(i))
			if _, found := t.Find(key[:]); found {
				b.Fatal("key out of nowhere")
			}
		}
	})
}

func BenchmarkInsert(b *testing.B) {
	benchSizes(b, func(b *testing.B, n int) {
		all := benchEntries(n)
		for done := 0; done < b.N; done += n {
			t := New((*benchEntry).Key)
			for _, e := range all[:min(n, b.N-done)] {
				t.Insert(e)
			}
		}
	})
}

func BenchmarkDeleteInsert(b *testing.B) {
	benchSizes(b, func(b *testing.B, n int) {
		all := benchEntries(n)
		t := benchTable(all)
		b.ResetTimer()
		for range b.N {
			e := all[rand.IntN(n)]
			t.Delete(e.key[:])
			t.Insert(e)
		}
	})
}

func BenchmarkRandom(b *testing.B) {
	benchSizes(b, func(b *testing.B, n int) {
		t := benchTable(benchEntries(n))
		r := rand.New(rand.NewPCG(1, 2))
		b.ResetTimer()
		for range b.N {
			t.Random(r)
		}
	})
}

// BenchmarkGrowthStall reports the longest single insertion while a table grows
// from 1 M to 2 M elements. Compare it with what one array of buckets would
// cost, which has to be cleared: BenchmarkClearArray.
func BenchmarkGrowthStall(b *testing.B) {
	all := benchEntries(2_000_000)
	var longest time.Duration
	for range b.N {
		t := benchTable(all[:1_000_000])
		for _, e := range all[1_000_000:] {
			start := time.Now()
			t.Insert(e)
			longest = max(longest, time.Since(start))
		}
	}
	b.ReportMetric(float64(longest.Microseconds()), "µs/longest")
}

var sink []bucket[*benchEntry]

func BenchmarkClearArray(b *testing.B) {
	for range b.N {
		sink = make([]bucket[*benchEntry], 1<<19)
		for i := 0; i < len(sink); i += 64 {
			sink[i].tags = 1
		}
	}
}
