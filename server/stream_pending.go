package server

import (
	"math"
	"slices"

	"respect/keyspace/stream"
	"respect/protocol"
)

// What is pending in a group: XPENDING tells it, XCLAIM and XAUTOCLAIM give it to
// another consumer.

// maxAutoclaim is the largest COUNT of XAUTOCLAIM.
const maxAutoclaim = math.MaxInt64 / stream.IDBytes

const (
	errClaimMinIdle    replyError = "ERR Invalid min-idle-time argument for XCLAIM"
	errClaimIdle       replyError = "ERR Invalid IDLE option argument for XCLAIM"
	errClaimTime       replyError = "ERR Invalid TIME option argument for XCLAIM"
	errClaimRetries    replyError = "ERR Invalid RETRYCOUNT option argument for XCLAIM"
	errAutoclaimIdle   replyError = "ERR Invalid min-idle-time argument for XAUTOCLAIM"
	errCountNotGreater replyError = "ERR COUNT must be > 0"
)

// pendingFilter is the long form of XPENDING.
type pendingFilter struct {
	minIdleMs int64
	from, to  stream.ID
	count     int
	consumer  []byte // nil for all
}

// readPending reads the filter. The reference looks at the count before the ends of
// the range, and ignores what follows the consumer.
func readPending(a *args) (f pendingFilter, err error) {
	if n := a.left(); n < 3 || n > 6 {
		return f, errSyntax
	}
	if a.option("IDLE") {
		if f.minIdleMs, err = a.int(); err != nil {
			return f, err
		}
		if a.left() < 3 {
			return f, errSyntax
		}
	}
	interval := *a
	a.pos += 2
	if f.count, err = a.streamCount(); err != nil {
		return f, err
	}
	if f.from, f.to, err = readInterval(&interval, false); err != nil {
		return f, err
	}
	if a.more() {
		f.consumer = a.next()
	}
	return f, nil
}

// xpendingCommand tells what is pending in a group.
//
//	XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
//
// O(N) with N the number of entries in the reply or in the range. Reply: an array of how many are
// pending, the least and the greatest ID, and pairs of consumer and number; with a
// range an array of entries, each an array of ID, consumer, milliseconds since the
// last delivery, and number of deliveries.
func xpendingCommand(c *client, a *args) error {
	key, group := a.next(), a.next()
	var filter *pendingFilter
	if a.more() {
		f, err := readPending(a)
		if err != nil {
			return err
		}
		filter = &f
	}
	s, err := c.lookupStream(key)
	if err != nil {
		return err
	}
	var g *stream.Group
	if s != nil {
		g = s.Group(group)
	}
	switch {
	case g == nil:
		return errNoKeyOrGroup(key, group)
	case filter == nil:
		c.replyPendingSummary(g)
	default:
		c.replyPending(g, filter)
	}
	return nil
}

func (c *client) replyPendingSummary(g *stream.Group) {
	c.out.Array(4)
	c.out.Int(int64(g.Pending()))
	if g.Pending() == 0 {
		c.out.Null()
		c.out.Null()
		c.out.NullArray()
		return
	}
	first, last := g.PendingEnds()
	c.replyStreamID(first)
	c.replyStreamID(last)
	m := c.out.DeferArray()
	n := 0
	g.EachConsumer(func(consumer *stream.Consumer) bool {
		if consumer.Pending() > 0 {
			c.out.Array(2)
			c.out.BulkString(consumer.Name())
			c.out.BulkInt(int64(consumer.Pending()))
			n++
		}
		return true
	})
	c.out.EndArray(m, n)
}

func (c *client) replyPending(g *stream.Group, f *pendingFilter) {
	each := g.EachPending
	if f.consumer != nil {
		consumer := g.Consumer(f.consumer)
		if consumer == nil {
			c.out.Array(0)
			return
		}
		each = consumer.EachPending
	}
	m := c.out.DeferArray()
	n := 0
	each(f.from, func(id stream.ID, p *stream.Pending) bool {
		if n == f.count || f.to.Less(id) {
			return false
		}
		if idle := c.srv.nowMs - p.DeliveredMs; f.minIdleMs == 0 || idle >= f.minIdleMs {
			c.out.Array(4)
			c.replyStreamID(id)
			c.out.BulkString(p.Consumer().Name())
			c.out.Int(max(idle, 0))
			c.out.Int(int64(p.Deliveries))
			n++
		}
		return true
	})
	c.out.EndArray(m, n)
}

