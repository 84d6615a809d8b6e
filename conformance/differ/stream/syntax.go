package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"respect/conformance/target"
	"respect/fixtures"
)

// reference holds the syntax of all commands of the release that is claimed.
const reference = "redis-7.2.6/commands.jsonl"

// Groups are the groups of commands that are tested.
var Groups = []string{"string", "list", "set", "sorted-set", "hash", "bitmap", "hyperloglog", "geo", "stream", "generic"}

// excluded commands are never sent.
var excluded = map[string]string{
	"migrate":    "needs another server",
	"wait":       "is about replicas",
	"waitaof":    "is about replicas and files",
	"pfselftest": "takes seconds, and answers OK",
	"pfdebug":    "shows what only developers of the server want to see",
}

// extra commands of other groups move between the databases and empty them.
var extra = []string{"select", "swapdb", "flushdb", "dbsize"}

// The types of arguments in COMMAND DOCS.
const (
	typeKey       = "key"
	typeInteger   = "integer"
	typeDouble    = "double"
	typeString    = "string"
	typePattern   = "pattern"
	typeUnixTime  = "unix-time"
	typePureToken = "pure-token"
	typeOneOf     = "oneof"
	typeBlock     = "block"
)

// Argument is one argument of a command's syntax.
type Argument struct {
	Name          string
	Type          string
	Token         string // stands in front of the argument
	Optional      bool
	Multiple      bool
	MultipleToken bool // the token is repeated with the argument
	Args          []Argument
}

// Command is a command, or a subcommand, and its syntax.
type Command struct {
	Words []string // its name in lower case; two words for a subcommand
	Group string
	Args  []Argument
}

// Name is the name with spaces, such as "object encoding".
func (c *Command) Name() string { return strings.Join(c.Words, " ") }

// row is what is read of a line of the reference.
type row struct {
	Name string
	Docs docs
}

type docs struct {
	Group       string
	Since       string
	Arguments   []argumentDocs
	Subcommands map[string]docs
}

type argumentDocs struct {
	Name      string
	Type      string
	Token     string
	Since     string
	Flags     []string
	Arguments []argumentDocs
}

// Commands returns the commands of the groups, in the order of their names, with
// the syntax that they have in the release.
func Commands(release target.Release) ([]Command, error) {
	text, err := fs.ReadFile(fixtures.Reference(), reference)
	if err != nil {
		return nil, err
	}
	var out []Command
	for line := range bytes.Lines(text) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", reference, err)
		}
		if excluded[r.Name] != "" || !slices.Contains(Groups, r.Docs.Group) && !slices.Contains(extra, r.Name) {
			continue
		}
		out = append(out, r.commands(release)...)
	}
	slices.SortFunc(out, func(a, b Command) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// commands are the command itself, or its subcommands if it has some.
func (r *row) commands(release target.Release) []Command {
	if len(r.Docs.Subcommands) == 0 {
		if newer(r.Docs.Since, release) {
			return nil
		}
		return []Command{{Words: []string{r.Name}, Group: r.Docs.Group, Args: arguments(r.Docs.Arguments, release)}}
	}
	var out []Command
	for name, d := range r.Docs.Subcommands {
		if !newer(d.Since, release) {
			out = append(out, Command{Words: strings.Split(name, "|"), Group: r.Docs.Group, Args: arguments(d.Arguments, release)})
		}
	}
	return out
}

// arguments leaves out what is newer than the release.
func arguments(list []argumentDocs, release target.Release) []Argument {
	var out []Argument
	for _, a := range list {
		if newer(a.Since, release) {
			continue
		}
		out = append(out, Argument{
			Name: a.Name, Type: a.Type, Token: a.Token,
			Optional:      slices.Contains(a.Flags, "optional"),
			Multiple:      slices.Contains(a.Flags, "multiple"),
			MultipleToken: slices.Contains(a.Flags, "multiple_token"),
			Args:          arguments(a.Arguments, release),
		})
	}
	return out
}

// newer reports whether something came after the release.
func newer(since string, release target.Release) bool {
	if since == "" {
		return false
	}
	r, err := target.ParseRelease(since)
	return err == nil && release.Less(r)
}

// Tokens are all words that the syntax of the command names.
func (c *Command) Tokens() []string {
	var out []string
	var walk func(list []Argument)
	walk = func(list []Argument) {
		for i := range list {
			if t := list[i].Token; t != "" {
				out = append(out, t)
			}
			walk(list[i].Args)
		}
	}
	walk(c.Args)
	slices.Sort(out)
	return slices.Compact(out)
}

// Select keeps the commands that the server has, of the groups given; no group
// means all.
func Select(all []Command, has func(name string) bool, groups []string) []Command {
	var out []Command
	for _, c := range all {
		wanted := len(groups) == 0 || slices.Contains(groups, c.Group) || slices.Contains(extra, c.Words[0])
		if wanted && has(c.Words[0]) {
			out = append(out, c)
		}
	}
	return out
}
