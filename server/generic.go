package server

import (
	"respect/server/command"

	"math"

	"respect/keyspace"
	"respect/keyspace/glob"
)

// Keys of any type: whether they are there, what they are called, what they
// hold. Expiry is in expire.go, SORT in sort.go, SCAN in scan.go.

var genericCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: copyCommand, Spec: command.New("copy", -3, "write denyoom @keyspace", "1 RO access; 2 OW update", "generic 6.2.0", "O(N)",
		"source:key destination:key [DB destination-db:integer] [REPLACE]",
		"Copies a value to another key.")},
	{handler: delCommand, Spec: command.New("del", -2, "write @keyspace tip:request_policy:multi_shard tip:response_policy:agg_sum", "1..-1 RM delete", "generic 1.0.0", "O(N)",
		"key:key...",
		"Deletes keys.")},
	{handler: existsCommand, Spec: command.New("exists", -2, "readonly fast @keyspace tip:request_policy:multi_shard tip:response_policy:agg_sum", "1..-1 RO", "generic 1.0.0", "O(N)",
		"key:key...",
		"Counts how many of the given keys exist.")},
	{handler: expireCommand, Spec: command.New("expire", -3, "write fast @keyspace", "1 RW update", "generic 1.0.0", "O(1)",
		"key:key seconds:integer [condition(NX | XX | GT | LT)@7.0.0]",
		"Lets a key expire after some seconds.")},
	{handler: expireatCommand, Spec: command.New("expireat", -3, "write fast @keyspace", "1 RW update", "generic 1.2.0", "O(1)",
		"key:key unix-time-seconds:unix-time [condition(NX | XX | GT | LT)@7.0.0]",
		"Lets a key expire at a Unix time in seconds.")},
	{handler: expiretimeCommand, Spec: command.New("expiretime", 2, "readonly fast @keyspace", "1 RO access", "generic 7.0.0", "O(1)",
		"key:key",
		"Returns when a key expires, as Unix time in seconds.")},
	{handler: keysCommand, Spec: command.New("keys", 2, "readonly @dangerous @keyspace tip:request_policy:all_shards tip:nondeterministic_output_order", "", "generic 1.0.0", "O(N)",
		"pattern:pattern",
		"Returns all keys that match a pattern.")},
	{handler: moveCommand, Spec: command.New("move", 3, "write fast @keyspace", "1 RW access update", "generic 1.0.0", "O(1)",
		"key:key db:integer",
		"Moves a key to another database.")},
	{Spec: command.New("object", -2, "", "", "generic 2.2.3", "",
		"",
		"Looks at how values are stored.")},
	{handler: objectEncodingCommand, Spec: command.New("object|encoding", 3, "readonly @keyspace tip:nondeterministic_output", "2 RO", "generic 2.2.3", "O(1)",
		"key:key",
		"Returns the encoding of a value.")},
	{handler: objectFreqCommand, Spec: command.New("object|freq", 3, "readonly @keyspace tip:nondeterministic_output", "2 RO", "generic 4.0.0", "O(1)",
		"key:key",
		"Returns how often a key is used, on a logarithmic scale.")},
	{handler: objectHelpCommand, Spec: command.New("object|help", 2, "loading stale @keyspace", "", "generic 6.2.0", "O(1)",
		"",
		"Lists the subcommands of OBJECT.")},
	{handler: objectIdletimeCommand, Spec: command.New("object|idletime", 3, "readonly @keyspace tip:nondeterministic_output", "2 RO", "generic 2.2.3", "O(1)",
		"key:key",
		"Returns the seconds since a key was last used.")},
	{handler: objectRefcountCommand, Spec: command.New("object|refcount", 3, "readonly @keyspace tip:nondeterministic_output", "2 RO", "generic 2.2.3", "O(1)",
		"key:key",
		"Returns the number of references to a value.")},
	{handler: persistCommand, Spec: command.New("persist", 2, "write fast @keyspace", "1 RW update", "generic 2.2.0", "O(1)",
		"key:key",
		"Removes the expiry of a key.")},
	{handler: pexpireCommand, Spec: command.New("pexpire", -3, "write fast @keyspace", "1 RW update", "generic 2.6.0", "O(1)",
		"key:key milliseconds:integer [condition(NX | XX | GT | LT)@7.0.0]",
		"Lets a key expire after some milliseconds.")},
	{handler: pexpireatCommand, Spec: command.New("pexpireat", -3, "write fast @keyspace", "1 RW update", "generic 2.6.0", "O(1)",
		"key:key unix-time-milliseconds:unix-time [condition(NX | XX | GT | LT)@7.0.0]",
		"Lets a key expire at a Unix time in milliseconds.")},
	{handler: pexpiretimeCommand, Spec: command.New("pexpiretime", 2, "readonly fast @keyspace", "1 RO access", "generic 7.0.0", "O(1)",
		"key:key",
		"Returns when a key expires, as Unix time in milliseconds.")},
	{handler: pttlCommand, Spec: command.New("pttl", 2, "readonly fast @keyspace tip:nondeterministic_output", "1 RO access", "generic 2.6.0", "O(1)",
		"key:key",
		"Returns the milliseconds until a key expires.")},
	{handler: randomkeyCommand, Spec: command.New("randomkey", 1, "readonly @keyspace tip:request_policy:all_shards tip:response_policy:special tip:nondeterministic_output",
		"", "generic 1.0.0", "O(1)",
		"",
		"Returns any key of the database.")},
	{handler: renameCommand, Spec: command.New("rename", 3, "write @keyspace", "1 RW access delete; 2 OW update", "generic 1.0.0", "O(1)",
		"key:key newkey:key",
		"Gives a key another name, replacing what has it.")},
	{handler: renamenxCommand, Spec: command.New("renamenx", 3, "write fast @keyspace", "1 RW access delete; 2 OW insert", "generic 1.0.0", "O(1)",
		"key:key newkey:key",
		"Gives a key another name if no key has it.")},
	{handler: scanCommand, Spec: command.New("scan", -2, "readonly @keyspace tip:nondeterministic_output tip:request_policy:special tip:response_policy:special",
		"", "generic 2.8.0", "O(1) per call",
		"cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string@6.0.0]",
		"Goes through the keys of the database step by step.")},
	{handler: sortCommand, Spec: command.New("sort", -2, "write denyoom @dangerous @list @set @sortedset",
		"1 RO access; ? RO access (For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort); ? OW update (For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array); by sort", "generic 1.0.0", "O(N+M*log(M))",
		"key:key [BY by-pattern:pattern<pattern>#1] [LIMIT limit(offset:integer count:integer)] [(GET get-pattern:pattern<pattern>#1)...] [order(ASC | DESC)] [sorting=ALPHA] [STORE destination:key#2]",
		"Sorts the elements of a list, set or sorted set; can store the result.")},
	{handler: sortRoCommand, Spec: command.New("sort_ro", -2, "readonly @dangerous @list @set @sortedset",
		"1 RO access; ? RO access (For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort); by sort_ro", "generic 7.0.0", "O(N+M*log(M))",
		"key:key [BY by-pattern:pattern<pattern>#1] [LIMIT limit(offset:integer count:integer)] [(GET get-pattern:pattern<pattern>#1)...] [order(ASC | DESC)] [sorting=ALPHA]",
		"Sorts the elements of a list, set or sorted set.")},
	{handler: touchCommand, Spec: command.New("touch", -2, "readonly fast @keyspace tip:request_policy:multi_shard tip:response_policy:agg_sum", "1..-1 RO", "generic 3.2.1", "O(N)",
		"key:key...",
		"Counts the given keys that exist and marks them as used.")},
	{handler: ttlCommand, Spec: command.New("ttl", 2, "readonly fast @keyspace tip:nondeterministic_output", "1 RO access", "generic 1.0.0", "O(1)",
		"key:key",
		"Returns the seconds until a key expires.")},
	{handler: typeCommand, Spec: command.New("type", 2, "readonly fast @keyspace", "1 RO", "generic 1.0.0", "O(1)",
		"key:key",
		"Returns the type of a value.")},
	{handler: delCommand, Spec: command.New("unlink", -2, "write fast @keyspace tip:request_policy:multi_shard tip:response_policy:agg_sum",
		"1..-1 RM delete", "generic 4.0.0", "O(N)",
		"key:key...",
		"Deletes keys, freeing their memory in the background.")},
}

