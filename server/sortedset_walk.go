package server

import (
	"math"
	"strconv"

	"respect/keyspace"
	"respect/protocol"
)

// Members of sorted sets without naming them: all in steps, or some by chance.

// zrandmemberCommand replies with members by chance.
//
//	ZRANDMEMBER key [count [WITHSCORES]]
//
// O(N) with N the number of members replied. Reply: a member, or null; with a count
// an array of different members or, if it is negative, of so many in which some may
// come again.
func zrandmemberCommand(c *client, a *args) error {
	key := a.next()
	if !a.more() {
		z, err := c.lookupZSet(key)
		if err != nil {
			return err
		}
		if z == nil {
			c.out.Null()
			return nil
		}
		member, _ := z.Random(c.srv.ks.Rand())
		c.replyElement(member)
		return nil
	}
	count, err := a.int()
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return errLongRange
	}
	withScores := a.option("WITHSCORES")
	if err := a.end(); err != nil {
		return err
	}
	if withScores && (count < -math.MaxInt64/2 || count > math.MaxInt64/2) {
		return errOutOfRange
	}
	z, err := c.lookupZSet(key)
	if err != nil {
		return err
	}
	return c.replyRandom(z, count, withScores)
}

func (c *client) replyRandom(z *keyspace.ZSet, count int64, withScores bool) error {
	switch {
	case z == nil || count == 0:
		c.out.Array(0)
	case count < 0:
		return c.drawScored(z, -count, withScores)
	case count >= int64(z.Len()):
		c.replyRange(z, zsetSpan{z.Len() - 1, z.Len(), true}, withScores)
	default:
		c.scoredArray(int(count), withScores)
		z.Sample(c.srv.ks.Rand(), int(count), func(member keyspace.Element, score float64) {
			c.replyScored(member, score, withScores)
		})
	}
	return nil
}

// drawScored replies with n random members, each drawn from all.
//
// Deviation: a reply of more than 1 GiB is refused. Redis goes on until the client's
// output limit is reached, which usually is none, or memory is exhausted.
func (c *client) drawScored(z *keyspace.ZSet, n int64, withScores bool) error {
	const leastReply = len("$0\r\n\r\n")
	if n > int64(maxDrawn/leastReply) {
		return errOutOfRange
	}
	start := len(c.out.Buf)
	c.scoredArray(int(n), withScores)
	for range n {
		member, score := z.Random(c.srv.ks.Rand())
		c.replyScored(member, score, withScores)
		if len(c.out.Buf)-start > maxDrawn {
			return errOutOfRange
		}
	}
	return nil
}

// zscanCommand lists some members.
//
//	ZSCAN key cursor [MATCH pattern] [COUNT count]
//
// O(1) for each call, O(N) for all. Reply: the cursor of the next call, 0 at the end,
// and an array of members and scores in turn, which are strings in RESP3, too.
func zscanCommand(c *client, a *args) error {
	z, cursor, err := beginScan(c, a, (*client).lookupZSet)
	if z == nil {
		return err
	}
	o, err := readValueScan(a)
	if err != nil {
		return err
	}
	c.scanValue(cursor, o, func(cursor uint64, s *valueScan) uint64 {
		return z.Scan(cursor, func(member keyspace.Element, score float64) {
			if s.wants(member) {
				s.reply(member)
				c.scratch = appendScanned(c.scratch[:0], z, score)
				s.replyText(c.scratch)
			}
		})
	})
	return nil
}

// appendScanned appends a score as ZSCAN writes it: as it stands in a listpack, and
// with up to 17 digits from a skip list.
func appendScanned(dst []byte, z *keyspace.ZSet, score float64) []byte {
	if z.Encoding() != "skiplist" || math.IsInf(score, 0) {
		return protocol.FormatDouble(dst, score)
	}
	return strconv.AppendFloat(dst, score, 'g', 17, 64)
}
