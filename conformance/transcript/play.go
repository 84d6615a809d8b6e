package transcript

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// errStop ends a case whose connections can no longer be trusted.
var errStop = errors.New("the case cannot go on")

// play is one case being played.
type play struct {
	*session
	file   *File
	c      *Case
	env    Env
	steps  []*Step
	result *Result
}

func (p *play) run() {
	p.steps = playable(p.c, p.env)
	for i := 0; i < len(p.steps); {
		members := group(p.steps, i)
		last := i + len(members) - 1
		if p.step(members, last) != nil || p.checkUnread(last) != nil {
			return
		}
		i = last + 1
		p.result.Steps += len(members)
	}
	if err := p.barrier(); err != nil {
		if len(p.steps) > 0 {
			_ = p.stop(p.steps[len(p.steps)-1], "the server does not answer after the case: "+err.Error())
		}
		return
	}
	_ = p.checkUnread(len(p.steps) - 1)
}

// step plays a step, or a request with those joined to it; last is the index of
// the last of them.
func (p *play) step(members []*Step, last int) error {
	first := members[0]
	for _, s := range members {
		p.does(s)
	}
	if first.Kind == Effects {
		return p.demandEffects(first)
	}
	c, err := p.on(first)
	if err != nil {
		return p.notOpened(first, err)
	}
	if first.Kind != Blocked && first.Kind != Nothing {
		delete(p.waiting, c)
	}
	switch first.Kind {
	case Send, Join:
		if first.Until {
			return p.repeat(c, first)
		}
		return p.send(c, members, last)
	case Raw:
		c.expectChange(first)
		return p.orStop(first, c.write(first.Bytes))
	case Reads:
		return p.receive(c, first)
	case Close:
		delete(p.conns, first.On())
		return p.orStop(first, c.Close())
	case HalfOpen:
		half, ok := c.Conn.(interface{ CloseWrite() error })
		if !ok {
			return p.stop(first, "this kind of connection cannot be closed halfway")
		}
		return p.orStop(first, half.CloseWrite())
	}
	return p.marker(c, first)
}

func (p *play) marker(c *conn, s *Step) error {
	switch s.Kind {
	case Blocked:
		return p.demandState(c, s, "the connection is not blocked", p.isBlocked)
	case Nothing:
		return p.demandState(c, s, "there is something to read", p.isNothing)
	case Closed:
		if state := c.await(c.wait); state != ended {
			return p.failWithRest(c, s, "the server has not closed the connection")
		}
		_ = c.Close()
		delete(p.conns, s.On())
	}
	return nil
}

func (p *play) demandState(c *conn, s *Step, otherwise string, holds func(*conn) (bool, error)) error {
	ok, err := holds(c)
	if err != nil {
		return p.stop(s, err.Error())
	}
	if !ok {
		return p.failWithRest(c, s, otherwise)
	}
	return nil
}

// send writes the requests at once and compares their replies in turn.
func (p *play) send(c *conn, members []*Step, last int) error {
	var out []byte
	replies := 0
	for _, s := range members {
		request, err := p.request(s)
		if err != nil {
			return p.stop(s, err.Error())
		}
		c.expectChange(s)
		out = append(out, request...)
		replies += len(s.expected(p.env))
	}
	if next := nextOn(p.steps, last, members[0].On()); replies == 0 && (next == nil || !next.expects()) {
		return p.stop(members[0], "not recorded for this server and protocol")
	}
	if err := c.write(out); err != nil {
		return p.stop(members[0], err.Error())
	}
	for _, s := range members {
		if err := p.receive(c, s); err != nil {
			return err
		}
	}
	return nil
}

// receive reads the replies of the step and compares them.
func (p *play) receive(c *conn, s *Step) error {
	if s.Kind == Reads && len(s.Replies) == 0 {
		return p.stop(s, "not recorded")
	}
	for _, n := range s.expected(p.env) {
		v, err := c.read(c.wait)
		if err != nil {
			p.report(s, c.broken(err), Mismatch{Want: n.String(), GotBytes: c.dec.Rest()})
			return errStop
		}
		p.saw(s, v)
		p.result.Relaxed += n.Relaxations()
		if d := p.scope.match(n, &v); d != nil {
			m := mismatched(n, v, d)
			p.report(s, d.String(), m)
			if m.Unknown {
				return errStop // what follows waits for what the command would have done
			}
		}
	}
	return nil
}

