package server

import (
	"bytes"
	"slices"

	"respect/keyspace"
	"respect/keyspace/bitmap"
	"respect/server/command"
)

// Bitmaps: a string is a sequence of bits, beginning with the most significant
// one of its first byte. Behind its end there are zeros without end.
//
// The commands here read, write and search single bits (SETBIT, GETBIT, BITPOS),
// count them (BITCOUNT), and combine whole strings (BITOP). Integers of any width
// among the bits are in bitmap_field.go. Everything is done on the bytes where
// they are; the loops over words stand in package bitmap.

var bitmapCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: bitcountCommand, Spec: command.New("bitcount", -2, "readonly @bitmap", "1 RO access", "bitmap 2.6.0", "O(N)",
		"key:key [range(start:integer end:integer [unit(BYTE | BIT)@7.0.0])]",
		"Counts the bits that are set in a string.")},
	{handler: bitfieldCommand, Spec: command.New("bitfield", -2, "write denyoom @bitmap",
		"1 RW access update variable_flags (This command allows both access and modification of the key); by bitfield", "bitmap 3.2.0", "O(N)",
		"key:key [operation(GET get-block(encoding:string offset:integer) | write([OVERFLOW overflow-block(WRAP | SAT | FAIL)] write-operation(SET set-block(encoding:string offset:integer value:integer) | INCRBY incrby-block(encoding:string offset:integer increment:integer))))...]",
		"Reads and writes integers of any width in a string.")},
	{handler: bitfieldROCommand, Spec: command.New("bitfield_ro", -2, "readonly fast @bitmap", "1 RO access", "bitmap 6.0.0", "O(N)",
		"key:key [(GET get-block(encoding:string offset:integer))...]",
		"Reads integers of any width in a string.")},
	{handler: bitopCommand, Spec: command.New("bitop", -4, "write denyoom @bitmap", "2 OW update; 3..-1 RO access", "bitmap 2.6.0", "O(N)",
		"operation(AND | OR | XOR | NOT) destkey:key key:key...",
		"Combines strings bit by bit and stores the result.")},
	{handler: bitposCommand, Spec: command.New("bitpos", -3, "readonly @bitmap", "1 RO access", "bitmap 2.8.7", "O(N)",
		"key:key bit:integer [range(start:integer [end-unit-block(end:integer [unit(BYTE | BIT)@7.0.0])])]",
		"Finds the first bit that is set or clear.")},
	{handler: getbitCommand, Spec: command.New("getbit", 3, "readonly fast @bitmap", "1 RO access", "bitmap 2.2.0", "O(1)",
		"key:key offset:integer",
		"Returns a bit of a string.")},
	{handler: setbitCommand, Spec: command.New("setbit", 4, "write denyoom @bitmap", "1 RW access update", "bitmap 2.2.0", "O(1)",
		"key:key offset:integer value:integer",
		"Sets or clears a bit of a string.")},
}

const (
	errBitOffset replyError = "ERR bit offset is not an integer or out of range"
	errBitValue  replyError = "ERR bit is not an integer or out of range"
	errBitposBit replyError = "ERR The bit argument must be 1 or 0."
	errBitopNot  replyError = "ERR BITOP NOT must be called with a single source key."
)

// bitOffset reads an offset in bits, which must not be beyond the longest string
// that a client may send.
func (c *client) bitOffset(arg []byte) (int, error) {
	n, ok := keyspace.ParseInt(arg)
	if !ok {
		return 0, errBitOffset
	}
	return c.checkBitOffset(n)
}

func (c *client) checkBitOffset(n int64) (int, error) {
	if n < 0 || n>>3 >= c.srv.cfg.ProtoMaxBulkLen {
		return 0, errBitOffset
	}
	return int(n), nil
}

