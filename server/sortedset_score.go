package server

import (
	"math"
	"strconv"
	"strings"

	"respect/keyspace"
)

// Numbers as C's strtod reads them: decimal or hexadecimal, with fraction and
// exponent, or an infinity. NaN is refused everywhere.

// parseDouble reads a score or a weight: nothing may stand around the number, and it
// must neither be too large for a float64 nor so small that nothing is left of it.
func parseDouble(s []byte) (float64, bool) {
	if n, ok := keyspace.ParseInt(s); ok {
		return float64(n), true
	}
	f, inRange, ok := parseCDouble(string(s))
	return f, ok && inRange
}

// parseScoreBound reads a number where a range of scores begins or ends. What is too
// large is infinite, nothing is zero, and the text ends at a zero byte.
func parseScoreBound(s []byte) (float64, bool) {
	if n, ok := keyspace.ParseInt(s); ok {
		return float64(n), true
	}
	s = text(s)
	if len(s) == 0 {
		return 0, true
	}
	f, _, ok := parseCDouble(strings.TrimLeft(string(s), " \t\n\v\f\r"))
	return f, ok
}

// parseCDouble reads a number that is all of s. inRange is false if it became an
// infinity or zero only because float64 has nothing nearer.
func parseCDouble(s string) (f float64, inRange, ok bool) {
	number := s
	hex := isHex(s)
	if hex && !strings.ContainsAny(s, "pP") {
		number += "p0" // Go wants an exponent
	}
	f, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil && !math.IsInf(f, 0):
		return 0, false, false
	case math.IsNaN(f), strings.IndexByte(s, '_') >= 0: // Go's digit separators
		return 0, false, false
	}
	return f, err == nil && (f != 0 || !hasDigits(s, hex)), true
}

// isHex reports whether a number begins with 0x, behind a sign.
func isHex(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')
}

// hasDigits reports whether the digits of a number, without its exponent, are not
// all zero.
func hasDigits(s string, hex bool) bool {
	exponent, digits := "eE", "123456789"
	if hex {
		exponent, digits = "pP", "123456789abcdefABCDEF"
	}
	if i := strings.IndexAny(s, exponent); i >= 0 {
		s = s[:i]
	}
	return strings.ContainsAny(s, digits)
}
