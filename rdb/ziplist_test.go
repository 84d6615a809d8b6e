package rdb

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ziplistBuilder builds ziplists as the model for the reader.
type ziplistBuilder struct {
	entries        []byte
	last, previous int
	count          int
	wide           bool // write sizes of previous entries in five bytes even if one would do
}

func (b *ziplistBuilder) add(encoded []byte) {
	b.last = ziplistHeader + len(b.entries)
	start := len(b.entries)
	if b.previous < ziplistWide && !b.wide {
		b.entries = append(b.entries, byte(b.previous))
	} else {
		b.entries = append(b.entries, ziplistWide)
		b.entries = binary.LittleEndian.AppendUint32(b.entries, uint32(b.previous))
	}
	b.entries = append(b.entries, encoded...)
	b.previous = len(b.entries) - start
	b.count++
}

func (b *ziplistBuilder) bytes() []byte {
	tail := b.last
	if b.count == 0 {
		tail = ziplistHeader
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(ziplistHeader+len(b.entries)+1))
	out = binary.LittleEndian.AppendUint32(out, uint32(tail))
	out = binary.LittleEndian.AppendUint16(out, uint16(min(b.count, ziplistCountOver)))
	return append(append(out, b.entries...), ziplistEnd)
}

func encodeZiplistString(s string, form int) []byte {
	switch {
	case form == 0 && len(s) < 1<<6:
		return append([]byte{byte(len(s))}, s...)
	case form <= 1 && len(s) < 1<<14:
		return append([]byte{0x40 | byte(len(s)>>8), byte(len(s))}, s...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0x80}, uint32(len(s))), s...)
}

// TestZiplistIntegers covers the edges of each integer encoding.
func TestZiplistIntegers(t *testing.T) {
	var b ziplistBuilder
	var want []string
	for value := range 13 {
		b.add([]byte{0xf1 + byte(value)})
		want = append(want, strconv.Itoa(value))
	}
	for _, c := range []struct {
		encoding byte
		width    int
	}{{0xfe, 1}, {0xc0, 2}, {0xf0, 3}, {0xd0, 4}, {0xe0, 8}} {
		high := int64(1)<<(8*c.width-1) - 1
		for _, n := range []int64{high, -high - 1, 0, 1, -1} {
			raw := binary.LittleEndian.AppendUint64(nil, uint64(n))
			b.add(append([]byte{c.encoding}, raw[:c.width]...))
			want = append(want, strconv.FormatInt(n, 10))
		}
	}
	requireElements(t, b.bytes(), want)
}

func requireElements(t *testing.T, ziplist []byte, want []string) {
	t.Helper()
	pack, err := appendZiplist(nil, ziplist)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 {
		if !pack.IsEmpty() {
			t.Fatal("not empty")
		}
		return
	}
	got, err := elementsOf(pack)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

// TestZiplistRandom compares random ziplists with the elements they were built from, and requires
// that damage to their structure is noticed.
func TestZiplistRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	lengths := []int{0, 1, 5, 62, 63, 64, 249, 250, 251, 252, 253, 4095, 16383, 16384}
	for range 300 {
		b := ziplistBuilder{wide: random.IntN(4) == 0}
		var want []string
		for range random.IntN(12) {
			if random.IntN(3) == 0 {
				n := int64(random.Uint64()) >> random.IntN(64)
				b.add(append([]byte{0xe0}, binary.LittleEndian.AppendUint64(nil, uint64(n))...))
				want = append(want, strconv.FormatInt(n, 10))
				continue
			}
			s := strings.Repeat(fmt.Sprint(random.IntN(10)), lengths[random.IntN(len(lengths))])
			b.add(encodeZiplistString(s, random.IntN(3)))
			want = append(want, s)
		}
		ziplist := b.bytes()
		requireElements(t, ziplist, want)
		for i := range ziplistHeader {
			broken := slices.Clone(ziplist)
			broken[i] ^= 1 << random.IntN(8)
			if _, err := appendZiplist(nil, broken); err == nil {
				t.Fatalf("byte %d of the header changed: accepted", i)
			}
		}
	}
}

func TestZiplistDamage(t *testing.T) {
	var b ziplistBuilder
	b.add(encodeZiplistString("ab", 0))
	b.add([]byte{0xf3})
	good := b.bytes()
	for name, c := range map[string]struct {
		at    int
		value byte
	}{
		"string beyond the end":   {11, 0x3f},
		"unknown string encoding": {11, 0x81},
		"unknown integer":         {15, 0xff},
		"integer beyond the end":  {15, 0xe0},
		"previous size":           {14, 5},
		"no end":                  {16, 0},
	} {
		broken := slices.Clone(good)
		broken[c.at] = c.value
		if _, err := appendZiplist(nil, broken); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
