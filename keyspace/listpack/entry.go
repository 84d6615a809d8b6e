package listpack

import (
	"encoding/binary"
	"math"
	"strconv"
)

// The first bytes of entries that are not told by their top bits.
const (
	string32 = 0xf0
	int16bit = 0xf1
	int24bit = 0xf2
	int32bit = 0xf3
	int64bit = 0xf4
	endByte  = 0xff
)

const (
	maxBacklen = 5                           // bytes
	maxHead    = 9                           // bytes of encoding, length and integer
	maxIntText = len("-9223372036854775808") // bytes of an integer's text
)

// An Element is a string, or an integer if Bytes is nil. Bytes that come out of
// a listpack are its own: they must not be changed, and hold until it changes.
type Element struct {
	Bytes []byte
	Int   int64
}

// String returns an element that is the given string, even if it is the text of
// a number. Storing it may turn it into an integer.
func String(s []byte) Element {
	if s == nil {
		s = []byte{}
	}
	return Element{Bytes: s}
}

// Integer returns an element that is a number.
func Integer(n int64) Element { return Element{Int: n} }

// IsInt reports whether the element is an integer.
func (e Element) IsInt() bool { return e.Bytes == nil }

// AppendTo appends the text of the element to dst.
func (e Element) AppendTo(dst []byte) []byte {
	if e.IsInt() {
		return strconv.AppendInt(dst, e.Int, 10)
	}
	return append(dst, e.Bytes...)
}

// Len returns the length of the element's text in bytes.
func (e Element) Len() int {
	if !e.IsInt() {
		return len(e.Bytes)
	}
	var text [maxIntText]byte
	return len(strconv.AppendInt(text[:0], e.Int, 10))
}

// Equal reports whether the text of the element is s.
func (e Element) Equal(s []byte) bool {
	if !e.IsInt() {
		return string(e.Bytes) == string(s)
	}
	n, ok := ParseInt(s)
	return ok && n == e.Int
}

// A Pattern is a text to compare many elements with: whether it is a number is
// found out once.
type Pattern struct {
	text  []byte
	n     int64
	isInt bool
}

// PatternOf returns the pattern for a text, which it keeps.
func PatternOf(s []byte) Pattern {
	n, isInt := ParseInt(s)
	return Pattern{s, n, isInt}
}

// Text returns the text.
func (p *Pattern) Text() []byte { return p.text }

// Matches reports whether the text of the element is the pattern's.
func (p *Pattern) Matches(e Element) bool {
	if e.IsInt() {
		return p.isInt && p.n == e.Int
	}
	return string(e.Bytes) == string(p.text)
}

