package server

import (
	"respect/server/command"
)

// A row of the command table: what a command is, and what it does.
type row struct {
	handler handler
	command.Spec
	inMulti    multiRole
	subscribed bool // allowed to a client of RESP2 that has subscribed
	quick      bool // see isQuick
	stats      commandStats
}

// Command returns what the command is.
func (r *row) Command() *command.Spec { return &r.Spec }

// A handler carries a command out: it parses its arguments completely, asks the
// keyspace, and appends its reply to c.out. The error that it returns becomes
// the reply instead; nothing may have been appended or changed then.
type handler func(c *client, a *args) error

// commandStats are the counts of one command that INFO commandstats shows.
type commandStats struct {
	calls, nsec, rejected, failed uint64
	latency                       *latencyHistogram // nil before the first call
}

// dispatch walks the guards and calls the command of the client's request. It
// returns false if the request has to wait, untouched, for the end of a pause.
func (s *Server) dispatch(c *client) bool {
	argv := c.args.argv

	// 1. Lookup, arity, protection.
	r, err := s.lookup(c, argv)
	c.row = r
	if err != nil {
		s.reject(c, r, err)
		return true
	}

	// 2. Authentication.
	if !c.authenticated && r.Flags&command.NoAuth == 0 {
		s.reject(c, r, errNoAuth)
		return true
	}

	// 3. The end.
	if s.stopping {
		c.closeAfterReply()
		return true
	}

	// 4. What cannot be part of a transaction.
	if c.multi != nil && r.Flags&command.NoMulti != 0 {
		s.reject(c, r, errNoMulti)
		return true
	}

	// 5. Memory.
	if s.cfg.Maxmemory > 0 && s.shortOfMemory(c, r) {
		s.reject(c, r, errOOM)
		return true
	}

	// 6. Files that cannot be written.
	if s.saving.denyWrites && s.deniesWrite(c, r) {
		s.reject(c, r, s.misconf())
		return true
	}

	// 7. Subscribed clients whose replies could be taken for messages.
	if c.subscribed() && !r.subscribed && c.out.Proto < 3 {
		s.reject(c, r, errSubscribed(r.FullName))
		return true
	}

	// 8. The beginning.
	if s.loading != nil && r.Flags&command.Loading == 0 {
		s.reject(c, r, errLoading)
		return true
	}

	// 9. What a monitor may not do.
	if c.flags&flagMonitor != 0 && r.Flags&(command.Write|command.ReadOnly|command.MayReplicate) != 0 {
		s.reject(c, r, errMonitorKeys)
		return true
	}

	// 10. CLIENT PAUSE.
	if s.pause.holds(c, r, s.nowMs) {
		s.postpone(c)
		return false
	}

	// 11. Queueing within a transaction.
	if c.multi != nil && r.inMulti == isQueued {
		c.queue(r, argv)
		return true
	}

	// 12. The call.
	s.call(c, r)
	return true
}

// flagsOf returns the flags by which a request may be refused: of EXEC also those of what it
// would execute.
func (c *client) flagsOf(r *row) command.Flags {
	if r.inMulti == executes && c.multi != nil && !c.multi.spoiled {
		return r.Flags | c.multi.flags
	}
	return r.Flags
}

// lookup finds the row of a request and checks the number of arguments.
func (s *Server) lookup(c *client, argv [][]byte) (*row, error) {
	r, ok := s.commands.Lookup(argv[0])
	if !ok {
		return nil, errUnknownCommand(argv)
	}
	if r.Subcommands != nil && len(argv) > 1 {
		sub, ok := s.commands.LookupSub(r, argv[1])
		if !ok {
			return nil, errUnknownSubcommand(r.Name, argv[1])
		}
		r = sub
	}
	if !r.ArityOK(len(argv)) {
		return r, errArity(r.FullName)
	}
	if r.Flags&command.Protected != 0 {
		return r, c.allowProtected()
	}
	return r, nil
}

// reject answers a request that no handler has seen.
func (s *Server) reject(c *client, r *row, err error) {
	if r != nil {
		r.stats.rejected++
	}
	s.replyError(c, c.refused(r, err))
	if c.tracking != nil {
		c.endCaching(r)
	}
}

func (s *Server) replyError(c *client, err error) {
	mark := len(c.out.Buf)
	s.stats.countError(err.Error())
	c.out.Error(err.Error())
	c.endReply(mark)
}

// call runs a command and does what follows from it. It returns false if the
// client has to wait for what the command asked for.
func (s *Server) call(c *client, r *row) (done bool) {
	if s.run.n > 0 && (!c.mayShare(r) || s.run.client != c) {
		s.endRun()
	}
	done = s.execute(c, r)
	if s.unit.n > 0 {
		s.endUnit()
	}
	if !done {
		s.endCommand(c)
		return false
	}
	s.timed(c, r)
	c.nextReply()
	s.endCommand(c)
	if len(s.ready) > 0 {
		s.serveBlocked()
	}
	return true
}

// endCommand sends what had to wait for the end of the client's command.
func (s *Server) endCommand(c *client) {
	if len(s.deferred.messages) > 0 {
		s.flushDeferred(c)
	}
	if c.tracking != nil {
		c.endCaching(c.row)
		s.limitTracking()
	}
	if len(s.tracking.pending) > 0 {
		s.tellPending(c)
	}
}

// execute runs the handler of a command and counts it; an error becomes the reply.
// It returns false if the client has to wait.
func (s *Server) execute(c *client, r *row) (done bool) {
	mark := len(c.out.Buf)
	c.args.pos = r.Words
	dirty := s.dirty
	err := r.handler(c, &c.args)
	if s.ks.HasOpen() {
		s.ks.Settle()
	}
	if s.copies != nil {
		s.propagateRequest(c, r, s.dirty > dirty)
	}
	done = err != errBlocked
	if done {
		s.stats.commands++
		if err != nil {
			c.out.Buf = c.out.Buf[:mark]
			r.stats.failed++
			s.stats.countError(err.Error())
			c.out.Error(err.Error())
		}
	}
	if c.tracking != nil {
		s.remember(c, r) // who has to wait has looked, too, and found nothing
	}
	if s.monitors != nil {
		s.feedMonitors(c, r)
	}
	if done {
		c.mute(mark)
	}
	return done
}

// record counts a call that took so long.
func (st *commandStats) record(nsec uint64, tracking bool) {
	st.calls++
	st.nsec += nsec
	if !tracking {
		return
	}
	if st.latency == nil {
		st.latency = new(latencyHistogram)
	}
	st.latency.record(nsec)
}

// endReply ends a reply that has been appended since mark.
func (c *client) endReply(mark int) {
	c.mute(mark)
	c.nextReply()
}

// mute takes back what has been appended since mark if the client wants no reply,
// unless the handler has seen to that by itself.
func (c *client) mute(mark int) {
	if c.ownReply {
		c.ownReply = false
	} else if c.reply == replyOff || c.reply == replySkip {
		c.out.Buf = c.out.Buf[:mark]
	}
}

// nextReply goes on with CLIENT REPLY SKIP.
func (c *client) nextReply() {
	switch c.reply {
	case replySkip:
		c.reply = replyOn
	case replySkipNext:
		c.reply = replySkip
	}
}
