package main

import (
	"slices"
	"testing"
)

func TestTargetsIn(t *testing.T) {
	const src = `package p
import "testing"
func FuzzOne(f *testing.F) {}
func FuzzTwo(f *testing.F) {}
func TestFuzz(t *testing.T) {}
func FuzzyWords() []string { return nil }
func FuzzCase(t *testing.T) {}
func (r run) FuzzMethod(f *testing.F) {}
// func FuzzComment(f *testing.F) {}
`
	got, err := targetsIn("p_test.go", src)
	if want := []string{"FuzzOne", "FuzzTwo"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("found %q, %v", got, err)
	}
	if _, err := targetsIn("p_test.go", "package"); err == nil {
		t.Error("a broken file is accepted")
	}
}

const progress = `fuzz: elapsed: 0s, gathering baseline coverage: 0/9 completed
fuzz: elapsed: 3s, execs: 20 (7/sec), new interesting: 1 (total: 10)
fuzz: elapsed: 5s, execs: 31 (6/sec), new interesting: 1 (total: 10)
`

func TestExecutionsAreTheLastCount(t *testing.T) {
	if got := executions([]byte(progress + "PASS\n")); got != "31" {
		t.Errorf("%q", got)
	}
	if got := executions([]byte("PASS\n")); got != "no" {
		t.Errorf("%q", got)
	}
}

func TestOnlyTheDeadlineIsNoFailure(t *testing.T) {
	for _, c := range []struct {
		out  string
		late bool
	}{
		{progress + "--- FAIL: FuzzOne (5.04s)\n    context deadline exceeded\nFAIL\n", true},
		{progress + "--- FAIL: FuzzOne (5.04s)\n    --- FAIL: FuzzOne (0.00s)\n        one_test.go:9: context deadline exceeded\nFAIL\n", false},
		{progress + "--- FAIL: FuzzOne (5.04s)\n    context deadline exceeded\n\n    Failing input written to testdata/fuzz/FuzzOne/8a\nFAIL\n", false},
		{progress + "--- FAIL: FuzzOne (1.00s)\nFAIL\n", false},
	} {
		if endedLate([]byte(c.out)) != c.late {
			t.Errorf("late %v expected:\n%s", c.late, c.out)
		}
	}
}
