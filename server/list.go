package server

import (
	"respect/server/command"

	"math"

	"respect/keyspace"
)

// Lists: a key holds a sequence of strings, cheap to grow and shrink at both
// ends. A list that becomes empty takes its key with it.
//
// What goes from list to list, and all that waits, is in list_move.go, LPOS in list_pos.go. The
// blocking commands are the plain ones with a wait in front: where the plain
// command finds nothing, they call block (blocking.go) and are executed again
// when one of their keys has got a list.

var listCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: blmoveCommand, Spec: command.New("blmove", 6, "write denyoom blocking @list", "1 RW access delete; 2 RW insert", "list 6.2.0", "O(1)",
		"source:key destination:key wherefrom(LEFT | RIGHT) whereto(LEFT | RIGHT) timeout:double",
		"Moves an element between the ends of two lists, waiting for one.")},
	{handler: blmpopCommand, Spec: command.New("blmpop", -5, "write blocking @list", "2# RW access delete", "list 7.0.0", "O(N+M)",
		"timeout:double numkeys:integer key:key... where(LEFT | RIGHT) [COUNT count:integer]",
		"Takes elements from the first list that has any, waiting for one.")},
	{handler: blpopCommand, Spec: command.New("blpop", -3, "write blocking @list", "1..-2 RW access delete", "list 2.0.0", "O(N)",
		"key:key... timeout:double",
		"Takes the first element of the first list that has any, waiting for one.")},
	{handler: brpopCommand, Spec: command.New("brpop", -3, "write blocking @list", "1..-2 RW access delete", "list 2.0.0", "O(N)",
		"key:key... timeout:double",
		"Takes the last element of the first list that has any, waiting for one.")},
	{handler: brpoplpushCommand, Spec: command.New("brpoplpush", 4, "write denyoom blocking @list",
		"1 RW access delete; 2 RW insert", "list 2.2.0 deprecated 6.2.0 `BLMOVE` with the `RIGHT` and `LEFT` arguments", "O(1)",
		"source:key destination:key timeout:double",
		"Moves the last element of a list to the head of another, waiting for one.")},
	{handler: lindexCommand, Spec: command.New("lindex", 3, "readonly @list", "1 RO access", "list 1.0.0", "O(N)",
		"key:key index:integer",
		"Returns the element at an index of a list.")},
	{handler: linsertCommand, Spec: command.New("linsert", 5, "write denyoom @list", "1 RW insert", "list 2.2.0", "O(N)",
		"key:key where(BEFORE | AFTER) pivot:string element:string",
		"Inserts an element before or after another one.")},
	{handler: llenCommand, Spec: command.New("llen", 2, "readonly fast @list", "1 RO", "list 1.0.0", "O(1)",
		"key:key",
		"Returns the number of elements of a list.")},
	{handler: lmoveCommand, Spec: command.New("lmove", 5, "write denyoom @list", "1 RW access delete; 2 RW insert", "list 6.2.0", "O(1)",
		"source:key destination:key wherefrom(LEFT | RIGHT) whereto(LEFT | RIGHT)",
		"Moves an element between the ends of two lists.")},
	{handler: lmpopCommand, Spec: command.New("lmpop", -4, "write @list", "1# RW access delete", "list 7.0.0", "O(N+M)",
		"numkeys:integer key:key... where(LEFT | RIGHT) [COUNT count:integer]",
		"Takes elements from the first list that has any.")},
	{handler: lpopCommand, Spec: command.New("lpop", -2, "write fast @list", "1 RW access delete", "list 1.0.0", "O(N)",
		"key:key [count:integer@6.2.0]",
		"Takes elements from the head of a list.")},
	{handler: lposCommand, Spec: command.New("lpos", -3, "readonly @list", "1 RO access", "list 6.0.6", "O(N)",
		"key:key element:string [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
		"Returns the indexes of elements that equal a value.")},
	{handler: lpushCommand, Spec: command.New("lpush", -3, "write denyoom fast @list", "1 RW insert", "list 1.0.0", "O(N)",
		"key:key element:string...",
		"Adds elements at the head of a list.")},
	{handler: lpushxCommand, Spec: command.New("lpushx", -3, "write denyoom fast @list", "1 RW insert", "list 2.2.0", "O(N)",
		"key:key element:string...",
		"Adds elements at the head of a list that exists.")},
	{handler: lrangeCommand, Spec: command.New("lrange", 4, "readonly @list", "1 RO access", "list 1.0.0", "O(S+N)",
		"key:key start:integer stop:integer",
		"Returns a range of elements of a list.")},
	{handler: lremCommand, Spec: command.New("lrem", 4, "write @list", "1 RW delete", "list 1.0.0", "O(N+M)",
		"key:key count:integer element:string",
		"Removes elements that equal a value.")},
	{handler: lsetCommand, Spec: command.New("lset", 4, "write denyoom @list", "1 RW update", "list 1.0.0", "O(N)",
		"key:key index:integer element:string",
		"Replaces the element at an index of a list.")},
	{handler: ltrimCommand, Spec: command.New("ltrim", 4, "write @list", "1 RW delete", "list 1.0.0", "O(N)",
		"key:key start:integer stop:integer",
		"Keeps a range of elements of a list and removes the others.")},
	{handler: rpopCommand, Spec: command.New("rpop", -2, "write fast @list", "1 RW access delete", "list 1.0.0", "O(N)",
		"key:key [count:integer@6.2.0]",
		"Takes elements from the tail of a list.")},
	{handler: rpoplpushCommand, Spec: command.New("rpoplpush", 3, "write denyoom @list",
		"1 RW access delete; 2 RW insert", "list 1.2.0 deprecated 6.2.0 `LMOVE` with the `RIGHT` and `LEFT` arguments", "O(1)",
		"source:key destination:key",
		"Moves the last element of a list to the head of another.")},
	{handler: rpushCommand, Spec: command.New("rpush", -3, "write denyoom fast @list", "1 RW insert", "list 1.0.0", "O(N)",
		"key:key element:string...",
		"Adds elements at the tail of a list.")},
	{handler: rpushxCommand, Spec: command.New("rpushx", -3, "write denyoom fast @list", "1 RW insert", "list 2.2.0", "O(N)",
		"key:key element:string...",
		"Adds elements at the tail of a list that exists.")},
}

