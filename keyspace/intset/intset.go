package intset

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

const headerSize = 8 // bytes: width and length

// An Intset holds exactly the bytes of its form; len is their number.
type Intset []byte

// New returns an empty set with room for n integers of two bytes.
func New(n int) Intset {
	s := make(Intset, headerSize, roundUp(headerSize+2*n))
	s.setHeader(2, 0)
	return s
}

// widthOf returns the bytes that an integer needs.
func widthOf(n int64) int {
	switch {
	case n >= math.MinInt16 && n <= math.MaxInt16:
		return 2
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 4
	default:
		return 8
	}
}

func (s Intset) width() int { return int(binary.LittleEndian.Uint32(s)) }

func (s Intset) setHeader(width, n int) {
	binary.LittleEndian.PutUint32(s, uint32(width))
	binary.LittleEndian.PutUint32(s[4:], uint32(n))
}

// Len returns the number of integers.
func (s Intset) Len() int { return int(binary.LittleEndian.Uint32(s[4:])) }

// Bytes returns the bytes of the form, which are the set's own.
func (s Intset) Bytes() []byte { return s }

// At returns the i-th integer in ascending order, counted from 0.
func (s Intset) At(i int) int64 { return s.at(i, s.width()) }

func (s Intset) at(i, width int) int64 {
	b := s[headerSize+i*width:]
	switch width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	default:
		return int64(binary.LittleEndian.Uint64(b))
	}
}

func (s Intset) put(i, width int, n int64) {
	b := s[headerSize+i*width:]
	switch width {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(n))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(n))
	default:
		binary.LittleEndian.PutUint64(b, uint64(n))
	}
}

// search returns where an integer is, or where it would be inserted.
func (s Intset) search(n int64) (i int, found bool) {
	width, low, high := s.width(), 0, s.Len()
	// Sets are often filled in ascending order.
	if high == 0 || n > s.at(high-1, width) {
		return high, false
	}
	for low < high {
		mid := int(uint(low+high) / 2)
		if s.at(mid, width) < n {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, s.at(low, width) == n
}

// Has tells whether an integer is in the set.
func (s Intset) Has(n int64) bool {
	if widthOf(n) > s.width() {
		return false
	}
	_, found := s.search(n)
	return found
}

// Add adds an integer and tells whether it was not there before.
func (s Intset) Add(n int64) (Intset, bool) {
	if widthOf(n) > s.width() {
		return s.widen(n), true
	}
	i, found := s.search(n)
	if found {
		return s, false
	}
	width, length := s.width(), s.Len()
	at := headerSize + i*width
	grown := s.grow(len(s) + width)
	copy(grown[at+width:], grown[at:len(s)])
	grown.put(i, width, n)
	grown.setHeader(width, length+1)
	return grown, true
}

// grow returns the set with n bytes, the new ones at its end and not yet written.
func (s Intset) grow(n int) Intset {
	if n <= cap(s) {
		return s[:n]
	}
	grown := make(Intset, n, roundUp(n+n/8))
	copy(grown, s)
	return grown
}

// roundUp returns the bytes that the allocator would take anyway.
func roundUp(n int) int { return (n + 15) &^ 15 }

// widen adds an integer that does not fit the width.
func (s Intset) widen(n int64) Intset {
	from, to, length := s.width(), widthOf(n), s.Len()
	wide := make(Intset, headerSize+(length+1)*to)
	shift := 0
	if n < 0 {
		shift = 1
	}
	for i := range length {
		wide.put(i+shift, to, s.at(i, from))
	}
	wide.put((1-shift)*length, to, n)
	wide.setHeader(to, length+1)
	return wide
}

// Remove removes an integer and tells whether it was there.
func (s Intset) Remove(n int64) (Intset, bool) {
	if widthOf(n) > s.width() {
		return s, false
	}
	i, found := s.search(n)
	if !found {
		return s, false
	}
	return s.RemoveAt(i), true
}

// RemoveAt removes the i-th integer in ascending order, counted from 0.
func (s Intset) RemoveAt(i int) Intset {
	width, length := s.width(), s.Len()
	at := headerSize + i*width
	copy(s[at:], s[at+width:])
	s = s[:len(s)-width]
	s.setHeader(width, length-1)
	return s.shrink()
}

// shrink gives memory back when three quarters of it are unused.
func (s Intset) shrink() Intset {
	const worthIt = 512 // bytes
	if cap(s) < worthIt || len(s) >= cap(s)/4 {
		return s
	}
	return append(make(Intset, 0, cap(s)/2), s...)
}

// Random returns one of the integers, each with the same chance. There must be one.
func (s Intset) Random(r *rand.Rand) int64 { return s.At(r.IntN(s.Len())) }

// Dup returns an independent copy without spare capacity.
func (s Intset) Dup() Intset { return append(make(Intset, 0, len(s)), s...) }
