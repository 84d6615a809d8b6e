package server

import (
	"math"

	"respect/keyspace"
)

// Taking the members with the lowest or highest scores, and waiting for them. As with
// lists, the commands that wait are the plain ones with a wait behind them: where
// there is nothing to take they call block (blocking.go), and are executed again when
// one of their keys has got a sorted set.

// zsetEnd is one of the two ends of a sorted set.
type zsetEnd bool

const (
	zsetMin zsetEnd = false
	zsetMax zsetEnd = true
)

func (e zsetEnd) word() []byte {
	if e == zsetMax {
		return wordZpopmax
	}
	return wordZpopmin
}

func (e zsetEnd) event() string {
	if e == zsetMax {
		return "zpopmax"
	}
	return "zpopmin"
}

// span returns up to n members at the end.
func (e zsetEnd) span(z *keyspace.ZSet, n int64) zsetSpan {
	count := int(min(n, int64(z.Len())))
	if e == zsetMax {
		return zsetSpan{z.Len() - 1, count, true}
	}
	return zsetSpan{0, count, false}
}

// zsetTaken removes members that were replied, and the key if none are left.
func (c *client) zsetTaken(key []byte, z *keyspace.ZSet, s zsetSpan, end zsetEnd) {
	from := s.from
	if s.reverse {
		from -= s.n - 1
	}
	z.DeleteRange(from, s.n)
	c.modified(eventZSet, end.event(), key)
	c.srv.countsAs(s.n)
	c.dropEmptyZSet(key, z)
}

// zsetPop takes one member, and appends it and its score to the reply.
func (c *client) zsetPop(key []byte, z *keyspace.ZSet, end zsetEnd) {
	s := end.span(z, 1)
	z.Each(s.from, 1, s.reverse, func(member keyspace.Element, score float64) bool {
		c.replyElement(member)
		c.out.Double(score)
		return true
	})
	c.zsetTaken(key, z, s, end)
}

// zpopminCommand takes the members with the lowest scores.
//
//	ZPOPMIN key [count]
//
// O(log(N)*M) with M the number of members taken. Reply: an array of member and
// score, of several with a count; empty if there is no sorted set.
func zpopminCommand(c *client, a *args) error { return c.zpopCommand(a, zsetMin) }

// zpopmaxCommand takes the members with the highest scores.
//
//	ZPOPMAX key [count]
//
// O(log(N)*M) with M the number of members taken. Reply: as that of ZPOPMIN, the
// highest score first.
func zpopmaxCommand(c *client, a *args) error { return c.zpopCommand(a, zsetMax) }

func (c *client) zpopCommand(a *args, end zsetEnd) error {
	key := a.next()
	if a.left() > 1 {
		return errSyntax
	}
	count, counted := int64(1), a.more()
	if counted {
		var err error
		if count, err = a.intIn(0, math.MaxInt64, errNotPositive); err != nil {
			return err
		}
	}
	z, err := c.writeZSet(key)
	if err != nil {
		return err
	}
	switch {
	case z == nil || count == 0:
		c.out.Array(0)
	case counted:
		s := end.span(z, count)
		c.replyRange(z, s, true)
		c.zsetTaken(key, z, s, end)
	default:
		c.out.Array(2)
		c.zsetPop(key, z, end)
	}
	return nil
}

// zsetPopper pops from sorted sets.
var zsetPopper = popper[keyspace.ZSet, zsetEnd]{
	t: keyspace.TypeZSet, find: (*client).writeZSet, end: (*args).zsetEnd,
	one: func(c *client, key []byte, z *keyspace.ZSet, at zsetEnd) {
		c.out.Array(3)
		c.out.Bulk(key)
		c.effect(at.word(), key)
		c.zsetPop(key, z, at)
	},
	many: func(c *client, key []byte, z *keyspace.ZSet, at zsetEnd, count int64) {
		s := at.span(z, count)
		c.out.Array(s.n)
		z.Each(s.from, s.n, s.reverse, func(member keyspace.Element, score float64) bool {
			c.out.Array(2)
			c.replyElement(member)
			c.out.Double(score)
			return true
		})
		c.effect(at.word(), key, c.number(int64(s.n)))
		c.zsetTaken(key, z, s, at)
	},
}

// zsetEnd reads MIN or MAX.
func (a *args) zsetEnd() (zsetEnd, error) {
	switch {
	case a.option("MIN"):
		return zsetMin, nil
	case a.option("MAX"):
		return zsetMax, nil
	}
	return zsetMin, errSyntax
}

// zmpopCommand takes members from the first of several sorted sets that there is.
//
//	ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
//
// O(K) + O(M*log(N)) with K the number of keys and M of members taken. Reply: an array
// of the key and an array of pairs of member and score, or null.
func zmpopCommand(c *client, a *args) error { return zsetPopper.mpop(c, a) }

// bzpopminCommand takes the member with the lowest score from the first of several
// sorted sets, and waits for one if there is none.
//
//	BZPOPMIN key [key ...] timeout
//
// O(log(N)). Reply: an array of key, member and score; null when the time is over. The
// timeout is in seconds, 0 for ever.
func bzpopminCommand(c *client, a *args) error { return zsetPopper.blockingPop(c, a, zsetMin) }

// bzpopmaxCommand is BZPOPMIN for the highest score.
//
//	BZPOPMAX key [key ...] timeout
//
// O(log(N)). Reply: an array of key, member and score, or null.
func bzpopmaxCommand(c *client, a *args) error { return zsetPopper.blockingPop(c, a, zsetMax) }

// bzmpopCommand is ZMPOP that waits for a member.
//
//	BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]
//
// O(K) + O(M*log(N)) with K the number of keys and M of members taken. Reply: an array
// of the key and an array of pairs of member and score, or null when the time is over.
func bzmpopCommand(c *client, a *args) error { return zsetPopper.blockingMpop(c, a) }
