package bitmap

import (
	"bytes"
	"flag"
	"math/big"
	"math/rand/v2"
	"slices"
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

// randomBytes returns up to n bytes, often all zeros or all ones for long.
func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, r.IntN(n+1))
	fill := byte(0)
	if r.IntN(2) == 0 {
		fill = 0xff
	}
	for i := range b {
		b[i] = fill
	}
	for range r.IntN(4) * r.IntN(1+len(b)/4) {
		b[r.IntN(len(b))] = byte(r.Uint32())
	}
	for range r.IntN(3) {
		if len(b) > 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	}
	return b
}

// naive returns the bits of b one by one.
func naive(b []byte) []int {
	var all []int
	for _, c := range b {
		for i := 7; i >= 0; i-- {
			all = append(all, int(c>>i)&1)
		}
	}
	return all
}

func TestBitsAgainstModel(t *testing.T) {
	r := newRand(t)
	for range 1500 {
		b := randomBytes(r, 400)
		model := naive(b)
		if n := len(model); n > 0 {
			i, bit := r.IntN(n), r.IntN(2)
			Set(b, i, bit)
			model[i] = bit
			if got := Get(b, i); got != bit {
				t.Fatalf("bit %d of %x is %d after it was set to %d", i, b, got, bit)
			}
		}
		if got := Get(b, len(model)+r.IntN(100)); got != 0 {
			t.Fatalf("a bit behind the end is %d", got)
		}
		for range 20 {
			checkRange(t, r, b, model)
		}
	}
}

// checkRange compares counting and searching in a part of b.
func checkRange(t *testing.T, r *rand.Rand, b []byte, model []int) {
	t.Helper()
	from, to := r.IntN(len(model)+1), r.IntN(len(model)+1)
	if r.IntN(4) == 0 {
		from, to = 0, len(model)
	}
	ones, first := 0, [2]int{-1, -1}
	for i := from; i < to; i++ {
		ones += model[i]
		if first[model[i]] < 0 {
			first[model[i]] = i
		}
	}
	if got := CountRange(b, from, to); got != ones {
		t.Fatalf("CountRange(%x, %d, %d) = %d, want %d", b, from, to, got, ones)
	}
	for bit, want := range first {
		if got := Find(b, bit, from, to); got != want {
			t.Fatalf("Find(%x, %d, %d, %d) = %d, want %d", b, bit, from, to, got, want)
		}
	}
}

func TestCombineAgainstModel(t *testing.T) {
	r := newRand(t)
	for i := range 2000 {
		op, longest := Op(r.IntN(4)), 200
		if i%100 == 0 {
			longest = 3 * chunk
		}
		sources := make([][]byte, 1+r.IntN(5))
		if op == Not {
			sources = sources[:1]
		}
		size := 0
		for i := range sources {
			sources[i] = randomBytes(r, longest)
			size = max(size, len(sources[i]))
		}
		want := make([]byte, size)
		for i := range want {
			want[i] = naiveByte(op, sources, i)
		}
		got := bytes.Repeat([]byte{0x55}, size)
		Combine(got, op, sources)
		if !bytes.Equal(got, want) {
			t.Fatalf("Combine %d of %x\n got %x\nwant %x", op, sources, got, want)
		}
	}
}

func naiveByte(op Op, sources [][]byte, i int) (result byte) {
	for k, s := range sources {
		c := byte(0)
		if i < len(s) {
			c = s[i]
		}
		switch {
		case op == Not:
			result = ^c
		case k == 0:
			result = c
		case op == And:
			result &= c
		case op == Or:
			result |= c
		case op == Xor:
			result ^= c
		}
	}
	return result
}

// value reads bits as a number of any size.
func value(f Format, bits []int) *big.Int {
	n := new(big.Int)
	for _, bit := range bits {
		n.Lsh(n, 1).Add(n, big.NewInt(int64(bit)))
	}
	if f.Signed && bits[0] == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(f.Bits)))
	}
	return n
}

