package protocol

import (
	"math"
	"math/bits"
	"strconv"
)

// FormatDouble appends f to dst as Redis 7.2 writes scores and RESP3 doubles: the
// integers up to 2^62 in full, other values with the fewest digits that read back
// as f: plain if that takes few zeros (0.0001, 36893488147419100000, at most seven
// behind an integer), else with an exponent (1.5e-7, 1e+30). The special values are "inf", "-inf", "nan", "0" and "-0".
//
// The digits come from Grisu2 (Florian Loitsch, "Printing Floating-Point Numbers
// Quickly and Accurately with Integers", 2010), the algorithm that Redis uses. It
// yields a digit too many for about one value in a thousand; strconv, which never
// does, would not give the same bytes.
func FormatDouble(dst []byte, f float64) []byte {
	if f != 0 && math.Abs(f) <= 1<<62 && f == math.Trunc(f) {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return FormatShortest(dst, f)
}

// FormatShortest is FormatDouble without a rule of their own for integers: 1e+17.
func FormatShortest(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.Signbit(f):
		dst = append(dst, '-')
		f = -f
	}
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case f == 0:
		return append(dst, '0')
	}
	var digits [20]byte
	n, exponent := grisu2(digits[:], f)
	return appendDecimal(dst, digits[:n], exponent)
}

// appendDecimal appends digits × 10^exponent.
func appendDecimal(dst, digits []byte, exponent int) []byte {
	point := len(digits) + exponent // digits before the decimal point
	magnitude := point - 1
	switch {
	case 0 <= exponent && exponent <= 7:
		return appendZeros(append(dst, digits...), exponent)
	case exponent < 0 && (exponent > -7 || -4 < magnitude && magnitude < 4):
		if point > 0 {
			dst = append(dst, digits[:point]...)
			dst = append(dst, '.')
			return append(dst, digits[point:]...)
		}
		dst = appendZeros(append(dst, "0."...), -point)
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'e')
	if magnitude >= 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(magnitude), 10)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// extended is a floating-point number with 64 bits of precision: fraction × 2^exponent.
type extended struct {
	fraction uint64
	exponent int
}

// normalized shifts the highest set bit to bit 63.
func (x extended) normalized() extended {
	shift := bits.LeadingZeros64(x.fraction)
	return extended{x.fraction << shift, x.exponent - shift}
}

// times returns the upper half of the product, rounded.
func (x extended) times(y extended) extended {
	high, low := bits.Mul64(x.fraction, y.fraction)
	return extended{high + low>>63, x.exponent + y.exponent + 64}
}

// grisu2 writes decimal digits of f, which is positive and finite, to digits
// (at most 18) and returns their number n: f ≈ digits[:n] × 10^exponent.
//
// Every number between the halfway points to the neighbours of f reads back as f.
// All three are scaled by one power of ten; then the digits of the upper end are
// generated until what is left is less than the width of the interval:
//
//	lower ────────── value ────────── upper
//	  └──────────────── width ───────────┘
//	                   └── distance ─────┘
func grisu2(digits []byte, f float64) (n, exponent int) {
	value := split(f)
	upper := extended{value.fraction<<1 + 1, value.exponent - 1}.normalized()
	lower := extended{value.fraction<<1 - 1, value.exponent - 1}
	if value.fraction == 1<<52 {
		lower = extended{value.fraction<<2 - 1, value.exponent - 2}
	}
	lower = extended{lower.fraction << (lower.exponent - upper.exponent), upper.exponent}

	power, scale := scalingPower(upper.exponent)
	value, upper, lower = value.normalized().times(power), upper.times(power), lower.times(power)
	// The products may be off by one in the last place: stay inside.
	upper.fraction--
	lower.fraction++
	n, dropped := shortest(digits, upper, upper.fraction-lower.fraction, upper.fraction-value.fraction)
	return n, dropped - scale
}

// split returns f, which is positive and finite, as fraction and exponent, not normalized.
func split(f float64) extended {
	const bias = 1023 + 52
	word := math.Float64bits(f)
	fraction := word & (1<<52 - 1)
	exponent := int(word >> 52)
	if exponent == 0 {
		return extended{fraction, 1 - bias}
	}
	return extended{fraction | 1<<52, exponent - bias}
}

// scalingPower returns a power of ten, and its decimal exponent, whose product
// with a number of the given binary exponent has one from -60 to -32. There may be
// two; the first guess decides, and is made as in Redis.
func scalingPower(exponent int) (power extended, scale int) {
	const log10of2 = 0.30102999566398114
	guess := int(-float64(exponent+len(powersOfTen)) * log10of2)
	i := (guess - firstPower) / powerStep
	for {
		switch product := exponent + powersOfTen[i].exponent + 64; {
		case product < -60:
			i++
		case product > -32:
			i--
		default:
			return powersOfTen[i], firstPower + i*powerStep
		}
	}
}

// shortest writes the digits of upper until the rest is within width, and moves
// the last one towards the value, which lies distance below upper. dropped is the
// number of decimal places, left of the point if positive, that were not written.
func shortest(digits []byte, upper extended, width, distance uint64) (n, dropped int) {
	shift := uint(-upper.exponent)
	one := uint64(1) << shift
	integer, fraction := upper.fraction>>shift, upper.fraction&(one-1)

	divisor := uint64(1e9)
	for places := 9; places >= 0; places-- {
		digit := integer / divisor
		integer %= divisor
		if digit > 0 || n > 0 {
			digits[n] = byte('0' + digit)
			n++
		}
		if rest := integer<<shift + fraction; rest <= width {
			approach(digits[:n], rest, divisor<<shift, width, distance)
			return n, places
		}
		divisor /= 10
	}
	for places := -1; ; places-- {
		fraction, width, distance = fraction*10, width*10, distance*10
		digit := fraction >> shift
		fraction &= one - 1
		if digit > 0 || n > 0 {
			digits[n] = byte('0' + digit)
			n++
		}
		if fraction < width {
			approach(digits[:n], fraction, one, width, distance)
			return n, places
		}
	}
}

// approach lowers the last digit, each step worth unit, while that brings the
// number, which is rest below the upper end, nearer to the one at distance and
// does not leave the interval.
func approach(digits []byte, rest, unit, width, distance uint64) {
	for rest < distance && width-rest >= unit &&
		(rest+unit < distance || distance-rest > rest+unit-distance) {
		digits[len(digits)-1]--
		rest += unit
	}
}
