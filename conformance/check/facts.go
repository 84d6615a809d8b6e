package check

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"sync"

	"respect/fixtures"
)

// facts are what the real servers tell about a command, over all their releases: the words
// that stand for options, in upper case.
type facts map[string]map[string]bool

// argument is an argument in COMMAND DOCS.
type argument struct {
	Token     string
	Arguments []argument
}

// known holds the facts by command, as "get" or "config|get".
var known = sync.OnceValues(func() (facts, error) { return readFacts(fixtures.Reference()) })

func readFacts(reference fs.FS) (facts, error) {
	files, err := fs.Glob(reference, "*/commands.jsonl")
	if err != nil {
		return nil, err
	}
	out := facts{}
	for _, file := range files {
		text, err := fs.ReadFile(reference, file)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			if err := out.add(line); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (f facts) add(line []byte) error {
	var row struct {
		Name string
		Docs struct {
			Arguments   []argument
			Subcommands map[string]struct{ Arguments []argument }
		}
		Subcommands []struct{ Name string }
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return err
	}
	f.tokens(row.Name, row.Docs.Arguments)
	for _, sub := range row.Subcommands {
		f.tokens(sub.Name, nil)
	}
	for name, sub := range row.Docs.Subcommands {
		f.tokens(name, sub.Arguments)
	}
	return nil
}

func (f facts) tokens(command string, args []argument) {
	if f[command] == nil {
		f[command] = map[string]bool{}
	}
	for _, a := range args {
		if a.Token != "" {
			f[command][strings.ToUpper(a.Token)] = true
		}
		f.tokens(command, a.Arguments)
	}
}
