package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// This file holds the kinds that many parameters share: yesNo, integer, memory,
// size, percent, octal, text and oneOf.

var (
	errYesNo   = reason("argument must be 'yes' or 'no'")
	errInteger = reason("argument couldn't be parsed into an integer")
	errMemory  = reason("argument must be a memory value")
	errOctal   = reason("argument couldn't be parsed as an octal number")
	errPercent = reason("argument must be a memory or percent value")
	errOver100 = reason("percentage argument must be less or equal to 100")
)

// yesNoValue is a switch, written yes or no.
type yesNoValue struct {
	field[bool]
	refuse string // error of yes, "" if it is allowed
}

func yesNo(p *bool, def bool) value { return yesNoValue{field: newField(p, def)} }

func (v yesNoValue) set(args []string, _ source) error {
	switch {
	case strings.EqualFold(args[0], "yes") && v.refuse != "":
		return reason(v.refuse)
	case strings.EqualFold(args[0], "yes"):
		*v.p = true
	case strings.EqualFold(args[0], "no"):
		*v.p = false
	default:
		return errYesNo
	}
	return nil
}

func (v yesNoValue) get() string {
	if *v.p {
		return "yes"
	}
	return "no"
}

func (v yesNoValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + v.get(), *v.p != v.def}}
}

// numberValue is a whole number in a range. parse and the two formats make it
// an integer, a size in bytes or a file mode.
type numberValue struct {
	field[int64]
	min, max   int64
	parse      func(string) (int64, error)
	show, file func(int64) string
	low, high  int64 // values beyond these are accepted and become these
}

// set checks the range, which is shown in the base of the value.
func (v numberValue) set(args []string, _ source) error {
	n, err := v.parse(args[0])
	if err != nil {
		return err
	}
	if n < v.min || n > v.max {
		return fmt.Errorf("argument must be between %s and %s inclusive", v.show(v.min), v.show(v.max))
	}
	*v.p = min(max(n, v.low), v.high)
	return nil
}

func (v numberValue) get() string { return v.show(*v.p) }

func (v numberValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + v.file(*v.p), *v.p != v.def}}
}

func number(p *int64, def, lo, hi int64, parse func(string) (int64, error)) numberValue {
	return numberValue{field: newField(p, def), min: lo, max: hi, parse: parse,
		show: decimal, file: decimal, low: lo, high: hi}
}

// integer is a number from lo to hi.
func integer(p *int64, def, lo, hi int64) value { return number(p, def, lo, hi, parseInteger) }

// clamped is an integer that is brought into the range from low to high.
func clamped(p *int64, def, lo, hi, low, high int64) value {
	v := number(p, def, lo, hi, parseInteger)
	v.low, v.high = low, high
	return v
}

// size is a count of bytes: a number with an optional unit.
func size(p *int64, def, lo, hi int64) value {
	v := number(p, def, lo, hi, func(s string) (int64, error) {
		n, ok := ParseMemory(s)
		if !ok {
			return 0, errMemory
		}
		// A size beyond int64 comes out below zero, that is, out of range.
		return int64(n), nil
	})
	v.file = func(n int64) string { return formatMemory(uint64(n)) }
	return v
}

// octal is a file mode.
func octal(p *int64, def, lo, hi int64) value {
	v := number(p, def, lo, hi, func(s string) (int64, error) {
		n, err := strconv.ParseInt(s, 8, 64)
		if err != nil && s != "" {
			return 0, errOctal
		}
		return n, nil
	})
	v.show = func(n int64) string { return strconv.FormatInt(n, 8) }
	v.file = v.show
	return v
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// parseInteger reads a decimal number as Redis' protocol writes it: no plus
// sign, no leading zeros, no blanks.
func parseInteger(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || decimal(n) != s {
		return 0, errInteger
	}
	return n, nil
}

// memoryValue is a size over the whole range of uint64.
type memoryValue struct{ field[uint64] }

func memory(p *uint64, def uint64) value { return memoryValue{newField(p, def)} }

func (v memoryValue) set(args []string, _ source) error {
	n, ok := ParseMemory(args[0])
	if !ok {
		return errMemory
	}
	*v.p = n
	return nil
}

func (v memoryValue) get() string { return strconv.FormatUint(*v.p, 10) }

func (v memoryValue) lines(name string) []fileLine {
	return []fileLine{{name + " " + formatMemory(*v.p), *v.p != v.def}}
}

// units are the units of sizes, the larger ones of each base first.
var units = []struct {
	name string
	size uint64
}{
	{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10},
	{"g", 1e9}, {"m", 1e6}, {"k", 1e3}, {"b", 1}, {"", 1},
}

// maxDigits is the number of digits that a size may have. All those above 20
// can only be leading zeros or make the size saturate.
const maxDigits = 127

// ParseMemory reads digits and an optional unit. No digits at all are 0, too
// many saturate, and the product with the unit wraps, as in Redis.
func ParseMemory(s string) (n uint64, ok bool) {
	unit := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(unit)]
	if len(digits) > maxDigits {
		return 0, false
	}
	if digits != "" {
		// The only possible error is a range error, with the largest value.
		n, _ = strconv.ParseUint(digits, 10, 64)
	}
	for _, u := range units {
		if strings.EqualFold(unit, u.name) {
			return n * u.size, true
		}
	}
	return 0, false
}

