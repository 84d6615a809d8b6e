package duel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// notifyParameter is set by streams of several connections.
const notifyParameter = "notify-keyspace-events"

// Duel is two servers that are compared.
type Duel struct {
	sides    [2]*side
	compare  *comparer
	commands [2]map[string]bool
	defaults []target.Param // the limits that both servers have, as they are on the first
}

// Difference is a request that two servers answered differently.
type Difference struct {
	// Stream has the requests that lead to the difference; the last is the one that
	// was answered differently.
	Stream  stream.Stream
	Servers [2]target.Info
	Replies [2]resp.Value // without a type for a server that did not answer
	On      int           // the connection on which they came
	Problem string
	Failed  error // that one of the servers stopped answering
	Log     string
	Shrunk  bool
}

// Request is the request that was answered differently.
func (d *Difference) Request() []string { return d.Stream.Requests[len(d.Stream.Requests)-1].Words }

// Command is its name in lower case.
func (d *Difference) Command() string {
	words := d.Request()
	if len(words) == 0 {
		return "close"
	}
	name := strings.ToLower(words[0])
	if slices.Contains([]string{"object", "client", "xgroup"}, name) && len(words) > 1 {
		name += " " + strings.ToLower(words[1])
	}
	return name
}

// Key is the same for differences that have probably the same cause.
func (d *Difference) Key() string {
	if d.On != d.Stream.Requests[len(d.Stream.Requests)-1].On {
		return d.Command() + " elsewhere: " + kind(d.Problem, &d.Replies[0], &d.Replies[1])
	}
	return d.Command() + ": " + kind(d.Problem, &d.Replies[0], &d.Replies[1])
}

// New prepares a duel of two servers. It takes them over: Close ends those that
// can be started again.
func New(ctx context.Context, a, b Opponent) (*Duel, error) {
	d := &Duel{sides: [2]*side{{Opponent: a}, {Opponent: b}}, compare: newComparer(a.Info, b.Info)}
	for i, s := range d.sides {
		if err := s.enter(ctx); err != nil {
			return nil, err
		}
		if err := s.hurry(); err != nil {
			return nil, err
		}
		var err error
		if d.commands[i], err = s.commands(); err != nil {
			return nil, err
		}
	}
	return d, d.readDefaults()
}

// hurry makes a server of ours look for timeouts often, and at payloads closely: without that,
// damaged ones may end the reference later.
func (s *side) hurry() error {
	if !s.Owned {
		return nil
	}
	// What a server refuses does not matter.
	if _, err := s.call("CONFIG", "SET", "hz", "500"); err != nil {
		return err
	}
	_, err := s.call("CONFIG", "SET", "sanitize-dump-payload", "yes")
	return err
}

func (d *Duel) readDefaults() error {
	for _, name := range append(stream.Limits(), notifyParameter) {
		first, okA, errA := d.sides[0].parameter(name)
		_, okB, errB := d.sides[1].parameter(name)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if okA && okB {
			d.defaults = append(d.defaults, target.Param{Name: name, Value: first})
		}
	}
	return nil
}

// Close ends the servers that are ours.
func (d *Duel) Close() error {
	var err error
	for _, s := range d.sides {
		s.disconnect()
		if s.Restart != nil {
			err = errors.Join(err, s.Target.Close())
		}
	}
	return err
}

// Has reports whether both servers have the command.
func (d *Duel) Has(name string) bool { return d.commands[0][name] && d.commands[1][name] }

// Release is the older one of the two.
func (d *Duel) Release() target.Release {
	a, b := d.sides[0].Info.Release, d.sides[1].Info.Release
	if b.Less(a) {
		return b
	}
	return a
}

// Config are the names of the limits that both servers have.
func (d *Duel) Config() []string {
	var out []string
	for _, p := range d.defaults {
		out = append(out, p.Name)
	}
	return out
}

// Play empties both servers and plays a stream on them. It returns the first
// difference, or one in what the stream has left behind; nil if there is none.
func (d *Duel) Play(ctx context.Context, s stream.Stream) (*Difference, error) {
	diff, err := d.play(ctx, s)
	if diff == nil && err == nil && !d.compare.ended {
		diff, err = d.compareState(s)
	}
	return diff, err
}

