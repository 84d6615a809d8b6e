package transcript

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

// scope holds the values of the expressions of one case.
type scope struct{ vars map[string]string }

func (sc *scope) clone() *scope { return &scope{vars: maps.Clone(sc.vars)} }

// value resolves the expression; known is false for a name without a value.
func (sc *scope) value(e *Expr) (text string, known bool, err error) {
	v, known := sc.vars[e.Name]
	if !known || e.Offset == 0 {
		return v, known, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return "", true, fmt.Errorf("%v: the value %q is not a number", e, v)
	}
	return strconv.FormatInt(n+e.Offset, 10), true, nil
}

// words expands the words of a request.
func (sc *scope) words(words []Word) ([][]byte, error) {
	var out [][]byte
	for _, w := range words {
		expanded := [][]byte{{}}
		for _, p := range w.Parts {
			tails, err := sc.part(p)
			if err != nil {
				return nil, err
			}
			expanded = product(expanded, tails)
		}
		out = append(out, expanded...)
	}
	return out, nil
}

func (sc *scope) part(p Part) ([][]byte, error) {
	switch {
	case p.Expr != nil:
		v, known, err := sc.value(p.Expr)
		if err == nil && !known {
			err = fmt.Errorf("%v has no value yet", p.Expr)
		}
		return [][]byte{[]byte(v)}, err
	case p.Range != nil:
		var out [][]byte
		for i := p.Range.From; i <= p.Range.To; i++ {
			out = append(out, strconv.AppendInt(nil, int64(i), 10))
		}
		return out, nil
	}
	return [][]byte{p.Lit}, nil
}

func product(heads, tails [][]byte) [][]byte {
	var out [][]byte
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, append(bytes.Clone(h), t...))
		}
	}
	return out
}

// Diff is the first place where a reply is not what was expected.
type Diff struct {
	Path []int // child numbers from the root, 0 is the first
	Want string
	Got  string
	Byte int // offset of the first differing byte in the payloads, -1 if the types differ
}

func (d *Diff) String() string {
	var b strings.Builder
	b.WriteString("reply")
	for _, i := range d.Path {
		fmt.Fprintf(&b, ".%d", i)
	}
	fmt.Fprintf(&b, ": want %s, got %s", d.Want, d.Got)
	if d.Byte >= 0 {
		fmt.Fprintf(&b, " (differ at byte %d)", d.Byte)
	}
	return b.String()
}

// match compares the value with the expectation, and gives their values to the
// variables that have none yet. It returns nil if they agree.
func (sc *scope) match(n *Node, v *resp.Value) *Diff {
	if d := sc.matchAttrs(n, v); d != nil {
		return d
	}
	if n.Type == 0 {
		return sc.matchBare(n)
	}
	if n.Type != v.Type || n.Relax != Any && n.Null != v.IsNull {
		return differ(n, v, -1)
	}
	switch {
	case n.Relax == Any || n.Null || n.Type == resp.Null:
		return nil
	case resp.IsAggregate(n.Type):
		return sc.matchElems(n, v)
	}
	return sc.matchScalar(n, v)
}

// matchBare accepts every value for "any" in a script that was not recorded.
func (sc *scope) matchBare(n *Node) *Diff {
	if n.Relax == Any {
		return nil
	}
	return &Diff{Want: "a recorded reply", Got: "a relaxation only", Byte: -1}
}

func (sc *scope) matchAttrs(n *Node, v *resp.Value) *Diff {
	if len(n.Attrs) == 0 && len(v.Attrs) == 0 {
		return nil
	}
	attrs := Node{Type: resp.Attribute, Elems: n.Attrs}
	return sc.matchElems(&attrs, &resp.Value{Type: resp.Attribute, Elems: v.Attrs})
}

func (sc *scope) matchElems(n *Node, v *resp.Value) *Diff {
	if len(n.Elems) != len(v.Elems) {
		return differ(n, v, -1)
	}
	if n.Relax == Unordered {
		return sc.matchUnordered(n, v)
	}
	for i := range n.Elems {
		if d := sc.match(&n.Elems[i], &v.Elems[i]); d != nil {
			d.Path = append([]int{i}, d.Path...)
			return d
		}
	}
	return nil
}

