package rdb

import (
	"math/rand/v2"
	"testing"
)

func TestCRC64(t *testing.T) {
	if got := CRC64(0, []byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("got %x", got)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, 100)
	for range 200 {
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		n, cut := random.IntN(len(data)), 0
		if n > 0 {
			cut = random.IntN(n)
		}
		want := bitwiseCRC64(data[:n])
		if got := CRC64(CRC64(0, data[:cut]), data[cut:n]); got != want {
			t.Fatalf("%d bytes cut at %d: %x, want %x", n, cut, got, want)
		}
	}
}

// bitwiseCRC64 is the definition.
func bitwiseCRC64(p []byte) (crc uint64) {
	for _, b := range p {
		crc ^= uint64(b)
		for range 8 {
			odd := crc&1 != 0
			if crc >>= 1; odd {
				crc ^= crcPolynomial
			}
		}
	}
	return crc
}

func BenchmarkCRC64(b *testing.B) {
	data := make([]byte, 64<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		CRC64(0, data)
	}
}
