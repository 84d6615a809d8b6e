package rdb

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"respect/fixtures"
)

// smallFixtures are files of at most size bytes, for tests that read each of them very often.
func smallFixtures(tb testing.TB, size int64) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for _, m := range fixtures.List() {
		if m.RDBPath == "" || m.RDB.Size > size {
			continue
		}
		data, err := m.Load()
		if err != nil {
			tb.Fatal(err)
		}
		files[m.Name()] = data
	}
	return files
}

// TestEveryCut requires each proper beginning of a file to be refused as truncated, or, where the
// cut is behind it, for an unsupported type.
func TestEveryCut(t *testing.T) {
	for name, data := range smallFixtures(t, 600) {
		for n := range data {
			err := NewReader(bytes.NewReader(data[:n])).Read(&recorder{})
			var bad *FormatError
			if !errors.As(err, &bad) || bad.Kind != Truncated && bad.Kind != Unsupported {
				t.Fatalf("%s cut to %d of %d bytes: %v", name, n, len(data), err)
			}
			if bad.Kind == Truncated && bad.Offset != int64(n) {
				t.Fatalf("%s cut to %d bytes: offset %d", name, n, bad.Offset)
			}
		}
	}
}

// TestEveryByte flips bits of each byte. With a checksum, every change has to be noticed, unless
// it makes the checksum zero or the version older than checksums.
func TestEveryByte(t *testing.T) {
	masks := []byte{0x01, 0x80, 0xff}
	if testing.Short() {
		masks = masks[2:]
	}
	for name, data := range smallFixtures(t, 300) {
		for i := range data {
			for _, mask := range masks {
				data[i] ^= mask
				err := NewReader(bytes.NewReader(data)).Read(&recorder{})
				checked := data[7] == '1' || data[8] >= '5'
				zero := bytes.Equal(data[len(data)-8:], make([]byte, 8))
				data[i] ^= mask
				var bad *FormatError
				if err != nil && !errors.As(err, &bad) {
					t.Fatalf("%s, byte %d ^ %#x: %v", name, i, mask, err)
				}
				wasZero := bytes.Equal(data[len(data)-8:], make([]byte, 8))
				if err == nil && checked && !zero && !wasZero {
					t.Fatalf("%s, byte %d ^ %#x: accepted", name, i, mask)
				}
			}
		}
	}
}

// TestLyingLengths requires that no memory is taken for lengths without data behind them.
func TestLyingLengths(t *testing.T) {
	const huge = "\x81\x00\x00\x00\xff\x00\x00\x00\x00" // 2^40 - 2^32
	for _, items := range []string{
		"\x00" + huge + "key",
		"\x00\x01k" + huge + "value",
		"\x01\x01k" + huge + "\x01e",
		"\x0e\x01k" + huge,
		"\x12\x01k" + huge + "\x01\x01e",
		"\x00\x01k\xc3\x02" + huge + "\x00a",
		"\x00\x01k\xc3" + huge + "\x05\x00a",
		"\xfa" + huge,
		"\xf5" + huge,
		"\xf7\x01\x05" + huge,
		"\x0a\x01k\x0b\xff\xff\xff\x7f\x0a\x00\x00\x00\x00\x00\xff",
		"\x02\x01k" + huge + "\x01m",
		"\x03\x01k" + huge + "\x01m\xfe",
		"\x04\x01k" + huge + "\x01f\x01v",
		"\x05\x01k" + huge + "\x01m12345678",
		"\x09\x01k" + huge,
		"\x09\x01k\x08\x01\xfe\xff\xff\xff\xfff\xff",
		"\x0b\x01k\x0a\x02\x00\x00\x00\xff\xff\xff\x7f\x01\x00",
		"\x0c\x01k" + huge,
		"\x0d\x01k" + huge,
		"\x10\x01k" + huge,
		"\x10\x01k\x0a\xff\xff\xff\x7f\xff\xff\x01\x01\x01\xff",
		"\x11\x01k" + huge,
		"\x14\x01k\x0d\x0d\x00\x00\x00\x01\x00\xf0\xff\xff\xff\x7f\x05\xff",
		"\x16\x01k" + huge + "\x00\x01f\x01v",
		"\x17\x01k" + huge,
		"\x18\x01k" + year2100 + huge + "\x00\x01f\x01v",
		"\x19\x01k" + year2100 + huge,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := NewReader(bytes.NewReader([]byte("REDIS0010" + items))).Read(Ignore{})
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%q: accepted", items)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 3*firstChunk {
			t.Errorf("%q: %d bytes allocated", items, grown)
		}
	}
}

// FuzzReader requires arbitrary bytes to be read or refused, and what visitors get to be valid.
func FuzzReader(f *testing.F) {
	for _, data := range smallFixtures(f, 600) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data))
		r.SkipChecksum = true
		err := r.Read(&recorder{})
		var bad *FormatError
		if err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
		if bad != nil {
			bad.LogLines()
		}
	})
}