// formatMemory is the short form of a size: the largest binary unit that
// divides it.
func formatMemory(n uint64) string {
	for _, u := range units[:3] {
		if n != 0 && n%u.size == 0 {
			return strconv.FormatUint(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatUint(n, 10)
}

// percentValue is a size in bytes or, stored below zero, a percentage.
type percentValue struct{ field[int64] }

func percent(p *int64, def int64) value { return percentValue{newField(p, def)} }

func (v percentValue) set(args []string, _ source) error {
	s := args[0]
	if digits, found := strings.CutSuffix(s, "%"); found {
		n, err := parseInteger(digits)
		if err != nil || n < 0 {
			return errPercent
		}
		if n > 100 {
			return errOver100
		}
		*v.p = -n
		return nil
	}
	n, ok := ParseMemory(s)
	if !ok {
		return errPercent
	}
	// Sizes beyond int64 are taken for percentages, as in Redis.
	if n > math.MaxInt64 && -int64(n) > 100 || n == 1<<63 {
		return errOver100
	}
	*v.p = int64(n)
	return nil
}

func (v percentValue) get() string {
	if *v.p < 0 {
		return decimal(-*v.p) + "%"
	}
	return decimal(*v.p)
}

func (v percentValue) lines(name string) []fileLine {
	text := v.get()
	if *v.p >= 0 {
		text = formatMemory(uint64(*v.p))
	}
	return []fileLine{{name + " " + text, *v.p != v.def}}
}

// textValue is a string. check refuses values, nil takes all.
type textValue struct {
	field[string]
	check func(string) error
	// unset tells that "" means "not set": a rewrite then drops the line.
	unset bool
}

func text(p *string, def string) value { return textValue{field: newField(p, def)} }

// optional is a text that "" unsets.
func optional(p *string) value { return textValue{field: newField(p, ""), unset: true} }

func checked(p *string, def string, check func(string) error) value {
	return textValue{field: newField(p, def), check: check}
}

func checkedOptional(p *string, check func(string) error) value {
	return textValue{field: newField(p, ""), check: check, unset: true}
}

func (v textValue) set(args []string, _ source) error {
	if v.check != nil {
		if err := v.check(args[0]); err != nil {
			return err
		}
	}
	*v.p = args[0]
	return nil
}

func (v textValue) get() string { return *v.p }

func (v textValue) lines(name string) []fileLine {
	if v.unset && *v.p == "" {
		return nil
	}
	return []fileLine{{name + " " + quote(*v.p), *v.p != v.def}}
}

// oneOfValue is one of a list of words.
type oneOfValue struct {
	field[string]
	words []string
}

func oneOf(p *string, def string, words ...string) value {
	return oneOfValue{newField(p, def), words}
}

func (v oneOfValue) set(args []string, _ source) error {
	for _, word := range v.words {
		if strings.EqualFold(args[0], word) {
			*v.p = word
			return nil
		}
	}
	return notOneOf(v.words)
}

func notOneOf(words []string) error {
	return fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(words, ", "))
}

func (v oneOfValue) get() string { return *v.p }

func (v oneOfValue) lines(name string) []fileLine {
	if *v.p == "" { // not set, and no word for that
		return nil
	}
	return []fileLine{{name + " " + *v.p, *v.p != v.def}}
}

// withoutDefrag is activedefrag, which can only be off.
func withoutDefrag() value {
	return yesNoValue{field: newField(new(bool), false), refuse: "Active defragmentation cannot be enabled: " +
		"it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution"}
}
