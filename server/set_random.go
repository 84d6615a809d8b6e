package server

import (
	"math"

	"respect/keyspace"
)

// Random members of sets. Every member has the same chance.

// spopCommand takes random members.
//
//	SPOP key [count]
//
// O(N) with N the number of members taken. Reply: the member, or null; with a
// count a set of that many different members, or of all.
func spopCommand(c *client, a *args) error {
	key := a.next()
	if a.more() {
		return c.spopCount(key, a)
	}
	s, err := c.writeSet(key)
	if err != nil {
		return err
	}
	if s == nil {
		c.out.Null()
		return nil
	}
	c.scratch = s.Pop(c.srv.ks.Rand(), c.scratch[:0])
	c.out.Bulk(c.scratch)
	c.effect(wordSrem, key, c.srv.kept(c.scratch))
	c.modified(eventSet, "spop", key)
	c.dropEmptySet(key, s)
	return nil
}

func (c *client) spopCount(key []byte, a *args) error {
	if a.left() > 1 {
		return errSyntax
	}
	count, err := a.intIn(0, math.MaxInt64, errNotPositive)
	if err != nil {
		return err
	}
	s, err := c.writeSet(key)
	if err != nil {
		return err
	}
	switch {
	case s == nil || count == 0:
		c.out.Set(0)
	case count >= int64(s.Len()):
		c.srv.countsAs(s.Len())
		c.replySet(s)
		c.effect(deletion(c.srv.cfg.LazyfreeServerDel), key)
		c.modified(eventSet, "spop", key)
		c.db.Delete(key)
		c.notify(eventGeneric, "del", key)
	default:
		c.out.Set(int(count))
		if c.srv.copies == nil {
			s.PopSome(int(count), c.srv.ks.Rand(), c.setLimits(), c.replyElement)
		} else {
			c.popAndTell(key, s, int(count))
		}
		c.modified(eventSet, "spop", key)
		c.srv.countsAs(int(count))
	}
	return nil
}

// removedAtOnce is how many members that SPOP takes are told with one SREM.
const removedAtOnce = 1024

// popAndTell takes random members, replies with them, and tells that they are removed.
func (c *client) popAndTell(key []byte, s *keyspace.Set, count int) {
	argv := [][]byte{wordSrem, key}
	s.PopSome(count, c.srv.ks.Rand(), c.setLimits(), func(e keyspace.Element) {
		c.replyElement(e)
		if argv = append(argv, c.srv.keptElement(e)); len(argv) == 2+removedAtOnce {
			c.effect(argv...)
			argv = argv[:2]
		}
	})
	if len(argv) > 2 {
		c.effect(argv...)
	}
}

// srandmemberCommand replies with random members.
//
//	SRANDMEMBER key [count]
//
// O(N) with N the number of members asked for. Reply: a member, or null; with a
// count an array of that many different members, or of all; with a negative count
// of as many as that says, which may be the same.
func srandmemberCommand(c *client, a *args) error {
	key := a.next()
	if a.more() {
		return c.srandmemberCount(key, a)
	}
	s, err := c.lookupSet(key)
	if err != nil {
		return err
	}
	if s == nil {
		c.out.Null()
	} else {
		c.replyElement(s.Random(c.srv.ks.Rand()))
	}
	return nil
}

func (c *client) srandmemberCount(key []byte, a *args) error {
	if a.left() > 1 {
		return errSyntax
	}
	count, err := a.int()
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return errIntRange
	}
	s, err := c.lookupSet(key)
	if err != nil {
		return err
	}
	switch {
	case s == nil || count == 0:
		c.out.Array(0)
	case count < 0:
		return c.drawMembers(s, -count)
	case count >= int64(s.Len()):
		c.out.Array(s.Len())
		s.Each(c.replyEach)
	default:
		c.out.Array(int(count))
		s.Sample(int(count), c.srv.ks.Rand(), c.replyElement)
	}
	return nil
}

// maxDrawn bounds a reply of members that may come again and again, in bytes.
const maxDrawn = 1 << 30

// drawMembers replies with n random members, each drawn from all.
//
// Deviation: a reply of more than 1 GiB is refused. Redis goes on until the client's
// output limit is reached, which usually is none, or memory is exhausted.
func (c *client) drawMembers(s *keyspace.Set, n int64) error {
	const leastReply = len("$0\r\n\r\n")
	if n > int64(maxDrawn/leastReply) {
		return errOutOfRange
	}
	r := c.srv.ks.Rand()
	start := len(c.out.Buf)
	c.out.Array(int(n))
	for range n {
		c.replyElement(s.Random(r))
		if len(c.out.Buf)-start > maxDrawn {
			return errOutOfRange
		}
	}
	return nil
}