// ParseInt reads the canonical decimal form of a 64-bit integer: the form for
// which storing the number loses nothing of the text.
func ParseInt(s []byte) (int64, bool) {
	if len(s) == 0 || len(s) > maxIntText {
		return 0, false
	}
	digits := s
	negative := s[0] == '-'
	if negative {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > maxIntText-1 {
		return 0, false
	}
	if digits[0] == '0' {
		return 0, len(s) == 1
	}
	var n uint64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if negative {
		return int64(-n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}

// A form is an element ready to be stored: the head is the encoding with what
// follows it up to the data, which only strings have.
type form struct {
	head    [maxHead]byte
	headLen int
	data    []byte
}

// formOf returns how the element is stored: integers, and strings that are the
// text of one, in the shortest encoding that holds them.
func formOf(e Element) (f form) {
	n, isInt := e.Int, e.IsInt()
	if !isInt {
		n, isInt = ParseInt(e.Bytes)
	}
	if isInt {
		f.setInt(n)
	} else {
		f.setString(e.Bytes)
	}
	return f
}

func (f *form) setInt(n int64) {
	h := &f.head
	switch {
	case n >= 0 && n <= 127:
		h[0] = byte(n)
		f.headLen = 1
	case n >= -1<<12 && n < 1<<12:
		h[0], h[1] = 0xc0|byte(n>>8)&0x1f, byte(n)
		f.headLen = 2
	case n >= math.MinInt16 && n <= math.MaxInt16:
		h[0] = int16bit
		binary.LittleEndian.PutUint16(h[1:], uint16(n))
		f.headLen = 3
	case n >= -1<<23 && n < 1<<23:
		h[0], h[1], h[2], h[3] = int24bit, byte(n), byte(n>>8), byte(n>>16)
		f.headLen = 4
	case n >= math.MinInt32 && n <= math.MaxInt32:
		h[0] = int32bit
		binary.LittleEndian.PutUint32(h[1:], uint32(n))
		f.headLen = 5
	default:
		h[0] = int64bit
		binary.LittleEndian.PutUint64(h[1:], uint64(n))
		f.headLen = 9
	}
}

func (f *form) setString(s []byte) {
	h := &f.head
	switch n := len(s); {
	case n < 1<<6:
		h[0] = 0x80 | byte(n)
		f.headLen = 1
	case n < 1<<12:
		h[0], h[1] = 0xe0|byte(n>>8), byte(n)
		f.headLen = 2
	default:
		h[0] = string32
		binary.LittleEndian.PutUint32(h[1:], uint32(n))
		f.headLen = 5
	}
	f.data = s
}

// size returns the bytes of the whole entry.
func (f *form) size() int {
	n := f.headLen + len(f.data)
	return n + backlenSize(n)
}

// put writes the entry at the start of b, which must be at least size long.
func (f *form) put(b []byte) {
	n := copy(b, f.head[:f.headLen])
	n += copy(b[n:], f.data)
	putBacklen(b[n:], n)
}

// backlenSize returns how many bytes the length n takes at the end of an entry.
// Above the first, the largest number of each size is given one byte more than
// it needs; the format wants it so.
func backlenSize(n int) int {
	switch {
	case n <= 1<<7-1:
		return 1
	case n < 1<<14-1:
		return 2
	case n < 1<<21-1:
		return 3
	case n < 1<<28-1:
		return 4
	default:
		return 5
	}
}

func putBacklen(b []byte, n int) {
	for i := backlenSize(n) - 1; i >= 0; i-- {
		b[i] = byte(n) | 0x80
		n >>= 7
	}
	b[0] &= 0x7f
}

// readBacklen reads the length that ends just before b[end], and how many bytes
// it takes. It reports false if there is no such number.
func readBacklen(b []byte, end int) (n, size int, ok bool) {
	for size < maxBacklen && size < end {
		c := b[end-1-size]
		n |= int(c&0x7f) << (7 * size)
		size++
		if c < 0x80 {
			return n, size, true
		}
	}
	return 0, 0, false
}

// headSize returns how many bytes of the entry that starts with c come before
// the data, or 0 if no entry does.
func headSize(c byte) int {
	switch {
	case c < 0xc0:
		return 1
	case c < 0xf0:
		return 2
	}
	switch c {
	case string32, int32bit:
		return 5
	case int16bit:
		return 3
	case int24bit:
		return 4
	case int64bit:
		return 9
	}
	return 0
}

// dataSize returns the length of the data of the entry that starts b: that of
// the string, or 0 for an integer. b must hold the head.
func dataSize(b []byte) int {
	switch c := b[0]; {
	case c&0xc0 == 0x80:
		return int(c & 0x3f)
	case c&0xf0 == 0xe0:
		return int(c&0x0f)<<8 | int(b[1])
	case c == string32:
		return int(binary.LittleEndian.Uint32(b[1:]))
	}
	return 0
}

// entrySize returns the bytes of the whole entry that starts b.
func entrySize(b []byte) int {
	if c := b[0]; c < 0xc0 {
		if c < 0x80 {
			return 2
		}
		return int(c&0x3f) + 2
	}
	n := headSize(b[0]) + dataSize(b)
	return n + backlenSize(n)
}

// decode returns the element whose entry starts b.
func decode(b []byte) Element {
	c := b[0]
	switch {
	case c < 0x80:
		return Element{Int: int64(c)}
	case c < 0xc0:
		end := 1 + int(c&0x3f)
		return Element{Bytes: b[1:end:end]}
	case c < 0xe0:
		return Element{Int: int64(int16(uint16(c)<<11|uint16(b[1])<<3)) >> 3}
	case c < 0xf1:
		start := headSize(c)
		end := start + dataSize(b)
		return Element{Bytes: b[start:end:end]}
	}
	switch c {
	case int16bit:
		return Element{Int: int64(int16(binary.LittleEndian.Uint16(b[1:])))}
	case int24bit:
		return Element{Int: int64(int32(uint32(b[1])<<8|uint32(b[2])<<16|uint32(b[3])<<24) >> 8)}
	case int32bit:
		return Element{Int: int64(int32(binary.LittleEndian.Uint32(b[1:])))}
	default:
		return Element{Int: int64(binary.LittleEndian.Uint64(b[1:]))}
	}
}