// matchUnordered looks for an assignment of the received groups of children to
// the expected ones: for each expected group in turn a path that augments the
// assignment (Kuhn's algorithm), so that relaxed children never take what an
// exact one needs.
func (sc *scope) matchUnordered(n *Node, v *resp.Value) *Diff {
	size := n.groupSize()
	count := len(n.Elems) / size
	owner := make([]int, count) // of each received group; -1 if it is free
	for i := range owner {
		owner[i] = -1
	}
	var place func(want int, tried []bool) bool
	place = func(want int, tried []bool) bool {
		for got := range count {
			if tried[got] || !sc.clone().matchGroup(n, v, want*size, got*size, size) {
				continue
			}
			tried[got] = true
			if owner[got] < 0 || place(owner[got], tried) {
				owner[got] = want
				return true
			}
		}
		return false
	}
	for want := range count {
		if !place(want, make([]bool, count)) {
			return &Diff{Want: n.Elems[want*size].short() + " somewhere", Got: short(v.String()), Byte: -1}
		}
	}
	for got, want := range owner {
		sc.matchGroup(n, v, want*size, got*size, size)
	}
	return nil
}

func (sc *scope) matchGroup(n *Node, v *resp.Value, want, got, size int) bool {
	for i := range size {
		if sc.match(&n.Elems[want+i], &v.Elems[got+i]) != nil {
			return false
		}
	}
	return true
}

func (sc *scope) matchScalar(n *Node, v *resp.Value) *Diff {
	if n.Relax == Match {
		if sc.glob(n.Text, v.Text) {
			return nil
		}
		return differ(n, v, -1)
	}
	want := n.Text
	if n.Expr != nil {
		text, known, err := sc.value(n.Expr)
		if err != nil || !known && n.Expr.Offset != 0 {
			return differ(n, v, -1)
		}
		if !known {
			sc.vars[n.Expr.Name] = string(v.Text)
			return nil
		}
		want = []byte(text)
	}
	if n.Relax == Approx && near(want, v.Text, n.Tolerance) || bytes.Equal(want, v.Text) {
		return nil
	}
	d := differ(n, v, firstDifference(want, v.Text))
	if n.Expr != nil {
		d.Want += " = " + Quote(want)
	}
	return d
}

func near(want, got []byte, tolerance string) bool {
	a, errA := strconv.ParseFloat(string(want), 64)
	b, errB := strconv.ParseFloat(string(got), 64)
	t, errT := strconv.ParseFloat(tolerance, 64)
	return errA == nil && errB == nil && errT == nil && math.Abs(a-b) <= t
}

func firstDifference(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func differ(n *Node, v *resp.Value, at int) *Diff {
	return &Diff{Want: n.short(), Got: short(NodeOf(*v).String()), Byte: at}
}

// short is the node on one line, cut where it becomes unreadable.
func (n *Node) short() string { return short(n.String()) }

func short(s string) string {
	const limit = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return s
}

// glob matches the text with a pattern: * stands for any bytes, ? for one byte,
// \ takes the next byte literally, <name> stands for at least one byte that is
// not a space and gives them to the variable, or for the value that it has.
func (sc *scope) glob(pattern, text []byte) bool {
	for len(pattern) > 0 {
		switch c := pattern[0]; {
		case c == '*':
			return sc.globStar(pattern[1:], text)
		case c == '<':
			return sc.globVar(pattern, text)
		case len(text) == 0:
			return false
		case c == '\\' && len(pattern) > 1:
			pattern = pattern[1:]
			if pattern[0] != text[0] {
				return false
			}
		case c != '?' && c != text[0]:
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return len(text) == 0
}

func (sc *scope) globStar(rest, text []byte) bool {
	for i := 0; i <= len(text); i++ {
		if sc.glob(rest, text[i:]) {
			return true
		}
	}
	return false
}

func (sc *scope) globVar(pattern, text []byte) bool {
	e, rest, err := cutExpr(string(pattern))
	if err != nil {
		return false
	}
	if value, known, err := sc.value(e); known || err != nil {
		after, ok := bytes.CutPrefix(text, []byte(value))
		return ok && err == nil && sc.glob([]byte(rest), after)
	}
	end := 0
	for end < len(text) && text[end] != ' ' && text[end] != '\r' && text[end] != '\n' {
		end++
	}
	for ; end > 0; end-- {
		sc.vars[e.Name] = string(text[:end])
		if sc.glob([]byte(rest), text[end:]) {
			return true
		}
		delete(sc.vars, e.Name)
	}
	return false
}
