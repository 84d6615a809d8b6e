package transcript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

// nodeTypes are the type bytes that a reply line can start with.
const nodeTypes = "+-:$*_#,(!=%~>|"

// parseNodeLine reads one line of a reply without its indentation, and how many
// children follow.
func parseNodeLine(s string) (n Node, children int, err error) {
	s, err = n.cutRelax(s)
	if err != nil {
		return Node{}, 0, err
	}
	if s == "" {
		if n.Relax == Exact {
			return Node{}, 0, errors.New("empty reply")
		}
		return n, 0, nil
	}
	n.Type, s = s[0], s[1:]
	if strings.IndexByte(nodeTypes, n.Type) < 0 {
		return Node{}, 0, fmt.Errorf("unknown type byte %q", n.Type)
	}
	if resp.IsAggregate(n.Type) {
		children, err = n.parseCount(s)
	} else {
		err = n.parseScalar(s)
	}
	if err == nil {
		err = n.checkRelax()
	}
	return n, children, err
}

func (n *Node) cutRelax(s string) (string, error) {
	word, rest, _ := strings.Cut(s, " ")
	switch word {
	case "any":
		n.Relax = Any
	case "match":
		n.Relax = Match
	case "unordered":
		n.Relax, n.Group = Unordered, 1
		number, after, _ := strings.Cut(rest, " ")
		if k, err := strconv.Atoi(number); err == nil {
			if k < 2 || k > 16 {
				return "", errors.New("groups are of 2 to 16 children")
			}
			n.Group, rest = k, after
		}
	case "approx":
		n.Relax = Approx
		n.Tolerance, rest, _ = strings.Cut(rest, " ")
		if f, err := strconv.ParseFloat(n.Tolerance, 64); err != nil || !(f >= 0 && f <= 1e18) {
			return "", fmt.Errorf("invalid tolerance %q", n.Tolerance)
		}
	default:
		return s, nil
	}
	return rest, nil
}

// checkRelax refuses relaxations that mean nothing for the type.
func (n *Node) checkRelax() error {
	ok := true
	switch n.Relax {
	case Unordered:
		ok = resp.IsAggregate(n.Type) && !n.Null
	case Approx, Match:
		ok = !resp.IsAggregate(n.Type) && n.Type != resp.Null && !n.Null
	}
	if !ok {
		return fmt.Errorf("relaxation does not fit type %q", n.Type)
	}
	return nil
}

func (n *Node) parseCount(s string) (int, error) {
	switch {
	case n.Relax == Any:
		if s != "" {
			return 0, errors.New("any has no content")
		}
		return 0, nil
	case s == "-1" && n.Type == resp.Array:
		n.Null = true
		return 0, nil
	}
	count, err := strconv.Atoi(s)
	if err != nil || count < 0 || count > 1<<20 || strconv.Itoa(count) != s {
		return 0, fmt.Errorf("invalid count %q", s)
	}
	if n.Type == resp.Map || n.Type == resp.Attribute {
		count *= 2
	}
	if n.Relax == Unordered && count%n.groupSize() != 0 {
		return 0, fmt.Errorf("%d children are not groups of %d", count, n.groupSize())
	}
	return count, nil
}

func (n *Node) parseScalar(s string) error {
	switch {
	case n.Relax == Any || n.Type == resp.Null:
		if s != "" {
			return errors.New("no content expected")
		}
		return nil
	case s == "-1" && n.Type == resp.BulkString:
		n.Null = true
		return nil
	case strings.HasPrefix(s, "<") && n.Relax != Match:
		return n.parseExpr(s)
	case strings.HasPrefix(s, `"`):
		return n.parseText(s)
	case !resp.IsLine(n.Type) || n.Relax == Match:
		return errors.New("quoted payload expected")
	}
	n.Text = []byte(s)
	return n.checkText()
}

func (n *Node) parseExpr(s string) error {
	e, rest, err := cutExpr(s)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q behind the expression", rest)
	}
	n.Expr = e
	return err
}

func (n *Node) parseText(s string) error {
	text, rest, err := cutQuoted(s)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q behind the payload", rest)
	}
	if err != nil {
		return err
	}
	n.Text = text
	return n.checkText()
}

// checkText lets only payloads pass that the decoder would accept.
func (n *Node) checkText() error {
	if n.Relax == Match {
		return nil
	}
	v := resp.Value{Type: n.Type, Text: n.Text}
	if _, rest, err := resp.Decode(v.Append(nil)); err != nil || len(rest) > 0 {
		return fmt.Errorf("no server can send %q", v.Append(nil))
	}
	return nil
}

func (n *Node) groupSize() int {
	if n.Type == resp.Map && n.Group == 1 {
		return 2
	}
	return max(n.Group, 1)
}

// appendNode writes the lines of the node; prefix is what stands in front of
// the first, indent the number of spaces in front of the others.
func appendNode(dst []byte, prefix string, indent int, n *Node) []byte {
	child := strings.Repeat(" ", indent+2)
	if len(n.Attrs) > 0 {
		dst = fmt.Appendf(dst, "%s|%d\n", prefix, len(n.Attrs)/2)
		for i := range n.Attrs {
			dst = appendNode(dst, child, indent+2, &n.Attrs[i])
		}
		prefix = strings.Repeat(" ", indent)
	}
	dst = append(dst, prefix...)
	dst = append(dst, n.head()...)
	dst = append(dst, '\n')
	for i := range n.Elems {
		dst = appendNode(dst, child, indent+2, &n.Elems[i])
	}
	return dst
}

func (n *Node) head() string {
	relax := n.relaxText()
	if n.Type == 0 {
		return strings.TrimSuffix(relax, " ")
	}
	return relax + string(rune(n.Type)) + n.content()
}

func (n *Node) relaxText() string {
	switch n.Relax {
	case Any:
		return "any "
	case Match:
		return "match "
	case Approx:
		return "approx " + n.Tolerance + " "
	case Unordered:
		if n.Group > 1 {
			return fmt.Sprintf("unordered %d ", n.Group)
		}
		return "unordered "
	}
	return ""
}

func (n *Node) content() string {
	switch {
	case n.Relax == Any || n.Type == resp.Null:
		return ""
	case n.Null:
		return "-1"
	case n.Expr != nil:
		return n.Expr.String()
	case n.Type == resp.Map || n.Type == resp.Attribute:
		return strconv.Itoa(len(n.Elems) / 2)
	case resp.IsAggregate(n.Type):
		return strconv.Itoa(len(n.Elems))
	case n.Relax != Match && n.isNumber():
		return string(n.Text)
	}
	return Quote(n.Text)
}

func (n *Node) isNumber() bool {
	return n.Type != resp.SimpleString && n.Type != resp.Error && resp.IsLine(n.Type)
}

// NodeOf is the exact expectation of the value.
func NodeOf(v resp.Value) Node {
	n := Node{Type: v.Type, Null: v.IsNull}
	if !resp.IsAggregate(v.Type) && v.Type != resp.Null && !v.IsNull {
		n.Text = append([]byte{}, v.Text...)
	}
	for _, e := range v.Elems {
		n.Elems = append(n.Elems, NodeOf(e))
	}
	for _, a := range v.Attrs {
		n.Attrs = append(n.Attrs, NodeOf(a))
	}
	return n
}

// String is the node as it stands in a file, without the last line ending.
func (n Node) String() string {
	return strings.TrimSuffix(string(appendNode(nil, "", 0, &n)), "\n")
}
