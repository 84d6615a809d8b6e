package server

import (
	"math"

	"respect/keyspace/stream"
)

// Ranges of streams, and how entries are replied.

const (
	errIntervalStart replyError = "ERR invalid start ID for the interval"
	errIntervalEnd   replyError = "ERR invalid end ID for the interval"
)

// boundID reads the next argument as an ID, or as - or + for the ends of all IDs.
func (a *args) boundID(missing uint64) (stream.ID, error) {
	if a.option("-") {
		return stream.MinID, nil
	}
	if a.option("+") {
		return stream.MaxID, nil
	}
	return a.streamID(missing)
}

// interval reads the next argument as an end of a range: an ID, - or +, or an ID
// behind a parenthesis that leaves it out.
func (a *args) interval(missing uint64) (id stream.ID, exclude bool, err error) {
	arg := a.argv[a.pos]
	if len(arg) <= 1 || arg[0] != '(' {
		id, err = a.boundID(missing)
		return id, false, err
	}
	a.pos++
	id, ok := stream.ParseID(arg[1:], missing)
	if !ok {
		err = errStreamID
	}
	return id, true, err
}

// intervalStart reads the lower end of a range.
func (a *args) intervalStart() (stream.ID, error) {
	id, exclude, err := a.interval(0)
	if err != nil || !exclude {
		return id, err
	}
	id, ok := id.Next()
	if !ok {
		return id, errIntervalStart
	}
	return id, nil
}

// intervalEnd reads the upper end of a range.
func (a *args) intervalEnd() (stream.ID, error) {
	id, exclude, err := a.interval(math.MaxUint64)
	if err != nil || !exclude {
		return id, err
	}
	id, ok := id.Prev()
	if !ok {
		return id, errIntervalEnd
	}
	return id, nil
}

// replyEntry appends an entry: an array of its ID and of its fields and values.
func (c *client) replyEntry(it *stream.Iterator) {
	c.out.Array(2)
	c.replyStreamID(it.ID)
	c.out.Array(2 * it.Len())
	it.Each(func(field, value stream.Element) {
		c.replyElement(field)
		c.replyElement(value)
	})
}

// replyEntries appends an array of up to count entries, or of all if it is 0.
func (c *client) replyEntries(it stream.Iterator, count int) {
	m := c.out.DeferArray()
	n := 0
	for (count == 0 || n < count) && it.Next() {
		c.replyEntry(&it)
		n++
	}
	c.out.EndArray(m, n)
}

// replyEntryOf appends the entry with an ID, and tells whether there is one.
func (c *client) replyEntryOf(s *stream.Stream, id stream.ID) bool {
	it := s.Range(id, id)
	if !it.Next() {
		return false
	}
	c.replyEntry(&it)
	return true
}

// xrangeCommand replies with a part of a stream.
//
//	XRANGE key start end [COUNT count]
//
// O(N) with N the number of entries of the reply. Reply: an array of entries, each an
// array of the ID and of its fields and values; null for a count of 0. Start and end
// are IDs, the second number of which may be missing, - or +; behind a parenthesis
// the ID itself is left out.
func xrangeCommand(c *client, a *args) error { return c.streamRange(a, false) }

// xrevrangeCommand is XRANGE from the greatest ID to the least.
//
//	XREVRANGE key end start [COUNT count]
//
// O(N) with N the number of entries of the reply. Reply: as that of XRANGE, in reverse
// order.
func xrevrangeCommand(c *client, a *args) error { return c.streamRange(a, true) }

func (c *client) streamRange(a *args, back bool) error {
	key := a.next()
	from, to, err := readInterval(a, back)
	if err != nil {
		return err
	}
	count, counted := 0, false
	for a.more() {
		if !a.optionWith("COUNT", 1) {
			return errSyntax
		}
		counted = true
		if count, err = a.streamCount(); err != nil {
			return err
		}
	}
	s, err := c.lookupStream(key)
	switch {
	case err != nil:
		return err
	case s == nil:
		c.out.Array(0)
	case counted && count == 0:
		c.out.NullArray()
	case back:
		c.replyEntries(s.RangeBack(from, to), count)
	default:
		c.replyEntries(s.Range(from, to), count)
	}
	return nil
}

// readInterval reads both ends of a range. The reference looks at the lower one first.
func readInterval(a *args, back bool) (from, to stream.ID, err error) {
	if !back {
		if from, err = a.intervalStart(); err == nil {
			to, err = a.intervalEnd()
		}
		return from, to, err
	}
	a.pos++
	if from, err = a.intervalStart(); err != nil {
		return from, to, err
	}
	a.pos -= 2
	to, err = a.intervalEnd()
	a.pos++
	return from, to, err
}

// streamCount reads the next argument as a number of entries; negative ones are none.
func (a *args) streamCount() (int, error) {
	n, err := a.int()
	return int(min(max(n, 0), math.MaxInt)), err
}
