// Command gen writes the tables of the docs that follow from the code:
// COMMANDS.md from the command table, CONFIG.md from the configuration table, FAULTS.md from
// the faults that the suite must detect.
// With -check it writes nothing and fails if a file is not up to date.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"respect/server"
	"respect/server/config"
)

func main() {
	check := flag.Bool("check", false, "fail if a file is not up to date")
	dir := flag.String("dir", "docs", "where the files are")
	flag.Parse()
	status := 0
	for name, content := range map[string][]byte{"COMMANDS.md": commands(), "CONFIG.md": parameters(), "FAULTS.md": matrix()} {
		path := filepath.Join(*dir, name)
		old, _ := os.ReadFile(path)
		switch {
		case bytes.Equal(old, content):
		case *check:
			fmt.Fprintf(os.Stderr, "%s is not up to date: run make gen\n", path)
			status = 1
		default:
			if err := os.WriteFile(path, content, 0o644); err != nil {
				fmt.Fprintln(os.Stderr, err)
				status = 1
			}
		}
	}
	os.Exit(status)
}

// commands lists the commands by group.
func commands() []byte {
	var b bytes.Buffer
	b.WriteString("# Commands\n\nMade by `make gen` from the command table; not to be edited.\n")
	group := ""
	for _, s := range server.Commands() {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&b, "\n## %s\n\n| syntax | since | complexity | |\n|---|---|---|---|\n", group)
		}
		if len(s.Subcommands) > 0 {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", cell(s.Usage()), s.Since, s.Complexity, cell(s.Summary))
	}
	return b.Bytes()
}

// parameters lists the configuration parameters, and why some have no effect.
func parameters() []byte {
	var b bytes.Buffer
	b.WriteString("# Configuration\n\nMade by `make gen` from the configuration table; not to be edited.\n\n")
	b.WriteString("| parameter | default | changeable | effect |\n|---|---|---|---|\n")
	c := config.New()
	for _, p := range c.Params() {
		if p.Flags&config.Hidden != 0 {
			continue
		}
		value := "`" + cell(p.Value()) + "`"
		switch {
		case p.Value() == "":
			value = ""
		case p.Name == "dir":
			value = "working directory"
		}
		changeable := "yes"
		if p.Flags&config.Immutable != 0 {
			changeable = "at start"
		}
		effect := "yes"
		if p.NoEffect != "" {
			effect = "none: " + cell(p.NoEffect)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, value, changeable, effect)
	}
	return b.Bytes()
}

// cell makes a text fit for a cell of a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
