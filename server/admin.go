package server

import (
	"respect/server/command"

	"strconv"
	"strings"

	"respect/keyspace"
	"respect/server/config"
)

// The server as a whole: databases, configuration, time, the end. INFO is in
// info.go, DEBUG in debug.go, COMMAND in command_info.go.

var serverCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: commandCommand, Spec: command.New("command", -1, "loading stale @connection tip:nondeterministic_output_order", "", "server 2.8.13", "O(N)",
		"",
		"Describes all commands.")},
	{handler: commandCountCommand, Spec: command.New("command|count", 2, "loading stale @connection", "", "server 2.8.13", "O(1)",
		"",
		"Returns the number of commands.")},
	{handler: commandDocsCommand, Spec: command.New("command|docs", -2, "loading stale @connection tip:nondeterministic_output_order", "", "server 7.0.0", "O(N)",
		"[command-name:string...]",
		"Documents commands.")},
	{handler: commandGetkeysCommand, Spec: command.New("command|getkeys", -3, "loading stale @connection", "", "server 2.8.13", "O(N)",
		"command:string [arg:string...]",
		"Returns the keys of a request.")},
	{handler: commandGetkeysandflagsCommand, Spec: command.New("command|getkeysandflags", -3, "loading stale @connection", "", "server 7.0.0", "O(N)",
		"command:string [arg:string...]",
		"Returns the keys of a request and what is done with them.")},
	{handler: commandHelpCommand, Spec: command.New("command|help", 2, "loading stale @connection", "", "server 5.0.0", "O(1)",
		"",
		"Lists the subcommands of COMMAND.")},
	{handler: commandInfoCommand, Spec: command.New("command|info", -2, "loading stale @connection tip:nondeterministic_output_order", "", "server 2.8.13", "O(N)",
		"[command-name:string...]",
		"Describes commands.")},
	{handler: commandListCommand, Spec: command.New("command|list", -2, "loading stale @connection tip:nondeterministic_output_order", "", "server 7.0.0", "O(N)",
		"[FILTERBY filterby(MODULE module-name:string | ACLCAT category:string | PATTERN pattern:pattern)]",
		"Lists the names of commands.")},
	{Spec: command.New("config", -2, "", "", "server 2.0.0", "",
		"",
		"Reads and changes the configuration.")},
	{handler: configGetCommand, Spec: command.New("config|get", -3, "admin noscript loading stale", "", "server 2.0.0", "O(N)",
		"parameter:string...",
		"Returns the parameters that match patterns.")},
	{handler: configHelpCommand, Spec: command.New("config|help", 2, "loading stale", "", "server 5.0.0", "O(1)",
		"",
		"Lists the subcommands of CONFIG.")},
	{handler: configResetstatCommand, Spec: command.New("config|resetstat", 2, "admin noscript loading stale tip:request_policy:all_nodes tip:response_policy:all_succeeded",
		"", "server 2.0.0", "O(1)",
		"",
		"Sets the statistics to zero.")},
	{handler: configRewriteCommand, Spec: command.New("config|rewrite", 2, "admin noscript loading stale tip:request_policy:all_nodes tip:response_policy:all_succeeded",
		"", "server 2.8.0", "O(1)",
		"",
		"Writes the configuration into its file.")},
	{handler: configSetCommand, Spec: command.New("config|set", -4, "admin noscript loading stale tip:request_policy:all_nodes tip:response_policy:all_succeeded",
		"", "server 2.0.0", "O(N)",
		"data(parameter:string value:string)...",
		"Changes parameters, all or none.")},
	{handler: dbsizeCommand, Spec: command.New("dbsize", 1, "readonly fast @keyspace tip:request_policy:all_shards tip:response_policy:agg_sum", "", "server 1.0.0", "O(1)",
		"",
		"Returns the number of keys in the database.")},
	{handler: debugCommand, Spec: command.New("debug", -2, "admin noscript loading stale protected doc:syscmd", "", "server 1.0.0", "",
		"",
		"Does what only tests and debugging need.")},
	{handler: flushallCommand, Spec: command.New("flushall", -1, "write @dangerous @keyspace tip:request_policy:all_shards tip:response_policy:all_succeeded", "", "server 1.0.0", "O(N)",
		"[flush-type(ASYNC@4.0.0 | SYNC@6.2.0)]",
		"Deletes all keys of all databases.")},
	{handler: flushdbCommand, Spec: command.New("flushdb", -1, "write @dangerous @keyspace tip:request_policy:all_shards tip:response_policy:all_succeeded", "", "server 1.0.0", "O(N)",
		"[flush-type(ASYNC@4.0.0 | SYNC@6.2.0)]",
		"Deletes all keys of the database.")},
	{handler: infoCommand, Spec: command.New("info", -1, "loading stale @dangerous tip:nondeterministic_output tip:request_policy:all_shards tip:response_policy:special",
		"", "server 1.0.0", "O(1)",
		"[section:string...]",
		"Describes the server and its statistics.")},
	{handler: lolwutCommand, Spec: command.New("lolwut", -1, "readonly fast", "", "server 5.0.0", "",
		"[VERSION version:integer]",
		"Shows computer art and the version.")},
	{handler: restoreCommand, Spec: command.New("restore-asking", -4, "write denyoom asking @dangerous @keyspace doc:syscmd", "1 OW update", "server 3.0.0", "O(N*M)",
		"key:key ttl:integer serialized-value:string [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds:integer@5.0.0] [FREQ frequency:integer@5.0.0]",
		"Creates a key of a slot that is being imported.")},
	{handler: shutdownCommand, Spec: command.New("shutdown", -1, "admin noscript loading stale no_multi allow_busy", "", "server 1.0.0", "O(N)",
		"[save-selector(NOSAVE | SAVE)] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]",
		"Saves the data and stops the server.")},
	{handler: swapdbCommand, Spec: command.New("swapdb", 3, "write fast @dangerous @keyspace", "", "server 4.0.0", "O(N)",
		"index1:integer index2:integer",
		"Exchanges the contents of two databases.")},
	{handler: timeCommand, Spec: command.New("time", 1, "loading stale fast tip:nondeterministic_output", "", "server 2.6.0", "O(1)",
		"",
		"Returns the server's clock.")},
}

