package stream

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// An ID names an entry: milliseconds of Unix time and a number within these, unless
// whoever added the entry chose another ID.
type ID struct{ Ms, Seq uint64 }

// The ends of all IDs.
var (
	MinID = ID{}
	MaxID = ID{math.MaxUint64, math.MaxUint64}
)

// Compare returns -1, 0 or 1 if a is less than, equal to or greater than b.
func (a ID) Compare(b ID) int {
	switch {
	case a == b:
		return 0
	case a.Ms < b.Ms || a.Ms == b.Ms && a.Seq < b.Seq:
		return -1
	}
	return 1
}

// Less reports whether a comes before b.
func (a ID) Less(b ID) bool { return a.Ms < b.Ms || a.Ms == b.Ms && a.Seq < b.Seq }

// IsZero reports whether the ID is 0-0, which no entry has.
func (a ID) IsZero() bool { return a == ID{} }

// Next returns the ID that follows; after the last one it reports false.
func (a ID) Next() (ID, bool) {
	switch {
	case a.Seq < math.MaxUint64:
		return ID{a.Ms, a.Seq + 1}, true
	case a.Ms < math.MaxUint64:
		return ID{a.Ms + 1, 0}, true
	}
	return ID{}, false
}

// Prev returns the ID that comes before; before the first one it reports false.
func (a ID) Prev() (ID, bool) {
	switch {
	case a.Seq > 0:
		return ID{a.Ms, a.Seq - 1}, true
	case a.Ms > 0:
		return ID{a.Ms - 1, math.MaxUint64}, true
	}
	return ID{}, false
}

// AppendTo appends the text of the ID, such as "1700000000000-0".
func (a ID) AppendTo(dst []byte) []byte {
	dst = strconv.AppendUint(dst, a.Ms, 10)
	return strconv.AppendUint(append(dst, '-'), a.Seq, 10)
}

func (a ID) String() string { return string(a.AppendTo(nil)) }

// IDBytes is the size of an ID in files.
const IDBytes = 16

// AppendBinary appends the form that IDs have in files: both numbers, big endian.
func (a ID) AppendBinary(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, a.Ms), a.Seq)
}

// IDFromBinary reads that form.
func IDFromBinary(b [IDBytes]byte) ID {
	return ID{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// minus returns the difference of two IDs as nodes store it. It wraps around, as plus
// does.
func (a ID) minus(b ID) (ms, seq int64) { return int64(a.Ms - b.Ms), int64(a.Seq - b.Seq) }

func (a ID) plus(ms, seq int64) ID { return ID{a.Ms + uint64(ms), a.Seq + uint64(seq)} }

// maxIDText is the length in bytes up to which a text is looked at as an ID.
const maxIDText = 127

// ParseID reads the text of an ID: milliseconds, or milliseconds, a dash and a number,
// which is missing otherwise.
func ParseID(text []byte, missing uint64) (ID, bool) {
	id, auto, ok := parseID(text, missing, false)
	return id, ok && !auto
}

// ParseAutoID is ParseID for the ID of a new entry. Of "ms-*" it reports auto: the
// number is to be chosen.
func ParseAutoID(text []byte) (id ID, auto, ok bool) { return parseID(text, 0, true) }

func parseID(text []byte, missing uint64, mayBeAuto bool) (id ID, auto, ok bool) {
	if id, ok := parsePlainID(text, missing); ok {
		return id, false, true
	}
	if len(text) > maxIDText {
		return ID{}, false, false
	}
	ms, seq, dash := strings.Cut(cString(text), "-")
	if id.Ms, ok = parseUint(ms); !ok {
		return ID{}, false, false
	}
	switch {
	case !dash:
		id.Seq = missing
	case mayBeAuto && seq == "*":
		auto = true
	default:
		id.Seq, ok = parseUint(seq)
	}
	return id, auto, ok
}

// parsePlainID reads the usual form of an ID: digits, too few to overflow, and no more
// than one dash between them.
func parsePlainID(text []byte, missing uint64) (ID, bool) {
	ms, rest, ok := cutDigits(text)
	if !ok || len(rest) == 0 {
		return ID{ms, missing}, ok
	}
	seq, end, ok := cutDigits(rest[1:])
	return ID{ms, seq}, ok && rest[0] == '-' && len(end) == 0
}

// cutDigits reads the digits that b begins with, at least one and at most 19.
func cutDigits(b []byte) (n uint64, rest []byte, ok bool) {
	const most = 19
	i := 0
	for ; i < len(b) && i <= most && b[i]-'0' <= 9; i++ {
		n = n*10 + uint64(b[i]-'0')
	}
	return n, b[i:], i > 0 && i <= most
}

// cString is the text up to the first zero byte, as the reference sees it.
func cString(text []byte) string {
	s, _, _ := strings.Cut(string(text), "\x00")
	return s
}

// parseUint reads a number as the reference does: a canonical one must not be
// negative; any other is left to strtoull of the C library, which takes blanks and a
// sign in front, and turns negative numbers around.
func parseUint(s string) (uint64, bool) {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return n, true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n < 0 && strconv.FormatInt(n, 10) == s {
		return 0, false
	}
	digits := strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}
