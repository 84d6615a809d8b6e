// Package skiplist is the ordered half of a big sorted set: members in the order of
// their scores, those of equal score in the order of their bytes.
//
//	level   head                                                   (end)
//	  2      +--------------------3-------------> c --------3------->
//	  1      +----------2--------> b -----1-----> c -----2-----> e -1->
//	  0      +----> a ----> b ----> c ----> d ----> e ------------->
//	position 0      1       2       3       4       5              6
//
// All nodes are linked in order on level 0, in both directions. A quarter of the
// nodes of each level, by chance, also stand on the level above: a search begins at
// the top and goes down where it would go too far, and so passes about two nodes on
// each level (William Pugh, "Skip Lists: A Probabilistic Alternative to Balanced
// Trees", 1990). A link above level 0 knows its span, how many positions it leads
// ahead; the spans on the way to a node add up to its rank, and the other way round
// (an idea of Redis).
//
// # Nodes
//
// A node is one block of memory that ends in the member, so that comparing and
// finding by hash touch nothing else. Its links above level 0, which three of four
// nodes do not have, are an array of their own.
//
//	offset  0       8      16     24      32       33
//	        +-------+------+------+-------+--------+------------+
//	        | score | prev | next | upper | length | member ... |
//	        +-------+------+------+-------+--------+------------+
//	                                  |
//	                                  v level 1                    level 2
//	                                | node, next, score, span | node, next, ... |
//
// A link leads to the link of the next node on its level, and knows the score of
// that node: a search above level 0 goes from link to link, each half a cache line,
// and touches only those behind which it goes on, and no nodes unless scores are equal.
//
// Sizes are those of the allocator: 48 bytes for members of up to 15, 64 for up to
// 31, and so on. A member of more than 95 bytes stands in a block of its own. A
// member of 15 bytes takes 59 bytes on average, with four pointers for the collector
// to follow.
package skiplist
