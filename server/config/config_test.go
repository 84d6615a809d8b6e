package config

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inTempDir returns a configuration that starts in a directory of its own.
func inTempDir(t *testing.T) *Config {
	t.Helper()
	c := New()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.Dir = dir
	return c
}

// TestDefaults holds the table against what a fresh server of the release that
// we claim answers to CONFIG GET *.
func TestDefaults(t *testing.T) {
	f, err := os.Open("../../fixtures/reference/redis-7.2.6/config-defaults.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := New()
	var want []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, quoted, given := strings.Cut(lines.Text(), " ")
		want = append(want, name)
		p := c.Lookup(name)
		if p == nil {
			t.Errorf("%s: not in the table", name)
			continue
		}
		// Parameters of the place that the reference ran in have no value there.
		if value, err := strconv.Unquote(quoted); given && (err != nil || p.Value() != value) {
			t.Errorf("%s: default %q, want %s", name, p.Value(), quoted)
		}
	}
	var got []string
	for _, pair := range c.Get("*") {
		got = append(got, pair.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// differs names parameters that answer otherwise than in the recorded release.
func differs(names []string) bool {
	return slices.Contains(names, "repl-backlog-size") // the smallest backlog is enforced elsewhere
}

// since72 adds to what 7.0 says what 7.2 has more.
var since72 = strings.NewReplacer("verbose, notice, warning", "verbose, notice, warning, nothing")

// samples72 is what 7.2 allows for maxmemory-samples, of which 7.0 takes any number.
func samples72(tc *setCase) {
	if tc.Pairs[0] != "maxmemory-samples" {
		return
	}
	tc.Reply = strings.Replace(tc.Reply, "2147483647", "64", 1)
	if n, err := strconv.Atoi(tc.Pairs[1]); err == nil && n > 64 && tc.Reply == "OK" {
		tc.Reply = "ERR CONFIG SET failed (possibly related to argument 'maxmemory-samples') - argument must be between 1 and 64 inclusive"
		tc.Values = nil
	}
}

func TestSetAsRecorded(t *testing.T) {
	c := inTempDir(t)
	c.EnableProtectedConfigs = "yes"
	for _, tc := range readCases[setCase](t, "set.jsonl") {
		samples72(&tc)
		reply := "OK"
		if err := c.Set(pairsOf(tc.Pairs), Request{}); err != nil {
			reply = err.Error()
		}
		if reply != since72.Replace(tc.Reply) {
			t.Errorf("CONFIG SET %q\n got %s\nwant %s", tc.Pairs, reply, tc.Reply)
		}
		for i, want := range tc.Values {
			name := tc.Pairs[2*i]
			if got := c.Get(name)[0]; got.Value != want && !differs(names(tc.Pairs)) {
				t.Errorf("CONFIG SET %q: %s is %q, want %q", tc.Pairs, name, got.Value, want)
			}
		}
	}
}

func TestLoadAsRecorded(t *testing.T) {
	for _, tc := range readCases[loadCase](t, "load.jsonl") {
		c := inTempDir(t)
		path := filepath.Join(c.Dir, "c.conf")
		file := strings.ReplaceAll(tc.File, "@PORT", "6380")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		err := c.Load(append([]string{path}, tc.Args...), strings.NewReader(tc.Stdin))
		stderr := ""
		var fatal *FatalError
		if errors.As(err, &fatal) {
			stderr = fatal.Report("Redis 7.0.15")
		} else if err != nil {
			stderr = err.Error()
		}
		if diff := cmp.Diff(since72.Replace(tc.Stderr), stderr); diff != "" {
			t.Errorf("file %q, args %q: %s", tc.File, tc.Args, diff)
		}
		for i, want := range tc.Values {
			if got := c.Get(tc.Names[i])[0].Value; got != want {
				t.Errorf("file %q, args %q: %s is %q, want %q", tc.File, tc.Args, tc.Names[i], got, want)
			}
		}
	}
}

func TestRewriteAsRecorded(t *testing.T) {
	for _, tc := range readCases[rewriteCase](t, "rewrite.jsonl") {
		c := inTempDir(t)
		fill := strings.NewReplacer("@PORT", "6380", "@DIR", c.Dir)
		path := filepath.Join(c.Dir, "c.conf")
		if err := os.WriteFile(path, []byte(fill.Replace(tc.File)), 0o644); err != nil {
			t.Fatal(err)
		}
		args := []string{path}
		for _, arg := range tc.Args {
			args = append(args, fill.Replace(arg))
		}
		if err := c.Load(args, nil); err != nil {
			t.Fatal(err)
		}
		for _, pair := range pairsOf(tc.Pairs) {
			if err := c.Set([]Pair{pair}, Request{}); err != nil {
				t.Fatal(err)
			}
		}
		want := fill.Replace(tc.Out)
		rewrite := c.Rewrite
		if tc.All {
			rewrite = c.RewriteAll
		}
		if err := rewrite(); err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(comparable(want), comparable(string(out))); diff != "" {
			t.Errorf("file %q, CONFIG SET %q: %s", tc.File, tc.Pairs, diff)
		}
		again := New()
		if err := again.Load([]string{path}, nil); err != nil {
			t.Errorf("loading %q: %v", out, err)
		}
		if diff := cmp.Diff(c.Get("*"), again.Get("*")); diff != "" {
			t.Errorf("file %q, read back: %s", tc.File, diff)
		}
	}
}

// otherUser is a line about a user whom the server does not know, and keeps.
var otherUser = regexp.MustCompile(`(?m)^user (bob|alice) .*`)

// sanitized is how 7.2 writes the default user: 7.0 leaves the flag out where it has
// made the user itself.
var sanitized = strings.NewReplacer("default on nopass ~", "default on nopass sanitize-payload ~",
	"default on #", "default on sanitize-payload #")

// newer are lines about parameters that the server recorded from does not have.
var newer = regexp.MustCompile(`(?m)^(compat|locale-collate|set-max-listpack-(entries|value)) .*\n`)

// comparable returns the lines of a rewritten file. Those behind the signature are
// sorted: the real server appends them in the order of a hash table.
func comparable(file string) []string {
	file = otherUser.ReplaceAllString(newer.ReplaceAllString(file, ""), "user")
	lines := strings.Split(sanitized.Replace(file), "\n")
	if i := slices.Index(lines, signature); i >= 0 {
		slices.Sort(lines[i:])
	}
	return lines
}

func TestRewriteWithoutFile(t *testing.T) {
	if err := New().Rewrite(); err != ErrNoFile {
		t.Errorf("got %v", err)
	}
}

func TestRewriteKeepsModeAndUsers(t *testing.T) {
	c := inTempDir(t)
	path := filepath.Join(c.Dir, "c.conf")
	if err := os.WriteFile(path, []byte("user bob on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Load([]string{path}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Rewrite(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	if !strings.HasPrefix(string(content), "user bob on\n") {
		t.Errorf("content %q", content)
	}
	left, err := os.ReadDir(c.Dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestGet(t *testing.T) {
	c := New()
	for _, tc := range []struct {
		patterns []string
		want     []Pair
	}{
		{[]string{"foo"}, nil},
		{[]string{"Slave-Priority"}, []Pair{{"Slave-Priority", "100"}}},
		{[]string{"Slave-Pri*"}, []Pair{{"slave-priority", "100"}}},
		{[]string{"key-load-delay"}, []Pair{{"key-load-delay", "0"}}},
		{[]string{"key-load-del*"}, nil},
		{[]string{"rep[l]ica-priority", "replica-prior*", "replica-priority"}, []Pair{{"replica-priority", "100"}}},
	} {
		if diff := cmp.Diff(tc.want, c.Get(tc.patterns...)); diff != "" {
			t.Errorf("%q: %s", tc.patterns, diff)
		}
	}
}

func TestSetRefusals(t *testing.T) {
	const set = "ERR CONFIG SET failed (possibly related to argument '"
	for _, tc := range []struct {
		allow string
		req   Request
		name  string
		want  string
	}{
		{"no", Request{Local: true}, "dbfilename", set + "dbfilename') - can't set protected config"},
		{"local", Request{}, "dbfilename", set + "dbfilename') - can't set protected config"},
		{"local", Request{Local: true}, "dbfilename", ""},
		{"yes", Request{}, "dbfilename", ""},
		{"no", Request{Loading: true}, "appendonly", ErrLoading.Error()},
		{"no", Request{Loading: true}, "timeout", ""},
	} {
		c := New()
		c.EnableProtectedConfigs = tc.allow
		got := ""
		if err := c.Set([]Pair{{tc.name, c.Get(tc.name)[0].Value}}, tc.req); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s, %+v, %s: got %q, want %q", tc.allow, tc.req, tc.name, got, tc.want)
		}
	}
}

func TestFailingHookRestoresAll(t *testing.T) {
	c := New()
	var seen []int64
	c.OnChange(func() error { seen = append(seen, c.Timeout); return nil }, "timeout", "tcp-keepalive")
	c.OnChange(func() error {
		if c.Maxclients > 10000 {
			return errors.New("too many")
		}
		return nil
	}, "maxclients")
	err := c.Set([]Pair{{"timeout", "5"}, {"tcp-keepalive", "6"}, {"maxclients", "20000"}}, Request{})
	want := "ERR CONFIG SET failed (possibly related to argument 'maxclients') - too many"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !slices.Equal(seen, []int64{5, 0}) {
		t.Errorf("hook saw timeouts %v", seen)
	}
	if c.Timeout != 0 || c.TCPKeepalive != 300 || c.Maxclients != 10000 {
		t.Errorf("left behind: %d %d %d", c.Timeout, c.TCPKeepalive, c.Maxclients)
	}
}

func TestInclude(t *testing.T) {
	c := inTempDir(t)
	for name, content := range map[string]string{
		"a.conf": "include b*.conf\ntimeout 3\ninclude none*.conf", "b1.conf": "hz 20\ntimeout 1", "b2.conf": "hz 30",
		"self.conf": "include self.conf", "wrong.conf": "include deep.conf", "deep.conf": "\n\ntimeout x",
	} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.LoadText("include a.conf"); err != nil || c.Timeout != 3 || c.Hz != 30 {
		t.Errorf("%v, timeout %d, hz %d", err, c.Timeout, c.Hz)
	}
	for text, want := range map[string]string{
		"include wrong.conf": "line 3: 'timeout x': argument couldn't be parsed into an integer",
		"include self.conf":  "line 1: 'include self.conf': Too many nested include directives",
		"include gone.conf":  "Fatal error, can't open config file '" + filepath.Join(c.Dir, "gone.conf") + "': No such file or directory",
	} {
		if err := c.LoadText(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestTable checks what rows have to satisfy.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range New().Params() {
		for _, name := range p.names() {
			if seen[name] || name != strings.ToLower(name) {
				t.Errorf("%s: twice or not in lower case", name)
			}
			seen[name] = true
		}
	}
}

func FuzzLoadText(f *testing.F) {
	f.Add("timeout 5\n# c\nsave 900 1 300 10\nbind \"\"\n")
	f.Add("user a on\nrename-command GET \"x\ny\"\nclient-output-buffer-limit normal 1mb 2 3")
	f.Add("latency-tracking-info-percentiles 0x1 -0 nan\nmaxmemory-clients 100%\nunixsocketperm 0700")
	f.Add("proc-title-template {title} {{port}\noom-score-adj-values 1 2 3\nshutdown-on-sigint save force")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "include") {
			t.Skip("reads files of this machine")
		}
		c := New()
		if c.LoadText(text) != nil {
			return
		}
		// What was accepted is accepted again in the form that it is written in.
		once := c.rewritten(text, false)
		again := New()
		if err := again.LoadText(once); err != nil {
			t.Fatalf("%q became %q: %v", text, once, err)
		}
		if diff := cmp.Diff(c.Get("*"), again.Get("*")); diff != "" {
			t.Fatalf("%q became %q: %s", text, once, diff)
		}
	})
}
