package server

import (
	"respect/keyspace"
)

// Ranges of sorted sets: by rank, by score, or by the members' bytes, which makes
// sense where all scores are the same. Whatever a range is given by, it becomes a
// span of ranks.

const (
	errScoreRange   replyError = "ERR min or max is not a float"
	errLexRange     replyError = "ERR min or max not valid string range item"
	errRankLimit    replyError = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
	errLexWithScore replyError = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
)

// rangeKind is what a range is given by.
type rangeKind uint8

const (
	anyRange rangeKind = iota // what an option will say
	rankRange
	scoreRange
	lexRange
)

// zrange is a range with its options.
type zrange struct {
	kind          rangeKind
	reverse       bool
	withScores    bool
	offset, limit int64 // of the elements in the range; a negative limit is none
	start, stop   int64 // ranks, inclusive
	score         keyspace.ScoreRange
	lex           keyspace.LexRange
}

// zsetSpan is n members from a rank on, or from it back.
type zsetSpan struct {
	from, n int
	reverse bool
}

// readZRange reads a range and its options. The kind and the direction are those of
// the command, or anyRange if options tell them. stored is for ZRANGESTORE, which
// takes no WITHSCORES.
func readZRange(a *args, kind rangeKind, reverse, stored bool) (r zrange, err error) {
	minimum, maximum := a.next(), a.next()
	r = zrange{kind: kind, reverse: reverse, limit: -1}
	if err := r.readOptions(a, stored); err != nil {
		return r, err
	}
	if r.kind == anyRange {
		r.kind = rankRange
	}
	if r.limit != -1 && r.kind == rankRange {
		return r, errRankLimit
	}
	if r.withScores && r.kind == lexRange {
		return r, errLexWithScore
	}
	if r.reverse && r.kind != rankRange {
		minimum, maximum = maximum, minimum
	}
	return r, r.readBounds(minimum, maximum)
}

func (r *zrange) readOptions(a *args, stored bool) (err error) {
	open := r.kind == anyRange // whether options may tell kind and direction
	for a.more() {
		switch {
		case !stored && a.option("WITHSCORES"):
			r.withScores = true
		case a.optionWith("LIMIT", 2):
			if r.offset, r.limit, err = a.ints(); err != nil {
				return err
			}
		case open && !r.reverse && a.option("REV"):
			r.reverse = true
		case r.kind == anyRange && a.option("BYLEX"):
			r.kind = lexRange
		case r.kind == anyRange && a.option("BYSCORE"):
			r.kind = scoreRange
		default:
			return errSyntax
		}
	}
	return nil
}

func (r *zrange) readBounds(minimum, maximum []byte) (err error) {
	switch r.kind {
	case scoreRange:
		r.score, err = readScoreRange(minimum, maximum)
	case lexRange:
		r.lex, err = readLexRange(minimum, maximum)
	default:
		a := args{argv: [][]byte{minimum, maximum}}
		r.start, r.stop, err = a.ints()
	}
	return err
}

// readScoreRange reads two numbers, each of which "(" in front excludes.
func readScoreRange(minimum, maximum []byte) (r keyspace.ScoreRange, err error) {
	var minOK, maxOK bool
	r.Min, r.MinEx, minOK = readScoreBound(minimum)
	r.Max, r.MaxEx, maxOK = readScoreBound(maximum)
	if !minOK || !maxOK {
		err = errScoreRange
	}
	return r, err
}

func readScoreBound(arg []byte) (score float64, excluded, ok bool) {
	if excluded = len(arg) > 0 && arg[0] == '('; excluded {
		arg = arg[1:]
	}
	score, ok = parseScoreBound(arg)
	return score, excluded, ok
}

// readLexRange reads two members, behind "[" or, to exclude them, "("; "-" and "+"
// are before and behind all.
func readLexRange(minimum, maximum []byte) (r keyspace.LexRange, err error) {
	var minOK, maxOK bool
	r.Min, minOK = readLexBound(minimum)
	r.Max, maxOK = readLexBound(maximum)
	if !minOK || !maxOK {
		err = errLexRange
	}
	return r, err
}

