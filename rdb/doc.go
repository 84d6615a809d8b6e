// Package rdb reads RDB files (versions 1 to 12, as Redis 1.x to 8.0 and Valkey 8.0 wrote them),
// writes them (versions 10 to 12, as Redis 7.0, 7.2 and 7.4 do), and does both with the values
// inside DUMP payloads.
//
// A [Reader] walks the file once, front to back, and hands what it finds to a [Visitor]; it keeps
// nothing. Embed [Ignore] in a visitor to implement only the methods that matter. A [Writer] is told
// the same things and appends them to a buffer. [Load] is the visitor that fills a keyspace, [Save]
// tells a writer what a keyspace holds, and a [Saver] does so bit by bit while the keyspace changes.
//
// # The file
//
//	"REDIS" "0011"                    signature, version as four digits
//	 AUX name value                   facts about the writer, any number
//	 FUNCTION2 source                 function libraries
//	 SELECTDB n  RESIZEDB keys expires
//	 [EXPIRETIME[_MS] t] [FREQ f | IDLE s]  type key value
//	 ...
//	 EOF checksum                     CRC-64/Jones of all bytes before it, little endian;
//	                                  from version 5 on, zero if not computed
//
// One byte tells what follows: an opcode from the top end (opcode.go) or the type of a value from
// the bottom end. Lengths (length.go) take 1 to 9 bytes; strings are a length and bytes, or an
// integer of 8, 16 or 32 bits, or an LZF block.
//
// # Trust
//
// Every length in a file may be a lie. Nothing is allocated for a length alone: buffers grow with
// the bytes that are really there, compressed data may not claim more than LZF can yield, and
// listpacks, ziplists, zipmaps and intsets are validated completely before a visitor sees them. What
// is wrong with a file is told by a [*FormatError].
//
// # What is still missing
//
// The values of modules are known by name and refused with [Unsupported]. To add a
// type: give it an entry in valueReaders and one in valueWriters (value.go), methods in
// [ValueVisitor], and a file of its own beside list.go.
package rdb
