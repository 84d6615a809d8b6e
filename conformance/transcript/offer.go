package transcript

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"respect/conformance/target"
	"respect/fixtures"
)

// names is a set of commands in lower case, subcommands as "config|get".
type names map[string]bool

// lacking tells which command a step of the case uses that servers of this
// release have and that this one has not; empty if there is none. What no server
// has is asked for on purpose, and is no reason to skip the case.
func (p *Player) lacking(c *Case, e Env) (string, error) {
	if p.offered == nil {
		offered, err := p.listCommands()
		if err != nil {
			return "", err
		}
		p.offered = offered
	}
	known, err := known(e.Release)
	if err != nil || len(p.offered) == 0 {
		return "", err
	}
	for _, s := range playable(c, e) {
		if !s.sends() {
			continue
		}
		name, sub := commandName(s.Words)
		for _, candidate := range []string{name, name + "|" + sub} {
			if known[candidate] && !p.offered[candidate] {
				return strings.ToUpper(strings.ReplaceAll(candidate, "|", " ")), nil
			}
		}
	}
	return "", nil
}

// listCommands asks for all commands with their subcommands. A server that
// cannot tell them offers an empty set.
func (p *Player) listCommands() (names, error) {
	v, err := p.ask("COMMAND", "LIST")
	out := names{}
	for _, e := range v.Elems {
		out[strings.ToLower(string(e.Text))] = true
	}
	return out, err
}

var (
	knownMu sync.Mutex
	knownBy = map[target.Release]names{}
)

// known are the commands of the real server whose release comes closest, from
// below, to the one given.
func known(r target.Release) (names, error) {
	knownMu.Lock()
	defer knownMu.Unlock()
	if out := knownBy[r]; out != nil {
		return out, nil
	}
	out, err := readKnown(fixtures.Reference(), r)
	if err == nil {
		knownBy[r] = out
	}
	return out, err
}

func readKnown(reference fs.FS, r target.Release) (names, error) {
	files, err := fs.Glob(reference, "redis-*/commands.jsonl")
	if err != nil {
		return nil, err
	}
	type table struct {
		file    string
		release target.Release
	}
	var tables []table
	for _, file := range files {
		version, _, _ := strings.Cut(strings.TrimPrefix(file, "redis-"), "-")
		release, err := target.ParseRelease(strings.TrimSuffix(version, "/commands.jsonl"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		tables = append(tables, table{file, release})
	}
	slices.SortFunc(tables, func(a, b table) int {
		return cmp.Or(cmp.Compare(a.release.Major, b.release.Major), cmp.Compare(a.release.Minor, b.release.Minor))
	})
	if len(tables) == 0 {
		return names{}, nil
	}
	best := tables[0].file // for all that are older still
	for _, t := range tables {
		if !r.Less(t.release) {
			best = t.file
		}
	}
	text, err := fs.ReadFile(reference, best)
	if err != nil {
		return nil, err
	}
	return readNames(text)
}

// readNames reads the names in the lines of commands.jsonl.
func readNames(text []byte) (names, error) {
	out := names{}
	for line := range bytes.Lines(text) {
		var row struct {
			Name        string
			Subcommands []struct{ Name string }
		}
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		out[row.Name] = true
		for _, sub := range row.Subcommands {
			out[sub.Name] = true
		}
	}
	return out, nil
}
