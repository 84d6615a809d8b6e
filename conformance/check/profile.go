package check

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"respect/conformance/transcript"
	"respect/fixtures"
)

// Profile is a set of commands with their options that belong together: what a kind of
// application uses. A check belongs to it if it uses nothing else.
type Profile struct {
	Name, About string
	// Commands are the commands, as "config|get", with the options that are used in upper case;
	// "*" stands for all options.
	Commands map[string][]string
	// Also are further commands that checks may use, because the cases that are about the
	// others do.
	Also      []string
	Protocols []int // all if empty
	// Files are the data files that belong to it, as patterns of their names.
	Files []string
}

// Profiles reads the profiles that the suite has, in the order of the file.
func Profiles() ([]*Profile, error) {
	text, err := fs.ReadFile(fixtures.Profiles(), "profiles.txt")
	if err != nil {
		return nil, err
	}
	return ParseProfiles(string(text))
}

// FindProfile returns the profile with the name.
func FindProfile(name string) (*Profile, error) {
	all, err := Profiles()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("there is no profile %q; there are %s", name, strings.Join(names, ", "))
}

// ParseProfiles reads profiles: "=== name", lines "about: …", "protocols: 2 3", "also: command …"
// and "files: pattern …", and one line for each command, followed by its options.
func ParseProfiles(text string) ([]*Profile, error) {
	table, err := known()
	if err != nil {
		return nil, err
	}
	var out []*Profile
	var p *Profile
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		var err error
		if name, ok := strings.CutPrefix(line, "=== "); ok {
			p = &Profile{Name: name, Commands: map[string][]string{}}
			out = append(out, p)
		} else if p == nil {
			err = fmt.Errorf("%q stands in front of the first profile", line)
		} else {
			err = p.add(line, table)
		}
		if err != nil {
			return nil, fmt.Errorf("profiles, line %d: %w", i+1, err)
		}
	}
	return out, nil
}

func (p *Profile) add(line string, table facts) error {
	if name, value, ok := strings.Cut(line, ": "); ok {
		switch name {
		case "about":
			p.About = strings.TrimSpace(p.About + " " + value)
		case "protocols":
			for _, word := range strings.Fields(value) {
				if word != "2" && word != "3" {
					return fmt.Errorf("%q is no protocol", word)
				}
				p.Protocols = append(p.Protocols, int(word[0]-'0'))
			}
		case "also":
			for _, word := range strings.Fields(strings.ToLower(value)) {
				if table[word] == nil {
					return fmt.Errorf("no real server has the command %q", word)
				}
				p.Also = append(p.Also, word)
			}
		case "files":
			p.Files = append(p.Files, strings.Fields(value)...)
		default:
			return fmt.Errorf("unknown member %q", name)
		}
		return nil
	}
	words := strings.Fields(line)
	command := strings.ToLower(words[0])
	if table[command] == nil {
		return fmt.Errorf("no real server has the command %q", words[0])
	}
	for _, option := range words[1:] {
		if option != "*" && !table[command][option] {
			return fmt.Errorf("%s has no option %q", words[0], option)
		}
	}
	p.Commands[command] = words[1:]
	return nil
}

// Has tells whether the check uses nothing but what the profile has.
func (p *Profile) Has(c *Check) bool {
	if len(p.Protocols) > 0 && !slices.Contains(p.Protocols, c.Protocol) {
		return false
	}
	if c.Data != nil {
		return !c.Encodings && matchesAny(p.Files, c.Data.Name())
	}
	_, sets := p.Commands["config|set"]
	if !sets && (transcript.Has(c.File, c.Case, transcript.DirConfig) || transcript.Has(c.File, c.Case, transcript.DirServer)) {
		return false
	}
	for i := range c.Case.Steps {
		if !p.hasStep(&c.Case.Steps[i]) {
			return false
		}
	}
	return true
}

func (p *Profile) hasStep(s *transcript.Step) bool {
	if s.Kind != transcript.Send && s.Kind != transcript.Join {
		return s.Kind != transcript.Raw
	}
	command := transcript.CommandOf(s)
	options, ok := p.Commands[command]
	if !ok {
		return slices.Contains(p.Also, command)
	}
	if slices.Contains(options, "*") {
		return true
	}
	table, err := known()
	if err != nil {
		return false
	}
	for _, w := range s.Words[1:] {
		word, _ := w.Literal()
		if word = strings.ToUpper(word); table[command][word] && !slices.Contains(options, word) {
			return false
		}
	}
	return true
}

// matchesAny tells whether the text matches one of the patterns, in which * stands for
// anything.
func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, text) })
}

func matches(pattern, text string) bool {
	head, tail, star := strings.Cut(pattern, "*")
	rest, ok := strings.CutPrefix(text, head)
	if !ok || !star {
		return ok && rest == ""
	}
	for i := 0; i <= len(rest); i++ {
		if matches(tail, rest[i:]) {
			return true
		}
	}
	return false
}
