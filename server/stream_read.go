package server

import (
	"respect/keyspace"
	"respect/keyspace/stream"
)

// Reading from several streams at once, as somebody who reads all, or as a consumer
// of a group, to whom entries are delivered; and waiting for entries.
//
// Who waits executes the request again when an entry is added (blocking.go). "$" is
// replaced by the ID that it stands for before the wait, as it would always mean the
// end. Who waits as a consumer also executes it again when the key goes, gets a value
// of another type, or loses a group: the request then answers with the error.

const (
	errReadGroup    replyError = "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
	errReadNoack    replyError = "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
	errReadNoGroup  replyError = "ERR Missing GROUP option for XREADGROUP"
	errReadEnd      replyError = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
	errReadTop      replyError = "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set."
	errReadNewPlain replyError = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
)

// readOptions are the operands of XREAD and XREADGROUP.
type readOptions struct {
	count           int // 0 for all
	block           bool
	untilMs         int64 // 0 for ever
	noack           bool
	grouped         bool // GROUP was given
	group, consumer []byte
	keys            [][]byte
	ids             int // place of the first ID in the request
	from            []readFrom
}

// readFrom says what is wanted of a stream: the entries behind an ID.
type readFrom struct {
	id    stream.ID
	fresh bool          // those that the group has not delivered: ">"
	group *stream.Group // of XREADGROUP
}

// readRead reads all operands but the IDs.
func readRead(c *client, a *args, asGroup bool) (o readOptions, err error) {
	for o.keys == nil {
		switch {
		case a.optionWith("BLOCK", 1):
			err = o.readBlock(c, a)
		case a.optionWith("COUNT", 1):
			o.count, err = a.streamCount()
		case a.optionWith("STREAMS", 1):
			n := a.left() / 2
			if a.left()%2 != 0 {
				return o, c.errUnbalanced(asGroup)
			}
			o.keys, o.ids = a.argv[a.pos:a.pos+n], a.pos+n
			a.pos += n
		case a.optionWith("GROUP", 2):
			if !asGroup {
				return o, errReadGroup
			}
			o.grouped, o.group, o.consumer = true, a.next(), a.next()
		case a.option("NOACK"):
			if !asGroup {
				return o, errReadNoack
			}
			o.noack = true
		default:
			return o, errSyntax
		}
		if err != nil {
			return o, err
		}
	}
	if asGroup && !o.grouped {
		return o, errReadNoGroup
	}
	return o, nil
}

// readBlock reads how long to wait, in milliseconds, 0 for ever.
func (o *readOptions) readBlock(c *client, a *args) (err error) {
	arg := a.next()
	o.block = true
	if o.untilMs, err = timeoutAt(arg, timeoutMilliseconds, c.srv.nowMs); err == nil {
		if n, _ := keyspace.ParseInt(arg); n == 0 {
			o.untilMs = 0
		}
	}
	return err
}

func (c *client) errUnbalanced(asGroup bool) replyError {
	name, ids := "xread", "an ID or '$'"
	switch {
	case asGroup:
		name, ids = "xreadgroup", "an ID or '>'"
	case c.srv.cfg.Compat == "7.4":
		ids = "an ID, '+', or '$'"
	}
	return replyError("ERR Unbalanced '" + name + "' list of streams: for each stream key " + ids + " must be specified.")
}

func errNoGroupToRead(key, group []byte) replyError {
	return replyError("NOGROUP No such key '" + string(text(key)) + "' or consumer group '" + string(text(group)) + "' in XREADGROUP with GROUP option")
}

// readIDs reads the IDs, and looks up each key and its group.
func (o *readOptions) readIDs(c *client, a *args) error {
	for _, key := range o.keys {
		s, err := c.openStream(key)
		if err != nil {
			return err
		}
		var from readFrom
		if o.grouped {
			if s != nil {
				from.group = s.Group(o.group)
			}
			if from.group == nil {
				return errNoGroupToRead(key, o.group)
			}
		}
		if err := from.read(c, a, s); err != nil {
			return err
		}
		o.from = append(o.from, from)
	}
	return nil
}

// read reads an ID.
func (f *readFrom) read(c *client, a *args, s *stream.Stream) (err error) {
	switch {
	case a.option("$"):
		if f.group != nil {
			return errReadEnd
		}
		if s != nil {
			f.id = s.LastID()
		}
	case c.srv.readsLast() && a.option("+"):
		if f.group != nil {
			return errReadTop
		}
		if s != nil {
			f.id, _ = s.TopID().Prev() // 0-0 if there is no entry
		}
	case a.option(">"):
		if f.group == nil {
			return errReadNewPlain
		}
		f.fresh = true
	default:
		f.id, err = a.streamID(0)
		f.fresh = f.id == stream.MaxID && f.group != nil // the reference takes it for ">"
	}
	return err
}

// readsLast tells whether "+" is an ID. It came with 7.4; where no release is named,
// there is what came with any.
func (s *Server) readsLast() bool { return s.cfg.Compat == "" || s.cfg.Compat == "7.4" }

// xreadCommand replies with the entries behind an ID of several streams, and waits for
// one if there is none.
//
//	XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]
//
// O(N) with N the number of entries of the reply. Reply: an array of pairs of key and
// entries, in RESP3 a map, of the streams that have any; null if none has. The ID $ is
// the last one that a stream has given, and + the one before the last entry (7.4), or
// the beginning if there is no entry: a client that waits gets the last one then.
func xreadCommand(c *client, a *args) error { return c.read(a, false) }

