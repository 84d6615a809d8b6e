package server

import (
	"respect/server/command"

	"math"
	"slices"

	"respect/keyspace"
)

// Strings: a key holds a sequence of bytes.
//
// The commands of this group read and replace the whole value (GET, SET and
// their relatives), parts of it (GETRANGE, SETRANGE, APPEND, in string_part.go), or the
// number that it spells (INCR and its relatives, in counter.go); lcs.go compares two. How a
// string is stored is package keyspace's business.
//
// To add a command: a row below, a handler in the order of the rows, and its
// transcript.

var stringCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: appendCommand, Spec: command.New("append", 3, "write denyoom fast @string", "1 RW insert", "string 2.0.0", "O(1)",
		"key:key value:string",
		"Adds bytes to the end of a string.")},
	{handler: decrCommand, Spec: command.New("decr", 2, "write denyoom fast @string", "1 RW access update", "string 1.0.0", "O(1)",
		"key:key",
		"Subtracts one from a number.")},
	{handler: decrbyCommand, Spec: command.New("decrby", 3, "write denyoom fast @string", "1 RW access update", "string 1.0.0", "O(1)",
		"key:key decrement:integer",
		"Subtracts an integer from a number.")},
	{handler: getCommand, Spec: command.New("get", 2, "readonly fast @string", "1 RO access", "string 1.0.0", "O(1)",
		"key:key",
		"Returns the value of a string.")},
	{handler: getdelCommand, Spec: command.New("getdel", 2, "write fast @string", "1 RW access delete", "string 6.2.0", "O(1)",
		"key:key",
		"Returns the value of a string and deletes the key.")},
	{handler: getexCommand, Spec: command.New("getex", -2, "write fast @string", "1 RW access update (RW and UPDATE because it changes the TTL)", "string 6.2.0", "O(1)",
		"key:key [expiration(EX seconds:integer | PX milliseconds:integer | EXAT unix-time-seconds:unix-time | PXAT unix-time-milliseconds:unix-time | PERSIST)]",
		"Returns the value of a string and sets or removes its expiry.")},
	{handler: getrangeCommand, Spec: command.New("getrange", 4, "readonly @string", "1 RO access", "string 2.4.0", "O(N)",
		"key:key start:integer end:integer",
		"Returns a part of a string.")},
	{handler: getsetCommand, Spec: command.New("getset", 3, "write denyoom fast @string", "1 RW access update", "string 1.0.0 deprecated 6.2.0 `SET` with the `!GET` argument", "O(1)",
		"key:key value:string",
		"Replaces a string and returns what it was.")},
	{handler: incrCommand, Spec: command.New("incr", 2, "write denyoom fast @string", "1 RW access update", "string 1.0.0", "O(1)",
		"key:key",
		"Adds one to a number.")},
	{handler: incrbyCommand, Spec: command.New("incrby", 3, "write denyoom fast @string", "1 RW access update", "string 1.0.0", "O(1)",
		"key:key increment:integer",
		"Adds an integer to a number.")},
	{handler: incrbyfloatCommand, Spec: command.New("incrbyfloat", 3, "write denyoom fast @string", "1 RW access update", "string 2.6.0", "O(1)",
		"key:key increment:double",
		"Adds a floating-point number to a number.")},
	{handler: lcsCommand, Spec: command.New("lcs", -3, "readonly @string", "1..+1 RO access", "string 7.0.0", "O(N*M)",
		"key1:key key2:key#0 [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
		"Finds the longest common subsequence of two strings.")},
	{handler: mgetCommand, Spec: command.New("mget", -2, "readonly fast @string tip:request_policy:multi_shard", "1..-1 RO access", "string 1.0.0", "O(N)",
		"key:key...",
		"Returns the values of several strings.")},
	{handler: msetCommand, Spec: command.New("mset", -3, "write denyoom @string tip:request_policy:multi_shard tip:response_policy:all_succeeded",
		"1..-1/2 OW update", "string 1.0.1", "O(N)",
		"data(key:key value:string)...",
		"Sets several strings.")},
	{handler: msetnxCommand, Spec: command.New("msetnx", -3, "write denyoom @string", "1..-1/2 OW insert", "string 1.0.1", "O(N)",
		"data(key:key value:string)...",
		"Sets several strings if none of the keys exists.")},
	{handler: psetexCommand, Spec: command.New("psetex", 4, "write denyoom @string", "1 OW update", "string 2.6.0 deprecated 2.6.12 `SET` with the `PX` argument", "O(1)",
		"key:key milliseconds:integer value:string",
		"Sets a string that expires after some milliseconds.")},
	{handler: setCommand, Spec: command.New("set", -3, "write denyoom @string",
		"1 RW access update variable_flags (RW and ACCESS due to the optional `GET` argument); by set", "string 1.0.0", "O(1)",
		"key:key value:string [condition(NX | XX)@2.6.12] [GET@6.2.0] [expiration(EX seconds:integer@2.6.12 | PX milliseconds:integer@2.6.12 | EXAT unix-time-seconds:unix-time@6.2.0 | PXAT unix-time-milliseconds:unix-time@6.2.0 | KEEPTTL@6.0.0)]",
		"Sets a key to a string, whatever it held before.")},
	{handler: setexCommand, Spec: command.New("setex", 4, "write denyoom @string", "1 OW update", "string 2.0.0 deprecated 2.6.12 `SET` with the `EX` argument", "O(1)",
		"key:key seconds:integer value:string",
		"Sets a string that expires after some seconds.")},
	{handler: setnxCommand, Spec: command.New("setnx", 3, "write denyoom fast @string", "1 OW insert", "string 1.0.0 deprecated 2.6.12 `SET` with the `NX` argument", "O(1)",
		"key:key value:string",
		"Sets a string if the key does not exist.")},
	{handler: setrangeCommand, Spec: command.New("setrange", 4, "write denyoom @string", "1 RW update", "string 2.2.0", "O(N)",
		"key:key offset:integer value:string",
		"Overwrites a part of a string.")},
	{handler: strlenCommand, Spec: command.New("strlen", 2, "readonly fast @string", "1 RO", "string 2.2.0", "O(1)",
		"key:key",
		"Returns the length of a string in bytes.")},
	{handler: getrangeCommand, Spec: command.New("substr", 4, "readonly @string", "1 RO access", "string 1.0.0 deprecated 2.0.0 `GETRANGE`", "O(N)",
		"key:key start:integer end:integer",
		"Returns a part of a string.")},
}

