package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"respect/protocol"
)

// Bounds of what is read. They are far beyond any real file.
const (
	maxFileSize     = 64 << 20
	maxIncludeDepth = 32
)

// FatalError is a mistake in the configuration that keeps the server from
// starting.
type FatalError struct {
	// Line counts from 1; options of the command line follow the last line of
	// the file, after an empty one. 0 if the mistake is in no single line.
	Line   int
	Text   string // the line, without blanks around it
	Reason string
}

func (e *FatalError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: '%s': %s", e.Line, e.Text, e.Reason)
}

// Report returns the message for standard error; server is name and version,
// such as "Redis 7.2.6".
func (e *FatalError) Report(server string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n*** FATAL CONFIG FILE ERROR (%s) ***\n", server)
	if e.Line > 0 {
		fmt.Fprintf(&b, "Reading the configuration file, at line %d\n>>> '%s'\n", e.Line, e.Text)
	}
	b.WriteString(e.Reason + "\n")
	return b.String()
}

// Load reads the configuration as the command line gives it (see Split): a
// file, standard input, options, in this order. Errors are a *FatalError or an
// *OpenError.
func (c *Config) Load(args []string, stdin io.Reader) error {
	cl := SplitArgs(args)
	var text strings.Builder
	if cl.File != "" {
		path, err := filepath.Abs(cl.File)
		if err != nil {
			return cannotOpen(cl.File, err)
		}
		content, err := readFile(path)
		if err != nil {
			return err
		}
		c.path = path
		text.WriteString(content)
	}
	if cl.Stdin {
		content, err := readAll(stdin, "-")
		if err != nil {
			return err
		}
		text.WriteString(content)
	}
	if cl.Options != "" {
		text.WriteString("\n" + cl.Options)
	}
	return c.LoadText(text.String())
}

// LoadText reads the lines of a configuration file.
func (c *Config) LoadText(text string) error {
	if err := c.loadLines(text, 0); err != nil {
		return err
	}
	if c.clusterEnabled() && c.replicaOf.Host != "" {
		return &FatalError{Reason: "replicaof directive not allowed in cluster mode"}
	}
	c.noteDefaultUser()
	return nil
}

func (c *Config) clusterEnabled() bool { return c.Lookup("cluster-enabled").Value() == "yes" }

// loadLines reads lines of a file that is depth includes away from the first.
func (c *Config) loadLines(text string, depth int) error {
	for number := 1; text != ""; number++ {
		line, rest, _ := strings.Cut(text, "\n")
		text = rest
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		err := c.loadLine(line, depth)
		var mistake directiveError
		if errors.As(err, &mistake) {
			return &FatalError{number, line, mistake.Error()}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// directiveError is a mistake in the directive at hand; other errors have their
// place in them, or none.
type directiveError struct{ error }

var (
	errQuotes    = reason("Unbalanced quotes in configuration line")
	errDirective = reason("Bad directive or wrong number of arguments")
)

func (c *Config) loadLine(line string, depth int) error {
	words, ok := splitLine(line)
	if !ok {
		return directiveError{errQuotes}
	}
	if len(words) == 0 {
		return nil
	}
	name, args := strings.ToLower(words[0]), words[1:]
	if name == "include" && len(args) == 1 {
		return c.include(args[0], depth)
	}
	if err := c.directive(name, args); err != nil {
		return directiveError{err}
	}
	return nil
}

func splitLine(line string) (words []string, ok bool) {
	split, ok := protocol.SplitArgs([]byte(line))
	for _, word := range split {
		words = append(words, string(word))
	}
	return words, ok
}

// directive executes all directives but include.
func (c *Config) directive(name string, args []string) error {
	if p := c.byName[name]; p != nil {
		return p.load(args)
	}
	switch {
	case name == "rename-command" && len(args) == 2:
		c.RenamedCommands = append(c.RenamedCommands, Rename{args[0], args[1]})
	case name == "user" && len(args) >= 1:
		return c.addUser(args)
	case name == "loadmodule" && len(args) >= 1:
		c.Modules = append(c.Modules, args)
	case name == "sentinel":
		return reason("sentinel directive while not in sentinel mode")
	case (name == "list-max-ziplist-entries" || name == "list-max-ziplist-value") && len(args) == 1:
		// Of releases before 3.2; without effect since.
	default:
		return errDirective
	}
	return nil
}

// load sets the parameter from the words of a line. A single word for a
// parameter that takes several may hold them all.
func (p *Param) load(args []string) error {
	switch {
	case p.value.multi() && len(args) == 1 && args[0] != "":
		args = setWords(p, args[0])
	case !p.value.multi() && len(args) != 1:
		return errArguments
	}
	return p.value.set(args, fromFile)
}

// addUser keeps a user directive. Its rules are for those who know users.
func (c *Config) addUser(args []string) error {
	for _, user := range c.Users {
		if user[0] == args[0] {
			return reason("Error in user declaration '" + args[0] + "': Duplicate user found. " +
				"A user can only be defined once in config files")
		}
	}
	c.Users = append(c.Users, args)
	return nil
}

// include loads the files that a pattern matches, in alphabetical order; a
// pattern may match none. Relative names start from dir.
//
// Deviation: Redis joins the files of a pattern to one text, even within a
// line, and counts lines through. It does not bound the depth and crashes.
func (c *Config) include(pattern string, depth int) error {
	if depth >= maxIncludeDepth {
		return directiveError{reason("Too many nested include directives")}
	}
	path := pattern
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, path)
	}
	paths := []string{path}
	if strings.ContainsAny(pattern, "*?[") {
		matches, err := filepath.Glob(path)
		if err != nil {
			matches = nil
		}
		paths = matches
	}
	for _, path := range paths {
		content, err := readFile(path)
		if err != nil {
			return err
		}
		if err := c.loadLines(content, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", cannotOpen(path, err)
	}
	defer f.Close()
	return readAll(f, path)
}

func readAll(r io.Reader, name string) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxFileSize+1))
	if err != nil {
		return "", cannotOpen(name, err)
	}
	if len(content) > maxFileSize {
		return "", cannotOpen(name, reason("File too large"))
	}
	return string(content), nil
}

func cannotOpen(path string, err error) error {
	return &OpenError{path, systemError(err)}
}
