package rdb

import (
	"encoding/binary"

	"respect/keyspace/listpack"
	"respect/keyspace/stream"
)

// What the tests build values of, as strings in the form of a file.

// packed returns a string of less than 16384 bytes as a file stores it.
func packed(s string) string {
	return string([]byte{0x40 | byte(len(s)>>8), byte(len(s))}) + s
}

func listpackOf(elements ...string) string {
	lp := listpack.New(0)
	for _, e := range elements {
		lp = lp.Append([]byte(e))
	}
	return string(lp)
}

func ziplistOf(elements ...string) string {
	var b ziplistBuilder
	for _, e := range elements {
		b.add(encodeZiplistString(e, 0))
	}
	return string(b.bytes())
}

func intsetOf(width int, integers ...int64) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(width))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(integers)))
	for _, n := range integers {
		b = append(b, binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]...)
	}
	return string(b)
}

// zipmapOf builds a zipmap of fields and values with so many unused bytes behind
// each value.
func zipmapOf(free int, elements ...string) string {
	length := func(b []byte, n int) []byte {
		if n < zipmapWide {
			return append(b, byte(n))
		}
		return binary.LittleEndian.AppendUint32(append(b, zipmapWide), uint32(n))
	}
	b := []byte{byte(min(len(elements)/2, zipmapCountOver))}
	for i, e := range elements {
		b = length(b, len(e))
		if i%2 == 0 {
			b = append(b, e...)
			continue
		}
		b = append(append(b, byte(free)), e...)
		b = append(b, make([]byte, free)...)
	}
	return string(append(b, zipmapEnd))
}

// streamNode builds the item of a stream up to its only node, which has the ID 5-0.
func streamNode(elements ...string) string {
	return "\x0f\x01k\x01\x10" + string(stream.ID{Ms: 5}.AppendBinary(nil)) + packed(listpackOf(elements...))
}

// streamObject builds a stream of two entries, one of which is deleted, with a group of
// two consumers, of which one has an entry pending.
func streamObject(form Type) string {
	id := stream.ID{Ms: 5, Seq: 1}.AppendBinary(nil)
	const at = "\x10\x20\x30\x40\x50\x01\x00\x00"
	node := listpackOf("1", "1", "1", "field", "0",
		"2", "0", "0", "value", "4",
		"3", "1", "0", "w", "4")
	meta, read, active := "", "", ""
	if form != TypeStream {
		meta, read = "\x05\x01\x06\x01\x02", "\x02"
	}
	if form == TypeStream3 {
		active = at
	}
	return string([]byte{byte(form)}) + "\x01\x10" + string(id) + packed(node) + "\x01\x06\x01" + meta +
		"\x01\x01g\x05\x01" + read +
		"\x01" + string(id) + at + "\x03" +
		"\x02\x01c" + at + active + "\x01" + string(id) + "\x01d" + at + active + "\x00"
}
