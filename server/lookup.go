package server

import "respect/keyspace"

// lookupRead returns the value of a key for a command that only reads it, nil
// if there is none, or the error for a value of another type.
func (c *client) lookupRead(key []byte, t keyspace.Type) (*keyspace.Object, error) {
	return typed(c.db.Lookup(key, c.touchFlag()), t)
}

// lookupWrite is lookupRead for a command that goes on to change the value: it
// does not count as a hit or a miss. The value may be changed in place until the
// command ends.
func (c *client) lookupWrite(key []byte, t keyspace.Type) (*keyspace.Object, error) {
	o := c.db.Lookup(key, c.touchFlag()|keyspace.NoStats)
	if o != nil {
		c.db.Open(o)
	}
	return typed(o, t)
}

// peek returns the value of a key of any type, as if nobody had looked.
func (c *client) peek(key []byte) *keyspace.Object {
	return c.db.Lookup(key, keyspace.NoTouch)
}

func (c *client) touchFlag() keyspace.LookupFlags {
	if c.flags&flagNoTouch != 0 {
		return keyspace.NoTouch
	}
	return 0
}

func typed(o *keyspace.Object, t keyspace.Type) (*keyspace.Object, error) {
	if o != nil && o.Type() != t {
		return nil, errWrongType
	}
	return o, nil
}

// replyLength carries out a command that tells the length of the value of a key: 0 if
// there is none.
func replyLength[V interface {
	comparable
	Len() int
}](c *client, a *args, lookup func(c *client, key []byte) (V, error)) error {
	v, err := lookup(c, a.next())
	if err != nil {
		return err
	}
	var none V
	n := 0
	if v != none {
		n = v.Len()
	}
	c.out.Int(int64(n))
	return nil
}
