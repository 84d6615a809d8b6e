package keyspace

// What expires stands in a 4-ary heap ordered by deadline: the keys of a database,
// its hashes by the next deadline of a field, the fields of a hash (field_expire.go).
// Each element knows its place, so that a deadline is found, changed and removed
// without a second hash table. The earliest deadline is at the root: the active
// expiry needs no sampling, and an idle server need not look.

// NoExpiry is the deadline of what does not expire.
const NoExpiry = int64(-1)

// expiring is what can stand in a heap. Its place there is counted from 1; 0 says
// that it has none.
type expiring interface {
	heapPlace() uint32
	setHeapPlace(uint32)
}

type deadlineOf[T expiring] struct {
	atMs int64 // Unix time in milliseconds
	o    T
}

type deadlineHeap[T expiring] struct {
	heap []deadlineOf[T]
}

// The deadlines of the keys of a database.
type (
	deadline    = deadlineOf[*Object]
	expiryIndex = deadlineHeap[*Object]
)

func (o *Object) heapPlace() uint32         { return o.expire }
func (o *Object) setHeapPlace(place uint32) { o.expire = place }

const heapArity = 4

func (x *deadlineHeap[T]) len() int { return len(x.heap) }

// at returns the deadline of o.
func (x *deadlineHeap[T]) at(o T) int64 {
	place := o.heapPlace()
	if place == 0 {
		return NoExpiry
	}
	return x.heap[place-1].atMs
}

// set gives o a deadline, or another one.
func (x *deadlineHeap[T]) set(o T, atMs int64) {
	if place := o.heapPlace(); place != 0 {
		i := int(place - 1)
		x.heap[i].atMs = atMs
		x.fix(i)
		return
	}
	x.heap = append(x.heap, deadlineOf[T]{atMs, o})
	o.setHeapPlace(uint32(len(x.heap)))
	x.up(len(x.heap) - 1)
}

// remove takes the deadline of o away and tells whether it had one.
func (x *deadlineHeap[T]) remove(o T) bool {
	place := o.heapPlace()
	if place == 0 {
		return false
	}
	i, last := int(place-1), len(x.heap)-1
	o.setHeapPlace(0)
	moved := x.heap[last]
	x.heap[last] = deadlineOf[T]{}
	x.heap = x.heap[:last]
	if i < last {
		x.place(i, moved)
		x.fix(i)
	}
	if cap(x.heap) > 64 && len(x.heap) < cap(x.heap)/4 {
		x.heap = append(make([]deadlineOf[T], 0, cap(x.heap)/2), x.heap...)
	}
	return true
}

// moved notes that o is the successor of the element that had its place.
func (x *deadlineHeap[T]) moved(o T) {
	if place := o.heapPlace(); place != 0 {
		x.heap[place-1].o = o
	}
}

func (x *deadlineHeap[T]) place(i int, d deadlineOf[T]) {
	x.heap[i] = d
	d.o.setHeapPlace(uint32(i + 1))
}

func (x *deadlineHeap[T]) fix(i int) {
	if !x.up(i) {
		x.down(i)
	}
}

func (x *deadlineHeap[T]) up(i int) bool {
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

func (x *deadlineHeap[T]) down(i int) {
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
	db.preserve(o)
	db.expires.set(o, atMs)
	db.meter()
}

// Persist takes the key's deadline away and tells whether it had one.
func (db *DB) Persist(o *Object) bool {
	db.preserve(o)
	had := db.expires.remove(o)
	db.meter()
	return had
}

// expired tells whether the clock has passed the key's deadline.
func (db *DB) expired(o *Object) bool {
	return o.expire != 0 && db.ks.nowMs > db.expires.heap[o.expire-1].atMs && !db.ks.Replaying
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

// NextExpiry returns the earliest deadline of a key or of a field of a hash in all
// databases, or false if nothing expires.
func (ks *Keyspace) NextExpiry() (atMs int64, ok bool) {
	for _, db := range ks.dbs {
		if h := db.expires.heap; len(h) > 0 && (!ok || h[0].atMs < atMs) {
			atMs, ok = h[0].atMs, true
		}
		if h := db.fields.heap; len(h) > 0 && (!ok || h[0].atMs < atMs) {
			atMs, ok = h[0].atMs, true
		}
	}
	return atMs, ok
}

// ExpireSome deletes up to limit keys and fields whose deadline has passed, keys
// first and earliest first within each database, and tells whether there are more.
func (ks *Keyspace) ExpireSome(limit int) (more bool) {
	if ks.DeletionPaused || ks.Replaying {
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
		for db.fields.len() > 0 && ks.nowMs > db.fields.heap[0].atMs {
			if limit == 0 {
				return true
			}
			limit -= db.expireFields(db.fields.heap[0].o.owner, limit)
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