// repeat sends the request until its replies are as expected.
func (p *play) repeat(c *conn, s *Step) error {
	want := s.expected(p.env)
	if len(want) != 1 {
		return p.stop(s, "a repeated request needs exactly one expected reply")
	}
	var got resp.Value
	var diff *Diff
	_, err := poll(p.ctx, c.wait, func() (bool, error) {
		request, err := p.request(s)
		if err != nil {
			return false, err
		}
		if got, err = c.exchange(request, c.wait); err != nil {
			return false, err
		}
		diff = p.scope.match(want[0], &got)
		return diff == nil || unknown(want[0], &got), nil
	})
	if err != nil {
		return p.stop(s, c.broken(err))
	}
	p.saw(s, got)
	p.result.Relaxed += want[0].Relaxations()
	if diff != nil {
		p.report(s, fmt.Sprintf("not within %v: %v", c.wait, diff), mismatched(want[0], got, diff))
	}
	return nil
}

// unknown tells whether the server says that it does not have the command, which it should have. It does not
// have it either where only a subcommand should be unknown.
func unknown(want *Node, got *resp.Value) bool {
	if !target.IsUnknownCommand(got) {
		return false
	}
	switch {
	case bytes.Contains(want.Text, []byte("unknown subcommand")):
		return !bytes.Contains(bytes.ToLower(got.Text), []byte("subcommand"))
	case bytes.Contains(want.Text, []byte("unknown command")):
		return false
	}
	return true
}

func mismatched(want *Node, got resp.Value, d *Diff) Mismatch {
	return Mismatch{Want: want.String(), Got: NodeOf(got).String(), GotBytes: got.Append(nil), Diff: d, Unknown: unknown(want, &got)}
}

// checkUnread demands that no connection holds bytes that the following steps
// do not expect. It looks only: bytes that are under way are found by the next
// step or by the end of the case.
func (p *play) checkUnread(last int) error {
	for name, c := range p.conns {
		state := c.state()
		if state == quiet {
			continue
		}
		next := nextOn(p.steps, last, name)
		if next != nil && (next.expects() || next.Kind == Close) {
			continue
		}
		if last < 0 {
			return errStop
		}
		reason := name + " has unread bytes"
		if state == ended {
			reason = "the server closed " + name
		}
		return p.failWithRest(c, p.steps[last], reason)
	}
	return nil
}

// failWithRest reports what is on the connection, and ends the case.
func (p *play) failWithRest(c *conn, s *Step, reason string) error {
	got, err := c.drain()
	m := Mismatch{Want: s.String(), GotBytes: []byte{}}
	if s.sends() {
		m.Want = ""
	}
	for _, v := range got {
		m.Unknown = m.Unknown || target.IsUnknownCommand(&v)
		m.Got += NodeOf(v).String() + "\n"
		m.GotBytes = v.Append(m.GotBytes)
	}
	if err != nil {
		reason += ": " + c.broken(err)
	}
	m.GotBytes = append(m.GotBytes, c.dec.Rest()...)
	p.report(s, reason, m)
	return errStop
}

func (p *play) report(s *Step, reason string, m Mismatch) {
	m.File, m.Case, m.Proto = p.file.Name, p.c.Name, p.env.Proto
	m.Line, m.Step, m.Reason = s.Line, s.String(), reason
	p.blame(&m, s)
	m.Want, m.Got = strings.TrimSuffix(m.Want, "\n"), strings.TrimSuffix(m.Got, "\n")
	p.result.Mismatches = append(p.result.Mismatches, m)
}

// notOpened ends a case that needs a connection which the server does not let be opened.
func (p *play) notOpened(s *Step, err error) error {
	m := Mismatch{}
	var refused *Refused
	if errors.As(err, &refused) {
		m.Got, m.Unknown = NodeOf(refused.Reply).String(), target.IsUnknownCommand(&refused.Reply)
		if m.Unknown {
			m.Command = "hello"
		}
	}
	p.report(s, err.Error(), m)
	return errStop
}

func (p *play) stop(s *Step, reason string) error {
	p.report(s, reason, Mismatch{})
	return errStop
}

func (p *play) orStop(s *Step, err error) error {
	if err != nil {
		return p.stop(s, err.Error())
	}
	return nil
}
