package main

import (
	"os/exec"
	"strings"
	"testing"
)

// mayImport says which of our packages each part may know, by path prefix.
var mayImport = map[string][]string{
	"respect/protocol":    {"respect/protocol"},
	"respect/keyspace":    {"respect/keyspace"},
	"respect/rdb":         {"respect/rdb", "respect/keyspace"},
	"respect/fixtures":    {"respect/fixtures"},
	"respect/inspect":     {"respect/inspect", "respect/rdb", "respect/keyspace", "respect/protocol", "respect/server/aof"},
	"respect/conformance": {"respect/conformance", "respect/fixtures"},
	"respect/server":      {"respect/server", "respect/protocol", "respect/keyspace", "respect/rdb"},

	"respect/keyspace/hashtable": {"respect/keyspace/hashtable"},
	"respect/keyspace/listpack":  {"respect/keyspace/listpack"},
	"respect/keyspace/glob":      {"respect/keyspace/glob"},
	"respect/keyspace/lzf":       {"respect/keyspace/lzf"},
	"respect/server/command":     {"respect/server/command"},
	"respect/server/transport":   {"respect/server/transport"},
	"respect/server/process":     {"respect/server/process"},
	"respect/server/disk":        {"respect/server/disk"},
	"respect/server/aof":         {"respect/server/aof", "respect/keyspace", "respect/protocol"},
}

func TestPartsKnowOnlyWhomTheyMay(t *testing.T) {
	for pkg, allowed := range mayImport {
		out, err := exec.Command("go", "list", "-deps", pkg+"/...").CombinedOutput()
		if err != nil {
			t.Fatalf("go list %s: %v\n%s", pkg, err, out)
		}
		for dep := range strings.Lines(string(out)) {
			dep = strings.TrimSpace(dep)
			if !strings.HasPrefix(dep, "respect/") {
				continue
			}
			ok := false
			for _, prefix := range allowed {
				ok = ok || dep == prefix || strings.HasPrefix(dep, prefix+"/")
			}
			if !ok {
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}
