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