// xreadgroupCommand delivers new entries to a consumer of a group, or tells what it
// has pending.
//
//	XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]
//
// O(N) with N the number of entries of the reply. Reply: as that of XREAD. For the ID >
// these are entries that were delivered to nobody in the group, and are pending from
// now on, unless NOACK was given; for any other ID those that the consumer has pending
// behind it, with null in the place of the fields of one that was deleted.
func xreadgroupCommand(c *client, a *args) error { return c.read(a, true) }

func (c *client) read(a *args, asGroup bool) error {
	o, err := readRead(c, a, asGroup)
	if err != nil {
		return err
	}
	if err := o.readIDs(c, a); err != nil {
		return err
	}
	c.noEffect() // but those of single entries
	m := c.out.DeferMap()
	if c.out.Proto < 3 {
		c.out.Cancel(m)
		m = c.out.DeferArray()
	}
	served := 0
	for i, key := range o.keys {
		served += btoi(c.readStream(&o, key, &o.from[i]))
	}
	switch {
	case served > 0 && c.out.Proto >= 3:
		c.out.EndMap(m, served)
	case served > 0:
		c.out.EndArray(m, served)
	default:
		c.out.Cancel(m)
		return c.readNothing(&o, a)
	}
	return nil
}

// readStream replies with what one of the streams has, and tells whether it has
// anything.
func (c *client) readStream(o *readOptions, key []byte, from *readFrom) bool {
	s, _ := c.openStream(key)
	switch {
	case s == nil:
		return false
	case from.group != nil:
		return c.readAsConsumer(o, key, s, from)
	case s.Len() == 0 || !from.id.Less(s.TopID()):
		return false
	}
	c.beginStream(key)
	start, _ := from.id.Next()
	c.replyEntries(s.Range(start, stream.MaxID), o.count)
	return true
}

// beginStream appends what comes before the entries of a stream.
func (c *client) beginStream(key []byte) {
	if c.out.Proto < 3 {
		c.out.Array(2)
	}
	c.out.Bulk(key)
}

// readAsConsumer is readStream for a consumer of a group.
func (c *client) readAsConsumer(o *readOptions, key []byte, s *stream.Stream, from *readFrom) bool {
	g := from.group
	consumer := g.Consumer(o.consumer)
	if consumer == nil {
		consumer = c.consumer(key, g, o.consumer)
		if o.noack { // otherwise those who are told hear of it with its first entry
			c.effect(wordXgroup, wordCreateconsumer, key, o.group, o.consumer)
		}
	}
	consumer.SeenMs = c.srv.nowMs
	switch {
	case !from.fresh:
		c.beginStream(key)
		c.replyHistory(s, consumer, from.id, o.count)
	case s.Len() > 0 && g.LastID.Less(s.TopID()):
		c.beginStream(key)
		c.deliver(key, s, g, consumer, o)
	default:
		return false
	}
	c.srv.dirty++
	return true
}

// consumer returns a consumer of a group, and makes it if it is not there.
func (c *client) consumer(key []byte, g *stream.Group, name []byte) *stream.Consumer {
	consumer := g.Consumer(name)
	if consumer == nil {
		consumer = g.AddConsumer(name, c.srv.nowMs)
		c.groupModified("xgroup-createconsumer", key)
	}
	return consumer
}

// deliver replies with entries that are new to the group.
func (c *client) deliver(key []byte, s *stream.Stream, g *stream.Group, consumer *stream.Consumer, o *readOptions) {
	m := c.out.DeferArray()
	n := 0
	start, _ := g.LastID.Next()
	it := s.Range(start, stream.MaxID)
	for (o.count == 0 || n < o.count) && it.Next() {
		g.Advance(s, it.ID)
		c.replyEntry(&it)
		if !o.noack {
			g.Deliver(it.ID, consumer, c.srv.nowMs)
			consumer.ActiveMs = c.srv.nowMs
			c.tellPending(key, o.group, g, it.ID, g.PendingEntry(it.ID))
		}
		n++
	}
	c.tellGroup(key, o.group, g)
	c.out.EndArray(m, n)
}

// replyHistory replies with what a consumer has pending behind an ID.
func (c *client) replyHistory(s *stream.Stream, consumer *stream.Consumer, after stream.ID, count int) {
	m := c.out.DeferArray()
	n := 0
	start, _ := after.Next()
	consumer.EachPending(start, func(id stream.ID, p *stream.Pending) bool {
		if c.replyEntryOf(s, id) {
			p.DeliveredMs = c.srv.nowMs
			p.Deliveries++
		} else {
			c.out.Array(2)
			c.replyStreamID(id)
			c.out.NullArray()
		}
		n++
		return count == 0 || n < count
	})
	c.out.EndArray(m, n)
}

// readNothing lets the client wait, or replies that there is nothing.
func (c *client) readNothing(o *readOptions, a *args) error {
	if !o.block {
		c.out.NullArray()
		return nil
	}
	for i, from := range o.from {
		if string(a.argv[o.ids+i]) == "$" {
			a.argv[o.ids+i] = from.id.AppendTo(nil)
		}
	}
	err := c.block(o.keys, keyspace.TypeStream, o.untilMs, func(c *client) { c.out.NullArray() })
	if err == errBlocked { // not within a transaction
		c.blocked.needsKey = o.grouped
	}
	return err
}
