package lzf

import (
	"errors"
	"fmt"
)

// ErrCorrupt is returned for data that is not the compressed form of a string of
// the stated length.
var ErrCorrupt = errors.New("lzf: corrupt data")

// maxRatio bounds what one byte of input can become: three bytes of a long
// reference repeat at most 264.
const maxRatio = maxRepeat / 3

// Plausible reports whether n bytes of compressed data can stand for size bytes.
func Plausible(n, size int) bool {
	return n >= 0 && size >= 0 && size/maxRatio <= n && size <= n*maxRatio
}

// Decompress returns the size bytes that src stands for. It allocates only if src
// is long enough to stand for that many.
func Decompress(src []byte, size int) ([]byte, error) {
	if !Plausible(len(src), size) {
		return nil, fmt.Errorf("%w: %d bytes cannot become %d", ErrCorrupt, len(src), size)
	}
	return AppendDecompressed(make([]byte, 0, size), src, size)
}

// AppendDecompressed appends the size bytes that src stands for to dst.
func AppendDecompressed(dst, src []byte, size int) ([]byte, error) {
	if !Plausible(len(src), size) {
		return dst, fmt.Errorf("%w: %d bytes cannot become %d", ErrCorrupt, len(src), size)
	}
	start := len(dst)
	end := start + size
	out := dst
	for i := 0; i < len(src); {
		head := int(src[i])
		i++
		if head < maxLiterals {
			n := head + 1
			if n > len(src)-i || n > end-len(out) {
				return dst, fmt.Errorf("%w: literals at %d do not fit", ErrCorrupt, i-1)
			}
			out = append(out, src[i:i+n]...)
			i += n
			continue
		}
		n := head >> 5
		if n == 7 {
			if i == len(src) {
				return dst, fmt.Errorf("%w: input ends within a reference", ErrCorrupt)
			}
			n += int(src[i])
			i++
		}
		if i == len(src) {
			return dst, fmt.Errorf("%w: input ends within a reference", ErrCorrupt)
		}
		n += 2
		ref := len(out) - (head&0x1f<<8 | int(src[i])) - 1
		i++
		if ref < start || n > end-len(out) {
			return dst, fmt.Errorf("%w: reference at %d does not fit", ErrCorrupt, i-1)
		}
		out = appendRepeat(out, ref, n)
	}
	if len(out) != end {
		return dst, fmt.Errorf("%w: %d bytes instead of %d", ErrCorrupt, len(out)-start, size)
	}
	return out, nil
}

// appendRepeat appends n bytes that start at s[ref]; they may overlap what is
// being appended.
func appendRepeat(s []byte, ref, n int) []byte {
	if ref+n <= len(s) {
		return append(s, s[ref:ref+n]...)
	}
	for n > 0 {
		chunk := min(n, len(s)-ref)
		s = append(s, s[ref:ref+chunk]...)
		ref += chunk
		n -= chunk
	}
	return s
}
