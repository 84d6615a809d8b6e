package inspect_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/inspect"
)

const (
	aofLate      = "#TS:1\r\n" + aofSet + "#TS:5\r\n" + aofSet
	threeParts   = "file base.aof seq 1 type b\nfile one.aof seq 1 type i\nfile two.aof seq 2 type i\n"
	halfASet     = "*3\r\n$3\r\nSE"
	untilStamp4  = "#TS:1\r\n" + aofSet
	noTimestamps = aofSet + aofSet
)

// manifestCases are the two increments behind a base, what is asked for and answered, what
// is left of the last one, "" for all of it, and the status. What is told is redis-check-aof's.
var manifestCases = []struct {
	name, one, two, input string
	options               []string
	left                  string
	status                int
}{
	{"valid", aofLate, aofLate, "", nil, "", 0},
	{"the last one is cut", aofSet, aofSet + halfASet, "", nil, "", 1},
	{"the last one is fixed", aofSet, aofSet + halfASet, "y\n", []string{"--fix"}, aofSet, 0},
	{"the last one is not fixed", aofSet, aofSet + halfASet, "n\n", []string{"--fix"}, "", 1},
	{"one before is cut", aofSet + halfASet, aofSet, "", nil, "", 1},
	{"one before cannot be fixed", aofSet + halfASet, aofSet, "y\n", []string{"--fix"}, "", 1},
	{"a transaction is fixed", aofSet, aofSet + aofMulti + aofSet, "y\n", []string{"--fix"}, aofSet, 0},
	{"until then", untilStamp4, aofLate, "", []string{"--truncate-to-timestamp", "4"}, untilStamp4, 0},
	{"until then is in one before", aofLate, aofLate, "", []string{"--truncate-to-timestamp", "4"}, "", 1},
	{"until the end", aofLate, aofLate, "", []string{"--truncate-to-timestamp", "9"}, "", 0},
	{"no timestamps", noTimestamps, noTimestamps, "", []string{"--truncate-to-timestamp", "4"}, "", 0},
	{"the last one is empty", aofSet, "", "", nil, "", 0},
	{"one is missing", "missing", aofSet, "", nil, "", 1},
}

// bytesExpected is what ours does not tell.
var bytesExpected = regexp.MustCompile(`0x +[0-9a-f]+: Expected to read \d+ bytes, got \d+ bytes`)

func TestCheckAOFOfAManifest(t *testing.T) {
	real, lookErr := exec.LookPath("redis-check-aof")
	for _, c := range manifestCases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"base.aof": aofSet, "one.aof": c.one, "two.aof": c.two, "x.manifest": threeParts}
			if c.one == "missing" {
				delete(files, "one.aof")
			}
			place := func() {
				for name, text := range files {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			left := func() map[string]string {
				found := map[string]string{}
				for name := range files {
					text, err := os.ReadFile(filepath.Join(dir, name))
					if err != nil {
						t.Fatal(err)
					}
					found[name] = string(text)
				}
				return found
			}
			place()
			args := append(slices.Clone(c.options), filepath.Join(dir, "x.manifest"))
			var out bytes.Buffer
			status := inspect.CheckAOF(args, strings.NewReader(c.input), &out)
			want, ours := maps.Clone(files), left()
			if c.left != "" {
				want["two.aof"] = c.left
			}
			if diff := cmp.Diff(want, ours); status != c.status || diff != "" {
				t.Errorf("status %d, left %s\n%s", status, diff, &out)
			}
			if lookErr != nil {
				return
			}
			place()
			cmd := exec.Command(real, args...)
			cmd.Stdin = strings.NewReader(c.input)
			theirs, _ := cmd.CombinedOutput()
			if diff := cmp.Diff(normalOut(bytesExpected.ReplaceAllString(string(theirs), ""), dir), normalOut(out.String(), dir)); diff != "" || cmd.ProcessState.ExitCode() != status {
				t.Errorf("redis-check-aof ends with %d (-theirs +ours):\n%s", cmd.ProcessState.ExitCode(), diff)
			}
			if diff := cmp.Diff(left(), ours); diff != "" {
				t.Errorf("redis-check-aof leaves (-theirs +ours):\n%s", diff)
			}
		})
	}
}