// side reads LEFT or RIGHT.
func (a *args) side() (keyspace.ListEnd, error) {
	switch {
	case a.option("LEFT"):
		return keyspace.ListHead, nil
	case a.option("RIGHT"):
		return keyspace.ListTail, nil
	}
	return keyspace.ListHead, errSyntax
}

func popWord(end keyspace.ListEnd) []byte {
	if end == keyspace.ListHead {
		return wordLpop
	}
	return wordRpop
}

func popEvent(end keyspace.ListEnd) string {
	if end == keyspace.ListHead {
		return "lpop"
	}
	return "rpop"
}

func pushEvent(end keyspace.ListEnd) string {
	if end == keyspace.ListHead {
		return "lpush"
	}
	return "rpush"
}

// lookupList returns the list of a key, or nil.
func (c *client) lookupList(key []byte) (*keyspace.List, error) {
	o, err := c.lookupRead(key, keyspace.TypeList)
	if o == nil || err != nil {
		return nil, err
	}
	return o.List(), nil
}

// writeList is lookupList for a command that changes the list.
func (c *client) writeList(key []byte) (*keyspace.List, error) {
	o, err := c.lookupWrite(key, keyspace.TypeList)
	if o == nil || err != nil {
		return nil, err
	}
	return o.List(), nil
}

// listLimits are the configured limits of the encodings.
func (c *client) listLimits() *keyspace.ListLimits { return &c.srv.ks.Settings.List }

// pop takes n elements from an end and appends them to the reply.
func (c *client) pop(l *keyspace.List, end keyspace.ListEnd, n int) {
	c.srv.countsAs(n)
	for range n {
		c.scratch, _ = l.Pop(end, c.listLimits(), c.scratch[:0])
		c.out.Bulk(c.scratch)
	}
}

