package stream

import "unsafe"

// Unknown is the number of entries that a group has read, if it is not known.
const Unknown = -1

// Never is the time of what has not happened, in the place of milliseconds of Unix
// time.
const Never = -1

// A Group is a group of consumers that share the entries of a stream: each entry is
// delivered to one of them.
type Group struct {
	// LastID is the last ID that was delivered; entries behind it are new.
	LastID ID
	// Read is how many entries come up to LastID, or Unknown.
	Read int64

	name      name
	pending   tree[ID, *Pending]
	consumers tree[name, *Consumer]
	bytes     *int // of the stream
}

// A Consumer is who entries are delivered to.
type Consumer struct {
	// SeenMs is when the consumer last asked for anything, and ActiveMs when it last
	// got anything, or Never: milliseconds of Unix time.
	SeenMs, ActiveMs int64

	name    name
	pending tree[ID, *Pending]
}

// A Pending is the record of an entry that was delivered and has not been
// acknowledged.
type Pending struct {
	// DeliveredMs is when it was last delivered, in milliseconds of Unix time.
	DeliveredMs int64
	// Deliveries is how often.
	Deliveries uint64

	consumer *Consumer
}

// Sizes in bytes, for the account.
const (
	groupBytes    = int(unsafe.Sizeof(Group{}))
	consumerBytes = int(unsafe.Sizeof(Consumer{}))
	pendingBytes  = int(unsafe.Sizeof(Pending{}))
)

// Groups returns the number of groups.
func (s *Stream) Groups() int { return s.groups.len() }

// EachGroup calls fn with each group, in the order of their names, until it returns
// false.
func (s *Stream) EachGroup(fn func(g *Group) bool) {
	for c := s.groups.head(); c.ok() && fn(c.value()); {
		c = c.next()
	}
}

// Group returns a group, or nil.
func (s *Stream) Group(group []byte) *Group {
	g, _ := s.groups.get(name(group))
	return g
}

// AddGroup makes a group that has got all entries up to the last ID, read ones in
// number or Unknown. It returns nil if the group is there.
func (s *Stream) AddGroup(group []byte, last ID, read int64) *Group {
	g := &Group{name: name(group), LastID: last, Read: read, bytes: &s.bytes}
	g.pending.bytes, g.consumers.bytes = &s.bytes, &s.bytes
	if !s.groups.add(g.name, g) {
		return nil
	}
	s.bytes += groupBytes + len(group)
	return g
}

// DeleteGroup deletes a group with all that is pending, and reports whether it was
// there.
func (s *Stream) DeleteGroup(group []byte) bool {
	g := s.Group(group)
	if g == nil {
		return false
	}
	for g.consumers.len() > 0 {
		g.DeleteConsumer(g.consumers.head().value())
	}
	s.groups.remove(g.name)
	s.bytes -= groupBytes + len(g.name)
	return true
}

// Name returns the name of the group.
func (g *Group) Name() string { return string(g.name) }

// Consumers returns the number of consumers.
func (g *Group) Consumers() int { return g.consumers.len() }

// EachConsumer calls fn with each consumer, in the order of their names, until it
// returns false.
func (g *Group) EachConsumer(fn func(c *Consumer) bool) {
	for c := g.consumers.head(); c.ok() && fn(c.value()); {
		c = c.next()
	}
}

// Consumer returns a consumer, or nil.
func (g *Group) Consumer(consumer []byte) *Consumer {
	c, _ := g.consumers.get(name(consumer))
	return c
}

// AddConsumer makes a consumer that was seen now. It returns nil if the consumer is
// there.
func (g *Group) AddConsumer(consumer []byte, nowMs int64) *Consumer {
	c := &Consumer{name: name(consumer), SeenMs: nowMs, ActiveMs: Never}
	c.pending.bytes = g.bytes
	if !g.consumers.add(c.name, c) {
		return nil
	}
	*g.bytes += consumerBytes + len(consumer)
	return c
}

// DeleteConsumer deletes a consumer of the group with all that it has pending, and
// returns how many entries these were.
func (g *Group) DeleteConsumer(c *Consumer) int {
	n := c.pending.len()
	for c.pending.len() > 0 {
		g.Acknowledge(c.pending.head().key())
	}
	g.consumers.remove(c.name)
	*g.bytes -= consumerBytes + len(c.name)
	return n
}

// Name returns the name of the consumer.
func (c *Consumer) Name() string { return string(c.name) }

// Pending returns how many entries are pending.
func (c *Consumer) Pending() int { return c.pending.len() }

// EachPending calls fn with the pending entries of the consumer from an ID on, until
// it returns false. Nothing pending may come or go meanwhile.
func (c *Consumer) EachPending(from ID, fn func(id ID, p *Pending) bool) {
	eachPending(&c.pending, from, fn)
}

func eachPending(t *tree[ID, *Pending], from ID, fn func(id ID, p *Pending) bool) {
	for c := t.ceil(from); c.ok() && fn(c.key(), c.value()); {
		c = c.next()
	}
}

// Pending returns how many entries are pending.
func (g *Group) Pending() int { return g.pending.len() }

// EachPending is Consumer.EachPending for the whole group.
func (g *Group) EachPending(from ID, fn func(id ID, p *Pending) bool) {
	eachPending(&g.pending, from, fn)
}

// NextPending returns the first pending entry from an ID on.
func (g *Group) NextPending(from ID) (id ID, p *Pending, ok bool) {
	c := g.pending.ceil(from)
	if !c.ok() {
		return ID{}, nil, false
	}
	return c.key(), c.value(), true
}

// PendingEnds returns the least and the greatest ID that are pending; there must be
// one.
func (g *Group) PendingEnds() (first, last ID) {
	return g.pending.head().key(), g.pending.tail().key()
}

// PendingEntry returns the record of an entry, or nil if it is not pending.
func (g *Group) PendingEntry(id ID) *Pending {
	p, _ := g.pending.get(id)
	return p
}

// Consumer returns to whom the entry was delivered.
func (p *Pending) Consumer() *Consumer { return p.consumer }

// Deliver makes an entry pending for a consumer, as delivered for the first time now.
// If it was pending before, that is forgotten.
func (g *Group) Deliver(id ID, c *Consumer, nowMs int64) {
	p := &Pending{DeliveredMs: nowMs, Deliveries: 1, consumer: c}
	if !g.pending.add(id, p) {
		p = g.PendingEntry(id)
		g.Assign(id, p, c)
		p.DeliveredMs, p.Deliveries = nowMs, 1
		return
	}
	*g.bytes += pendingBytes
	c.pending.add(id, p)
}

// Assign gives a pending entry to a consumer.
func (g *Group) Assign(id ID, p *Pending, c *Consumer) {
	if p.consumer == c {
		return
	}
	p.consumer.pending.remove(id)
	p.consumer = c
	c.pending.add(id, p)
}

// Acknowledge ends that an entry is pending, and reports whether it was.
func (g *Group) Acknowledge(id ID) bool {
	p, found := g.pending.remove(id)
	if !found {
		return false
	}
	p.consumer.pending.remove(id)
	*g.bytes -= pendingBytes
	return true
}
