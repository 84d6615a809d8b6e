package transcript

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Extension ends the names of the files of a corpus.
const Extension = ".txt"

// ReadAll parses all files of a corpus, ordered by name.
func ReadAll(corpus fs.FS) ([]*File, error) {
	var out []*File
	err := fs.WalkDir(corpus, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != Extension {
			return err
		}
		text, err := fs.ReadFile(corpus, name)
		if err != nil {
			return err
		}
		f, err := Parse(name, text)
		if err == nil {
			out = append(out, f)
		}
		return err
	})
	return out, err
}

// containers are the commands whose second word names what is done.
var containers = []string{
	"acl", "client", "cluster", "command", "config", "debug", "function", "latency", "memory", "module", "object",
	"pubsub", "script", "slowlog", "xgroup", "xinfo",
}

// Commands lists the commands that the requests of the case name, in lower
// case and each once; subcommands as "client-kill".
func Commands(c *Case) []string {
	var out []string
	for i := range c.Steps {
		if !c.Steps[i].sends() {
			continue
		}
		name, sub := commandName(c.Steps[i].Words)
		if sub != "" {
			name += "-" + sub
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// CommandOf is the command that the step sends, in lower case and with its
// subcommand as in "config|get"; empty if it sends none, or one that has no
// proper name.
func CommandOf(s *Step) string {
	if !s.sends() {
		return ""
	}
	name, sub := commandName(s.Words)
	if sub != "" {
		name += "|" + sub
	}
	return name
}

// commandName is the command, and the subcommand if it is one that has them.
func commandName(words []Word) (name, sub string) {
	name = literalName(words[0])
	if slices.Contains(containers, name) && len(words) > 1 {
		sub = literalName(words[1])
	}
	return name, sub
}

// literalName is the word in lower case if it can be a part of a label.
func literalName(w Word) string {
	if len(w.Parts) != 1 {
		return ""
	}
	name := strings.ToLower(string(w.Parts[0].Lit))
	bad := strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
	if bad >= 0 {
		return ""
	}
	return name
}
