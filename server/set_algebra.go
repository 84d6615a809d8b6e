package server

import (
	"math"

	"respect/keyspace"
)

// What is made of several sets: the members that all have, that any has, that the
// first alone has. Each comes as a reply and as a set that is stored. All keys are
// looked up, and must be sets or missing, before anything is done.

const (
	errTooManyKeys   replyError = "ERR Number of keys can't be greater than number of args"
	errLimitNegative replyError = "ERR LIMIT can't be negative"
)

// lookupSets returns the sets of several keys, nil for those that are missing.
func (c *client) lookupSets(keys [][]byte) ([]*keyspace.Set, error) {
	sets := make([]*keyspace.Set, len(keys))
	for i, key := range keys {
		var err error
		if sets[i], err = c.lookupSet(key); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// sdiffCommand replies with what only the first set has.
//
//	SDIFF key [key ...]
//
// O(N) with N the number of members of all sets. Reply: a set.
func sdiffCommand(c *client, a *args) error {
	return c.combineSets(a, keyspace.EachOnlyInFirst)
}

// sinterCommand replies with what all sets have.
//
//	SINTER key [key ...]
//
// O(N*M) with N the members of the smallest set and M the number of sets. Reply: a
// set.
func sinterCommand(c *client, a *args) error {
	return c.combineSets(a, keyspace.EachInCommon)
}

// sunionCommand replies with what any set has.
//
//	SUNION key [key ...]
//
// O(N) with N the number of members of all sets. Reply: a set.
func sunionCommand(c *client, a *args) error {
	return c.combineSets(a, func(sets []*keyspace.Set, fn func(keyspace.Element) bool) {
		keyspace.EachOfAny(sets, c.setLimits(), fn)
	})
}

// combineSets replies with the members that each finds in the sets.
func (c *client) combineSets(a *args, each func(sets []*keyspace.Set, fn func(keyspace.Element) bool)) error {
	sets, err := c.lookupSets(a.rest())
	if err != nil {
		return err
	}
	mark, n := c.out.DeferSet(), 0
	each(sets, func(e keyspace.Element) bool {
		c.replyElement(e)
		n++
		return true
	})
	c.out.EndSet(mark, n)
	return nil
}

// sdiffstoreCommand stores what only the first set has.
//
//	SDIFFSTORE destination key [key ...]
//
// O(N) with N the number of members of all sets. Reply: the number of members. An
// empty result deletes the destination.
func sdiffstoreCommand(c *client, a *args) error {
	return c.storeSets(a, "sdiffstore", keyspace.OnlyInFirst)
}

// sinterstoreCommand stores what all sets have.
//
//	SINTERSTORE destination key [key ...]
//
// O(N*M) with N the members of the smallest set and M the number of sets. Reply:
// the number of members. An empty result deletes the destination.
func sinterstoreCommand(c *client, a *args) error {
	return c.storeSets(a, "sinterstore", keyspace.InCommon)
}

// sunionstoreCommand stores what any set has.
//
//	SUNIONSTORE destination key [key ...]
//
// O(N) with N the number of members of all sets. Reply: the number of members. An
// empty result deletes the destination.
func sunionstoreCommand(c *client, a *args) error {
	return c.storeSets(a, "sunionstore", keyspace.OfAny)
}

// storeSets puts the set that is made of others into the place of what the destination
// holds.
func (c *client) storeSets(a *args, event string, of func([]*keyspace.Set, *keyspace.SetLimits) *keyspace.Set) error {
	key := a.next()
	sets, err := c.lookupSets(a.rest())
	if err != nil {
		return err
	}
	result := of(sets, c.setLimits())
	switch {
	case result.Len() > 0:
		c.db.Replace(key, func() { c.db.Add(key, keyspace.TypeSet, result) })
		c.modified(eventSet, event, key)
	case c.db.Delete(key):
		c.modified(eventGeneric, "del", key)
	}
	c.out.Int(int64(result.Len()))
	return nil
}

// sintercardCommand counts what all sets have.
//
//	SINTERCARD numkeys key [key ...] [LIMIT limit]
//
// O(N*M) with N the members of the smallest set and M the number of sets. Reply:
// the number of members, at most the limit unless that is 0.
func sintercardCommand(c *client, a *args) error {
	n, err := a.intIn(1, math.MaxInt64, errNumkeys)
	if err != nil {
		return err
	}
	if n > int64(a.left()) {
		return errTooManyKeys
	}
	keys := a.argv[a.pos : a.pos+int(n)]
	a.pos += int(n)
	limit := int64(0)
	for a.more() {
		if !a.optionWith("LIMIT", 1) {
			return errSyntax
		}
		if limit, err = a.intIn(0, math.MaxInt64, errLimitNegative); err != nil {
			return err
		}
	}
	sets, err := c.lookupSets(keys)
	if err != nil {
		return err
	}
	found := int64(0)
	keyspace.EachInCommon(sets, func(keyspace.Element) bool {
		found++
		return found != limit
	})
	c.out.Int(found)
	return nil
}