// dbsizeCommand counts the keys of the database.
//
//	DBSIZE
//
// O(1). Reply: the number, keys included that have expired unnoticed.
func dbsizeCommand(c *client, a *args) error {
	c.out.Int(int64(c.db.Len()))
	return nil
}

// timeCommand tells the time.
//
//	TIME
//
// O(1). Reply: an array of two strings, Unix time in seconds and the
// microseconds of the second.
func timeCommand(c *client, a *args) error {
	c.out.Array(2)
	c.out.BulkString(strconv.FormatInt(c.srv.time().Unix(), 10))
	c.out.BulkString(strconv.Itoa(c.srv.time().Nanosecond() / 1000))
	return nil
}

// flushdbCommand deletes all keys of the database.
//
//	FLUSHDB [ASYNC | SYNC]
//
// O(1); the memory is freed in the background. Reply: OK.
func flushdbCommand(c *client, a *args) error {
	if err := readFlushMode(a); err != nil {
		return err
	}
	c.srv.flush(c.db)
	c.effect(c.args.argv...) // even if there was nothing
	c.srv.invalidateAll()
	c.out.OK()
	return nil
}

// flushallCommand deletes all keys of all databases.
//
//	FLUSHALL [ASYNC | SYNC]
//
// O(D) with D the number of databases. Reply: OK.
func flushallCommand(c *client, a *args) error {
	if err := readFlushMode(a); err != nil {
		return err
	}
	for i := range c.srv.ks.Databases() {
		c.srv.flush(c.srv.ks.DB(i))
	}
	c.effect(c.args.argv...)
	c.srv.invalidateAll()
	c.srv.resetFile()
	c.out.OK()
	return nil
}

func readFlushMode(a *args) error {
	if a.left() == 1 && (a.option("ASYNC") || a.option("SYNC")) {
		return nil
	}
	return a.end()
}

func (s *Server) flush(db *keyspace.DB) {
	s.dirty += uint64(s.empty(db))
	s.signalDB(db.ID())
}

// empty is flush for what is about to be loaded again: that does not count as a change, and
// nobody who waits for a key is told.
func (s *Server) empty(db *keyspace.DB) (keys int) {
	s.touchWatchedIn(db, nil)
	return db.Flush()
}

// emptyAll empties all databases for a load.
func (s *Server) emptyAll() {
	for i := range s.ks.Databases() {
		s.empty(s.ks.DB(i))
	}
	s.invalidateAll()
}

