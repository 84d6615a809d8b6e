package keyspace

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// randomSet returns a set of up to n of the given number of different members.
func randomSet(r *rand.Rand, n, different int, format string) *Set {
	limits := &SetLimits{512, 128, 64}
	s := NewSet()
	for range n {
		s.Add(fmt.Appendf(nil, format, r.IntN(different)), limits)
	}
	return s
}

// BenchmarkSetAlgebra combines two sets of which about two thirds of the members are
// in both.
func BenchmarkSetAlgebra(b *testing.B) {
	limits := &SetLimits{512, 128, 64}
	for _, c := range []struct {
		name         string
		n, different int
		format       string
	}{
		{"300000 texts", 300_000, 300_000, "member:%d"}, {"100 texts", 110, 150, "member:%d"}, {"10 texts", 10, 15, "member:%d"},
		{"300 integers", 400, 450, "%d"},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		sets := []*Set{randomSet(r, c.n, c.different, c.format), randomSet(r, c.n, c.different, c.format)}
		found := 0
		count := func(Element) bool {
			found++
			return true
		}
		for _, f := range []struct {
			name string
			do   func()
		}{
			{"inter", func() { EachInCommon(sets, count) }},
			{"union", func() { EachOfAny(sets, limits, count) }},
			{"diff", func() { EachOnlyInFirst(sets, count) }},
			{"interstore", func() { InCommon(sets, limits) }},
			{"unionstore", func() { OfAny(sets, limits) }},
			{"diffstore", func() { OnlyInFirst(sets, limits) }},
		} {
			b.Run(c.name+"/"+f.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f.do()
				}
			})
		}
	}
}

func BenchmarkSetAdd(b *testing.B) {
	limits := &SetLimits{512, 128, 64}
	r := rand.New(rand.NewPCG(1, 2))
	s := NewSet()
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = fmt.Appendf(text[:0], "member:%d", r.Uint32())
		s.Add(text, limits)
	}
}
