package server

import "respect/keyspace"

// Parts of strings: APPEND, STRLEN, GETRANGE, SETRANGE. A value is never longer than a
// request may be.

// appendCommand adds bytes at the end of a value.
//
//	APPEND key value
//
// O(1) amortised. Reply: the new length.
func appendCommand(c *client, a *args) error {
	key, tail := a.next(), a.next()
	o, err := c.lookupWrite(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	if o == nil {
		c.db.SetString(key, tail, false)
		c.modified(eventString, "append", key)
		c.out.Int(int64(len(tail)))
		return nil
	}
	if err := c.checkStringLength(o.StringLen(), len(tail)); err != nil {
		return err
	}
	n := c.db.Append(o, tail)
	c.modified(eventString, "append", key)
	c.out.Int(int64(n))
	return nil
}

// checkStringLength refuses a string that would grow beyond the longest that a
// client may send.
func (c *client) checkStringLength(offset, added int) error {
	if total := int64(offset) + int64(added); total < int64(offset) || total > c.srv.cfg.ProtoMaxBulkLen {
		return errStringTooLong
	}
	return nil
}

// strlenCommand replies with the length of a value.
//
//	STRLEN key
//
// O(1). Reply: the length in bytes; 0 if there is no such key.
func strlenCommand(c *client, a *args) error {
	o, err := c.lookupRead(a.next(), keyspace.TypeString)
	if err != nil {
		return err
	}
	n := 0
	if o != nil {
		n = o.StringLen()
	}
	c.out.Int(int64(n))
	return nil
}

// getrangeCommand replies with a part of a value; it is also SUBSTR.
//
//	GETRANGE key start end
//
// O(N) with N the length of the reply. Reply: the bytes from start to end
// inclusive, where negative offsets count from the end.
func getrangeCommand(c *client, a *args) error {
	key := a.next()
	start, end, err := a.ints()
	if err != nil {
		return err
	}
	o, err := c.lookupRead(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	var text []byte
	if o != nil {
		text = o.Bytes(c.scratch)
	}
	from, to := clampRange(start, end, len(text))
	c.out.Bulk(text[from:to])
	return nil
}

// clampRange turns an inclusive range whose offsets may be negative into a half
// open one within n elements.
func clampRange(start, end int64, n int) (from, to int) {
	size := int64(n)
	if start < 0 && end < 0 && start > end {
		return 0, 0
	}
	if start < 0 {
		start = max(0, start+size)
	}
	if end < 0 {
		end = max(0, end+size)
	}
	end = min(end, size-1)
	if start > end {
		return 0, 0
	}
	return int(start), int(end) + 1
}

// setrangeCommand overwrites a part of a value.
//
//	SETRANGE key offset value
//
// O(N) with N the length of the part, unless the value has to grow. Reply: the
// new length. A gap is filled with zero bytes.
func setrangeCommand(c *client, a *args) error {
	key := a.next()
	offset, err := a.int()
	if err != nil {
		return err
	}
	part := a.next()
	if offset < 0 {
		return errOffsetRange
	}
	o, err := c.lookupWrite(key, keyspace.TypeString)
	if err != nil {
		return err
	}
	if len(part) == 0 {
		n := 0
		if o != nil {
			n = o.StringLen()
		}
		c.out.Int(int64(n))
		return nil
	}
	if offset > c.srv.cfg.ProtoMaxBulkLen {
		return errStringTooLong
	}
	if err := c.checkStringLength(int(offset), len(part)); err != nil {
		return err
	}
	if o == nil {
		o = c.db.AddZeros(key, int(offset)+len(part))
	}
	n := c.db.SetRange(o, int(offset), part)
	c.modified(eventString, "setrange", key)
	c.out.Int(int64(n))
	return nil
}