// claim is how a pending entry is given to a consumer.
type claim struct {
	s         *stream.Stream
	g         *stream.Group
	consumer  *stream.Consumer
	minIdleMs int64
	atMs      int64 // what is noted as the time of the delivery
	retries   int64 // what is noted as the number of deliveries, or -1
	force     bool
	justID    bool
	key       []byte
	group     []byte
	told      bool // an effect tells the last ID of the group, too
}

// take gives a pending entry of the stream to the consumer and replies with it, unless
// it has not been idle for long enough: then it reports false. The ID is
// arg in effects, or its usual text if that is nil.
func (cl *claim) take(c *client, id stream.ID, arg []byte, p *stream.Pending) bool {
	if cl.minIdleMs > 0 && c.srv.nowMs-p.DeliveredMs < cl.minIdleMs {
		return false
	}
	cl.g.Assign(id, p, cl.consumer)
	p.DeliveredMs = cl.atMs
	switch {
	case cl.retries >= 0:
		p.Deliveries = uint64(cl.retries)
	case !cl.justID:
		p.Deliveries++
	}
	if cl.justID {
		c.replyStreamID(id)
	} else {
		c.replyEntryOf(cl.s, id)
	}
	cl.consumer.ActiveMs = c.srv.nowMs
	cl.changed(c, id, arg, p)
	return true
}

// changed reports a change of a pending entry, or that it is about to be none.
func (cl *claim) changed(c *client, id stream.ID, arg []byte, p *stream.Pending) {
	c.srv.dirty++
	cl.told = true
	if arg == nil {
		c.tellPending(cl.key, cl.group, cl.g, id, p)
	} else {
		c.tellPendingAs(cl.key, cl.group, cl.g, arg, p)
	}
}

// xclaimCommand gives pending entries to a consumer.
//
//	XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]
//
// O(log N) for each ID, with N the number of pending entries. Reply: an array of the
// entries that were claimed, with JUSTID of their IDs. Entries that were deleted are
// not pending any more.
func xclaimCommand(c *client, a *args) error {
	key, group, name := a.next(), a.next(), a.next()
	s, err := c.openStream(key)
	if err != nil {
		return err
	}
	cl := claim{s: s, retries: -1, key: key, group: group}
	if s != nil {
		cl.g = s.Group(group)
	}
	if cl.g == nil {
		return errNoKeyOrGroup(key, group)
	}
	if cl.minIdleMs, err = a.intIn(math.MinInt64, math.MaxInt64, errClaimMinIdle); err != nil {
		return err
	}
	args := a.argv[a.pos:]
	ids := readClaimedIDs(a)
	last, err := cl.readOptions(c, a)
	if err != nil {
		return err
	}
	c.noEffect() // but those of single entries
	advanced := cl.g.LastID.Less(last)
	if advanced {
		cl.g.LastID = last
	}
	cl.consumer = c.consumer(key, cl.g, name)
	cl.consumer.SeenMs = c.srv.nowMs
	m := c.out.DeferArray()
	n := 0
	for i, id := range ids {
		n += btoi(cl.one(c, id, args[i]))
	}
	if advanced && !cl.told {
		c.srv.dirty++
		c.tellGroup(key, group, cl.g)
	}
	c.out.EndArray(m, n)
	return nil
}

// readClaimedIDs reads IDs up to the first argument that is none.
func readClaimedIDs(a *args) (ids []stream.ID) {
	for a.more() {
		id, ok := stream.ParseID(a.argv[a.pos], 0)
		if !ok {
			break
		}
		ids = append(ids, id)
		a.pos++
	}
	return ids
}

// readOptions reads the options of XCLAIM, and returns that of LASTID.
func (cl *claim) readOptions(c *client, a *args) (last stream.ID, err error) {
	now := c.srv.nowMs
	cl.atMs = -1
	for a.more() && err == nil {
		switch {
		case a.option("FORCE"):
			cl.force = true
		case a.option("JUSTID"):
			cl.justID = true
		case a.optionWith("IDLE", 1):
			cl.atMs, err = a.intIn(math.MinInt64, math.MaxInt64, errClaimIdle)
			cl.atMs = now - cl.atMs
		case a.optionWith("TIME", 1):
			cl.atMs, err = a.intIn(math.MinInt64, math.MaxInt64, errClaimTime)
		case a.optionWith("RETRYCOUNT", 1):
			cl.retries, err = a.intIn(math.MinInt64, math.MaxInt64, errClaimRetries)
		case a.optionWith("LASTID", 1):
			last, err = a.streamID(0)
		default:
			err = replyError("ERR Unrecognized XCLAIM option '" + string(text(a.next())) + "'")
		}
	}
	if cl.atMs < 0 || cl.atMs > now {
		cl.atMs = now
	}
	return last, err
}

