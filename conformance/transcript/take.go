package transcript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/resp"
)

// firstWait is how long a recording waits for a reply before it asks the server
// whether one is to be expected.
const firstWait = 25 * time.Millisecond

// observed is what one step received, and the expectation made from it.
type observed struct {
	values []resp.Value
	nodes  []Node
	after  []event // what has no step of its own yet
}

// event is a step that the recorder must add.
type event struct {
	conn string
	kind Kind
	observed
}

// take is one run of a case for the recording.
type take struct {
	*session
	c        *Case
	env      Env
	steps    []*Step
	times    map[string]Expr // values of the expressions of time that the case uses
	seen     []*observed     // by index of the step in the case; nil if it was not played
	problems []Problem
}

// take plays the case once.
func (p *Player) take(ctx context.Context, f *File, c *Case, proto int) (*take, error) {
	if params := serverParams(f, c); params != nil {
		t, err := p.Own(ctx, params)
		if err != nil {
			return nil, err
		}
		own, err := NewPlayer(ctx, t)
		if err != nil {
			return nil, errors.Join(err, t.Close())
		}
		run, err := own.take(ctx, f.without(DirServer), c.without(DirServer), proto)
		return run, errors.Join(err, own.Close(), t.Close())
	}
	if err := p.prepare(ctx, f, c); err != nil {
		return nil, err
	}
	if why, err := p.missing(f, c, &Result{}); why != "" || err != nil {
		return nil, errors.Join(err, errors.New(why))
	}
	t := &take{session: newSession(ctx, p.t, p.control, proto), c: c, env: EnvOf(p.t.Info, proto), seen: make([]*observed, len(c.Steps))}
	if err := t.begin(c); err != nil {
		return nil, err
	}
	t.steps = playable(c, t.env)
	t.times = t.usedTimes()
	err := t.run()
	return t, errors.Join(err, p.reset(t.session, c))
}

// usedTimes are the values of the expressions of time in the requests, in both
// units. They are recognised in replies.
func (t *take) usedTimes() map[string]Expr {
	out := map[string]Expr{}
	for _, s := range t.steps {
		for _, w := range s.Words {
			for _, p := range w.Parts {
				if p.Expr != nil {
					t.addTime(out, *p.Expr)
				}
			}
		}
	}
	return out
}

func (t *take) addTime(out map[string]Expr, e Expr) {
	other := Expr{Name: "nowms", Offset: e.Offset * 1000}
	switch e.Name {
	case "nowms":
		// Servers round to the nearest second.
		other = Expr{Name: "now", Offset: (e.Offset + 500) / 1000}
	case "now":
	default:
		return
	}
	for _, e := range []Expr{other, e} {
		if v, _, err := t.scope.value(&e); err == nil {
			out[v] = e
		}
	}
}

// clockNoise is how close to the present a number looks like a time, in seconds.
const clockNoise = 1_000_000

// holdsTime reports whether a number in the expectation stands for an absolute
// time: two runs within a second would not show that it changes.
func (t *take) holdsTime(n *Node) bool {
	if n.Relax == Any || n.Relax == Match || n.Expr != nil {
		return false
	}
	now, errNow := strconv.ParseInt(t.scope.vars["now"], 10, 64)
	v, err := strconv.ParseInt(string(n.Text), 10, 64)
	if err == nil && errNow == nil {
		near := func(v, now, distance int64) bool { return v > now-distance && v < now+distance }
		return near(v, now, clockNoise) || near(v, now*1000, clockNoise*1000) || near(v, now*1_000_000, clockNoise*1_000_000)
	}
	return slices.ContainsFunc(n.Elems, func(e Node) bool { return t.holdsTime(&e) })
}

func (t *take) run() error {
	for i := 0; i < len(t.steps); {
		members := group(t.steps, i)
		last := i + len(members) - 1
		for _, s := range members {
			t.seen[t.index(s)] = &observed{}
		}
		if err := t.step(members, last); err != nil {
			return fmt.Errorf("line %d: %s: %w", members[0].Line, members[0], err)
		}
		if err := t.collect(last); err != nil {
			return fmt.Errorf("line %d: %s: %w", members[0].Line, members[0], err)
		}
		i = last + 1
	}
	return nil
}

func (t *take) index(s *Step) int {
	return slices.IndexFunc(t.c.Steps, func(x Step) bool { return x.Line == s.Line })
}

func (t *take) problem(s *Step, format string, args ...any) {
	t.problems = append(t.problems, Problem{Line: s.Line, Reason: fmt.Sprintf(format, args...)})
}

