// Package hyperloglog counts how many different elements were added, within
// about 0.81 %, in at most 12 KiB. The bytes are those of Redis: a HyperLogLog is
// a string, which clients may read and write.
//
//	offset  0        4      5          8                   16
//	        +--------+------+----------+-------------------+-------------- -
//	        | "HYLL" | enc. | not used | count, LE         | registers ...
//	        +--------+------+----------+-------------------+-------------- -
//
// The count is what Count last returned; its uppermost bit says that it is stale.
//
// # Registers
//
// An element is hashed to 64 bits. The lower 14 bits choose one of 16384
// registers, which remembers the greatest number, among all its elements, of
// zeros that follow in the hash, plus one: 1 to 51. (P. Flajolet et al.,
// "HyperLogLog: the analysis of a near-optimal cardinality estimation
// algorithm", 2007.)
//
// The dense encoding (0) has the registers in six bits each, beginning with the
// lowest bits of the first byte:
//
//	byte   0        1        2        3
//	       11000000 22221111 33333322 55444444 ...
//
// The sparse one (1) describes runs of registers, until all are covered:
//
//	ZERO   00nnnnnn            n+1 registers are 0: up to 64
//	XZERO  01nnnnnn nnnnnnnn   n+1 registers are 0: up to 16384
//	VAL    1vvvvvnn            n+1 registers are v+1: up to 4, values up to 32
//
// A HyperLogLog begins sparse and becomes dense for good when it would grow
// beyond a configured size, or when a value does not fit.
//
// # Counting
//
// The estimate is computed from how many registers have which value (O. Ertl,
// "New cardinality estimation algorithms for HyperLogLog sketches", 2017), with
// the same steps as in Redis, so that it is the same number.
//
// # Damage
//
// Clients can write what they like into a string. Valid looks at the header;
// everything else is found out where it is met, and is ErrCorrupt. What a
// damaged string counts up to is the same as in Redis. The byte behind the end of
// a string reads as zero, and completes a last XZERO that was cut.
package hyperloglog
