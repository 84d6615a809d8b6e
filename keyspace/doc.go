// Package keyspace holds the databases: keys, their values and encodings, and
// their expiry. It knows nothing of clients, of RESP and of reply texts.
//
// # Who owns what
//
// A Keyspace has a fixed number of databases. Each DB keeps its keys in one
// hash table (package hashtable) and the keys that expire in an index ordered
// by deadline (expire.go). A key and its value are one Object (object.go);
// strings and their key share one pointer-free block of memory, other types
// hang on a box with a Go pointer.
//
// # Time and chance
//
// Nothing here reads the clock or draws a random number by itself. The caller
// sets the time with SetNow, once per command, so that a command sees one
// moment from its start to its end; the random source is given to New.
//
// # Locking
//
// None. Whoever calls has to hold the lock that guards all state.
//
// An *Object and the byte slices that it lends are valid until the next change
// of its key.
package keyspace