// delCommand deletes keys; it is also UNLINK, as the memory is freed in the
// background in any case.
//
//	DEL key [key ...]
//
// O(N) with N the number of keys. Reply: how many of them there were.
func delCommand(c *client, a *args) error {
	n := 0
	for _, key := range a.rest() {
		if c.db.Delete(key) {
			n++
			c.modified(eventGeneric, "del", key)
		}
	}
	c.out.Int(int64(n))
	return nil
}

// existsCommand counts keys.
//
//	EXISTS key [key ...]
//
// O(N) with N the number of keys. Reply: how many there are; a key named twice
// counts twice.
func existsCommand(c *client, a *args) error {
	n := 0
	for _, key := range a.rest() {
		if c.peek(key) != nil {
			n++
		}
	}
	c.out.Int(int64(n))
	return nil
}

// touchCommand marks keys as just used.
//
//	TOUCH key [key ...]
//
// O(N) with N the number of keys. Reply: how many there are.
func touchCommand(c *client, a *args) error {
	n := 0
	for _, key := range a.rest() {
		if c.db.Lookup(key, 0) != nil {
			n++
		}
	}
	c.out.Int(int64(n))
	return nil
}

// typeCommand tells the type of a value.
//
//	TYPE key
//
// O(1). Reply: the type as a status, or none.
func typeCommand(c *client, a *args) error {
	o := c.peek(a.next())
	if o == nil {
		c.out.Status("none")
		return nil
	}
	c.out.Status(o.Type().String())
	return nil
}

