// Package glob matches names against Redis' glob patterns, to the byte:
//
//	?        one byte
//	*        any bytes, none included (but see Match on empty names)
//	[abc]    one of these bytes; [a-c] a range, its ends in any order; [^ab] none of these
//	\x       the byte x, also inside brackets
//	other    itself
//
// Brackets that are not closed end with the pattern. Some of Redis' rules
// surprise, and clients have come to rely on them; they are explained where they are
// implemented and pinned in testdata by what a real server answered.
package glob
