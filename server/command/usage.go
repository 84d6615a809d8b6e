package command

import "strings"

// Usage is the syntax as a line for people, such as
//
//	LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
func (s *Spec) Usage() string {
	name := strings.ToUpper(strings.ReplaceAll(s.FullName, "|", " "))
	if len(s.Args) == 0 {
		return name
	}
	return name + " " + joinArgs(s.Args, " ")
}

func joinArgs(args []Arg, separator string) string {
	parts := make([]string, len(args))
	for i := range args {
		parts[i] = args[i].String()
	}
	return strings.Join(parts, separator)
}

func (a *Arg) String() string {
	text := a.value()
	if a.Multiple && !a.MultipleToken {
		text += " [" + text + " ...]"
	}
	if a.HasToken && a.Type != ArgPureToken {
		text = quoteEmpty(a.Token) + " " + text
	}
	if a.MultipleToken {
		text += " [" + text + " ...]"
	}
	if a.Optional {
		return "[" + text + "]"
	}
	return text
}

// value is the argument without its token, repetition and brackets.
func (a *Arg) value() string {
	switch {
	case a.Type == ArgPureToken:
		return quoteEmpty(a.Token)
	case a.Type == ArgBlock:
		return joinArgs(a.Args, " ")
	case a.Type == ArgOneOf && a.Optional && !a.HasToken && !a.Multiple:
		return joinArgs(a.Args, " | ")
	case a.Type == ArgOneOf:
		return "<" + joinArgs(a.Args, " | ") + ">"
	case a.Display != "":
		return a.Display
	}
	return a.Name
}

func quoteEmpty(token string) string {
	if token == "" {
		return `""`
	}
	return token
}
