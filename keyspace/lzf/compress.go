package lzf

import (
	"math"
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

// slot returns the place for the three bytes that start at s[i].
func (t *table) slot(s []byte, i int) *uint32 {
	h := uint32(s[i])<<16 | uint32(s[i+1])<<8 | uint32(s[i+2])
	return &t.slots[(h>>(24-hashBits)-h*5)&(tableSize-1)]
}

// remember notes that the three bytes at s[i] were seen there.
func (t *table) remember(s []byte, i int) { *t.slot(s, i) = t.base + uint32(i) }

// lookup returns an earlier position with the same three bytes as s[i], if the
// table knows one within reach, and remembers i. Position 0 is never returned.
func (t *table) lookup(s []byte, i int) (ref int, found bool) {
	slot := t.slot(s, i)
	seen := *slot
	*slot = t.base + uint32(i)
	if seen <= t.base {
		return 0, false
	}
	ref = int(seen - t.base)
	if i-ref > maxOffset || s[ref] != s[i] || s[ref+1] != s[i+1] || s[ref+2] != s[i+2] {
		return 0, false
	}
	return ref, true
}

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
	w := writer{out: append(dst, 0), start: len(dst), limit: len(dst) + limit}
	fits := w.compress(t, src)
	t.base += uint32(len(src)) + 1
	if !fits {
		return dst, false
	}
	return w.out, true
}

// A writer appends items to out. The last byte of a run of literals' header is
// reserved before the run is known to be non-empty.
type writer struct {
	out      []byte
	start    int // length of out before the first item
	limit    int // length that out must not exceed
	literals int // length of the open run
}

func (w *writer) compress(t *table, src []byte) bool {
	end := len(src) - minRepeat + 1 // no three bytes start here or later
	i := 0
	for i < end {
		ref, found := t.lookup(src, i)
		if !found {
			if len(w.out) >= w.limit {
				return false
			}
			w.literal(src[i])
			i++
			continue
		}
		if w.endOfItems()+4 >= w.limit {
			return false
		}
		n := repeatLength(src, ref, i)
		w.reference(i-ref-1, n)
		i += n
		if i >= end {
			break
		}
		t.remember(src, i-2)
		t.remember(src, i-1)
	}
	if len(w.out)+minRepeat > w.limit {
		return false
	}
	for ; i < len(src); i++ {
		w.literal(src[i])
	}
	w.endRun()
	return true
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
	for n < longest && s[ref+n] == s[i+n] {
		n++
	}
	return n
}

func (w *writer) literal(c byte) {
	w.out = append(w.out, c)
	w.literals++
	if w.literals == maxLiterals {
		w.endRun()
		w.out = append(w.out, 0)
	}
}

// endOfItems returns the length of out without a reserved header that is unused.
func (w *writer) endOfItems() int {
	if w.literals == 0 {
		return len(w.out) - 1
	}
	return len(w.out)
}

// endRun writes the header of the open run, or takes it back if it is empty.
func (w *writer) endRun() {
	if w.literals > 0 {
		w.out[len(w.out)-w.literals-1] = byte(w.literals - 1)
	}
	w.out = w.out[:w.endOfItems()]
	w.literals = 0
}

// reference appends a reference of n bytes, and opens a run.
func (w *writer) reference(offset, n int) {
	w.endRun()
	if n -= 2; n < 7 {
		w.out = append(w.out, byte(n<<5|offset>>8))
	} else {
		w.out = append(w.out, byte(7<<5|offset>>8), byte(n-7))
	}
	w.out = append(w.out, byte(offset), 0)
}