// one claims an entry, and tells whether it was claimed.
func (cl *claim) one(c *client, id stream.ID, arg []byte) bool {
	p := cl.g.PendingEntry(id)
	switch {
	case !cl.s.Has(id):
		if p != nil {
			cl.changed(c, id, arg, p)
			cl.g.Acknowledge(id)
		}
		return false
	case p == nil && !cl.force:
		return false
	case p == nil:
		cl.g.Deliver(id, cl.consumer, c.srv.nowMs)
		fresh := *cl
		fresh.minIdleMs = 0
		cl.told = true
		return fresh.take(c, id, arg, cl.g.PendingEntry(id))
	}
	return cl.take(c, id, arg, p)
}

// How many entries XAUTOCLAIM claims if it is not told, and how many it looks at for
// each one that it may claim.
const (
	autoclaimCount    = 100
	autoclaimAttempts = 10
)

// xautoclaimCommand gives a consumer the entries that have been pending for long, in
// the order of their IDs.
//
//	XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
//
// O(1) if the count is small. Reply: an array of the ID to go on with, 0-0 at the end;
// the claimed entries, with JUSTID their IDs; and the IDs of those that were deleted,
// which are not pending any more.
//
// Deviation: a huge COUNT is no error for want of memory, as nothing is allocated for
// it.
func xautoclaimCommand(c *client, a *args) error {
	key, group, name := a.next(), a.next(), a.next()
	// The key is looked up first, and its type is a matter of later, as in the reference.
	s, wrongType := c.openStream(key)
	cl := claim{s: s, retries: -1, atMs: c.srv.nowMs, key: key, group: group}
	var err error
	if cl.minIdleMs, err = a.intIn(math.MinInt64, math.MaxInt64, errAutoclaimIdle); err != nil {
		return err
	}
	start, err := a.intervalStart()
	if err != nil {
		return err
	}
	count := int64(autoclaimCount)
	for a.more() {
		switch {
		case a.optionWith("COUNT", 1):
			if count, err = a.intIn(1, maxAutoclaim, errCountNotGreater); err != nil {
				return err
			}
		case a.option("JUSTID"):
			cl.justID = true
		default:
			return errSyntax
		}
	}
	if wrongType != nil {
		return wrongType
	}
	if s != nil {
		cl.g = s.Group(group)
	}
	if cl.g == nil {
		return errNoKeyOrGroup(key, group)
	}
	c.noEffect() // but those of single entries
	cl.consumer = c.consumer(key, cl.g, name)
	cl.consumer.SeenMs = c.srv.nowMs
	c.autoclaim(&cl, start, count)
	return nil
}

// autoclaim claims up to count entries from an ID on.
func (c *client) autoclaim(cl *claim, from stream.ID, count int64) {
	c.out.Array(3)
	start := len(c.out.Buf)
	m := c.out.DeferArray()
	n := 0
	var deleted []stream.ID
	more := true
	attempts := count * autoclaimAttempts
	for ; more && attempts > 0 && count > 0; attempts-- {
		id, p, ok := cl.g.NextPending(from)
		if !ok {
			break
		}
		from, more = id.Next()
		switch {
		case !cl.s.Has(id):
			cl.changed(c, id, nil, p)
			cl.g.Acknowledge(id)
			deleted = append(deleted, id)
			count--
		case cl.take(c, id, nil, p):
			n++
			count--
		}
	}
	c.out.EndArray(m, n)
	var next stream.ID
	if more {
		next, _, _ = cl.g.NextPending(from)
	}
	c.out.Buf = slices.Insert(c.out.Buf, start, protocol.AppendBulk(nil, next.String())...)
	c.out.Array(len(deleted))
	for _, id := range deleted {
		c.replyStreamID(id)
	}
}
