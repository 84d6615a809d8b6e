package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// MaxFile bounds the size of a file in bytes.
const MaxFile = 64 << 20

var (
	stepLine   = regexp.MustCompile(`^([a-z][a-z0-9]*)?(\+>|>>|>) +(\S.*)$`)
	markerLine = regexp.MustCompile(`^([a-z][a-z0-9]*): +(\S.*)$`)
	replyLine  = regexp.MustCompile(`^([-+:$*_#,(!=%~>|]|(any|match|unordered|approx)( |$))`)
)

// effectsLine is the step that belongs to no connection.
const effectsLine = "effects"

// parser walks over the lines of a file.
type parser struct {
	name  string
	lines []string
	at    int // index of the next line
}

// Parse reads a file. The error is a *ParseError, which tells the line.
func Parse(name string, text []byte) (*File, error) {
	p := &parser{name: name}
	if len(text) > MaxFile {
		return nil, p.fail(fmt.Errorf("longer than %d bytes", MaxFile))
	}
	if len(text) > 0 {
		for _, l := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
			p.lines = append(p.lines, strings.TrimRight(string(l), " \t\r"))
		}
	}
	f := &File{Name: name}
	if err := p.file(f); err != nil {
		return nil, p.fail(err)
	}
	return f, nil
}

func (p *parser) fail(err error) error {
	return &ParseError{File: p.name, Line: min(p.at+1, max(len(p.lines), 1)), Reason: err.Error()}
}

func (p *parser) more() bool      { return p.at < len(p.lines) }
func (p *parser) current() string { return p.lines[p.at] }

// lead takes the comments and empty lines before the next element.
func (p *parser) lead() []string {
	var out []string
	for p.more() && isLead(p.current()) {
		out = append(out, p.current())
		p.at++
	}
	return out
}

func isLead(line string) bool {
	return line == "" || line == "#" || strings.HasPrefix(line, "# ")
}

func (p *parser) file(f *File) error {
	lead, err := p.directives(&f.Directives)
	if err != nil {
		return err
	}
	for p.more() {
		c := Case{Lead: lead, Line: p.at + 1}
		if err := p.caseHead(f, &c); err != nil {
			return err
		}
		if lead, err = p.directives(&c.Directives); err != nil {
			return err
		}
		if lead, err = p.steps(&c, lead); err != nil {
			return err
		}
		f.Cases = append(f.Cases, c)
	}
	f.Tail = lead
	return nil
}

func (p *parser) caseHead(f *File, c *Case) error {
	name, ok := strings.CutPrefix(p.current(), "=== ")
	if c.Name = strings.TrimSpace(name); !ok || c.Name == "" {
		return errors.New(`case expected: "=== name"`)
	}
	for _, other := range f.Cases {
		if other.Name == c.Name {
			return fmt.Errorf("case %q twice", c.Name)
		}
	}
	p.at++
	return nil
}

// directives reads directives as long as there are any, and returns the
// comments in front of what follows them.
func (p *parser) directives(out *[]Directive) ([]string, error) {
	for {
		lead := p.lead()
		if !p.more() {
			return lead, nil
		}
		name, value, ok := strings.Cut(p.current(), ":")
		if !ok || !slices.Contains(directiveNames, name) {
			return lead, nil
		}
		d := Directive{Lead: lead, Name: name, Value: strings.TrimSpace(value), Line: p.at + 1}
		if err := d.check(); err != nil {
			return nil, err
		}
		*out = append(*out, d)
		p.at++
	}
}

func (d *Directive) check() error {
	ok := d.Value != ""
	switch d.Name {
	case DirProto:
		ok = d.Value == "2" || d.Value == "3" || d.Value == "2 3"
	case DirSince:
		_, err := parseLevel(d.Value)
		ok = err == nil
	case DirFlavour:
		ok = d.Value == target.Redis || d.Value == target.Valkey
	case DirConfig, DirServer:
		words, err := parseWords(d.Value)
		ok = err == nil && len(words) == 2
	}
	if !ok {
		return fmt.Errorf("invalid value %q of %s", d.Value, d.Name)
	}
	return nil
}

func (p *parser) steps(c *Case, lead []string) ([]string, error) {
	for p.more() && !strings.HasPrefix(p.current(), "=== ") {
		s := Step{Lead: lead, Line: p.at + 1}
		if err := s.parseLine(p.current()); err != nil {
			return nil, err
		}
		if err := checkJoin(c, &s); err != nil {
			return nil, err
		}
		p.at++
		if err := p.replies(&s); err != nil {
			return nil, err
		}
		c.Steps = append(c.Steps, s)
		lead = p.lead()
	}
	return lead, nil
}

