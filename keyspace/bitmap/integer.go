package bitmap

import (
	"encoding/binary"
	"math"
)

// A Format is the width and kind of an integer among the bits of a string:
// signed of 1 to 64 bits, or unsigned of 1 to 63.
type Format struct {
	Signed bool
	Bits   int
}

// Overflow is what becomes of a number that does not fit.
type Overflow uint8

// The ways to deal with a number that does not fit.
const (
	Wrap     Overflow = iota // drop the upper bits
	Saturate                 // take the nearest number that fits
	Fail                     // leave the old number
)

// Read returns the integer at a bit offset. What lies behind the end of b is
// zero.
func (f Format) Read(b []byte, offset int) int64 {
	var buf [16]byte
	copy(buf[:], b[min(offset>>3, len(b)):])
	high, low := binary.BigEndian.Uint64(buf[:8]), binary.BigEndian.Uint64(buf[8:])
	shift := offset & 7
	return f.cut(high<<shift|low>>(64-shift), 64-f.Bits)
}

// cut shifts the upper bits of w down, with its sign if there is one.
func (f Format) cut(w uint64, by int) int64 {
	if f.Signed {
		return int64(w) >> by
	}
	return int64(w >> by)
}

// Write stores the lower bits of a number at a bit offset. They must be within b.
func (f Format) Write(b []byte, offset int, n int64) {
	var buf [16]byte
	b = b[offset>>3:]
	copy(buf[:], b)
	high, low := binary.BigEndian.Uint64(buf[:8]), binary.BigEndian.Uint64(buf[8:])
	shift := offset & 7
	mask, value := allOnes<<(64-f.Bits), uint64(n)<<(64-f.Bits)
	high = high&^(mask>>shift) | value>>shift
	low = low&^(mask<<(64-shift)) | value<<(64-shift)
	binary.BigEndian.PutUint64(buf[:8], high)
	binary.BigEndian.PutUint64(buf[8:], low)
	copy(b, buf[:])
}

// Add returns the sum as it is to be stored, and whether it did not fit. n need
// not fit either: with an increment of 0 this is how a number is converted.
func (f Format) Add(n, increment int64, o Overflow) (sum int64, over bool) {
	direction := 0
	if f.Signed {
		direction = f.signedOverflow(n, increment)
	} else {
		direction = f.unsignedOverflow(n, increment)
	}
	low, high := f.limits()
	switch {
	case direction > 0 && o == Saturate:
		return high, true
	case direction < 0 && o == Saturate:
		return low, true
	}
	return f.cut(uint64(n+increment)<<(64-f.Bits), 64-f.Bits), direction != 0
}

// limits returns the least and the greatest number.
func (f Format) limits() (low, high int64) {
	if f.Signed {
		return math.MinInt64 >> (64 - f.Bits), math.MaxInt64 >> (64 - f.Bits)
	}
	return 0, int64(allOnes >> (64 - f.Bits))
}

// signedOverflow tells whether a sum is too great (1), too small (-1), or fits.
// The room that is left wraps around for numbers far below the least one, which
// count as too great then. So they do in Redis.
func (f Format) signedOverflow(n, increment int64) int {
	low, high := f.limits()
	narrow := f.Bits < 64
	switch {
	case n > high, (narrow || n >= 0 && increment > 0) && increment > high-n:
		return 1
	case n < low, (narrow || n < 0 && increment < 0) && increment < low-n:
		return -1
	}
	return 0
}

// unsignedOverflow is signedOverflow for a number that counts as unsigned, whose
// increment has a sign nevertheless.
func (f Format) unsignedOverflow(n, increment int64) int {
	_, high := f.limits()
	switch {
	case n < 0, n > high, increment > 0 && increment > high-n:
		return 1
	case increment < 0 && increment < -n:
		return -1
	}
	return 0
}