func TestIntegersAgainstModel(t *testing.T) {
	r := newRand(t)
	for range 15_000 {
		f := Format{Signed: r.IntN(2) == 0, Bits: 1 + r.IntN(63)}
		if f.Signed {
			f.Bits += r.IntN(2)
		}
		b := randomBytes(r, 40)
		offset := r.IntN(len(b)*8 + 20)
		padded := naive(append(bytes.Clone(b), make([]byte, 80)...))
		want := value(f, padded[offset:offset+f.Bits])
		if got := f.Read(b, offset); want.Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("%+v at %d of %x is %d, want %s", f, offset, b, got, want)
		}
		if offset+f.Bits > len(b)*8 {
			continue
		}
		n := r.Int64() >> r.IntN(64) * int64(1-2*r.IntN(2))
		f.Write(b, offset, n)
		for i := range f.Bits {
			padded[offset+i] = int(n>>(f.Bits-1-i)) & 1
		}
		if got := naive(b); !slices.Equal(got, padded[:len(got)]) {
			t.Fatalf("%+v %d written at %d gives %x", f, n, offset, b)
		}
	}
}

func TestAddAgainstModel(t *testing.T) {
	r := newRand(t)
	for range 100_000 {
		f := Format{Signed: r.IntN(2) == 0, Bits: 1 + r.IntN(63)}
		if f.Signed {
			f.Bits += r.IntN(2)
		}
		// A number that fits, as one that was read does.
		n := f.cut(r.Uint64(), 64-f.Bits)
		increment := int64(r.Uint64()) >> r.IntN(64)
		low, high := f.limits()
		if r.IntN(3) == 0 {
			n, increment = []int64{low, high}[r.IntN(2)], r.Int64N(5)-2
		}
		exact := new(big.Int).Add(big.NewInt(n), big.NewInt(increment))
		tooGreat, tooSmall := exact.Cmp(big.NewInt(high)) > 0, exact.Cmp(big.NewInt(low)) < 0
		wrapped := f.cut(exact.And(exact, new(big.Int).SetUint64(allOnes)).Uint64()<<(64-f.Bits), 64-f.Bits)
		nearest := wrapped
		switch {
		case tooGreat:
			nearest = high
		case tooSmall:
			nearest = low
		}
		for o, want := range map[Overflow]int64{Wrap: wrapped, Saturate: nearest, Fail: wrapped} {
			if got, over := f.Add(n, increment, o); got != want || over != (tooGreat || tooSmall) {
				t.Fatalf("%+v: %d and %d with %d give %d, %v; want %d", f, n, increment, o, got, over, want)
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	b, dst := bytes.Repeat([]byte("0123456789abcdef"), 1000), make([]byte, 16000)
	sources := [][]byte{b, b[:100], b[:15000]}
	f := Format{Signed: true, Bits: 37}
	n := testing.AllocsPerRun(100, func() {
		Set(b, 77, 1-Get(b, 77))
		CountRange(b, 3, 12345)
		Find(b, 1, 3, 12345)
		Combine(dst, Xor, sources)
		sum, _ := f.Add(f.Read(b, 99), 1, Wrap)
		f.Write(b, 99, sum)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkBitmap(b *testing.B) {
	const size = 16 << 20
	x, y, z, dst := make([]byte, size), make([]byte, size), make([]byte, size), make([]byte, size)
	for i := range x {
		x[i], y[i] = byte(i*7), byte(i*13)
	}
	sum := 0
	for _, c := range []struct {
		name string
		call func()
	}{
		{"Count", func() { sum += Count(x) }},
		{"Find1", func() { sum += Find(z, 1, 0, size*8) }},
		{"And2", func() { Combine(dst, And, [][]byte{x, y}) }},
		{"Or3", func() { Combine(dst, Or, [][]byte{x, y, z}) }},
		{"Xor8", func() { Combine(dst, Xor, [][]byte{x, y, z, x, y, z, x, y}) }},
		{"Not", func() { Combine(dst, Not, [][]byte{x}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				c.call()
			}
		})
	}
	_ = sum
}
