// Package stream is a log of entries, each a list of fields and values under an ID
// that is greater than all before it, with the groups of consumers that read it.
//
// # Entries
//
// Entries lie in nodes: listpacks of up to some kilobytes, in the form that Redis
// keeps in memory and in RDB files. A node begins with its master entry, which names
// the fields of the first entry:
//
//	| live | deleted | fields | field ... | 0 |
//
// Live and deleted count the entries that follow. An entry is
//
//	| flags | ms | seq | value ... | elements |                        the fields of the master
//	| flags | ms | seq | fields | field value ... | elements |         fields of its own
//
// with the ID as the difference from that of the node. The last element says how many
// come before it, so that entries can be read backwards; 0 is the master entry. An
// entry that was deleted stays where it is, with a flag, until its node goes.
//
// Nodes stand in a tree in the order of their IDs, which are those of their first
// entries. An ID is found by going down the tree and then along one node.
//
// # Groups
//
// A group remembers the last ID that it has delivered, and what its consumers have
// been given and have not acknowledged yet: the pending entries. Each of them stands
// twice, in the list of the group and in that of its consumer; both are trees by ID,
// and share the record of when and how often the entry was delivered. An entry may be
// pending although it is deleted.
//
// # Counting
//
// The stream counts all entries that were ever added, and each group the place of the
// last one that it has read, so that the difference is how far the group lags behind.
// Where entries were deleted from the middle, or an ID was set by hand, a place may be
// unknown; then it is estimated from the ends of the stream, or stays unknown
// (lag.go).
package stream
