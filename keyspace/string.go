package keyspace

import (
	"encoding/binary"
	"strconv"

	"respect/keyspace/listpack"
)

// This file is the value half of strings: what they look like in memory, and
// the changes that keep as much as possible in place.

const intBytes = 8 // an Int value is stored as eight bytes, little endian

// maxIntText is the length of the longest canonical 64-bit integer.
const maxIntText = len("-9223372036854775808")

// ParseInt reads a canonical decimal 64-bit integer: an optional minus, no
// leading zeros, no spaces. This is the form for which storing the number loses
// nothing of the text.
func ParseInt(s []byte) (int64, bool) { return listpack.ParseInt(s) }

// newString returns a string object. For the encoding Int, value is the eight
// bytes of the number.
func newString(key, value []byte, e Encoding) *Object {
	if len(key)+len(value) <= inlineMax {
		o := newInline(key, len(value), e)
		copy(o.inlineValue(), value)
		return o
	}
	b := append(make([]byte, 0, len(value)), value...)
	return newBoxed(key, TypeString, e, &b)
}

// NewString returns an object that holds a string, in the encoding that suits it best. It
// is in no database yet; see [DB.AddObject].
func NewString(key, value []byte) *Object {
	var buf [intBytes]byte
	stored, e := encode(value, &buf)
	return newString(key, stored, e)
}

// stringBytes returns the stored bytes: the text, or for Int the eight bytes of
// the number.
func (o *Object) stringBytes() []byte {
	if o.isBoxed() {
		return *(*[]byte)(o.box().at)
	}
	return o.inlineValue()
}

// Int returns the number of a string whose encoding is int.
func (o *Object) Int() (n int64, ok bool) {
	if o.meta&(encodingMask|typeMask<<typeShift) != uint32(Int)|uint32(TypeString)<<typeShift {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint64(o.stringBytes())), true
}

// Bytes returns the text of a string value. Only for the encoding int is
// scratch used (and grown) to write the number into; otherwise the bytes are
// the value's own, which the caller must not change or keep.
func (o *Object) Bytes(scratch []byte) []byte {
	if n, ok := o.Int(); ok {
		return strconv.AppendInt(scratch[:0], n, 10)
	}
	return o.stringBytes()
}

// StringLen returns the length of a string value in bytes.
func (o *Object) StringLen() int {
	n, ok := o.Int()
	if !ok {
		return len(o.stringBytes())
	}
	var buf [maxIntText]byte
	return len(strconv.AppendInt(buf[:0], n, 10))
}

// encode chooses the encoding of a string that is set as a whole. The bytes to
// store are value's, or those of the number in buf.
func encode(value []byte, buf *[intBytes]byte) ([]byte, Encoding) {
	if n, ok := ParseInt(value); ok {
		binary.LittleEndian.PutUint64(buf[:], uint64(n))
		return buf[:], Int
	}
	return value, textEncoding(value)
}

func textEncoding(value []byte) Encoding {
	if len(value) <= embstrMax {
		return Embstr
	}
	return Raw
}

// SetString sets the key to a string, of whatever type it was, with the
// encoding that suits the value best. The key loses its deadline unless keepTTL.
func (db *DB) SetString(key, value []byte, keepTTL bool) *Object {
	var buf [intBytes]byte
	stored, e := encode(value, &buf)
	return db.setStored(key, stored, e, keepTTL)
}

// SetText is like SetString, but never chooses the encoding int.
func (db *DB) SetText(key, value []byte, keepTTL bool) *Object {
	return db.setStored(key, value, textEncoding(value), keepTTL)
}

// SetInt sets the key to a number, keeping its deadline.
func (db *DB) SetInt(key []byte, n int64) *Object {
	var buf [intBytes]byte
	binary.LittleEndian.PutUint64(buf[:], uint64(n))
	return db.setStored(key, buf[:], Int, true)
}

// UpdateInt is SetInt for an object that is known to be an int string, and that was
// opened.
func (o *Object) UpdateInt(n int64) {
	binary.LittleEndian.PutUint64(o.stringBytes(), uint64(n))
}

func (db *DB) setStored(key, stored []byte, e Encoding, keepTTL bool) *Object {
	slot, position := db.table.Locate(key)
	if slot != nil && db.expired(*slot) {
		db.expireNow(*slot)
		slot = nil
	}
	if slot == nil {
		o := newString(key, stored, e)
		db.initClock(o)
		db.table.InsertAt(position, o)
		db.charge(o)
		db.added(o)
		return o
	}
	o := *slot
	db.preserve(o)
	if !keepTTL && o.expire != 0 {
		db.expires.remove(o)
		db.meter()
	}
	if !o.replaceInline(stored, e) {
		n := newString(key, stored, e)
		n.copyHeader(o)
		db.discharge(o)
		*slot, o = n, n
		db.charge(o)
		db.expires.moved(o)
	}
	db.touch(o)
	return o
}

// replaceInline overwrites the value in place if the new one fits the block
// that the old one has.
func (o *Object) replaceInline(stored []byte, e Encoding) bool {
	if o.isBoxed() {
		return false
	}
	fixed := headerSize + int(o.klen)
	if int(o.klen)+len(stored) > inlineMax || blockSize(fixed+int(o.vlen)) != blockSize(fixed+len(stored)) {
		return false
	}
	o.vlen = uint16(len(stored))
	copy(o.inlineValue(), stored)
	o.setEncoding(e)
	return true
}

