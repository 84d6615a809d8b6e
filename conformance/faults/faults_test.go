package faults

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/fixtures"
)

// The programs that the tests start, built once.
var (
	buildDir string
	program  = sync.OnceValues(func() (string, error) { return target.Build(context.Background(), buildDir) })
	suite    = sync.OnceValues(buildSuite)
	corpus   = sync.OnceValues(func() ([]*transcript.File, error) { return transcript.ReadAll(fixtures.Transcripts()) })
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests wait for replies that never come more than they compute.
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	buildDir = dir
	return m.Run()
}

func buildSuite() (string, error) {
	path := filepath.Join(buildDir, "suite.test")
	out, err := exec.Command("go", "test", "-c", "-o", path, "respect/conformance").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	return path, nil
}

// between starts a server of our own and a proxy in front of it.
func between(t *testing.T, hooks Hooks, params ...target.Param) (direct, through *target.Target) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	direct, err = target.StartProgram(t.Context(), path, params...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := direct.Kill(); err != nil {
			t.Error(err)
		}
	})
	p, err := Start(direct.Addr, hooks)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	through, err = target.Connect(t.Context(), target.Access{Addr: p.Addr, Password: direct.Password})
	if err != nil {
		t.Fatal(err)
	}
	return direct, through
}

// play plays one case and tells what it found. A server that the case demands for itself is
// behind a proxy with the hooks, if there are any.
func play(t *testing.T, s *target.Target, f *transcript.File, c *transcript.Case, proto int, hooks func() Hooks) (mismatches []transcript.Mismatch, skipped string) {
	t.Helper()
	p, err := transcript.NewPlayer(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p.Own = func(_ context.Context, params []target.Param) (*target.Target, error) {
		if hooks == nil {
			return s.Another(t.Context(), params...)
		}
		_, through := between(t, hooks(), params...)
		return through, nil
	}
	r, err := p.Play(t.Context(), f, c, proto)
	if errors.Is(err, transcript.ErrKeepsConnections) {
		// The suite's spec fails with it as with a wrong reply.
		return append(r.Mismatches, transcript.Mismatch{Reason: err.Error()}), ""
	}
	if err != nil {
		t.Fatalf("%s: case %q, RESP%d: %v", f.Name, c.Name, proto, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return r.Mismatches, r.Skipped
}

func file(t *testing.T, name string) *transcript.File {
	t.Helper()
	files, err := corpus()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f *transcript.File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no transcript %s", name)
	}
	return files[i]
}

func (f *Fault) find(t *testing.T) (*transcript.File, *transcript.Case) {
	t.Helper()
	script := file(t, f.File)
	i := slices.IndexFunc(script.Cases, func(c transcript.Case) bool { return c.Name == f.Case })
	if i < 0 {
		t.Fatalf("%s has no case %q", f.File, f.Case)
	}
	return script, &script.Cases[i]
}

func TestEveryFaultIsFound(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Area+"/"+f.Name, func(t *testing.T) {
			t.Parallel()
			if f.Spec != "" {
				requireSpecFails(t, &f)
				return
			}
			script, c := f.find(t)
			for proto := 2; proto <= 3; proto++ {
				if f.Proto != 0 && f.Proto != proto || onlyFor(c, 5-proto) {
					continue
				}
				_, faulty := between(t, f.New())
				found, skipped := play(t, faulty, script, c, proto, f.New)
				if len(found) == 0 {
					t.Errorf("%s: case %q, RESP%d is green (skipped: %q) although %s", f.File, f.Case, proto, skipped, f.Breaks)
				}
				for i := range found {
					t.Log(found[i].Reason)
				}
			}
		})
	}
}

// onlyFor reports whether the case is played in one protocol only, this one.
func onlyFor(c *transcript.Case, proto int) bool {
	return slices.ContainsFunc(c.Directives, func(d transcript.Directive) bool {
		return d.Name == transcript.DirProto && d.Value == fmt.Sprint(proto)
	})
}

// requireSpecFails runs the one spec of the suite that must find the fault.
func requireSpecFails(t *testing.T, f *Fault) {
	t.Helper()
	_, through := between(t, Hooks{})
	if state, log := runSpec(t, through.Addr, f.Spec); state != "passed" {
		t.Fatalf("without the fault %q is %s:\n%s", f.Spec, state, log)
	}
	_, faulty := between(t, f.New())
	if state, log := runSpec(t, faulty.Addr, f.Spec); state != "failed" {
		t.Errorf("%q is %s although %s:\n%s", f.Spec, state, f.Breaks, log)
	}
}