// play is Play without the look at what is left behind.
func (d *Duel) play(ctx context.Context, s stream.Stream) (*Difference, error) {
	d.compare.ended, d.compare.chance = false, false
	s.Requests = d.compare.sent(s.Requests, s.Connections > 0)
	if s.Connections > 0 {
		return d.playSeveral(ctx, s)
	}
	s.Requests = comparable(s.Requests)
	if err := d.reset(ctx, s); err != nil {
		return nil, err
	}
	p := newPlan(s.Requests)
	n, failed := d.send(p)
	if failed != nil {
		return d.locate(ctx, s, failed)
	}
	if i, problem := d.first(p, n); problem != "" {
		return d.difference(s, p, i, problem), nil
	}
	return nil, nil
}

// reset empties both servers, and sets protocol and limits.
func (d *Duel) reset(ctx context.Context, s stream.Stream) error {
	requests := [][]string{{"HELLO", strconv.Itoa(s.Proto)}, {"SELECT", "0"}, {"FLUSHALL"}}
	for _, p := range append(d.defaults, s.Config...) {
		requests = append(requests, []string{"CONFIG", "SET", p.Name, p.Value})
	}
	var out []byte
	for _, r := range requests {
		out = append(out, resp.Request(r...)...)
	}
	return d.both(func(i int, s *side) error {
		if err := s.connect(ctx); err != nil {
			return err
		}
		replies, err := s.exchange(out, len(requests))
		for i := range replies {
			if isError(&replies[i]) {
				err = fmt.Errorf("%v refuses %q: %s", s.Info, requests[i], replies[i].Text)
			}
		}
		return err
	})
}

// both does something with both servers at the same time.
func (d *Duel) both(f func(i int, s *side) error) error {
	var errs [2]error
	var wait sync.WaitGroup
	for i, s := range d.sides {
		wait.Go(func() { errs[i] = f(i, s) })
	}
	wait.Wait()
	return errors.Join(errs[0], errs[1])
}

// send sends the plan and fills it in. It returns how many exchanges both servers
// completed.
func (d *Duel) send(p *plan) (complete int, failed error) {
	var done [2]int
	failed = d.both(func(i int, s *side) error {
		replies, err := s.exchange(p.bytes, p.requests)
		done[i] = p.fill(i, replies)
		return err
	})
	return min(done[0], done[1]), failed
}

// first finds the first difference in the first n exchanges, or as far as they
// are compared.
func (d *Duel) first(p *plan, n int) (int, string) {
	for i := range p.exchanges[:n] {
		if problem := d.compare.compare(&p.exchanges[i]); problem != "" {
			return i, problem
		}
		if d.compare.ended {
			break
		}
	}
	return n, ""
}

func (d *Duel) difference(s stream.Stream, p *plan, i int, problem string) *Difference {
	s.Requests = s.Requests[:i+1]
	return &Difference{
		Stream: s, Problem: problem, Replies: p.exchanges[i].replies,
		Servers: [2]target.Info{d.sides[0].Info, d.sides[1].Info},
	}
}

// locate finds the request at which a server stops answering, by sending one after
// the other.
func (d *Duel) locate(ctx context.Context, s stream.Stream, failed error) (*Difference, error) {
	log := d.logs()
	if err := d.revive(ctx); err != nil {
		return nil, errors.Join(failed, err)
	}
	if err := d.reset(ctx, s); err != nil {
		return nil, err
	}
	for i := range s.Requests {
		p := newPlan(s.Requests[i : i+1])
		n, err := d.send(p)
		if err != nil {
			log = d.logs()
			s.Requests = s.Requests[:i+1]
			return d.failure(ctx, s, err, log)
		}
		if _, problem := d.first(p, n); problem != "" {
			diff := d.difference(s, p, 0, problem)
			diff.Stream.Requests = s.Requests[:i+1]
			return diff, nil
		}
	}
	// Only together do the requests make it fail; which of them cannot be told.
	return d.failure(ctx, s, failed, log)
}

func (d *Duel) failure(ctx context.Context, s stream.Stream, failed error, log string) (*Difference, error) {
	diff := &Difference{
		Stream: s, Problem: "a server stopped answering", Failed: failed, Log: log,
		Servers: [2]target.Info{d.sides[0].Info, d.sides[1].Info},
	}
	return diff, d.revive(ctx)
}

func (d *Duel) revive(ctx context.Context) error {
	return d.both(func(_ int, s *side) error {
		if err := s.revive(ctx); err != nil {
			return err
		}
		return s.hurry()
	})
}

// logs are what the servers printed last, which tells why one has died.
func (d *Duel) logs() string {
	const most = 4000
	var out string
	for _, s := range d.sides {
		log := s.Log()
		if len(log) > most {
			log = log[len(log)-most:]
		}
		out += fmt.Sprintf("--- %v\n%s\n", s.Info, log)
	}
	return out
}
