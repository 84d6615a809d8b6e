package hashtable

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestScanGuarantee mutates the table between the calls of a scan so that it
// grows and shrinks through several rounds, and expects every element that was
// there all the time.
func TestScanGuarantee(t *testing.T) {
	r := newRand(t)
	for range 60 {
		m := newModel(t)
		stable := 1 + r.IntN(1000)
		for i := range stable {
			m.do(3, name(i))
		}
		for i := range r.IntN(20_000) {
			m.do(3, name(stable+i))
		}
		seen := map[string]bool{}
		growing := r.IntN(2) == 0
		for cursor, calls := uint64(0), 0; ; calls++ {
			cursor = m.table.Scan(cursor, func(e *entry) { seen[e.key] = true })
			if cursor == 0 {
				break
			}
			if r.IntN(50) == 0 {
				growing = !growing
			}
			// Later on fewer changes, so that the scan comes to an end.
			for range r.IntN(1 + 40_000/(calls+100)) {
				op := 1
				if growing {
					op = 3
				}
				m.do(op, name(stable+r.IntN(30_000)))
			}
		}
		for i := range stable {
			if !seen[name(i)] {
				t.Fatalf("%q of %d is missing", name(i), stable)
			}
		}
		m.check()
	}
}

// TestScanOnce expects a scan of a table that does not change to yield each
// element exactly once, in all states between two rounds.
func TestScanOnce(t *testing.T) {
	table := New((*entry).Key)
	for n := range 700 {
		seen := map[*entry]int{}
		for cursor := uint64(0); ; {
			if cursor = table.Scan(cursor, func(e *entry) { seen[e]++ }); cursor == 0 {
				break
			}
		}
		if len(seen) != n {
			t.Fatalf("%d of %d elements", len(seen), n)
		}
		for e, times := range seen {
			if times != 1 {
				t.Fatalf("%q %d times among %d", e.key, times, n)
			}
		}
		table.Insert(&entry{key: name(n)})
	}
}

// TestScanDeletes deletes from within the callback: the element itself, others,
// and everything.
func TestScanDeletes(t *testing.T) {
	r := newRand(t)
	for _, others := range []int{0, 1, 5} {
		m := newModel(t)
		for i := range 20_000 {
			m.do(3, name(i))
		}
		for cursor := uint64(0); ; {
			cursor = m.table.Scan(cursor, func(e *entry) {
				if m.want[e.key] == nil {
					t.Fatalf("%q is yielded after its deletion", e.key)
				}
				m.do(1, e.key)
				for range others {
					m.do(1, name(r.IntN(20_000)))
				}
			})
			if cursor == 0 {
				break
			}
		}
		m.check()
		if len(m.want) != 0 {
			t.Errorf("%d elements left", len(m.want))
		}
	}
	table := filled(1000)
	table.Scan(0, func(*entry) { table.Clear() })
	mustCheck(t, table)
}

func TestScanAnyCursor(t *testing.T) {
	r := newRand(t)
	table := filled(1000)
	for range 10_000 {
		table.Scan(r.Uint64(), func(*entry) {})
	}
	if c := table.Scan(1<<64-1, func(*entry) {}); c != 0 {
		t.Errorf("the last cursor leads to %d", c)
	}
}

// chiSquare draws perElement times the number of elements and returns how many
// standard deviations the chi-square statistic is above what an exactly uniform
// choice gives on average.
func chiSquare(t *testing.T, table *Table[*entry], perElement int, draw func() *entry) float64 {
	counts := map[*entry]int{}
	for range perElement * table.Len() {
		counts[draw()]++
	}
	sum := 0.0
	for e := range table.All() {
		d := float64(counts[e] - perElement)
		sum += d * d / float64(perElement)
	}
	freedom := float64(table.Len() - 1)
	t.Logf("%d elements, %d buckets, %d overflow: chi-square %.0f", table.Len(), table.buckets, table.overflow, sum)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

func TestRandomIsUniform(t *testing.T) {
	tables := map[string]*Table[*entry]{
		"two":          filled(2),
		"small":        filled(37),
		"round begins": filled(growAbove * 256),
		"mid-round":    filled(growAbove * 400),
		"round ends":   filled(growAbove * 511),
	}
	sparse := filled(1000)
	sparse.Reserve(20_000)
	tables["sparse"] = sparse
	fallback := filled(50)
	fallback.Reserve(200_000)
	tables["fallback"] = fallback
	crowded := New((*entry).Key)
	crowded.PauseRehash()
	for i := range 500 {
		crowded.Insert(&entry{key: name(i)})
	}
	tables["one chain"] = crowded
	r := newRand(t)
	for what, table := range tables {
		perElement := 100
		if what == "fallback" {
			perElement = 20
		}
		// Less than one false alarm in a million; with few elements the statistic
		// is far from normally distributed.
		limit := 7.0
		if table.Len() == 2 {
			limit = 20
		}
		d := chiSquare(t, table, perElement, func() *entry {
			e, found := table.Random(r)
			if !found {
				t.Fatal("nothing found")
			}
			return e
		})
		if d > limit {
			t.Errorf("%s: not uniform (%.0f)", what, d)
		}
	}
}

func TestSample(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	table := filled(1000)
	for _, n := range []int{-1, 0, 1, 5, 999, 1000, 5000} {
		seen := map[*entry]bool{}
		got := table.Sample(r, n, func(e *entry) { seen[e] = true })
		if want := max(0, min(n, 1000)); got != want || len(seen) != want {
			t.Errorf("Sample(%d) = %d with %d different, want %d", n, got, len(seen), want)
		}
	}
}
