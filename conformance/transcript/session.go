package transcript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

const (
	endWait     = 2 * time.Second        // for the end of a server that has closed its sockets
	pausedWait  = 100 * time.Millisecond // for the control connection, which may be paused as well
	settleWait  = 10 * time.Millisecond  // for what is under way, where no state tells
	hiddenWait  = 500 * time.Millisecond // for a client to wait whom the server knows by another address
	pollPause   = 100 * time.Microsecond // between two questions to the server
	maxRepeated = 1 << 20                // replies drained from one connection
)

// session keeps the connections of one case and the control connection, which
// asks the server what it is doing and which no case sees.
type session struct {
	ctx     context.Context
	t       *target.Target
	control *conn
	proto   int
	conns   map[string]*conn
	order   []*conn // in the order of their opening
	scope   scope
	gone    bool // the server has ended
	untold  []string
	waiting map[*conn]bool // those that were found to wait within a command
	// patience is how long the control connection waits where it may be paused as well.
	patience time.Duration

	toldBytes int // of what the server has told, that was looked at
}

func newSession(ctx context.Context, t *target.Target, control *conn, proto int) *session {
	return &session{ctx: ctx, t: t, control: control, proto: proto, conns: map[string]*conn{}, scope: scope{map[string]string{}},
		waiting: map[*conn]bool{}, patience: pausedWait}
}

func (p *Player) newSession(ctx context.Context, proto int) *session {
	s := newSession(ctx, p.t, p.control, proto)
	s.untold = p.manners.Untold
	return s
}

// begin reads the clock, and leaves out what was told before the case.
func (s *session) begin(c *Case) error {
	if !c.pauses() {
		s.patience = s.control.wait
	}
	if err := s.readClock(); err != nil || !c.looksAtEffects() {
		return err
	}
	return s.skipEffects()
}

// pauses tells whether a step has clients wait, and with them the control connection.
func (c *Case) pauses() bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Words, func(w Word) bool { return strings.EqualFold(w.String(), "PAUSE") }) ||
			bytes.Contains(bytes.ToUpper(s.Bytes), []byte("PAUSE"))
	})
}

// readClock gives "now" and "nowms" their values, once for the whole case. Both
// stand for the same full second, so that what a server converts from one unit
// to the other is known exactly.
func (s *session) readClock() error {
	v, err := s.ask("TIME")
	if err != nil {
		return err
	}
	now := time.Now()
	if len(v.Elems) == 2 {
		sec, ok := v.Elems[0].Int()
		usec, ok2 := v.Elems[1].Int()
		if ok && ok2 {
			now = time.Unix(sec, usec*1000)
		}
	}
	s.scope.vars["now"] = strconv.FormatInt(now.Unix(), 10)
	s.scope.vars["nowms"] = strconv.FormatInt(now.Unix()*1000, 10)
	return nil
}

// ask sends a request on the control connection. A server of the case's own that has
// ended, as SHUTDOWN has it do, has nothing more to do and no clients: its answer is
// empty.
func (s *session) ask(words ...string) (resp.Value, error) {
	if slices.Contains(s.untold, words[0]) {
		return resp.Value{}, nil
	}
	v, err := s.control.exchange(resp.Request(words...), s.control.wait)
	if err != nil && s.t.Ended(endWait) {
		s.gone = true
		return resp.Value{}, nil
	}
	return v, err
}

// barrier returns once the server has done everything that it was sent before.
func (s *session) barrier() error {
	_, err := s.ask("PING")
	return err
}

// on returns the connection of the step, opened if need be.
func (s *session) on(step *Step) (*conn, error) {
	name := step.On()
	if c := s.conns[name]; c != nil {
		if step.opens() {
			return nil, fmt.Errorf("%s is open already", name)
		}
		return c, nil
	}
	proto := 0
	if s.proto == 3 && step.Kind != Hello2 || step.Kind == Hello3 {
		proto = 3
	} else if step.Kind == Hello2 {
		proto = 2
	}
	c, err := dial(s.ctx, s.t, name, proto, step.Kind == Bare)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	s.conns[name] = c
	s.order = append(s.order, c)
	s.scope.vars[name+".addr"] = c.LocalAddr().String()
	s.scope.vars[name+".laddr"] = c.RemoteAddr().String()
	return c, nil
}

// ErrKeepsConnections is what Play returns for a server that does not notice that
// the clients of a case have left.
var ErrKeepsConnections = errors.New("the server keeps connections that were closed")

// closeAll closes the connections of the case and waits until the server has
// noticed it, so that none of them can take anything from the next case.
func (s *session) closeAll() error {
	for _, c := range s.conns {
		// The server may have closed it before.
		_ = c.Close()
	}
	return s.awaitGone()
}

func (s *session) awaitGone() error {
	deadline := time.Now().Add(s.control.wait)
	for {
		list, err := s.ask("CLIENT", "LIST")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(s.order, func(c *conn) bool { return clientLine(list.Text, c) != nil }) {
			return nil
		}
		if time.Now().After(deadline) {
			return ErrKeepsConnections
		}
		time.Sleep(pollPause)
	}
}

