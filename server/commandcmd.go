package server

import (
	"strings"

	"respect/keyspace/glob"
	"respect/server/command"
)

// The COMMAND command: what the server knows about its commands, told to clients.
// How one command is described is in command_info.go.

const (
	errInvalidCommand     replyError = "ERR Invalid command specified"
	errNoKeyArguments     replyError = "ERR The command has no key arguments"
	errInvalidArgCount    replyError = "ERR Invalid number of arguments specified for command"
	errInvalidCommandArgs replyError = "ERR Invalid arguments specified for command"
)

// commandCommand describes all commands.
//
//	COMMAND
//
// O(N). Reply: an array with the description of each command.
func commandCommand(c *client, a *args) error {
	rows := c.srv.commands.Rows()
	c.out.Array(len(rows))
	for _, r := range rows {
		appendInfo(&c.out, &r.Spec)
	}
	return nil
}

// commandCountCommand counts the commands, without subcommands.
//
//	COMMAND COUNT
//
// O(1). Reply: the number.
func commandCountCommand(c *client, a *args) error {
	c.out.Int(int64(len(c.srv.commands.Rows())))
	return nil
}

// commandInfoCommand describes some commands.
//
//	COMMAND INFO [command-name ...]
//
// O(N). Reply: an array with the description of each command, null for one that
// there is not; of all commands if none is named.
func commandInfoCommand(c *client, a *args) error {
	if !a.more() {
		return commandCommand(c, a)
	}
	c.out.Array(a.left())
	for _, name := range a.rest() {
		if r, ok := c.srv.commands.LookupFull(name); ok {
			appendInfo(&c.out, &r.Spec)
		} else {
			c.out.Null()
		}
	}
	return nil
}

// commandDocsCommand documents commands.
//
//	COMMAND DOCS [command-name ...]
//
// O(N). Reply: a map from names to documentation, without what there is not; of
// all commands if none is named.
func commandDocsCommand(c *client, a *args) error {
	if !a.more() {
		rows := c.srv.commands.Rows()
		c.out.Map(len(rows))
		for _, r := range rows {
			appendDocs(&c.out, &r.Spec)
		}
		return nil
	}
	m, n := c.out.DeferMap(), 0
	for _, name := range a.rest() {
		if r, ok := c.srv.commands.LookupFull(name); ok {
			appendDocs(&c.out, &r.Spec)
			n++
		}
	}
	c.out.EndMap(m, n)
	return nil
}

// commandListCommand lists the names of commands and subcommands.
//
//	COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]
//
// O(N). Reply: an array of names, empty for a category that there is not.
func commandListCommand(c *client, a *args) error {
	matches, err := readListFilter(a)
	if err != nil {
		return err
	}
	m, n := c.out.DeferArray(), 0
	for r := range allRows(c.srv.commands) {
		if matches(&r.Spec) {
			c.out.BulkString(r.FullName)
			n++
		}
	}
	c.out.EndArray(m, n)
	return nil
}

func readListFilter(a *args) (matches func(*command.Spec) bool, err error) {
	if !a.more() {
		return func(*command.Spec) bool { return true }, nil
	}
	if a.left() != 3 || !a.option("FILTERBY") {
		return nil, errSyntax
	}
	switch {
	case a.option("MODULE"):
		a.next()
		return func(*command.Spec) bool { return false }, nil
	case a.option("ACLCAT"):
		category, _ := command.ParseCategory(strings.ToLower(string(a.next())))
		return func(s *command.Spec) bool { return s.Categories&category != 0 }, nil
	case a.option("PATTERN"):
		pattern := a.next()
		return func(s *command.Spec) bool { return glob.MatchFold(pattern, []byte(s.FullName)) }, nil
	}
	return nil, errSyntax
}

// commandGetkeysCommand tells which arguments of a request are keys.
//
//	COMMAND GETKEYS command [arg ...]
//
// O(N). Reply: an array of the keys.
func commandGetkeysCommand(c *client, a *args) error {
	request := a.rest()
	keys, err := c.srv.keysOf(request)
	if err != nil {
		return err
	}
	c.out.Array(len(keys))
	for _, key := range keys {
		c.out.Bulk(request[key.Pos])
	}
	return nil
}

// commandGetkeysandflagsCommand tells which arguments of a request are keys, and
// what the command does with them.
//
//	COMMAND GETKEYSANDFLAGS command [arg ...]
//
// O(N). Reply: an array of pairs, the key and the set of its flags.
func commandGetkeysandflagsCommand(c *client, a *args) error {
	request := a.rest()
	keys, err := c.srv.keysOf(request)
	if err != nil {
		return err
	}
	c.out.Array(len(keys))
	for _, key := range keys {
		c.out.Array(2)
		c.out.Bulk(request[key.Pos])
		appendStatusSet(&c.out, "", key.Flags.Count(), key.Flags.Names())
	}
	return nil
}

// keysOf finds the keys of a request that is not to be executed.
func (s *Server) keysOf(request [][]byte) ([]command.KeyRef, error) {
	r, ok := s.commands.LookupRequest(request)
	if !ok {
		return nil, errInvalidCommand
	}
	if !r.HasKeys() {
		return nil, errNoKeyArguments
	}
	if !r.ArityOK(len(request)) {
		return nil, errInvalidArgCount
	}
	keys, err := r.Keys(nil, request)
	if (err != nil || len(keys) == 0) && r.Flags&command.NoMandatoryKeys == 0 {
		return nil, errInvalidCommandArgs
	}
	return keys, nil
}

// commandHelpCommand lists the subcommands of COMMAND.
//
//	COMMAND HELP
//
// O(1). Reply: an array of lines.
func commandHelpCommand(c *client, a *args) error { return c.help("command") }
