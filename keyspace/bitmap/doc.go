// Package bitmap works on the bits of byte strings, 64 at a time. It knows no
// keys and no replies; what it is given it neither keeps nor grows.
//
// # Order
//
// Bits are numbered from the most significant bit of the first byte on, so that
// they read like the string written in binary:
//
//	byte       0                 1
//	         +-----------------+-----------------+--
//	         | 1 0 1 1 0 0 0 0 | 0 0 0 0 0 0 0 1 |
//	         +-----------------+-----------------+--
//	bit        0 1 2 3 4 5 6 7   8 9 ...      15
//
// A word that is loaded big endian has bit i of its eight bytes at the place
// 63-i. Where only whole words are counted or combined the order of the bytes
// does not matter, and they are loaded little endian, which costs nothing on the
// processors that matter.
//
// # Integers
//
// A Format describes an integer of 1 to 64 bits at any offset, most significant
// bit first (BITFIELD):
//
//	u5 at 13   ........ .....xxx xx......
package bitmap
