package server

import "respect/server/command"

// pause is what CLIENT PAUSE has set.
type pause struct {
	untilMs   int64 // Unix time in milliseconds; 0 when nothing is paused
	all       bool  // all commands, not only those that may change data
	postponed []*client
}

// holds tells whether a command has to wait.
func (p *pause) holds(c *client, r *row, nowMs int64) bool {
	if p.untilMs == 0 || p.untilMs <= nowMs {
		return false
	}
	flags := r.Flags
	if r.inMulti == executes && c.multi != nil {
		flags |= c.multi.flags
	}
	return p.all || flags&(command.Write|command.MayReplicate) != 0
}

// postpone lets the client's request wait for the end of the pause.
func (s *Server) postpone(c *client) {
	c.postponed = true
	s.pause.postponed = append(s.pause.postponed, c)
}

// setPause begins a pause, or lengthens or widens the present one.
func (s *Server) setPause(untilMs int64, all bool) {
	s.pause.untilMs = max(s.pause.untilMs, untilMs)
	s.pause.all = s.pause.all || all
	s.ks.DeletionPaused = true
	s.timer.arm(s.pause.untilMs)
}

// unpause ends the pause and lets the clients go on.
func (s *Server) unpause() {
	postponed := s.pause.postponed
	s.pause = pause{}
	s.ks.DeletionPaused = false
	for _, c := range postponed {
		c.postponed = false
		if !c.closed {
			c.conn.Wake()
		}
	}
}
