package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"

	"respect/keyspace/listpack"
)

// A zipmap is how Redis before 2.6 stored small hashes:
//
//	| count u8 | field value | field value | ... | 0xff |
//	  count: number of fields, 254 if it has to be counted
//
//	field:  | length | text |
//	value:  | length | free u8 | text | free bytes, unused |
//	length: 0..253 as one byte; more: 0xfe and u32, little endian
const (
	zipmapEnd       = 0xff
	zipmapWide      = 0xfe // the length takes four more bytes
	zipmapCountOver = 254
)

var errZipmapCut = errors.New("text goes beyond the end")

// appendZipmap appends fields and values of a zipmap, in form of a listpack, to
// dst, which is empty. Every byte of the zipmap is verified.
func appendZipmap(dst, zipmap []byte) (listpack.Listpack, error) {
	if len(zipmap) < 2 {
		return dst, fmt.Errorf("only %d bytes", len(zipmap))
	}
	end := len(zipmap) - 1
	if zipmap[end] != zipmapEnd {
		return dst, errors.New("no end byte")
	}
	pack := emptyListpack(dst, len(zipmap))
	count := 0
	for at := 1; at < end; count++ {
		field, size, err := zipmapText(zipmap[at:end], 0)
		if err != nil {
			return pack, fmt.Errorf("field %d at %d: %w", count, at, err)
		}
		at += size
		value, size, err := zipmapText(zipmap[at:end], 1)
		if err != nil {
			return pack, fmt.Errorf("value %d at %d: %w", count, at, err)
		}
		at += size
		if !listpack.SafeToAdd(pack, len(field)+len(value)+2*maxEntryOverhead) {
			return pack, errors.New("too large for a listpack")
		}
		pack = pack.Append(field).Append(value)
	}
	switch stored := int(zipmap[0]); {
	case count == 0:
		return pack, errors.New("no fields")
	case stored != zipmapCountOver && stored != count:
		return pack, fmt.Errorf("%d fields, header says %d", count, stored)
	}
	return pack, nil
}

// zipmapText decodes the text that begins b, with so many bytes (0 or 1) between
// length and text that tell how many are unused behind it. It returns the size of
// all together.
func zipmapText(b []byte, freeBytes int) (text []byte, size int, err error) {
	if len(b) == 0 {
		return nil, 0, errZipmapCut
	}
	head, n := 1, uint64(b[0])
	switch b[0] {
	case zipmapWide:
		if len(b) < 5 {
			return nil, 0, errZipmapCut
		}
		head, n = 5, uint64(binary.LittleEndian.Uint32(b[1:]))
		if n < zipmapWide {
			return nil, 0, fmt.Errorf("length %d in the wide form", n)
		}
	case zipmapEnd:
		return nil, 0, errors.New("end byte in the place of a length")
	}
	head += freeBytes
	if uint64(len(b)) < uint64(head)+n {
		return nil, 0, errZipmapCut
	}
	size = head + int(n)
	text = b[head:size]
	if freeBytes > 0 {
		size += int(b[head-1])
	}
	if size > len(b) {
		return nil, 0, errZipmapCut
	}
	return text, size, nil
}
