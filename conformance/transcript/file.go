package transcript

import "fmt"

// File is one transcript. Lead fields hold the comments and empty lines in
// front of an element, as they are written.
type File struct {
	Name       string // for messages; not part of the text
	Directives []Directive
	Cases      []Case
	Tail       []string
}

// Directive is a line "name: value" at the head of a file or of a case.
type Directive struct {
	Lead  []string
	Name  string
	Value string
	Line  int // 1 is the first; not part of the text
}

// The names of the directives.
const (
	DirRecorded = "recorded-from" // servers, written by the recorder
	DirProto    = "proto"         // protocols in which to play: "2", "3" or "2 3"
	DirSince    = "since"         // first release that can play it
	DirFlavour  = "flavour"       // the only kind of server that can play it
	DirConfig   = "config"        // parameter set by CONFIG SET before the case
	DirServer   = "server"        // parameter given to a server of its own at its start
	DirRequires = "requires"      // what the server must offer
	DirLabels   = "labels"        // labels of the specs
)

var directiveNames = []string{DirRecorded, DirProto, DirSince, DirFlavour, DirConfig, DirServer, DirRequires, DirLabels}

// Case is a conversation that starts on an empty server.
type Case struct {
	Lead       []string
	Name       string
	Directives []Directive
	Steps      []Step
	Line       int
}

// Kind says what a step does.
type Kind int

// The kinds of steps.
const (
	Send     Kind = iota // c1> words: a request, and its replies
	Join                 // c1+> words: a request in the same write as the one before
	Raw                  // c1>> "bytes": bytes sent as they are
	Reads                // c1: reads: replies that come without being asked for now
	Blocked              // c1: blocked: the connection waits for its reply
	Nothing              // c1: nothing: the connection has nothing to read
	Closed               // c1: closed: the server has closed the connection
	Close                // c1: close: the client closes the connection
	HalfOpen             // c1: shutdown: the client closes its sending side
	Effects              // effects: what the server has told to those who keep a copy of its data
	Open                 // c1: open: the connection is opened as usual
	Bare                 // c1: bare: opened, and nothing is said on it
	Hello2               // c1: hello 2: opened with HELLO 2, whatever is played
	Hello3               // c1: hello 3: opened with HELLO 3
)

var markers = map[Kind]string{
	Reads: "reads", Blocked: "blocked", Nothing: "nothing", Closed: "closed", Close: "close", HalfOpen: "shutdown",
	Open: "open", Bare: "bare", Hello2: "hello 2", Hello3: "hello 3",
}

// Step is one line of a case with the replies below it.
type Step struct {
	Lead    []string
	When    Cond
	Until   bool   // repeat until the replies are as expected
	Conn    string // empty if the line names none
	Kind    Kind
	Words   []Word // of Send and Join
	Bytes   []byte // of Raw
	Replies []Reply
	Line    int
}

// DefaultConn is the connection of steps that name none.
const DefaultConn = "c1"

// On is the name of the step's connection; empty for effects, which are on none.
func (s *Step) On() string {
	if s.Kind == Effects {
		return ""
	}
	if s.Conn == "" {
		return DefaultConn
	}
	return s.Conn
}

// sends reports whether the step writes a request.
func (s *Step) sends() bool { return s.Kind == Send || s.Kind == Join }

// receives reports whether replies can stand below the step.
func (s *Step) receives() bool { return s.sends() || s.Kind == Reads || s.Kind == Effects }

// expects reports whether the step says what is to be found on its connection.
func (s *Step) expects() bool {
	switch s.Kind {
	case Reads, Blocked, Nothing, Closed:
		return true
	}
	return false
}

// opens reports whether the step opens its connection explicitly.
func (s *Step) opens() bool { return s.Kind >= Open }

// Reply is an expected reply and the servers and protocols it is expected from.
type Reply struct {
	When Cond
	Node Node
}

// Relax names how far a reply may differ from what is written.
type Relax int

// The relaxations.
const (
	Exact     Relax = iota
	Any             // any value of this type
	Unordered       // the children, or groups of them, in any order
	Approx          // a number within the tolerance
	Match           // a text that matches the pattern
)

// Node is an expected value: a tree as it stands in the file.
type Node struct {
	Relax     Relax
	Group     int    // of Unordered: children that stay together, at least 1
	Tolerance string // of Approx: a decimal number
	// Type is the type byte, or 0 in a script that was not yet recorded.
	Type byte
	Null bool // $-1 and *-1
	// Text is the payload of a scalar, or the pattern of Match.
	Text  []byte
	Expr  *Expr // in place of Text
	Elems []Node
	Attrs []Node
}

// Relaxations counts the relaxations within n.
func (n *Node) Relaxations() int {
	count := 0
	if n.Relax != Exact {
		count++
	}
	for i := range n.Elems {
		count += n.Elems[i].Relaxations()
	}
	for i := range n.Attrs {
		count += n.Attrs[i].Relaxations()
	}
	return count
}

// values returns the values of the directive of the case, or of the file if
// the case does not have it.
func values(f *File, c *Case, name string) []Directive {
	for _, list := range [][]Directive{c.Directives, f.Directives} {
		var out []Directive
		for _, d := range list {
			if d.Name == name {
				out = append(out, d)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// Labels are the words of the labels directives of the file and of the case.
func Labels(f *File, c *Case) []string {
	var out []string
	for _, list := range [][]Directive{f.Directives, c.Directives} {
		for _, d := range list {
			if d.Name == DirLabels {
				out = append(out, fields(d.Value)...)
			}
		}
	}
	return out
}

// ParseError tells what is wrong with a line of a file.
type ParseError struct {
	File   string
	Line   int
	Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
}
