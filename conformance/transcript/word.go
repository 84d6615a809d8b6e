package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits on what a few bytes of a file may stand for.
const (
	MaxPayload = 1 << 20 // bytes of one payload
	MaxRange   = 100_000 // words of one {1..n}
)

// Word is one argument of a request, or several if it holds a range.
type Word struct{ Parts []Part }

// Part is a piece of a word: literal bytes, an expression or a range.
type Part struct {
	Lit   []byte
	Expr  *Expr
	Range *Range
}

// Expr stands for a value that is known when the case is played: "<name+1>".
type Expr struct {
	Name   string
	Offset int64 // added to the value, which must then be a number
}

// Range stands for the numbers of {From..To}, both included, ascending.
type Range struct{ From, To int }

func (e Expr) String() string {
	if e.Offset == 0 {
		return "<" + e.Name + ">"
	}
	return fmt.Sprintf("<%s%+d>", e.Name, e.Offset)
}

func (r Range) String() string { return fmt.Sprintf("{%d..%d}", r.From, r.To) }

// Lit returns the word of the bytes.
func Lit(b []byte) Word { return Word{Parts: []Part{{Lit: b}}} }

// String is the word as it stands in a file.
func (w Word) String() string {
	var b strings.Builder
	for _, p := range w.Parts {
		switch {
		case p.Expr != nil:
			b.WriteString(p.Expr.String())
		case p.Range != nil:
			b.WriteString(p.Range.String())
		case isBare(p.Lit):
			b.Write(p.Lit)
		default:
			b.WriteString(Quote(p.Lit))
		}
	}
	return b.String()
}

// isBare reports whether the bytes can stand in a request without quotes.
func isBare(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '{' {
			return false
		}
	}
	_, repeats := repetition(b)
	return len(b) > 0 && repeats == 1
}

// parseWords reads the words of a request line.
func parseWords(s string) ([]Word, error) {
	var words []Word
	for {
		s = strings.TrimLeft(s, " ")
		if s == "" {
			return words, nil
		}
		w, rest, err := cutWord(s)
		if err != nil {
			return nil, err
		}
		words = append(words, w)
		s = rest
	}
}

func cutWord(s string) (Word, string, error) {
	var w Word
	ranges := 0
	for s != "" && s[0] != ' ' {
		p, rest, err := cutPart(s)
		if err != nil {
			return Word{}, "", err
		}
		if p.Range != nil {
			ranges++
		}
		w.add(p)
		s = rest
	}
	if ranges > 1 {
		return Word{}, "", errors.New("several ranges in one word")
	}
	if len(w.Parts) > 1 {
		w.Parts = dropEmpty(w.Parts)
	}
	return w, s, nil
}

// add appends the part; neighbouring literals become one.
func (w *Word) add(p Part) {
	if n := len(w.Parts); n > 0 && p.Lit != nil && w.Parts[n-1].Lit != nil {
		w.Parts[n-1].Lit = append(w.Parts[n-1].Lit, p.Lit...)
		return
	}
	w.Parts = append(w.Parts, p)
}