// keysCommand lists the keys that match a pattern.
//
//	KEYS pattern
//
// O(N) with N the number of keys of the database. Reply: an array in no order.
func keysCommand(c *client, a *args) error {
	pattern := a.next()
	all := string(pattern) == "*" // also the empty name, which no star matches
	mark, n := c.out.DeferArray(), 0
	for o := range c.db.All() {
		if key := o.Key(); all || glob.Match(pattern, key) {
			c.out.Bulk(key)
			n++
		}
	}
	c.out.EndArray(mark, n)
	return nil
}

// randomkeyCommand picks a key, each with equal chance.
//
//	RANDOMKEY
//
// O(1). Reply: the key, or null if there is none.
func randomkeyCommand(c *client, a *args) error {
	if key, found := c.db.RandomKey(); found {
		c.out.Bulk(key)
	} else {
		c.out.Null()
	}
	return nil
}

// renameCommand gives a key another name; what was there is replaced.
//
//	RENAME key newkey
//
// O(1). Reply: OK.
func renameCommand(c *client, a *args) error {
	_, err := c.rename(a.next(), a.next(), false)
	if err == nil {
		c.out.OK()
	}
	return err
}

// renamenxCommand gives a key another name that is not taken.
//
//	RENAMENX key newkey
//
// O(1). Reply: 1 if it was renamed, 0 if the name is taken.
func renamenxCommand(c *client, a *args) error {
	done, err := c.rename(a.next(), a.next(), true)
	if err == nil {
		c.out.Int(int64(btoi(done)))
	}
	return err
}

func (c *client) rename(from, to []byte, onlyNew bool) (done bool, err error) {
	o := c.db.Lookup(from, keyspace.NoStats)
	if o == nil {
		return false, errNoSuchKey
	}
	if string(from) == string(to) {
		return !onlyNew, nil
	}
	if old := c.db.Lookup(to, keyspace.NoStats); old != nil {
		if onlyNew {
			return false, nil
		}
		c.db.Remove(old)
	}
	c.db.Rename(o, to)
	c.modified(eventGeneric, "rename_from", from)
	c.modified(eventGeneric, "rename_to", to)
	c.srv.countsAs(0) // it is one change
	return true, nil
}

// dbIndex reads the number of a database.
func (c *client) dbIndex(a *args) (int, error) {
	n, err := a.int32()
	if err != nil {
		return 0, err
	}
	if n < 0 || n >= int64(c.srv.ks.Databases()) {
		return 0, errDBIndex
	}
	return int(n), nil
}

// moveCommand moves a key to another database.
//
//	MOVE key db
//
// O(1). Reply: 1 if it was moved, 0 if there is no such key here, or one there.
func moveCommand(c *client, a *args) error {
	key := a.next()
	index, err := c.dbIndex(a)
	if err != nil {
		return err
	}
	target := c.srv.ks.DB(index)
	if target == c.db {
		return errSameObject
	}
	o := c.db.Lookup(key, keyspace.NoStats)
	if o == nil || target.Lookup(key, keyspace.NoStats) != nil {
		c.out.Int(0)
		return nil
	}
	c.db.MoveTo(o, target)
	c.modified(eventGeneric, "move_from", key)
	c.srv.keyModified(c, target, eventGeneric, "move_to", key)
	c.srv.countsAs(0) // it is one change
	c.out.Int(1)
	return nil
}

