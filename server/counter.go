package server

import (
	"math"

	"respect/keyspace"
)

// Strings that spell a number. floatmath.go has the arithmetic of INCRBYFLOAT.

// incrCommand adds one to the number that a value spells.
//
//	INCR key
//
// O(1). Reply: the new number. A missing key counts as 0.
func incrCommand(c *client, a *args) error { return c.add(a.next(), 1) }

// decrCommand takes one from the number that a value spells.
//
//	DECR key
//
// O(1). Reply: the new number. A missing key counts as 0.
func decrCommand(c *client, a *args) error { return c.add(a.next(), -1) }

// incrbyCommand adds to the number that a value spells.
//
//	INCRBY key increment
//
// O(1). Reply: the new number.
func incrbyCommand(c *client, a *args) error {
	key := a.next()
	n, err := a.int()
	if err != nil {
		return err
	}
	return c.add(key, n)
}

// decrbyCommand takes from the number that a value spells.
//
//	DECRBY key decrement
//
// O(1). Reply: the new number.
func decrbyCommand(c *client, a *args) error {
	key := a.next()
	n, err := a.int()
	if err != nil {
		return err
	}
	if n == math.MinInt64 {
		return errDecrOverflow
	}
	return c.add(key, -n)
}

func (c *client) add(key []byte, delta int64) error {
	o, err := c.lookupWrite(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	n, isInt := int64(0), false
	if o != nil {
		if n, isInt = o.Int(); !isInt {
			var ok bool
			if n, ok = keyspace.ParseInt(o.Bytes(nil)); !ok {
				return errNotInteger
			}
		}
	}
	if delta < 0 && n < math.MinInt64-delta || delta > 0 && n > math.MaxInt64-delta {
		return errOverflow
	}
	n += delta
	if isInt {
		o.UpdateInt(n)
	} else {
		c.db.SetInt(key, n)
	}
	c.modified(eventString, "incrby", key)
	c.out.Int(n)
	return nil
}

// incrbyfloatCommand adds to the number that a value spells, with fraction.
//
//	INCRBYFLOAT key increment
//
// O(1). Reply: the new number as a bulk string.
func incrbyfloatCommand(c *client, a *args) error {
	key, arg := a.next(), a.next()
	o, err := c.lookupWrite(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	old := []byte("0")
	if o != nil {
		old = o.Bytes(c.scratch)
	}
	value, ok := parseLongDouble(old)
	if !ok {
		return errNotFloat
	}
	delta, ok := parseLongDouble(arg)
	if !ok {
		return errNotFloat
	}
	text, ok := addLongDouble(value, delta)
	if !ok {
		return errNaNOrInfinity
	}
	c.db.SetText(key, text, true)
	c.effect(wordSet, key, c.srv.kept(text), wordKeepttl)
	c.modified(eventString, "incrbyfloat", key)
	c.out.Bulk(text)
	return nil
}
