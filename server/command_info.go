package server

import (
	"iter"

	"respect/protocol"
	"respect/server/command"
)

// This file appends what COMMAND INFO and COMMAND DOCS tell about one command.

// appendInfo appends an element of COMMAND INFO's reply.
func appendInfo(w *protocol.Writer, s *command.Spec) {
	w.Array(10)
	w.BulkString(s.FullName)
	w.Int(int64(s.Arity))
	appendStatusSet(w, "", s.Flags.Count(), s.Flags.Names())
	w.Int(int64(s.First))
	w.Int(int64(s.Last))
	w.Int(int64(s.Step))
	appendStatusSet(w, "@", s.Categories.Count(), s.Categories.Names())
	w.Set(len(s.Tips))
	for _, tip := range s.Tips {
		w.BulkString(tip)
	}
	w.Set(len(s.KeySpecs))
	for i := range s.KeySpecs {
		appendKeySpec(w, &s.KeySpecs[i])
	}
	if len(s.Subcommands) == 0 {
		w.Set(0)
		return
	}
	w.Array(len(s.Subcommands))
	for _, sub := range s.Subcommands {
		appendInfo(w, sub)
	}
}

func appendStatusSet(w *protocol.Writer, prefix string, n int, names iter.Seq[string]) {
	w.Set(n)
	for name := range names {
		w.Status(prefix + name)
	}
}

func appendKeySpec(w *protocol.Writer, k *command.KeySpec) {
	fields := 3
	if k.Notes != "" {
		fields++
	}
	w.Map(fields)
	if k.Notes != "" {
		appendPair(w, "notes", k.Notes)
	}
	w.BulkString("flags")
	appendStatusSet(w, "", k.Flags.Count(), k.Flags.Names())
	w.BulkString("begin_search")
	switch k.Begin {
	case command.BeginUnknown:
		appendStep(w, "unknown", 0)
	case command.BeginIndex:
		appendStep(w, "index", 1)
		appendNumber(w, "index", k.Index)
	case command.BeginKeyword:
		appendStep(w, "keyword", 2)
		appendPair(w, "keyword", k.Keyword)
		appendNumber(w, "startfrom", k.StartFrom)
	}
	w.BulkString("find_keys")
	switch k.Find {
	case command.FindUnknown:
		appendStep(w, "unknown", 0)
	case command.FindRange:
		appendStep(w, "range", 3)
		appendNumber(w, "lastkey", k.LastKey)
		appendNumber(w, "keystep", k.Step)
		appendNumber(w, "limit", k.Limit)
	case command.FindKeyNum:
		appendStep(w, "keynum", 3)
		appendNumber(w, "keynumidx", k.KeyNumIndex)
		appendNumber(w, "firstkey", k.FirstKey)
		appendNumber(w, "keystep", k.Step)
	}
}

// appendStep begins one of the two steps of a key specification, of which the
// given number of fields follow.
func appendStep(w *protocol.Writer, kind string, fields int) {
	w.Map(2)
	appendPair(w, "type", kind)
	w.BulkString("spec")
	w.Map(fields)
}

func appendPair(w *protocol.Writer, name, value string) {
	w.BulkString(name)
	w.BulkString(value)
}

func appendNumber(w *protocol.Writer, name string, n int) {
	w.BulkString(name)
	w.Int(int64(n))
}

// appendDocs appends a pair of COMMAND DOCS' reply.
func appendDocs(w *protocol.Writer, s *command.Spec) {
	w.BulkString(s.FullName)
	m, pairs := w.DeferMap(), 0
	pair := func(name, value string) {
		if value != "" {
			appendPair(w, name, value)
			pairs++
		}
	}
	pair("summary", s.Summary)
	pair("since", s.Since.String())
	pair("group", s.Group)
	if len(s.Subcommands) > 0 && s.Complexity == "" {
		pair("complexity", "That of the subcommand.")
	}
	pair("complexity", s.Complexity)
	if flags := docFlags(s); len(flags) > 0 {
		w.BulkString("doc_flags")
		appendStatuses(w, flags)
		pairs++
	}
	pair("deprecated_since", releaseOrNone(s.DeprecatedSince))
	pair("replaced_by", s.ReplacedBy)
	if history := s.History(); len(history) > 0 {
		w.BulkString("history")
		w.Set(len(history))
		for _, change := range history {
			w.Array(2)
			w.BulkString(change.Since.String())
			w.BulkString(change.Text)
		}
		pairs++
	}
	if len(s.Args) > 0 {
		w.BulkString("arguments")
		appendArgDocs(w, s.Args)
		pairs++
	}
	if len(s.Subcommands) > 0 {
		w.BulkString("subcommands")
		w.Map(len(s.Subcommands))
		for _, sub := range s.Subcommands {
			appendDocs(w, sub)
		}
		pairs++
	}
	w.EndMap(m, pairs)
}

func docFlags(s *command.Spec) (flags []string) {
	if s.DeprecatedSince != 0 {
		flags = append(flags, "deprecated")
	}
	if s.System {
		flags = append(flags, "syscmd")
	}
	return flags
}

func appendStatuses(w *protocol.Writer, list []string) {
	w.Set(len(list))
	for _, text := range list {
		w.Status(text)
	}
}

func releaseOrNone(v command.Version) string {
	if v == 0 {
		return ""
	}
	return v.String()
}

func appendArgDocs(w *protocol.Writer, args []command.Arg) {
	w.Array(len(args))
	for i := range args {
		appendArgDoc(w, &args[i])
	}
}

func appendArgDoc(w *protocol.Writer, a *command.Arg) {
	m, pairs := w.DeferMap(), 0
	pair := func(name, value string) {
		appendPair(w, name, value)
		pairs++
	}
	pair("name", a.Name)
	pair("type", a.Type.String())
	if len(a.Args) == 0 {
		pair("display_text", displayText(a))
	}
	if a.KeySpec >= 0 {
		appendNumber(w, "key_spec_index", a.KeySpec)
		pairs++
	}
	if a.HasToken {
		pair("token", a.Token)
	}
	if a.Since != 0 {
		pair("since", a.Since.String())
	}
	if a.DeprecatedSince != 0 {
		pair("deprecated_since", a.DeprecatedSince.String())
	}
	if flags := argFlags(a); len(flags) > 0 {
		w.BulkString("flags")
		appendStatuses(w, flags)
		pairs++
	}
	if len(a.Args) > 0 {
		w.BulkString("arguments")
		appendArgDocs(w, a.Args)
		pairs++
	}
	w.EndMap(m, pairs)
}

func displayText(a *command.Arg) string {
	if a.Display != "" {
		return a.Display
	}
	return a.Name
}

func argFlags(a *command.Arg) (flags []string) {
	if a.Optional {
		flags = append(flags, "optional")
	}
	if a.Multiple {
		flags = append(flags, "multiple")
	}
	if a.MultipleToken {
		flags = append(flags, "multiple_token")
	}
	return flags
}
