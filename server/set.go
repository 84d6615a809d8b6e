package server

import (
	"respect/keyspace"
	"respect/server/command"
)

// Sets: a key holds strings, each at most once, in no order. A set that becomes
// empty takes its key with it.
//
// Commands that ask for or change members are here; those with random members are
// in set_random.go, those that make something of several sets in set_algebra.go.
// Members come out of small sets in an order that clients can observe: see
// keyspace.Set.Each.

var setCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: saddCommand, Spec: command.New("sadd", -3, "write denyoom fast @set", "1 RW insert", "set 1.0.0", "O(N)",
		"key:key member:string...",
		"Adds members to a set.")},
	{handler: scardCommand, Spec: command.New("scard", 2, "readonly fast @set", "1 RO", "set 1.0.0", "O(1)",
		"key:key",
		"Returns the number of members of a set.")},
	{handler: sdiffCommand, Spec: command.New("sdiff", -2, "readonly @set tip:nondeterministic_output_order", "1..-1 RO access", "set 1.0.0", "O(N)",
		"key:key...",
		"Returns the members of a set that others do not have.")},
	{handler: sdiffstoreCommand, Spec: command.New("sdiffstore", -3, "write denyoom @set", "1 OW update; 2..-1 RO access", "set 1.0.0", "O(N)",
		"destination:key key:key...",
		"Stores the members of a set that others do not have.")},
	{handler: sinterCommand, Spec: command.New("sinter", -2, "readonly @set tip:nondeterministic_output_order", "1..-1 RO access", "set 1.0.0", "O(N*M)",
		"key:key...",
		"Returns the members that all sets have.")},
	{handler: sintercardCommand, Spec: command.New("sintercard", -3, "readonly @set", "1# RO access", "set 7.0.0", "O(N*M)",
		"numkeys:integer key:key... [LIMIT limit:integer]",
		"Counts the members that all sets have.")},
	{handler: sinterstoreCommand, Spec: command.New("sinterstore", -3, "write denyoom @set", "1 RW update; 2..-1 RO access", "set 1.0.0", "O(N*M)",
		"destination:key key:key...",
		"Stores the members that all sets have.")},
	{handler: sismemberCommand, Spec: command.New("sismember", 3, "readonly fast @set", "1 RO", "set 1.0.0", "O(1)",
		"key:key member:string",
		"Tells whether a set has a member.")},
	{handler: smembersCommand, Spec: command.New("smembers", 2, "readonly @set tip:nondeterministic_output_order", "1 RO access", "set 1.0.0", "O(N)",
		"key:key",
		"Returns all members of a set.")},
	{handler: smismemberCommand, Spec: command.New("smismember", -3, "readonly fast @set", "1 RO access", "set 6.2.0", "O(N)",
		"key:key member:string...",
		"Tells which of several members a set has.")},
	{handler: smoveCommand, Spec: command.New("smove", 4, "write fast @set", "1 RW access delete; 2 RW insert", "set 1.0.0", "O(1)",
		"source:key destination:key member:string",
		"Moves a member from one set to another.")},
	{handler: spopCommand, Spec: command.New("spop", -2, "write fast @set tip:nondeterministic_output", "1 RW access delete", "set 1.0.0", "O(N)",
		"key:key [count:integer@3.2.0]",
		"Takes random members from a set.")},
	{handler: srandmemberCommand, Spec: command.New("srandmember", -2, "readonly @set tip:nondeterministic_output", "1 RO access", "set 1.0.0", "O(N)",
		"key:key [count:integer@2.6.0]",
		"Returns random members of a set.")},
	{handler: sremCommand, Spec: command.New("srem", -3, "write fast @set", "1 RW delete", "set 1.0.0", "O(N)",
		"key:key member:string...",
		"Removes members of a set.")},
	{handler: sscanCommand, Spec: command.New("sscan", -3, "readonly @set tip:nondeterministic_output", "1 RO access", "set 2.8.0", "O(1) per call",
		"key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
		"Goes through the members of a set step by step.")},
	{handler: sunionCommand, Spec: command.New("sunion", -2, "readonly @set tip:nondeterministic_output_order", "1..-1 RO access", "set 1.0.0", "O(N)",
		"key:key...",
		"Returns the members that any of the sets has.")},
	{handler: sunionstoreCommand, Spec: command.New("sunionstore", -3, "write denyoom @set", "1 OW update; 2..-1 RO access", "set 1.0.0", "O(N)",
		"destination:key key:key...",
		"Stores the members that any of the sets has.")},
}

// lookupSet returns the set of a key, or nil.
func (c *client) lookupSet(key []byte) (*keyspace.Set, error) {
	o, err := c.lookupRead(key, keyspace.TypeSet)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Set(), nil
}

// writeSet is lookupSet for a command that changes the set.
func (c *client) writeSet(key []byte) (*keyspace.Set, error) {
	o, err := c.lookupWrite(key, keyspace.TypeSet)
	if o == nil || err != nil {
		return nil, err
	}
	return o.Set(), nil
}

// addSet creates a key with a set that is about to get n members, the given one
// first.
func (c *client) addSet(key, first []byte, n int) *keyspace.Set {
	s := keyspace.NewSetFor(first, n, c.setLimits())
	c.db.Add(key, keyspace.TypeSet, s)
	return s
}