func (t *take) step(members []*Step, last int) error {
	s := members[0]
	if s.Kind == Effects {
		return t.observeEffects(s)
	}
	c, err := t.on(s)
	if err != nil {
		return err
	}
	switch s.Kind {
	case Send, Join:
		if s.Until {
			return t.repeat(c, s)
		}
		return t.send(c, members, last)
	case Raw:
		c.expectChange(s)
		return c.write(s.Bytes)
	case Reads:
		if c.await(c.wait) != readable {
			t.problem(s, "nothing came within %v", c.wait)
			return nil
		}
		return t.receiveAll(c, s)
	case Close:
		delete(t.conns, s.On())
		return c.Close()
	case HalfOpen:
		half, ok := c.Conn.(interface{ CloseWrite() error })
		if !ok {
			return errors.New("cannot be closed halfway")
		}
		return half.CloseWrite()
	}
	return t.marker(c, s)
}

func (t *take) marker(c *conn, s *Step) error {
	holds := true
	var err error
	switch s.Kind {
	case Blocked:
		holds, err = t.isBlocked(c)
	case Nothing:
		holds, err = t.isNothing(c)
	case Closed:
		if holds = c.await(c.wait) == ended; holds {
			delete(t.conns, s.On())
			err = c.Close()
		}
	}
	if !holds {
		t.problem(s, "does not hold on %v, RESP%d", t.t.Info, t.proto)
	}
	return err
}

// send writes the requests and reads one reply for each; whatever comes then
// belongs to the last, unless the author lets the next step read it.
func (t *take) send(c *conn, members []*Step, last int) error {
	var out []byte
	for _, s := range members {
		request, err := t.request(s)
		if err != nil {
			return err
		}
		c.expectChange(s)
		out = append(out, request...)
	}
	if err := c.write(out); err != nil {
		return err
	}
	if last+1 < len(t.steps) && t.steps[last+1].Kind == Reads && t.steps[last+1].On() == members[0].On() {
		return t.receiveExpected(c, members)
	}
	for _, s := range members {
		state, err := t.awaitReply(c)
		if err != nil {
			return err
		}
		if state == readable {
			v, err := c.read(c.wait)
			if err != nil {
				return err
			}
			t.observe(s, v)
		}
	}
	s := members[len(members)-1]
	if err := t.barrier(); err != nil {
		return err
	}
	if err := t.receiveAll(c, s); err != nil {
		return err
	}
	return t.explainSilence(c, members, last)
}

// receiveExpected reads as many replies as the file has for each request.
func (t *take) receiveExpected(c *conn, members []*Step) error {
	for _, s := range members {
		for range s.expected(t.env) {
			v, err := c.read(c.wait)
			if err != nil {
				return err
			}
			t.observe(s, v)
		}
	}
	return nil
}

// awaitReply waits until something arrives or the server, having done what it
// was sent, has nothing to say.
func (t *take) awaitReply(c *conn) (readiness, error) {
	if state := c.await(firstWait); state != quiet {
		return state, nil
	}
	// Two round trips: the first may be answered in the same turn of the
	// server's event loop as the request, and before it.
	if err := errors.Join(t.barrier(), t.barrier()); err != nil {
		return quiet, err
	}
	return c.state(), nil
}

// explainSilence adds a marker if a request got no reply and the file does not
// say why.
func (t *take) explainSilence(c *conn, members []*Step, last int) error {
	for _, s := range members {
		if len(t.seen[t.index(s)].values) > 0 {
			return nil
		}
	}
	if next := nextOn(t.steps, last, members[0].On()); next != nil && next.expects() {
		return nil
	}
	if c.state() == ended {
		return nil // collect adds the marker
	}
	list, err := t.ask("CLIENT", "LIST")
	if err != nil {
		return err
	}
	kind := Nothing
	if line := clientLine(list.Text, c); line != nil && hasBlockedFlag(line) {
		kind = Blocked
	}
	t.add(members[len(members)-1], event{conn: members[0].Conn, kind: kind})
	return nil
}

func (t *take) add(s *Step, e event) {
	if e.conn == "" {
		e.conn = DefaultConn
	}
	seen := t.seen[t.index(s)]
	seen.after = append(seen.after, e)
}

// receiveAll reads everything that is on the connection into the step.
func (t *take) receiveAll(c *conn, s *Step) error {
	values, err := c.drain()
	for _, v := range values {
		t.observe(s, v)
	}
	return err
}

func (t *take) observe(s *Step, v resp.Value) {
	seen := t.seen[t.index(s)]
	var old *Node
	if expected := s.expected(t.env); len(seen.values) < len(expected) {
		old = expected[len(seen.values)]
	}
	seen.values = append(seen.values, v)
	seen.nodes = append(seen.nodes, t.expectation(s, old, v))
}

