// Package inspect looks into RDB files without a server: it verifies them (check-rdb) and
// shows what they hold (dump).
//
// Files are read once, from front to back, and shown while they are read; nothing is kept
// but what a summary needs, so that files may be larger than the memory. [walk] turns what
// the reader finds into a plain sequence of keys and elements, whatever their encoding, and
// hands it to a shower: jsonShower, respShower or statsShower. To add a way to show, add
// one of these; to add a type of values, give walk the new methods of rdb.Visitor.
package inspect
