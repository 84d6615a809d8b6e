package keyspace

// Eviction: which key goes when memory is short.
//
// Whether one is used rarely is known only by looking at it, and there are too many
// to look at all. So a few are sampled each time, and the best candidates of all
// samples so far are kept in a pool, across databases: what goes is the best of the
// pool, which comes close to the best of all. When half of 2000 keys of one database
// have to go, 91 of 100 that do are of the older half (5 samples, a pool of 16); with
// redis 7.0.15 it is 86.
//
// Keys that expire stand in a heap by deadline anyway: volatile-ttl takes the first
// of it, exactly. The other volatile policies sample the heap, where every place holds
// a key.

// Policy is the parameter maxmemory-policy.
type Policy struct {
	Volatile bool // only keys that expire may go
	By       EvictionOrder
}

// EvictionOrder says which keys go first.
type EvictionOrder uint8

// The orders.
const (
	EvictNone   EvictionOrder = iota
	EvictRandom               // any
	EvictIdle                 // those not used for the longest time (lru)
	EvictRare                 // those used least frequently (lfu)
	EvictTTL                  // those that expire next
)

// poolSize is how many candidates are kept.
const poolSize = 16

// maxPoolKey bounds the room in bytes for the name of a candidate that is kept for the
// next one.
const maxPoolKey = 255

// candidate is a key that may have to go; it may also be gone, or have been used since.
type candidate struct {
	db    int
	key   []byte
	score uint32 // the higher, the sooner it goes
}

// evictionPool holds the best candidates, in ascending order of their scores.
type evictionPool struct {
	list [poolSize]candidate
	n    int
}

// offer takes a candidate in if it is better than the worst, or if there is room.
func (p *evictionPool) offer(db int, key []byte, score uint32) {
	at := 0 // how many are worse
	for at < p.n && p.list[at].score < score {
		at++
	}
	var spare []byte
	switch {
	case p.n < poolSize:
		spare = p.list[p.n].key
		copy(p.list[at+1:p.n+1], p.list[at:p.n])
		p.n++
	case at == 0:
		return
	default: // the worst gives its place
		at--
		spare = p.list[0].key
		copy(p.list[:at], p.list[1:at+1])
	}
	p.list[at] = candidate{db, append(spare[:0], key...), score}
}

// take returns the best candidate and takes it out. Its name is valid until the next
// offer.
func (p *evictionPool) take() (c candidate, ok bool) {
	if p.n == 0 {
		return c, false
	}
	p.n--
	c = p.list[p.n]
	if cap(c.key) > maxPoolKey {
		p.list[p.n].key = nil
	}
	return c, true
}

// ForgetCandidates empties the pool: scores of another policy mean nothing.
func (ks *Keyspace) ForgetCandidates() { ks.pool = nil }

// Victim returns the key that is to go next and its database, or nil if there is none
// that may. So many keys of each database are looked at.
func (ks *Keyspace) Victim(p Policy, samples int) (*DB, *Object) {
	switch p.By {
	case EvictRandom:
		return ks.randomVictim(p)
	case EvictIdle, EvictRare:
		return ks.sampledVictim(p, samples)
	case EvictTTL:
		return ks.nextToExpire()
	}
	return nil, nil
}

// candidates returns how many keys of the database may go.
func (p Policy) candidates(db *DB) int {
	if p.Volatile {
		return db.Expires()
	}
	return db.Len()
}

// randomVictim returns a key of the next database that has one: each has its turn.
func (ks *Keyspace) randomVictim(p Policy) (*DB, *Object) {
	for range ks.dbs {
		ks.evictFrom = (ks.evictFrom + 1) % len(ks.dbs)
		if db := ks.dbs[ks.evictFrom]; p.candidates(db) > 0 {
			return db, db.randomCandidate(p)
		}
	}
	return nil, nil
}

// randomCandidate returns a key that may go; there must be one.
func (db *DB) randomCandidate(p Policy) *Object {
	if p.Volatile {
		return db.expires.heap[db.ks.rand.IntN(db.Expires())].o
	}
	o, _ := db.table.Random(db.ks.rand)
	return o
}

// nextToExpire returns the key whose deadline is the earliest.
func (ks *Keyspace) nextToExpire() (first *DB, o *Object) {
	for _, db := range ks.dbs {
		if db.Expires() > 0 && (first == nil || db.expires.heap[0].atMs < first.expires.heap[0].atMs) {
			first = db
		}
	}
	if first == nil {
		return nil, nil
	}
	return first, first.expires.heap[0].o
}

// sampledVictim looks at some keys and returns the best candidate there is.
func (ks *Keyspace) sampledVictim(p Policy, samples int) (*DB, *Object) {
	if ks.pool == nil {
		ks.pool = new(evictionPool)
	}
	for {
		total := 0
		for _, db := range ks.dbs {
			if n := p.candidates(db); n > 0 {
				db.sample(p, samples)
				total += n
			}
		}
		if total == 0 {
			return nil, nil
		}
		for {
			c, ok := ks.pool.take()
			if !ok {
				break // all are gone, or in use again
			}
			db := ks.dbs[c.db]
			if o, found := db.table.Find(c.key); found && (!p.Volatile || o.expire != 0) && ks.score(p, o) >= c.score {
				return db, o
			}
		}
	}
}

// sample offers some keys of the database to the pool, at least one. There must be
// candidates.
func (db *DB) sample(p Policy, samples int) {
	ks := db.ks
	offer := func(o *Object) { ks.pool.offer(db.id, o.Key(), ks.score(p, o)) }
	if !p.Volatile {
		if db.table.Sample(ks.rand, samples, offer) == 0 { // hardly anything is left in a big table
			offer(db.randomCandidate(p))
		}
		return
	}
	if samples >= db.Expires() {
		for _, d := range db.expires.heap {
			offer(d.o)
		}
		return
	}
	for range samples {
		offer(db.randomCandidate(p))
	}
}

// score tells how good a candidate a key is.
func (ks *Keyspace) score(p Policy, o *Object) uint32 {
	if p.By == EvictRare {
		return lfuCounterMask - uint32(ks.lfuDecayed(o))
	}
	return uint32(ks.IdleSeconds(o))
}