// clientLine finds the line of the connection in the reply of CLIENT LIST; it
// is nil if there is a proxy in between. The proxy's own connection to the server may
// have the port of the client's connection to the proxy: both ends have to be those.
func clientLine(list []byte, c net.Conn) []byte {
	want := []byte(" addr=" + c.LocalAddr().String() + " laddr=" + c.RemoteAddr().String() + " ")
	for line := range bytes.Lines(list) {
		if bytes.Contains(line, want) {
			return line
		}
	}
	return nil
}

// request expands the words of the step.
func (s *session) request(step *Step) ([]byte, error) {
	args, err := s.scope.words(step.Words)
	if err != nil {
		return nil, err
	}
	return resp.AppendRequest(nil, args...), nil
}

// expectChange lets replies of both protocols pass where the conversation may
// switch from one to the other.
func (c *conn) expectChange(step *Step) {
	if step.Kind == Raw || len(step.Words) > 0 && len(step.Words[0].Parts) == 1 {
		word := string(step.Bytes)
		if step.Kind != Raw {
			word = string(step.Words[0].Parts[0].Lit)
		}
		if strings.Contains(strings.ToUpper(word), "HELLO") {
			c.dec.SetProtocol(3)
		}
	}
}

// isBlocked waits until the server says that the client waits for something,
// or until something arrives.
func (s *session) isBlocked(c *conn) (bool, error) {
	deadline := time.Now().Add(c.wait)
	s.waiting[c] = true
	for {
		if c.state() != quiet {
			return false, nil
		}
		if slices.Contains(s.untold, "CLIENT") {
			return c.await(settleWait) == quiet, nil
		}
		list, err := s.control.exchange(resp.Request("CLIENT", "LIST"), s.patience)
		if err != nil {
			return s.isQuietWithoutControl(c)
		}
		line := clientLine(list.Text, c)
		if line == nil {
			return s.isBlockedSomewhere(c)
		}
		if hasBlockedFlag(line) {
			return c.state() == quiet, nil
		}
		if time.Now().After(deadline) {
			return false, nil
		}
		time.Sleep(pollPause)
	}
}

// isBlockedSomewhere is for a client that the server knows by another address, because something
// stands between them: as many clients must wait as the case has waiting.
func (s *session) isBlockedSomewhere(c *conn) (bool, error) {
	want := 0
	for w := range s.waiting {
		if w.state() == quiet {
			want++
		}
	}
	_, err := poll(s.ctx, hiddenWait, func() (bool, error) {
		list, err := s.control.exchange(resp.Request("CLIENT", "LIST"), s.patience)
		n := 0
		for line := range bytes.Lines(list.Text) {
			if hasBlockedFlag(line) {
				n++
			}
		}
		return n >= want || c.state() != quiet, err
	})
	if err != nil {
		return s.isQuietWithoutControl(c)
	}
	return c.await(settleWait) == quiet, nil
}

// isQuietWithoutControl serves CLIENT PAUSE ALL, which stops the control
// connection, too: it is replaced, because its reply will come late.
func (s *session) isQuietWithoutControl(c *conn) (bool, error) {
	control, err := dialControl(s.ctx, s.t)
	if err != nil {
		return false, err
	}
	old := s.control.Conn
	*s.control = *control
	return c.state() == quiet, old.Close()
}

func dialControl(ctx context.Context, t *target.Target) (*conn, error) {
	// A paused server would let even AUTH and SELECT wait; that is bounded.
	return dial(ctx, t, "control", 0, false)
}

func hasBlockedFlag(line []byte) bool {
	_, rest, ok := bytes.Cut(line, []byte(" flags="))
	flags, _, _ := bytes.Cut(rest, []byte(" "))
	return ok && bytes.IndexByte(flags, 'b') >= 0
}

// isNothing reports whether the connection has nothing to read after the
// server has done what it was sent. The server may serve connections by several
// threads, hence the short wait.
func (s *session) isNothing(c *conn) (bool, error) {
	if c.state() != quiet {
		return false, nil
	}
	err := s.barrier()
	return c.await(settleWait) == quiet, err
}

// drain reads the replies that are there.
func (c *conn) drain() ([]resp.Value, error) {
	var out []resp.Value
	for c.state() == readable && len(out) < maxRepeated {
		v, err := c.read(c.wait)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

// nextOn returns the next step on the connection, behind the step at index.
func nextOn(steps []*Step, index int, name string) *Step {
	for _, s := range steps[index+1:] {
		if s.On() == name {
			return s
		}
	}
	return nil
}

// playable are the steps of the case whose condition holds.
func playable(c *Case, e Env) []*Step {
	var out []*Step
	for i := range c.Steps {
		if c.Steps[i].When.Holds(e) {
			out = append(out, &c.Steps[i])
		}
	}
	return out
}

// group is the step at index and those that are joined to it.
func group(steps []*Step, index int) []*Step {
	end := index + 1
	for end < len(steps) && steps[end].Kind == Join {
		end++
	}
	return steps[index:end]
}

// expected are the replies of the step in the environment.
func (s *Step) expected(e Env) []*Node {
	var out []*Node
	for i := range s.Replies {
		if s.Replies[i].When.Holds(e) {
			out = append(out, &s.Replies[i].Node)
		}
	}
	return out
}
