package duel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"respect/conformance/differ/stream"
	"respect/conformance/faults"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// redis starts a server that behaves, or skips the test.
func redis(t *testing.T) Opponent {
	t.Helper()
	return opponent(t, target.Redis)
}

func opponent(t *testing.T, flavour string) Opponent {
	t.Helper()
	start := func(ctx context.Context) (*target.Target, error) {
		return target.Start(ctx, flavour, target.Param{Name: "hz", Value: "500"}, Socket) // a proxy hides that the server is ours
	}
	s, err := start(t.Context())
	if errors.Is(err, target.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Opponent{Target: s, Restart: start}
}

// against returns a duel of two servers.
func against(t *testing.T, a, b Opponent) *Duel {
	t.Helper()
	d, err := New(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// faulty is a server of which one behaviour is broken.
func faulty(t *testing.T, hooks faults.Hooks) Opponent {
	t.Helper()
	s := redis(t)
	t.Cleanup(func() {
		if err := s.Target.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := faults.Start(s.Addr, hooks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	through, err := target.Connect(t.Context(), target.Access{Addr: p.Addr})
	if err != nil {
		t.Fatal(err)
	}
	return Opponent{Target: through}
}

// options are a run over some groups that is long enough to find a fault.
func options(t *testing.T, d *Duel, groups ...string) Options {
	t.Helper()
	all, err := stream.Commands(d.Release())
	if err != nil {
		t.Fatal(err)
	}
	commands := stream.Select(all, d.Has, groups)
	return Options{Generator: stream.New(stream.Options{Seed: 1, Commands: commands, Config: d.Config()}), Requests: 100_000}
}

// amongSeveral are options of streams with several connections.
func amongSeveral(t *testing.T, d *Duel) Options {
	t.Helper()
	all, err := stream.Commands(d.Release())
	if err != nil {
		t.Fatal(err)
	}
	commands := stream.Select(all, d.Has, nil)
	return Options{Generator: stream.New(stream.Options{Seed: 1, Commands: commands, Config: d.Config(), Several: 1}), Requests: 10_000}
}

// found are faults of conformance/faults that the tester must find, with the
// commands of which one shows it, and the groups to look in.
var found = []struct {
	fault   string
	group   string
	command []string
}{
	{"INCR off by one", "string", []string{"incr"}},
	{"WRONGTYPE missing", "", []string{"incr"}},
	{"MSETNX in part", "string", []string{"msetnx"}},
	{"expiry dropped", "", []string{"set", "ttl", "pttl", "expiretime", "pexpiretime", "persist", "expire", "pexpire", "expireat", "pexpireat"}},
	{"encoding", "", []string{"object encoding"}},
	{"LRANGE off by one", "list", []string{"lrange"}},
	{"LINSERT on the wrong side", "list", nil},
	{"PERSIST without effect", "", nil},
	{"RENAME copies", "", nil},
	{"DEL counts requests", "generic", []string{"del"}},
}

// TestFaultsAreFoundAndShrunk runs a server against one that has a fault.
func TestFaultsAreFoundAndShrunk(t *testing.T) {
	all := faults.All()
	for _, want := range found {
		t.Run(want.fault, func(t *testing.T) {
			i := slices.IndexFunc(all, func(f faults.Fault) bool { return f.Name == want.fault })
			if i < 0 {
				t.Fatal("there is no such fault")
			}
			d := against(t, redis(t), faulty(t, all[i].New()))
			groups := []string{want.group}
			if want.group == "" {
				groups = []string{"string", "list", "generic"}
			}
			r, err := d.Run(t.Context(), options(t, d, groups...))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Differences) != 1 {
				t.Fatalf("not found in %d requests", r.Requests)
			}
			diff := r.Differences[0]
			text := diff.Transcript("-seed 1")
			if !diff.Shrunk || len(diff.Stream.Requests) > 5 {
				t.Errorf("%d requests are left:\n%s", len(diff.Stream.Requests), text)
			}
			if want.command != nil && !slices.Contains(want.command, diff.Command()) {
				t.Errorf("found by %s:\n%s", diff.Command(), text)
			}
			t.Log(text)
		})
	}
}

func TestAServerIsLikeItself(t *testing.T) {
	requireNoDifference(t, against(t, redis(t), redis(t)))
}

// TestReleasesAreTolerated requires that the tolerances are enough, and that they
// are counted.
func TestReleasesAreTolerated(t *testing.T) {
	used := requireNoDifference(t, against(t, redis(t), opponent(t, target.Valkey)))
	for _, tol := range tolerances {
		if tol.skips != nil && used[tol.name] == 0 {
			t.Errorf("%q was never needed", tol.name)
		}
	}
	if len(used.Lines()) < 10 {
		t.Errorf("only %q were needed", used.Lines())
	}
}

func requireNoDifference(t *testing.T, d *Duel) Usage {
	t.Helper()
	o := options(t, d)
	o.Requests = 40_000
	r, err := d.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, diff := range r.Differences {
		t.Error(diff.Transcript("-seed 1"))
	}
	if r.Requests < o.Requests {
		t.Errorf("only %d requests", r.Requests)
	}
	return r.Usage
}

// TestShrinkKeepsToTheDifference has two: the one that was found must be left.
func TestShrinkKeepsToTheDifference(t *testing.T) {
	d := against(t, redis(t), faulty(t, faults.Hooks{Reply: func(_ *faults.Link, words []string, v resp.Value) []byte {
		if words[0] == "STRLEN" || words[0] == "ECHO" && words[1] == "x" {
			v = resp.Value{Type: resp.Integer, Text: []byte("7")}
		}
		return v.Append(nil)
	}}))
	diff, err := d.Play(t.Context(), stream.Stream{Proto: 2, Requests: stream.Requests([]string{"ECHO", "abc"}, []string{"ECHO", "x"}, []string{"STRLEN", "k"})})
	if err != nil || diff == nil || diff.Command() != "echo" {
		t.Fatalf("%+v, %v", diff, err)
	}
	diff.Stream.Requests = stream.Requests([]string{"STRLEN", "k"}, []string{"ECHO", "x"})
	if again, err := d.Shrink(t.Context(), diff); err != nil || again.Shrunk {
		t.Errorf("%v:\n%s", err, again.Transcript(""))
	}
}

// TestADeadServerIsADifference ends the servers by a request of the stream, and
// goes on with new ones.
func TestADeadServerIsADifference(t *testing.T) {
	d := against(t, redis(t), redis(t))
	s := stream.Stream{Proto: 3, Requests: stream.Requests([]string{"SET", "k", "v"}, []string{"GET", "k"}, []string{"SHUTDOWN", "NOSAVE"}, []string{"GET", "k"})}
	diff, err := d.Play(t.Context(), s)
	if err != nil || diff == nil || diff.Failed == nil || diff.Command() != "shutdown" {
		t.Fatalf("%+v, %v", diff, err)
	}
	if diff, err = d.Shrink(t.Context(), diff); err != nil {
		t.Fatal(err)
	}
	if len(diff.Stream.Requests) != 1 || !strings.Contains(diff.Transcript(""), "> SHUTDOWN\n") {
		t.Errorf("shrunk to\n%s", diff.Transcript(""))
	}
	s.Requests = s.Requests[:2]
	if diff, err := d.Play(t.Context(), s); err != nil || diff != nil {
		t.Errorf("afterwards: %+v, %v", diff, err)
	}
}

// TestWhatIsLeftBehindIsCompared lets one server store something else and say
// nothing of it.
func TestWhatIsLeftBehindIsCompared(t *testing.T) {
	d := against(t, redis(t), faulty(t, faults.Hooks{Request: func(_ *faults.Link, words []string) []string {
		if words[0] == "SET" {
			return append(slices.Clone(words[:2]), "other")
		}
		return words
	}}))
	for _, s := range [][][]string{
		{{"SELECT", "1"}, {"SET", "k", "v"}, {"SELECT", "0"}},
		{{"SET", "k", "other"}, {"SELECT", "1"}, {"SET", "k2", "v"}},
	} {
		diff, err := d.Play(t.Context(), stream.Stream{Proto: 2, Requests: stream.Requests(s...)})
		if err != nil || diff == nil || diff.Command() != "get" {
			t.Fatalf("%q: %+v, %v", s, diff, err)
		}
		if diff, err = d.Shrink(t.Context(), diff); err != nil || !diff.Shrunk || len(diff.Stream.Requests) != 2 {
			t.Errorf("%v:\n%s", err, diff.Transcript(""))
		}
	}
}