// getCommand replies with the value of a key.
//
//	GET key
//
// O(1). Reply: the value, or null.
func getCommand(c *client, a *args) error {
	o, err := c.lookupRead(a.next(), keyspace.TypeString)
	if err != nil {
		return err
	}
	c.replyString(o)
	return nil
}

// replyString appends the value of a string, or null for none.
func (c *client) replyString(o *keyspace.Object) {
	if o == nil {
		c.out.Null()
		return
	}
	if n, ok := o.Int(); ok {
		c.out.BulkInt(n)
		return
	}
	c.out.Bulk(o.Bytes(nil))
}

// setOptions are the options of SET and GETEX.
type setOptions struct {
	nx, xx, get, keepTTL, persist bool
	expiry                        expiryArg
}

// expiryArg is an expiry as it was given: EX, PX, EXAT or PXAT and the number
// behind it, not yet read.
type expiryArg struct {
	number   []byte
	seconds  bool // the number is in seconds, not in milliseconds
	absolute bool // the number is a Unix time, not a time from now
}

// expiryOption reads one of EX, PX, EXAT and PXAT with its number.
func (a *args) expiryOption() (e expiryArg, ok bool) {
	switch {
	case a.optionWith("EX", 1):
		e = expiryArg{seconds: true}
	case a.optionWith("PX", 1):
	case a.optionWith("EXAT", 1):
		e = expiryArg{seconds: true, absolute: true}
	case a.optionWith("PXAT", 1):
		e = expiryArg{absolute: true}
	default:
		return e, false
	}
	e.number = a.next()
	return e, true
}

// sameOption tells whether both were given with the same option; repeating it is
// allowed, and the last one counts.
func (e expiryArg) sameOption(other expiryArg) bool {
	return e.seconds == other.seconds && e.absolute == other.absolute
}

// exact tells whether the number is a Unix time in milliseconds, which means the same at
// any time.
func (e expiryArg) exact() bool { return e.absolute && !e.seconds }

// atMs returns the deadline as Unix time in milliseconds. The name of the
// command goes into the error.
func (e expiryArg) atMs(nowMs int64, command string) (int64, error) {
	n, ok := keyspace.ParseInt(e.number)
	if !ok {
		return 0, errNotInteger
	}
	if n <= 0 || e.seconds && n > math.MaxInt64/1000 {
		return 0, errInvalidExpire(command)
	}
	if e.seconds {
		n *= 1000
	}
	if e.absolute {
		return n, nil
	}
	if n > math.MaxInt64-nowMs {
		return 0, errInvalidExpire(command)
	}
	return nowMs + n, nil
}