func dropEmpty(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		if p.Lit == nil || len(p.Lit) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func cutPart(s string) (Part, string, error) {
	switch c := s[0]; {
	case c == '"':
		lit, rest, err := cutQuoted(s)
		return Part{Lit: lit}, rest, err
	case c == '<':
		e, rest, err := cutExpr(s)
		return Part{Expr: e}, rest, err
	case c == '{':
		if r, rest, ok := cutRange(s); ok {
			if r.To < r.From || r.To-r.From >= MaxRange {
				return Part{}, "", fmt.Errorf("range %v is empty or too long", r)
			}
			return Part{Range: &r}, rest, nil
		}
	case c < ' ' || c == 0x7f:
		return Part{}, "", fmt.Errorf("control character %q outside of quotes", c)
	}
	return Part{Lit: []byte{s[0]}}, s[1:], nil
}

func cutRange(s string) (Range, string, bool) {
	inner, rest, ok := strings.Cut(s[1:], "}")
	from, to, dots := strings.Cut(inner, "..")
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	const bound = 1 << 30
	ok = ok && dots && errA == nil && errB == nil && a > -bound && a < bound && b > -bound && b < bound
	return Range{a, b}, rest, ok
}

// cutExpr reads "<name>", "<name+5>", "<now+100s>".
func cutExpr(s string) (*Expr, string, error) {
	inner, rest, ok := strings.Cut(s[1:], ">")
	if !ok {
		return nil, "", errors.New("expression without '>'; quote a word that holds '<'")
	}
	e := &Expr{Name: inner}
	if i := strings.IndexAny(inner, "+-"); i >= 0 {
		number := inner[i:]
		if inner[:i] == "now" {
			number = strings.TrimSuffix(number, "s")
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, "", fmt.Errorf("invalid offset in <%s>", inner)
		}
		e.Name, e.Offset = inner[:i], n
	}
	if !isName(e.Name) {
		return nil, "", fmt.Errorf("invalid name in <%s>; quote a word that holds '<'", inner)
	}
	return e, rest, nil
}

// isName accepts lower case letters, digits and, inside, dots.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// Quote writes the bytes as a quoted payload: printable ASCII as it is, other
// bytes escaped; a long repetition as "x"*100.
func Quote(b []byte) string {
	period, repeats := repetition(b)
	q := quoteOnce(period)
	if repeats > 1 {
		q += "*" + strconv.Itoa(repeats)
	}
	return q
}

func quoteOnce(b []byte) string {
	const hex = "0123456789abcdef"
	out := make([]byte, 0, len(b)+2)
	out = append(out, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c < ' ' || c >= 0x7f:
			out = append(out, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

// Payloads of at least minRepeated bytes that repeat at most maxPeriod bytes
// are written as a repetition.
const (
	minRepeated = 64
	maxPeriod   = 16
)

// repetition splits b into its shortest period and how often it is repeated.
func repetition(b []byte) ([]byte, int) {
	if len(b) < minRepeated {
		return b, 1
	}
	for p := 1; p <= maxPeriod; p++ {
		if len(b)%p == 0 && bytes.Equal(b[p:], b[:len(b)-p]) {
			return b[:p], len(b) / p
		}
	}
	return b, 1
}

// cutQuoted reads a quoted payload, with its repetition, off the start of s.
func cutQuoted(s string) ([]byte, string, error) {
	b, rest, err := unquote(s)
	if err != nil || !strings.HasPrefix(rest, "*") {
		return b, rest, err
	}
	digits := rest[1:]
	end := 0
	for end < len(digits) && digits[end] >= '0' && digits[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(digits[:end])
	if err != nil || n > MaxPayload || n*len(b) > MaxPayload {
		return nil, "", fmt.Errorf("invalid or too long repetition *%s", digits[:end])
	}
	return append([]byte{}, bytes.Repeat(b, n)...), digits[end:], nil
}

func unquote(s string) ([]byte, string, error) {
	if s == "" || s[0] != '"' {
		return nil, "", errors.New("quoted payload expected")
	}
	out := []byte{}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return out, s[i+1:], nil
		case '\\':
			c, used, err := unescape(s[i+1:])
			if err != nil {
				return nil, "", err
			}
			out = append(out, c)
			i += used
		default:
			out = append(out, s[i])
		}
	}
	return nil, "", errors.New("quotes are not closed")
}

func unescape(s string) (c byte, used int, err error) {
	if s == "" {
		return 0, 0, errors.New("quotes are not closed")
	}
	if i := strings.IndexByte(`"\nrt`, s[0]); i >= 0 {
		return "\"\\\n\r\t"[i], 1, nil
	}
	if s[0] == 'x' && len(s) >= 3 {
		if n, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return byte(n), 3, nil
		}
	}
	return 0, 0, fmt.Errorf("unknown escape \\%c", s[0])
}
