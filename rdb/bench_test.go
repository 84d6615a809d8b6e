package rdb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkReader reads a million small strings, and reports keys per second.
func BenchmarkReader(b *testing.B) {
	const keys = 1_000_000
	var items strings.Builder
	for i := range keys {
		key := fmt.Sprintf("key:%d", i)
		fmt.Fprintf(&items, "\x00%c%s\x20%032d", len(key), key, i)
	}
	data := file(items.String())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := NewReader(bytes.NewReader(data)).Read(Ignore{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(keys*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
}
