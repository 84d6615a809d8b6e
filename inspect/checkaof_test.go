package inspect_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/inspect"
)

const (
	aofSet   = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
	aofMulti = "*1\r\n$5\r\nMULTI\r\n"
	aofExec  = "*1\r\n$4\r\nEXEC\r\n"
)

// aofCases are files and what is asked for, with what redis-check-aof 7.0.15 tells.
var aofCases = []struct {
	name, text, input string
	options           []string
	left              string // of the file
	status            int
	told              string
}{
	{"valid", "#TS:1\r\n" + aofSet + aofMulti + aofSet + aofExec, "", nil, "", 0,
		"Start checking Old-Style AOF\nAOF analyzed: filename=F, size=90, ok_up_to=90, ok_up_to_line=22, diff=0\nAOF F is valid\n"},
	{"cut", aofSet + aofSet[:20], "", nil, "", 1,
		"Start checking Old-Style AOF\nAOF analyzed: filename=F, size=47, ok_up_to=27, ok_up_to_line=8, diff=20\nAOF F is not valid. Use the --fix option to try fixing it.\n"},
	{"transaction is cut", aofSet + aofMulti + aofSet, "", nil, "", 1,
		"Start checking Old-Style AOF\n0x              45: Reached EOF before reading EXEC for MULTI\nAOF analyzed: filename=F, size=69, ok_up_to=27, ok_up_to_line=8, diff=42\nAOF F is not valid. Use the --fix option to try fixing it.\n"},
	{"fixed", aofSet + aofSet[:20], "y\n", []string{"--fix"}, aofSet, 0,
		"Start checking Old-Style AOF\nAOF analyzed: filename=F, size=47, ok_up_to=27, ok_up_to_line=8, diff=20\nThis will shrink the AOF F from 47 bytes, with 20 bytes, to 27 bytes\nContinue? [y/N]: Successfully truncated AOF F\n"},
	{"not fixed", aofSet + aofSet[:20], "n\n", []string{"--fix"}, aofSet + aofSet[:20], 1,
		"Start checking Old-Style AOF\nAOF analyzed: filename=F, size=47, ok_up_to=27, ok_up_to_line=8, diff=20\nThis will shrink the AOF F from 47 bytes, with 20 bytes, to 27 bytes\nContinue? [y/N]: Aborting...\n"},
	{"until then", "#TS:1\r\n" + aofSet + "#TS:5\r\n" + aofSet, "", []string{"--truncate-to-timestamp", "4"}, "#TS:1\r\n" + aofSet, 0,
		"Start checking Old-Style AOF\nSuccessfully truncated AOF F to timestamp 4\n"},
	{"nothing before", "#TS:5\r\n" + aofSet, "", []string{"--truncate-to-timestamp", "4"}, "", 1,
		"Start checking Old-Style AOF\nAOF F has nothing before timestamp 4, aborting...\n"},
	{"nothing behind", "#TS:1\r\n" + aofSet, "", []string{"--truncate-to-timestamp", "4"}, "", 0,
		"Start checking Old-Style AOF\nTruncate nothing in AOF F to timestamp 4\nAOF F is valid\n"},
	{"EXEC alone", aofSet + aofExec, "", nil, "", 1, ""},
}

func TestCheckAOF(t *testing.T) {
	real, lookErr := exec.LookPath("redis-check-aof")
	for _, c := range aofCases {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.aof")
			write := func() {
				if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write()
			args := append(append([]string{}, c.options...), file)
			var out bytes.Buffer
			status := inspect.CheckAOF(args, strings.NewReader(c.input), &out)
			told := strings.ReplaceAll(out.String(), file, "F")
			left, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.left; status != c.status || want != "" && string(left) != want || want == "" && string(left) != c.text {
				t.Errorf("status %d, left %q\n%s", status, left, told)
			}
			if diff := cmp.Diff(c.told, told); c.told != "" && diff != "" {
				t.Error(diff)
			}
			if lookErr != nil {
				return
			}
			write()
			cmd := exec.Command(real, args...)
			cmd.Stdin = strings.NewReader(c.input)
			theirs, _ := cmd.CombinedOutput()
			if diff := cmp.Diff(normalOut(string(theirs), file), normalOut(out.String(), file)); diff != "" || cmd.ProcessState.ExitCode() != status {
				t.Errorf("redis-check-aof ends with %d (-theirs +ours):\n%s", cmd.ProcessState.ExitCode(), diff)
			}
		})
	}
}

// offsets of what is wrong are those of the beginning of the command here, and lines those
// that are valid.
var offsets = regexp.MustCompile(`0x +[0-9a-f]+|ok_up_to_line=\d+`)

func normalOut(text, file string) string {
	lines := strings.Split(offsets.ReplaceAllString(strings.ReplaceAll(text, file, "F"), "0x"), "\n")
	out := lines[:0]
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			out = append(out, strings.TrimRight(line, " "))
		}
	}
	return strings.Join(out, "\n")
}
