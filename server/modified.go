package server

import "respect/keyspace"

// modified reports a change of a key. Every change is reported here: it counts as
// dirty, breaks watches, wakes the clients that wait for the key, and is told by
// an event.
func (c *client) modified(class eventClass, event string, key []byte) {
	c.srv.keyModified(c.db, class, event, key)
}

func (s *Server) keyModified(db *keyspace.DB, class eventClass, event string, key []byte) {
	s.dirty++
	s.signalKey(db.ID(), key)
	if len(s.watchers) > 0 {
		s.touchWatched(db, key)
	}
	if s.cfg.NotifyKeyspaceEvents&class != 0 {
		s.notify(db, class, event, key)
	}
}
