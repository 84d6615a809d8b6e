package transcript

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// everything uses each element of the format at least once, in canonical form.
const everything = `# What this file is about.
recorded-from: redis 7.0.15, valkey 8.0.1
proto: 2 3
since: 6.0
labels: slow big

# About the case.
=== first
since: 7.0
flavour: redis
config: maxmemory-policy allkeys-lru
server: io-threads 2
requires: debug, command:LCS
# About the step.
> SET "a b" "\x00\"\\\n\r\t" "x"*100 k{1..10} <id>:<now+100> ""
+"OK"
c2> GET k
[resp2] $-1
[resp3] _
[redis >=7.2 <7.4 resp2] $"x"*200
[valkey] -"ERR x"
c2+> HELLO 3
%2
  $"a"
  *2
    ~1
      :1
    *-1
  $"b"
  |1
    +"k"
    +"v"
  *0
[resp3] |1
  +"k"
  #t
>2
  +"message"
  $"x"

c1>> "*1\r\n$4\r\nPI"
[>=7.2] c1: nothing
c1: blocked
effects
*1
  $"FLUSHALL"
[>=7.2] effects
c3: bare
c4: hello 2
c5: hello 3
c6: open
c1: reads
#t
,1.5
,inf
(123456789012345678901234567890
!"ERR y"
="txt:abc"
any $
any *
unordered *1
  :1
unordered 2 *4
  :1
  :2
  :3
  :4
approx 0.5 ,1.5
approx 10 :<now+100>
approx 10 $"100"
match $"id=<id> *\\*"
:<id2>
any
approx 5
unordered
c1: shutdown
c1: close
c2: closed
until > EXISTS k
:0

=== second
> PING
# The end.
`

func mustParse(t testing.TB, text string) *File {
	t.Helper()
	f, err := Parse("test.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var ignoreLines = cmp.Options{
	cmpopts.IgnoreFields(Directive{}, "Line"), cmpopts.IgnoreFields(Case{}, "Line"), cmpopts.IgnoreFields(Step{}, "Line"),
	cmpopts.EquateEmpty(),
	// Byte by byte comparison would take seconds for long payloads.
	cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal)),
}

// roundTrip demands that printing and parsing again changes nothing.
func roundTrip(t testing.TB, f *File) {
	t.Helper()
	text := Print(f)
	g, err := Parse(f.Name, text)
	if err != nil {
		t.Fatalf("%v in what was printed:\n%s", err, text)
	}
	if d := cmp.Diff(f, g, ignoreLines); d != "" {
		t.Fatalf("changed by printing:\n%s\n%s", d, text)
	}
	if d := cmp.Diff(string(text), string(Print(g))); d != "" {
		t.Fatalf("printed differently:\n%s", d)
	}
}

func TestPrintIsCanonical(t *testing.T) {
	f := mustParse(t, everything)
	roundTrip(t, f)
	if d := cmp.Diff(everything, string(Print(f))); d != "" {
		t.Errorf("canonical text changed:\n%s", d)
	}
}

