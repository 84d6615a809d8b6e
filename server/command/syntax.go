package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ArgType is the type of an argument.
type ArgType uint8

const (
	ArgString ArgType = iota
	ArgInteger
	ArgDouble
	ArgKey
	ArgPattern
	ArgUnixTime
	ArgPureToken // a word alone
	ArgOneOf     // one of Args
	ArgBlock     // all of Args
)

var argTypeNames = []string{
	"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
}

func (t ArgType) String() string { return argTypeNames[t] }

// An Arg is a part of a command's syntax.
type Arg struct {
	Name     string
	Type     ArgType
	Display  string // what to show in place of Name, or ""
	Token    string // the word in front, or the word itself; see HasToken
	HasToken bool   // MIGRATE has an empty token
	KeySpec  int    // index of the key specification, or -1

	Since, DeprecatedSince Version

	Optional      bool
	Multiple      bool
	MultipleToken bool // Token is repeated as well
	Args          []Arg
}

// Parsing goes by recursive descent:
//
//	sequence = { element }
//	element  = "[" arg "]" | arg
//	arg      = ( [ WORD ] term | "(" WORD term ")" "..." ) , suffixes behind the term
//	term     = name ":" type | name "(" alternatives or sequence ")" | name "=" word | WORD
type syntaxParser struct {
	rest string
	keys int // keys seen so far
}

var errSyntax = errors.New("syntax")

func parseSyntax(text string) ([]Arg, error) {
	p := syntaxParser{rest: text}
	args, _, err := p.group("")
	if err == nil && p.rest != "" {
		err = errSyntax
	}
	if err != nil {
		return nil, fmt.Errorf("%w at %q", err, p.rest)
	}
	return args, nil
}

// group reads arguments up to one of the characters in end, or to the end of the
// text. With bars between the arguments they are alternatives.
func (p *syntaxParser) group(end string) (args []Arg, t ArgType, err error) {
	t = ArgBlock
	for {
		p.skipBlanks()
		if p.rest == "" || strings.IndexByte(end, p.rest[0]) >= 0 {
			return args, t, nil
		}
		if t == ArgOneOf && !p.accept("|") {
			return nil, t, errSyntax
		}
		if len(args) == 1 && p.accept("|") {
			t = ArgOneOf
		}
		p.skipBlanks()
		a, err := p.element()
		if err != nil {
			return nil, t, err
		}
		args = append(args, a)
	}
}

func (p *syntaxParser) element() (a Arg, err error) {
	if !p.accept("[") {
		return p.arg()
	}
	if a, err = p.arg(); err != nil {
		return a, err
	}
	a.Optional = true
	if !p.accept("]") {
		return a, errSyntax
	}
	return a, nil
}

// arg reads one argument, the word in front of it included.
func (p *syntaxParser) arg() (a Arg, err error) {
	if p.accept("(") {
		if a, err = p.arg(); err != nil {
			return a, err
		}
		if !a.HasToken || a.Type == ArgPureToken || !p.accept(")") || !p.accept("...") {
			return a, errSyntax
		}
		a.Multiple, a.MultipleToken = true, true
		return a, nil
	}
	word := p.word()
	if word == "" {
		return a, errSyntax
	}
	if word != strings.ToUpper(word) || !isLetter(word[0]) {
		return p.term(word)
	}
	if name := p.peekName(); name == "" {
		a = Arg{Name: strings.ToLower(word), Type: ArgPureToken, KeySpec: -1, Token: word, HasToken: true}
		return a, p.suffixes(&a)
	}
	p.skipBlanks()
	a, err = p.term(p.word())
	if a.HasToken {
		return a, errSyntax
	}
	a.Token, a.HasToken = word, true
	return a, err
}

// term reads what follows the name of an argument.
func (p *syntaxParser) term(name string) (a Arg, err error) {
	a = Arg{Name: name, KeySpec: -1}
	switch {
	case p.accept(":"):
		t := slices.Index(argTypeNames[:ArgPureToken], p.word())
		if t < 0 {
			return a, errSyntax
		}
		a.Type = ArgType(t)
	case p.accept("="):
		a.Type, a.HasToken = ArgPureToken, true
		if a.Token, err = p.literal(); err != nil {
			return a, err
		}
	case p.accept("("):
		if a.Args, a.Type, err = p.group(")"); err != nil {
			return a, err
		}
		if !p.accept(")") || len(a.Args) == 0 {
			return a, errSyntax
		}
	default:
		return a, errSyntax
	}
	if a.Type == ArgKey {
		a.KeySpec = p.keys
		p.keys++
	}
	return a, p.suffixes(&a)
}

func (p *syntaxParser) suffixes(a *Arg) (err error) {
	if strings.HasPrefix(p.rest, "<") {
		var ok bool
		if a.Display, p.rest, ok = strings.Cut(p.rest[1:], ">"); !ok {
			return errSyntax
		}
	}
	if p.accept("#") {
		digit := p.word()
		if len(digit) != 1 || digit[0] < '0' || digit[0] > '9' {
			return errSyntax
		}
		a.KeySpec = int(digit[0] - '0')
	}
	if a.Multiple = p.accept("..."); a.Multiple && strings.HasPrefix(p.rest, ".") {
		return errSyntax
	}
	if p.accept("@") {
		if a.Since, err = ParseVersion(p.version()); err != nil {
			return err
		}
	}
	if p.accept("!") {
		a.DeprecatedSince, err = ParseVersion(p.version())
	}
	return err
}

// peekName returns the name of the term that comes next, or "" if what comes next
// is none.
func (p *syntaxParser) peekName() string {
	next := syntaxParser{rest: p.rest}
	if !next.skipBlanks() {
		return ""
	}
	name := next.word()
	if name == "" || next.rest == "" || strings.IndexByte(":(", next.rest[0]) < 0 {
		return ""
	}
	return name
}

func (p *syntaxParser) skipBlanks() (some bool) {
	n := len(p.rest)
	p.rest = strings.TrimLeft(p.rest, " ")
	return len(p.rest) < n
}

// accept passes text if it comes next. Blanks are passed before what stands
// between arguments, not before what belongs to one.
func (p *syntaxParser) accept(text string) bool {
	rest := p.rest
	if strings.Contains("[]()|", text) {
		rest = strings.TrimLeft(rest, " ")
	}
	rest, ok := strings.CutPrefix(rest, text)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *syntaxParser) word() string {
	return p.take(func(c byte) bool {
		return isLetter(c) || '0' <= c && c <= '9' || c == '-' || c == '_'
	})
}

func (p *syntaxParser) version() string {
	return p.take(func(c byte) bool { return '0' <= c && c <= '9' || c == '.' })
}

func (p *syntaxParser) take(belongs func(byte) bool) string {
	i := 0
	for i < len(p.rest) && belongs(p.rest[i]) {
		i++
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

// literal reads a word, or anything between quotation marks.
func (p *syntaxParser) literal() (string, error) {
	if !p.accept(`"`) {
		return p.word(), nil
	}
	text, rest, ok := strings.Cut(p.rest, `"`)
	if !ok {
		return "", errSyntax
	}
	p.rest = rest
	return text, nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
