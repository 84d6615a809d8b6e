// Package listpack is a list of short strings and integers in one block of
// bytes: the form in which small lists, hashes, sorted sets and sets live in
// memory and in RDB files.
//
// # Form
//
//	+-----------------+----------------+-------+-------+-----+------+
//	| total bytes (4) | elements (2)   | entry | entry | ... | 0xff |
//	+-----------------+----------------+-------+-------+-----+------+
//
// Both numbers are little endian. With 65535 elements or more the second one
// says 65535, and the elements must be counted. An entry is an encoding byte, the
// rest of the element, and the length of those two, written so that it can be
// read backwards:
//
//	0vvvvvvv                                  integer 0 to 127
//	10llllll data                             string of up to 63 bytes
//	110vvvvv vvvvvvvv                         integer, 13 bits, signed
//	1110llll llllllll data                    string of up to 4095 bytes
//	11110000 length (4) data                  string, length little endian
//	11110001 v (2)                            integer, 16 bits, signed, little endian
//	11110010 v (3)   11110011 v (4)   11110100 v (8)     likewise
//	11111111                                  end of the listpack
//
// The length at an entry's end has 7 bits a byte, most significant first; the
// top bit is set in all its bytes but the first.
//
// # Use
//
// A Listpack is a byte slice. Elements are named by the offset of their entry,
// which holds until the next change; 0 stands for "no such element". Methods
// that change it return the new slice, as append does, and use spare capacity.
// A Deque is a Listpack with spare room in front too, for lists that change at
// their ends.
//
// Methods trust the bytes. Bytes that come from outside go through Validate.
package listpack
