package keyspace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Whether random members are drawn fairly is judged by frequencies: every outcome
// should come equally often. The seeds are fixed, but not those of hash tables, so
// that the limit is one that chance exceeds once in ten million tests.

// chiSquareLimit is that limit, by the approximation of Wilson and Hilferty.
func chiSquareLimit(degrees int) float64 {
	const z = 5.2
	d := float64(degrees)
	return d * math.Pow(1-2/(9*d)+z*math.Sqrt(2/(9*d)), 3)
}

// fair fails if the outcomes, of which there should be so many, are not equally
// frequent.
func fair(t *testing.T, what string, counts map[string]int, outcomes int) {
	t.Helper()
	total := 0
	for _, n := range counts {
		total += n
	}
	if len(counts) > outcomes {
		t.Errorf("%s: %d outcomes, should be %d: %v", what, len(counts), outcomes, counts)
		return
	}
	expected := float64(total) / float64(outcomes)
	chi2 := float64(outcomes-len(counts)) * expected
	for _, n := range counts {
		d := float64(n) - expected
		chi2 += d * d / expected
	}
	if limit := chiSquareLimit(outcomes - 1); chi2 > limit {
		t.Errorf("%s: chi-square %.1f, limit %.1f: %v", what, chi2, limit, counts)
	}
}

// sparseTable returns a table of the integers below n that has held many more, and
// not yet shrunk because it could not.
func sparseTable(n int) *Set {
	s := newTableSet(0)
	for i := range 3000 {
		s.Add(strconv.AppendInt(nil, int64(i), 10), &SetLimits{})
	}
	s.big.PauseRehash()
	for i := n; i < 3000; i++ {
		s.Remove(strconv.AppendInt(nil, int64(i), 10))
	}
	s.big.ResumeRehash()
	return s
}

// setsOfEach returns sets of the integers below n in each encoding.
func setsOfEach(n int) map[string]*Set {
	sets := map[string]*Set{"intset": NewSet(), "listpack": newListpackSet(), "table": newTableSet(0), "sparse": sparseTable(n)}
	for i := range n {
		for _, s := range sets {
			s.Add(strconv.AppendInt(nil, int64(i), 10), &SetLimits{1000, 1000, 64})
		}
	}
	return sets
}

func memberText(e Element) string { return string(e.AppendTo(nil)) }

func TestSetRandomIsFair(t *testing.T) {
	for name, s := range setsOfEach(40) {
		r := rand.New(rand.NewPCG(1, 2))
		counts := map[string]int{}
		for range 20_000 {
			counts[memberText(s.Random(r))]++
		}
		fair(t, name, counts, 40)
	}
}

func TestSetPopIsFair(t *testing.T) {
	for name, s := range setsOfEach(10) {
		r := rand.New(rand.NewPCG(1, 2))
		first, last := map[string]int{}, map[string]int{}
		for range 5000 {
			c := s.Clone().(*Set)
			first[string(c.Pop(r, nil))]++
			for c.Len() > 1 {
				c.Pop(r, nil)
			}
			last[string(c.Pop(r, nil))]++
		}
		fair(t, name+", first", first, 10)
		fair(t, name+", last", last, 10)
	}
}

// choice is the name of a choice of members, whatever their order.
type choice []string

func (c *choice) add(e Element) { *c = append(*c, memberText(e)) }

func (c choice) String() string {
	slices.Sort(c)
	return strings.Join(slices.Compact(c), " ")
}

func binomial(n, k int) int {
	b := 1
	for i := range k {
		b = b * (n - i) / (i + 1)
	}
	return b
}

// TestSetChoicesAreFair counts how often each choice of n out of seven comes.
func TestSetChoicesAreFair(t *testing.T) {
	const members = 7
	limits := &SetLimits{1000, 1000, 64}
	for name, s := range setsOfEach(members) {
		r := rand.New(rand.NewPCG(3, 4))
		for n := 1; n < members; n++ {
			sampled, popped := map[string]int{}, map[string]int{}
			for range 4000 {
				var sample, pop choice
				s.Sample(n, r, sample.add)
				sampled[sample.String()]++
				s.Clone().(*Set).PopSome(n, r, limits, pop.add)
				popped[pop.String()]++
			}
			fair(t, fmt.Sprintf("%s, sampling %d", name, n), sampled, binomial(members, n))
			fair(t, fmt.Sprintf("%s, popping %d", name, n), popped, binomial(members, n))
		}
	}
}

// TestSetPopKeepsWhatIsLeft looks at the encoding of what is left of a hash table.
func TestSetPopKeepsWhatIsLeft(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct {
		members, pop int
		want         string
	}{
		// Recorded from valkey 8.0.1 with these limits.
		{9, 8, "listpack"}, {12, 10, "listpack"}, {12, 9, "hashtable"}, {60, 50, "hashtable"}, {60, 55, "listpack"},
	} {
		s := newTableSet(0)
		for i := range c.members {
			s.Add(strconv.AppendInt(nil, int64(i), 10), &SetLimits{})
		}
		s.PopSome(c.pop, r, &SetLimits{512, 5, 64}, func(Element) {})
		if s.Encoding() != c.want || s.Len() != c.members-c.pop {
			t.Errorf("%d of %d popped: a %s of %d, want %s", c.pop, c.members, s.Encoding(), s.Len(), c.want)
		}
	}
}

// TestSetAllocations: what only reads, and what changes nothing, allocates nothing.
func TestSetAllocations(t *testing.T) {
	limits := &SetLimits{1000, 1000, 64}
	there, absent, text := []byte("17"), []byte("absent"), make([]byte, 0, 64)
	r := rand.New(rand.NewPCG(1, 2))
	for name, s := range setsOfEach(40) {
		for what, f := range map[string]func(){
			"Has":         func() { s.Has(there); s.Has(absent) },
			"Add":         func() { s.Add(there, limits) },
			"Remove":      func() { s.Remove(absent) },
			"Random":      func() { s.Random(r) },
			"Pop and Add": func() { s.Add(s.Pop(r, text[:0]), limits) },
		} {
			most := 0.0
			if what == "Pop and Add" && s.encoding == setTable {
				most = 1 // the member
			}
			if n := testing.AllocsPerRun(100, f); n > most {
				t.Errorf("%s, %s: %v allocations", name, what, n)
			}
		}
	}
}