func TestCorpusIsCanonical(t *testing.T) {
	corpus := os.DirFS("../../fixtures/transcripts")
	files, err := ReadAll(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(corpus, path.Clean(f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if f.Directives == nil {
			continue // a script that was not recorded yet
		}
		if d := cmp.Diff(string(text), string(Print(f))); d != "" {
			t.Errorf("%s is not as the recorder writes it:\n%s", f.Name, d)
		}
	}
}

func TestParseAcceptsWhatPeopleWrite(t *testing.T) {
	f := mustParse(t, "=== a\r\n>   SET  k   \"v\"  \r\n> EXPIREAT k <now+5s>\n> \"é\" a\"b c\"d\n> SADD k {user}\n")
	want := []string{"> SET k v", "> EXPIREAT k <now+5>", `> "\xc3\xa9" "ab cd"`, `> SADD k "{user}"`}
	for i, s := range f.Cases[0].Steps {
		if s.String() != want[i] {
			t.Errorf("step %d is %s, want %s", i, s.String(), want[i])
		}
	}
}

func TestParseTellsTheLine(t *testing.T) {
	for _, c := range []struct {
		text   string
		line   int
		reason string
	}{
		{"> PING", 1, "case expected"},
		{"=== a\n=== a", 2, "twice"},
		{"proto: 4", 1, "invalid value"},
		{"since: 7.02", 1, "invalid value"},
		{"=== a\nproto 2", 2, "cannot be understood"},
		{"=== a\n> PING\nproto: 2", 3, "directive"},
		{"=== a\n\n> \"x", 3, "not closed"},
		{"=== a\n> \"\\u1234\"", 2, "unknown escape"},
		{"=== a\n> <x", 2, "expression"},
		{"=== a\n> <X>", 2, "invalid name"},
		{"=== a\n> {5..1}", 2, "range"},
		{"=== a\n> \"xx\"*99999999", 2, "repetition"},
		{"=== a\n> \"\"*99999999999999999999", 2, "repetition"},
		{"=== a\n+> PING", 2, "follow a request"},
		{"=== a\nc1> PING\nc2+> PING", 3, "follow a request"},
		{"=== a\nc1: blocked\n:1", 3, "no reply"},
		{"=== a\nc1: asleep", 2, "unknown marker"},
		{"=== a\nuntil c1: reads", 2, "only a request"},
		{"=== a\n> PING\n[resp4] :1", 3, "unknown condition"},
		{"=== a\n> PING\n[resp2 resp2] :1", 3, "twice"},
		{"=== a\n> PING\n[resp2 :1", 3, "bracket"},
		{"=== a\n> PING\n*2\n  :1", 4, "children are missing"},
		{"=== a\n> PING\n*2\n  :1\n:2", 5, "child expected"},
		{"=== a\n> PING\n*1\n    :1", 4, "child expected"},
		{"=== a\n> PING\n*01", 3, "invalid count"},
		{"=== a\n> PING\n%-1", 3, "invalid count"},
		{"=== a\n> PING\n:01", 3, "no server can send"},
		{"=== a\n> PING\n+\"a\\r\"", 3, "no server can send"},
		{"=== a\n> PING\n$abc", 3, "quoted payload expected"},
		{"=== a\n> PING\n$\"a\" b", 3, "behind the payload"},
		{"=== a\n> PING\n#true", 3, "no server can send"},
		{"=== a\n> PING\n*1\n  >1\n    :1", 4, "push inside"},
		{"=== a\n> PING\nany :1", 3, "no content"},
		{"=== a\n> PING\nunordered :1", 3, "does not fit"},
		{"=== a\n> PING\nunordered 2 *1\n  :1", 3, "groups of 2"},
		{"=== a\n> PING\napprox -1 :1", 3, "tolerance"},
		{"=== a\n> PING\n|1\n  :1\n  :2", 5, "children are missing"},
		{"=== a\n> PING\n  :1", 3, "cannot be understood"},
	} {
		_, err := Parse("f.txt", []byte(c.text))
		var pe *ParseError
		if !errors.As(err, &pe) || pe.Line != c.line || !strings.Contains(pe.Reason, c.reason) {
			t.Errorf("%q: got %v, want line %d: …%s…", c.text, err, c.line, c.reason)
		}
	}
}

func TestParseBoundsDepth(t *testing.T) {
	var b strings.Builder
	b.WriteString("=== a\n> PING\n")
	for i := range 1000 {
		b.WriteString(strings.Repeat("  ", i) + "*1\n")
	}
	if _, err := Parse("f.txt", []byte(b.String())); err == nil || !strings.Contains(err.Error(), "too deeply") {
		t.Errorf("got %v", err)
	}
}

func FuzzTranscript(f *testing.F) {
	f.Add(everything)
	for _, part := range strings.SplitAfter(everything, "\n") {
		f.Add("=== a\n> PING\n" + part)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("f.txt", []byte(text))
		if err == nil {
			roundTrip(t, file)
		}
	})
}
