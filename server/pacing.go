package server

import (
	"os"
	"runtime/debug"

	"respect/server/process"
)

// Pacing of the garbage collector. By default the heap grows to twice of what is in use
// before garbage is collected. Who sets maxmemory expects the process to stay near it,
// not at twice of it. So the nearer the limit is, the sooner is collected; far below it
// nothing changes.
//
// Measured with maxmemory 100mb, values of 100 bytes and random keys, each request a new
// key, 32 in a pipeline: resident memory and CPU time as multiples of those of redis
// 7.0.15, which had 1.12 times the limit resident.
//
//	garbage allowed, %    100    40    25    12
//	resident             1.95  1.35  1.25  1.15
//	CPU time             0.75  0.71  0.82  1.12

const (
	// usualGarbage is how much garbage there may be, in percent of what is in use,
	// before it is collected, if nothing is said about it.
	usualGarbage = 100
	// loadGarbage is the same while an RDB file is read, which leaves hardly any behind: what
	// it makes is kept, and looking through it again and again is wasted. One million small
	// hashes took a seventh less CPU time, one sorted set of a million members a third less.
	loadGarbage = 800
	// beginsAt is how soon it is begun to collect garbage, in tenths of what there may be,
	// if the program makes it fast.
	beginsAt = 7
	// leastGarbage is how much there may be at the limit.
	leastGarbage = 20
	// garbageRoom is how many bytes above a small limit do not matter.
	garbageRoom = 16 << 20
)

// collectorPacing is what the collector was told.
type collectorPacing struct {
	own     bool   // the process is this server's, and nobody else has a say
	garbage int    // percent; 0 if it was told nothing
	loading bool   // an RDB file is read
	loaded  bool   // one has been read, and garbage was not collected since
	times   uint64 // it had been collected by then

	// collections returns how often garbage was collected, and how many bytes were left of
	// the heap by the last time.
	collections func() (times, left uint64)
	// tell tells the collector how much garbage there may be.
	tell func(percent int) (before int)
}

// ownCollector lets the server pace the collector from now on, unless the environment
// does.
func (s *Server) ownCollector() {
	p := &s.pacing
	p.own, p.collections, p.tell = os.Getenv("GOGC") == "", process.Collections, debug.SetGCPercent
	s.paceCollector()
}

// garbageAllowed returns how much garbage there may be, in percent of what is in use,
// if usual is what there may be far below the limit.
func garbageAllowed(used, limit uint64, usual int) int {
	if limit == 0 || used == 0 {
		return usual
	}
	goal := limit + max(limit*leastGarbage/100, garbageRoom)
	if goal <= used {
		return leastGarbage
	}
	percent := min((goal-used)*100/used, uint64(usual))
	return max(int(percent)/5*5, leastGarbage) // in steps, so that it changes rarely
}

// paceCollector follows what is used.
func (s *Server) paceCollector() {
	p := &s.pacing
	if !p.own {
		return
	}
	usual := usualGarbage
	if p.loading {
		usual = loadGarbage
	}
	if p.loaded {
		if times, _ := p.collections(); times == p.times {
			return
		}
		p.loaded = false
	}
	if garbage := garbageAllowed(s.usedMemory(), s.cfg.Maxmemory, usual); garbage != p.garbage {
		p.garbage = garbage
		p.tell(garbage)
	}
}

// beginReading tells that an RDB file is about to be read.
func (s *Server) beginReading() {
	s.pacing.loading = true
	s.paceCollector()
}

// endReading tells that it was read. The collector has not looked at most of what came, and
// would do so at once; it is in use, so that next time will do.
func (s *Server) endReading() {
	p := &s.pacing
	p.loading = false
	if p.own && s.cfg.Maxmemory == 0 {
		times, left := p.collections()
		if begin := 2 * s.usedMemory(); left > 0 && begin > 2*left {
			p.loaded, p.times = true, times
			p.garbage = int((begin - left) * 100 / left * 10 / beginsAt)
			p.tell(p.garbage)
			return
		}
	}
	s.paceCollector()
}
