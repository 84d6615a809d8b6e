package server

// Propagation: what changes the data set is told, as commands that make the same change
// anywhere and at any time, to those who keep a copy of it.

// A copyKeeper keeps a copy of the data set up to date. It is called with the lock held,
// in the order of the changes, and keeps no argument after it has returned.
type copyKeeper interface {
	feed(db int, argv [][]byte)
}

// propagate tells a command that changes a database to all keepers of copies.
func (s *Server) propagate(db int, argv [][]byte) {
	for _, k := range s.copies {
		k.feed(db, argv)
	}
}

// propagateAs lets a command be told in the place of the one that is being executed.
func (c *client) propagateAs(argv [][]byte) {
	if c.srv.copies != nil {
		c.srv.instead = argv
	}
}

// propagateCall tells the command that has just been executed, or what it named in its
// place.
func (s *Server) propagateCall(c *client) {
	argv := c.args.argv
	if s.instead != nil {
		argv = s.instead
	}
	s.propagate(c.db.ID(), argv)
	s.instead = nil
}
