package stream

import (
	"bytes"

	"respect/keyspace/listpack"
)

// Meta is what a stream remembers besides its entries and groups.
type Meta struct {
	Length                        uint64
	LastID, FirstID, MaxDeletedID ID
	Added                         uint64
}

// Meta returns it.
func (s *Stream) Meta() Meta {
	return Meta{uint64(s.length), s.lastID, s.firstID, s.maxDeletedID, s.added}
}

// AddNode adds a node as files have it; its bytes are copied. Nodes must come in
// order, and SetMeta after them.
func (s *Stream) AddNode(node ID, b []byte) error {
	live, last, err := Validate(node, b)
	if err != nil {
		return err
	}
	if !s.lastID.Less(node) {
		return corrupt("node %v comes after entry %v", node, s.lastID)
	}
	lp := listpack.Listpack(bytes.Clone(b))
	s.nodes.add(node, lp)
	s.bytes += cap(lp)
	s.length += live
	s.lastID = last
	return nil
}

// SetMeta takes over what else a file tells, after all nodes.
func (s *Stream) SetMeta(m Meta) error {
	if m.Length != uint64(s.length) {
		return corrupt("%d entries, the stream says %d", s.length, m.Length)
	}
	if s.length > 0 && m.LastID.Less(s.TopID()) {
		return corrupt("entry %v, the last ID is %v", s.TopID(), m.LastID)
	}
	s.SetLastID(m.LastID)
	s.firstID, s.maxDeletedID, s.added = m.FirstID, m.MaxDeletedID, m.Added
	return nil
}

// SetOldMeta is SetMeta for files that know neither the first ID nor what was ever
// added: it is taken to be what is there.
func (s *Stream) SetOldMeta(length uint64, last ID) error {
	return s.SetMeta(Meta{Length: length, LastID: last, FirstID: s.edge(), Added: length})
}

// PlaceOf returns the number of entries that a group has read whose last ID this is,
// or Unknown, for files that do not tell it.
func (s *Stream) PlaceOf(id ID) int64 { return s.placeOf(id) }

// AddUnassigned adds a pending entry that no consumer has yet, as files have them, and
// reports whether it is new. It needs its consumer before anything else happens.
func (g *Group) AddUnassigned(id ID, p Pending) bool {
	if !g.pending.add(id, &p) {
		return false
	}
	*g.bytes += pendingBytes
	return true
}

// AssignFirst gives an entry that AddUnassigned has added its consumer. It reports
// false if there is no such entry, or if it has a consumer.
func (g *Group) AssignFirst(id ID, c *Consumer) bool {
	p := g.PendingEntry(id)
	if p == nil || p.consumer != nil {
		return false
	}
	p.consumer = c
	return c.pending.add(id, p)
}

// Dup returns an independent copy.
func (s *Stream) Dup() *Stream {
	d := New()
	s.EachNode(func(node ID, lp listpack.Listpack) bool {
		lp = lp.Dup()
		d.nodes.add(node, lp)
		d.bytes += cap(lp)
		return true
	})
	d.length, d.added = s.length, s.added
	d.lastID, d.firstID, d.maxDeletedID = s.lastID, s.firstID, s.maxDeletedID
	s.EachGroup(func(g *Group) bool {
		g.copyTo(d)
		return true
	})
	return d
}

func (g *Group) copyTo(d *Stream) {
	to := d.AddGroup([]byte(g.name), g.LastID, g.Read)
	g.EachConsumer(func(c *Consumer) bool {
		n := to.AddConsumer([]byte(c.name), c.SeenMs)
		n.ActiveMs = c.ActiveMs
		return true
	})
	g.EachPending(MinID, func(id ID, p *Pending) bool {
		c := to.Consumer([]byte(p.consumer.name))
		to.Deliver(id, c, p.DeliveredMs)
		to.PendingEntry(id).Deliveries = p.Deliveries
		return true
	})
}

// Clone returns an independent copy, a *Stream.
func (s *Stream) Clone() any { return s.Dup() }