func readLexBound(arg []byte) (b keyspace.LexBound, ok bool) {
	if len(arg) == 0 {
		return b, false
	}
	switch arg[0] {
	case '(', '[':
		b.Member, b.Ex = arg[1:], arg[0] == '('
		return b, true
	case '-':
		b.Inf = -1
	case '+':
		b.Inf = 1
	}
	return b, b.Inf != 0 && len(text(arg)) == 1
}

// span returns the members of a sorted set that are in the range.
func (r *zrange) span(z *keyspace.ZSet) zsetSpan {
	var from, to int
	switch r.kind {
	case scoreRange:
		from, to = z.ScoreBounds(r.score)
	case lexRange:
		if r.offset < 0 {
			return zsetSpan{}
		}
		from, to = z.LexBounds(r.lex, r.reverse, int(r.offset))
	default:
		from, to = clampList(r.start, r.stop, z.Len())
		if r.reverse {
			from, to = z.Len()-to, z.Len()-from
		}
	}
	n := to - from
	if r.kind == scoreRange {
		if r.offset < 0 || r.offset >= int64(n) {
			return zsetSpan{}
		}
		from, to = from+int(r.offset), to-int(r.offset)
		n -= int(r.offset)
	}
	if r.kind != rankRange && r.limit >= 0 && r.limit < int64(n) {
		n = int(r.limit)
	}
	if r.reverse {
		from = to - 1
	}
	return zsetSpan{from, n, r.reverse}
}

// replyRange appends an array of members.
func (c *client) replyRange(z *keyspace.ZSet, s zsetSpan, withScores bool) {
	c.scoredArray(s.n, withScores)
	z.Each(s.from, s.n, s.reverse, func(member keyspace.Element, score float64) bool {
		c.replyScored(member, score, withScores)
		return true
	})
}

// zrangeCommand replies with a part of a sorted set.
//
//	ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members. Start
// and stop are ranks, inclusive, negative ones counting from the end; scores with
// BYSCORE; members with BYLEX. With REV of these the larger one comes first.
func zrangeCommand(c *client, a *args) error { return c.rangeCommand(a, anyRange, false) }

// zrevrangeCommand is ZRANGE with REV.
//
//	ZREVRANGE key start stop [WITHSCORES]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members.
func zrevrangeCommand(c *client, a *args) error { return c.rangeCommand(a, rankRange, true) }

// zrangebyscoreCommand is ZRANGE with BYSCORE.
//
//	ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members.
func zrangebyscoreCommand(c *client, a *args) error { return c.rangeCommand(a, scoreRange, false) }

// zrevrangebyscoreCommand is ZRANGE with BYSCORE and REV.
//
//	ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members.
func zrevrangebyscoreCommand(c *client, a *args) error { return c.rangeCommand(a, scoreRange, true) }

// zrangebylexCommand is ZRANGE with BYLEX.
//
//	ZRANGEBYLEX key min max [LIMIT offset count]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members.
func zrangebylexCommand(c *client, a *args) error { return c.rangeCommand(a, lexRange, false) }

// zrevrangebylexCommand is ZRANGE with BYLEX and REV.
//
//	ZREVRANGEBYLEX key max min [LIMIT offset count]
//
// O(log(N)+M) with M the number of members replied. Reply: an array of members.
func zrevrangebylexCommand(c *client, a *args) error { return c.rangeCommand(a, lexRange, true) }

func (c *client) rangeCommand(a *args, kind rangeKind, reverse bool) error {
	key := a.next()
	r, err := readZRange(a, kind, reverse, false)
	if err != nil {
		return err
	}
	z, err := c.lookupZSet(key)
	if err != nil {
		return err
	}
	if z == nil {
		c.out.Array(0)
		return nil
	}
	c.replyRange(z, r.span(z), r.withScores)
	return nil
}

