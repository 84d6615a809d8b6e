package server

import (
	"math"
	"strings"
	"time"

	"respect/keyspace"
	"respect/server/command"
)

// Eviction: what happens when memory is short.
//
// What is held against maxmemory is what the server has counted, not what the process
// takes: the memory at the start; keys and values with their tables and indexes, which
// the keyspace meters (keyspace/account.go); the connections with their buffers
// (limits.go); and what clients that track have read. It is the used_memory of INFO.
// Each is a number that is kept up to date, so that looking at the sum costs the same
// before each command, however much there is. What the Go runtime needs besides, for
// garbage above all, is kept in proportion by the pacing of its collector (pacing.go).
//
// Before a command, dispatch lets keys be evicted until the limit is kept, or until
// the time is over that maxmemory-eviction-tenacity allows; then the timer goes on
// with it. Only when no key may go is a command refused that would need memory. Which
// key goes is the keyspace's choice (keyspace/evict.go).

// eviction is the state of it.
type eviction struct {
	policy  keyspace.Policy
	goesOn  bool  // the timer has to go on with it
	pushing bool  // messages to the client in execution are not deferred: it is not yet
	sinceNs int64 // since when there is more than is allowed; 0 if there is not
	totalNs int64 // for how long there was, before that

	argv [2][]byte // the command that is propagated
}

// evictionResult is what performEvictions comes to.
type evictionResult int

const (
	evictionDone   evictionResult = iota // the limit is kept, or does not hold now
	evictionGoesOn                       // the timer goes on
	evictionFailed                       // nothing more may go
)

const errOOM replyError = "OOM command not allowed when used memory > 'maxmemory'."

// evictionBatch is how many keys are evicted between two looks at the clock.
const evictionBatch = 16

// policyOrders are the ends of the names of policies.
var policyOrders = map[string]keyspace.EvictionOrder{
	"lru": keyspace.EvictIdle, "lfu": keyspace.EvictRare, "random": keyspace.EvictRandom, "ttl": keyspace.EvictTTL,
}

// applyPolicy follows the parameter maxmemory-policy and those of the counter of uses.
func (s *Server) applyPolicy() error {
	whom, order, _ := strings.Cut(s.cfg.MaxmemoryPolicy, "-")
	policy := keyspace.Policy{Volatile: whom == "volatile", By: policyOrders[order]}
	if policy != s.eviction.policy {
		s.ks.ForgetCandidates()
	}
	s.eviction.policy = policy
	s.ks.Settings.LFU = policy.By == keyspace.EvictRare
	s.ks.Settings.LFULogFactor = int(s.cfg.LFULogFactor)
	s.ks.Settings.LFUDecayMinutes = int(s.cfg.LFUDecayTime)
	return nil
}

// applyMaxmemory follows the parameter maxmemory. If more is used than it allows now, the
// timer begins to evict.
func (s *Server) applyMaxmemory() error {
	limit := s.cfg.Maxmemory
	s.ks.Meter(limit > 0)
	if limit == 0 {
		s.performEvictions() // there are none, but the time of too much is over
		return nil
	}
	if used := s.usedMemory(); used > limit && s.transport != nil {
		s.log.warn("WARNING: the new maxmemory value set via CONFIG SET (%d) is smaller than the current memory usage (%d). This will result in key eviction and/or the inability to accept new write commands depending on the maxmemory-policy.", limit, used)
	}
	s.evictLater()
	return nil
}

// evictLater lets the timer evict.
func (s *Server) evictLater() {
	s.eviction.goesOn = true
	s.timer.arm(s.nowMs)
}

// usedMemory returns what is held against maxmemory, in bytes. It is O(1) while there is
// a limit. The buffer of the append only file does not count: what is evicted makes it longer.
func (s *Server) usedMemory() uint64 {
	return s.stats.startMemory + uint64(s.ks.Used()+int(s.clientBytes)+s.tracking.memory())
}

