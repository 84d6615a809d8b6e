package stream

import "respect/keyspace/listpack"

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

// AddNode adds a node that Validate has accepted; its bytes are copied. Nodes must come
// in order, and SetMeta after them. It reports false if the node is not in order.
func (s *Stream) AddNode(n *Node) bool {
	if !s.lastID.Less(n.ID) {
		return false
	}
	lp := n.Listpack.Dup()
	s.nodes.add(n.ID, lp)
	s.bytes += cap(lp)
	s.length += n.Live
	s.lastID = n.Last
	return true
}

// SetMeta takes over what else a file tells, after all nodes. It reports false if the
// length or the last ID contradict them.
func (s *Stream) SetMeta(m *Meta) bool {
	if m.Length != uint64(s.length) || m.LastID.Less(s.TopID()) {
		return false
	}
	s.SetLastID(m.LastID)
	s.firstID, s.maxDeletedID, s.added = m.FirstID, m.MaxDeletedID, m.Added
	return true
}

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
// false if the entry has one.
func (g *Group) AssignFirst(id ID, p *Pending, c *Consumer) bool {
	if p.consumer != nil {
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
