package rdb

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"respect/keyspace/listpack"
	"respect/keyspace/lzf"
)

// A length begins with a byte whose top bits tell the form:
//
//	00nnnnnn                     6 bits
//	01nnnnnn nnnnnnnn            14 bits, big endian
//	10000000 + 4 bytes           32 bits, big endian
//	10000001 + 8 bytes           64 bits, big endian
//	11eeeeee                     no length: a string in encoding e follows
const (
	lengthForm6      = 0
	lengthForm14     = 1
	lengthForm32or64 = 2

	length32 = 0x80
	length64 = 0x81
)

// The encodings of strings that are not a length and bytes.
const (
	encodedString = 0xc0 // the top bits of the first byte, the encoding below

	encodingInt8  = 0 // one byte, signed
	encodingInt16 = 1 // two bytes, little endian, signed
	encodingInt32 = 2 // four bytes, little endian, signed
	encodingLZF   = 3 // length of the block, length of the text, block
)

// lengthOrEncoding reads a length, or the encoding that stands in its place.
func (r *Reader) lengthOrEncoding() (n uint64, encoded bool, err error) {
	first, err := r.src.next()
	if err != nil {
		return 0, false, err
	}
	switch first >> 6 {
	case lengthForm6:
		return uint64(first), false, nil
	case lengthForm14:
		second, err := r.src.next()
		return uint64(first&0x3f)<<8 | uint64(second), false, err
	case lengthForm32or64:
		n, err := r.wideLength(first)
		return n, false, err
	}
	return uint64(first & 0x3f), true, nil
}

func (r *Reader) wideLength(first byte) (uint64, error) {
	switch first {
	case length32:
		b, err := r.src.take(4)
		if err != nil {
			return 0, err
		}
		return uint64(binary.BigEndian.Uint32(b)), nil
	case length64:
		b, err := r.src.take(8)
		if err != nil {
			return 0, err
		}
		return binary.BigEndian.Uint64(b), nil
	}
	return 0, r.corrupt("Unknown length encoding %d in rdbLoadLen()", first&0x3f)
}

// length reads a length where no encoded string may stand.
func (r *Reader) length() (uint64, error) {
	n, encoded, err := r.lengthOrEncoding()
	if err == nil && encoded {
		err = r.corrupt("Encoded string in the place of a length")
	}
	return n, err
}

// lengths reads several lengths in a row.
func (r *Reader) lengths(out ...*uint64) (err error) {
	for _, p := range out {
		if *p, err = r.length(); err != nil {
			return err
		}
	}
	return nil
}

// packedString reads a string that holds elements in the form in which they are in memory.
func (r *Reader) packedString() ([]byte, error) {
	s, err := r.string()
	if err == nil {
		r.packed++
	}
	return s, err
}

// string reads a string in any encoding. The slice is valid until the next read.
func (r *Reader) string() ([]byte, error) {
	n, encoded, err := r.lengthOrEncoding()
	switch {
	case err != nil:
		return nil, err
	case !encoded:
		return r.src.take(n)
	case n == encodingLZF:
		return r.compressedString()
	case n <= encodingInt32:
		return r.integerString(n)
	}
	return nil, r.corrupt("Unknown RDB string encoding type %d", n)
}

func (r *Reader) integerString(encoding uint64) ([]byte, error) {
	b, err := r.src.take(1 << encoding)
	if err != nil {
		return nil, err
	}
	var n int64
	switch encoding {
	case encodingInt8:
		n = int64(int8(b[0]))
	case encodingInt16:
		n = int64(int16(binary.LittleEndian.Uint16(b)))
	case encodingInt32:
		n = int64(int32(binary.LittleEndian.Uint32(b)))
	}
	r.text = strconv.AppendInt(r.text[:0], n, 10)
	return r.text, nil
}

// compressedString reads an LZF block. The block is there before anything is allocated for the
// text, and lzf refuses sizes that a block of this length cannot yield.
func (r *Reader) compressedString() ([]byte, error) {
	var packed, size uint64
	if err := r.lengths(&packed, &size); err != nil {
		return nil, err
	}
	block, err := r.src.take(packed)
	if err != nil {
		return nil, err
	}
	const maxInt = uint64(^uint(0) >> 1)
	if size > maxInt {
		return nil, r.corrupt("Invalid LZF compressed string")
	}
	r.text, err = lzf.AppendDecompressed(r.text[:0], block, int(size))
	if err != nil {
		return nil, r.corrupt("Invalid LZF compressed string")
	}
	return r.text, nil
}

// The counterparts of Writer follow.

// Length writes a length.
func (w *Writer) Length(n uint64) {
	switch {
	case n < 1<<6:
		w.Buf = append(w.Buf, byte(n))
	case n < 1<<14:
		w.Buf = append(w.Buf, lengthForm14<<6|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		w.Buf = binary.BigEndian.AppendUint32(append(w.Buf, length32), uint32(n))
	default:
		w.Buf = binary.BigEndian.AppendUint64(append(w.Buf, length64), n)
	}
}

const (
	maxIntegerText = 11 // bytes: of the longest integer that is stored as a number
	minCompressed  = 21 // bytes: what is shorter is not compressed
	minLZFSaving   = 4  // bytes that a block has to be shorter than its text
)

// String writes a string in the encoding that real servers choose.
func (w *Writer) String(s []byte) {
	if len(s) <= maxIntegerText {
		if n, ok := listpack.ParseInt(s); ok && int64(int32(n)) == n {
			w.integerString(int32(n))
			return
		}
	}
	if w.Compress && len(s) >= minCompressed {
		var ok bool
		if w.text, ok = lzf.Compress(w.text[:0], s, len(s)-minLZFSaving); ok {
			w.compressedString(w.text, len(s))
			return
		}
	}
	w.Length(uint64(len(s)))
	w.Buf = append(w.Buf, s...)
}

func (w *Writer) integerString(n int32) {
	switch {
	case int32(int8(n)) == n:
		w.Buf = append(w.Buf, encodedString|encodingInt8, byte(n))
	case int32(int16(n)) == n:
		w.Buf = binary.LittleEndian.AppendUint16(append(w.Buf, encodedString|encodingInt16), uint16(n))
	default:
		w.Buf = binary.LittleEndian.AppendUint32(append(w.Buf, encodedString|encodingInt32), uint32(n))
	}
}

// compressedString writes an LZF block of a text of so many bytes.
func (w *Writer) compressedString(block []byte, size int) {
	w.Buf = append(w.Buf, encodedString|encodingLZF)
	w.Length(uint64(len(block)))
	w.Length(uint64(size))
	w.Buf = append(w.Buf, block...)
}

// corrupt makes the error for bytes that make no sense at this position.
func (r *Reader) corrupt(format string, args ...any) error {
	return r.fail(Corrupt, fmt.Sprintf(format, args...))
}
