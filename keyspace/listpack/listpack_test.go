package listpack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

// newRand returns a source whose seed the test prints, so that a failure can be
// repeated with -seed.
func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return rand.New(rand.NewPCG(s, s))
}

// TestEncodings holds entries against those that a real server wrote.
func TestEncodings(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	xs := func(n int) string { return strings.Repeat("78", n) }
	for _, c := range []struct{ element, entry string }{
		{"", "8001"},
		{"x", "817802"},
		{"0", "0001"},
		{"127", "7f01"},
		{"128", "c08002"},
		{"-1", "dfff02"},
		{"4095", "cfff02"},
		{"-4096", "d00002"},
		{"4096", "f1001003"},
		{"-32768", "f1008003"},
		{"32768", "f200800004"},
		{"-8388608", "f200008004"},
		{"8388608", "f30000800005"},
		{"-2147483648", "f30000008005"},
		{"2147483648", "f4000000800000000009"},
		{"-9223372036854775808", "f4000000000000008009"},
		{"9223372036854775808", "9339323233333732303336383534373735383038" + "14"},
		{"01", "82303103"},
		{"-0", "822d3003"},
		{"+1", "822b3103"},
		{"-", "812d02"},
		{" 1", "82203103"},
		{x(63), "bf" + xs(63) + "40"},
		{x(64), "e040" + xs(64) + "42"},
		{x(125), "e07d" + xs(125) + "7f"},
		{x(126), "e07e" + xs(126) + "0180"},
		{x(4095), "efff" + xs(4095) + "2081"},
		{x(4096), "f000100000" + xs(4096) + "2085"},
		{x(16377), "f0f93f0000" + xs(16377) + "7ffe"},
		{x(16378), "f0fa3f0000" + xs(16378) + "00ffff"},
		{x(16379), "f0fb3f0000" + xs(16379) + "018080"},
	} {
		lp := New(0).Append([]byte(c.element))
		if got := hex.EncodeToString(lp[headerSize : len(lp)-1]); got != c.entry {
			t.Errorf("%.30q is %.60s, want %.60s", c.element, got, c.entry)
		}
		if err := lp.Check(); err != nil {
			t.Errorf("%.30q: %v", c.element, err)
		}
		e := lp.Get(lp.First())
		if got := string(e.AppendTo(nil)); got != c.element || e.Len() != len(c.element) || !e.Equal([]byte(c.element)) {
			t.Errorf("%.30q became %.30q", c.element, got)
		}
		if lp.Last() != lp.First() || lp.Next(lp.First()) != 0 {
			t.Errorf("%.30q: %d is last, %d first", c.element, lp.Last(), lp.First())
		}
	}
}

func randomElement(r *rand.Rand) []byte {
	switch r.IntN(6) {
	case 0:
		return strconv.AppendInt(nil, r.Int64()>>r.IntN(64)*int64(1-2*r.IntN(2)), 10)
	case 1:
		return bytes.Repeat([]byte{byte('a' + r.IntN(3))}, r.IntN(300))
	case 2:
		if r.IntN(10) == 0 {
			return make([]byte, r.IntN(20_000))
		}
	}
	return []byte{byte('0' + r.IntN(20))}
}

func texts(lp Listpack, back bool) (all []string) {
	if back {
		for at := lp.Last(); at != 0; at = lp.Prev(at) {
			all = append(all, string(lp.Get(at).AppendTo(nil)))
		}
		slices.Reverse(all)
		return all
	}
	for at := lp.First(); at != 0; at = lp.Next(at) {
		all = append(all, string(lp.Get(at).AppendTo(nil)))
	}
	return all
}

func compare(t *testing.T, lp Listpack, want []string) {
	t.Helper()
	if err := lp.Check(); err != nil {
		t.Fatal(err)
	}
	if lp.Len() != len(want) || lp.IsEmpty() != (len(want) == 0) {
		t.Fatalf("%d elements instead of %d", lp.Len(), len(want))
	}
	for _, back := range []bool{false, true} {
		if got := texts(lp, back); !slices.Equal(got, want) {
			t.Fatalf("back %v:\n got %.1000q\nwant %.1000q", back, got, want)
		}
	}
	for i := -len(want) - 1; i <= len(want); i++ {
		at := lp.Seek(i)
		j := i
		if j < 0 {
			j += len(want)
		}
		if inside := j >= 0 && j < len(want); inside != (at != 0) || inside && !lp.Get(at).Equal([]byte(want[j])) {
			t.Fatalf("Seek(%d) = %d", i, at)
		}
	}
	compareScan(t, lp, want)
}

