package transcript

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"respect/conformance/target"
)

// Recorder fills the replies of real servers into files. Every case is played
// twice on each server in each protocol; what differs between two runs on the
// same server must be relaxed by the author.
type Recorder struct {
	players []*Player
}

// NewRecorder returns a recorder that asks the servers, in the order in which
// their replies shall be written. A server that is not Redis or Valkey itself
// is refused: expectations are never recorded from the server under test.
func NewRecorder(ctx context.Context, servers ...*target.Target) (*Recorder, error) {
	r := &Recorder{}
	for _, t := range servers {
		if t.Info.Flavour != target.Redis && t.Info.Flavour != target.Valkey || !t.Owned {
			return nil, errors.Join(fmt.Errorf("%v is not a source of recordings", t.Info), r.Close())
		}
		p, err := NewPlayer(ctx, t)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		p.Own = func(ctx context.Context, params []target.Param) (*target.Target, error) {
			return t.Another(ctx, params...)
		}
		r.players = append(r.players, p)
	}
	return r, nil
}

// Close closes the connections of the recorder.
func (r *Recorder) Close() error {
	var errs error
	for _, p := range r.players {
		errs = errors.Join(errs, p.Close())
	}
	return errs
}

// Problem is something that only the author of a file can solve.
type Problem struct {
	File   string
	Line   int    // in the file as it was given to the recorder
	Case   string // empty if it is about the whole file
	Reason string
}

func (p Problem) String() string {
	if p.Case == "" {
		return fmt.Sprintf("%s: %s", p.File, p.Reason)
	}
	return fmt.Sprintf("%s:%d: case %q: %s", p.File, p.Line, p.Case, p.Reason)
}

// Record returns a copy of the file with the replies of the servers. The file
// itself is not changed.
func (r *Recorder) Record(ctx context.Context, f *File) (*File, []Problem, error) {
	out := *f
	out.Cases = slices.Clone(f.Cases)
	var problems []Problem
	if missing := r.missing(f); len(missing) > 0 {
		return &out, []Problem{{File: f.Name, Reason: fmt.Sprintf("what %s answered would be lost: record from it, too", strings.Join(missing, " and "))}}, nil
	}
	recorded := false
	for i := range out.Cases {
		c, found, err := r.recordCase(ctx, f, &f.Cases[i])
		if err != nil {
			return nil, nil, fmt.Errorf("%s: case %q: %w", f.Name, f.Cases[i].Name, err)
		}
		recorded = recorded || c != &f.Cases[i]
		out.Cases[i] = *c
		problems = append(problems, found...)
	}
	if recorded {
		out.setSource(r.source())
	}
	return &out, problems, nil
}

// missing lists the servers from which the file was recorded, and of which there is
// none of the same flavour and release now.
func (r *Recorder) missing(f *File) []string {
	var out []string
	for _, name := range strings.Split(f.source(), ", ") {
		flavour, version, _ := strings.Cut(name, " ")
		release, err := target.ParseRelease(version)
		same := func(p *Player) bool {
			own, err := target.ParseRelease(p.t.Info.Version)
			return err == nil && p.t.Info.Flavour == flavour && own == release
		}
		if err == nil && !slices.ContainsFunc(r.players, same) {
			out = append(out, name)
		}
	}
	return out
}

func (r *Recorder) source() string {
	var names []string
	for _, p := range r.players {
		names = append(names, p.t.Info.String())
	}
	return strings.Join(names, ", ")
}

// source returns what the directive says that tells where the replies are from.
func (f *File) source() string {
	for i := range f.Directives {
		if f.Directives[i].Name == DirRecorded {
			return f.Directives[i].Value
		}
	}
	return ""
}

