package server

import (
	"math/big"
	"strings"
)

// INCRBYFLOAT computes in the extended precision of the x87: 64 bits of mantissa
// and exponents up to 16384. That is visible in its results, so the same is done
// here with big.Float.

const (
	longDoubleBits = 64
	longDoubleExp  = 16384   // 2^16384 is the first number that is too large
	longDoubleTiny = -16381  // numbers below 2^-16382 lose bits: strtold refuses them
	longDoubleText = 5 << 10 // no spelling of a number may be longer, in bytes
)

// parseLongDouble reads a number as strtold does: decimal or hexadecimal, with
// an exponent, or an infinity; no spaces, nothing behind it, and not NaN.
func parseLongDouble(s []byte) (*big.Float, bool) {
	if len(s) == 0 || len(s) > longDoubleText {
		return nil, false
	}
	text := string(s)
	for _, c := range s {
		// Go's spellings that C does not have: digit separators, other bases.
		if c == '_' {
			return nil, false
		}
	}
	unsigned := strings.ToLower(strings.TrimLeft(text, "+-"))
	if len(text)-len(unsigned) > 1 {
		return nil, false
	}
	if unsigned == "inf" || unsigned == "infinity" {
		return new(big.Float).SetInf(text[0] == '-'), true
	}
	base := 10
	if strings.HasPrefix(unsigned, "0x") {
		base = 0
	} else if strings.Trim(unsigned, "0123456789.e+-") != "" {
		return nil, false
	}
	f, _, err := big.ParseFloat(text, base, longDoubleBits, big.ToNearestEven)
	if err != nil || f.IsInf() {
		return nil, false
	}
	exp := f.MantExp(nil)
	return f, f.Sign() == 0 || exp <= longDoubleExp && exp >= longDoubleTiny
}

// addLongDouble returns the sum as text, without trailing zeros; false if it is
// not finite.
func addLongDouble(x, y *big.Float) ([]byte, bool) {
	if x.IsInf() || y.IsInf() {
		return nil, false
	}
	sum := new(big.Float).SetPrec(longDoubleBits).Add(x, y)
	if sum.MantExp(nil) > longDoubleExp {
		return nil, false
	}
	return formatLongDouble(sum), true
}

// formatLongDouble prints with 17 digits behind the point, and drops the zeros
// at the end.
func formatLongDouble(f *big.Float) []byte {
	text := f.Append(nil, 'f', 17)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	if string(text) == "-0" {
		text = text[1:]
	}
	return text
}
