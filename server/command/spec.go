package command

import (
	"fmt"
	"strings"
)

// A Spec is what is known about a command or subcommand.
type Spec struct {
	// Name is in lower case, without the container's.
	Name string
	// FullName is "client|kill" for a subcommand, and Name for others.
	FullName string
	// Container is the name of the command that this is a subcommand of, or "".
	Container string
	// Words is the number of arguments that the name takes: 1 or 2.
	Words int
	// Arity is the number of arguments with the name; if negative, the least.
	Arity int

	Flags      Flags
	Categories Categories
	KeySpecs   []KeySpec
	// First, Last and Step are the keys in the old form: positions, Last counted
	// from the end if negative; all 0 if there are none that it can express.
	First, Last, Step int

	Group           string
	Since           Version
	DeprecatedSince Version
	ReplacedBy      string
	// System marks commands that servers send each other or that are for tests.
	System     bool
	Complexity string
	Summary    string
	Tips       []string
	Args       []Arg
	// Subcommands is set by NewTable.
	Subcommands []*Spec

	find finder // for keys that the specifications do not describe, or nil
}

// New makes a Spec from the notations described at the top of the package. Name
// is "container|sub" for a subcommand. An error in a notation panics: it is one in
// the program.
func New(name string, arity int, flags, keys, origin, complexity, syntax, summary string) Spec {
	s, err := parse(name, arity, flags, keys, origin, complexity, syntax, summary)
	if err != nil {
		panic("command " + name + ": " + err.Error())
	}
	return s
}

func parse(name string, arity int, flags, keys, origin, complexity, syntax, summary string) (Spec, error) {
	s := Spec{Name: name, FullName: name, Words: 1, Arity: arity, Complexity: complexity, Summary: summary}
	if container, sub, ok := strings.Cut(name, "|"); ok {
		s.Container, s.Name, s.Words = container, sub, 2
	}
	if s.Name == "" || name != strings.ToLower(name) || arity == 0 {
		return s, fmt.Errorf("bad name or arity %d", arity)
	}
	if err := s.parseFlags(flags); err != nil {
		return s, err
	}
	if err := s.parseOrigin(origin); err != nil {
		return s, err
	}
	if err := s.parseKeys(keys); err != nil {
		return s, err
	}
	var err error
	s.Args, err = parseSyntax(syntax)
	return s, err
}

func (s *Spec) parseFlags(text string) error {
	for _, word := range strings.Fields(text) {
		if tip, ok := strings.CutPrefix(word, "tip:"); ok {
			s.Tips = append(s.Tips, tip)
			continue
		}
		if word == "doc:syscmd" {
			s.System = true
			continue
		}
		if name, ok := strings.CutPrefix(word, "@"); ok {
			category, ok := ParseCategory(name)
			if !ok {
				return fmt.Errorf("unknown category %q", word)
			}
			s.Categories |= category
			continue
		}
		flag, ok := ParseFlag(word)
		if !ok || flag == MovableKeys {
			return fmt.Errorf("flag %q is unknown or derived", word)
		}
		s.Flags |= flag
	}
	s.Categories = s.Categories.impliedBy(s.Flags)
	return nil
}

func (s *Spec) parseOrigin(text string) error {
	group, rest, _ := strings.Cut(text, " ")
	since, rest, _ := strings.Cut(rest, " ")
	var err error
	if s.Group = group; group == "" {
		return fmt.Errorf("no group in %q", text)
	}
	if s.Since, err = ParseVersion(since); err != nil || rest == "" {
		return err
	}
	rest, ok := strings.CutPrefix(rest, "deprecated ")
	if !ok {
		return fmt.Errorf("%q behind the version", rest)
	}
	since, s.ReplacedBy, _ = strings.Cut(rest, " ")
	s.DeprecatedSince, err = ParseVersion(since)
	return err
}

// Command returns s. Rows of a table that embed a Spec get it promoted, which is
// what makes them a [Row].
func (s *Spec) Command() *Spec { return s }

// ArityOK tells whether a request with n arguments, its name included, has a
// valid number of them.
func (s *Spec) ArityOK(n int) bool {
	return n == s.Arity || s.Arity < 0 && n >= -s.Arity
}
