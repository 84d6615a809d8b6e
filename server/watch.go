package server

import "respect/keyspace"

// WATCH: optimistic locking. A client notes keys, reads them, and queues what it
// wants to do with what it has read. Whoever changes one of the keys in between,
// in whatever way and from whichever database, makes its EXEC do nothing.
//
// Each change of a key is told to touchWatched by modified. A key that has expired
// was changed, too, even if nobody has deleted it yet; one that had expired
// already when it was watched was not, when it is deleted.

// watching is what a client watches.
type watching struct {
	keys   []*watchedKey
	broken bool // one of them was changed
}

type watchedKey struct {
	w       *watching
	id      keyID
	expired bool // it had expired, but was not deleted, when it was watched
}

// watchers are the watched keys.
type watchers map[keyID][]*watchedKey

// watchCommand lets the next transaction depend on keys.
//
//	WATCH key [key ...]
//
// O(N) with N the number of keys. Reply: OK.
func watchCommand(c *client, a *args) error {
	if c.multi != nil {
		return errWatchMulti
	}
	if !c.watchBroken() { // otherwise it is too late for any key
		for _, key := range a.rest() {
			c.watch(key)
		}
	}
	c.out.OK()
	return nil
}

// unwatchCommand forgets the watched keys.
//
//	UNWATCH
//
// O(N) with N the number of watched keys. Reply: OK.
func unwatchCommand(c *client, a *args) error {
	c.unwatch()
	c.out.OK()
	return nil
}

func (c *client) watch(key []byte) {
	s := c.srv
	id := keyID{c.db.ID(), string(key)}
	if c.watching == nil {
		c.watching = new(watching)
	}
	for _, k := range s.watchers[id] {
		if k.w == c.watching {
			return
		}
	}
	_, expired := c.db.Stored(key)
	k := &watchedKey{c.watching, id, expired}
	c.watching.keys = append(c.watching.keys, k)
	s.watchers[id] = append(s.watchers[id], k)
}

// unwatch forgets the client's watched keys.
func (c *client) unwatch() {
	if c.watching == nil {
		return
	}
	all := c.srv.watchers
	for _, k := range c.watching.keys {
		others := all[k.id]
		for i, other := range others {
			if other == k {
				others[i] = others[len(others)-1]
				others[len(others)-1] = nil
				others = others[:len(others)-1]
				break
			}
		}
		if len(others) == 0 {
			delete(all, k.id)
		} else {
			all[k.id] = others
		}
	}
	c.watching = nil
}

// watchBroken tells whether a watched key was changed.
func (c *client) watchBroken() bool { return c.watching != nil && c.watching.broken }

// watchedExpired tells whether a watched key has expired since.
func (c *client) watchedExpired() bool {
	if c.watching == nil {
		return false
	}
	for _, k := range c.watching.keys {
		if _, expired := c.srv.ks.DB(k.id.db).Stored([]byte(k.id.key)); expired && !k.expired {
			return true
		}
	}
	return false
}

// touchWatched notes that a key was changed.
func (s *Server) touchWatched(db *keyspace.DB, key []byte) {
	for _, k := range s.watchers[keyID{db.ID(), string(key)}] {
		if k.expired {
			if stored, _ := db.Stored(key); !stored {
				k.expired = false // nothing has become nothing
				continue
			}
		}
		k.w.broken = true
	}
}

// touchWatchedIn notes that a database is about to lose all its keys, and to get
// those of another one, which is nil after FLUSHDB.
func (s *Server) touchWatchedIn(db, next *keyspace.DB) {
	for id, watched := range s.watchers {
		if id.db != db.ID() {
			continue
		}
		key := []byte(id.key)
		was, _ := db.Stored(key)
		willBe, willBeExpired := false, false
		if next != nil {
			willBe, willBeExpired = next.Stored(key)
		}
		if !was && !willBe {
			continue
		}
		for _, k := range watched {
			switch {
			case k.expired && !willBe:
				k.expired = false
			case k.expired && willBeExpired:
			case !k.expired && !was && willBeExpired:
				k.expired = true
			default:
				k.w.broken = true
			}
		}
	}
}
