package server

import (
	"math"

	"respect/keyspace"
)

// HRANDFIELD.

// maxDrawnBytes bounds the reply to HRANDFIELD with a negative count.
const maxDrawnBytes = 256 << 20

// hrandfieldCommand replies with random fields.
//
//	HRANDFIELD key [count [WITHVALUES]]
//
// O(N) with N the number of fields that are returned. Reply: a field, or null; with
// a count an array of different fields, if negative of fields that may come
// several times; WITHVALUES puts the value behind each field, in RESP3 into an
// array with it.
//
// Deviation: a reply that would become longer than 256 MiB is refused.
func hrandfieldCommand(c *client, a *args) error {
	key := a.next()
	if !a.more() {
		return c.randomField(key)
	}
	count, err := a.int()
	if err != nil {
		return err
	}
	if count == math.MinInt64 {
		return errLongRange
	}
	withValues := a.option("WITHVALUES")
	if err := a.end(); err != nil {
		return err
	}
	if withValues && (count < -math.MaxInt64/2 || count > math.MaxInt64/2) {
		return errOutOfRange
	}
	h, err := c.lookupHash(key)
	if err != nil {
		return err
	}
	if h == nil || count == 0 {
		c.out.Array(0)
		return nil
	}
	if count < 0 {
		return c.drawFields(h, -count, withValues)
	}
	n := int(min(count, int64(h.Len())))
	c.fieldsHeader(n, withValues)
	h.Sample(c.srv.ks.Rand(), n, func(field, value keyspace.Element) {
		c.replyField(field, value, withValues)
	})
	return nil
}

const errLongRange replyError = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"

func (c *client) randomField(key []byte) error {
	h, err := c.lookupHash(key)
	if err != nil {
		return err
	}
	var field keyspace.Element
	ok := false
	if h != nil {
		field, _, ok = h.Random(c.srv.ks.Rand())
	}
	c.replyValue(field, ok)
	return nil
}

// drawFields replies with random fields, one of which may come several times.
func (c *client) drawFields(h *keyspace.Hash, count int64, withValues bool) error {
	if h.Len() == 0 {
		c.out.Array(0)
		return nil
	}
	start := len(c.out.Buf)
	c.fieldsHeader(int(count), withValues)
	h.Draw(c.srv.ks.Rand(), int(count), func(field, value keyspace.Element) bool {
		c.replyField(field, value, withValues)
		return len(c.out.Buf)-start <= maxDrawnBytes
	})
	if len(c.out.Buf)-start > maxDrawnBytes {
		c.out.Buf = c.out.Buf[:start]
		return errOutOfRange
	}
	return nil
}

// fieldsHeader appends the header of an array of n fields.
func (c *client) fieldsHeader(n int, withValues bool) {
	if withValues && c.out.Proto < 3 {
		n *= 2
	}
	c.out.Array(n)
}

// replyField appends a field, with its value if asked for.
func (c *client) replyField(field, value keyspace.Element, withValue bool) {
	if withValue && c.out.Proto >= 3 {
		c.out.Array(2)
	}
	c.replyElement(field)
	if withValue {
		c.replyElement(value)
	}
}
