package server

import (
	"math"

	"respect/keyspace"
)

// What pops from the first of several keys that is there: LMPOP, BLPOP and BLMPOP, and their
// likes for sorted sets.

// A popper pops from values V of one type, at one of the ends E.
type popper[V, E any] struct {
	t    keyspace.Type
	find func(c *client, key []byte) (*V, error) // the value for writing, nil if there is none
	end  func(a *args) (E, error)                // reads an end
	// one replies with the key and the element at an end, and takes it.
	one func(c *client, key []byte, v *V, at E)
	// many replies with an array of up to count elements, and takes them.
	many func(c *client, key []byte, v *V, at E, count int64)
}

// first returns the first key that has a value, and it, or nil.
func (p *popper[V, E]) first(c *client, keys [][]byte) (key []byte, v *V, err error) {
	for _, key = range keys {
		if v, err = p.find(c, key); v != nil || err != nil {
			return key, v, err
		}
	}
	return nil, nil, nil
}

// mpopOptions are the operands of LMPOP and ZMPOP.
type mpopOptions[E any] struct {
	keys  [][]byte
	at    E
	count int64
}

func (p *popper[V, E]) read(a *args) (o mpopOptions[E], err error) {
	n, err := a.intIn(1, math.MaxInt64, errNumkeys)
	if err != nil {
		return o, err
	}
	if n >= int64(a.left()) {
		return o, errSyntax
	}
	o.keys, o.count = a.argv[a.pos:a.pos+int(n)], 1
	a.pos += int(n)
	if o.at, err = p.end(a); err != nil {
		return o, err
	}
	if a.optionWith("COUNT", 1) {
		if o.count, err = a.intIn(1, math.MaxInt64, errCountRange); err != nil {
			return o, err
		}
	}
	return o, a.end()
}

// take replies with a key and its elements, if one of the keys has any.
func (p *popper[V, E]) take(c *client, o mpopOptions[E]) (taken bool, err error) {
	key, v, err := p.first(c, o.keys)
	if v == nil {
		return false, err
	}
	c.out.Array(2)
	c.out.Bulk(key)
	p.many(c, key, v, o.at, o.count)
	return true, nil
}

// mpop is LMPOP or ZMPOP.
func (p *popper[V, E]) mpop(c *client, a *args) error {
	o, err := p.read(a)
	if err != nil {
		return err
	}
	taken, err := p.take(c, o)
	if err == nil && !taken {
		c.out.NullArray()
	}
	return err
}

// blockingMpop is BLMPOP or BZMPOP.
func (p *popper[V, E]) blockingMpop(c *client, a *args) error {
	timeout := a.next()
	o, err := p.read(a)
	if err != nil {
		return err
	}
	until, err := timeoutAt(timeout, timeoutSeconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	if taken, err := p.take(c, o); taken || err != nil {
		return err
	}
	return c.blockForPop(o.keys, p.t, until)
}

// blockingPop is BLPOP, BZPOPMIN and their likes.
func (p *popper[V, E]) blockingPop(c *client, a *args, at E) error {
	all := a.rest()
	keys := all[:len(all)-1]
	until, err := timeoutAt(all[len(keys)], timeoutSeconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	key, v, err := p.first(c, keys)
	if err != nil {
		return err
	}
	if v == nil {
		return c.blockForPop(keys, p.t, until)
	}
	p.one(c, key, v, at)
	return nil
}

// blockForPop waits for a value, until a Unix time in milliseconds, 0 for ever.
func (c *client) blockForPop(keys [][]byte, t keyspace.Type, untilMs int64) error {
	return c.block(keys, t, untilMs, func(c *client) { c.out.NullArray() })
}