// setLimits are the configured limits of the encodings.
func (c *client) setLimits() *keyspace.SetLimits { return &c.srv.ks.Settings.Set }

// dropEmptySet deletes the key of a set that has become empty.
func (c *client) dropEmptySet(key []byte, s *keyspace.Set) {
	if s.Len() == 0 {
		c.db.Delete(key)
		c.notify(eventGeneric, "del", key)
	}
}

// replySet replies with all members of a set, which may be nil.
func (c *client) replySet(s *keyspace.Set) {
	if s == nil {
		c.out.Set(0)
		return
	}
	c.out.Set(s.Len())
	s.Each(c.replyEach)
}

// replyEach appends an element of a reply whose elements all are wanted.
func (c *client) replyEach(e keyspace.Element) bool {
	c.replyElement(e)
	return true
}

// saddCommand adds members.
//
//	SADD key member [member ...]
//
// O(N) with N the number of members. Reply: how many were not there before.
func saddCommand(c *client, a *args) error {
	key, members := a.next(), a.rest()
	s, err := c.writeSet(key)
	if err != nil {
		return err
	}
	if s == nil {
		s = c.addSet(key, members[0], len(members))
	} else {
		s.Expect(len(members), c.setLimits())
	}
	added := 0
	for _, m := range members {
		added += btoi(s.Add(m, c.setLimits()))
	}
	if added > 0 {
		c.modified(eventSet, "sadd", key)
		c.srv.countsAs(added)
	}
	c.out.Int(int64(added))
	return nil
}

// sremCommand removes members.
//
//	SREM key member [member ...]
//
// O(N) with N the number of members. Reply: how many were there.
func sremCommand(c *client, a *args) error {
	key, members := a.next(), a.rest()
	s, err := c.writeSet(key)
	if err != nil {
		return err
	}
	removed := 0
	if s != nil {
		for _, m := range members {
			removed += btoi(s.Remove(m))
		}
	}
	if removed > 0 {
		c.modified(eventSet, "srem", key)
		c.srv.countsAs(removed)
		c.dropEmptySet(key, s)
	}
	c.out.Int(int64(removed))
	return nil
}

// smoveCommand moves a member from one set to another.
//
//	SMOVE source destination member
//
// O(1). Reply: 1 if it was moved, 0 if it was not in the source.
func smoveCommand(c *client, a *args) error {
	from, to, m := a.next(), a.next(), a.next()
	source, err := c.writeSet(from)
	if err == nil && source == nil {
		c.out.Int(0)
		return nil
	}
	if err != nil {
		return err
	}
	target, err := c.writeSet(to)
	if err != nil {
		return err
	}
	if source == target {
		c.out.Int(int64(btoi(source.Has(m))))
		return nil
	}
	if !source.Remove(m) {
		c.out.Int(0)
		return nil
	}
	c.modified(eventSet, "srem", from)
	c.dropEmptySet(from, source)
	if target == nil {
		target = c.addSet(to, m, 1)
	}
	if target.Add(m, c.setLimits()) {
		c.modified(eventSet, "sadd", to)
	}
	c.out.Int(1)
	return nil
}

// scardCommand tells the size of a set.
//
//	SCARD key
//
// O(1). Reply: the number of members; 0 if there is no set.
func scardCommand(c *client, a *args) error { return replyLength(c, a, (*client).lookupSet) }

// sismemberCommand tells whether a set has a member.
//
//	SISMEMBER key member
//
// O(1). Reply: 1 or 0.
func sismemberCommand(c *client, a *args) error {
	s, err := c.lookupSet(a.next())
	if err != nil {
		return err
	}
	c.out.Int(int64(btoi(s != nil && s.Has(a.next()))))
	return nil
}

// smismemberCommand tells which of several members a set has.
//
//	SMISMEMBER key member [member ...]
//
// O(N) with N the number of members. Reply: an array of 1 or 0 for each.
func smismemberCommand(c *client, a *args) error {
	s, err := c.lookupSet(a.next())
	if err != nil {
		return err
	}
	members := a.rest()
	c.out.Array(len(members))
	for _, m := range members {
		c.out.Int(int64(btoi(s != nil && s.Has(m))))
	}
	return nil
}

// smembersCommand replies with all members.
//
//	SMEMBERS key
//
// O(N) with N the number of members. Reply: a set, empty if there is none.
func smembersCommand(c *client, a *args) error {
	s, err := c.lookupSet(a.next())
	if err != nil {
		return err
	}
	c.replySet(s)
	return nil
}

// sscanCommand lists some members.
//
//	SSCAN key cursor [MATCH pattern] [COUNT count]
//
// O(1) for each call, O(N) for all with N the number of members. Reply: the cursor
// of the next call, 0 at the end, and an array of members. Sets that are no hash
// tables come as a whole.
func sscanCommand(c *client, a *args) error {
	set, cursor, err := beginScan(c, a, (*client).lookupSet)
	if set == nil {
		return err
	}
	o, err := readValueScan(a)
	if err != nil {
		return err
	}
	c.scanValue(cursor, o, func(cursor uint64, s *valueScan) uint64 {
		return set.Scan(cursor, func(member keyspace.Element) {
			if s.wants(member) {
				s.reply(member)
			}
		})
	})
	return nil
}
