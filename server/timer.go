package server

import (
	"math"
	"sync"
	"time"

	"respect/keyspace"
)

// timer is the goroutine that acts when nobody asks: it deletes expired keys and
// ends waits on time, and does the regular chores of cron. It sleeps until the
// earliest of them is due.
type timer struct {
	srv   *Server
	atMs  int64         // when it wakes next; guarded by Server.mu
	wake  chan struct{} // it has to wake earlier
	quit  chan struct{}
	ended sync.WaitGroup
}

// expireSlice is how many keys are deleted under one hold of the lock.
const expireSlice = 128

func newTimer(s *Server) *timer {
	return &timer{srv: s, atMs: math.MaxInt64, wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

func (t *timer) start() { t.ended.Go(t.run) }

func (t *timer) stop() {
	close(t.quit)
	t.ended.Wait()
}

// arm makes the timer wake at a time, or earlier. Called with the lock held.
func (t *timer) arm(atMs int64) {
	if atMs >= t.atMs {
		return
	}
	t.atMs = atMs
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *timer) run() {
	clock := time.NewTimer(0)
	defer clock.Stop()
	for {
		select {
		case <-t.quit:
			return
		case <-t.wake:
		case <-clock.C:
		}
		clock.Reset(t.srv.act())
	}
}

// act does what is due and returns after how long it wants to be called again.
func (s *Server) act() time.Duration {
	after, ticket := s.actLocked()
	s.Await(ticket)
	return after
}

func (s *Server) actLocked() (after time.Duration, ticket uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	s.endWaits()
	if s.pause.untilMs != 0 && s.pause.untilMs <= s.nowMs {
		s.unpause()
	}
	if s.activeExpire {
		for s.expireSome() {
			s.mu.Unlock() // let clients in between two slices
			s.mu.Lock()
			s.tick()
		}
		s.serveBlocked() // consumers whose stream has expired
	}
	for s.eviction.goesOn && s.goOnEvicting() {
		s.mu.Unlock()
		s.mu.Lock()
		s.tick()
	}
	if s.nowMs >= s.nextCronMs && !s.cronPaused {
		s.cron()
	}
	if s.tracking.changed {
		s.broadcast()
	}
	if s.clientsOver && s.limits.clients > 0 {
		s.evictClients()
	}
	ticket = s.Commit()
	s.timer.atMs = s.nextDue()
	return time.Duration(max(0, s.timer.atMs-s.nowMs)) * time.Millisecond, ticket
}

// expireSome deletes some of what has expired, and tells whether there is more. How long
// it takes is measured for LATENCY only.
func (s *Server) expireSome() (more bool) {
	s.unit.separated = true
	more = s.ks.ExpireSome(expireSlice)
	s.unit.separated = false
	if s.cfg.LatencyMonitorThreshold > 0 {
		started := s.nowNs
		s.tick()
		s.latency.note(s, eventExpireCycle, s.nowNs-started)
	}
	return more
}

// nextDue returns when something is due next.
func (s *Server) nextDue() int64 {
	due := s.nextCronMs
	if s.cronPaused {
		due = s.nowMs + int64(time.Minute/time.Millisecond)
	}
	if s.activeExpire && !s.ks.DeletionPaused {
		if at, ok := s.ks.NextExpiry(); ok {
			due = min(due, at+1) // a key is there until its deadline has passed
		}
	}
	if len(s.timeouts) > 0 {
		due = min(due, s.timeouts[0].blocked.timeoutMs+1)
	}
	if s.pause.untilMs != 0 {
		due = min(due, s.pause.untilMs)
	}
	return due
}

// cron does the regular chores, hz times a second.
func (s *Server) cron() {
	s.system.set()
	s.nextCronMs = s.nowMs + 1000/max(1, s.cfg.Hz)
	s.stats.sample(s.nowMs)
	s.checkSoftLimits()
	s.aofCron()
	s.recountClients()
	s.stats.peakMemory = max(s.stats.peakMemory, s.usedMemory())
	s.paceCollector()
	s.checkSavePoints()
	s.migrateSockets.closeUnused(s.nowMs - migrateSocketMs)
	if s.cfg.Timeout > 0 {
		s.closeIdle()
	}
}

// closeIdle closes the clients that have been silent for longer than the
// parameter timeout allows, but for those that are not expected to say anything.
func (s *Server) closeIdle() {
	for _, c := range s.clients {
		if c.blocked == nil && c.flags&flagMonitor == 0 && !c.subscribed() && s.nowMs-c.activeMs > s.cfg.Timeout*1000 {
			s.log.verbose("Closing idle client")
			c.conn.Close()
		}
	}
}

// keyExpired is told by the keyspace of each key that it has deleted.
func (s *Server) keyExpired(db *keyspace.DB, key []byte) {
	s.tellDeleted(db, key, s.cfg.LazyfreeExpire)
	s.keyTouched(nil, db, eventExpired, "expired", key)
}
