package server

import (
	"respect/keyspace"
)

// Elements that go from one list to another, or from the first of several lists
// to a client; and all the commands that wait for elements.

// moveOptions are the operands of the LMOVE family.
type moveOptions struct {
	source, target []byte
	from, to       keyspace.ListEnd
}

// move takes an element from one list and adds it to another, or tells that
// there is none to take.
func (c *client) move(o moveOptions) (moved bool, err error) {
	l, err := c.writeList(o.source)
	if l == nil || err != nil {
		return false, err
	}
	target, err := c.writeList(o.target)
	if err != nil {
		return false, err
	}
	if target == nil {
		target = c.addList(o.target)
	}
	c.scratch, _ = l.Move(o.from, target, o.to, c.listLimits(), c.scratch[:0])
	c.out.Bulk(c.scratch)
	c.modified(eventList, pushEvent(o.to), o.target)
	c.taken(o.source, l, o.from)
	c.srv.countsAs(0) // it is one change
	return true, nil
}

// lmoveCommand moves an element from one list to another.
//
//	LMOVE source destination LEFT | RIGHT LEFT | RIGHT
//
// O(1). Reply: the element, or null.
func lmoveCommand(c *client, a *args) error {
	o, err := readMove(a)
	if err != nil {
		return err
	}
	return c.moveOrNull(o)
}

// rpoplpushCommand is LMOVE with RIGHT and LEFT.
//
//	RPOPLPUSH source destination
//
// O(1). Reply: the element, or null.
func rpoplpushCommand(c *client, a *args) error {
	return c.moveOrNull(moveOptions{a.next(), a.next(), keyspace.ListTail, keyspace.ListHead})
}

func readMove(a *args) (o moveOptions, err error) {
	o.source, o.target = a.next(), a.next()
	if o.from, err = a.side(); err == nil {
		o.to, err = a.side()
	}
	return o, err
}

func (c *client) moveOrNull(o moveOptions) error {
	moved, err := c.move(o)
	if err == nil && !moved {
		c.out.Null()
	}
	return err
}

// listPopper pops from lists.
var listPopper = popper[keyspace.List, keyspace.ListEnd]{
	t: keyspace.TypeList, find: (*client).writeList, end: (*args).side,
	one: func(c *client, key []byte, l *keyspace.List, at keyspace.ListEnd) {
		c.out.Array(2)
		c.out.Bulk(key)
		c.pop(l, at, 1)
		c.effect(popWord(at), key)
		c.taken(key, l, at)
	},
	many: func(c *client, key []byte, l *keyspace.List, at keyspace.ListEnd, count int64) {
		n := int(min(count, int64(l.Len())))
		c.out.Array(n)
		c.pop(l, at, n)
		c.effect(popWord(at), key, c.number(int64(n)))
		c.taken(key, l, at)
	},
}

// lmpopCommand takes elements from the first of several lists that there is.
//
//	LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count]
//
// O(N+M) with N the number of keys and M of elements taken. Reply: an array of
// the key and an array of elements, or null.
func lmpopCommand(c *client, a *args) error { return listPopper.mpop(c, a) }

// blpopCommand takes an element from the head of the first of several lists,
// and waits for one if there is none.
//
//	BLPOP key [key ...] timeout
//
// O(N) with N the number of keys. Reply: an array of key and element; null when
// the time is over. The timeout is in seconds, 0 for ever.
func blpopCommand(c *client, a *args) error {
	return listPopper.blockingPop(c, a, keyspace.ListHead)
}

// brpopCommand is BLPOP at the tail.
//
//	BRPOP key [key ...] timeout
//
// O(N) with N the number of keys. Reply: an array of key and element, or null.
func brpopCommand(c *client, a *args) error {
	return listPopper.blockingPop(c, a, keyspace.ListTail)
}

// blmoveCommand is LMOVE that waits for an element.
//
//	BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout
//
// O(1). Reply: the element, or null when the time is over.
func blmoveCommand(c *client, a *args) error {
	o, err := readMove(a)
	if err != nil {
		return err
	}
	return c.blockingMove(o, a.next(), wordLmove)
}

// brpoplpushCommand is RPOPLPUSH that waits for an element.
//
//	BRPOPLPUSH source destination timeout
//
// O(1). Reply: the element, or null when the time is over.
func brpoplpushCommand(c *client, a *args) error {
	return c.blockingMove(moveOptions{a.next(), a.next(), keyspace.ListTail, keyspace.ListHead}, a.next(), wordRpoplpush)
}

// blockingMove is told as the command that does the same without waiting: the request
// with another word and without the timeout.
func (c *client) blockingMove(o moveOptions, timeout, plain []byte) error {
	until, err := timeoutAt(timeout, timeoutSeconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	moved, err := c.move(o)
	if argv := c.rewrite(); argv != nil && moved {
		argv[0] = plain
		c.effect(argv[:len(argv)-1]...)
	}
	if err != nil || moved {
		return err
	}
	if c.inExec() {
		c.out.Null() // not the null array of a timeout
		return nil
	}
	return c.blockForPop([][]byte{o.source}, keyspace.TypeList, until)
}

// blmpopCommand is LMPOP that waits for an element.
//
//	BLMPOP timeout numkeys key [key ...] LEFT | RIGHT [COUNT count]
//
// O(N+M) with N the number of keys and M of elements taken. Reply: an array of
// the key and an array of elements, or null when the time is over.
func blmpopCommand(c *client, a *args) error { return listPopper.blockingMpop(c, a) }
