package server

import (
	"strconv"

	"respect/keyspace"
	"respect/server/config"
)

// Keyspace notifications: what happens to keys, told in channels. With K in
// notify-keyspace-events each event is a message in __keyspace@<db>__:<key>, with E
// the key is one in __keyevent@<db>__:<event>. The other letters choose classes.
//
// modified tells the event that a change is known by; a handler of which clients are
// told more calls notify for the rest, in the order of the reference.

// eventClass is the class of an event.
type eventClass = config.NotifyFlags

// The classes, by their letter.
const (
	eventGeneric = config.NotifyGeneric // g
	eventString  = config.NotifyString  // $
	eventList    = config.NotifyList    // l
	eventSet     = config.NotifySet     // s
	eventHash    = config.NotifyHash    // h
	eventZSet    = config.NotifyZset    // z
	eventExpired = config.NotifyExpired // x
	eventEvicted = config.NotifyEvicted // e
	eventStream  = config.NotifyStream  // t
	eventMiss    = config.NotifyKeyMiss // m
	eventNew     = config.NotifyNew     // n
)

// notify tells an event to those who want to know, after the change.
func (c *client) notify(class eventClass, event string, key []byte) {
	c.srv.notify(c.db, class, event, key)
}

func (s *Server) notify(db *keyspace.DB, class eventClass, event string, key []byte) {
	wanted := s.cfg.NotifyKeyspaceEvents
	if wanted&class == 0 || len(s.topics[channels].byName)+len(s.topics[patterns].byName) == 0 {
		return
	}
	if wanted&config.NotifyKeyspace != 0 {
		s.channel = append(appendEventChannel(s.channel[:0], "__keyspace@", db), key...)
		s.publish(s.channel, []byte(event))
	}
	if wanted&config.NotifyKeyevent != 0 {
		s.channel = append(appendEventChannel(s.channel[:0], "__keyevent@", db), event...)
		s.publish(s.channel, key)
	}
}

func appendEventChannel(b []byte, prefix string, db *keyspace.DB) []byte {
	b = strconv.AppendInt(append(b, prefix...), int64(db.ID()), 10)
	return append(b, "__:"...)
}

// applyNotify lets the keyspace tell of new keys and of misses only while somebody
// may want to know.
func (s *Server) applyNotify() error {
	s.ks.OnNew, s.ks.OnMiss = nil, nil
	if s.cfg.NotifyKeyspaceEvents&eventNew != 0 {
		s.ks.OnNew = func(db *keyspace.DB, key []byte) { s.notify(db, eventNew, "new", key) }
	}
	if s.cfg.NotifyKeyspaceEvents&eventMiss != 0 {
		s.ks.OnMiss = func(db *keyspace.DB, key []byte) { s.notify(db, eventMiss, "keymiss", key) }
	}
	return nil
}