// runSpec runs the spec of the suite against the server at the address and
// returns its state.
func runSpec(t *testing.T, addr, spec string) (state, log string) {
	t.Helper()
	path, err := suite()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	report := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(t.Context(), path, "-test.run", "^TestConformance$", "-addr", addr, "-destructive", "-ginkgo.no-color", "-ginkgo.succinct",
		"-ginkgo.focus", regexp.QuoteMeta(spec)+"$", "-ginkgo.json-report", report)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	text, readErr := os.ReadFile(report)
	if readErr != nil {
		t.Fatalf("%v, %v\n%s", err, readErr, out)
	}
	var reports []struct {
		SpecReports []struct {
			ContainerHierarchyTexts []string
			LeafNodeText            string
			State                   string
		}
	}
	if err := json.Unmarshal(text, &reports); err != nil {
		t.Fatal(err)
	}
	for _, s := range reports[0].SpecReports {
		if strings.Join(append(s.ContainerHierarchyTexts, s.LeafNodeText), " ") == spec {
			return s.State, string(out)
		}
	}
	t.Fatalf("the suite has no spec %q\n%s", spec, out)
	return "", ""
}

// TestProxyIsTransparent plays the transcripts that the faults name through a
// proxy without a fault. A case may fail only if it fails without a proxy, too,
// and none of those may that a fault names.
func TestProxyIsTransparent(t *testing.T) {
	named := map[string][]string{}
	for _, f := range All() {
		if f.Spec == "" {
			named[f.File] = append(named[f.File], f.Case)
		}
	}
	for name, cases := range named {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := file(t, name)
			direct, through := between(t, Hooks{})
			for i := range script.Cases {
				c := &script.Cases[i]
				if namesAddress(c) {
					continue
				}
				for proto := 2; proto <= 3; proto++ {
					found, skipped := play(t, through, script, c, proto, func() Hooks { return Hooks{} })
					if slices.Contains(cases, c.Name) && skipped != "" && !strings.HasPrefix(skipped, "only for RESP") {
						t.Errorf("case %q, which a fault names, is skipped: %s", c.Name, skipped)
					}
					if len(found) > 0 {
						judge(t, direct, script, c, proto, found[0], slices.Contains(cases, c.Name))
					}
				}
			}
		})
	}
}

// judge tells whether the proxy or the server is to blame for a mismatch.
func judge(t *testing.T, direct *target.Target, script *transcript.File, c *transcript.Case, proto int, m transcript.Mismatch, named bool) {
	t.Helper()
	known, _ := play(t, direct, script, c, proto, nil)
	switch {
	case len(known) == 0:
		t.Errorf("only through the proxy:\n%s", m.String())
	case named:
		t.Errorf("a fault names this case:\n%s", m.String())
	default:
		t.Logf("without the proxy, too:\n%s", m.String())
	}
}

// namesAddress reports whether the case tells the server the address of a
// client, which is another one behind a proxy.
func namesAddress(c *transcript.Case) bool {
	return slices.ContainsFunc(c.Steps, func(s transcript.Step) bool {
		return slices.ContainsFunc(s.Words, func(w transcript.Word) bool { return strings.Contains(w.String(), "addr>") })
	})
}

func TestEveryAreaHasAFault(t *testing.T) {
	areas := map[string]int{}
	names := map[string]bool{}
	for _, f := range All() {
		areas[f.Area]++
		if names[f.Name] {
			t.Errorf("two faults are called %q", f.Name)
		}
		names[f.Name] = true
	}
	wanted := []string{"blocking", "framing", "types", "pushes", "errors", "requests"}
	files, err := corpus()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if group := path.Dir(f.Name); !slices.Contains(wanted, group) {
			wanted = append(wanted, group)
		}
	}
	for _, area := range wanted {
		if areas[area] == 0 {
			t.Errorf("no fault in the area %s", area)
		}
	}
}

func TestRequestsAreCutAnywhere(t *testing.T) {
	const stream = "*2\r\n$4\r\nECHO\r\n$3\r\na\nb\r\nPING\r\n*0\r\n\r\n*1\r\n$4\r\nQUIT\r\n"
	want := [][]string{{"ECHO", "a\nb"}, {"PING"}, nil, nil, {"QUIT"}}
	for cut := range len(stream) {
		r := &requestReader{}
		got := append(r.add([]byte(stream[:cut])), r.add([]byte(stream[cut:]))...)
		if len(got) != len(want) {
			t.Fatalf("cut at %d: %d requests", cut, len(got))
		}
		raw := ""
		for i := range got {
			raw += string(got[i].raw)
			if !slices.Equal(got[i].words, want[i]) {
				t.Errorf("cut at %d: request %d is %q, want %q", cut, i, got[i].words, want[i])
			}
		}
		if raw != stream {
			t.Errorf("cut at %d: bytes became %q", cut, raw)
		}
	}
}

func TestWhatIsNoRequestPasses(t *testing.T) {
	for _, s := range []string{"*x\r\n", "*1\r\n+PING\r\n", "*1\r\n$-5\r\nabc", "*1\r\n:"} {
		r := &requestReader{}
		got := r.add([]byte(s))
		if len(got) != 1 || string(got[0].raw) != s || got[0].words != nil || !r.lost {
			t.Errorf("%q became %+v", s, got)
		}
	}
}
