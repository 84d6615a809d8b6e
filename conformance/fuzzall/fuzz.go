package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Bounds of what may take longer than it was told to.
const (
	buildTimeout = 3 * time.Minute
	grace        = 30 * time.Second // beyond the fuzzing time: the seeds, the corpus, the end
	killDelay    = 5 * time.Second  // from being asked to end to being killed
)

// fuzzer runs targets.
type fuzzer struct {
	time  time.Duration
	skip  *regexp.Regexp // nil for none
	dir   string         // for test binaries
	cache string         // where inputs found earlier are kept
	count int            // targets that have run
}

// cacheDir is where "go test -fuzz" keeps the inputs that it found interesting.
func cacheDir(ctx context.Context) (string, error) {
	out, err := goCommand(ctx, "env", "GOCACHE")
	return filepath.Join(strings.TrimSpace(string(out)), "fuzz"), err
}

// runPackage builds the tests of a package and runs its targets.
func (f *fuzzer) runPackage(ctx context.Context, p testPackage) error {
	var targets []string
	for _, name := range p.targets {
		if f.skip != nil && f.skip.MatchString(p.ImportPath+"."+name) {
			fmt.Printf("%s.%s: skipped\n", p.ImportPath, name)
			continue
		}
		targets = append(targets, name)
	}
	if len(targets) == 0 {
		return nil
	}
	binary := filepath.Join(f.dir, "fuzz.test.exe")
	if err := build(ctx, p, binary); err != nil {
		return err
	}
	for _, name := range targets {
		if err := f.runTarget(ctx, p, binary, name); err != nil {
			return err
		}
	}
	return os.Remove(binary)
}

// build compiles the tests of a package. -fuzz asks for the instrumentation that
// guides the fuzzer; nothing runs.
func build(ctx context.Context, p testPackage, binary string) error {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	_, err := goCommand(ctx, "test", "-c", "-fuzz", ".", "-o", binary, p.ImportPath)
	return err
}

// runTarget runs one target and prints its line. The error holds the output of a
// target that failed.
func (f *fuzzer) runTarget(ctx context.Context, p testPackage, binary, name string) error {
	f.count++
	limit := f.time + grace
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.fuzz=^"+name+"$",
		"-test.fuzztime="+f.time.String(), "-test.parallel=2",
		"-test.fuzzcachedir="+filepath.Join(f.cache, filepath.FromSlash(p.ImportPath)))
	cmd.Dir = p.Dir
	// An interrupt lets the fuzzer end its worker processes first.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = killDelay
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() == nil && endedLate(out) {
		err = nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("not done within %v", limit)
	}
	if err != nil {
		return fmt.Errorf("%s.%s: %w\n%s", p.ImportPath, name, err, out)
	}
	fmt.Printf("%s.%s: %s executions\n", p.ImportPath, name, executions(out))
	return nil
}

// endedLate recognises the failure that is not one: Go's fuzzer now and then reports
// its own deadline, and no failing input, when the time ends within an execution.
func endedLate(out []byte) bool {
	failed := false
	for line := range bytes.Lines(out) {
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0, bytes.HasPrefix(line, []byte("fuzz: elapsed:")), string(line) == "FAIL":
		case bytes.HasPrefix(line, []byte("--- FAIL: Fuzz")):
		case string(line) == "context deadline exceeded":
			failed = true
		default:
			return false
		}
	}
	return failed
}

var execsField = regexp.MustCompile(`execs: (\d+)`)

// executions is the last count that the fuzzer has printed.
func executions(out []byte) string {
	all := execsField.FindAllSubmatch(out, -1)
	if len(all) == 0 {
		return "no"
	}
	return string(all[len(all)-1][1])
}
