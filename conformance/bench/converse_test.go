package main

import (
	"fmt"
	"strings"
	"testing"

	"respect/conformance/target"
)

// What is more than one command does what it says: the server is asked how often it
// was called.
func TestWorkloadsOfSeveralCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a server")
	}
	client, err := findTools()
	if err != nil {
		t.Skip(err)
	}
	b := &bench{client: client, programs: map[string]string{}, versions: map[string]string{}}
	b.requests = 1000
	if b.programs[target.Respect], err = program(t.Context(), target.Respect, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	s, err := b.startServer(t.Context(), target.Respect)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, w := range workloads {
		calls := map[string]map[string]int{
			"MULTI_EXEC_10":    {"multi": 1, "set": 10, "exec": 1},
			"XREADGROUP_XACK":  {"xreadgroup": 1, "xack": 1},
			"PUBLISH_100":      {"publish": 1},
			"PUBLISH_100_BY_1": {"publish": 1},
		}[w.name]
		if calls == nil {
			continue
		}
		if _, err := s.do("CONFIG", "RESETSTAT"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.runOnce(t.Context(), s, w); err != nil {
			t.Errorf("%s: %v", w, err)
			continue
		}
		stats, err := s.do("INFO", "commandstats")
		if err != nil {
			t.Fatal(err)
		}
		for name, each := range calls {
			want := fmt.Sprintf("cmdstat_%s:calls=%d,", name, each*w.requests(b.requests))
			if !strings.Contains(string(stats.Text), want) {
				t.Errorf("%s: no %q in\n%s", w, want, stats.Text)
			}
		}
	}
}