// taken reports that elements were taken from an end, and deletes the key if
// none are left.
func (c *client) taken(key []byte, l *keyspace.List, end keyspace.ListEnd) {
	c.modified(eventList, popEvent(end), key)
	c.dropEmpty(key, l)
}

func (c *client) dropEmpty(key []byte, l *keyspace.List) {
	if l.Len() == 0 {
		c.db.Delete(key)
		c.notify(eventGeneric, "del", key)
	}
}

// lpushCommand adds elements at the head.
//
//	LPUSH key element [element ...]
//
// O(N) with N the number of elements. Reply: the new length.
func lpushCommand(c *client, a *args) error { return c.pushCommand(a, keyspace.ListHead, true) }

// rpushCommand adds elements at the tail.
//
//	RPUSH key element [element ...]
//
// O(N) with N the number of elements. Reply: the new length.
func rpushCommand(c *client, a *args) error { return c.pushCommand(a, keyspace.ListTail, true) }

// lpushxCommand adds elements at the head of a list that is there.
//
//	LPUSHX key element [element ...]
//
// O(N) with N the number of elements. Reply: the new length, or 0.
func lpushxCommand(c *client, a *args) error { return c.pushCommand(a, keyspace.ListHead, false) }

// rpushxCommand adds elements at the tail of a list that is there.
//
//	RPUSHX key element [element ...]
//
// O(N) with N the number of elements. Reply: the new length, or 0.
func rpushxCommand(c *client, a *args) error { return c.pushCommand(a, keyspace.ListTail, false) }

func (c *client) pushCommand(a *args, end keyspace.ListEnd, create bool) error {
	key, elems := a.next(), a.rest()
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	if l == nil {
		if !create {
			c.out.Int(0)
			return nil
		}
		l = c.addList(key)
	}
	l.Push(end, c.listLimits(), elems...)
	c.modified(eventList, pushEvent(end), key)
	c.srv.countsAs(len(elems))
	c.out.Int(int64(l.Len()))
	return nil
}

// addList creates a key with a list that is about to be filled.
func (c *client) addList(key []byte) *keyspace.List {
	l := &keyspace.List{}
	c.db.Add(key, keyspace.TypeList, l)
	return l
}

// linsertCommand puts an element before or after another.
//
//	LINSERT key BEFORE | AFTER pivot element
//
// O(N) with N the number of elements up to the pivot. Reply: the new length; 0
// if there is no list; -1 if the pivot was not found.
func linsertCommand(c *client, a *args) error {
	key := a.next()
	before := a.option("BEFORE")
	if !before && !a.option("AFTER") {
		return errSyntax
	}
	pivot, elem := a.next(), a.next()
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	insert := l.InsertAfter
	if before {
		insert = l.InsertBefore
	}
	switch {
	case l == nil:
		c.out.Int(0)
	case !insert(pivot, elem, c.listLimits()):
		c.out.Int(-1)
	default:
		c.modified(eventList, "linsert", key)
		c.out.Int(int64(l.Len()))
	}
	return nil
}

// llenCommand tells the length of a list.
//
//	LLEN key
//
// O(1). Reply: the number of elements; 0 if there is no list.
func llenCommand(c *client, a *args) error { return replyLength(c, a, (*client).lookupList) }

// lindexCommand replies with an element.
//
//	LINDEX key index
//
// O(N) with N the number of nodes on the way. Reply: the element, or null.
// Negative indexes count from the tail.
func lindexCommand(c *client, a *args) error {
	l, err := c.lookupList(a.next())
	if err != nil {
		return err
	}
	if l == nil {
		c.out.Null()
		return nil
	}
	i, err := a.int()
	if err != nil {
		return err
	}
	if elem, ok := l.Index(int(i)); ok {
		c.replyElement(elem)
	} else {
		c.out.Null()
	}
	return nil
}

// lsetCommand replaces an element.
//
//	LSET key index element
//
// O(N) with N the number of nodes on the way. Reply: OK.
func lsetCommand(c *client, a *args) error {
	key := a.next()
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	if l == nil {
		return errNoSuchKey
	}
	i, err := a.int()
	if err != nil {
		return err
	}
	// Redis 7.2 reads the index as 32 bits from here on.
	if !l.Set(int(int32(i)), a.next(), c.listLimits()) {
		return errIndexRange
	}
	c.modified(eventList, "lset", key)
	c.out.OK()
	return nil
}