// readSet reads the options of SET: one condition, one expiry, and GET.
func (o *setOptions) readSet(a *args) error {
	for a.more() {
		given := o.expiry.number != nil
		switch {
		case !o.xx && a.option("NX"):
			o.nx = true
		case !o.nx && a.option("XX"):
			o.xx = true
		case a.option("GET"):
			o.get = true
		case !given && a.option("KEEPTTL"):
			o.keepTTL = true
		default:
			e, ok := a.expiryOption()
			if !ok || o.keepTTL || given && !e.sameOption(o.expiry) {
				return errSyntax
			}
			o.expiry = e
		}
	}
	return nil
}

// setCommand sets a key to a value.
//
//	SET key value [NX | XX] [GET] [EX seconds | PX milliseconds |
//	    EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
//
// O(1). Reply: OK; null if the condition did not hold; with GET the old value
// or null.
func setCommand(c *client, a *args) error {
	key, value := a.next(), a.next()
	var o setOptions
	if err := o.readSet(a); err != nil {
		return err
	}
	return c.set(key, value, o, "set")
}

// set is the shared body of SET, SETEX and PSETEX.
func (c *client) set(key, value []byte, o setOptions, command string) error {
	atMs := keyspace.NoExpiry
	if o.expiry.number != nil {
		var err error
		if atMs, err = o.expiry.atMs(c.srv.nowMs, command); err != nil {
			return err
		}
	}
	if o.get {
		old, err := c.lookupRead(key, keyspace.TypeString)
		if err != nil {
			return err
		}
		c.replyString(old)
	}
	if o.nx || o.xx {
		if exists := c.db.Lookup(key, keyspace.NoTouch|keyspace.NoStats) != nil; exists == o.nx {
			if !o.get {
				c.out.Null()
			}
			return nil
		}
	}
	c.store(key, value, o.keepTTL, atMs)
	c.tellSet(key, value, &o, atMs)
	if !o.get {
		c.out.OK()
	}
	return nil
}

// tellSet tells a deadline as a point in time, and leaves GET out.
func (c *client) tellSet(key, value []byte, o *setOptions, atMs int64) {
	switch {
	case o.expiry.number != nil && !o.expiry.exact():
		c.effect(wordSet, key, value, wordPxat, c.number(atMs))
	case o.expiry.number == nil && o.get:
		if argv := c.rewrite(); argv != nil {
			options := slices.DeleteFunc(argv[3:], func(arg []byte) bool { return equalFold(arg, "GET") })
			c.effect(argv[:3+len(options)]...)
		}
	}
}

// store sets a key to a string, with a deadline or without.
func (c *client) store(key, value []byte, keepTTL bool, atMs int64) {
	o := c.db.SetString(key, value, keepTTL)
	if atMs != keyspace.NoExpiry {
		c.expireAt(o, atMs)
	}
	c.modified(eventString, "set", key)
	if atMs != keyspace.NoExpiry {
		c.notify(eventGeneric, "expire", key)
	}
}

// expireAt gives a key a deadline and sees to it that it is met on time.
func (c *client) expireAt(o *keyspace.Object, atMs int64) {
	c.db.SetExpireAt(o, atMs)
	c.srv.timer.arm(atMs + 1)
}

// setnxCommand sets a key that is not there yet.
//
//	SETNX key value
//
// O(1). Reply: 1 if it was set, else 0.
func setnxCommand(c *client, a *args) error {
	key, value := a.next(), a.next()
	if c.db.Lookup(key, keyspace.NoTouch|keyspace.NoStats) != nil {
		c.out.Int(0)
		return nil
	}
	c.store(key, value, false, keyspace.NoExpiry)
	c.out.Int(1)
	return nil
}

// setexCommand sets a key that expires.
//
//	SETEX key seconds value
//
// O(1). Reply: OK.
func setexCommand(c *client, a *args) error {
	key, expiry := a.next(), expiryArg{number: a.next(), seconds: true}
	return c.set(key, a.next(), setOptions{expiry: expiry}, "setex")
}