// zrangestoreCommand stores what ZRANGE would reply.
//
//	ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]
//
// O(log(N)+M) with M the number of members stored. Reply: how many were stored. What
// the destination held is replaced, and deleted if there are none.
func zrangestoreCommand(c *client, a *args) error {
	target, source := a.next(), a.next()
	r, err := readZRange(a, anyRange, false, true)
	if err != nil {
		return err
	}
	z, err := c.lookupZSet(source)
	if err != nil {
		return err
	}
	b := keyspace.NewZSetBuilder(c.zsetLimits())
	if z != nil {
		s := r.span(z)
		z.Each(s.from, s.n, s.reverse, func(member keyspace.Element, score float64) bool {
			b.Add(c.elementText(member), score)
			return true
		})
	}
	c.storeZSet(target, b, "zrangestore")
	return nil
}

// elementText returns the bytes of an element; they hold until the next call.
func (c *client) elementText(e keyspace.Element) []byte {
	if !e.IsInt() {
		return e.Bytes
	}
	c.scratch = e.AppendTo(c.scratch[:0])
	return c.scratch
}

// storeZSet replaces what a key holds by a sorted set, or deletes it if that is
// empty, and replies with the number of members.
func (c *client) storeZSet(key []byte, b *keyspace.ZSetBuilder, event string) {
	if n := b.Len(); n > 0 {
		c.db.Replace(key, func() { c.db.Add(key, keyspace.TypeZSet, b.ZSet()) })
		c.modified(eventZSet, event, key)
		c.out.Int(int64(n))
		return
	}
	if c.db.Delete(key) {
		c.modified(eventGeneric, "del", key)
	}
	c.out.Int(0)
}

// zcountCommand counts the members of a range of scores.
//
//	ZCOUNT key min max
//
// O(log(N)). Reply: how many there are.
func zcountCommand(c *client, a *args) error { return c.countCommand(a, scoreRange) }

// zlexcountCommand counts the members of a lexicographical range.
//
//	ZLEXCOUNT key min max
//
// O(log(N)). Reply: how many there are.
func zlexcountCommand(c *client, a *args) error { return c.countCommand(a, lexRange) }

func (c *client) countCommand(a *args, kind rangeKind) error {
	key := a.next()
	r, err := readZRange(a, kind, false, false)
	if err != nil {
		return err
	}
	z, err := c.lookupZSet(key)
	if err != nil {
		return err
	}
	n := 0
	if z != nil {
		n = r.span(z).n
	}
	c.out.Int(int64(n))
	return nil
}

// zremrangebyrankCommand removes a range of ranks.
//
//	ZREMRANGEBYRANK key start stop
//
// O(log(N)+M) with M the number of members removed. Reply: how many were removed.
func zremrangebyrankCommand(c *client, a *args) error {
	return c.remrangeCommand(a, rankRange, "zremrangebyrank")
}

// zremrangebyscoreCommand removes a range of scores.
//
//	ZREMRANGEBYSCORE key min max
//
// O(log(N)+M) with M the number of members removed. Reply: how many were removed.
func zremrangebyscoreCommand(c *client, a *args) error {
	return c.remrangeCommand(a, scoreRange, "zremrangebyscore")
}

// zremrangebylexCommand removes a lexicographical range.
//
//	ZREMRANGEBYLEX key min max
//
// O(log(N)+M) with M the number of members removed. Reply: how many were removed.
func zremrangebylexCommand(c *client, a *args) error {
	return c.remrangeCommand(a, lexRange, "zremrangebylex")
}

func (c *client) remrangeCommand(a *args, kind rangeKind, event string) error {
	key := a.next()
	r, err := readZRange(a, kind, false, false)
	if err != nil {
		return err
	}
	z, err := c.writeZSet(key)
	if err != nil {
		return err
	}
	removed := 0
	if z != nil {
		s := r.span(z)
		if removed = s.n; removed > 0 {
			z.DeleteRange(s.from, s.n)
			c.modified(eventZSet, event, key)
			c.srv.countsAs(removed)
			c.dropEmptyZSet(key, z)
		}
	}
	c.out.Int(int64(removed))
	return nil
}
