// Package hashtable is the hash table of databases, hashes and sets.
//
// # Buckets
//
// An element is found by the key that it carries. Its hash picks a bucket of
// six slots, one cache line for pointer-sized elements (bucket.go); eight further
// bits of the hash are kept beside the slot as a tag, so that an element that
// is not the one looked for is hardly ever touched. A full bucket continues in
// overflow buckets that are chained to it.
//
// # Growing and shrinking
//
// The table is resized by linear hashing (Witold Litwin, 1980): it does not
// double, it grows bucket by bucket. With 2^k <= n < 2^(k+1) buckets, those from
// 0 to n-2^k-1 have been split in this round:
//
//	0        n-2^k            2^k          n
//	+----------+----------------+----------+
//	|  split   | not yet split  | upper    |
//	| k+1 bits |     k bits     | k+1 bits |
//	+----------+----------------+----------+
//
// Bucket i is split into i and 2^k+i by bit k of the hash. An insertion that
// finds more than growAbove elements per bucket splits one bucket, a deletion
// that finds fewer than shrinkBelow undoes the last split. So each change
// moves the elements of one bucket at most, a key is in one place only, never in
// an old or a new table, and memory follows the number of elements without
// jumps. The work is bounded by that of one chain and the allocation of one
// segment (resize.go).
//
// # Scanning
//
// Scan's cursor counts bucket numbers with their bits in reverse, an idea of
// Pieter Noordhuis for Redis: a bucket and the one it was split into are
// visited together.
//
// # Hash flooding
//
// Each table has its own random seed. That keeps the order of one table from
// being the worst order to fill another with, and clients from aiming at one
// bucket.
package hashtable
