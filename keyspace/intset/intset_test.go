package intset

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return rand.New(rand.NewPCG(s, s))
}

func of(t *testing.T, integers ...int64) Intset {
	t.Helper()
	s := New(0)
	for _, n := range integers {
		var added bool
		if s, added = s.Add(n); !added {
			t.Fatalf("%d was there", n)
		}
	}
	return s
}

// TestForm compares with what valkey-server 8.0.1 has in the payload of DUMP.
func TestForm(t *testing.T) {
	for _, c := range []struct {
		integers []int64
		form     string
	}{
		{nil, "\x02\x00\x00\x00\x00\x00\x00\x00"},
		{[]int64{3, 1, 2}, "\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x02\x00\x03\x00"},
		{[]int64{-1, 32767, -32768}, "\x02\x00\x00\x00\x03\x00\x00\x00\x00\x80\xff\xff\xff\x7f"},
		{[]int64{5, 32768}, "\x04\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\x00\x80\x00\x00"},
		{[]int64{5, -32769}, "\x04\x00\x00\x00\x02\x00\x00\x00\xff\x7f\xff\xff\x05\x00\x00\x00"},
		{[]int64{5, 2147483648}, "\x08\x00\x00\x00\x02\x00\x00\x00" +
			"\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00"},
		{[]int64{5, -2147483649}, "\x08\x00\x00\x00\x02\x00\x00\x00" +
			"\xff\xff\xff\x7f\xff\xff\xff\xff\x05\x00\x00\x00\x00\x00\x00\x00"},
	} {
		s := of(t, c.integers...)
		if string(s.Bytes()) != c.form {
			t.Errorf("%d: %q, want %q", c.integers, s.Bytes(), c.form)
		}
		if err := Validate([]byte(c.form)); err != nil {
			t.Error(err)
		}
	}
}

// randomInteger returns integers of all widths, most of them not for the first
// time.
func randomInteger(r *rand.Rand, bits int) int64 {
	if r.IntN(20) == 0 {
		return []int64{0, -1, math.MaxInt16, math.MinInt16, math.MaxInt16 + 1, math.MinInt16 - 1}[r.IntN(6)]
	}
	n := r.Int64N(200) - 100
	if bits > 16 && r.IntN(8) == 0 {
		n <<= bits - 8
	}
	return n
}

func TestModel(t *testing.T) {
	r := newRand(t)
	for round := range 60 {
		bits := []int{16, 32, 64}[round%3]
		s, model := New(r.IntN(4)), map[int64]bool{}
		for step := range 4000 {
			n := randomInteger(r, bits)
			before := model[n]
			if s.Has(n) != before {
				t.Fatalf("Has(%d) = %v", n, !before)
			}
			var did bool
			// Grow for a while, then shrink.
			if r.IntN(3) > 0 == (step%1000 < 500) {
				s, did = s.Add(n)
				model[n] = true
				did = !did
			} else {
				s, did = s.Remove(n)
				delete(model, n)
			}
			if did != before {
				t.Fatalf("%d: changed %v, was there %v", n, did, before)
			}
			if step%50 == 0 {
				compare(t, s, model)
			}
		}
		compare(t, s, model)
	}
}

func compare(t *testing.T, s Intset, model map[int64]bool) {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	want := make([]int64, 0, len(model))
	for n := range model {
		want = append(want, n)
	}
	slices.Sort(want)
	var got []int64
	for i := range s.Len() {
		got = append(got, s.At(i))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %d, want %d", got, want)
	}
}

// TestMemory removes nearly everything from a large set.
func TestMemory(t *testing.T) {
	s := New(0)
	for n := range int64(10_000) {
		s, _ = s.Add(n)
		if most := 2*len(s) + 64; cap(s) > most {
			t.Fatalf("%d bytes of memory for %d", cap(s), len(s))
		}
	}
	for s.Len() > 10 {
		s = s.RemoveAt(s.Len() / 2)
	}
	if cap(s) > 512 {
		t.Errorf("%d bytes of memory for %d", cap(s), len(s))
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestDup(t *testing.T) {
	s := of(t, 1, 2, 3)
	c := s.Dup()
	c, _ = c.Remove(2)
	c, _ = c.Add(70_000)
	if !bytes.Equal(s, of(t, 1, 2, 3)) || !bytes.Equal(c, of(t, 1, 3, 70_000)) {
		t.Errorf("original %q, copy %q", s, c)
	}
}

// TestRandom draws often enough that the frequencies tell. The seed is fixed: by
// chance alone, one seed in a thousand would fail.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := of(t, -70_000, -5, 0, 5, 8, 9, 1000, 70_000)
	const draws = 80_000
	counts := map[int64]float64{}
	for range draws {
		counts[s.Random(r)]++
	}
	chi2, expected := 0.0, float64(draws)/float64(s.Len())
	for i := range s.Len() {
		d := counts[s.At(i)] - expected
		chi2 += d * d / expected
	}
	const limit = 24.3 // 7 degrees of freedom, 1 in 1000
	if chi2 > limit {
		t.Errorf("chi-square %.1f: %v", chi2, counts)
	}
}

func TestValidateTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ form, want string }{
		{"", "only 0 bytes"},
		{"\x02\x00\x00\x00\x00\x00\x00", "only 7 bytes"},
		{"\x03\x00\x00\x00\x00\x00\x00\x00", "width 3"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00", "width 0"},
		{"\x02\x00\x00\x00\x01\x00\x00\x00", "8 bytes, 10 are needed"},
		{"\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00", "11 bytes, 10 are needed"},
		{"\x08\x00\x00\x00\xff\xff\xff\xff", "8 bytes, 34359738368 are needed"},
		{"\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x01\x00", "integer 1 is not greater"},
		{"\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\xff\xff", "integer 1 is not greater"},
	} {
		err := Validate([]byte(c.form))
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.form, err, c.want)
		}
	}
}

// FuzzValidate uses every method on whatever Validate lets pass.
func FuzzValidate(f *testing.F) {
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00"), int64(1))
	f.Add([]byte("\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x05\x00"), int64(70_000))
	f.Add([]byte("\x04\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"), int64(-3))
	f.Add([]byte("\x08\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x80"), int64(math.MinInt64+1))
	f.Add([]byte("\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00"), int64(5))
	f.Fuzz(func(t *testing.T, b []byte, n int64) {
		if Validate(b) != nil {
			return
		}
		s := Intset(b).Dup()
		had, length := s.Has(n), s.Len()
		s, added := s.Add(n)
		if added == had || !s.Has(n) || s.Len() < length || s.Check() != nil {
			t.Fatalf("Add(%d) to %q gave %q", n, b, s)
		}
		s, removed := s.Remove(n)
		if !removed || s.Has(n) || s.Check() != nil {
			t.Fatalf("Remove(%d) from %q gave %q", n, b, s)
		}
		for s.Len() > 0 {
			s = s.RemoveAt(s.Len() - 1)
		}
	})
}

func BenchmarkHas(b *testing.B) {
	s := New(0)
	for n := range int64(512) {
		s, _ = s.Add(3 * n)
	}
	n := int64(0)
	for b.Loop() {
		s.Has(n % 1536)
		n += 7
	}
}
