package listpack

import "encoding/binary"

const (
	headerSize   = 6 // bytes: total and number of elements
	emptySize    = 7 // bytes of a listpack without elements
	countUnknown = 1<<16 - 1
	maxSize      = 1 << 30 // bytes that no listpack should exceed
)

// A Listpack holds exactly the bytes of its form; len is their number. What is
// given to its methods must not be part of it.
type Listpack []byte

// Where tells on which side of an element another one is inserted.
type Where uint8

// The sides.
const (
	Before Where = iota
	After
)

// New returns an empty listpack with capacity for so many bytes.
func New(capacity int) Listpack {
	lp := make(Listpack, emptySize, max(capacity, emptySize))
	lp[headerSize] = endByte
	lp.setHeader(0)
	return lp
}

// SafeToAdd reports whether a listpack, which may be nil, stays below 1 GiB when
// so many bytes are added.
func SafeToAdd(lp Listpack, add int) bool { return add <= maxSize-len(lp) }

// setHeader writes the header, the total being len(lp).
func (lp Listpack) setHeader(count int) {
	binary.LittleEndian.PutUint32(lp, uint32(len(lp)))
	binary.LittleEndian.PutUint16(lp[4:], uint16(min(count, countUnknown)))
}

// storedCount returns the number of elements that the header states.
func (lp Listpack) storedCount() int { return int(binary.LittleEndian.Uint16(lp[4:])) }

// countAfter returns the number for the header after so many elements were
// added. Once it is unknown it stays so.
func (lp Listpack) countAfter(added int) int {
	n := lp.storedCount()
	if n == countUnknown {
		return n
	}
	return n + added
}

// Len returns the number of elements. It walks over all of them if there are
// 65535 or more, or have been.
func (lp Listpack) Len() int {
	if n := lp.storedCount(); n != countUnknown {
		return n
	}
	n := 0
	for at := lp.First(); at != 0; at = lp.Next(at) {
		n++
	}
	return n
}

// IsEmpty reports whether there are no elements.
func (lp Listpack) IsEmpty() bool { return len(lp) == emptySize }

// Bytes returns the bytes of the form, which are the listpack's own.
func (lp Listpack) Bytes() []byte { return lp }

// First returns the offset of the first element, or 0.
func (lp Listpack) First() int {
	if lp.IsEmpty() {
		return 0
	}
	return headerSize
}

// Last returns the offset of the last element, or 0.
func (lp Listpack) Last() int { return lp.Prev(len(lp) - 1) }

// Next returns the offset of the element after the one at the given offset, or 0.
func (lp Listpack) Next(at int) int {
	at += entrySize(lp[at:])
	if at == len(lp)-1 {
		return 0
	}
	return at
}

// Prev returns the offset of the element before the one at the given offset, or 0.
func (lp Listpack) Prev(at int) int {
	if at == headerSize {
		return 0
	}
	n, size, _ := readBacklen(lp, at)
	return at - n - size
}

// Seek returns the offset of the element with the given index, negative ones
// counting from the end, or 0 if there is none.
func (lp Listpack) Seek(index int) int {
	if n := lp.storedCount(); n != countUnknown {
		if index >= n || index < -n {
			return 0
		}
		if index >= 0 && index > n/2 {
			index -= n
		} else if index < -n/2 {
			index += n
		}
	}
	if index < 0 {
		at := lp.Last()
		for ; index < -1 && at != 0; index++ {
			at = lp.Prev(at)
		}
		return at
	}
	at := lp.First()
	for ; index > 0 && at != 0; index-- {
		at = lp.Next(at)
	}
	return at
}

// Get returns the element at the given offset.
func (lp Listpack) Get(at int) Element { return decode(lp[at:]) }

// Find returns the offset of an element whose text is s, looking at the element
// at the given offset first and then passing over skip elements each time; 0 if
// there is none.
func (lp Listpack) Find(at int, s []byte, skip int) int {
	pattern := PatternOf(s)
	for left := 0; at != 0; at = lp.Next(at) {
		if left > 0 {
			left--
			continue
		}
		if pattern.Matches(decode(lp[at:])) {
			return at
		}
		left = skip
	}
	return 0
}