// setSource writes the directive that tells where the replies are from.
func (f *File) setSource(source string) {
	f.Directives = slices.Clone(f.Directives)
	for i := range f.Directives {
		if f.Directives[i].Name == DirRecorded {
			f.Directives[i].Value = source
			return
		}
	}
	d := Directive{Name: DirRecorded, Value: source}
	if len(f.Directives) == 0 && len(f.Cases) > 0 {
		// What stands at the top up to an empty line describes the file, the
		// rest the first case.
		lead := f.Cases[0].Lead
		if i := slices.Index(lead, ""); i >= 0 {
			d.Lead, lead = lead[:i], lead[i:]
		} else {
			lead = append([]string{""}, lead...)
		}
		f.Cases[0].Lead = lead
	}
	f.Directives = append(f.Directives, d)
}

// takes are the two runs of a case on one server in one protocol.
type takes struct {
	env  Env
	runs [2]*take
}

func (r *Recorder) recordCase(ctx context.Context, f *File, c *Case) (*Case, []Problem, error) {
	var all []*takes
	for _, p := range r.players {
		for proto := 2; proto <= 3; proto++ {
			env := EnvOf(p.t.Info, proto)
			if Applies(f, c, env) != "" {
				continue
			}
			t := &takes{env: env}
			for i := range t.runs {
				run, err := p.take(ctx, f, c, proto)
				if err != nil {
					return nil, nil, fmt.Errorf("%v, RESP%d: %w", p.t.Info, proto, err)
				}
				t.runs[i] = run
			}
			all = append(all, t)
		}
	}
	problems := &problemList{file: f, c: c}
	if len(all) == 0 {
		if !r.waits(f, c) {
			problems.add(c.Line, "none of the servers can play it")
		}
		return c, problems.list, nil
	}
	for _, t := range all {
		t.compare(c, problems)
	}
	return merge(c, all), problems.list, nil
}

// waits tells whether the case is for a release that none of the servers is of yet.
// It stays as it is then: requests that wait for a server to be recorded from.
func (r *Recorder) waits(f *File, c *Case) bool {
	return !slices.ContainsFunc(r.players, func(p *Player) bool { return !TooOld(f, c, p.t.Info.Release) })
}

// problemList collects the problems of a case, each once.
type problemList struct {
	file *File
	c    *Case
	list []Problem
}

func (l *problemList) add(line int, reason string) {
	p := Problem{File: l.file.Name, Line: line, Case: l.c.Name, Reason: reason}
	if !slices.Contains(l.list, p) {
		l.list = append(l.list, p)
	}
}

// compare finds what the two runs do not agree on.
func (t *takes) compare(c *Case, problems *problemList) {
	for _, run := range t.runs {
		for _, p := range run.problems {
			problems.add(p.Line, p.Reason)
		}
	}
	a, b := t.runs[0], t.runs[1]
	for i := range c.Steps {
		line := c.Steps[i].Line
		x, y := a.seen[i], b.seen[i]
		if x == nil || y == nil {
			continue
		}
		if d := disagree(x, y, &b.scope); d != "" {
			problems.add(line, "differs between two runs: "+d+"; relax it (any, approx, unordered, match) or capture it in a variable")
		}
		if len(x.after) != len(y.after) {
			problems.add(line, "what other connections receive differs between two runs; write the steps that expect it")
		}
		for j := range min(len(x.after), len(y.after)) {
			if d := disagree(&x.after[j].observed, &y.after[j].observed, &b.scope); d != "" {
				problems.add(line, fmt.Sprintf("what %s receives differs between two runs: %s", x.after[j].conn, d))
			}
		}
	}
}

// disagree tells what the second run saw that the expectation made from the
// first does not allow.
func disagree(x, y *observed, sc *scope) string {
	if len(x.nodes) != len(y.nodes) {
		return fmt.Sprintf("%d replies or %d", len(x.nodes), len(y.nodes))
	}
	for i := range x.nodes {
		if d := sc.clone().match(&x.nodes[i], &y.values[i]); d != nil {
			return d.String()
		}
	}
	return ""
}
