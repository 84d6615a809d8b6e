package server

import "respect/keyspace/stream"

// XINFO: what streams, groups and consumers remember.

// infoCount is how many entries of each kind XINFO STREAM FULL tells if it is not
// told.
const infoCount = 10

// lookupStreamInfo returns the stream of a key, which must be there.
func (c *client) lookupStreamInfo(key []byte) (*stream.Stream, error) {
	s, err := c.lookupStream(key)
	if err == nil && s == nil {
		err = errNoSuchKey
	}
	return s, err
}

// xinfoConsumersCommand describes the consumers of a group.
//
//	XINFO CONSUMERS key group
//
// O(N) with N the number of consumers. Reply: an array of a map for each consumer.
func xinfoConsumersCommand(c *client, a *args) error {
	key, group := a.next(), a.next()
	s, err := c.lookupStreamInfo(key)
	if err != nil {
		return err
	}
	g := s.Group(group)
	if g == nil {
		return errNoGroup(key, group)
	}
	now := c.srv.nowMs
	c.out.Array(g.Consumers())
	g.EachConsumer(func(consumer *stream.Consumer) bool {
		inactive := int64(stream.Never)
		if consumer.ActiveMs != stream.Never {
			inactive = now - consumer.ActiveMs
		}
		c.out.Map(4)
		c.out.BulkString("name")
		c.out.BulkString(consumer.Name())
		c.infoInt("pending", int64(consumer.Pending()))
		c.infoInt("idle", max(now-consumer.SeenMs, 0))
		c.infoInt("inactive", inactive)
		return true
	})
	return nil
}

func (c *client) infoInt(name string, n int64) {
	c.out.BulkString(name)
	c.out.Int(n)
}

func (c *client) infoID(name string, id stream.ID) {
	c.out.BulkString(name)
	c.replyStreamID(id)
}

// infoOrNull is infoInt for a number that may be unknown.
func (c *client) infoOrNull(name string, n int64, known bool) {
	c.out.BulkString(name)
	if known {
		c.out.Int(n)
	} else {
		c.out.Null()
	}
}

// xinfoGroupsCommand describes the groups of a stream.
//
//	XINFO GROUPS key
//
// O(N) with N the number of groups. Reply: an array of a map for each group.
func xinfoGroupsCommand(c *client, a *args) error {
	s, err := c.lookupStreamInfo(a.next())
	if err != nil {
		return err
	}
	c.out.Array(s.Groups())
	s.EachGroup(func(g *stream.Group) bool {
		c.out.Map(6)
		c.out.BulkString("name")
		c.out.BulkString(g.Name())
		c.infoInt("consumers", int64(g.Consumers()))
		c.infoInt("pending", int64(g.Pending()))
		c.infoID("last-delivered-id", g.LastID)
		c.infoProgress(s, g)
		return true
	})
	return nil
}

// infoProgress tells how much a group has read, and how much is left.
func (c *client) infoProgress(s *stream.Stream, g *stream.Group) {
	c.infoOrNull("entries-read", g.Read, g.Read != stream.Unknown)
	lag, known := g.Lag(s)
	c.infoOrNull("lag", lag, known)
}

// xinfoStreamCommand describes a stream.
//
//	XINFO STREAM key [FULL [COUNT count]]
//
// O(N) with N the number of nodes and of what is told. Reply: a map; with FULL also of
// entries, groups, and what is pending, up to count of each, 10 if it is not given, or
// all for 0.
func xinfoStreamCommand(c *client, a *args) error {
	key := a.next()
	full, count, err := readInfoOptions(a)
	s, lookupErr := c.lookupStreamInfo(key)
	switch {
	case lookupErr != nil:
		return lookupErr
	case err != nil:
		return err
	}
	if full {
		c.out.Map(9)
		c.infoStream(s)
		c.infoFull(s, count)
		return nil
	}
	c.out.Map(10)
	c.infoStream(s)
	c.infoInt("groups", int64(s.Groups()))
	c.infoEntry("first-entry", s.Range(stream.MinID, stream.MaxID))
	c.infoEntry("last-entry", s.RangeBack(stream.MinID, stream.MaxID))
	return nil
}

// readInfoOptions reads the options of XINFO STREAM.
func readInfoOptions(a *args) (full bool, count int, err error) {
	wrong := errSubcommandArgs("xinfo", a.argv[1])
	switch n := a.left(); {
	case n == 0:
		return false, 0, nil
	case n != 1 && n != 3, !a.option("FULL"):
		return false, 0, wrong
	case n == 1:
		return true, infoCount, nil
	case !a.option("COUNT"):
		return false, 0, wrong
	}
	n, err := a.int()
	if n < 0 {
		n = infoCount
	}
	return true, int(n), err
}

// infoStream tells the seven facts that both forms have.
func (c *client) infoStream(s *stream.Stream) {
	c.infoInt("length", int64(s.Len()))
	c.infoInt("radix-tree-keys", int64(s.Nodes()))
	c.infoInt("radix-tree-nodes", int64(s.RadixNodes()))
	c.infoID("last-generated-id", s.LastID())
	c.infoID("max-deleted-entry-id", s.MaxDeletedID())
	c.infoInt("entries-added", int64(s.Added()))
	c.infoID("recorded-first-entry-id", s.FirstID())
}

// infoEntry tells the first entry of a range, or null.
func (c *client) infoEntry(name string, it stream.Iterator) {
	c.out.BulkString(name)
	if it.Next() {
		c.replyEntry(&it)
	} else {
		c.out.Null()
	}
}

// infoFull tells up to count entries, and each group.
func (c *client) infoFull(s *stream.Stream, count int) {
	c.out.BulkString("entries")
	c.replyEntries(s.Range(stream.MinID, stream.MaxID), count)
	c.out.BulkString("groups")
	c.out.Array(s.Groups())
	s.EachGroup(func(g *stream.Group) bool {
		c.out.Map(7)
		c.out.BulkString("name")
		c.out.BulkString(g.Name())
		c.infoID("last-delivered-id", g.LastID)
		c.infoProgress(s, g)
		c.infoInt("pel-count", int64(g.Pending()))
		c.infoPending(g.EachPending, count, true)
		c.out.BulkString("consumers")
		c.out.Array(g.Consumers())
		g.EachConsumer(func(consumer *stream.Consumer) bool {
			c.out.Map(5)
			c.out.BulkString("name")
			c.out.BulkString(consumer.Name())
			c.infoInt("seen-time", consumer.SeenMs)
			c.infoInt("active-time", consumer.ActiveMs)
			c.infoInt("pel-count", int64(consumer.Pending()))
			c.infoPending(consumer.EachPending, count, false)
			return true
		})
		return true
	})
}

// infoPending tells up to count pending entries.
func (c *client) infoPending(each func(stream.ID, func(stream.ID, *stream.Pending) bool), count int, withConsumer bool) {
	c.out.BulkString("pending")
	m := c.out.DeferArray()
	n := 0
	each(stream.MinID, func(id stream.ID, p *stream.Pending) bool {
		c.out.Array(3 + btoi(withConsumer))
		c.replyStreamID(id)
		if withConsumer {
			c.out.BulkString(p.Consumer().Name())
		}
		c.out.Int(p.DeliveredMs)
		c.out.Int(int64(p.Deliveries))
		n++
		return count == 0 || n < count
	})
	c.out.EndArray(m, n)
}

// xinfoHelpCommand lists the subcommands.
//
//	XINFO HELP
func xinfoHelpCommand(c *client, a *args) error { return c.help("XINFO") }