// rawBuffer makes the string a raw one with a buffer of its own that can hold
// size bytes, and returns the object, which may be a new one, and the buffer
// with the present text.
func (db *DB) rawBuffer(o *Object, size int) (*Object, *[]byte) {
	if o.isBoxed() && o.encoding() != Int {
		db.Open(o)
		o.setEncoding(Raw)
		return o, (*[]byte)(o.box().at)
	}
	var scratch [maxIntText]byte
	text := o.Bytes(scratch[:])
	b := append(make([]byte, 0, max(size, len(text))), text...)
	n := newBoxed(o.Key(), TypeString, Raw, &b)
	n.copyHeader(o)
	db.swap(o, n)
	return n, &b
}

// Append adds bytes at the end of a string value and returns its new length.
func (db *DB) Append(o *Object, tail []byte) int {
	db.preserve(o)
	if total := o.StringLen() + len(tail); !o.isBoxed() && len(o.Key())+total <= inlineMax {
		return db.appendInline(o, tail, total)
	}
	_, b := db.rawBuffer(o, grownSize(o.StringLen()+len(tail)))
	*b = appendGrown(*b, tail)
	return len(*b)
}

func (db *DB) appendInline(o *Object, tail []byte, total int) int {
	var scratch [maxIntText]byte
	text := o.Bytes(scratch[:])
	fixed := headerSize + int(o.klen)
	if o.encoding() != Int && blockSize(fixed+len(text)) == blockSize(fixed+total) {
		o.vlen = uint16(total)
		copy(o.inlineValue()[len(text):], tail)
		o.setEncoding(Raw)
		return total
	}
	n := newInline(o.Key(), total, Raw)
	copy(n.inlineValue(), text)
	copy(n.inlineValue()[len(text):], tail)
	n.copyHeader(o)
	db.swap(o, n)
	return total
}

// SetRange overwrites part of a string value from offset on, filling a gap with
// zero bytes, and returns the new length.
func (db *DB) SetRange(o *Object, offset int, part []byte) int {
	text := db.Writable(o, offset+len(part))
	copy(text[offset:], part)
	return len(text)
}

// Writable lends the bytes of a string value to be overwritten in place, until
// the command ends. A string shorter than size is lengthened to it with zero
// bytes; whatever it was, it is raw from now on.
func (db *DB) Writable(o *Object, size int) []byte {
	db.preserve(o)
	if !o.isBoxed() && len(o.Key())+max(size, o.StringLen()) <= inlineMax {
		return db.writableInline(o, size)
	}
	_, b := db.rawBuffer(o, size)
	if size > len(*b) {
		*b = extend(*b, size)
	}
	return *b
}

func (db *DB) writableInline(o *Object, size int) []byte {
	if o.encoding() != Int && size <= int(o.vlen) {
		o.setEncoding(Raw)
		return o.inlineValue()
	}
	var scratch [maxIntText]byte
	text := o.Bytes(scratch[:])
	n := newInline(o.Key(), max(size, len(text)), Raw)
	copy(n.inlineValue(), text)
	n.copyHeader(o)
	db.swap(o, n)
	return n.inlineValue()
}

// Buffer lends the buffer of a string value, which is raw from now on, to be
// changed in any way, until the command ends.
func (db *DB) Buffer(o *Object) *[]byte {
	_, b := db.rawBuffer(o, 0)
	return b
}

// AddZeros creates a string of n zero bytes; SETRANGE and SETBIT on a missing
// key start from it.
func (db *DB) AddZeros(key []byte, n int) *Object {
	if len(key)+n > inlineMax {
		return db.AddBuffer(key, make([]byte, n))
	}
	o := newInline(key, n, Raw)
	db.insert(o)
	return o
}

// AddBuffer creates a raw string that takes over a buffer. The key must not be
// there.
func (db *DB) AddBuffer(key, b []byte) *Object {
	o := newBoxed(key, TypeString, Raw, &b)
	db.insert(o)
	return o
}

// Reusable returns the buffer of an object that is about to be deleted, for the string
// of n bytes that takes its place: what it holds means nothing any more. It is nil if
// the object has no buffer that suits.
func (o *Object) Reusable(n int) []byte {
	if o == nil || !o.isBoxed() || o.Type() != TypeString {
		return nil
	}
	b := *(*[]byte)(o.box().at)
	if cap(b) < n || cap(b) > grownSize(n) {
		return nil
	}
	return b[:n]
}

// maxSpare bounds the spare room in bytes that a growing string is given.
const maxSpare = 1 << 20

func grownSize(n int) int { return n + min(n, maxSpare) }

func appendGrown(b, tail []byte) []byte {
	if need := len(b) + len(tail); need > cap(b) {
		b = append(make([]byte, 0, grownSize(need)), b...)
	}
	return append(b, tail...)
}

// extend lengthens b to n bytes; the new ones are zero.
func extend(b []byte, n int) []byte {
	if n <= cap(b) {
		old := len(b)
		b = b[:n]
		clear(b[old:])
		return b
	}
	return append(make([]byte, 0, grownSize(n)), b...)[:n]
}
