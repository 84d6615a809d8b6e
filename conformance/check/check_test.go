package check

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"respect/conformance/target"
	"respect/conformance/toy"
	"respect/conformance/transcript"
	"respect/conformance/verdict"
	"respect/fixtures"
)

// startToy starts a toy server that may do otherwise than usual.
func startToy(t *testing.T, answer func([]string) string) *toy.Server {
	t.Helper()
	s, err := toy.Start()
	if err != nil {
		t.Fatal(err)
	}
	s.Answer = answer
	t.Cleanup(func() { s.Close() })
	return s
}

func connect(t *testing.T, s *toy.Server, destructive bool) (*Servers, *Study) {
	t.Helper()
	named, err := target.Connect(t.Context(), target.Access{Addr: s.Addr(), Patience: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	servers := &Servers{Named: named, Destructive: destructive}
	study, err := servers.Study(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return servers, study
}

// play makes checks of cases that are written here, in RESP2.
func play(t *testing.T, servers *Servers, study *Study, text string) []verdict.Check {
	t.Helper()
	f, err := transcript.Parse("toy/toy.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var plan []*Check
	for i := range f.Cases {
		plan = append(plan, ofCase(f, &f.Cases[i], 2))
	}
	out, err := Run(t.Context(), servers, study, plan, 1, func(*verdict.Check) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const fourCases = `=== right
> SET k v
+"OK"
> GET k
$"v"

=== wrong
> SET k v
+"OK"
> GET k
$"w"

=== missing
> SET k v
+"OK"
> STRLEN k
:1
> GET k
$"w"

=== asked for to see what is said
> NOSUCH
-"ERR unknown command 'NOSUCH'"
`

func TestWrongIsNotMissing(t *testing.T) {
	servers, study := connect(t, startToy(t, nil), true)
	out := play(t, servers, study, fourCases)
	for i, want := range []verdict.Verdict{verdict.Passed, verdict.Wrong, verdict.Missing, verdict.Passed} {
		if out[i].Verdict != want {
			t.Errorf("%s: got %s (%s), want %s", out[i].ID, out[i].Verdict, out[i].Reason, want)
		}
	}
	if out[2].Reason != "STRLEN" || out[2].Command != "strlen" || out[1].Command != "get" {
		t.Errorf("blamed: %q, %q, %q", out[2].Reason, out[2].Command, out[1].Command)
	}
	if f := out[2].Failure; f == nil || f.Further != 0 {
		t.Errorf("a case goes on without the command that it needs: %+v", f)
	}
	f := out[1].Failure
	if f == nil || f.Step != "> GET k" || f.Want != `$"w"` || f.Got != `$"v"` || f.Caret == nil || f.Caret.WantColumn != 2 {
		t.Fatalf("failure: %+v", f)
	}
	if len(f.Before) != 1 || f.Before[0].Step != "> SET k v" || !slices.Equal(f.Before[0].Got, []string{`+"OK"`}) {
		t.Errorf("before: %+v", f.Before)
	}
	r := &verdict.Report{Checks: out}
	r.Finish()
	if want := (verdict.Score{Passed: 2, Wrong: 1, Missing: 1}); r.Score != want || r.Score.Total() != 4 || r.Score.Answered() != 3 {
		t.Errorf("score: %+v", r.Score)
	}
	for _, c := range r.Commands {
		want := map[string]verdict.Outcome{
			"set": {Passed: 1, Elsewhere: 2}, "get": {Passed: 1, Wrong: 1, Elsewhere: 1}, "strlen": {Missing: 1},
		}[c.Name]
		if c.RESP2 != want {
			t.Errorf("%s: got %+v, want %+v", c.Name, c.RESP2, want)
		}
	}
}

// TestWhichCommandIsMissing asks for what the server does not have in ways in which the last request is not
// the one that is answered.
func TestWhichCommandIsMissing(t *testing.T) {
	servers, study := connect(t, startToy(t, nil), true)
	out := play(t, servers, study, `=== in a pipeline
> PING
+"PONG"
c1>> "*2\r\n$6\r\nSTRLEN\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n"
c1: reads
:0
+"PONG"

=== a subcommand asked for on purpose
> CLIENT NOSUCH
-"ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP."

=== an error that says that something else is not supported
> BITFIELD k GET u64 0
-"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

=== a subcommand that no list tells
> DEBUG OBJECT k
-"ERR no such key"
`)
	for i, want := range []string{"STRLEN", "CLIENT", "BITFIELD", "DEBUG OBJECT"} {
		if out[i].Verdict != verdict.Missing || out[i].Reason != want {
			t.Errorf("%s: %s, %q", out[i].ID, out[i].Verdict, out[i].Reason)
		}
	}
}

func TestNothingOfOthersIsTouched(t *testing.T) {
	s := startToy(t, nil)
	servers, study := connect(t, s, false)
	out := play(t, servers, study, fourCases+"\n=== disturbs\n> FLUSHALL\n+\"OK\"\n")
	if last := out[len(out)-1]; last.Verdict != verdict.Skipped || !strings.Contains(last.Reason, "FLUSHALL") {
		t.Errorf("disturbs: %s, %s", last.Verdict, last.Reason)
	}
	for _, name := range []string{"FLUSHALL", "FLUSHDB", "SHUTDOWN"} {
		if slices.Contains(s.Seen(), name) {
			t.Errorf("%s was sent", name)
		}
	}
	if s.Has("k") {
		t.Error("a key of the checks is left behind")
	}
}

func TestKeysOfOthersStay(t *testing.T) {
	s := startToy(t, nil)
	s.Put("theirs", "1")
	named, err := target.Connect(t.Context(), target.Access{Addr: s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Servers{Named: named}).Study(t.Context()); err == nil || !strings.Contains(err.Error(), "holds 1 keys") {
		t.Errorf("a server with keys: %v", err)
	}

	// A key that somebody writes between the checks.
	s = startToy(t, nil)
	servers, study := connect(t, s, false)
	s.Put("theirs", "1")
	out := play(t, servers, study, fourCases+"\n=== shows all keys\n> SET k v\n+\"OK\"\n> KEYS *\n*1\n  $\"k\"\n")
	if out[0].Verdict != verdict.Passed {
		t.Errorf("a case with names of its own: %s, %s", out[0].Verdict, out[0].Reason)
	}
	if last := out[len(out)-1]; last.Verdict != verdict.Skipped || !strings.Contains(last.Reason, "somebody else") {
		t.Errorf("a case that shows all keys: %s, %s", last.Verdict, last.Reason)
	}
	if !s.Has("theirs") || s.Has(Prefix+"k") || s.Has("k") {
		t.Error("the key of somebody else was deleted, or ours was left")
	}
}

// TestKeysWithoutPatterns is for a server whose KEYS takes what is no star for a name.
func TestKeysWithoutPatterns(t *testing.T) {
	s := startToy(t, nil)
	s.Answer = func(words []string) string {
		if words[0] != "KEYS" || words[1] == "*" {
			return ""
		}
		return "*0\r\n"
	}
	servers, study := connect(t, s, false)
	s.Put("theirs", "1")
	play(t, servers, study, fourCases)
	if !s.Has("theirs") || s.Has(Prefix+"k") || s.Has(probeKey) {
		t.Errorf("theirs %v, ours %v, the probe %v", s.Has("theirs"), s.Has(Prefix+"k"), s.Has(probeKey))
	}
}

func TestServersThatCannotBeEmptied(t *testing.T) {
	s := startToy(t, func(words []string) string {
		if words[0] == "KEYS" || words[0] == "DEL" {
			return "-ERR unknown command\r\n"
		}
		return ""
	})
	named, err := target.Connect(t.Context(), target.Access{Addr: s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Servers{Named: named}).Study(t.Context()); err == nil || !strings.Contains(err.Error(), "-server") {
		t.Errorf("got %v", err)
	}
}

func TestServersThatHangUp(t *testing.T) {
	broken := false
	s := startToy(t, nil)
	s.Answer = func(words []string) string {
		if words[0] == "GET" && !broken {
			broken = true
			return "!!\r\n" // no RESP
		}
		return ""
	}
	servers, study := connect(t, s, true)
	out := play(t, servers, study, "=== a\n> SET k v\n+\"OK\"\n> GET k\n$\"v\"\n\n=== b\n> SET k v\n+\"OK\"\n> GET k\n$\"v\"\n")
	if out[0].Verdict != verdict.Wrong || out[1].Verdict != verdict.Passed {
		t.Errorf("got %s, %s (%s)", out[0].Verdict, out[1].Verdict, out[1].Reason)
	}
}

func TestSelection(t *testing.T) {
	count := func(s *Selection) int {
		t.Helper()
		plan, err := Plan(s)
		if err != nil {
			t.Fatal(err)
		}
		return len(plan)
	}
	all := count(&Selection{})
	if two, three := count(&Selection{Protocols: []int{2}}), count(&Selection{Protocols: []int{3}}); two == 0 || three == 0 || two+three != all {
		t.Errorf("%d checks in RESP2, %d in RESP3, %d in all", two, three, all)
	}
	if a, b := count(&Selection{Commands: []string{"lpos"}}), count(&Selection{Labels: "cmd:lpos"}); a != b || a == 0 {
		t.Errorf("%d by command, %d by label", a, b)
	}
	if a, b := count(&Selection{Commands: []string{"config"}}), count(&Selection{Commands: []string{"config|get"}}); a <= b || b == 0 {
		t.Errorf("%d for config, %d for config get", a, b)
	}
	if a, b := count(&Selection{Groups: []string{"list"}}), count(&Selection{Focus: regexp.MustCompile("^list/")}); a != b || a == 0 {
		t.Errorf("%d by group, %d by focus", a, b)
	}
	ids := map[string]bool{}
	plan, _ := Plan(&Selection{})
	for _, c := range plan {
		if ids[c.ID] {
			t.Errorf("%s twice", c.ID)
		}
		ids[c.ID] = true
	}
}

func TestProfiles(t *testing.T) {
	all, err := Profiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		plan, err := Plan(&Selection{Profile: p})
		if err != nil {
			t.Fatal(err)
		}
		used := map[string]bool{}
		for _, c := range plan {
			for _, name := range c.Commands {
				used[name] = true
			}
		}
		for name := range p.Commands {
			any, err := Plan(&Selection{Commands: []string{name}})
			if err != nil {
				t.Fatal(err)
			}
			if !used[name] && len(any) > 0 {
				t.Errorf("profile %s: no check uses %s", p.Name, name)
			}
		}
		if p.About == "" {
			t.Errorf("profile %s says nothing about itself", p.Name)
		}
	}
	few, err := ParseProfiles("=== few\nSET PX\nGET\n")
	if err != nil {
		t.Fatal(err)
	}
	f, err := transcript.Parse("toy/toy.txt", []byte("=== a\n> SET k v px 1\n+\"OK\"\n\n=== b\n> SET k v NX\n+\"OK\"\n\n=== c\n> SET k v\n+\"OK\"\n> LLEN k\n:1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false} {
		if got := few[0].Has(ofCase(f, &f.Cases[i], 2)); got != want {
			t.Errorf("case %d: got %v", i, got)
		}
	}
	for _, text := range []string{"GET\n", "=== a\nNOSUCH\n", "=== a\nSET NOSUCH\n", "=== a\nprotocols: 4\n", "=== a\nfoo: bar\n"} {
		if _, err := ParseProfiles(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestKnownFailures(t *testing.T) {
	k, err := ParseKnown("known", "# a list\nreason: later\na/*\nb/b.txt: x, RESP3\nc/c.txt: y\nreason: never\nd/*\n")
	if err != nil {
		t.Fatal(err)
	}
	check := func(id string, v verdict.Verdict) verdict.Check { return verdict.Check{ID: id, Verdict: v} }
	r := &verdict.Report{Checks: []verdict.Check{
		check("a/a.txt: x, RESP2", verdict.Wrong), check("b/b.txt: x, RESP2", verdict.Wrong), check("b/b.txt: x, RESP3", verdict.Missing),
		check("c/c.txt: y, RESP2", verdict.Passed),
	}}
	k.Mark(r)
	r.Finish()
	if got := r.Failures(); len(got) != 1 || got[0].ID != "b/b.txt: x, RESP2" || r.OK() {
		t.Errorf("unexpected failures: %v", got)
	}
	want := []string{"known:5: c/c.txt: y: passes now (later)", "known:7: d/*: no such check was made"}
	if !slices.Equal(r.Stale, want) {
		t.Errorf("stale: %q", r.Stale)
	}
	for _, text := range []string{"a/*\n", "reason:\na/*\n"} {
		if _, err := ParseKnown("known", text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

// TestRealServersPass makes a part of the checks on a real server, with data files and servers
// with parameters among them.
func TestRealServersPass(t *testing.T) {
	for _, kind := range []string{target.Redis, target.Valkey} {
		t.Run(kind, func(t *testing.T) {
			if _, err := target.Find(kind); err != nil {
				t.Skip(err)
			}
			template, err := target.ParseTemplate(kind)
			if err != nil {
				t.Fatal(err)
			}
			servers := &Servers{Template: template}
			study, err := servers.Study(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			plan, err := Plan(&Selection{Focus: regexp.MustCompile(`^(string/set|list/pop|server/debug-denied|rdb/redis-7.0.15/(s|z|h)|rdb/redis-2.8.24/e)`)})
			if err != nil {
				t.Fatal(err)
			}
			out, err := Run(t.Context(), servers, study, plan, 2, func(*verdict.Check) {})
			if err != nil {
				t.Fatal(err)
			}
			data := 0
			for _, c := range out {
				if c.Failed() {
					t.Errorf("%s", verdict.Block(&c, ""))
				}
				if c.Group == "rdb" && c.Verdict == verdict.Passed {
					data++
				}
			}
			if data < 10 {
				t.Errorf("only %d data files were loaded", data)
			}
		})
	}
}

func TestDataFilesThatAreNotServed(t *testing.T) {
	plan, err := Plan(&Selection{Focus: regexp.MustCompile("^rdb/redis-7.0.15/strings$")})
	if err != nil || len(plan) != 1 {
		t.Fatal(err, len(plan))
	}
	databases, _ := plan[0].Data.LoadedBy("redis-7.2.6")
	databases = map[int][]fixtures.Key{0: slices.DeleteFunc(databases[0], func(k fixtures.Key) bool { return k.Type != "string" || k.Expire.Set })}
	for _, c := range []struct {
		what, step string
		wrong      func(s *toy.Server, key, text string)
	}{
		{what: "as they are"},
		{"another value", "> GET ", func(s *toy.Server, key, text string) { s.Put(key, text+"x") }},
		{"a key more", "> KEYS *", func(s *toy.Server, _, _ string) { s.Put("more", "") }},
	} {
		s := startToy(t, nil)
		var key, text string
		for i := range databases[0] {
			key = string(databases[0][i].Key)
			if text, err = databases[0][i].Value.Text(); err != nil {
				t.Fatal(err)
			}
			s.Put(key, text)
		}
		if c.wrong != nil {
			c.wrong(s, key, text)
		}
		named, err := target.Connect(t.Context(), target.Access{Addr: s.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		f := compareData(t.Context(), named, databases, target.AssumedRelease, false)
		if (f == nil) != (c.wrong == nil) || f != nil && !strings.HasPrefix(f.Step, c.step) {
			t.Errorf("%s: %+v", c.what, f)
		}
	}
}

// TestMain lets the test program be a server that is started for each worker, and that ends
// when it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv("RESPECT_TOY") == "" {
		os.Exit(m.Run())
	}
	_, err := toy.Listen("127.0.0.1:"+os.Args[1], func(words []string) string {
		if words[0] == "END" {
			os.Exit(3)
		}
		return ""
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

func TestServersThatEndAreStartedAgain(t *testing.T) {
	t.Setenv("RESPECT_TOY", "1")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	template, err := target.ParseTemplate("'" + program + "' {port}")
	if err != nil {
		t.Fatal(err)
	}
	servers := &Servers{Template: template}
	study, err := servers.Study(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const good = "> SET k v\n+\"OK\"\n\n"
	out := play(t, servers, study, "=== a\n"+good+"=== b\n> END\n+\"OK\"\n\n=== c\n"+good+"=== d\n"+good)
	for i, want := range []verdict.Verdict{verdict.Passed, verdict.Wrong, verdict.Passed, verdict.Passed} {
		if out[i].Verdict != want {
			t.Errorf("%s: %s (%s), want %s", out[i].ID, out[i].Verdict, out[i].Reason, want)
		}
	}
}

func TestKeysOfOthersAreNotDeletedAtTheEnd(t *testing.T) {
	s := startToy(t, nil)
	servers, study := connect(t, s, false)
	f, err := transcript.Parse("toy/toy.txt", []byte("=== a\n> SET k v\n+\"OK\"\n> KEYS *\n*1\n  $\"k\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), servers, study, []*Check{ofCase(f, &f.Cases[0], 2)}, 1, func(*verdict.Check) { s.Put("theirs", "1") })
	if err != nil || s.Has("k") || !s.Has("theirs") {
		t.Errorf("error %v, ours left %v, theirs left %v", err, s.Has("k"), s.Has("theirs"))
	}
}
