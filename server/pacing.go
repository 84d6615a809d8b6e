package server

import (
	"os"
	"runtime/debug"
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
	// leastGarbage is how much there may be at the limit.
	leastGarbage = 20
	// garbageRoom is how many bytes above a small limit do not matter.
	garbageRoom = 16 << 20
)

// collectorPacing is what the collector was told.
type collectorPacing struct {
	own     bool // the process is this server's, and nobody else has a say
	garbage int  // percent; 0 if it was told nothing
}

// ownCollector lets the server pace the collector from now on, unless the environment
// does.
func (s *Server) ownCollector() {
	s.pacing.own = os.Getenv("GOGC") == ""
	s.paceCollector()
}

// garbageAllowed returns how much garbage there may be, in percent of what is in use.
func garbageAllowed(used, limit uint64) int {
	if limit == 0 || used == 0 {
		return usualGarbage
	}
	goal := limit + max(limit*leastGarbage/100, garbageRoom)
	if goal <= used {
		return leastGarbage
	}
	percent := min((goal-used)*100/used, usualGarbage)
	return max(int(percent)/5*5, leastGarbage) // in steps, so that it changes rarely
}

// paceCollector follows what is used.
func (s *Server) paceCollector() {
	p := &s.pacing
	if !p.own {
		return
	}
	if garbage := garbageAllowed(s.usedMemory(), s.cfg.Maxmemory); garbage != p.garbage {
		p.garbage = garbage
		debug.SetGCPercent(garbage)
	}
}
