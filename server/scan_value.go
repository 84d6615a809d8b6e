package server

import (
	"strconv"

	"respect/keyspace"
	"respect/keyspace/glob"
)

// SSCAN, HSCAN and ZSCAN: what they have in common. They walk the elements of one
// value as SCAN walks the keys of a database (scan.go). A value that is not a hash
// table comes as a whole in one call, whatever the COUNT.
//
// The handler of each calls beginScan, reads the options and calls scanValue:
//
//	c.scanValue(cursor, o, func(cursor uint64, s *valueScan) uint64 {
//		return h.Scan(cursor, func(field, value keyspace.Element) {
//			if s.wants(field) {
//				s.reply(field)
//				s.reply(value)
//			}
//		})
//	})

// readValueScan reads the options of SSCAN, HSCAN and ZSCAN.
func readValueScan(a *args) (o scanOptions, err error) {
	o.count = scanDefaultCount
	for a.more() {
		if a.option("TYPE") {
			return o, errSyntax
		}
		if err := o.read(a); err != nil {
			return o, err
		}
	}
	return o, nil
}

// beginScan reads the key and the cursor of a scan, and returns the value of the key. If there
// is none, that is the reply, and options are not even looked at.
func beginScan[V any](c *client, a *args, lookup func(c *client, key []byte) (*V, error)) (v *V, cursor uint64, err error) {
	key := a.next()
	if cursor, err = readCursor(a.next()); err != nil {
		return nil, 0, err
	}
	v, err = lookup(c, key)
	if v == nil && err == nil {
		c.out.Array(2)
		c.out.BulkString("0")
		c.out.Array(0)
	}
	return v, cursor, err
}

// A valueScan is a scan of a value in progress.
type valueScan struct {
	c    *client
	o    scanOptions
	seen int // elements, whether they pass the filter or not
	sent int // replies
	text []byte
}

// scanValue replies to one call of a scan. step walks a part of the value from a
// cursor on, asks wants for each element, and returns the next cursor; it is
// called until there are enough elements.
func (c *client) scanValue(cursor uint64, o scanOptions, step func(cursor uint64, s *valueScan) uint64) {
	s := &valueScan{c: c, o: o}
	start := len(c.out.Buf)
	for steps := 0; ; steps++ {
		cursor = step(cursor, s)
		if cursor == 0 || s.seen >= o.count || steps/scanPatience >= o.count {
			break
		}
	}
	// The cursor comes before the elements, but is known only now.
	elements := len(c.out.Buf)
	c.out.Array(2)
	c.out.BulkString(strconv.FormatUint(cursor, 10))
	c.out.Array(s.sent)
	var room [64]byte
	header := append(room[:0], c.out.Buf[elements:]...)
	copy(c.out.Buf[start+len(header):], c.out.Buf[start:elements])
	copy(c.out.Buf[start:], header)
}

// wants tells whether an element, known by its name, passes the filter.
func (s *valueScan) wants(name keyspace.Element) bool {
	s.seen++
	if s.o.pattern == nil {
		return true
	}
	text := name.Bytes
	if name.IsInt() {
		s.text = name.AppendTo(s.text[:0])
		text = s.text
	}
	return glob.Match(s.o.pattern, text)
}

// reply appends a part of an element that is wanted.
func (s *valueScan) reply(e keyspace.Element) {
	s.c.replyElement(e)
	s.sent++
}

// replyText is reply for a part that is not an element, such as a score.
func (s *valueScan) replyText(text []byte) {
	s.c.out.Bulk(text)
	s.sent++
}
