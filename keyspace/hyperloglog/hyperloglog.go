package hyperloglog

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	indexBits     = 14             // of the hash, which choose the register
	registerCount = 1 << indexBits // 16384
	maxValue      = 64 - indexBits + 1

	headerSize     = 16
	encodingOffset = 4
	countOffset    = 8

	encodingDense  = 0
	encodingSparse = 1

	stale = 1 << 63 // in the count of the header

	magic = "HYLL"
	seed  = 0xadc83b19 // of the hash
)

// ErrCorrupt is the error for registers that do not make sense.
var ErrCorrupt = errors.New("hyperloglog: corrupted")

// New returns a HyperLogLog to which nothing was added.
func New() []byte {
	b := make([]byte, headerSize, headerSize+16)
	copy(b, magic)
	b[encodingOffset] = encodingSparse
	return appendZeros(b, registerCount)
}

// Valid tells whether a string looks like a HyperLogLog. All other functions
// take only such strings.
func Valid(b []byte) bool {
	return len(b) >= headerSize && string(b[:len(magic)]) == magic &&
		(b[encodingOffset] == encodingDense && len(b) == denseSize || b[encodingOffset] == encodingSparse)
}

// IsDense tells the encoding.
func IsDense(b []byte) bool { return b[encodingOffset] == encodingDense }

// Add adds an element and returns the string, which may be another one, and
// whether a register has changed; the count is stale then. A sparse one longer
// than maxSparse bytes is avoided.
func Add(b, element []byte, maxSparse int) (out []byte, changed bool, err error) {
	h := hash(element)
	index := int(h % registerCount)
	value := bits.TrailingZeros64(h>>indexBits|1<<(maxValue-1)) + 1
	if IsDense(b) {
		changed = setDense(b[headerSize:], index, byte(value))
	} else {
		e := editor{b: b, maxSize: maxSparse}
		changed, err = e.raise(index, byte(value))
		b = e.b
	}
	if changed && err == nil {
		Invalidate(b)
	}
	return b, changed, err
}

// Invalidate marks the count in the header as stale.
func Invalidate(b []byte) { b[countOffset+7] |= stale >> 56 }

// CachedCount returns the count of the header, unless it is stale.
func CachedCount(b []byte) (n int64, ok bool) {
	n = int64(binary.LittleEndian.Uint64(b[countOffset:]))
	return n, n >= 0
}

// SetCachedCount puts the count into the header.
func SetCachedCount(b []byte, n int64) { binary.LittleEndian.PutUint64(b[countOffset:], uint64(n)) }

// hash is MurmurHash64A (Austin Appleby, 2008, public domain).
func hash(data []byte) uint64 {
	const (
		m = 0xc6a4a7935bd1e995
		r = 47
	)
	h := uint64(seed) ^ uint64(len(data))*m
	for len(data) >= 8 {
		k := binary.LittleEndian.Uint64(data) * m
		k ^= k >> r
		h = (h ^ k*m) * m
		data = data[8:]
	}
	if len(data) > 0 {
		var tail [8]byte
		copy(tail[:], data)
		h = (h ^ binary.LittleEndian.Uint64(tail[:])) * m
	}
	h ^= h >> r
	h *= m
	return h ^ h>>r
}
