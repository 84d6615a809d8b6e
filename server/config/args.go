package config

import (
	"fmt"
	"strings"
)

// CommandLine is a command line taken apart.
type CommandLine struct {
	File    string // "" for none
	Stdin   bool   // standard input holds configuration too
	Options string // the options as lines of a configuration file
}

// SplitArgs takes apart the arguments after the program's name:
//
//	[file] [--name [value...]]... [-]
//
// An argument that starts with "--" begins an option, unless the one before is
// still without a value; a single argument may hold the whole of an option
// ("--port 6380"). "-" is standard input, at the start or at the end.
func SplitArgs(args []string) CommandLine {
	var cl CommandLine
	if len(args) > 0 && args[0] == "-" {
		cl.Stdin = true
		args = args[1:]
	} else if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		cl.File = args[0]
		args = args[1:]
	}
	if n := len(args); n > 0 && args[n-1] == "-" {
		cl.Stdin = true
		args = args[:n-1]
	}
	cl.Options = optionLines(args)
	return cl
}

func optionLines(args []string) string {
	var b strings.Builder
	complete := true // the option at hand has a value
	for i, arg := range args {
		if !complete || !strings.HasPrefix(arg, "--") {
			b.WriteString(quote(arg) + " ")
			complete = true
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(arg[2:] + " ")
		words, ok := splitLine(arg)
		complete = !ok || len(words) != 1
		last := i == len(args)-1
		if !complete && strings.EqualFold(arg, "--save") && (last || strings.HasPrefix(args[i+1], "--")) {
			// The one option that people leave without a value, to mean "".
			b.WriteString(`""`)
			complete = true
		}
	}
	return b.String()
}

// quote writes s as a word in double quotes that a configuration line reads
// back as s.
func quote(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case strings.IndexByte("\n\r\t\a\b", c) >= 0:
			b = append(b, '\\', "abtn..r"[c-'\a'])
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}
