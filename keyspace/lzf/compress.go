package lzf

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sync"
)

const (
	maxLiterals = 1 << 5             // bytes in one run of literals
	maxOffset   = 1 << 13            // how far back a reference reaches, in bytes
	maxRepeat   = 1<<8 + 1<<3        // bytes that one reference repeats
	hashBits    = 16                 // of the table of positions
	minRepeat   = 3                  // shorter repetitions are not looked for
	tableSize   = 1 << hashBits      // slots
	maxInput    = math.MaxUint32 / 2 // longer input is not compressed
)

// A table remembers where three bytes were last seen. Positions are stored
// added to base, and base moves past all of them after each use: what an earlier
// input left behind is below base and thus empty, without clearing 256 KiB.
type table struct {
	slots [tableSize]uint32
	base  uint32
}

var tables = sync.Pool{New: func() any { return new(table) }}

// Compress appends the compressed form of src to dst. It reports false, and
// returns dst as it was, if the result does not fit limit bytes; being a little
// strict about it, it may do so up to three bytes early. Strings in RDB files
// are compressed with limit len(src)-4.
func Compress(dst, src []byte, limit int) ([]byte, bool) {
	if len(src) == 0 || limit <= 0 || len(src) > maxInput {
		return dst, false
	}
	t := tables.Get().(*table)
	defer tables.Put(t)
	if t.base > math.MaxUint32-uint32(len(src))-1 {
		*t = table{}
	}
	room := min(limit, len(src)+len(src)/maxLiterals+2)
	out := slices.Grow(dst, room)
	n := t.compress(out[len(dst):len(dst)+room], src, limit)
	t.base += uint32(len(src)) + 1
	return out[:len(dst)+n], n > 0
}

// compress writes items to out, which has room for limit bytes or for the longest that can
// come of src, and returns how many bytes they take, 0 if that would be
// more than limit. The last byte of out that is in use, without literals behind it, is
// reserved for the header of a run of them.
func (t *table) compress(out, src []byte, limit int) int {
	end := len(src) - minRepeat + 1 // no three bytes start here or later
	n, literals := 1, 0             // bytes in out; length of the open run
	three, i := uint32(0), 0
	if end > 0 {
		three = uint32(src[0])<<8 | uint32(src[1])
	}
	for i < end {
		three = three<<8 | uint32(src[i+2])
		slot := t.slot(three)
		seen := *slot
		*slot = t.base + uint32(i)
		ref := int(seen) - int(t.base) // position 0 is never referred to
		if ref <= 0 || i-ref > maxOffset || binary.BigEndian.Uint32(src[ref:])>>8 != three&0xffffff {
			if n >= limit {
				return 0
			}
			out[n] = src[i]
			n, literals, i = n+1, literals+1, i+1
			if literals == maxLiterals {
				out[n-literals-1] = maxLiterals - 1
				n, literals = n+1, 0
			}
			continue
		}
		n = closeRun(out, n, literals)
		if n+4 >= limit {
			return 0
		}
		repeats, offset := repeatLength(src, ref, i), i-ref-1
		if repeats < 7+2 {
			out[n] = byte((repeats-2)<<5 | offset>>8)
		} else {
			out[n], out[n+1] = byte(7<<5|offset>>8), byte(repeats-7-2)
			n++
		}
		out[n+1] = byte(offset)
		n, literals, i = n+3, 0, i+repeats
		if i >= end {
			break
		}
		// The two positions before i are remembered, too.
		three = binary.BigEndian.Uint32(src[i-2:])
		*t.slot(three >> 8) = t.base + uint32(i) - 2
		*t.slot(three) = t.base + uint32(i) - 1
	}
	if n+minRepeat > limit {
		return 0
	}
	for ; i < len(src); i++ {
		out[n] = src[i]
		n, literals = n+1, literals+1
		if literals == maxLiterals {
			out[n-literals-1] = maxLiterals - 1
			n, literals = n+1, 0
		}
	}
	return closeRun(out, n, literals)
}

// slot returns the place for three bytes, which are the lower ones of an integer.
func (t *table) slot(three uint32) *uint32 { return &t.slots[uint16(three>>(24-hashBits)-three*5)] }

// closeRun writes the header of the open run, or takes it back if the run is empty.
func closeRun(out []byte, n, literals int) int {
	if literals == 0 {
		return n - 1
	}
	out[n-literals-1] = byte(literals - 1)
	return n
}

// repeatLength returns how many bytes at s[i] repeat those at s[ref], of which
// the first three are known to. Near the end of the input it stops up to two
// bytes early, as the reference does.
func repeatLength(s []byte, ref, i int) int {
	longest := min(len(s)-i-2, maxRepeat)
	if longest > 16 {
		longest = max(longest, 19)
	}
	n := minRepeat
	for n+8 <= longest {
		if differ := binary.LittleEndian.Uint64(s[ref+n:]) ^ binary.LittleEndian.Uint64(s[i+n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
		n += 8
	}
	for n < longest && s[ref+n] == s[i+n] {
		n++
	}
	return n
}
