package conformance_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/fixtures"
)

var writeGaps = flag.Bool("coverage-write", false, "write the list of what the transcripts do not cover, in place of comparing with it")

// gapsFile lists what is known not to be covered.
var gapsFile = filepath.Join("..", "fixtures", "coverage-gaps.txt")

const gapsHead = `# What the transcripts do not show: command, kind of reply, protocols.
# Written by: go test ./conformance -run TestCoverage -coverage-write
# The test fails for a gap that is not listed, and for one that is listed and closed.
`

// The kinds of replies that every command should be seen to give.
const (
	kindValue     = "value"
	kindEmpty     = "empty"     // null, zero, or nothing in it
	kindWrongType = "wrongtype" // the key holds another type
	kindArity     = "arity"     // wrong number of arguments
	kindError     = "error"     // any other error: syntax, range
)

// gap is a kind of reply of a command in a protocol.
type gap struct {
	command, kind string
	proto         int
}

// TestCoverage is the gate: each command of our server must be seen in the
// transcripts with every kind of reply that it can give, in both protocols.
func TestCoverage(t *testing.T) {
	if *addrFlag != "" || *serverFlag != "" && *serverFlag != target.Respect {
		t.Skip("the gate concerns the commands of Respect")
	}
	rows := readRows(t)
	covered := readCovered(t, rows)
	var missing []gap
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		for _, kind := range rows[name].kinds() {
			for proto := 2; proto <= 3; proto++ {
				if g := (gap{name, kind, proto}); !covered[g] {
					missing = append(missing, g)
				}
			}
		}
	}
	text := printGaps(missing)
	t.Logf("%d commands, %d gaps:\n%s", len(rows), len(missing), text)
	if *writeGaps {
		if err := os.WriteFile(gapsFile, []byte(gapsHead+text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	compareGaps(t, text)
}

func compareGaps(t *testing.T, text string) {
	t.Helper()
	listed, err := os.ReadFile(gapsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(listed)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			known[line] = true
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !known[line] {
			t.Errorf("not covered by any transcript: %s", line)
		}
		delete(known, line)
	}
	for _, line := range slices.Sorted(maps.Keys(known)) {
		t.Errorf("covered by now, or not as the list says: %s (write the list anew with -coverage-write)", line)
	}
}

// printGaps writes a line for each command and kind.
func printGaps(gaps []gap) string {
	var b strings.Builder
	for i := 0; i < len(gaps); i++ {
		g := gaps[i]
		fmt.Fprintf(&b, "%s %s RESP%d", g.command, g.kind, g.proto)
		if i+1 < len(gaps) && gaps[i+1].command == g.command && gaps[i+1].kind == g.kind {
			fmt.Fprintf(&b, " RESP%d", gaps[i+1].proto)
			i++
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// row is what the reference tells about a command.
type row struct {
	Name        string        `json:"name"`
	Arity       int           `json:"arity"`
	Categories  []string      `json:"acl_categories"`
	KeySpecs    []keySpec     `json:"key_specs"`
	Subcommands []row         `json:"subcommands"`
	Docs        documentation `json:"docs"`
}

type keySpec struct {
	Flags []string `json:"flags"`
}

type documentation struct {
	Arguments   []argument               `json:"arguments"`
	Subcommands map[string]documentation `json:"subcommands"`
}

type argument struct {
	Type      string     `json:"type"`
	Token     string     `json:"token"`
	Arguments []argument `json:"arguments"`
}

// The release whose replies the transcripts show, and a later one of which our
// server has commands. The transcripts of those wait for a server to record them
// from; the gate leaves them out.
const (
	recordedReference = "redis-7.2.6"
	laterReference    = "redis-7.4.1"
)

// readRows reads the table of the reference as far as our server has it.
func readRows(t *testing.T) map[string]*row {
	t.Helper()
	offered := commandList(t)
	rows := readReference(t, recordedReference)
	maps.DeleteFunc(rows, func(name string, _ *row) bool { return !offered[name] })
	later := readReference(t, laterReference)
	for name := range offered {
		if rows[name] == nil && later[name] == nil {
			t.Errorf("the reference does not know %s", name)
		}
	}
	return rows
}

// readReference reads the table of a real server, subcommands by full name.
func readReference(t *testing.T, server string) map[string]*row {
	t.Helper()
	text, err := fs.ReadFile(fixtures.Reference(), server+"/commands.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*row{}
	for line := range bytes.Lines(text) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		for i := range r.Subcommands {
			sub := &r.Subcommands[i]
			sub.Docs = r.Docs.Subcommands[sub.Name]
			rows[sub.Name] = sub
		}
		rows[r.Name] = &r
	}
	return rows
}

// commandList asks our server for its commands.
func commandList(t *testing.T) map[string]bool {
	t.Helper()
	s, err := target.Start(t.Context(), target.Respect)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Kill()
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(resp.Request("COMMAND", "LIST")); err != nil {
		t.Fatal(err)
	}
	v, err := resp.NewDecoder(c).Decode()
	if err != nil || len(v.Elems) == 0 {
		t.Fatalf("COMMAND LIST: %v, %v", v, err)
	}
	out := map[string]bool{}
	for _, e := range v.Elems {
		out[string(e.Text)] = true
	}
	return out
}

// kinds are the kinds of replies that the command can give.
func (r *row) kinds() []string {
	var out []string
	container := len(r.Subcommands) > 0
	if !container || r.Arity == -1 {
		out = append(out, kindValue)
	}
	if r.canBeEmpty() {
		out = append(out, kindEmpty)
	}
	if r.readsOneType() {
		out = append(out, kindWrongType)
	}
	words := 1 + strings.Count(r.Name, "|")
	if r.Arity > 0 || -r.Arity > words {
		out = append(out, kindArity)
	}
	if container || slices.ContainsFunc(r.Docs.Arguments, argument.canBeWrong) {
		out = append(out, kindError)
	}
	return slices.DeleteFunc(out, func(kind string) bool { return slices.Contains(never[kind], r.Name) })
}

// canBeEmpty: what reads or takes from keys can find nothing. Without keys the
// reference does not tell.
func (r *row) canBeEmpty() bool {
	return len(r.KeySpecs) > 0 || slices.Contains(emptyWithoutKeys, r.Name)
}

// readsOneType: the command belongs to a type, and does not only overwrite.
func (r *row) readsOneType() bool {
	types := []string{"@string", "@list", "@set", "@sortedset", "@hash", "@stream", "@bitmap", "@hyperloglog", "@geo"}
	if !slices.ContainsFunc(r.Categories, func(c string) bool { return slices.Contains(types, c) }) {
		return false
	}
	return slices.ContainsFunc(r.KeySpecs, func(k keySpec) bool { return !slices.Contains(k.Flags, "OW") })
}

// canBeWrong: a number can be out of range, an option can be unknown.
func (a argument) canBeWrong() bool {
	switch a.Type {
	case "integer", "double", "unix-time", "oneof", "pure-token":
		return true
	}
	return a.Token != "" || slices.ContainsFunc(a.Arguments, argument.canBeWrong)
}

// readCovered collects the kinds of replies in the transcripts.
func readCovered(t *testing.T, rows map[string]*row) map[gap]bool {
	t.Helper()
	files, err := transcript.ReadAll(fixtures.Transcripts())
	if err != nil {
		t.Fatal(err)
	}
	covered := map[gap]bool{}
	for proto := 2; proto <= 3; proto++ {
		env := transcript.Env{Flavour: target.Redis, Release: target.Release{Major: 7, Minor: 2}, Proto: proto}
		for _, f := range files {
			for i := range f.Cases {
				if transcript.Applies(f, &f.Cases[i], env) == "" {
					coverCase(&f.Cases[i], env, rows, covered)
				}
			}
		}
	}
	return covered
}

// coverCase attributes each reply of the case to its command. A reply that comes
// later belongs to the oldest request on its connection that is not answered.
func coverCase(c *transcript.Case, env transcript.Env, rows map[string]*row, covered map[gap]bool) {
	waiting := map[string][]string{}
	for i := range c.Steps {
		s := &c.Steps[i]
		if !s.When.Holds(env) {
			continue
		}
		if name := transcript.CommandOf(s); name != "" {
			if container, _, ok := strings.Cut(name, "|"); ok && rows[name] == nil {
				name = container
			}
			waiting[s.On()] = append(waiting[s.On()], name)
		}
		for j := range s.Replies {
			queue := waiting[s.On()]
			if len(queue) == 0 || !s.Replies[j].When.Holds(env) {
				continue
			}
			covered[gap{queue[0], kindOf(&s.Replies[j].Node), env.Proto}] = true
			waiting[s.On()] = queue[1:]
		}
	}
}

// kindOf tells the kind of a recorded reply.
func kindOf(n *transcript.Node) string {
	switch {
	case n.Type == resp.Error && bytes.HasPrefix(n.Text, []byte("WRONGTYPE ")):
		return kindWrongType
	case n.Type == resp.Error && bytes.Contains(n.Text, []byte("wrong number of arguments")):
		return kindArity
	case n.Type == resp.Error:
		return kindError
	case n.Null || n.Type == resp.Null:
		return kindEmpty
	case n.Relax == transcript.Any || n.Relax == transcript.Approx || n.Expr != nil:
		return kindValue
	case holdsNothing(n):
		return kindEmpty
	}
	return kindValue
}

// holdsNothing reports whether the reply says that there is nothing: zero, or
// the -2 of TTL, no text, no elements, nulls only, or the end of a scan alone.
func holdsNothing(n *transcript.Node) bool {
	switch text := string(n.Text); {
	case n.Type == resp.Integer:
		return text == "0" || text == "-2"
	case n.Type == resp.Verbatim:
		return text == "txt:"
	case !resp.IsAggregate(n.Type):
		return text == ""
	case len(n.Elems) == 2 && string(n.Elems[0].Text) == "0" && resp.IsAggregate(n.Elems[1].Type):
		return len(n.Elems[1].Elems) == 0
	}
	return !slices.ContainsFunc(n.Elems, func(e transcript.Node) bool { return !e.Null && e.Type != resp.Null })
}