// lpopCommand takes elements from the head.
//
//	LPOP key [count]
//
// O(N) with N the number of elements taken. Reply: the element; with a count an
// array; null if there is no list.
func lpopCommand(c *client, a *args) error { return c.popCommand(a, keyspace.ListHead) }

// rpopCommand takes elements from the tail.
//
//	RPOP key [count]
//
// O(N) with N the number of elements taken. Reply: the element; with a count an
// array, last element first; null if there is no list.
func rpopCommand(c *client, a *args) error { return c.popCommand(a, keyspace.ListTail) }

func (c *client) popCommand(a *args, end keyspace.ListEnd) error {
	key := a.next()
	if a.left() > 1 {
		return errArity(popEvent(end))
	}
	count, counted := int64(1), a.more()
	if counted {
		var err error
		if count, err = a.intIn(0, math.MaxInt64, errNotPositive); err != nil {
			return err
		}
	}
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	switch {
	case l == nil && counted:
		c.out.NullArray()
	case l == nil:
		c.out.Null()
	case count == 0:
		c.out.Array(0)
	default:
		n := int(min(count, int64(l.Len())))
		if counted {
			c.out.Array(n)
		}
		c.pop(l, end, n)
		c.taken(key, l, end)
	}
	return nil
}

// lrangeCommand replies with a part of a list.
//
//	LRANGE key start stop
//
// O(S+N) with S the number of nodes up to start and N the number of elements.
// Reply: the elements from start to stop inclusive; negative indexes count from
// the tail.
func lrangeCommand(c *client, a *args) error {
	key := a.next()
	start, stop, err := a.ints()
	if err != nil {
		return err
	}
	l, err := c.lookupList(key)
	if err != nil {
		return err
	}
	if l == nil {
		c.out.Array(0)
		return nil
	}
	from, to := clampList(start, stop, l.Len())
	c.out.Array(to - from)
	l.Each(from, to-from, func(e keyspace.ListElement) bool {
		c.replyElement(e)
		return true
	})
	return nil
}

// replyElement appends an element as a bulk string.
func (c *client) replyElement(e keyspace.ListElement) {
	if e.IsInt() {
		c.out.BulkInt(e.Int)
		return
	}
	c.out.Bulk(e.Bytes)
}

// clampList turns an inclusive range of indexes that may be negative into a half
// open one within n elements.
func clampList(start, stop int64, n int) (from, to int) {
	size := int64(n)
	if start < 0 {
		start = max(0, start+size)
	}
	if stop < 0 {
		stop += size
	}
	stop = min(stop, size-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop) + 1
}

// ltrimCommand removes all but a part of a list.
//
//	LTRIM key start stop
//
// O(N) with N the number of elements removed. Reply: OK.
func ltrimCommand(c *client, a *args) error {
	key := a.next()
	start, stop, err := a.ints()
	if err != nil {
		return err
	}
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	if l != nil {
		from, to := clampList(start, stop, l.Len())
		all := l.Len()
		l.Trim(from, to-1, c.listLimits())
		c.srv.dirty += uint64(all - l.Len())
		c.srv.keyTouched(c, c.db, eventList, "ltrim", key)
		c.dropEmpty(key, l)
	}
	c.out.OK()
	return nil
}

// lremCommand removes elements that equal another.
//
//	LREM key count element
//
// O(N) with N the length of the list. Reply: how many were removed. A negative
// count begins at the tail, zero means all.
func lremCommand(c *client, a *args) error {
	key := a.next()
	count, err := a.int()
	if err != nil {
		return err
	}
	elem := a.next()
	l, err := c.writeList(key)
	if err != nil {
		return err
	}
	removed := 0
	if l != nil {
		removed = l.Remove(elem, int(count), c.listLimits())
	}
	if removed > 0 {
		c.modified(eventList, "lrem", key)
		c.srv.countsAs(removed)
		c.dropEmpty(key, l)
	}
	c.out.Int(int64(removed))
	return nil
}
