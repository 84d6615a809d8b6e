package stream

import "slices"

// rearrange changes the order of the options, or names some twice.
func (d *draw) rearrange(segments []segment) []segment {
	first := len(segments)
	for first > 0 && segments[first-1].arg.Optional {
		first--
	}
	options := slices.Clone(segments[first:])
	if len(options) == 0 {
		return segments
	}
	switch d.IntN(6) {
	case 0, 1:
		d.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
	case 2:
		a := options[d.IntN(len(options))].arg
		again := segment{arg: a, words: d.argument(nil, a)}
		options = slices.Insert(options, d.IntN(len(options)+1), again)
	}
	return append(segments[:first:first], options...)
}

// spoil makes a small mistake: a word is missing, is one too many, is somewhere
// else or is of another kind.
func (d *draw) spoil(words []string) []string {
	first := len(d.command.Words)
	if len(words) == first {
		return append(words, d.pick(junk))
	}
	i := first + d.IntN(len(words)-first)
	switch d.IntN(6) {
	case 0:
		return slices.Delete(words, i, i+1)
	case 1:
		return slices.Insert(words, i, d.pick(junk))
	case 2:
		return append(words, d.pick(junk))
	case 3:
		j := first + d.IntN(len(words)-first)
		words[i], words[j] = words[j], words[i]
	case 4:
		return words[:i]
	default:
		words[i] = d.pick(junk)
	}
	return words
}

// junk are words that are out of place nearly everywhere.
var junk = []string{
	"", "x", "FOO", "0", "1", "-1", "2", "1.5", "-0", "+1", "01", " 1", "1 ", "0x10", "1e3", "inf", "-inf", "nan", "(1", "[a", "-", "+",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400",
	"q\x00b", "\xff\xfe", "a b", "a\r\nb", "NX", "XX", "GT", "LT", "CH", "GET", "COUNT", "LIMIT", "WITHSCORES", "STORE", "BY", "ANY", "KEEPTTL", "REPLACE",
}
