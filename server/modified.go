package server

import "respect/keyspace"

// eventClass is the class of a keyspace event, as a bit set: the letters of
// notify-keyspace-events.
type eventClass uint16

const (
	eventGeneric eventClass = 1 << iota // g
	eventString                         // $
	eventList                           // l
	eventSet                            // s
	eventHash                           // h
	eventZSet                           // z
	eventExpired                        // x
	eventEvicted                        // e
	eventStream                         // t
	eventNew                            // n
)

// modified reports a change of a key. Every change is reported exactly once,
// here: it counts as dirty and wakes the clients that wait for the key.
func (c *client) modified(class eventClass, event string, key []byte) {
	c.srv.keyModified(c.db, class, event, key)
}

func (s *Server) keyModified(db *keyspace.DB, class eventClass, event string, key []byte) {
	s.dirty++
	if class != eventStream { // of these few wake anybody (stream.go)
		s.signalKey(db.ID(), key)
	}
}
