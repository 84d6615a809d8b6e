package server

import (
	"math"
	"strconv"

	"respect/keyspace"
)

// Fields whose values spell a number. floatmath.go has the arithmetic of
// HINCRBYFLOAT.

const (
	errHashInteger  replyError = "ERR hash value is not an integer"
	errHashFloat    replyError = "ERR hash value is not a float"
	errNaNIncrement replyError = "ERR value is NaN or Infinity"
)

// hincrbyCommand adds to the number that the value of a field spells.
//
//	HINCRBY key field increment
//
// O(1). Reply: the new number. A missing field counts as 0.
func hincrbyCommand(c *client, a *args) error {
	key, field := a.next(), a.next()
	delta, err := a.int()
	if err != nil {
		return err
	}
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	n := int64(0)
	if h != nil {
		if value, ok := h.Get(field); ok {
			if n = value.Int; !value.IsInt() {
				if n, ok = keyspace.ParseInt(value.Bytes); !ok {
					return errHashInteger
				}
			}
		}
	}
	if delta < 0 && n < math.MinInt64-delta || delta > 0 && n > math.MaxInt64-delta {
		return errOverflow
	}
	n += delta
	if h == nil {
		h = c.addHash(key)
	}
	c.scratch = strconv.AppendInt(c.scratch[:0], n, 10)
	h.Update(field, c.scratch, c.hashLimits())
	c.modified(eventHash, "hincrby", key)
	c.out.Int(n)
	return nil
}

// hincrbyfloatCommand adds to the number that the value of a field spells, with
// fraction.
//
//	HINCRBYFLOAT key field increment
//
// O(1). Reply: the new number as a bulk string. A missing field counts as 0.
func hincrbyfloatCommand(c *client, a *args) error {
	key, field := a.next(), a.next()
	delta, ok := parseLongDouble(a.next())
	if !ok {
		return errNotFloat
	}
	if delta.IsInf() {
		return errNaNIncrement
	}
	h, err := c.writeHash(key)
	if err != nil {
		return err
	}
	old := append(c.scratch[:0], '0')
	if h != nil {
		if value, ok := h.Get(field); ok {
			old = value.AppendTo(c.scratch[:0])
		}
	}
	c.scratch = old
	value, ok := parseLongDouble(old)
	if !ok {
		return errHashFloat
	}
	text, ok := addLongDouble(value, delta)
	if !ok {
		return errNaNOrInfinity
	}
	if h == nil {
		h = c.addHash(key)
	}
	h.Update(field, text, c.hashLimits())
	c.effect(wordHset, key, field, c.srv.kept(text))
	c.modified(eventHash, "hincrbyfloat", key)
	c.out.Bulk(text)
	return nil
}
