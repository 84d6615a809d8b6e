package rdb

import (
	"encoding/binary"

	"respect/keyspace/listpack"
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