// lookupBits returns the bytes of a string, none if there is no such key.
func (c *client) lookupBits(key []byte) ([]byte, error) {
	o, err := c.lookupRead(key, keyspace.TypeString)
	if o == nil || err != nil {
		return nil, err
	}
	return c.textOf(o), nil
}

// textOf returns the text of a string, whose number, if it is one, is written
// into the client's scratch.
func (c *client) textOf(o *keyspace.Object) []byte {
	if _, isInt := o.Int(); isInt {
		c.scratch = o.Bytes(c.scratch)
		return c.scratch
	}
	return o.Bytes(nil)
}

// writeBits lends the bytes of a string to be changed, after it was lengthened or
// created so that it holds the given bit. The result grown tells whether it was.
func (c *client) writeBits(key []byte, last int) (b []byte, grown bool, err error) {
	o, err := c.lookupWrite(key, keyspace.TypeString)
	if err != nil {
		return nil, false, err
	}
	size := last>>3 + 1
	if o == nil {
		return c.db.Writable(c.db.AddZeros(key, size), size), true, nil
	}
	grown = o.StringLen() < size
	return c.db.Writable(o, size), grown, nil
}

// bitRange is a range as it was given; the offsets are inclusive.
type bitRange struct {
	start, end int64
	bits       bool // the offsets are of bits, not of bytes
}

// readUnit reads BYTE or BIT at the end, if it is given.
func (r *bitRange) readUnit(a *args) error {
	switch {
	case !a.more():
	case a.option("BIT"):
		r.bits = true
	case a.option("BYTE"):
	default:
		return errSyntax
	}
	return a.end()
}

// of returns the half-open range of bits within so many bytes.
func (r bitRange) of(size int) (from, to int) {
	if r.bits {
		return clampRange(r.start, r.end, size*8)
	}
	from, to = clampRange(r.start, r.end, size)
	return from * 8, to * 8
}

// fromStart returns the range with negative offsets, which count from the end of
// so many bytes, turned into others, at least 0.
func (r bitRange) fromStart(size int) bitRange {
	if r.bits {
		size *= 8
	}
	if r.start < 0 {
		r.start = max(0, r.start+int64(size))
	}
	if r.end < 0 {
		r.end = max(0, r.end+int64(size))
	}
	return r
}

// bitcountCommand counts the bits that are 1.
//
//	BITCOUNT key [start end [BYTE | BIT]]
//
// O(N) with N the length of the range. Reply: the count; 0 if there is no such
// key. Both offsets are inclusive, and negative ones count from the end.
//
// Redis 7.0 looks for the key before it reads the range.
func bitcountCommand(c *client, a *args) error {
	key := a.next()
	r := bitRange{end: -1}
	if a.more() {
		if a.left() == 1 || a.left() > 3 {
			return errSyntax
		}
		var err error
		if r.start, r.end, err = a.ints(); err != nil {
			return err
		}
		if err := r.readUnit(a); err != nil {
			return err
		}
	}
	b, err := c.lookupBits(key)
	if err != nil {
		return err
	}
	from, to := r.of(len(b))
	c.out.Int(int64(bitmap.CountRange(b, from, to)))
	return nil
}

// bitopCommand combines strings and stores the result.
//
//	BITOP AND | OR | XOR | NOT destkey key [key ...]
//
// O(N) with N the length of all strings. Reply: the length of the result, which
// is that of the longest string; shorter and missing ones end in zeros. An empty
// result deletes the destination.
func bitopCommand(c *client, a *args) error {
	op, err := readBitop(a)
	if err != nil {
		return err
	}
	target, keys := a.next(), a.rest()
	if op == bitmap.Not && len(keys) != 1 {
		return errBitopNot
	}
	var room [16][]byte
	sources, size := room[:0], 0
	for _, key := range keys {
		o, err := c.lookupRead(key, keyspace.TypeString)
		if err != nil {
			return err
		}
		var b []byte
		if o != nil {
			b = o.Bytes(nil)
		}
		sources, size = append(sources, b), max(size, len(b))
	}
	// What the target held may be one of the sources: then its bytes stay as they are
	// when the key is gone.
	var spare []byte
	if !slices.ContainsFunc(keys, func(key []byte) bool { return bytes.Equal(key, target) }) {
		spare = c.db.Lookup(target, keyspace.NoTouch|keyspace.NoStats).Reusable(size)
	}
	if size > 0 {
		c.db.Replace(target, func() {
			if spare == nil {
				spare = c.db.Writable(c.db.AddZeros(target, size), size)
			} else {
				c.db.AddBuffer(target, spare)
			}
			bitmap.Combine(spare, op, sources)
		})
		c.modified(eventString, "set", target)
	} else if c.db.Delete(target) {
		c.modified(eventGeneric, "del", target)
	}
	c.out.Int(int64(size))
	return nil
}