// psetexCommand sets a key that expires, to the millisecond.
//
//	PSETEX key milliseconds value
//
// O(1). Reply: OK.
func psetexCommand(c *client, a *args) error {
	key, expiry := a.next(), expiryArg{number: a.next()}
	return c.set(key, a.next(), setOptions{expiry: expiry}, "psetex")
}

// getexCommand replies with the value of a key and sets or takes away its
// expiry.
//
//	GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds |
//	    PXAT unix-time-milliseconds | PERSIST]
//
// O(1). Reply: the value, or null. A deadline that has passed deletes the key.
func getexCommand(c *client, a *args) error {
	key := a.next()
	var opt setOptions
	for a.more() {
		e, ok := a.expiryOption()
		switch {
		case ok && !opt.persist && (opt.expiry.number == nil || e.sameOption(opt.expiry)):
			opt.expiry = e
		case !ok && opt.expiry.number == nil && a.option("PERSIST"):
			opt.persist = true
		default:
			return errSyntax
		}
	}
	o, err := c.lookupRead(key, keyspace.TypeString)
	if o == nil || err != nil {
		if err == nil {
			c.out.Null()
		}
		return err
	}
	atMs := keyspace.NoExpiry
	if opt.expiry.number != nil {
		if atMs, err = opt.expiry.atMs(c.srv.nowMs, "getex"); err != nil {
			return err
		}
	}
	c.replyString(o)
	switch {
	case atMs != keyspace.NoExpiry && opt.expiry.absolute && c.srv.past(atMs):
		c.db.Remove(o)
		c.effect(deletion(c.srv.cfg.LazyfreeExpire), key)
		c.modified(eventGeneric, "del", key)
	case atMs != keyspace.NoExpiry:
		c.expireAt(o, atMs)
		c.effect(wordPexpireat, key, c.number(atMs))
		c.modified(eventGeneric, "expire", key)
	case opt.persist && c.db.Persist(o):
		c.effect(wordPersist, key)
		c.modified(eventGeneric, "persist", key)
	}
	return nil
}

// getdelCommand replies with the value of a key and deletes it.
//
//	GETDEL key
//
// O(1). Reply: the value, or null.
func getdelCommand(c *client, a *args) error {
	key := a.next()
	o, err := c.lookupRead(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	c.replyString(o)
	if o != nil {
		c.db.Remove(o)
		c.effect(wordDel, key)
		c.modified(eventGeneric, "del", key)
	}
	return nil
}

// getsetCommand sets a key and replies with its old value.
//
//	GETSET key value
//
// O(1). Reply: the old value, or null. Deprecated in favour of SET with GET.
func getsetCommand(c *client, a *args) error {
	key, value := a.next(), a.next()
	o, err := c.lookupRead(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	c.replyString(o)
	c.store(key, value, false, keyspace.NoExpiry)
	c.effect(wordSet, key, value)
	return nil
}

// mgetCommand replies with the values of several keys.
//
//	MGET key [key ...]
//
// O(N) with N the number of keys. Reply: an array with a value or null for each
// key; null also for a key that is no string.
func mgetCommand(c *client, a *args) error {
	keys := a.rest()
	c.out.Array(len(keys))
	for _, key := range keys {
		o, _ := c.lookupRead(key, keyspace.TypeString)
		c.replyString(o)
	}
	return nil
}

// msetCommand sets several keys.
//
//	MSET key value [key value ...]
//
// O(N) with N the number of keys. Reply: OK.
func msetCommand(c *client, a *args) error {
	pairs := a.rest()
	if len(pairs)%2 != 0 {
		return errArity("mset")
	}
	c.storeAll(pairs)
	c.out.OK()
	return nil
}

// msetnxCommand sets several keys if none of them is there yet.
//
//	MSETNX key value [key value ...]
//
// O(N) with N the number of keys. Reply: 1 if they were set, else 0.
func msetnxCommand(c *client, a *args) error {
	pairs := a.rest()
	if len(pairs)%2 != 0 {
		return errArity("msetnx")
	}
	for i := 0; i < len(pairs); i += 2 {
		if c.db.Lookup(pairs[i], keyspace.NoTouch|keyspace.NoStats) != nil {
			c.out.Int(0)
			return nil
		}
	}
	c.storeAll(pairs)
	c.out.Int(1)
	return nil
}

func (c *client) storeAll(pairs [][]byte) {
	for i := 0; i < len(pairs); i += 2 {
		c.store(pairs[i], pairs[i+1], false, keyspace.NoExpiry)
	}
}
