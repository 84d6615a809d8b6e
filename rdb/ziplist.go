package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"

	"respect/keyspace/listpack"
)

// A ziplist is what listpacks replaced in Redis 7.0:
//
//	| total u32 | tail u32 | count u16 | entry ... | 0xff |
//	  total: bytes of the whole; tail: offset of the last entry;
//	  count: number of entries, 65535 if there are more than it can tell. Little endian.
//
// An entry is the size of the entry before it, an encoding, and data:
//
//	size of previous   0..253: one byte; more: 0xfe and u32, little endian
//	00nnnnnn           string of n bytes
//	01nnnnnn n         string, n of 14 bits, big endian
//	10000000 n n n n   string, n of 32 bits, big endian
//	11000000           int16    11010000  int32    11100000  int64, little endian
//	11110000           int24    11111110  int8
//	1111vvvv           v-1, for v from 1 to 13
const (
	ziplistHeader    = 10
	ziplistEnd       = 0xff
	ziplistWide      = 0xfe // the size of the previous entry takes four more bytes
	ziplistCountOver = 1<<16 - 1
)

var errZiplistCut = errors.New("entry goes beyond the end")

// appendZiplist appends the elements of a ziplist, in form of a listpack, to dst, which is empty.
// Every byte of the ziplist is verified.
func appendZiplist(dst, ziplist []byte) (listpack.Listpack, error) {
	if len(ziplist) < ziplistHeader+1 {
		return dst, fmt.Errorf("only %d bytes", len(ziplist))
	}
	if total := binary.LittleEndian.Uint32(ziplist); uint64(total) != uint64(len(ziplist)) {
		return dst, fmt.Errorf("%d bytes, header says %d", len(ziplist), total)
	}
	end := len(ziplist) - 1
	if ziplist[end] != ziplistEnd {
		return dst, errors.New("no end byte")
	}
	pack := emptyListpack(dst, len(ziplist))
	count, last, at := 0, ziplistHeader, ziplistHeader
	previous := 0
	for at < end {
		size, element, err := ziplistEntry(ziplist[at:end], previous)
		if err != nil {
			return pack, fmt.Errorf("entry %d at %d: %w", count, at, err)
		}
		if !listpack.SafeToAdd(pack, element.Len()+maxEntryOverhead) {
			return pack, errors.New("too large for a listpack")
		}
		pack = appendElement(pack, element)
		last, previous = at, size
		at += size
		count++
	}
	return pack, checkZiplistHeader(ziplist, last, count)
}

// maxEntryOverhead is more than a listpack needs for an entry besides its text.
const maxEntryOverhead = 16

// emptyListpack makes an empty listpack of the memory of b, if it is large enough.
func emptyListpack(b []byte, size int) listpack.Listpack {
	if cap(b) < size {
		b = make([]byte, 0, size)
	}
	return append(listpack.Listpack(b[:0]), noElements...)
}

// noElements is an empty listpack, never changed.
var noElements = listpack.New(0)

func appendElement(pack listpack.Listpack, e listpack.Element) listpack.Listpack {
	if e.IsInt() {
		return pack.AppendInt(e.Int)
	}
	return pack.Append(e.Bytes)
}

func checkZiplistHeader(ziplist []byte, last, count int) error {
	if tail := binary.LittleEndian.Uint32(ziplist[4:]); uint64(tail) != uint64(last) {
		return fmt.Errorf("last entry at %d, header says %d", last, tail)
	}
	if stored := int(binary.LittleEndian.Uint16(ziplist[8:])); stored != ziplistCountOver && stored != count {
		return fmt.Errorf("%d entries, header says %d", count, stored)
	}
	return nil
}

// ziplistEntry decodes the entry that begins b, and returns its size in bytes.
func ziplistEntry(b []byte, previous int) (size int, e listpack.Element, err error) {
	head, stored := 1, uint64(b[0])
	if b[0] == ziplistWide {
		if len(b) < 5 {
			return 0, e, errZiplistCut
		}
		head, stored = 5, uint64(binary.LittleEndian.Uint32(b[1:]))
	}
	if stored != uint64(previous) {
		return 0, e, fmt.Errorf("previous entry has %d bytes, not %d", previous, stored)
	}
	if len(b) == head {
		return 0, e, errZiplistCut
	}
	if b[head] < 0xc0 {
		size, e, err = ziplistString(b[head:])
	} else {
		size, e, err = ziplistInteger(b[head:])
	}
	return head + size, e, err
}

// ziplistString decodes encoding and data of a string.
func ziplistString(b []byte) (size int, e listpack.Element, err error) {
	head, n := 1, uint64(b[0]&0x3f)
	switch {
	case b[0]>>6 == 1:
		head = 2
	case b[0] == 0x80:
		head = 5
	case b[0]>>6 == 2:
		return 0, e, fmt.Errorf("unknown encoding %#x", b[0])
	}
	if len(b) < head {
		return 0, e, errZiplistCut
	}
	switch head {
	case 2:
		n = n<<8 | uint64(b[1])
	case 5:
		n = uint64(binary.BigEndian.Uint32(b[1:]))
	}
	if n > uint64(len(b)-head) {
		return 0, e, errZiplistCut
	}
	size = head + int(n)
	return size, listpack.String(b[head:size]), nil
}

// ziplistInteger decodes encoding and data of an integer.
func ziplistInteger(b []byte) (size int, e listpack.Element, err error) {
	width := 0
	switch b[0] {
	case 0xc0:
		width = 2
	case 0xd0:
		width = 4
	case 0xe0:
		width = 8
	case 0xf0:
		width = 3
	case 0xfe:
		width = 1
	default:
		if b[0] < 0xf1 || b[0] > 0xfd {
			return 0, e, fmt.Errorf("unknown encoding %#x", b[0])
		}
		return 1, listpack.Integer(int64(b[0]&0x0f) - 1), nil
	}
	if len(b) < 1+width {
		return 0, e, errZiplistCut
	}
	var n uint64
	for i := range width {
		n |= uint64(b[1+i]) << (8 * i)
	}
	unused := 64 - 8*width
	return 1 + width, listpack.Integer(int64(n<<unused) >> unused), nil
}