func readBitop(a *args) (bitmap.Op, error) {
	switch {
	case a.option("AND"):
		return bitmap.And, nil
	case a.option("OR"):
		return bitmap.Or, nil
	case a.option("XOR"):
		return bitmap.Xor, nil
	case a.option("NOT"):
		return bitmap.Not, nil
	}
	return 0, errSyntax
}

// bitposCommand finds the first bit of a value.
//
//	BITPOS key bit [start [end [BYTE | BIT]]]
//
// O(N) with N the length of the range. Reply: the offset of the bit, or -1. If no
// end is given the zeros behind the string count, too.
//
// Redis 7.0 looks for the key before it reads the range.
func bitposCommand(c *client, a *args) error {
	key := a.next()
	bit, err := a.int()
	if err != nil {
		return err
	}
	if bit != 0 && bit != 1 {
		return errBitposBit
	}
	r, endGiven := bitRange{end: -1}, a.left() > 1
	if a.left() > 3 {
		return errSyntax
	}
	if a.more() {
		if r.start, err = a.int(); err != nil {
			return err
		}
	}
	if endGiven {
		end := a.next()
		if err := r.readUnit(a); err != nil {
			return err
		}
		var ok bool
		if r.end, ok = keyspace.ParseInt(end); !ok {
			return errNotInteger
		}
	}
	o, err := c.lookupRead(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	if o == nil {
		c.out.Int(-bit)
		return nil
	}
	b := c.textOf(o)
	// Unlike in BITCOUNT, a range that ends before the string begins is the first
	// byte or bit, even if it starts behind its own end.
	from, to := r.fromStart(len(b)).of(len(b))
	at := bitmap.Find(b, int(bit), from, to)
	if at < 0 && bit == 0 && !endGiven && from < to {
		at = to
	}
	c.out.Int(int64(at))
	return nil
}

// getbitCommand replies with a bit.
//
//	GETBIT key offset
//
// O(1). Reply: 0 or 1; 0 behind the end.
func getbitCommand(c *client, a *args) error {
	key := a.next()
	offset, err := c.bitOffset(a.next())
	if err != nil {
		return err
	}
	b, err := c.lookupBits(key)
	if err != nil {
		return err
	}
	c.out.Int(int64(bitmap.Get(b, offset)))
	return nil
}

// setbitCommand sets or clears a bit.
//
//	SETBIT key offset value
//
// O(1), unless the value has to grow. Reply: the bit as it was. The value ends
// with the byte of the bit at least.
func setbitCommand(c *client, a *args) error {
	key := a.next()
	offset, err := c.bitOffset(a.next())
	if err != nil {
		return err
	}
	bit, err := a.intIn(0, 1, errBitValue)
	if err != nil {
		return err
	}
	b, grown, err := c.writeBits(key, offset)
	if err != nil {
		return err
	}
	was := bitmap.Get(b, offset)
	if grown || was != int(bit) {
		bitmap.Set(b, offset, int(bit))
		c.modified(eventString, "setbit", key)
	}
	c.out.Int(int64(was))
	return nil
}
