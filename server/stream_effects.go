package server

import "respect/keyspace/stream"

// What is told of streams in place of requests (propagate.go). An ID that was made is told
// as it is; an approximate trimming as the exact one that it came to. What is delivered to
// a consumer or claimed by one is told entry by entry, with all that is noted of it, as an
// XCLAIM that finds the same everywhere.

// streamID returns an ID as an argument of an effect.
func (c *client) streamID(id stream.ID) []byte {
	u := &c.srv.unit
	start := len(u.text)
	u.text = id.AppendTo(u.text)
	return u.text[start:len(u.text):len(u.text)]
}

// tellAdded tells XADD with the ID that the entry has got.
func (c *client) tellAdded(o *addOptions, s *stream.Stream) {
	made, trimmed := o.autoID || o.autoSeq, o.trims && o.trim.Approximate
	if !made && !trimmed {
		return
	}
	argv := c.rewrite()
	if argv == nil {
		return
	}
	if made {
		argv[o.idAt] = c.streamID(o.id)
	}
	if trimmed {
		c.tellThreshold(argv, o, s)
	}
	c.effect(argv...)
}

// tellTrimmed tells XTRIM.
func (c *client) tellTrimmed(o *addOptions, s *stream.Stream) {
	if !o.trim.Approximate {
		return
	}
	if argv := c.rewrite(); argv != nil {
		c.tellThreshold(argv, o, s)
		c.effect(argv...)
	}
}

// tellThreshold puts what an approximate trimming has left into a request: the length,
// or the first ID, of an entry that is still stored even if it was deleted.
func (c *client) tellThreshold(argv [][]byte, o *addOptions, s *stream.Stream) {
	argv[o.trimAt-1] = wordEquals
	if o.trim.ByID {
		argv[o.trimAt] = c.streamID(s.FirstStoredID())
	} else {
		argv[o.trimAt] = c.number(int64(s.Len()))
	}
}

// tellPending tells what is noted of an entry that is pending in a group.
func (c *client) tellPending(key, group []byte, g *stream.Group, id stream.ID, p *stream.Pending) {
	if c.srv.copies != nil {
		c.tellPendingAs(key, group, g, c.streamID(id), p)
	}
}

// tellPendingAs is tellPending for an ID as it was given.
func (c *client) tellPendingAs(key, group []byte, g *stream.Group, id []byte, p *stream.Pending) {
	if c.srv.copies == nil {
		return
	}
	c.effect(wordXclaim, key, group, c.srv.kept([]byte(p.Consumer().Name())), wordZero, id,
		wordTime, c.number(p.DeliveredMs), wordRetrycount, c.number(int64(p.Deliveries)),
		wordForce, wordJustid, wordLastid, c.streamID(g.LastID))
}

// tellGroup tells how far a group has come.
func (c *client) tellGroup(key, group []byte, g *stream.Group) {
	if c.srv.copies != nil {
		c.effect(wordXgroup, wordSetid, key, group, c.streamID(g.LastID), wordEntriesread, c.number(g.Read))
	}
}
