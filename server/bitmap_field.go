package server

import (
	"respect/keyspace"
	"respect/keyspace/bitmap"
)

// Integers among the bits of a string (BITFIELD). A request is a list of
// operations, which is read to its end before the first is carried out.

const (
	errBitfieldType     replyError = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
	errBitfieldOverflow replyError = "ERR Invalid OVERFLOW type specified"
	errBitfieldReadOnly replyError = "ERR BITFIELD_RO only supports the GET subcommand"
)

// bitfieldVerb is what an operation does.
type bitfieldVerb uint8

const (
	bitfieldGet bitfieldVerb = iota
	bitfieldSet
	bitfieldIncrby
)

// bitfieldOp is an operation on an integer.
type bitfieldOp struct {
	verb     bitfieldVerb
	overflow bitmap.Overflow
	format   bitmap.Format
	offset   int   // in bits
	n        int64 // the value or the increment
}

// bitfieldCommand reads and writes integers.
//
//	BITFIELD key [GET encoding offset |
//	    [OVERFLOW WRAP | SAT | FAIL] SET encoding offset value | INCRBY encoding offset increment ...]
//
// O(N) with N the number of operations. Reply: an array with an element for each:
// the integer for GET, the old one for SET, the new one for INCRBY, null if the
// number would not fit and OVERFLOW FAIL was given. Without SET and INCRBY nothing
// is created.
func bitfieldCommand(c *client, a *args) error { return c.bitfield(a, false) }

// bitfieldROCommand reads integers.
//
//	BITFIELD_RO key [GET encoding offset ...]
//
// O(N) with N the number of operations. Reply: an array of integers.
func bitfieldROCommand(c *client, a *args) error { return c.bitfield(a, true) }

func (c *client) bitfield(a *args, readOnly bool) error {
	key := a.next()
	var room [8]bitfieldOp
	ops, last := room[:0], -1 // the last bit that is written
	for overflow := bitmap.Wrap; a.more(); {
		if a.optionWith("OVERFLOW", 1) {
			var err error
			if overflow, err = a.overflow(); err != nil {
				return err
			}
			continue
		}
		op, err := c.readBitfieldOp(a)
		if err != nil {
			return err
		}
		if op.verb != bitfieldGet {
			last = max(last, op.offset+op.format.Bits-1)
		}
		op.overflow = overflow
		ops = append(ops, op)
	}
	if last < 0 {
		return c.readFields(key, ops)
	}
	if readOnly {
		return errBitfieldReadOnly
	}
	return c.writeFields(key, ops, last)
}

// overflow reads what follows OVERFLOW.
func (a *args) overflow() (bitmap.Overflow, error) {
	switch {
	case a.option("WRAP"):
		return bitmap.Wrap, nil
	case a.option("SAT"):
		return bitmap.Saturate, nil
	case a.option("FAIL"):
		return bitmap.Fail, nil
	}
	return 0, errBitfieldOverflow
}

func (c *client) readBitfieldOp(a *args) (op bitfieldOp, err error) {
	switch {
	case a.optionWith("GET", 2):
	case a.optionWith("SET", 3):
		op.verb = bitfieldSet
	case a.optionWith("INCRBY", 3):
		op.verb = bitfieldIncrby
	default:
		return op, errSyntax
	}
	if op.format, err = a.fieldFormat(); err != nil {
		return op, err
	}
	if op.offset, err = c.fieldOffset(a.next(), op.format.Bits); err != nil {
		return op, err
	}
	if op.verb != bitfieldGet {
		op.n, err = a.int()
	}
	return op, err
}

// fieldFormat reads the width and kind of an integer: i1 to i64, u1 to u63.
func (a *args) fieldFormat() (f bitmap.Format, err error) {
	arg := a.next()
	if len(arg) == 0 || arg[0] != 'i' && arg[0] != 'u' {
		return f, errBitfieldType
	}
	f.Signed = arg[0] == 'i'
	n, ok := keyspace.ParseInt(arg[1:])
	if !ok || n < 1 || n > 64 || n == 64 && !f.Signed {
		return f, errBitfieldType
	}
	f.Bits = int(n)
	return f, nil
}

// fieldOffset reads an offset in bits or, behind a '#', in integers of so many
// bits.
func (c *client) fieldOffset(arg []byte, bits int) (int, error) {
	if len(arg) == 0 || arg[0] != '#' {
		return c.bitOffset(arg)
	}
	n, ok := keyspace.ParseInt(arg[1:])
	if !ok {
		return 0, errBitOffset
	}
	// The product may wrap around, as it does in Redis.
	return c.checkBitOffset(n * int64(bits))
}

func (c *client) readFields(key []byte, ops []bitfieldOp) error {
	b, err := c.lookupBits(key)
	if err != nil {
		return err
	}
	c.out.Array(len(ops))
	for i := range ops {
		c.out.Int(ops[i].format.Read(b, ops[i].offset))
	}
	return nil
}

func (c *client) writeFields(key []byte, ops []bitfieldOp, last int) error {
	b, grown, err := c.writeBits(key, last)
	if err != nil {
		return err
	}
	changes := 0
	c.out.Array(len(ops))
	for i := range ops {
		op := &ops[i]
		was := op.format.Read(b, op.offset)
		if op.verb == bitfieldGet {
			c.out.Int(was)
			continue
		}
		n, over := op.result(was)
		if over && op.overflow == bitmap.Fail {
			c.out.Null()
			continue
		}
		op.format.Write(b, op.offset, n)
		changes += btoi(grown || n != was)
		if op.verb == bitfieldSet {
			n = was
		}
		c.out.Int(n)
	}
	if changes > 0 {
		c.modified(eventString, "setbit", key)
		c.srv.countsAs(changes)
	}
	return nil
}

// result returns the number to be stored, and whether it did not fit.
func (op *bitfieldOp) result(was int64) (n int64, over bool) {
	if op.verb == bitfieldSet {
		return op.format.Add(op.n, 0, op.overflow)
	}
	return op.format.Add(was, op.n, op.overflow)
}