func checkJoin(c *Case, s *Step) error {
	if s.Kind != Join {
		return nil
	}
	if n := len(c.Steps); n == 0 || !c.Steps[n-1].sends() || c.Steps[n-1].Until || c.Steps[n-1].On() != s.On() {
		return errors.New("+> must follow a request on the same connection")
	}
	return nil
}

func (s *Step) parseLine(line string) (err error) {
	if s.When, line, err = cutCond(line); err != nil {
		return err
	}
	line, s.Until = strings.CutPrefix(line, "until ")
	if line == effectsLine {
		s.Kind = Effects
	} else if m := stepLine.FindStringSubmatch(line); m != nil {
		s.Conn = m[1]
		err = s.parseRequest(m[2], m[3])
	} else if m := markerLine.FindStringSubmatch(line); m != nil {
		s.Conn = m[1]
		if slices.Contains(directiveNames, s.Conn) {
			return fmt.Errorf("%s is a directive and must stand before the steps", s.Conn)
		}
		err = s.parseMarker(m[2])
	} else {
		err = fmt.Errorf("cannot be understood: %.60q", line)
	}
	if err == nil && s.Until && s.Kind != Send {
		err = errors.New("only a request can be repeated")
	}
	return err
}

func (s *Step) parseRequest(op, text string) (err error) {
	switch op {
	case ">>":
		var rest string
		s.Kind = Raw
		if s.Bytes, rest, err = cutQuoted(text); err == nil && rest != "" {
			err = fmt.Errorf("%q behind the payload", rest)
		}
		return err
	case "+>":
		s.Kind = Join
	}
	s.Words, err = parseWords(text)
	return err
}

func (s *Step) parseMarker(text string) error {
	for kind, marker := range markers {
		if marker == text {
			s.Kind = kind
			return nil
		}
	}
	return fmt.Errorf("unknown marker %q", text)
}

// replies reads the replies below a step.
func (p *parser) replies(s *Step) error {
	for p.more() {
		when, line, err := cutCond(p.current())
		if err != nil {
			return err
		}
		if isLead(line) || strings.HasPrefix(line, "=== ") || stepLine.MatchString(line) || !replyLine.MatchString(line) {
			return nil
		}
		if !s.receives() {
			return errors.New("no reply can stand here")
		}
		n, err := p.node(line, 0)
		if err != nil {
			return err
		}
		s.Replies = append(s.Replies, Reply{When: when, Node: n})
	}
	return nil
}

// node reads a node and its children; line is the current one without what
// stands in front of the node.
func (p *parser) node(line string, depth int) (Node, error) {
	if depth > resp.MaxDepth {
		return Node{}, errors.New("nested too deeply")
	}
	n, children, err := parseNodeLine(line)
	if err != nil {
		return Node{}, err
	}
	if n.Type == resp.Push && depth > 0 {
		return Node{}, errors.New("push inside another reply")
	}
	p.at++
	for range children {
		line, err := p.child(depth + 1)
		if err != nil {
			return Node{}, err
		}
		child, err := p.node(line, depth+1)
		if err != nil {
			return Node{}, err
		}
		n.Elems = append(n.Elems, child)
	}
	if n.Type == resp.Attribute {
		return p.attributed(n.Elems, depth)
	}
	return n, nil
}

// child returns the current line, which must be indented as the depth demands.
func (p *parser) child(depth int) (string, error) {
	if !p.more() {
		return "", errors.New("children are missing")
	}
	line := p.current()
	text := strings.TrimLeft(line, " ")
	if len(line)-len(text) != 2*depth || text == "" {
		return "", fmt.Errorf("child expected, indented by %d", 2*depth)
	}
	return text, nil
}

func (p *parser) attributed(attrs []Node, depth int) (Node, error) {
	if len(attrs) == 0 {
		return Node{}, errors.New("empty attribute")
	}
	line, err := p.child(depth)
	if err != nil {
		return Node{}, err
	}
	if line[0] == resp.Attribute {
		return Node{}, errors.New("attribute of an attribute")
	}
	n, err := p.node(line, depth)
	n.Attrs = attrs
	return n, err
}