func (t *take) repeat(c *conn, s *Step) error {
	want := s.expected(t.env)
	if len(want) != 1 || want[0].Type == 0 {
		t.problem(s, "the reply that is waited for must be written below the request")
		return nil
	}
	var v resp.Value
	ok, err := poll(t.ctx, c.wait, func() (bool, error) {
		request, err := t.request(s)
		if err != nil {
			return false, err
		}
		v, err = c.exchange(request, c.wait)
		return err == nil && t.scope.match(want[0], &v) == nil, err
	})
	if err != nil {
		return err
	}
	seen := t.seen[t.index(s)]
	seen.nodes, seen.values = []Node{*want[0]}, []resp.Value{v}
	if !ok {
		t.problem(s, "not within %v on %v; the last reply is %s", c.wait, t.t.Info, short(NodeOf(v).String()))
	}
	return nil
}

// collect takes what has arrived on any connection without a step that expects
// it, and adds such a step behind the one at index last.
func (t *take) collect(last int) error {
	if err := t.barrier(); err != nil {
		return err
	}
	for _, c := range t.order {
		if t.conns[c.name] != c {
			continue
		}
		next := nextOn(t.steps, last, c.name)
		if next != nil && (next.Kind == Reads || next.Kind == Closed || next.Kind == Close) {
			continue
		}
		if err := t.collectFrom(c, t.steps[last]); err != nil {
			return err
		}
	}
	return nil
}

func (t *take) collectFrom(c *conn, s *Step) error {
	values, err := c.drain()
	if len(values) > 0 {
		e := event{conn: c.name, kind: Reads}
		for _, v := range values {
			e.values = append(e.values, v)
			e.nodes = append(e.nodes, t.expectation(s, nil, v))
		}
		t.add(s, e)
	}
	if err == nil && c.state() == ended {
		t.add(s, event{conn: c.name, kind: Closed})
		delete(t.conns, c.name)
		err = c.Close()
	}
	return err
}

// expectation makes the node for a received value. What the author has written
// stays as long as the value satisfies it; from the rest the relaxations are
// kept.
func (t *take) expectation(s *Step, old *Node, v resp.Value) Node {
	n := t.graft(old, v)
	if d := t.scope.match(&n, &v); d != nil {
		t.problem(s, "%v does not satisfy the relaxation: %v", t.t.Info, d)
		return NodeOf(v)
	}
	if t.holdsTime(&n) {
		t.problem(s, "holds an absolute time, %s; write it as <now+…> or <nowms+…>, or relax it", n.short())
	}
	return n
}

func (t *take) graft(old *Node, v resp.Value) Node {
	if old != nil && old.Type != 0 && t.scope.clone().match(old, &v) == nil {
		return *old
	}
	n := NodeOf(v)
	if e, ok := t.times[string(v.Text)]; ok && (v.Type == resp.Integer || v.Type == resp.BulkString) {
		n.Expr, n.Text = &e, nil
	}
	if old == nil {
		t.graftElems(nil, &n, v)
		return n
	}
	switch {
	case old.Relax == Any && (old.Type == 0 || old.Type == v.Type):
		return Node{Relax: Any, Type: v.Type}
	case old.Relax == Match && old.Type == v.Type:
		return *old
	case old.Relax == Match && old.Type == resp.BulkString && v.Type == resp.Verbatim:
		// RESP3 sends the same text with its format in front.
		return Node{Relax: Match, Type: v.Type, Text: slices.Concat(v.Text[:4], old.Text)}
	case old.Relax == Approx && !resp.IsAggregate(v.Type) && v.Type != resp.Null && !v.IsNull:
		n.Relax, n.Tolerance = Approx, old.Tolerance
	case old.Relax == Unordered && resp.IsAggregate(v.Type) && !v.IsNull:
		n.Relax, n.Group = Unordered, old.Group
		n.sort()
		return n
	}
	t.graftElems(old, &n, v)
	return n
}

func (t *take) graftElems(old, n *Node, v resp.Value) {
	same := old != nil && old.Type == v.Type && len(old.Elems) == len(v.Elems)
	for i := range n.Elems {
		var child *Node
		if same {
			child = &old.Elems[i]
		}
		n.Elems[i] = t.graft(child, v.Elems[i])
	}
}

// sort gives unordered children an order that does not change from one
// recording to the next.
func (n *Node) sort() {
	size := n.groupSize()
	if len(n.Elems)%size != 0 {
		return
	}
	groups := slices.Collect(slices.Chunk(n.Elems, size))
	slices.SortStableFunc(groups, func(a, b []Node) int {
		return bytes.Compare([]byte(groupText(a)), []byte(groupText(b)))
	})
	n.Elems = slices.Concat(groups...)
}

func groupText(nodes []Node) string {
	var b strings.Builder
	for i := range nodes {
		b.WriteString(nodes[i].String())
	}
	return b.String()
}
