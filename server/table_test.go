package server

import (
	"testing"

	"respect/fixtures"
	"respect/server/command/facts"
)

func readFacts(t *testing.T, release string) map[string]facts.Command {
	t.Helper()
	commands, err := facts.Read(fixtures.Reference(), release)
	if err != nil {
		t.Fatal(err)
	}
	return commands
}

// TestTable holds every row against what a real server of the release that we
// claim says about the command, or of the next one for what came later.
func TestTable(t *testing.T) {
	claimed, later := readFacts(t, "redis-"+CompatVersion), readFacts(t, "redis-7.4.1")
	for r := range allRows(newTable(nil)) {
		want, ok := claimed[r.FullName]
		if !ok {
			want, ok = later[r.FullName]
		}
		if !ok {
			t.Errorf("%s is in no reference", r.FullName)
			continue
		}
		if diff := facts.Diff(want, facts.Of(&r.Spec)); diff != "" {
			t.Errorf("%s (-reference +ours):\n%s", r.FullName, diff)
		}
		if r.Subcommands == nil && r.handler == nil {
			t.Errorf("%s has no handler", r.FullName)
		}
		if r.Summary == "" {
			t.Errorf("%s has no summary", r.FullName)
		}
	}
}
