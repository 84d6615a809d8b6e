package verdict

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"respect/conformance/transcript"
)

// sample is a report with every verdict in it.
func sample(name string) *Report {
	r := &Report{
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 1.5, Selected: "everything",
		Server: Server{Name: name, Version: "1.0", Flavour: "other", Release: "7.2", Capabilities: map[string]bool{"resp3": true, "scripting": false}},
		Checks: []Check{
			{ID: "string/get.txt: right, RESP2", File: "string/get.txt", Case: "right", Line: 3, Group: "string", Protocol: 2, Commands: []string{"set", "get"}, Verdict: Passed, Seconds: .01},
			{ID: "string/get.txt: right, RESP3", File: "string/get.txt", Case: "right", Line: 3, Group: "string", Protocol: 3, Commands: []string{"set", "get"}, Verdict: Wrong, Reason: "reply: want _, got $-1", Command: "get",
				Failure: &Failure{Line: 5, Step: "> GET <k>", Want: "*2\n  $\"a\"\n  _", Got: "*2\n  $\"a\"\n  $-1", Bytes: `"*2\r\n"`, Caret: &Caret{2, 2, 2, 2}, Further: 1,
					Before: []transcript.Exchange{{Step: "> SET k v", Got: []string{`+"OK"`}}}}},
			{ID: "list/lpos.txt: a </script> | name, RESP2", File: "list/lpos.txt", Case: "a </script> | name", Line: 8, Group: "list", Protocol: 2, Commands: []string{"lpos", "rpush"}, Verdict: Missing, Reason: "LPOS", Command: "lpos",
				Failure: &Failure{Line: 9, Step: "> LPOS l a", Want: ":0", Got: `-"ERR unknown command"`}},
			{ID: "list/lpos.txt: a </script> | name, RESP3", File: "list/lpos.txt", Case: "a </script> | name", Line: 8, Group: "list", Protocol: 3, Commands: []string{"lpos", "rpush"}, Verdict: Missing, Reason: "LPOS", Command: "lpos", Known: "comes later"},
			{ID: "hash/hget.txt: since 9, RESP2", File: "hash/hget.txt", Case: "since 9", Line: 2, Group: "hash", Protocol: 2, Commands: []string{"hget"}, Verdict: Skipped, Reason: "since release 9.0"},
			{ID: "rdb/redis-7.0.15/lists", File: "redis-7.0.15/lists.rdb", Case: "lists", Group: "rdb", Protocol: 2, Commands: []string{}, Verdict: Passed, Seconds: .1},
		},
		Stale: []string{"known:3: set/*: passes now (later)"},
	}
	r.Finish()
	return r
}

func TestBlame(t *testing.T) {
	r := &Report{Checks: []Check{
		{ID: "a", Commands: []string{"get", "set"}, Protocol: 2, Verdict: Missing, Command: "config|set"},
		{ID: "b", Commands: []string{"get", "set"}, Protocol: 3, Verdict: Missing, Reason: "RESP3"},
		{ID: "c", Commands: []string{"get", "set"}, Protocol: 2, Verdict: Wrong, Command: "set"},
	}}
	r.Finish()
	want := []Command{
		{Name: "get", RESP2: Outcome{Elsewhere: 2}, RESP3: Outcome{Missing: 1}},
		{Name: "set", RESP2: Outcome{Elsewhere: 1, Wrong: 1}, RESP3: Outcome{Missing: 1}},
	}
	if !slices.Equal(r.Commands, want) {
		t.Errorf("got %+v", r.Commands)
	}
}

func TestScore(t *testing.T) {
	r := sample("toy")
	if want := (Score{Passed: 2, Wrong: 1, Missing: 2, Skipped: 1, Known: 1}); r.Score != want {
		t.Errorf("got %+v", r.Score)
	}
	if r.OK() || len(r.Failures()) != 2 {
		t.Errorf("%d failures", len(r.Failures()))
	}
	for _, c := range []struct {
		n, of int
		want  string
	}{{0, 0, "none"}, {9999, 10000, "99.9 %"}, {3, 3, "100 %"}, {1, 3, "33.3 %"}} {
		if got := Percent(c.n, c.of); got != c.want {
			t.Errorf("%d of %d: %s", c.n, c.of, got)
		}
	}
}