// compareScan reads elements, as small integers where they are, and passes over others.
func compareScan(t *testing.T, lp Listpack, want []string) {
	t.Helper()
	s, err := Scan(lp)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(want); i++ {
		if i%5 == 4 {
			if missing, err := s.Skip(3); missing != max(i+3-len(want), 0) || err != nil {
				t.Fatalf("element %d of %d: %d missing of 3, %v", i, len(want), missing, err)
			}
			i += 2
			continue
		}
		if n, ok := s.Small(); ok {
			if want[i] != strconv.FormatInt(n, 10) {
				t.Fatalf("element %d is %d, want %q", i, n, want[i])
			}
			continue
		}
		if e, err := s.Next(); err != nil || !e.Equal([]byte(want[i])) {
			t.Fatalf("element %d is %q, want %q, %v", i, e.AppendTo(nil), want[i], err)
		}
	}
	if s.More() {
		t.Fatalf("more than %d elements", len(want))
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
}

// TestModel does random operations on a listpack, a deque and a slice of strings.
func TestModel(t *testing.T) {
	r := newRand(t)
	for range 60 {
		lp, m := New(r.IntN(200)), []string{}
		var d Deque
		for range 120 {
			lp, m = step(r, lp, &d, m)
			compare(t, lp, m)
			if d.Size() > 0 {
				compare(t, d.Listpack(), m)
			}
			if d.Size() > emptySize && !bytes.Equal(lp, d.Listpack()) {
				t.Fatal("listpack and deque differ")
			}
		}
	}
}

func step(r *rand.Rand, lp Listpack, d *Deque, m []string) (Listpack, []string) {
	s := randomElement(r)
	i := 0
	if len(m) > 0 {
		i = r.IntN(len(m))
	}
	switch op := r.IntN(14); {
	case op < 3:
		d.Append(String(s))
		return lp.Append(s), append(m, string(s))
	case op < 6 || len(m) == 0:
		d.Prepend(String(s))
		return lp.Prepend(s), slices.Insert(m, 0, string(s))
	case op == 6:
		d.PopFirst(nil)
		lp, _ = lp.Delete(lp.First())
		return lp, m[1:]
	case op == 7:
		d.PopLast(nil)
		lp, _ = lp.Delete(lp.Last())
		return lp, m[:len(m)-1]
	case op < 10:
		where := Where(r.IntN(2))
		d.Insert(d.Listpack().Seek(i), where, String(s))
		lp, _ = lp.Insert(lp.Seek(i), where, s)
		return lp, slices.Insert(m, i+int(where), string(s))
	case op == 10:
		d.Replace(d.Listpack().Seek(i), String(s))
		lp = lp.Replace(lp.Seek(i), s)
		m = slices.Clone(m)
		m[i] = string(s)
		return lp, m
	case op == 11:
		n := r.IntN(5)
		d.DeleteRange(i, n)
		return lp.DeleteRange(i-len(m), n), slices.Delete(m, i, min(i+n, len(m)))
	case op == 12:
		pattern := PatternOf([]byte(m[i]))
		limit := 1 + r.IntN(3)
		d.Remove(&pattern, limit, false)
		e := m[i]
		for range limit {
			at := lp.Find(lp.First(), []byte(e), 0)
			if at == 0 {
				break
			}
			lp, _ = lp.Delete(at)
			m = slices.Delete(m, slices.Index(m, e), slices.Index(m, e)+1)
		}
		return lp, m
	default:
		other := New(0).Append(s).AppendInt(5)
		d.Merge(other)
		d.Compact()
		return lp.Merge(other).Dup(), append(m, string(s), "5")
	}
}

// TestAppender compares with elements that are appended one by one.
func TestAppender(t *testing.T) {
	r := newRand(t)
	for range 300 {
		lp := New(r.IntN(50))
		for range r.IntN(4) {
			lp = lp.Append(randomElement(r))
		}
		want := lp.Dup()
		a := lp.Appender()
		for range r.IntN(20) {
			s := randomElement(r)
			a.Add(String(s))
			a.Add(Integer(int64(len(s))))
			want = want.Append(s).AppendInt(int64(len(s)))
		}
		if got := a.Listpack(); !bytes.Equal(got, want) || got.Check() != nil {
			t.Fatalf("%x, want %x", got, want)
		}
	}
	lp := New(0)
	for range countUnknown - 1 {
		lp = lp.AppendInt(1)
	}
	a := lp.Appender()
	for range 3 {
		a.Add(Integer(1))
	}
	if lp = a.Listpack(); lp.Len() != countUnknown+2 || lp.Check() != nil {
		t.Fatalf("%d elements, %v", lp.Len(), lp.Check())
	}
}

func TestFind(t *testing.T) {
	lp := New(0)
	for _, s := range []string{"a", "1", "b", "a", "c", "1"} {
		lp = lp.Append([]byte(s))
	}
	index := func(at int) int {
		for i := range lp.Len() {
			if lp.Seek(i) == at {
				return i
			}
		}
		return -1
	}
	for _, c := range []struct {
		from int
		s    string
		skip int
		want int
	}{
		{0, "a", 0, 0}, {1, "a", 0, 3}, {0, "1", 0, 1}, {2, "1", 0, 5}, {0, "01", 0, -1},
		{0, "1", 1, -1}, {1, "1", 1, 1}, {0, "c", 1, 4}, {4, "a", 0, -1},
	} {
		if got := index(lp.Find(lp.Seek(c.from), []byte(c.s), c.skip)); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

// TestUnknownCount goes over the largest number of elements that the header tells.
func TestUnknownCount(t *testing.T) {
	lp := New(0)
	for range countUnknown + 5 {
		lp = lp.AppendInt(1)
	}
	if lp.storedCount() != countUnknown || lp.Len() != countUnknown+5 {
		t.Fatalf("header says %d, counted %d", lp.storedCount(), lp.Len())
	}
	lp = lp.DeleteRange(-100, 100)
	if lp.Len() != countUnknown-95 || lp.Check() != nil || lp.Seek(-1) != lp.Last() {
		t.Fatalf("%d elements, %v", lp.Len(), lp.Check())
	}
}

func TestValidateCorrupt(t *testing.T) {
	good := New(0).Append([]byte("ab")).AppendInt(300).AppendInt(math.MinInt64).Append(make([]byte, 200))
	if err := Validate(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(b []byte) []byte{
		"empty":            func([]byte) []byte { return nil },
		"short":            func(b []byte) []byte { return b[:6] },
		"total":            func(b []byte) []byte { b[0]++; return b },
		"count":            func(b []byte) []byte { b[4]++; return b },
		"end":              func(b []byte) []byte { b[len(b)-1] = 0; return b },
		"end inside":       func(b []byte) []byte { b[6] = 0xff; return b },
		"unknown encoding": func(b []byte) []byte { b[6] = 0xf5; return b },
		"string too long":  func(b []byte) []byte { b[6] = 0xbf; return b },
		"huge string":      func(b []byte) []byte { copy(b[6:], "\xf0\xff\xff\xff\xff"); return b },
		"backlen":          func(b []byte) []byte { b[9]++; return b },
		"backlen endless":  func(b []byte) []byte { b[9] |= 0x80; return b },
	} {
		if err := Validate(spoil(good.Dup())); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLookupsDoNotAllocate(t *testing.T) {
	lp := New(0)
	for i := range 100 {
		lp = lp.AppendInt(int64(i * i)).Append([]byte("name"))
	}
	wanted := []byte("9801")
	if n := testing.AllocsPerRun(100, func() {
		if !lp.Get(lp.Find(lp.First(), wanted, 1)).Equal(wanted) || lp.Seek(-7) == 0 {
			t.Error("not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzListpack(f *testing.F) {
	f.Add([]byte(New(0)), []byte("x"))
	f.Add([]byte(New(0).Append([]byte("ab")).AppendInt(-5).AppendInt(math.MinInt64)), []byte("-5"))
	f.Add([]byte(New(0).Append(make([]byte, 200)).Append(make([]byte, 5000))), []byte("ab"))
	// Longer encodings than needed are valid.
	f.Add([]byte("\x12\x00\x00\x00\x02\x00\xe0\x01a\x03\xf1\x01\x00\x03\xf1\x01\x00\x03\xff"), []byte("1"))
	f.Fuzz(func(t *testing.T, b, s []byte) {
		if Validate(b) != nil {
			return
		}
		b = slices.Clip(slices.Clone(b))
		m := texts(b, false)
		compare(t, b, m)
		lp := Listpack(b).Dup()
		d := DequeOf(lp.Dup())
		d.Prepend(String(s))
		d.Append(String(s))
		compare(t, d.Listpack(), append(append([]string{string(s)}, m...), string(s)))
		for range len(m) + 2 {
			d.PopFirst(nil)
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
		}
		for i := range m {
			at := lp.Find(lp.First(), []byte(m[i]), 0)
			if at == 0 {
				t.Fatalf("%q not found", m[i])
			}
			lp = lp.Replace(at, s)
			m[slices.Index(m, m[i])] = string(s)
		}
		compare(t, lp, m)
		compare(t, lp.Merge(b), append(m, texts(b, false)...))
	})
}

func BenchmarkSeek(b *testing.B) {
	lp := New(0)
	for range 400 {
		lp = lp.Append([]byte("VXKeHogKgJ"))
	}
	b.ReportAllocs()
	for b.Loop() {
		lp.Seek(200)
	}
}

// BenchmarkHead pushes and pops at the head of 8 KiB.
func BenchmarkHead(b *testing.B) {
	e := String([]byte("VXKeHogKgJ"))
	b.Run("deque", func(b *testing.B) {
		var d Deque
		for d.Size() < 8000 {
			d.Append(e)
		}
		var scratch []byte
		b.ReportAllocs()
		for b.Loop() {
			d.Prepend(e)
			scratch, _ = d.PopFirst(scratch[:0])
		}
	})
	b.Run("listpack", func(b *testing.B) {
		lp := New(9000)
		for len(lp) < 8000 {
			lp = lp.Append(e.Bytes)
		}
		b.ReportAllocs()
		for b.Loop() {
			lp = lp.Prepend(e.Bytes)
			lp, _ = lp.Delete(lp.First())
		}
	})
}
