package quicklist

import "math"

// Fill is the limit of a packed node, with the meaning of the parameter
// list-max-listpack-size. A positive one is a number of elements, and the node
// is limited to 8 KiB besides; 0 counts as 1. From -1 to -5 it stands for 4, 8,
// 16, 32 and 64 KiB; lower ones count as -5.
type Fill int

const (
	safeSize      = 8 << 10 // bytes of a node whose fill is a number of elements
	entryOverhead = 8       // bytes that an element is assumed to take beside its text
	unlimited     = math.MaxInt
)

// limits returns the largest size in bytes and number of elements of a node. One
// of them is unlimited.
func (f Fill) limits() (size, count int) {
	if f >= 0 {
		return unlimited, int(max(f, 1))
	}
	return 4 << 10 << min(-f-1, 4), unlimited
}

// Exceeds reports whether a node of so many bytes and elements is over the limit.
func (f Fill) Exceeds(bytes, count int) bool {
	size, most := f.limits()
	if size != unlimited {
		return bytes > size
	}
	return bytes > safeSize || count > most
}

// Allows reports whether a quicklist with one packed node of so many bytes and
// elements may become a bare listpack. While a list is shrinking, that is at half
// of the limit, so that it does not change its form with every command.
func (f Fill) Allows(bytes, count int, shrinking bool) bool {
	size, most := f.limits()
	if shrinking {
		size /= 2
		most /= 2
	}
	return bytes <= size && count <= most
}
