package server

import "respect/keyspace"

// modified reports a change of a key. Every change is reported here: it counts as
// dirty, breaks watches, wakes the clients that wait for the key, and is told by
// an event.
func (c *client) modified(class eventClass, event string, key []byte) {
	c.srv.keyModified(c, c.db, class, event, key)
}

// countsAs has the change that is reported beside it count as so many: of the elements of a
// value each counts, so that save points are met as they are in the reference.
func (s *Server) countsAs(changes int) { s.dirty += uint64(changes) - 1 }

// keyModified reports a change by a client, or by nobody when the time has come.
func (s *Server) keyModified(by *client, db *keyspace.DB, class eventClass, event string, key []byte) {
	s.dirty++
	s.keyTouched(by, db, class, event, key)
}

// keyTouched reports what counts as a change to all but those who keep the data: a key
// that is gone because its time had come, a list that was trimmed and lost nothing.
func (s *Server) keyTouched(by *client, db *keyspace.DB, class eventClass, event string, key []byte) {
	if class != eventStream { // of these few wake anybody (stream.go)
		s.signalKey(db.ID(), key)
	}
	s.touch(by, db, key)
	if s.cfg.NotifyKeyspaceEvents&class != 0 {
		s.notify(db, class, event, key)
	}
}

// touch breaks watches of a key, and tells clients that have it in their caches.
func (s *Server) touch(by *client, db *keyspace.DB, key []byte) {
	if len(s.watchers) > 0 {
		s.touchWatched(db, key)
	}
	if s.tracking.items > 0 || len(s.tracking.prefixes) > 0 {
		s.invalidate(key, by)
	}
}
