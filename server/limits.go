package server

import (
	"math"
	"slices"

	"respect/server/config"
)

// Limits of what clients take. What a client does not read stays in memory: its replies
// are bounded by client-output-buffer-limit, its requests by client-query-buffer-limit
// (client.go), and the memory of all clients together by maxmemory-clients. A client
// that goes beyond is disconnected; nobody else waits for it.
//
// Whoever appends to the output of a client that is not executing calls delivered. For
// one that is, Serve looks after each request, so that a pipeline of requests for long
// values is ended in its middle.

// limits are what the parameters come to.
type limits struct {
	normal, pubsub int   // bytes of replies below which no limit of the class can be reached
	clients        int64 // maxmemory-clients in bytes, 0 for none
	counted        bool  // the memory of all clients is added up
}

// applyLimits follows the parameters.
func (s *Server) applyLimits() error {
	l := limits{clients: s.cfg.MaxmemoryClients}
	if l.clients < 0 {
		l.clients = int64(float64(s.cfg.Maxmemory) * float64(-l.clients) / 100)
	}
	floor := func(class int) int {
		n := uint64(math.MaxInt)
		o := s.cfg.ClientOutputBufferLimit[class]
		for _, limit := range []uint64{o.Hard, o.Soft, uint64(l.clients)} {
			if limit > 0 {
				n = min(n, limit)
			}
		}
		return int(n)
	}
	l.normal, l.pubsub = floor(config.ClassNormal), floor(config.ClassPubsub)
	l.counted = l.clients > 0 || s.cfg.Maxmemory > 0
	s.limits = l
	s.recountClients()
	return nil
}

// class is the client's class in client-output-buffer-limit.
func (c *client) class() int {
	if c.subscribed() {
		return config.ClassPubsub
	}
	return config.ClassNormal
}

// outputFloor is the length of the reply buffer below which no look at the limits is
// needed.
func (c *client) outputFloor() int {
	floor := c.srv.limits.normal
	if c.subscribed() {
		floor = c.srv.limits.pubsub
	}
	if floor != math.MaxInt {
		floor = max(floor-c.conn.OutputPending(), 1)
	}
	return floor
}

// delivered has written what somebody else appended to the client's output.
func (c *client) delivered() {
	if c.closed {
		c.out.Buf = nil
		return
	}
	if len(c.out.Buf) >= c.outputFloor() {
		if c.checkOutput(); c.closed {
			return
		}
	}
	if c.srv.limits.counted {
		c.srv.accountClient(c)
	}
	c.conn.Wake()
}

// checkOutput holds the unread replies against the limits, and closes a client that
// is beyond.
func (c *client) checkOutput() {
	s := c.srv
	used := uint64(len(c.out.Buf) + c.conn.OutputPending())
	l := &s.cfg.ClientOutputBufferLimit[c.class()]
	soft := l.Soft > 0 && used >= l.Soft
	c.softCalm = false
	switch {
	case soft && c.softSinceMs == 0:
		c.softSinceMs = s.nowMs
		s.overSoft[c] = struct{}{}
	case !soft && c.softSinceMs != 0:
		c.softSinceMs = 0
		delete(s.overSoft, c)
	}
	tooLong := soft && (s.nowMs-c.softSinceMs)/1000 > int64(l.SoftSeconds)
	switch {
	case l.Hard > 0 && used >= l.Hard || tooLong:
		s.stats.outputBufferKills++
		s.log.warn("Client %s scheduled to be closed ASAP for overcoming of output buffer limits.", c.describe())
		c.drop()
	case s.limits.clients > 0 && c.flags&flagNoEvict == 0 && int64(c.memory()) > s.limits.clients:
		s.evict(c)
	}
}

// drop closes the connection and frees what waits for it.
func (c *client) drop() {
	c.closing = true
	c.conn.Close()
	c.out.Buf = nil
}

// checkSoftLimits looks at the clients that were beyond a soft limit. What the transport
// has taken and is about to write is in neither account for a moment: only who is below
// the limit for the second time in a row has caught up.
func (s *Server) checkSoftLimits() {
	for c := range s.overSoft {
		used := uint64(len(c.out.Buf) + c.conn.OutputPending())
		if used < s.cfg.ClientOutputBufferLimit[c.class()].Soft && !c.softCalm {
			c.softCalm = true
			continue
		}
		c.checkOutput()
	}
}

// countClient keeps the sum of what clients take, also those that are not to be closed
// for it. It is called while anything is held against the sum.
func (s *Server) countClient(c *client) {
	now := 0
	if !c.closed {
		now = c.memory()
	}
	s.clientBytes += int64(now - c.counted)
	c.counted = now
}

// accountClient counts a client and holds the sum against maxmemory-clients. What was
// just appended may be written in a moment: only if it is twice what is allowed, there
// is no waiting.
func (s *Server) accountClient(c *client) {
	s.countClient(c)
	if s.limits.clients == 0 {
		return
	}
	switch over := s.clientBytes - s.limits.clients; {
	case over > s.limits.clients:
		s.evictClients()
	case over > 0:
		s.clientsOver = true
		s.timer.arm(s.nowMs + 1)
	}
}

// recountClients adds up what all clients take, what could not be written included,
// of which nobody tells when it is.
func (s *Server) recountClients() {
	switch {
	case s.limits.clients > 0:
		s.evictClients()
	case s.limits.counted:
		s.addUpClients()
	}
}

func (s *Server) addUpClients() {
	s.clientBytes = 0
	for _, c := range s.clients {
		c.counted = c.memory()
		s.clientBytes += int64(c.counted)
	}
}

// evictClients closes clients, those first that take most, until the others take no
// more than maxmemory-clients.
func (s *Server) evictClients() {
	s.clientsOver = false
	s.addUpClients()
	if s.clientBytes <= s.limits.clients {
		return
	}
	var list []*client
	for _, c := range s.clients {
		if c.flags&flagNoEvict == 0 {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(x, y *client) int { return y.counted - x.counted })
	for _, c := range list {
		if s.clientBytes <= s.limits.clients {
			return
		}
		s.evict(c)
	}
}

// evict closes a client because of what it takes.
func (s *Server) evict(c *client) {
	s.stats.evictedClients++
	s.log.notice("Evicting client: %s", c.describe())
	c.drop()
}

// unlimit takes a client that is gone out of the accounts.
func (s *Server) unlimit(c *client) {
	s.clientBytes -= int64(c.counted)
	c.counted = 0
	delete(s.overSoft, c)
}
