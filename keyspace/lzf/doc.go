// Package lzf compresses and decompresses byte strings in the LZF form that RDB
// files use for long strings and that lists use for their inner nodes.
//
// # Form
//
// Compressed data is a sequence of items; the first byte tells which:
//
//	000lllll  literals                          l+1 bytes follow (1 to 32)
//	lllooooo  oooooooo            reference     length l+2 (3 to 8), l from 1 to 6
//	111ooooo  llllllll  oooooooo  long reference, length l+9 (9 to 264)
//
// A reference repeats bytes that start offset+1 (1 to 8192) bytes back in the
// output, and may reach into the bytes that it is producing. The length of the
// output is not part of the data; whoever stores it keeps the length beside it.
//
// # Same bytes
//
// Many compressed forms of one string are valid. The compressor here finds its
// references the way the one in Redis does, down to which positions it
// remembers, so that files can be compared byte for byte.
package lzf
