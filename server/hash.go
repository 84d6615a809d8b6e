package server

import (
	"respect/keyspace"
	"respect/server/command"
)

// Hashes: a key holds fields, each with a value. A hash that becomes empty takes its
// key with it.
//
// Fields whose values are numbers are in hash_number.go, random ones in
// hash_random.go, those that expire in hash_expire.go. Only the last knows of
// deadlines: whoever looks a hash up finds what has expired gone
// (keyspace/field_expire.go). What writes a field has to say whether its deadline
// goes (Hash.Set) or stays (Hash.Update).

var hashCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: hdelCommand, Spec: command.New("hdel", -3, "write fast @hash", "1 RW delete", "hash 2.0.0", "O(N)",
		"key:key field:string...",
		"Removes fields of a hash.")},
	{handler: hexistsCommand, Spec: command.New("hexists", 3, "readonly fast @hash", "1 RO", "hash 2.0.0", "O(1)",
		"key:key field:string",
		"Tells whether a hash has a field.")},
	{handler: hgetCommand, Spec: command.New("hget", 3, "readonly fast @hash", "1 RO access", "hash 2.0.0", "O(1)",
		"key:key field:string",
		"Returns the value of a field.")},
	{handler: hgetallCommand, Spec: command.New("hgetall", 2, "readonly @hash tip:nondeterministic_output_order", "1 RO access", "hash 2.0.0", "O(N)",
		"key:key",
		"Returns all fields and values of a hash.")},
	{handler: hincrbyCommand, Spec: command.New("hincrby", 4, "write denyoom fast @hash", "1 RW access update", "hash 2.0.0", "O(1)",
		"key:key field:string increment:integer",
		"Adds an integer to the number in a field.")},
	{handler: hincrbyfloatCommand, Spec: command.New("hincrbyfloat", 4, "write denyoom fast @hash", "1 RW access update", "hash 2.6.0", "O(1)",
		"key:key field:string increment:double",
		"Adds a floating-point number to the number in a field.")},
	{handler: hkeysCommand, Spec: command.New("hkeys", 2, "readonly @hash tip:nondeterministic_output_order", "1 RO access", "hash 2.0.0", "O(N)",
		"key:key",
		"Returns all fields of a hash.")},
	{handler: hlenCommand, Spec: command.New("hlen", 2, "readonly fast @hash", "1 RO", "hash 2.0.0", "O(1)",
		"key:key",
		"Returns the number of fields of a hash.")},
	{handler: hmgetCommand, Spec: command.New("hmget", -3, "readonly fast @hash", "1 RO access", "hash 2.0.0", "O(N)",
		"key:key field:string...",
		"Returns the values of several fields.")},
	{handler: hmsetCommand, Spec: command.New("hmset", -4, "write denyoom fast @hash", "1 RW update", "hash 2.0.0 deprecated 4.0.0 `HSET` with multiple field-value pairs", "O(N)",
		"key:key data(field:string value:string)...",
		"Sets several fields.")},
	{handler: hrandfieldCommand, Spec: command.New("hrandfield", -2, "readonly @hash tip:nondeterministic_output", "1 RO access", "hash 6.2.0", "O(N)",
		"key:key [options(count:integer [WITHVALUES])]",
		"Returns random fields of a hash.")},
	{handler: hscanCommand, Spec: command.New("hscan", -3, "readonly @hash tip:nondeterministic_output", "1 RO access", "hash 2.8.0", "O(1) per call",
		"key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		"Goes through the fields of a hash step by step.")},
	{handler: hsetCommand, Spec: command.New("hset", -4, "write denyoom fast @hash", "1 RW update", "hash 2.0.0", "O(N)",
		"key:key data(field:string value:string)...",
		"Sets fields of a hash.")},
	{handler: hsetnxCommand, Spec: command.New("hsetnx", 4, "write denyoom fast @hash", "1 RW insert", "hash 2.0.0", "O(1)",
		"key:key field:string value:string",
		"Sets a field if the hash does not have it.")},
	{handler: hstrlenCommand, Spec: command.New("hstrlen", 3, "readonly fast @hash", "1 RO", "hash 3.2.0", "O(1)",
		"key:key field:string",
		"Returns the length of the value of a field in bytes.")},
	{handler: hvalsCommand, Spec: command.New("hvals", 2, "readonly @hash tip:nondeterministic_output_order", "1 RO access", "hash 2.0.0", "O(N)",
		"key:key",
		"Returns all values of a hash.")},
}

// lookupHash returns the hash of a key, or nil.
func (c *client) lookupHash(key []byte) (*keyspace.Hash, error) {
	o, err := c.lookupRead(key, keyspace.TypeHash)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Hash(), nil
}

// writeHash is lookupHash for a command that changes the hash.
func (c *client) writeHash(key []byte) (*keyspace.Hash, error) {
	o, err := c.lookupWrite(key, keyspace.TypeHash)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Hash(), nil
}

// addHash creates a key with a hash that is about to be filled.
func (c *client) addHash(key []byte) *keyspace.Hash {
	h := keyspace.NewHash()
	c.db.Add(key, keyspace.TypeHash, h)
	return h
}

// hashLimits are the configured limits of the encodings.
func (c *client) hashLimits() *keyspace.HashLimits { return &c.srv.ks.Settings.Hash }

// dropEmptyHash deletes the key of a hash that has no fields left.
func (c *client) dropEmptyHash(key []byte, h *keyspace.Hash) {
	if h.Len() == 0 {
		c.db.Delete(key)
		c.notify(eventGeneric, "del", key)
	}
}

// hdelCommand removes fields.
//
//	HDEL key field [field ...]
//
// O(N) with N the number of fields given. Reply: how many were there.
func hdelCommand(c *client, a *args) error {
	key, fields := a.next(), a.rest()
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	removed := 0
	for _, field := range fields {
		if h != nil && h.Delete(field) {
			removed++
		}
	}
	if removed > 0 {
		c.modified(eventHash, "hdel", key)
		c.srv.countsAs(removed)
		c.dropEmptyHash(key, h)
	}
	c.out.Int(int64(removed))
	return nil
}

// hexistsCommand tells whether there is a field.
//
//	HEXISTS key field
//
// O(1). Reply: 1 or 0.
func hexistsCommand(c *client, a *args) error {
	_, ok, err := c.hashValue(a)
	if err != nil {
		return err
	}
	c.out.Int(int64(btoi(ok)))
	return nil
}

// hashValue looks up the field that a's next two arguments name.
func (c *client) hashValue(a *args) (value keyspace.Element, ok bool, err error) {
	h, err := c.lookupHash(a.next())
	if h == nil || err != nil {
		return value, false, err
	}
	value, ok = h.Get(a.next())
	return value, ok, nil
}

// hgetCommand replies with the value of a field.
//
//	HGET key field
//
// O(1). Reply: the value, or null.
func hgetCommand(c *client, a *args) error {
	value, ok, err := c.hashValue(a)
	if err != nil {
		return err
	}
	c.replyValue(value, ok)
	return nil
}

// replyValue appends a value, or null.
func (c *client) replyValue(value keyspace.Element, ok bool) {
	if ok {
		c.replyElement(value)
	} else {
		c.out.Null()
	}
}

// hgetallCommand replies with all fields and values.
//
//	HGETALL key
//
// O(N) with N the number of fields. Reply: a map; in RESP2 an array of fields, each
// followed by its value.
func hgetallCommand(c *client, a *args) error {
	h, err := c.lookupHash(a.next())
	if err != nil {
		return err
	}
	if h == nil {
		c.out.Map(0)
		return nil
	}
	c.out.Map(h.Len())
	h.Each(func(field, value keyspace.Element) bool {
		c.replyElement(field)
		c.replyElement(value)
		return true
	})
	return nil
}

// hkeysCommand replies with all fields.
//
//	HKEYS key
//
// O(N) with N the number of fields. Reply: an array.
func hkeysCommand(c *client, a *args) error {
	return c.eachField(a, func(field, _ keyspace.Element) keyspace.Element { return field })
}

// eachField replies with one part of each field of the hash that a's next argument
// names.
func (c *client) eachField(a *args, part func(field, value keyspace.Element) keyspace.Element) error {
	h, err := c.lookupHash(a.next())
	if err != nil {
		return err
	}
	if h == nil {
		c.out.Array(0)
		return nil
	}
	c.out.Array(h.Len())
	h.Each(func(field, value keyspace.Element) bool {
		c.replyElement(part(field, value))
		return true
	})
	return nil
}

// hlenCommand tells the number of fields.
//
//	HLEN key
//
// O(1). Reply: the number of fields; 0 if there is no hash.
//
// Deviation: fields whose deadline has passed do not count. Redis 7.4 counts them,
// and HDEL tells of them, until they are deleted.
func hlenCommand(c *client, a *args) error { return replyLength(c, a, (*client).lookupHash) }

// hmgetCommand replies with the values of fields.
//
//	HMGET key field [field ...]
//
// O(N) with N the number of fields given. Reply: an array of values, null for
// fields that are not there.
func hmgetCommand(c *client, a *args) error {
	h, err := c.lookupHash(a.next())
	if err != nil {
		return err
	}
	c.out.Array(a.left())
	for _, field := range a.rest() {
		var value keyspace.Element
		ok := false
		if h != nil {
			value, ok = h.Get(field)
		}
		c.replyValue(value, ok)
	}
	return nil
}

// hmsetCommand sets fields.
//
//	HMSET key field value [field value ...]
//
// O(N) with N the number of fields given. Reply: OK.
func hmsetCommand(c *client, a *args) error {
	if _, err := c.setFields(a, "hmset"); err != nil {
		return err
	}
	c.out.OK()
	return nil
}

// setFields sets the fields of a request and returns how many are new.
func (c *client) setFields(a *args, name string) (added int, err error) {
	key, pairs := a.next(), a.rest()
	if len(pairs)%2 != 0 {
		return 0, errArity(name)
	}
	h, err := c.writeHash(key)
	if err != nil {
		return 0, err
	}
	if h == nil {
		h = c.addHash(key)
	}
	limits := c.hashLimits()
	h.Expect(pairs, limits)
	for i := 0; i < len(pairs); i += 2 {
		if h.Set(pairs[i], pairs[i+1], limits) {
			added++
		}
	}
	c.modified(eventHash, "hset", key)
	c.srv.countsAs(len(pairs) / 2)
	return added, nil
}

// hscanCommand lists some fields.
//
//	HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
//
// O(1) for each call, O(N) for all with N the number of fields. Reply: the cursor of
// the next call, 0 at the end, and an array of fields, each followed by its value
// unless NOVALUES is given, which Redis knows since 7.4.
func hscanCommand(c *client, a *args) error {
	h, cursor, err := beginScan(c, a, (*client).lookupHash)
	if h == nil {
		return err
	}
	o, noValues, err := readHashScan(a)
	if err != nil {
		return err
	}
	c.scanValue(cursor, o, func(cursor uint64, s *valueScan) uint64 {
		return h.Scan(cursor, func(field, value keyspace.Element) {
			if s.wants(field) {
				s.reply(field)
				if !noValues {
					s.reply(value)
				}
			}
		})
	})
	return nil
}

func readHashScan(a *args) (o scanOptions, noValues bool, err error) {
	o.count = scanDefaultCount
	for a.more() {
		switch {
		case a.option("NOVALUES"):
			noValues = true
		case a.option("TYPE"):
			return o, false, errSyntax
		default:
			if err := o.read(a); err != nil {
				return o, false, err
			}
		}
	}
	return o, noValues, nil
}

// hsetCommand sets fields.
//
//	HSET key field value [field value ...]
//
// O(N) with N the number of fields given. Reply: how many are new.
func hsetCommand(c *client, a *args) error {
	added, err := c.setFields(a, "hset")
	if err != nil {
		return err
	}
	c.out.Int(int64(added))
	return nil
}

// hsetnxCommand sets a field that is not there yet.
//
//	HSETNX key field value
//
// O(1). Reply: 1 if it was set, else 0.
func hsetnxCommand(c *client, a *args) error {
	key, pair := a.next(), a.rest()
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	if h != nil {
		if _, ok := h.Get(pair[0]); ok {
			c.out.Int(0)
			return nil
		}
	} else {
		h = c.addHash(key)
	}
	h.Expect(pair, c.hashLimits())
	h.Set(pair[0], pair[1], c.hashLimits())
	c.modified(eventHash, "hset", key)
	c.out.Int(1)
	return nil
}

// hstrlenCommand tells the length of a value.
//
//	HSTRLEN key field
//
// O(1). Reply: the length in bytes; 0 if there is no field.
func hstrlenCommand(c *client, a *args) error {
	value, ok, err := c.hashValue(a)
	if err != nil {
		return err
	}
	n := 0
	if ok {
		n = value.Len()
	}
	c.out.Int(int64(n))
	return nil
}

// hvalsCommand replies with all values.
//
//	HVALS key
//
// O(N) with N the number of fields. Reply: an array.
func hvalsCommand(c *client, a *args) error {
	return c.eachField(a, func(_, value keyspace.Element) keyspace.Element { return value })
}
