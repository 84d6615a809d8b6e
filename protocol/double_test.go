package protocol

import (
	"bufio"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestFormatDouble(t *testing.T) {
	// Recorded from valkey 8.0.1.
	for _, c := range []struct {
		f    float64
		want string
	}{
		{0, "0"}, {math.Copysign(0, -1), "-0"}, {math.NaN(), "nan"},
		{math.Inf(1), "inf"}, {math.Inf(-1), "-inf"},
		{1 << 62, "4611686018427387904"}, {4.7e18, "4.7e+18"},
		{1e-6, "0.000001"}, {1e-7, "1e-7"}, {1.5e-6, "1.5e-6"}, {1.5e-5, "0.000015"},
		{1.2345678901234567e-3, "0.0012345678901234567"}, {1.2345678901234567e-4, "1.2345678901234567e-4"},
		{1e23, "99999999999999990000000"}, {5e-324, "5e-324"}, {math.MaxFloat64, "1.7976931348623157e+308"},
		{-123456789012345680000, "-123456789012345680000"},
	} {
		if got := string(FormatDouble(nil, c.f)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.f, got, c.want)
		}
	}
}

func TestFormatDoubleRecorded(t *testing.T) {
	file, err := os.Open("testdata/doubles.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var word uint64
		var want string
		if _, err := fmt.Sscanf(lines.Text(), "%x %s", &word, &want); err != nil {
			t.Fatal(err)
		}
		if got := string(FormatDouble(nil, math.Float64frombits(word))); got != want {
			t.Errorf("%016x: got %s, want %s", word, got, want)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestFormatDoubleReadsBack formats random bit patterns.
func TestFormatDoubleReadsBack(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 100_000 {
		f := math.Float64frombits(rnd.Uint64())
		text := string(FormatDouble(nil, f))
		if got, err := strconv.ParseFloat(text, 64); got != f && !math.IsNaN(f) || err != nil {
			t.Fatalf("seed %d: %x became %s, read back as %x, %v", seed, f, text, got, err)
		}
	}
}

// TestPowersOfTen computes the table anew.
func TestPowersOfTen(t *testing.T) {
	const precision = 2000
	ten := new(big.Float).SetPrec(precision).SetInt64(10)
	for i, got := range powersOfTen {
		scale := firstPower + i*powerStep
		want := new(big.Float).SetPrec(precision).SetInt64(1)
		for range max(scale, -scale) {
			if scale > 0 {
				want.Mul(want, ten)
			} else {
				want.Quo(want, ten)
			}
		}
		want.SetMode(big.ToNearestEven).SetPrec(64)
		table := new(big.Float).SetUint64(got.fraction)
		table.SetMantExp(table, got.exponent)
		if table.Cmp(want) != 0 || got.fraction>>63 != 1 {
			t.Errorf("1e%d: got %v, want %v", scale, table, want)
		}
	}
}

func BenchmarkFormatDouble(b *testing.B) {
	dst := make([]byte, 0, 32)
	for b.Loop() {
		FormatDouble(dst, 3.14159)
	}
}