// Append adds an element at the end.
func (lp Listpack) Append(s []byte) Listpack { return lp.put(len(lp)-1, 0, 1, String(s)) }

// AppendInt adds an integer at the end.
func (lp Listpack) AppendInt(n int64) Listpack { return lp.put(len(lp)-1, 0, 1, Integer(n)) }

// Prepend adds an element at the start, moving all others.
func (lp Listpack) Prepend(s []byte) Listpack { return lp.put(headerSize, 0, 1, String(s)) }

// Insert adds an element before or after the one at the given offset, and also
// returns the offset of the new one.
func (lp Listpack) Insert(at int, where Where, s []byte) (Listpack, int) {
	if where == After {
		at += entrySize(lp[at:])
	}
	return lp.put(at, 0, 1, String(s)), at
}

// Replace gives the element at the given offset another value; the offset holds.
func (lp Listpack) Replace(at int, s []byte) Listpack {
	return lp.put(at, entrySize(lp[at:]), 0, String(s))
}

// ReplaceInt gives the element at the given offset a number; the offset holds.
func (lp Listpack) ReplaceInt(at int, n int64) Listpack {
	return lp.put(at, entrySize(lp[at:]), 0, Integer(n))
}

// put writes an entry in place of the old bytes at the given offset.
func (lp Listpack) put(at, old, added int, e Element) Listpack {
	f := formOf(e)
	count := lp.countAfter(added)
	lp = lp.resize(at, old, f.size())
	f.put(lp[at:])
	lp.setHeader(count)
	return lp
}

// resize makes the old bytes at the given offset size bytes long, whatever they
// then hold.
func (lp Listpack) resize(at, old, size int) Listpack {
	n := len(lp) - old + size
	if old == size {
		return lp
	}
	if n <= cap(lp) {
		tail := lp[at+old:]
		lp = lp[:n]
		copy(lp[at+size:], tail)
		return lp
	}
	grown := make(Listpack, n, grownCap(n))
	copy(grown, lp[:at])
	copy(grown[at+size:], lp[at+old:])
	return grown
}

// grownCap returns the capacity of a buffer that has to grow to n bytes. Nodes of
// lists are usually limited to 8 KiB: then none of it stays unused.
func grownCap(n int) int {
	const usualLimit = 8 << 10
	switch {
	case n <= 32:
		return (n + 7) &^ 7
	case n <= usualLimit:
		return min((n+n/2+15)&^15, usualLimit)
	default:
		return n + n/4
	}
}

// Delete removes the element at the given offset, where then the next one is;
// the returned offset is 0 if there is no next one.
func (lp Listpack) Delete(at int) (Listpack, int) {
	lp = lp.cut(at, at+entrySize(lp[at:]), 1)
	if at == len(lp)-1 {
		return lp, 0
	}
	return lp, at
}

// DeleteRange removes up to n elements from the one with the given index on,
// which may be negative.
func (lp Listpack) DeleteRange(index, n int) Listpack {
	at := lp.Seek(index)
	if at == 0 || n <= 0 {
		return lp
	}
	end, removed := at, 0
	for removed < n && lp[end] != endByte {
		end += entrySize(lp[end:])
		removed++
	}
	return lp.cut(at, end, removed)
}

// Truncate removes all elements from the given offset on, of which there must be n.
func (lp Listpack) Truncate(at, n int) Listpack { return lp.cut(at, len(lp)-1, n) }

func (lp Listpack) cut(at, end, removed int) Listpack {
	count := lp.countAfter(-removed)
	lp = lp.resize(at, end-at, 0)
	lp.setHeader(count)
	return lp
}

// Merge adds all elements of other at the end.
func (lp Listpack) Merge(other Listpack) Listpack {
	count := min(lp.storedCount()+other.storedCount(), countUnknown)
	at := len(lp) - 1
	lp = lp.resize(at, 1, len(other)-headerSize)
	copy(lp[at:], other[headerSize:])
	lp.setHeader(count)
	return lp
}

// Dup returns an independent copy without spare capacity; of nil, nil.
func (lp Listpack) Dup() Listpack {
	if lp == nil {
		return nil
	}
	return append(make(Listpack, 0, len(lp)), lp...)
}
