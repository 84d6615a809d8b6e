package check

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/onsi/ginkgo/v2/types"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/fixtures"
)

// Check is one thing to be checked.
type Check struct {
	ID       string
	Group    string
	Protocol int
	Commands []string // as "config|get"
	Labels   []string // "cmd:get", "group:string", "proto:2", "needs:blocking", and those of the file

	File *transcript.File
	Case *transcript.Case
	Data *fixtures.Manifest // in place of file and case
	// Encodings tells that those of what the data file holds are compared, not the values.
	Encodings bool
}

// Selection says which checks are made. The zero value selects all.
type Selection struct {
	Focus, Skip *regexp.Regexp // on the ID
	Commands    []string       // at least one of them is used; as "get" or "config|get"
	Groups      []string
	Labels      string // an expression of Ginkgo's labels
	Protocols   []int
	Profile     *Profile
}

// String is the selection in words.
func (s *Selection) String() string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+" "+value)
		}
	}
	if s.Profile != nil {
		add("profile", s.Profile.Name)
	}
	add("commands", strings.Join(s.Commands, ", "))
	add("groups", strings.Join(s.Groups, ", "))
	add("labels", s.Labels)
	for _, p := range s.Protocols {
		out = append(out, fmt.Sprintf("RESP%d", p))
	}
	for name, re := range map[string]*regexp.Regexp{"focus": s.Focus, "skip": s.Skip} {
		if re != nil {
			add(name, re.String())
		}
	}
	if len(out) == 0 {
		return "everything"
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// Plan lists the selected checks in the order of the files.
func Plan(s *Selection) ([]*Check, error) {
	filter, err := types.ParseLabelFilter(s.Labels)
	if err != nil {
		return nil, err
	}
	all, err := everything()
	if err != nil {
		return nil, err
	}
	var out []*Check
	for _, c := range all {
		if s.selects(c) && filter(c.Labels) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *Selection) selects(c *Check) bool {
	uses := func(name string) bool {
		return slices.ContainsFunc(c.Commands, func(have string) bool {
			return have == name || strings.HasPrefix(have, name+"|")
		})
	}
	switch {
	case s.Focus != nil && !s.Focus.MatchString(c.ID),
		s.Skip != nil && s.Skip.MatchString(c.ID),
		len(s.Commands) > 0 && !slices.ContainsFunc(s.Commands, uses),
		len(s.Groups) > 0 && !slices.Contains(s.Groups, c.Group),
		len(s.Protocols) > 0 && !slices.Contains(s.Protocols, c.Protocol),
		s.Profile != nil && !s.Profile.Has(c):
		return false
	}
	return true
}

// everything lists all checks that there are, and reads the corpus for it once.
var everything = sync.OnceValues(func() ([]*Check, error) {
	files, err := transcript.ReadAll(fixtures.Transcripts())
	if err != nil {
		return nil, err
	}
	var out []*Check
	for _, f := range files {
		for i := range f.Cases {
			for proto := 2; proto <= 3; proto++ {
				if c := ofCase(f, &f.Cases[i], proto); c != nil {
					out = append(out, c)
				}
			}
		}
	}
	return append(out, dataChecks()...), nil
})

// ofCase is nil for a case that is not for the protocol.
func ofCase(f *transcript.File, c *transcript.Case, proto int) *Check {
	if !transcript.PlayedIn(f, c, proto) {
		return nil
	}
	out := &Check{
		ID:    fmt.Sprintf("%s: %s, RESP%d", f.Name, c.Name, proto),
		Group: path.Dir(f.Name), Protocol: proto, File: f, Case: c,
	}
	for i := range c.Steps {
		if name := transcript.CommandOf(&c.Steps[i]); name != "" && !slices.Contains(out.Commands, name) {
			out.Commands = append(out.Commands, name)
		}
	}
	out.Labels = append([]string{"group:" + out.Group, fmt.Sprintf("proto:%d", proto)}, transcript.Labels(f, c)...)
	for _, name := range out.Commands {
		out.Labels = append(out.Labels, "cmd:"+strings.ReplaceAll(name, "|", "-"))
	}
	for _, need := range needs(out) {
		out.Labels = append(out.Labels, "needs:"+string(need))
	}
	return out
}

// needing are the commands that need a capability, besides those named after it.
var needing = map[target.Capability][]string{
	target.Blocking:     {"blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"},
	target.Transactions: {"multi", "exec", "discard", "watch", "unwatch"},
	target.PubSub:       {"publish", "subscribe", "psubscribe", "ssubscribe", "spublish", "pubsub"},
	target.Scripting:    {"eval", "evalsha", "eval_ro", "evalsha_ro", "script", "fcall", "fcall_ro", "function"},
	target.Persistence:  {"save", "bgsave", "lastsave", "bgrewriteaof"},
	target.Databases:    {"select", "move", "swapdb"},
	target.Config:       {"config"},
	target.Debug:        {"debug"},
	target.Cluster:      {"cluster", "asking", "readonly", "readwrite"},
}

// needs are the capabilities that a server must have to pass the check.
func needs(c *Check) []target.Capability {
	var out []target.Capability
	for _, capability := range target.Capabilities() {
		used := slices.ContainsFunc(c.Commands, func(name string) bool {
			name, _, _ = strings.Cut(name, "|")
			return slices.Contains(needing[capability], name)
		})
		switch capability {
		case target.RESP3:
			used = c.Protocol == 3
		case target.Streams:
			used = c.Group == "stream"
		case target.Blocking:
			used = used || usesWord(c.Case, "BLOCK")
		case target.Config:
			used = used || transcript.Has(c.File, c.Case, transcript.DirConfig)
		}
		if used {
			out = append(out, capability)
		}
	}
	return out
}

// usesWord tells whether a request has the word, in any case.
func usesWord(c *transcript.Case, word string) bool {
	for i := range c.Steps {
		for _, w := range c.Steps[i].Words {
			if strings.EqualFold(w.String(), word) {
				return true
			}
		}
	}
	return false
}

// disturbing are words of requests that do something to a server besides its keys, and so to
// others who use it.
var disturbing = []string{
	"FLUSHALL", "FLUSHDB", "SWAPDB", "SHUTDOWN", "DEBUG", "KILL", "PAUSE", "RESETSTAT", "REWRITE", "FLUSH", "SAVE", "BGSAVE",
	"BGREWRITEAOF", "RESET", "SETUSER", "DELUSER", "FUNCTION", "REPLICAOF", "SLAVEOF", "FAILOVER", "MODULE", "SELECT", "MOVE",
}

// Disturbs tells why a check must not be made on a server that others may use; empty if it
// may.
func Disturbs(c *Check) string {
	if transcript.Has(c.File, c.Case, transcript.DirConfig) || slices.Contains(c.Commands, "config|set") {
		return "changes the configuration of the server"
	}
	for i := range c.Case.Steps {
		s := &c.Case.Steps[i]
		for _, word := range disturbing {
			if bytes.Contains(bytes.ToUpper(s.Bytes), []byte(word)) || mentions(s, word) {
				return word + " does something to the server besides its keys"
			}
		}
	}
	if usesWord(c.Case, "DB") {
		return "uses other databases"
	}
	return ""
}

// mentions tells whether the first two words are the command, or a script calls it.
func mentions(s *transcript.Step, command string) bool {
	for i, w := range s.Words {
		text := strings.ToUpper(w.String())
		if i < 2 && text == command || strings.ContainsAny(text, "('") && strings.Contains(text, command) {
			return true
		}
	}
	return false
}