// copyCommand copies a value to another key.
//
//	COPY source destination [DB destination-db] [REPLACE]
//
// O(N) with N the size of the value. Reply: 1 if it was copied, else 0.
func copyCommand(c *client, a *args) error {
	from, to := a.next(), a.next()
	target, replace := c.db, false
	for a.more() {
		switch {
		case a.option("REPLACE"):
			replace = true
		case a.optionWith("DB", 1):
			index, err := c.dbIndex(a)
			if err != nil {
				return err
			}
			target = c.srv.ks.DB(index)
		default:
			return errSyntax
		}
	}
	if target == c.db && string(from) == string(to) {
		return errSameObject
	}
	o := c.db.Lookup(from, c.touchFlag())
	if o == nil {
		c.out.Int(0)
		return nil
	}
	if old := target.Lookup(to, keyspace.NoStats); old != nil {
		if !replace {
			c.out.Int(0)
			return nil
		}
		target.Remove(old)
	}
	c.db.CopyTo(o, target, to)
	c.srv.keyModified(c, target, eventGeneric, "copy_to", to)
	c.out.Int(1)
	return nil
}

// objectEncodingCommand tells how a value is represented.
//
//	OBJECT ENCODING key
//
// O(1). Reply: the encoding, or null.
func objectEncodingCommand(c *client, a *args) error {
	if o := c.objectOrNull(a); o != nil {
		c.out.BulkString(o.Encoding())
	}
	return nil
}

// objectOrNull looks a key up without touching it and replies null if it is not
// there.
func (c *client) objectOrNull(a *args) *keyspace.Object {
	o := c.object(a.next())
	if o == nil {
		c.out.Null()
	}
	return o
}

// object is peek, but nobody is told of a miss.
func (c *client) object(key []byte) *keyspace.Object {
	return c.db.Lookup(key, keyspace.NoTouch|keyspace.NoMiss)
}

const (
	errNoLFU replyError = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
	errLFU   replyError = "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

// objectFreqCommand tells how often a key is used.
//
//	OBJECT FREQ key
//
// O(1). Reply: the logarithmic counter, 0 to 255, or null.
func objectFreqCommand(c *client, a *args) error {
	o := c.object(a.next())
	if o == nil {
		c.out.Null()
		return nil
	}
	if !c.srv.ks.Settings.LFU {
		return errNoLFU
	}
	c.out.Int(c.srv.ks.Frequency(o))
	return nil
}

// objectIdletimeCommand tells how long a key has not been used.
//
//	OBJECT IDLETIME key
//
// O(1). Reply: seconds, or null.
func objectIdletimeCommand(c *client, a *args) error {
	o := c.object(a.next())
	if o == nil {
		c.out.Null()
		return nil
	}
	if c.srv.ks.Settings.LFU {
		return errLFU
	}
	c.out.Int(c.srv.ks.IdleSeconds(o))
	return nil
}

// sharedIntegers is the number of small integers of which the reference keeps
// one object each; their reference count is reported as the largest there is.
const sharedIntegers = 10000

// objectRefcountCommand tells how often a value is referred to.
//
//	OBJECT REFCOUNT key
//
// O(1). Reply: 1, or the largest 32-bit integer for a small number, or null.
func objectRefcountCommand(c *client, a *args) error {
	o := c.objectOrNull(a)
	if o == nil {
		return nil
	}
	if n, ok := o.Int(); ok && n >= 0 && n < sharedIntegers && c.srv.sharesIntegers() {
		c.out.Int(math.MaxInt32)
		return nil
	}
	c.out.Int(1)
	return nil
}

// sharesIntegers tells whether the reference would share small integers: not
// where each key needs an access clock of its own.
func (s *Server) sharesIntegers() bool {
	switch s.cfg.MaxmemoryPolicy {
	case "noeviction", "allkeys-random", "volatile-random", "volatile-ttl":
		return true
	}
	return s.cfg.Maxmemory == 0
}

// objectHelpCommand lists the subcommands.
//
//	OBJECT HELP
func objectHelpCommand(c *client, a *args) error { return c.help("OBJECT") }
