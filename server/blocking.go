package server

import (
	"container/heap"
	"errors"
	"slices"

	"respect/keyspace"
)

// Clients that wait for keys.
//
// A handler that finds nothing to take calls block and returns errBlocked. The
// request is copied, and the client stands in the queue of each of its keys.
// When a command makes such a key, or gives it another value, modified notes it
// in Server.ready; after the command serveBlocked goes through the queues of
// the ready keys, first come first served, and lets each client execute its
// request again. A client whose handler finds nothing again goes to the end of its queues,
// as in the reference: it may be a reader of a stream for whom there was nothing.

// errBlocked is returned by a handler whose client has to wait.
var errBlocked = errors.New("blocked")

type keyID struct {
	db  int
	key string
}

// waiters are the queues, by key.
type waiters map[keyID][]*client

// blocking is what a client waits for.
type blocking struct {
	argv      [][]byte // a copy of the request
	row       *row
	keys      []keyID
	wants     keyspace.Type // which type of value can serve it
	needsKey  bool          // it is also served, with an error, when the key goes or has another type
	timeoutMs int64         // when it has waited long enough; 0 for never
	onTimeout func(c *client)
	heapIndex int  // in Server.timeouts; -1 if it has no timeout
	again     bool // the request is executed again
}

// block makes the client wait until one of the keys holds something for it, or
// until the time is over; then onTimeout appends the reply.
func (c *client) block(keys [][]byte, wants keyspace.Type, timeoutMs int64, onTimeout func(c *client)) error {
	if c.blocked != nil { // a retry that found nothing
		return errBlocked
	}
	if c.inExec() { // nothing waits there
		onTimeout(c)
		return nil
	}
	s := c.srv
	b := &blocking{row: c.row, wants: wants, timeoutMs: timeoutMs, onTimeout: onTimeout, heapIndex: -1}
	for _, arg := range c.args.argv {
		b.argv = append(b.argv, append([]byte(nil), arg...))
	}
	c.blocked = b
	for _, key := range keys {
		id := keyID{c.db.ID(), string(key)}
		if b.has(id) {
			continue
		}
		b.keys = append(b.keys, id)
		s.waiters[id] = append(s.waiters[id], c)
	}
	if timeoutMs > 0 {
		heap.Push(&s.timeouts, c)
		s.timer.arm(timeoutMs + 1)
	}
	return errBlocked
}

func (b *blocking) has(id keyID) bool {
	for _, k := range b.keys {
		if k == id {
			return true
		}
	}
	return false
}

// unblock takes the client out of all queues. Its requests go on once it is
// resumed.
func (s *Server) unblock(c *client) {
	b := c.blocked
	for _, id := range b.keys {
		queue := s.waiters[id]
		for i, w := range queue {
			if w == c {
				queue = append(queue[:i:i], queue[i+1:]...)
				break
			}
		}
		if len(queue) == 0 {
			delete(s.waiters, id)
		} else {
			s.waiters[id] = queue
		}
	}
	if b.heapIndex >= 0 {
		heap.Remove(&s.timeouts, b.heapIndex)
	}
	c.blocked = nil
	if c.tracking != nil {
		c.endCaching(b.row)
	}
}

// signalKey notes that a key may serve clients that wait for it.
func (s *Server) signalKey(db int, key []byte) {
	if len(s.waiters) == 0 {
		return
	}
	if _, ok := s.waiters[keyID{db, string(key)}]; ok {
		s.ready = append(s.ready, keyID{db, string(key)})
	}
}

// signalDB notes that all keys of a database may serve clients, after SWAPDB or
// FLUSHDB.
func (s *Server) signalDB(db int) {
	for id := range s.waiters {
		if id.db == db {
			s.ready = append(s.ready, id)
		}
	}
}

// serveBlocked serves the clients that wait for keys that became ready.
// Serving one may make other keys ready (BLMOVE): it goes on until none is.
func (s *Server) serveBlocked() {
	if s.serving { // a client served here made another key ready
		return
	}
	s.serving = true
	for len(s.ready) > 0 {
		ready := s.ready
		s.ready = nil
		for _, id := range ready {
			s.serveKey(id)
		}
	}
	s.serving = false
}

func (s *Server) serveKey(id keyID) {
	queue := append([]*client(nil), s.waiters[id]...)
	for _, c := range queue {
		if c.blocked == nil {
			continue
		}
		o := s.ks.DB(id.db).Lookup([]byte(id.key), keyspace.NoTouch|keyspace.NoStats)
		if s.unit.n > 0 { // it had expired
			s.endUnit()
		}
		if c.blocked.needsKey || o != nil && c.blocked.wants == o.Type() {
			s.retry(c)
		}
	}
}

// retry executes the request of a blocked client again. If it finds nothing, the
// client goes on waiting behind all others.
func (s *Server) retry(c *client) {
	c.args = args{argv: c.blocked.argv}
	c.row = c.blocked.row
	c.blocked.again = true
	before := s.current
	s.current = c
	done := s.recall(c)
	s.current = before
	if done {
		s.unblock(c)
		c.conn.Wake()
		return
	}
	for _, id := range c.blocked.keys {
		queue := s.waiters[id]
		if i := slices.Index(queue, c); i == 0 {
			queue = queue[1:] // of many who wait in turn, it is the first
		} else {
			queue = slices.Delete(queue, i, i+1)
		}
		s.waiters[id] = append(queue, c)
	}
}

// recall calls the command of a blocked client again, unless memory has become short
// meanwhile.
func (s *Server) recall(c *client) (done bool) {
	if s.cfg.Maxmemory > 0 && s.shortOfMemory(c, c.row) {
		s.reject(c, c.row, errOOM)
		return true
	}
	return s.call(c, c.row)
}

// endWait ends the wait of a client with a reply of its own kind.
func (s *Server) endWait(c *client, reply func(c *client)) {
	mark := len(c.out.Buf)
	reply(c)
	s.countWait(c, len(c.out.Buf) > mark && c.out.Buf[mark] == '-')
	c.endReply(mark)
	s.unblock(c)
	c.conn.Wake()
}

// endWaits ends the waits whose time is over, none of them early: the clock has
// passed the time, as with deadlines of keys.
func (s *Server) endWaits() {
	for len(s.timeouts) > 0 && s.timeouts[0].blocked.timeoutMs < s.nowMs {
		c := s.timeouts[0]
		s.endWait(c, c.blocked.onTimeout)
	}
}

// timeoutHeap orders the blocked clients by when they have waited long enough.
type timeoutHeap []*client

func (h timeoutHeap) Len() int { return len(h) }

func (h timeoutHeap) Less(i, j int) bool {
	return h[i].blocked.timeoutMs < h[j].blocked.timeoutMs
}

func (h timeoutHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].blocked.heapIndex, h[j].blocked.heapIndex = i, j
}

// Push is for container/heap.
func (h *timeoutHeap) Push(x any) {
	c := x.(*client)
	c.blocked.heapIndex = len(*h)
	*h = append(*h, c)
}

// Pop is for container/heap.
func (h *timeoutHeap) Pop() any {
	old := *h
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return c
}
