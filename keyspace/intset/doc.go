// Package intset is a set of integers in one block of bytes: the form in which
// small sets of integers live in memory and in RDB files.
//
// # Form
//
//	+-----------+------------+---------+---------+-----+---------+
//	| width (4) | length (4) | integer | integer | ... | integer |
//	+-----------+------------+---------+---------+-----+---------+
//
// All numbers are little endian. The width is 2, 4 or 8: the bytes that each
// integer takes, signed, in two's complement. The length is how many there are.
// They are in ascending order, and none comes twice.
//
// An integer that does not fit the width makes all of them wider; it is then
// the smallest or the greatest of the set. They never become narrower again.
//
// # Use
//
// An Intset is a byte slice. Methods that change it return the new slice, as
// append does, and use spare capacity.
//
// Methods trust the bytes. Bytes that come from outside go through Validate.
package intset
