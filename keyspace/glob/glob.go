package glob

import "bytes"

// maxStars is how many stars, neighbours counted once and a last one not at all,
// may be reached before nothing matches any more: Redis' guard against abusive
// patterns.
const maxStars = 1000

// Match tells whether s as a whole matches the pattern. It takes
// O(len(pattern)*len(s)) time and no memory.
//
// Only the empty pattern matches an empty s, not even a star does. KEYS and SCAN
// list the empty key for the pattern * because they do not ask in that case.
func Match(pattern, s []byte) bool { return match(pattern, s, exact) }

// MatchFold is Match without regard to the case of ASCII letters.
func MatchFold(pattern, s []byte) bool { return match(pattern, s, lower) }

// IsLiteral tells whether a pattern matches nothing but itself.
func IsLiteral(pattern []byte) bool { return !bytes.ContainsAny(pattern, `*?[\`) }

func exact(c byte) byte { return c }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// match tries the shortest run of bytes for a star first. Where the rest does
// not match, only the last star met needs to take a byte more: had an earlier
// one to, the last one would have found its rest further on, too.
func match(pattern, s []byte, fold func(byte) byte) bool {
	p, i := 0, 0
	afterStar, retry := -1, 0 // in the pattern and in s
	stars := 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			for p < len(pattern) && pattern[p] == '*' {
				p++
			}
			if p == len(pattern) {
				return true
			}
			if stars++; stars > maxStars {
				return false
			}
			afterStar, retry = p, i
			continue
		}
		if p < len(pattern) {
			if width, ok := matchByte(pattern[p:], s[i], fold); ok {
				p += width
				i++
				continue
			}
		}
		if afterStar < 0 {
			return false
		}
		retry++
		p, i = afterStar, retry
	}
	// Nothing is left for the pattern; only stars can do with that, and not even
	// they if there was nothing from the start.
	for len(s) > 0 && p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches c against the first item of a pattern, which is not a star,
// and returns the length of the item.
func matchByte(pattern []byte, c byte, fold func(byte) byte) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		return matchClass(pattern, c, fold)
	case '\\':
		// A backslash at the end stands for itself.
		if len(pattern) >= 2 {
			return 2, fold(pattern[1]) == fold(c)
		}
	}
	return 1, fold(pattern[0]) == fold(c)
}

// matchClass matches c against brackets.
func matchClass(pattern []byte, c byte, fold func(byte) byte) (width int, ok bool) {
	p := 1
	not := p < len(pattern) && pattern[p] == '^'
	if not {
		p++
	}
	for {
		rest := pattern[p:]
		switch {
		case len(rest) == 0:
			return p, ok != not
		case rest[0] == '\\' && len(rest) >= 2:
			// Redis does not fold an escaped byte.
			ok = ok || rest[1] == c
			p += 2
		case rest[0] == ']':
			return p + 1, ok != not
		case len(rest) >= 3 && rest[1] == '-':
			// The third byte ends the range whatever it is, be it ] or a backslash.
			ok = ok || inRange(rest[0], rest[2], c, fold)
			p += 3
		default:
			ok = ok || fold(rest[0]) == fold(c)
			p++
		}
	}
}

// inRange compares signed bytes, as Redis built for x86 does: \x80 to \xff come
// before \x00. The ends are put into order before they are folded.
func inRange(a, b, c byte, fold func(byte) byte) bool {
	from, to := a, b
	if int8(from) > int8(to) {
		from, to = to, from
	}
	c = fold(c)
	return int8(fold(from)) <= int8(c) && int8(c) <= int8(fold(to))
}
