package lzf

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

type sample struct {
	size       int
	compressed []byte
}

// readSamples reads testdata/samples.txt.
func readSamples(t testing.TB) (samples []sample) {
	file, err := os.Open("testdata/samples.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		size, text, found := strings.Cut(lines.Text(), " ")
		if strings.HasPrefix(size, "#") || !found {
			continue
		}
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, sample{n, b})
	}
	return samples
}

// TestSamples expects the very bytes that a real server wrote.
func TestSamples(t *testing.T) {
	samples := readSamples(t)
	if len(samples) < 10 {
		t.Fatalf("only %d samples", len(samples))
	}
	for i, s := range samples {
		raw, err := Decompress(s.compressed, s.size)
		if err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
		again, ok := Compress(nil, raw, s.size-4)
		if !ok || !bytes.Equal(again, s.compressed) {
			t.Errorf("sample %d of %q:\n got %x\nwant %x", i, raw, again, s.compressed)
		}
	}
}

func roundTrip(t *testing.T, src []byte) {
	t.Helper()
	for _, limit := range []int{len(src) - 4, len(src), len(src)*2 + 8} {
		out, ok := Compress([]byte("xy"), src, limit)
		if !ok {
			if string(out) != "xy" {
				t.Fatalf("dst changed to %x", out)
			}
			if limit > len(src)+len(src)/maxLiterals+4 && len(src) > 0 {
				t.Fatalf("%d bytes do not fit %d", len(src), limit)
			}
			continue
		}
		out = out[2:]
		if len(out) > limit {
			t.Fatalf("%d bytes, limit %d", len(out), limit)
		}
		back, err := Decompress(out, len(src))
		if err != nil {
			t.Fatalf("%x of %x: %v", out, src, err)
		}
		if !bytes.Equal(back, src) {
			t.Fatalf("%x became %x by %x", src, back, out)
		}
	}
}

// compressible returns n bytes of few kinds, with repetitions of many lengths.
func compressible(r *rand.Rand, n int) []byte {
	b := make([]byte, 0, n)
	for len(b) < n {
		if len(b) > 0 && r.IntN(3) > 0 {
			at := r.IntN(len(b))
			b = append(b, b[at:min(len(b), at+1+r.IntN(400))]...)
		} else {
			b = append(b, byte(r.IntN(1+r.IntN(256))))
		}
	}
	return b[:n]
}

func TestRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	if s := os.Getenv("LZF_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("LZF_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 400 {
		roundTrip(t, compressible(r, r.IntN(1+r.IntN(40_000))))
	}
}

func TestDecompressCorrupt(t *testing.T) {
	for _, c := range []struct {
		name string
		src  string
		size int
	}{
		{"empty input", "", 1},
		{"negative size", "\x00a", -1},
		{"implausible size", "\x00a", 1 << 40},
		{"literals cut", "\x05abc", 6},
		{"literals too long", "\x02abc", 2},
		{"too short", "\x00a", 2},
		{"reference without output", "\x20\x00", 3},
		{"reference before the start", "\x00a\x20\x01", 4},
		{"reference too long", "\x00a\x20\x00", 3},
		{"reference cut", "\x00a\x20", 4},
		{"long reference cut", "\x00a\xe0", 10},
		{"long reference cut later", "\x00a\xe0\x00", 10},
	} {
		if _, err := Decompress([]byte(c.src), c.size); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzLzf(f *testing.F) {
	for _, s := range readSamples(f) {
		f.Add(s.compressed, s.size)
	}
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 30)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		roundTrip(t, b)
		if out, err := Decompress(b, size); err == nil && len(out) != size {
			t.Fatalf("%d bytes instead of %d", len(out), size)
		}
	})
}

func BenchmarkCompress(b *testing.B) {
	repeating := bytes.Repeat([]byte("compressible element number "), 300)
	for i := range repeating {
		if i%28 == 0 {
			repeating[i] = byte(i / 28)
		}
	}
	random := make([]byte, len(repeating))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	for _, c := range []struct {
		name string
		src  []byte
	}{{"Repeating", repeating}, {"Random", random}, {"Short", []byte("the fields and values of a small hash: name somebody age 42 city Berlin")}} {
		b.Run(c.name, func(b *testing.B) {
			dst := make([]byte, 0, len(c.src)+len(c.src)/16)
			b.SetBytes(int64(len(c.src)))
			b.ReportAllocs()
			for b.Loop() {
				Compress(dst, c.src, len(c.src)-4)
			}
		})
	}
}