func TestJSONIsAsDescribed(t *testing.T) {
	text, err := JSON(sample("toy"))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	doc.(map[string]any)["extra"] = 1
	if schema.Validate(doc) == nil {
		t.Error("the description allows members that it does not name")
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || back.Score != sample("toy").Score {
		t.Errorf("read back: %+v, %v", back.Score, err)
	}
}

func TestJUnit(t *testing.T) {
	text, err := JUnit(sample("toy"))
	if err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 6 || got.Failures != 2 || got.Skipped != 2 || len(got.Suites) != 4 {
		t.Errorf("got %d tests, %d failures, %d skipped, %d suites", got.Tests, got.Failures, got.Skipped, len(got.Suites))
	}
	if f := got.Suites[0].Cases[1].Failure; f == nil || f.Type != "wrong" || !strings.Contains(f.Text, "^") || !strings.Contains(f.Text, "> GET <k>") {
		t.Errorf("failure: %+v", f)
	}
}

func TestMarkdown(t *testing.T) {
	text, err := Markdown(sample("toy"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 passed, 1 wrong, 2 not implemented; 1 skipped", "| list | 0 of 2 | 0 | 2 |", "<summary>string/get.txt: right, RESP3</summary>", "### Not implemented\n\nLPOS", "passes now"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if got := fence("a\n```\nb"); !strings.HasPrefix(got, "````\n") {
		t.Errorf("fence: %s", got)
	}
	both := string(Comparison([]*Report{sample("a"), sample("b")}))
	if !strings.Contains(both, "| a 1.0 | other, 7.2 | 2 of 5 (40.0 %) | 1 | 2 | 1 |") || !strings.Contains(both, "| hash | – | – |\n") || !strings.Contains(both, "| list | 0 of 2 | 0 of 2 |\n") {
		t.Errorf("side by side:\n%s", both)
	}
}

func TestBadge(t *testing.T) {
	text, err := Badge(sample("toy"))
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(string(text), "40.0 % of 5") {
		t.Errorf("%s", text)
	}
	text, _ = Shield(sample("toy"))
	if want := `{"color":"red","label":"redis conformance","message":"40.0 % of 5","schemaVersion":1}` + "\n"; string(text) != want {
		t.Errorf("%s", text)
	}
}

func TestBlock(t *testing.T) {
	r := sample("toy")
	want := `✗ string/get.txt: right, RESP3  (string/get.txt:5)
  wrong: reply: want _, got $-1
  before    > SET k v
              +"OK"
  request   > GET <k>
  expected  *2
              $"a"
              _
              ^
  got       *2
              $"a"
              $-1
              ^
  and 1 more in this case
  again     respect-check -only x
`
	if got := Block(&r.Checks[1], "respect-check -only x"); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestLongRepliesAreCutAroundTheCaret(t *testing.T) {
	var lines []string
	for i := range 1000 {
		lines = append(lines, fmt.Sprintf("  :%d", i))
	}
	text := part("got", strings.Join(lines, "\n"), 500, 2)
	if n := strings.Count(text, "\n"); n > 40 || !strings.Contains(text, ":500\n") || !strings.Contains(text, "488 lines") || !strings.Contains(text, "… 488 more lines") {
		t.Errorf("%d lines\n%s", n, text)
	}
}

func TestConsole(t *testing.T) {
	var out bytes.Buffer
	r := sample("toy")
	c := NewConsole(&out, len(r.Checks), true, func(*Check) string { return "again" })
	for i := range r.Checks {
		c.Observe(&r.Checks[i])
	}
	c.Summary(r)
	for _, want := range []string{"\r\x1b[K[", "/6  ", "✗ string/get.txt", "      2  passed, of 5 that were made (40.0 %)", "      2  not implemented: LPOS", "unexpected pass: known:3"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%q", want, out.String())
		}
	}
	if strings.Contains(out.String(), "∅") {
		t.Error("what is not implemented is not shown one by one")
	}
}

func TestPageHoldsAllItNeeds(t *testing.T) {
	text, err := HTML(sample("toy"), sample("other"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "</script>"); n != 2 {
		t.Errorf("%d ends of scripts: a name of a case ended one", n)
	}
	for _, bad := range []string{"http://", "https://", "src=", "@import"} {
		if strings.Contains(string(text), bad) {
			t.Errorf("the page refers to something else: %s", bad)
		}
	}
	if file := os.Getenv("RESPECT_PAGE"); file != "" {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