// swapdbCommand exchanges the contents of two databases.
//
//	SWAPDB index1 index2
//
// O(N) with N the number of keys that clients wait for. Reply: OK.
func swapdbCommand(c *client, a *args) error {
	first, second := a.next(), a.next()
	x, err := c.swapIndex(first, errInvalidFirstDB)
	if err != nil {
		return err
	}
	y, err := c.swapIndex(second, errInvalidSecondDB)
	if err != nil {
		return err
	}
	for _, i := range []int64{x, y} {
		if i < 0 || i >= int64(c.srv.ks.Databases()) {
			return errDBIndex
		}
	}
	if x != y {
		c.srv.touchWatchedIn(c.srv.ks.DB(int(x)), c.srv.ks.DB(int(y)))
		c.srv.touchWatchedIn(c.srv.ks.DB(int(y)), c.srv.ks.DB(int(x)))
	}
	c.srv.ks.Swap(int(x), int(y))
	c.srv.dirty++
	c.srv.signalDB(int(x))
	c.srv.signalDB(int(y))
	c.out.OK()
	return nil
}

func (c *client) swapIndex(arg []byte, invalid replyError) (int64, error) {
	cursor := args{argv: [][]byte{arg}}
	n, err := cursor.int32()
	if err != nil {
		return 0, invalid
	}
	return n, nil
}

// configGetCommand shows parameters.
//
//	CONFIG GET parameter [parameter ...]
//
// O(N) with N the number of parameters. Reply: a map of names and values.
func configGetCommand(c *client, a *args) error {
	var patterns []string
	for a.more() {
		patterns = append(patterns, string(a.next()))
	}
	found := c.srv.cfg.Get(patterns...)
	c.out.Map(len(found))
	for _, p := range found {
		c.out.BulkString(p.Name)
		c.out.BulkString(p.Value)
	}
	return nil
}

// configSetCommand changes parameters, all of them or none.
//
//	CONFIG SET parameter value [parameter value ...]
//
// O(N) with N the number of parameters. Reply: OK.
func configSetCommand(c *client, a *args) error {
	if a.left()%2 != 0 {
		return errSyntax
	}
	var pairs []config.Pair
	for a.more() {
		pairs = append(pairs, config.Pair{Name: string(a.next()), Value: string(a.next())})
	}
	if err := c.srv.cfg.Set(pairs, config.Request{Loading: c.srv.loading != nil, Local: c.isLocal()}); err != nil {
		return replyError(err.Error())
	}
	c.out.OK()
	return nil
}

// configResetstatCommand sets the counts of INFO to zero.
//
//	CONFIG RESETSTAT
//
// O(N) with N the number of commands. Reply: OK.
func configResetstatCommand(c *client, a *args) error {
	s := c.srv
	s.stats = stats{startMemory: s.stats.startMemory, loadedKeys: s.stats.loadedKeys, loadExpired: s.stats.loadExpired}
	s.ks.Stats = keyspace.Stats{}
	s.eviction.sinceNs, s.eviction.totalNs = 0, 0
	for r := range allRows(s.commands) {
		r.stats = commandStats{}
	}
	c.out.OK()
	return nil
}

// configRewriteCommand writes the present configuration to its file.
//
//	CONFIG REWRITE
//
// O(N) with N the size of the file. Reply: OK.
func configRewriteCommand(c *client, a *args) error {
	if c.srv.cfg.Path() == "" {
		return replyError("ERR The server is running without a config file")
	}
	if err := c.srv.cfg.Rewrite(); err != nil {
		c.srv.log.warn("CONFIG REWRITE failed: %s", err)
		return replyError("ERR Rewriting config file: " + err.Error())
	}
	c.srv.log.notice("CONFIG REWRITE executed with success.")
	c.out.OK()
	return nil
}

// configHelpCommand lists the subcommands.
//
//	CONFIG HELP
func configHelpCommand(c *client, a *args) error { return c.help("config") }

// help appends the list of a container's subcommands, made from their rows.
func (c *client) help(container string) error {
	r, _ := c.srv.commands.Lookup([]byte(container))
	lines := []string{strings.ToUpper(container) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"}
	for _, sub := range r.Subcommands {
		lines = append(lines, strings.TrimPrefix(sub.Usage(), strings.ToUpper(container)+" "))
		lines = append(lines, "    "+sub.Summary)
	}
	c.out.Array(len(lines))
	for _, line := range lines {
		c.out.Status(line)
	}
	return nil
}
