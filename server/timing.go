package server

import "respect/server/command"

// How long commands take. Reading the clock costs about as much as a simple
// command of a pipeline does by itself, so that fast commands which follow each
// other in one batch share a reading: each is counted with an equal part of the
// time of all. Every other command has its own.

// maxRun is how many commands share a reading. The server's time stands still for
// as long: well under ten microseconds.
const maxRun = 8

// maxRunArgs bounds the arguments of a command that shares a reading: with more, a
// fast one can take long.
const maxRunArgs = 8

// timedRun are the calls that wait for the next reading of the clock.
type timedRun struct {
	rows   [maxRun]*row
	argvs  [maxRun][][]byte
	n      int
	client *client // of all of them
}

// isQuick tells whether a command takes next to no time: one that is flagged as fast,
// or one that works on a key in constant time.
func isQuick(s *command.Spec) bool {
	return s.Flags&command.Fast != 0 || s.Complexity == "O(1)" && len(s.KeySpecs) > 0
}

// mayShare tells whether the command in execution may share its reading of the
// clock with the client's next one.
func (c *client) mayShare(r *row) bool {
	return r.quick && len(c.args.argv) <= maxRunArgs && !c.srv.observation.exact
}

// timed counts a call that has just ended.
func (s *Server) timed(c *client, r *row) {
	run := &s.run
	run.rows[run.n], run.argvs[run.n], run.client = r, c.args.argv, c
	run.n++
	if run.n == maxRun || !c.hasNext() || !c.mayShare(r) {
		s.endRun()
	}
}

// countWait counts the call of a client whose wait ends without having been served. The
// time for which it waited is not that of the server.
func (s *Server) countWait(c *client, failed bool) {
	r := c.blocked.row
	r.stats.record(0, s.cfg.LatencyTracking)
	r.stats.failed += uint64(btoi(failed))
	s.stats.commands++
	if s.observation.slowNs == 0 {
		run := timedRun{n: 1, client: c}
		run.rows[0], run.argvs[0] = r, c.blocked.argv
		s.observeSlow(&run, 0)
	}
}

// endRun reads the clock and counts the calls that have waited for it.
func (s *Server) endRun() {
	run := &s.run
	if run.n == 0 {
		return
	}
	started := s.nowNs
	s.tick()
	took := max(0, s.nowNs-started)
	each := uint64(took) / uint64(run.n)
	for _, r := range run.rows[:run.n] {
		r.stats.record(each, s.cfg.LatencyTracking)
	}
	if took >= s.observation.slowNs {
		s.observeSlow(run, took)
	}
	clear(run.argvs[:run.n])
	run.n, run.client = 0, nil
}
