package protocol

import "bytes"

// nextInline is Next for a request that is one line of words. The line ends at
// '\n', a '\r' before it belongs to the line end.
func (p *Parser) nextInline(buf []byte, args [][]byte) (n int, out [][]byte, err error) {
	end, err := p.find('\n', buf, 0, ErrTooBigInline)
	if end < 0 {
		return 0, args, err
	}
	p.searched = 0
	line := bytes.TrimSuffix(buf[:end], []byte{'\r'})
	out, ok := appendWords(args, line)
	if !ok {
		return 0, args, ErrUnbalancedQuotes
	}
	return end + 1, out, nil
}

// SplitArgs splits a line into words as inline requests and configuration files
// are split:
//
//	word           up to the next blank
//	"a b\n\x41"    double quotes: \n \r \t \b \a and \xHH are bytes, a backslash
//	               before any other byte stands for that byte
//	'a b\'c'       single quotes: only \' is special
//
// Quotes may open within a word, the closing one must end it. The line ends at
// the first zero byte. ok is false if a quote is not closed, or closed within a
// word. Words without quotes are slices of line, others are copies.
func SplitArgs(line []byte) (args [][]byte, ok bool) {
	if end := bytes.IndexByte(line, 0); end >= 0 {
		line = line[:end]
	}
	args, ok = appendWords(nil, line)
	if !ok {
		return nil, false
	}
	return args, true
}

// appendWords appends the words of a line without zero bytes.
func appendWords(args [][]byte, line []byte) ([][]byte, bool) {
	for {
		for len(line) > 0 && isSpace(line[0]) {
			line = line[1:]
		}
		if len(line) == 0 {
			return args, true
		}
		word, rest, ok := cutWord(line)
		if !ok {
			return args, false
		}
		args, line = append(args, word), rest
	}
}

// isSpace tells the bytes that are skipped between words.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// endsWord tells the bytes that end a word. Vertical tab and form feed do not,
// although they are skipped before one.
func endsWord(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// cutWord splits off the word at the start of line.
func cutWord(line []byte) (word, rest []byte, ok bool) {
	for i, c := range line {
		if endsWord(c) {
			return line[:i:i], line[i:], true
		}
		if c == '"' || c == '\'' {
			word = append(word, line[:i]...)
			return cutQuoted(word, line[i:])
		}
	}
	return line[:len(line):len(line)], nil, true
}

// cutQuoted appends what stands in the quotes at the start of line to word.
func cutQuoted(word, line []byte) (_, rest []byte, ok bool) {
	unescape := unescapeDouble
	quote := line[0]
	if quote == '\'' {
		unescape = unescapeSingle
	}
	if word == nil {
		word = []byte{}
	}
	line = line[1:]
	for len(line) > 0 {
		if line[0] == quote {
			rest = line[1:]
			return word, rest, len(rest) == 0 || isSpace(rest[0])
		}
		c, size := unescape(line)
		word, line = append(word, c), line[size:]
	}
	return nil, nil, false
}

// unescapeDouble returns the byte that the start of s stands for within double
// quotes, and the number of bytes it takes there.
func unescapeDouble(s []byte) (c byte, size int) {
	if s[0] != '\\' || len(s) < 2 {
		return s[0], 1
	}
	switch s[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'a':
		return '\a', 2
	case 'x':
		if len(s) >= 4 && hexDigit(s[2]) >= 0 && hexDigit(s[3]) >= 0 {
			return byte(hexDigit(s[2])<<4 | hexDigit(s[3])), 4
		}
	}
	return s[1], 2
}

// unescapeSingle is unescapeDouble for single quotes.
func unescapeSingle(s []byte) (c byte, size int) {
	if len(s) >= 2 && s[0] == '\\' && s[1] == '\'' {
		return '\'', 2
	}
	return s[0], 1
}

// hexDigit returns the value of a hexadecimal digit, -1 for other bytes.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
