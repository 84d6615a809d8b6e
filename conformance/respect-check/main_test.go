package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"respect/conformance/toy"
	"respect/conformance/verdict"
)

func start(t *testing.T) *toy.Server {
	t.Helper()
	s, err := toy.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// call runs the command with the environment "NAME=value".
func call(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	getenv := func(name string) string {
		for _, pair := range env {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
	var out, errs bytes.Buffer
	status = run(t.Context(), args, getenv, &out, &errs)
	return status, out.String(), errs.String()
}

const wrongCheck = "connection/ping-echo.txt: ping, RESP2"

func TestStatusTellsWhatCameOut(t *testing.T) {
	s := start(t)
	_, ping, _ := call(t, nil, "-list", "-commands", "ping,strlen", "-protocol", "2")
	if !strings.Contains(ping, wrongCheck) {
		t.Fatalf("the corpus has changed: %s", ping)
	}
	dir := t.TempDir()
	known := filepath.Join(dir, "known")
	report := filepath.Join(dir, "report.json")
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-addr", s.Addr(), "-only", wrongCheck}, statusFailed, "1  wrong|-only '" + wrongCheck + "'|^"},
		{[]string{"-addr", s.Addr(), "-only", wrongCheck, "-quiet", "-write-known-failures", known, "-json", report}, statusFailed, "1  wrong"},
		{[]string{"-addr", s.Addr(), "-only", wrongCheck, "-known-failures", known}, statusPassed, "1  of the failures are known"},
		{[]string{"-addr", s.Addr(), "-focus", "^string/strlen.*RESP2", "-commands", "strlen"}, statusFailed, "0  wrong|not implemented: STRLEN"},
		{[]string{"-addr", s.Addr(), "-only", "no such"}, statusUseless, "no check is selected"},
		{[]string{"-addr", s.Addr(), "-server", "x {port}", "-only", wrongCheck}, statusUseless, "exclude each other"},
		{[]string{"-only", wrongCheck}, statusUseless, "-port"},
		{[]string{"-nonsense"}, statusUseless, "nonsense"},
		{[]string{"-profile", "list"}, statusPassed, "learner"},
		{[]string{"-version"}, statusPassed, "respect-check"},
		{[]string{"-help"}, statusPassed, "-tls-ca"},
	} {
		status, stdout, stderr := call(t, nil, c.args...)
		if status != c.status {
			t.Errorf("%q: status %d, want %d; %s%s", c.args, status, c.status, stdout, stderr)
		}
		for _, text := range strings.Split(c.says, "|") {
			if !strings.Contains(stdout+stderr, text) {
				t.Errorf("%q does not say %q:\n%s%s", c.args, text, stdout, stderr)
			}
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var r verdict.Report
	if err := json.Unmarshal(text, &r); err != nil || r.Score.Wrong != 1 || len(r.Checks) != 1 || r.Checks[0].Failure == nil {
		t.Errorf("report: %v, %s", err, text)
	}
}

func TestNothingHappensToAServerWithKeys(t *testing.T) {
	s := start(t)
	s.Put("theirs", "1")
	status, _, stderr := call(t, nil, "-addr", s.Addr(), "-commands", "get")
	if status != statusUseless || !strings.Contains(stderr, "-destructive") || !s.Has("theirs") {
		t.Errorf("status %d, %s", status, stderr)
	}
	status, stdout, stderr := call(t, nil, "-addr", s.Addr(), "-commands", "get", "-destructive", "-quiet")
	if status != statusFailed {
		t.Errorf("with -destructive: status %d, %s%s", status, stdout, stderr)
	}
}

func TestFlagsComeFromTheEnvironment(t *testing.T) {
	s := start(t)
	host, port, _ := net.SplitHostPort(s.Addr())
	status, stdout, stderr := call(t, []string{"RESPECT_HOST=" + host, "RESPECT_PORT=" + port, "RESPECT_WRITE_KNOWN_FAILURES="}, "-only", wrongCheck)
	if status != statusFailed || !strings.Contains(stdout, "1  wrong") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	status, _, stderr = call(t, []string{"RESPECT_DB=x"}, "-only", wrongCheck)
	if status != statusUseless || !strings.Contains(stderr, "-db") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestAgain(t *testing.T) {
	got := again([]string{"-port", "6379", "-focus", "x", "-json=r.json", "-quiet", "-server", "a {port} 'b'", "-password", "secret", "-tls"}, "a: it's, RESP2")
	want := `respect-check -port 6379 -server 'a {port} '\''b'\''' -tls -only 'a: it'\''s, RESP2'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range [][]string{{"[::1]:7", "-host", "::1", "-port", "7"}, {"/tmp/s", "-socket", "/tmp/s"}, {"h:1", "-addr", "h:1", "-port", "9"}, {"127.0.0.1:7", "-port", "7"}} {
		o, err := parse(c[1:], func(string) string { return "" }, &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.address(); got != c[0] || err != nil {
			t.Errorf("%q: got %q, %v", c[1:], got, err)
		}
	}
}
