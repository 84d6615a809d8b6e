package command_test

import (
	"bytes"
	"strings"
	"testing"

	"respect/server/command"
)

func TestLookup(t *testing.T) {
	table := newTable()
	for _, s := range referenceSpecs() {
		for _, name := range []string{s.FullName, strings.ToUpper(s.FullName)} {
			got, ok := table.LookupFull([]byte(name))
			if !ok || got.FullName != s.FullName {
				t.Errorf("%s is not found", name)
			}
		}
	}
	for _, name := range []string{"", "ge", "gett", "\x07et", "get|x", "kill", "client|", "client|nosuch", "|", "client|kill|x", strings.Repeat("a", 1<<16)} {
		if got, ok := table.LookupFull([]byte(name)); ok {
			t.Errorf("%q finds %s", name, got.FullName)
		}
	}
	client, _ := table.Lookup([]byte("Client"))
	if sub, ok := table.LookupSub(client, []byte("KILL")); !ok || sub.FullName != "client|kill" || sub.Words != 2 {
		t.Errorf("CLIENT KILL finds %v", sub)
	}
	if n := len(table.Rows()); n != 250 {
		t.Errorf("%d commands", n)
	}
	if subs := table.Subs(client); len(subs) != 18 || len(client.Subcommands) != 18 || subs[0] != client.Subcommands[0] {
		t.Errorf("%d subcommands of CLIENT", len(subs))
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	table := newTable()
	args := request("CLIENT getname")
	allocs := testing.AllocsPerRun(100, func() { table.LookupRequest(args) })
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestTableRefuses(t *testing.T) {
	get := func() *command.Spec {
		s := command.New("get", 2, "readonly", "1 RO", "string 1.0.0", "O(1)", "key:key", "")
		return &s
	}
	sub := command.New("client|id", 2, "fast", "", "connection 5.0.0", "O(1)", "", "")
	for name, rows := range map[string][]*command.Spec{
		"twice":        {get(), get()},
		"no container": {&sub},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			command.NewTable(rows)
		}()
	}
}

func BenchmarkLookup(b *testing.B) {
	table := newTable()
	names := bytes.Fields([]byte("GET set Incr LPUSH"))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := table.Lookup(names[i&3]); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkParseAll(b *testing.B) {
	for b.Loop() {
		referenceSpecs()
	}
}
