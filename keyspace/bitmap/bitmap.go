package bitmap

import (
	"encoding/binary"
	"math/bits"
)

const allOnes = ^uint64(0)

// Get returns bit i, which is 0 behind the end.
func Get(b []byte, i int) int {
	if i>>3 >= len(b) {
		return 0
	}
	return int(b[i>>3]>>(7-i&7)) & 1
}

// Set writes bit i, which must be within b.
func Set(b []byte, i, bit int) {
	mask := byte(1) << (7 - i&7)
	if bit == 0 {
		b[i>>3] &^= mask
	} else {
		b[i>>3] |= mask
	}
}

// Count returns how many bits are 1.
func Count(b []byte) int {
	var n0, n1, n2, n3 int
	for len(b) >= 64 {
		w := (*[64]byte)(b)
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(w[0:8])) + bits.OnesCount64(binary.LittleEndian.Uint64(w[32:40]))
		n1 += bits.OnesCount64(binary.LittleEndian.Uint64(w[8:16])) + bits.OnesCount64(binary.LittleEndian.Uint64(w[40:48]))
		n2 += bits.OnesCount64(binary.LittleEndian.Uint64(w[16:24])) + bits.OnesCount64(binary.LittleEndian.Uint64(w[48:56]))
		n3 += bits.OnesCount64(binary.LittleEndian.Uint64(w[24:32])) + bits.OnesCount64(binary.LittleEndian.Uint64(w[56:64]))
		b = b[64:]
	}
	for len(b) >= 8 {
		n0 += bits.OnesCount64(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for _, c := range b {
		n1 += bits.OnesCount8(c)
	}
	return n0 + n1 + n2 + n3
}

// CountRange returns how many of the bits from from up to, but not including, to
// are 1. Both must be within b.
func CountRange(b []byte, from, to int) int {
	if from >= to {
		return 0
	}
	first, last := from>>3, (to-1)>>3
	n := Count(b[first : last+1])
	n -= bits.OnesCount8(b[first] &^ (0xff >> (from & 7)))
	n -= bits.OnesCount8(b[last] & (0x7f >> ((to - 1) & 7)))
	return n
}

// Find returns the first bit of the given value from from up to, but not
// including, to, or -1. Both must be within b.
func Find(b []byte, bit, from, to int) int {
	if from >= to {
		return -1
	}
	flip := uint64(0) // what turns the bit that is looked for into a 1
	if bit == 0 {
		flip = allOnes
	}
	i, end := from>>3, (to+7)>>3
	w := (word(b[i:end]) ^ flip) & (allOnes >> (from & 7))
	if w == 0 {
		i = skip(b[:end], min(i+8, end), flip)
		w = word(b[i:end]) ^ flip
	}
	if at := i*8 + bits.LeadingZeros64(w); at < to {
		return at
	}
	return -1
}

// skip returns the index of the first byte of a word, counted from i on, that
// does not equal flip. What is left at the end may equal it.
func skip(b []byte, i int, flip uint64) int {
	rest := b[i:]
	for len(rest) >= 32 {
		w := (*[32]byte)(rest)
		if (binary.LittleEndian.Uint64(w[0:8])^flip)|(binary.LittleEndian.Uint64(w[8:16])^flip)|
			(binary.LittleEndian.Uint64(w[16:24])^flip)|(binary.LittleEndian.Uint64(w[24:32])^flip) != 0 {
			break
		}
		rest = rest[32:]
	}
	for len(rest) >= 8 && binary.LittleEndian.Uint64(rest) == flip {
		rest = rest[8:]
	}
	return len(b) - len(rest)
}

// word returns the first eight bytes, big endian; missing ones are zero.
func word(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var buf [8]byte
	copy(buf[:], b)
	return binary.BigEndian.Uint64(buf[:])
}
