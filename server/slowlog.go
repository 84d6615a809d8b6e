package server

import (
	"fmt"

	"respect/keyspace"
	"respect/server/command"
)

// SLOWLOG: the calls that took long, with their arguments. The times are those that
// timing.go measures anyway; a call is entered when its time reaches
// slowlog-log-slower-than. The log is bounded in entries by slowlog-max-len, and each
// entry in arguments and bytes.
//
// Deviation: fast commands of a pipeline that share a reading of the clock are entered
// together, each with its equal part of the time, if all of them together took as long
// as the threshold. With a threshold below a millisecond nothing is shared.

var slowlogCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{Spec: command.New("slowlog", -2, "", "", "server 2.2.12", "",
		"",
		"Looks at commands that took long.")},
	{handler: slowlogGetCommand, Spec: command.New("slowlog|get", -2, "admin loading stale tip:request_policy:all_nodes tip:nondeterministic_output", "", "server 2.2.12", "O(N)",
		"[count:integer]",
		"Returns the latest entries of the slow log.")},
	{handler: slowlogHelpCommand, Spec: command.New("slowlog|help", 2, "loading stale", "", "server 6.2.0", "O(1)",
		"",
		"Lists the subcommands of SLOWLOG.")},
	{handler: slowlogLenCommand, Spec: command.New("slowlog|len", 2, "admin loading stale tip:request_policy:all_nodes tip:response_policy:agg_sum tip:nondeterministic_output",
		"", "server 2.2.12", "O(1)",
		"",
		"Returns the number of entries of the slow log.")},
	{handler: slowlogResetCommand, Spec: command.New("slowlog|reset", 2, "admin loading stale tip:request_policy:all_nodes tip:response_policy:all_succeeded", "", "server 2.2.12", "O(N)",
		"",
		"Forgets all entries of the slow log.")},
}

// slowlog holds the entries, oldest first.
type slowlog struct {
	entries []slowEntry
	nextID  int64
}

// slowEntry is a call that took long.
type slowEntry struct {
	id, unix, usec int64
	argv           [][]byte // copies, cut short
	addr, name     string   // of the client
}

const (
	maxSlowArgs = 32  // arguments that an entry has, a note on the others included
	maxSlowText = 128 // bytes of an argument
)

// enter notes a call that has just ended.
func (l *slowlog) enter(c *client, r *row, argv [][]byte, usec, maxLen int64) {
	l.entries = append(l.entries, slowEntry{
		id: l.nextID, unix: c.srv.nowMs / 1000, usec: usec,
		argv: slowArgs(c.srv.shown(r, argv)), addr: c.conn.RemoteAddr(), name: c.name,
	})
	l.nextID++
	l.trim(maxLen)
}

// trim drops the oldest entries beyond a number.
func (l *slowlog) trim(maxLen int64) {
	if over := len(l.entries) - int(maxLen); over > 0 {
		clear(l.entries[:over])
		l.entries = l.entries[over:]
	}
}

// slowArgs copies arguments as far as an entry keeps them.
func slowArgs(argv [][]byte) [][]byte {
	kept := min(len(argv), maxSlowArgs)
	list := make([][]byte, 0, kept)
	for i, arg := range argv[:kept] {
		switch {
		case kept < len(argv) && i == kept-1:
			list = append(list, fmt.Appendf(nil, "... (%d more arguments)", len(argv)-kept+1))
		case len(arg) > maxSlowText:
			list = append(list, fmt.Appendf(nil, "%s... (%d more bytes)", arg[:maxSlowText], len(arg)-maxSlowText))
		default:
			list = append(list, append([]byte(nil), arg...))
		}
	}
	return list
}

const (
	errSlowlogCount replyError = "ERR count should be greater than or equal to -1"

	// slowlogDefault is how many entries SLOWLOG GET shows.
	slowlogDefault = 10
)

// slowlogGetCommand shows the latest entries.
//
//	SLOWLOG GET [count]
//
// O(N) with N the number of entries shown. Reply: an array of entries, the latest
// first, each of number, Unix time, microseconds, arguments, address and name of the
// client. 10 are shown without a count, all with -1.
func slowlogGetCommand(c *client, a *args) error {
	count := int64(slowlogDefault)
	if a.left() > 1 {
		return errSubcommandArgs("slowlog", a.argv[1])
	}
	if a.more() {
		n, ok := keyspace.ParseInt(a.next())
		if !ok || n < -1 {
			return errSlowlogCount
		}
		count = n
	}
	entries := c.srv.slowlog.entries
	if count >= 0 && count < int64(len(entries)) {
		entries = entries[len(entries)-int(count):]
	}
	w := &c.out
	w.Array(len(entries))
	for i := len(entries) - 1; i >= 0; i-- {
		e := &entries[i]
		w.Array(6)
		w.Int(e.id)
		w.Int(e.unix)
		w.Int(e.usec)
		w.Array(len(e.argv))
		for _, arg := range e.argv {
			w.Bulk(arg)
		}
		w.BulkString(e.addr)
		w.BulkString(e.name)
	}
	return nil
}

// slowlogHelpCommand lists the subcommands.
//
//	SLOWLOG HELP
func slowlogHelpCommand(c *client, a *args) error { return c.help("slowlog") }

// slowlogLenCommand counts the entries.
//
//	SLOWLOG LEN
//
// O(1). Reply: the number.
func slowlogLenCommand(c *client, a *args) error {
	c.out.Int(int64(len(c.srv.slowlog.entries)))
	return nil
}

// slowlogResetCommand forgets all entries. Their numbers are not used again.
//
//	SLOWLOG RESET
//
// O(N) with N the number of entries. Reply: OK.
func slowlogResetCommand(c *client, a *args) error {
	c.srv.slowlog.entries = nil
	c.out.OK()
	return nil
}
