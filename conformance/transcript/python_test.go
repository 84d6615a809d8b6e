package transcript

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"respect/conformance/target"
	"respect/fixtures"
)

// TestPythonReader holds the example of docs/examples against this package, and lets it play on a
// real server.
func TestPythonReader(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs Python, which is not installed")
	}
	files, err := ReadAll(fixtures.Transcripts())
	if err != nil {
		t.Fatal(err)
	}
	cases, steps, replies := 0, 0, 0
	for _, f := range files {
		cases += len(f.Cases)
		for _, c := range f.Cases {
			steps += len(c.Steps)
			for _, s := range c.Steps {
				replies += len(s.Replies)
			}
		}
	}
	args := []string{"../../docs/examples/transcripts.py", "../../fixtures/transcripts"}
	s, err := target.Start(t.Context(), target.Redis)
	switch {
	case err == nil:
		defer s.Close()
		args = append(args, s.Addr)
	case !errors.Is(err, target.ErrNotInstalled):
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	if want := fmt.Sprintf("%d files, %d cases, %d steps, %d replies\n", len(files), cases, steps, replies); !strings.Contains(string(out), want) {
		t.Errorf("got  %swant %s", out, want)
	}
	if played := regexp.MustCompile(`(\d\d\d+) of (\d+) simple cases passed`).FindSubmatch(out); s != nil && (played == nil || string(played[1]) != string(played[2])) {
		t.Errorf("played: %s", out)
	}
}
