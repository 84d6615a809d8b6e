package keyspace

// The keys of a database that expire stand in a 4-ary heap ordered by deadline.
// Each object knows its place (Object.expire), so that a deadline is found,
// changed and removed without a second hash table. The earliest deadline of a
// database is at the root: the active expiry needs no sampling, and an idle
// server need not look.

// NoExpiry is the deadline of a key that does not expire.
const NoExpiry = int64(-1)

type deadline struct {
	atMs int64 // Unix time in milliseconds
	o    *Object
}

type expiryIndex struct {
	heap []deadline
}

const heapArity = 4

func (x *expiryIndex) len() int { return len(x.heap) }

// at returns the deadline of o.
func (x *expiryIndex) at(o *Object) int64 {
	if o.expire == 0 {
		return NoExpiry
	}
	return x.heap[o.expire-1].atMs
}

// set gives o a deadline, or another one.
func (x *expiryIndex) set(o *Object, atMs int64) {
	if o.expire != 0 {
		i := int(o.expire - 1)
		x.heap[i].atMs = atMs
		x.fix(i)
		return
	}
	x.heap = append(x.heap, deadline{atMs, o})
	o.expire = uint32(len(x.heap))
	x.up(len(x.heap) - 1)
}

// remove takes the deadline of o away and tells whether it had one.
func (x *expiryIndex) remove(o *Object) bool {
	if o.expire == 0 {
		return false
	}
	i, last := int(o.expire-1), len(x.heap)-1
	o.expire = 0
	moved := x.heap[last]
	x.heap[last] = deadline{}
	x.heap = x.heap[:last]
	if i < last {
		x.place(i, moved)
		x.fix(i)
	}
	if cap(x.heap) > 64 && len(x.heap) < cap(x.heap)/4 {
		x.heap = append(make([]deadline, 0, cap(x.heap)/2), x.heap...)
	}
	return true
}

// moved notes that o is the successor of the object that had its place.
func (x *expiryIndex) moved(o *Object) {
	if o.expire != 0 {
		x.heap[o.expire-1].o = o
	}
}

func (x *expiryIndex) place(i int, d deadline) {
	x.heap[i] = d
	d.o.expire = uint32(i + 1)
}

func (x *expiryIndex) fix(i int) {
	if !x.up(i) {
		x.down(i)
	}
}

func (x *expiryIndex) up(i int) bool {
	d, start := x.heap[i], i
	for i > 0 {
		parent := (i - 1) / heapArity
		if x.heap[parent].atMs <= d.atMs {
			break
		}
		x.place(i, x.heap[parent])
		i = parent
	}
	x.place(i, d)
	return i != start
}

func (x *expiryIndex) down(i int) {
	d := x.heap[i]
	for {
		first := i*heapArity + 1
		if first >= len(x.heap) {
			break
		}
		least := first
		for c := first + 1; c < min(first+heapArity, len(x.heap)); c++ {
			if x.heap[c].atMs < x.heap[least].atMs {
				least = c
			}
		}
		if d.atMs <= x.heap[least].atMs {
			break
		}
		x.place(i, x.heap[least])
		i = least
	}
	x.place(i, d)
}

// ExpireAt returns the deadline of a key of this database as Unix time in
// milliseconds, or NoExpiry.
func (db *DB) ExpireAt(o *Object) int64 { return db.expires.at(o) }

// SetExpireAt gives the key a deadline: Unix time in milliseconds. The key is
// there until the clock has passed it.
func (db *DB) SetExpireAt(o *Object, atMs int64) {
	db.expires.set(o, atMs)
}

// Persist takes the key's deadline away and tells whether it had one.
func (db *DB) Persist(o *Object) bool { return db.expires.remove(o) }

// expired tells whether the clock has passed the key's deadline.
func (db *DB) expired(o *Object) bool {
	return o.expire != 0 && db.ks.nowMs > db.expires.heap[o.expire-1].atMs
}

// expireNow deletes an expired key and reports it.
func (db *DB) expireNow(o *Object) {
	key := o.Key()
	db.remove(o)
	db.ks.Stats.ExpiredKeys++
	if db.ks.OnExpired != nil {
		db.ks.OnExpired(db, key)
	}
}

// NextExpiry returns the earliest deadline of all databases, or false if no key
// expires.
func (ks *Keyspace) NextExpiry() (atMs int64, ok bool) {
	for _, db := range ks.dbs {
		if h := db.expires.heap; len(h) > 0 && (!ok || h[0].atMs < atMs) {
			atMs, ok = h[0].atMs, true
		}
	}
	return atMs, ok
}

// ExpireSome deletes up to limit keys whose deadline has passed, earliest first
// within each database, and tells whether there are more.
func (ks *Keyspace) ExpireSome(limit int) (more bool) {
	if ks.DeletionPaused {
		return false
	}
	for _, db := range ks.dbs {
		for db.expires.len() > 0 && db.expired(db.expires.heap[0].o) {
			if limit == 0 {
				return true
			}
			limit--
			db.expireNow(db.expires.heap[0].o)
		}
	}
	return false
}

// AverageTTL estimates the mean time to live of the keys that expire, in
// milliseconds, from up to a hundred of them.
func (db *DB) AverageTTL() int64 {
	n := db.expires.len()
	if n == 0 {
		return 0
	}
	step, sum, count := max(1, n/100), int64(0), int64(0)
	for i := 0; i < n; i += step {
		sum += max(0, db.expires.heap[i].atMs-db.ks.nowMs)
		count++
	}
	return sum / count
}
