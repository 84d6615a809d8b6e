package bitmap

import "encoding/binary"

// Op is how strings are combined bit by bit.
type Op uint8

// The operations. Not takes one string only.
const (
	And Op = iota
	Or
	Xor
	Not
)

// chunk is how many bytes are combined with all sources before the next ones are
// looked at: they stay in the processor's nearest cache.
const chunk = 8 << 10

// Combine writes the combination of the sources, of which there is at least one,
// to dst, which must be as long as the longest of them and overlap none. Shorter
// ones are taken to end in zero bytes.
func Combine(dst []byte, op Op, sources [][]byte) {
	for from := 0; from < len(dst); from += chunk {
		to := min(from+chunk, len(dst))
		part := func(i int) []byte { return sources[i][min(from, len(sources[i])):min(to, len(sources[i]))] }
		d, x := dst[from:to], part(0)
		if op == Not {
			not(d, x)
			continue
		}
		if len(sources) == 1 {
			copy(d, x)
			continue
		}
		combine(d, op, x, part(1))
		for i := 2; i < len(sources); i++ {
			combine(d, op, d, part(i))
		}
	}
}

func not(dst, x []byte) {
	for len(dst) >= 32 && len(x) >= 32 {
		d, a := (*[32]byte)(dst), (*[32]byte)(x)
		store(d[0:8], ^load(a[0:8]))
		store(d[8:16], ^load(a[8:16]))
		store(d[16:24], ^load(a[16:24]))
		store(d[24:32], ^load(a[24:32]))
		dst, x = dst[32:], x[32:]
	}
	for i := range dst {
		dst[i] = ^x[i]
	}
}

// combine writes the combination of two strings, of which at most one is shorter
// than dst, or both. dst may be x.
func combine(dst []byte, op Op, x, y []byte) {
	n := min(len(x), len(y))
	switch op {
	case And:
		and(dst[:n], x[:n], y[:n])
		clear(dst[n:])
		return
	case Or:
		or(dst[:n], x[:n], y[:n])
	case Xor:
		xor(dst[:n], x[:n], y[:n])
	}
	longer := x
	if len(y) > len(x) {
		longer = y
	}
	copy(dst[n:], longer[n:])
	clear(dst[len(longer):])
}

func and(dst, x, y []byte) {
	for len(dst) >= 32 && len(x) >= 32 && len(y) >= 32 {
		d, a, b := (*[32]byte)(dst), (*[32]byte)(x), (*[32]byte)(y)
		store(d[0:8], load(a[0:8])&load(b[0:8]))
		store(d[8:16], load(a[8:16])&load(b[8:16]))
		store(d[16:24], load(a[16:24])&load(b[16:24]))
		store(d[24:32], load(a[24:32])&load(b[24:32]))
		dst, x, y = dst[32:], x[32:], y[32:]
	}
	for i := range dst {
		dst[i] = x[i] & y[i]
	}
}

func or(dst, x, y []byte) {
	for len(dst) >= 32 && len(x) >= 32 && len(y) >= 32 {
		d, a, b := (*[32]byte)(dst), (*[32]byte)(x), (*[32]byte)(y)
		store(d[0:8], load(a[0:8])|load(b[0:8]))
		store(d[8:16], load(a[8:16])|load(b[8:16]))
		store(d[16:24], load(a[16:24])|load(b[16:24]))
		store(d[24:32], load(a[24:32])|load(b[24:32]))
		dst, x, y = dst[32:], x[32:], y[32:]
	}
	for i := range dst {
		dst[i] = x[i] | y[i]
	}
}

func xor(dst, x, y []byte) {
	for len(dst) >= 32 && len(x) >= 32 && len(y) >= 32 {
		d, a, b := (*[32]byte)(dst), (*[32]byte)(x), (*[32]byte)(y)
		store(d[0:8], load(a[0:8])^load(b[0:8]))
		store(d[8:16], load(a[8:16])^load(b[8:16]))
		store(d[16:24], load(a[16:24])^load(b[16:24]))
		store(d[24:32], load(a[24:32])^load(b[24:32]))
		dst, x, y = dst[32:], x[32:], y[32:]
	}
	for i := range dst {
		dst[i] = x[i] ^ y[i]
	}
}

func load(b []byte) uint64     { return binary.LittleEndian.Uint64(b) }
func store(b []byte, w uint64) { binary.LittleEndian.PutUint64(b, w) }
