package transcript

import (
	"fmt"
	"strconv"
	"strings"

	"respect/conformance/target"
)

// Env is what a condition asks about: the server and the protocol.
type Env struct {
	Flavour string
	Release target.Release
	Proto   int
}

// EnvOf is the environment of a server played in a protocol.
func EnvOf(i target.Info, proto int) Env {
	return Env{Flavour: i.Flavour, Release: i.Release, Proto: proto}
}

// Cond is a conjunction of terms; the zero value always holds.
type Cond struct {
	Flavour string         // valkey, or redis for every server that is not Valkey
	Since   target.Release // >=7.2
	Before  target.Release // <7.2
	Proto   int            // resp2, resp3
}

// Holds reports whether the condition is true in the environment.
func (c Cond) Holds(e Env) bool {
	return (c.Flavour == "" || (c.Flavour == target.Valkey) == (e.Flavour == target.Valkey)) &&
		(c.Since.IsZero() || !e.Release.Less(c.Since)) &&
		(c.Before.IsZero() || e.Release.Less(c.Before)) &&
		(c.Proto == 0 || c.Proto == e.Proto)
}

// String is the condition with its brackets, or empty for the one that always holds.
func (c Cond) String() string {
	var terms []string
	if c.Flavour != "" {
		terms = append(terms, c.Flavour)
	}
	if !c.Since.IsZero() {
		terms = append(terms, ">="+c.Since.String())
	}
	if !c.Before.IsZero() {
		terms = append(terms, "<"+c.Before.String())
	}
	if c.Proto != 0 {
		terms = append(terms, "resp"+strconv.Itoa(c.Proto))
	}
	if len(terms) == 0 {
		return ""
	}
	return "[" + strings.Join(terms, " ") + "]"
}

// cutCond takes the condition off the start of a line.
func cutCond(line string) (Cond, string, error) {
	if !strings.HasPrefix(line, "[") {
		return Cond{}, line, nil
	}
	inner, rest, ok := strings.Cut(line[1:], "]")
	if !ok {
		return Cond{}, "", fmt.Errorf("condition without its closing bracket")
	}
	var c Cond
	for _, term := range fields(inner) {
		if err := c.add(term); err != nil {
			return Cond{}, "", err
		}
	}
	if c == (Cond{}) {
		return Cond{}, "", fmt.Errorf("empty condition")
	}
	return c, strings.TrimLeft(rest, " "), nil
}

func (c *Cond) add(term string) error {
	var err error
	before := *c
	switch {
	case term == "resp2" || term == "resp3":
		c.Proto = int(term[4] - '0')
	case term == target.Redis || term == target.Valkey:
		c.Flavour = term
	case strings.HasPrefix(term, ">="):
		c.Since, err = parseLevel(term[2:])
	case strings.HasPrefix(term, "<"):
		c.Before, err = parseLevel(term[1:])
	default:
		return fmt.Errorf("unknown condition %q", term)
	}
	if err == nil && before == *c {
		return fmt.Errorf("condition %q twice", term)
	}
	return err
}

// parseLevel reads a release that is written as it is printed.
func parseLevel(s string) (target.Release, error) {
	r, err := target.ParseRelease(s)
	if err == nil && (r.String() != s || r.IsZero()) {
		err = fmt.Errorf("release %q is not of the form 7.2", s)
	}
	return r, err
}

func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })
}
