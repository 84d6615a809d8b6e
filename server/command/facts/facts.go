// Package facts reads what real servers answer to COMMAND and COMMAND DOCS, and renders
// specs in that form, so that tests can hold one against the other.
package facts

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"respect/server/command"
)

// Command is a line of the reference: what a real server answers about a command.
type Command struct {
	Name        string    `json:"name"`
	Arity       int       `json:"arity"`
	Flags       []string  `json:"flags"`
	Categories  []string  `json:"acl_categories"`
	First       int       `json:"first_key"`
	Last        int       `json:"last_key"`
	Step        int       `json:"step"`
	KeySpecs    []keyFact `json:"key_specs"`
	Tips        []string  `json:"tips"`
	Subcommands []Command `json:"subcommands"`
	Docs        docsFact  `json:"docs"`
}

type keyFact struct {
	Begin stepFact `json:"begin_search"`
	Find  stepFact `json:"find_keys"`
	Flags []string `json:"flags"`
	Notes string   `json:"notes"`
}

type stepFact struct {
	Type string         `json:"type"`
	Spec map[string]any `json:"spec"`
}

type docsFact struct {
	Group           string              `json:"group"`
	Since           string              `json:"since"`
	DocFlags        []string            `json:"doc_flags"`
	DeprecatedSince string              `json:"deprecated_since"`
	ReplacedBy      string              `json:"replaced_by"`
	Args            []argFact           `json:"arguments"`
	Subcommands     map[string]docsFact `json:"subcommands"`
}

type argFact struct {
	Name            string    `json:"name"`
	Type            string    `json:"type"`
	Display         string    `json:"display_text"`
	KeySpec         *int      `json:"key_spec_index"`
	Token           *string   `json:"token"`
	Since           string    `json:"since"`
	DeprecatedSince string    `json:"deprecated_since"`
	Flags           []string  `json:"flags"`
	Args            []argFact `json:"arguments"`
}

// Read returns the commands and subcommands of a release, such as "redis-7.2.6", by full
// name, from a directory of references (fixtures.Reference). The documentation of
// subcommands is moved to them.
func Read(references fs.FS, release string) (map[string]Command, error) {
	data, err := fs.ReadFile(references, release+"/commands.jsonl")
	if err != nil {
		return nil, err
	}
	facts := map[string]Command{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f Command
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return nil, fmt.Errorf("%s: %w", release, err)
		}
		for _, sub := range f.Subcommands {
			sub.Docs = f.Docs.Subcommands[sub.Name]
			facts[sub.Name] = sub
		}
		f.Docs.Subcommands, f.Subcommands = nil, nil
		facts[f.Name] = f
	}
	return facts, lines.Err()
}

// Of renders a Spec in the form of the reference.
func Of(s *command.Spec) Command {
	f := Command{
		Name: s.FullName, Arity: s.Arity,
		Flags: slices.Sorted(s.Flags.Names()),
		First: s.First, Last: s.Last, Step: s.Step,
		Tips: s.Tips,
		Docs: docsFact{
			Group: s.Group, Since: s.Since.String(), DeprecatedSince: releaseFact(s.DeprecatedSince),
			ReplacedBy: s.ReplacedBy, Args: argFacts(s.Args),
		},
	}
	for name := range s.Categories.Names() {
		f.Categories = append(f.Categories, "@"+name)
	}
	slices.Sort(f.Categories)
	for i := range s.KeySpecs {
		f.KeySpecs = append(f.KeySpecs, keyFactOf(&s.KeySpecs[i]))
	}
	if s.System {
		f.Docs.DocFlags = append(f.Docs.DocFlags, "syscmd")
	}
	if s.DeprecatedSince != 0 {
		f.Docs.DocFlags = append(f.Docs.DocFlags, "deprecated")
	}
	return f
}

func releaseFact(v command.Version) string {
	if v == 0 {
		return ""
	}
	return v.String()
}

func keyFactOf(k *command.KeySpec) keyFact {
	f := keyFact{Flags: slices.Collect(k.Flags.Names()), Notes: k.Notes}
	numbers := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			if n, ok := pairs[i+1].(int); ok {
				m[pairs[i].(string)] = float64(n)
			} else {
				m[pairs[i].(string)] = pairs[i+1]
			}
		}
		return m
	}
	switch k.Begin {
	case command.BeginUnknown:
		f.Begin = stepFact{"unknown", numbers()}
	case command.BeginIndex:
		f.Begin = stepFact{"index", numbers("index", k.Index)}
	case command.BeginKeyword:
		f.Begin = stepFact{"keyword", numbers("keyword", k.Keyword, "startfrom", k.StartFrom)}
	}
	switch k.Find {
	case command.FindUnknown:
		f.Find = stepFact{"unknown", numbers()}
	case command.FindRange:
		f.Find = stepFact{"range", numbers("lastkey", k.LastKey, "keystep", k.Step, "limit", k.Limit)}
	case command.FindKeyNum:
		f.Find = stepFact{"keynum", numbers("keynumidx", k.KeyNumIndex, "firstkey", k.FirstKey, "keystep", k.Step)}
	}
	return f
}

func argFacts(args []command.Arg) (facts []argFact) {
	for i := range args {
		a := &args[i]
		f := argFact{
			Name: a.Name, Type: a.Type.String(), Display: a.Display,
			Since: releaseFact(a.Since), DeprecatedSince: releaseFact(a.DeprecatedSince), Args: argFacts(a.Args),
		}
		if a.KeySpec >= 0 {
			f.KeySpec = &a.KeySpec
		}
		if a.HasToken {
			f.Token = &a.Token
		}
		add := func(yes bool, flag string) {
			if yes {
				f.Flags = append(f.Flags, flag)
			}
		}
		add(a.Optional, "optional")
		add(a.Multiple, "multiple")
		add(a.MultipleToken, "multiple_token")
		facts = append(facts, f)
	}
	return facts
}

// alike compares facts; an empty list is as good as none, and the reference lists
// the documentation's flags and keys' flags in its own order.
var alike = []cmp.Option{
	cmp.Transformer("list", func(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), " ") }),
	cmp.Transformer("args", func(list []argFact) map[int]argFact { return byIndex(list) }),
	cmp.Transformer("keys", func(list []keyFact) map[int]keyFact { return byIndex(list) }),
	cmp.Transformer("subcommands", func(list []Command) map[int]Command { return byIndex(list) }),
	cmp.Transformer("docs", func(m map[string]docsFact) int { return len(m) }),
}

// Diff returns in what two descriptions of a command differ, "" if in nothing.
func Diff(want, got Command) string { return cmp.Diff(want, got, alike...) }

func byIndex[T any](list []T) map[int]T {
	m := map[int]T{}
	for i, x := range list {
		m[i] = x
	}
	return m
}
