package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"respect/server/command"
)

func newTable() *command.Table[*command.Spec] {
	specs := referenceSpecs()
	rows := make([]*command.Spec, len(specs))
	for i := range specs {
		rows[i] = &specs[i]
	}
	return command.NewTable(rows)
}

// request cuts a line into arguments; "_" stands for an empty one.
func request(line string) [][]byte {
	var args [][]byte
	for _, word := range strings.Fields(line) {
		if word == "_" {
			word = ""
		}
		args = append(args, []byte(word))
	}
	return args
}

// keyCases are requests and what COMMAND GETKEYSANDFLAGS of redis 7.0.15 and
// valkey 8.0.1 says about their keys.
var keyCases = []struct{ request, keys string }{
	{"get a", "a RO access"},
	{"rename a b", "a RW access delete, b OW update"},
	{"mset a 1 b 2", "a OW update, b OW update"},
	{"blpop a b 0", "a RW access delete, b RW access delete"},
	{"object encoding k", "k RO"},
	{"memory usage k", "k RO"},
	{"xgroup create k g 0", "k RW insert"},
	{"sort k by x store d get y", "k RO access, d OW update"},
	{"sort k by x store d get y store e", "k RO access, e OW update"},
	{"sort k store", "k RO access"},
	{"sort k limit store 2 store d", "k RO access, d OW update"},
	{"sort_ro k", "k RO access"},
	{"set k v", "k OW update"},
	{"set k v ex 10 nx", "k OW update"},
	{"set k v get", "k RW access update"},
	{"bitfield k", "k RO access"},
	{"bitfield k get u8 0", "k RO access"},
	{"bitfield k get u8 0 set u8 0 1", "k RW access update"},
	{"bitfield k get u8", "k RW access update"},
	{"bitfield k overflow sat", "k RO access"},
	{"bitfield k overflow", "k RW access update"},
	{"migrate h 1 k 0 10", "k RW access delete"},
	{"migrate h 1 k 0 10 auth", "k RW access delete"},
	{"migrate h 1 _ 0 10 keys", " RW access delete"},
	{"migrate h 1 _ 0 10 keys a b", "a RW access delete, b RW access delete"},
	{"migrate h 1 _ 0 10 copy auth keys keys a b", "a RW access delete, b RW access delete"},
	{"migrate h 1 k 0 10 keys a b", "invalid"},
	{"eval x 2 a b", "a RW access update, b RW access update"},
	{"eval x 0", "invalid"},
	{"eval x -1", "invalid"},
	{"eval x 5 a", "invalid"},
	{"eval x 9223372036854775807 a", "invalid"},
	{"xread count 1 streams a b 1 2", "a RO access, b RO access"},
	{"xread count 1 streams a b 1", "a RO access"},
	{"zunionstore d 1 a", "d OW update, a RO access"},
	{"zunionstore d 2 a", "invalid"},
	{"zunionstore d +1 a b", "a , d "},
	{"zinterstore d 4294967297 a", "d OW update, a RO access"},
	{"sintercard 01x a", "a "},
	{"sintercard -1 a", "invalid"},
	{"sintercard x a", "invalid"},
	{"sintercard 99999999999999999999999 a", "invalid"},
	{"lmpop +2 a left", "a , left "},
	{"lmpop +3 a left", "invalid"},
	{"zunionstore d 0 a", "invalid"},
	{"lmpop x a left", "invalid"},
	{"georadius k 1 2 3 km", "k RO access"},
	{"georadius k 1 2 3 km store", "k RO access"},
	{"georadius k 1 2 3 km storedist d STORE e", "k RO access, e OW update, d OW update"},
	{"publish a b", ""},
	{"spublish a b", ""},
}

func TestKeys(t *testing.T) {
	table := newTable()
	for _, c := range keyCases {
		args := request(c.request)
		s, ok := table.LookupRequest(args)
		if !ok {
			t.Fatalf("%s: unknown command", c.request)
		}
		refs, err := s.Keys(nil, args)
		var found []string
		for _, ref := range refs {
			flags := strings.Join(slices.Collect(ref.Flags.Names()), " ")
			found = append(found, fmt.Sprintf("%s %s", args[ref.Pos], flags))
		}
		got := strings.Join(found, ", ")
		if err != nil {
			got = "invalid"
		}
		if got != c.keys {
			t.Errorf("%s: got %q, want %q", c.request, got, c.keys)
		}
	}
}

// FuzzKeys: whatever the arguments are, keys are arguments.
func FuzzKeys(f *testing.F) {
	for _, c := range keyCases {
		f.Add(c.request)
	}
	table := newTable()
	f.Fuzz(func(t *testing.T, line string) {
		args := request(line)
		if len(args) == 0 {
			return
		}
		s, ok := table.LookupRequest(args)
		if !ok {
			return
		}
		refs, _ := s.Keys(nil, args)
		if len(refs) > 2*len(args) {
			t.Fatalf("%d keys in %d arguments", len(refs), len(args))
		}
		for _, ref := range refs {
			if ref.Pos < 1 || ref.Pos >= len(args) {
				t.Fatalf("key at %d of %d arguments", ref.Pos, len(args))
			}
		}
	})
}
