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

// zmpopOptions are the operands of ZMPOP and BZMPOP.
type zmpopOptions struct {
	keys  [][]byte
	where zsetEnd
	count int64
}

func readZMPop(a *args) (o zmpopOptions, err error) {
	n, err := a.intIn(1, math.MaxInt64, errNumkeys)
	if err != nil {
		return o, err
	}
	if n >= int64(a.left()) {
		return o, errSyntax
	}
	o.keys, o.count = a.argv[a.pos:a.pos+int(n)], 1
	a.pos += int(n)
	switch {
	case a.option("MIN"):
		o.where = zsetMin
	case a.option("MAX"):
		o.where = zsetMax
	default:
		return o, errSyntax
	}
	if a.optionWith("COUNT", 1) {
		if o.count, err = a.intIn(1, math.MaxInt64, errCountRange); err != nil {
			return o, err
		}
	}
	return o, a.end()
}

// zmpop takes members from the first sorted set that there is.
func (c *client) zmpop(o zmpopOptions) (popped bool, err error) {
	for _, key := range o.keys {
		z, err := c.writeZSet(key)
		if err != nil {
			return false, err
		}
		if z == nil {
			continue
		}
		s := o.where.span(z, o.count)
		c.out.Array(2)
		c.out.Bulk(key)
		c.out.Array(s.n)
		z.Each(s.from, s.n, s.reverse, func(member keyspace.Element, score float64) bool {
			c.out.Array(2)
			c.replyElement(member)
			c.out.Double(score)
			return true
		})
		c.effect(o.where.word(), key, c.number(int64(s.n)))
		c.zsetTaken(key, z, s, o.where)
		return true, nil
	}
	return false, nil
}

// zmpopCommand takes members from the first of several sorted sets that there is.
//
//	ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]
//
// O(K) + O(M*log(N)) with K the number of keys and M of members taken. Reply: an array
// of the key and an array of pairs of member and score, or null.
func zmpopCommand(c *client, a *args) error {
	o, err := readZMPop(a)
	if err != nil {
		return err
	}
	popped, err := c.zmpop(o)
	if err == nil && !popped {
		c.out.NullArray()
	}
	return err
}

// bzpopminCommand takes the member with the lowest score from the first of several
// sorted sets, and waits for one if there is none.
//
//	BZPOPMIN key [key ...] timeout
//
// O(log(N)). Reply: an array of key, member and score; null when the time is over. The
// timeout is in seconds, 0 for ever.
func bzpopminCommand(c *client, a *args) error { return c.blockingZPop(a, zsetMin) }

// bzpopmaxCommand is BZPOPMIN for the highest score.
//
//	BZPOPMAX key [key ...] timeout
//
// O(log(N)). Reply: an array of key, member and score, or null.
func bzpopmaxCommand(c *client, a *args) error { return c.blockingZPop(a, zsetMax) }

func (c *client) blockingZPop(a *args, end zsetEnd) error {
	all := a.rest()
	keys := all[:len(all)-1]
	until, err := timeoutAt(all[len(keys)], timeoutSeconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	for _, key := range keys {
		z, err := c.writeZSet(key)
		if err != nil {
			return err
		}
		if z == nil {
			continue
		}
		c.out.Array(3)
		c.out.Bulk(key)
		c.effect(end.word(), key)
		c.zsetPop(key, z, end)
		return nil
	}
	return c.blockOnZSets(keys, until)
}

func (c *client) blockOnZSets(keys [][]byte, untilMs int64) error {
	return c.block(keys, keyspace.TypeZSet, untilMs, func(c *client) { c.out.NullArray() })
}

// bzmpopCommand is ZMPOP that waits for a member.
//
//	BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]
//
// O(K) + O(M*log(N)) with K the number of keys and M of members taken. Reply: an array
// of the key and an array of pairs of member and score, or null when the time is over.
func bzmpopCommand(c *client, a *args) error {
	timeout := a.next()
	o, err := readZMPop(a)
	if err != nil {
		return err
	}
	until, err := timeoutAt(timeout, timeoutSeconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	popped, err := c.zmpop(o)
	if err != nil || popped {
		return err
	}
	return c.blockOnZSets(o.keys, until)
}
