package server

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSortPart holds the part against a full sort. That it leaves equal elements
// where the reference does, is for the transcripts to tell.
func TestSortPart(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		n := random.IntN(80)
		if random.IntN(20) == 0 {
			n = random.IntN(1000)
		}
		s, kinds := make([]int, n), 1+random.IntN(2*n+2)
		for i := range s {
			s[i] = random.IntN(kinds)
		}
		switch random.IntN(6) {
		case 0:
			slices.Sort(s)
		case 1:
			slices.Sort(s)
			slices.Reverse(s)
		}
		want := slices.Clone(s)
		slices.Sort(want)
		from := random.IntN(n + 1)
		to := from + random.IntN(n-from+1)
		input := slices.Clone(s)
		sortPart(s, from, to, cmp.Compare[int])
		if !slices.Equal(s[from:to], want[from:to]) {
			t.Fatalf("%v: from %d to %d is %v, not %v", input, from, to, s[from:to], want[from:to])
		}
		slices.Sort(s)
		if !slices.Equal(s, want) {
			t.Fatalf("%v: elements got lost: %v", input, s)
		}
	}
}

func TestParseWeight(t *testing.T) {
	for text, want := range map[string]float64{
		"": 0, "\x00x": 0, " 1": 1, "\t\n\v\f\r-2.5e1": -25, "1\x00x": 1, "0x.8": 0.5, "0X1p4": 16, "inf": math.Inf(1), "0e-999": 0,
	} {
		if got, ok := parseWeight([]byte(text)); !ok || got != want {
			t.Errorf("%q is %v, %t, not %v", text, got, ok, want)
		}
	}
	for _, text := range []string{" ", "1 ", "x", "nan", "1e309", "1e-310", "1e-999", "1_0", "0x", "--1"} {
		if got, ok := parseWeight([]byte(text)); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

// BenchmarkSortPart takes ten of 10 000.
func BenchmarkSortPart(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	s := random.Perm(10_000)
	work := make([]int, len(s))
	for b.Loop() {
		copy(work, s)
		sortPart(work, 0, 10, cmp.Compare[int])
	}
}
