package command_test

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

// TestReference holds every command that the corpus has against what real
// servers say about it, and requires that it has every command of 7.2.
func TestReference(t *testing.T) {
	claimed := readFacts(t, "redis-7.2.6")
	missing := len(claimed)
	later := readFacts(t, "redis-7.4.1")
	for _, s := range referenceSpecs() {
		want, ok := claimed[s.FullName]
		if ok {
			missing--
		} else {
			want = later[s.FullName]
		}
		if diff := facts.Diff(want, facts.Of(&s)); diff != "" {
			t.Errorf("%s (-reference +ours):\n%s", s.FullName, diff)
		}
	}
	if missing != 0 {
		t.Errorf("%d commands of the reference are not in the corpus", missing)
	}
}
