// Package quicklist is a list of byte strings, cut into nodes: the form that long
// lists have in memory and in RDB files.
//
//	head                                                        tail
//	+----------+    +-----------+    +-----------+    +----------+
//	| listpack |<-->| LZF of a  |<-->|   plain   |<-->| listpack |
//	| 1 2 3    |    | listpack  |    | (one big  |    | 7 8      |
//	|          |    | 4 5       |    | element 6)|    |          |
//	+----------+    +-----------+    +-----------+    +----------+
//
// A packed node holds several elements in one listpack, as many as the fill
// allows (fill.go). A plain node holds one element that is too big for a
// listpack. Inner nodes may be kept compressed (compress.go).
//
// The nodes are linked and not in an array: pushing and popping touch one node at
// an end, and insertions in the middle split and merge neighbours (insert.go).
// Finding an index walks over the nodes' counts from the nearer end.
//
// When nodes are made, split and merged is a rule of Redis that saved files show:
// the same commands yield the same nodes.
package quicklist
