package stream

import "respect/keyspace/listpack"

// Element is a field or a value: a string, or an integer that stands for its text.
type Element = listpack.Element

// An Iterator goes through the live entries of a range. It is at one entry after each
// Next that reported true; it holds until the stream changes.
type Iterator struct {
	// ID is that of the entry.
	ID ID

	from, to ID
	back     bool
	node     cursor[ID, listpack.Listpack]
	lp       listpack.Listpack
	fields   int // of the master entry
	fieldsAt int
	ahead    int // offset of the entry that comes next in the node, or 0
	entry    entry
}

// Range returns an iterator through the entries from one ID to another, both
// included.
func (s *Stream) Range(from, to ID) Iterator {
	it := Iterator{from: from, to: to}
	if to.Less(from) {
		return it
	}
	start := s.nodes.floor(from)
	if !start.ok() {
		start = s.nodes.head()
	}
	it.enter(start)
	return it
}

// RangeBack is Range from the greatest ID down to the least.
func (s *Stream) RangeBack(from, to ID) Iterator {
	it := Iterator{from: from, to: to, back: true}
	if to.Less(from) {
		return it
	}
	it.enter(s.nodes.floor(to))
	return it
}

// enter goes to the first entry, or the last one when going back, of a node.
func (it *Iterator) enter(node cursor[ID, listpack.Listpack]) {
	it.node = node
	if !node.ok() {
		return
	}
	it.lp = node.value()
	m := readMaster(it.lp)
	it.fields, it.fieldsAt = m.fields, m.fieldsAt
	it.ahead = m.entriesAt
	if it.back {
		it.ahead = entryBefore(it.lp, len(it.lp)-1)
	}
}

// Next goes to the next entry, and reports false if there is none.
func (it *Iterator) Next() bool {
	for it.node.ok() {
		if it.ahead == 0 {
			it.leave()
			continue
		}
		e := readEntry(it.lp, it.ahead, it.fields)
		id := it.node.key().plus(e.ms, e.seq)
		if it.back && id.Less(it.from) || !it.back && it.to.Less(id) {
			it.node = cursor[ID, listpack.Listpack]{}
			return false
		}
		if it.back {
			it.ahead = entryBefore(it.lp, it.ahead)
		} else {
			it.ahead = e.after(it.lp)
		}
		if !e.deleted() && !id.Less(it.from) && !it.to.Less(id) {
			it.ID, it.entry = id, e
			return true
		}
	}
	return false
}

// leave goes to the neighbour of a node that is done with.
func (it *Iterator) leave() {
	if it.back {
		it.enter(it.node.prev())
	} else {
		it.enter(it.node.next())
	}
}

// Len returns the number of fields of the entry.
func (it *Iterator) Len() int { return it.entry.fields }

// Each calls fn with each field of the entry and its value. Both hold until the stream
// changes.
func (it *Iterator) Each(fn func(field, value Element)) {
	lp, e := it.lp, &it.entry
	at, fieldAt := e.valuesAt, it.fieldsAt
	for range e.fields {
		var field Element
		if e.sameFields() {
			field = lp.Get(fieldAt)
			fieldAt = lp.Next(fieldAt)
		} else {
			field = lp.Get(at)
			at = lp.Next(at)
		}
		fn(field, lp.Get(at))
		at = lp.Next(at)
	}
}