// evictionTime is how long eviction may hold up a command.
func (s *Server) evictionTime() time.Duration {
	switch tenacity := s.cfg.MaxmemoryEvictionTenacity; {
	case tenacity <= 10:
		return time.Duration(tenacity) * 50 * time.Microsecond
	case tenacity < 100:
		return time.Duration(500 * math.Pow(1.15, float64(tenacity-10)) * float64(time.Microsecond))
	}
	return math.MaxInt64
}

// shortOfMemory evicts keys and tells whether a client's request has to be refused
// because that was not enough. EXEC is refused for what it would execute.
func (s *Server) shortOfMemory(c *client, r *row) bool {
	if s.performEvictions() != evictionFailed {
		return false
	}
	return c.flagsOf(r)&command.DenyOOM != 0
}

// performEvictions evicts keys while more memory is used than is allowed.
func (s *Server) performEvictions() evictionResult {
	result := evictionDone
	if s.cfg.Maxmemory > 0 && s.usedMemory() > s.cfg.Maxmemory {
		if s.loading != nil || s.pause.untilMs > s.nowMs { // the limit does not hold
			return result
		}
		result = s.evictKeys()
	}
	switch e := &s.eviction; {
	case result != evictionDone && e.sinceNs == 0:
		e.sinceNs = s.nowNs
	case result == evictionDone && e.sinceNs != 0:
		e.totalNs += s.nowNs - e.sinceNs
		e.sinceNs = 0
	}
	return result
}

// evictKeys evicts keys until the limit is kept, none may go any more, or the time is
// over.
func (s *Server) evictKeys() evictionResult {
	if s.eviction.policy.By == keyspace.EvictNone {
		return evictionFailed
	}
	s.eviction.pushing = true
	result, started := evictionDone, s.nowNs
	for n := 1; s.usedMemory() > s.cfg.Maxmemory; n++ {
		db, o := s.ks.Victim(s.eviction.policy, int(s.cfg.MaxmemorySamples))
		if o == nil {
			result = evictionFailed
			break
		}
		s.evictKey(db, o)
		if n%evictionBatch == 0 && s.clock()-started > int64(s.evictionTime()) {
			s.evictLater()
			break
		}
	}
	if s.cfg.LatencyMonitorThreshold > 0 {
		s.latency.note(s, eventEvictionCycle, s.clock()-started)
	}
	s.eviction.pushing = false
	if len(s.ready) > 0 { // consumers whose stream is gone
		s.serveBlocked()
	}
	if result == evictionDone && s.eviction.goesOn {
		result = evictionGoesOn
	}
	return result
}

// evictKey deletes a key and tells all who have to know. It does not count as a change
// since the last save.
func (s *Server) evictKey(db *keyspace.DB, o *keyspace.Object) {
	key := o.Key()
	if s.cfg.LatencyMonitorThreshold > 0 {
		started := s.clock()
		db.Remove(o)
		s.latency.note(s, eventEvictionDel, s.clock()-started)
	} else {
		db.Remove(o)
	}
	s.stats.evictedKeys++
	s.signalKey(db.ID(), key)
	s.touch(nil, db, key)
	s.notify(db, eventEvicted, "evicted", key)
	if s.copies != nil {
		s.propagateEviction(db, key)
	}
}

// propagateEviction tells that a key was evicted. Between commands nothing waits to be told.
func (s *Server) propagateEviction(db *keyspace.DB, key []byte) {
	argv := &s.eviction.argv
	argv[0], argv[1] = deletion(s.cfg.LazyfreeEviction), key
	s.propagate(db.ID(), argv[:])
	argv[1] = nil
}

// goOnEvicting evicts some more keys on behalf of the timer, and tells whether more is
// to be done.
func (s *Server) goOnEvicting() (more bool) {
	more = s.performEvictions() == evictionGoesOn
	s.eviction.goesOn = more
	return more
}

// evictionExceeded returns for how long there has been more than is allowed, at present
// and altogether.
func (s *Server) evictionExceeded() (current, total time.Duration) {
	e := &s.eviction
	if e.sinceNs != 0 {
		current = time.Duration(s.nowNs - e.sinceNs)
	}
	return current, current + time.Duration(e.totalNs)
}
