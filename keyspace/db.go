package keyspace

import (
	"iter"

	"respect/keyspace/hashtable"
)

// A DB is one numbered database.
type DB struct {
	ks       *Keyspace
	id       int
	table    *hashtable.Table[*Object]
	expires  expiryIndex
	fields   *fieldIndex // of hashes with fields that expire (field_expire.go)
	bytes    int         // of all objects (account.go)
	measured int         // what it has in Keyspace.used
	part     *part       // of the snapshot that is being taken, or nil (snapshot.go)
}

func newTable() *hashtable.Table[*Object] {
	return hashtable.New((*Object).Key)
}

// ID returns the number of the database.
func (db *DB) ID() int { return db.id }

// Len returns the number of keys, expired ones that were not yet noticed
// included.
func (db *DB) Len() int { return db.table.Len() }

// Expires returns the number of keys that have a deadline.
func (db *DB) Expires() int { return db.expires.len() }

// LookupFlags say what a lookup leaves alone.
type LookupFlags uint8

// What a lookup does not do.
const (
	NoTouch LookupFlags = 1 << iota // leave the access clock
	NoStats                         // do not count a hit or a miss, nor tell of a miss
	NoMiss                          // do not tell of a miss
)

// Lookup returns the object of a key, or nil if there is no such key. A key
// whose deadline has passed is deleted, and so are fields of a hash.
func (db *DB) Lookup(key []byte, flags LookupFlags) *Object {
	o, found := db.table.Find(key)
	if found && db.expired(o) {
		if !db.ks.DeletionPaused {
			db.expireNow(o)
		}
		found = false
	}
	if found && o.Type() == TypeHash {
		found = db.freshen(o)
	}
	if flags&NoStats == 0 {
		if found {
			db.ks.Stats.Hits++
		} else {
			db.ks.Stats.Misses++
			if db.ks.OnMiss != nil && flags&NoMiss == 0 {
				db.ks.OnMiss(db, key)
			}
		}
	}
	if !found {
		return nil
	}
	if flags&NoTouch == 0 {
		db.touch(o)
	}
	return o
}

// Stored tells whether a key is stored, and whether its deadline has passed. It
// changes nothing: a key that has expired is stored until somebody deletes it.
func (db *DB) Stored(key []byte) (stored, expired bool) {
	o, found := db.table.Find(key)
	return found, found && db.expired(o)
}

// Add creates a key that holds a value of a boxed type. The key must not be
// there.
func (db *DB) Add(key []byte, t Type, value any) *Object {
	o := newBoxed(key, t, 0, value)
	db.insert(o)
	db.Open(o)
	return o
}

// NewObject returns an object that holds a value of a boxed type. It is in no database yet;
// see [DB.AddObject].
func NewObject(key []byte, t Type, value any) *Object { return newBoxed(key, t, 0, value) }

// AddObject adds an object that is complete and in no database, unless there is one of its
// key already: then it returns false.
func (db *DB) AddObject(o *Object) bool {
	slot, position := db.table.Locate(o.Key())
	if slot != nil && db.Lookup(o.Key(), NoTouch|NoStats) != nil {
		return false
	}
	db.initClock(o)
	db.table.InsertAt(position, o)
	db.charge(o)
	db.added(o)
	return true
}

// Delete removes a key and tells whether it was there. A key whose deadline has
// passed is not there.
func (db *DB) Delete(key []byte) bool {
	o := db.Lookup(key, NoTouch|NoStats)
	if o != nil {
		db.remove(o)
	}
	return o != nil
}

// Replace deletes a key and calls add, which gives it another value. The key does not
// count as new if it was there.
func (db *DB) Replace(key []byte, add func()) {
	tell := db.ks.OnNew
	if db.Delete(key) {
		db.ks.OnNew = nil
	}
	add()
	db.ks.OnNew = tell
}

// Remove removes the key of an object of this database.
func (db *DB) Remove(o *Object) { db.remove(o) }

// Rename moves a value with its deadline to another key, which must not be
// there.
func (db *DB) Rename(o *Object, key []byte) *Object {
	at := db.expires.at(o)
	db.remove(o)
	n := o.withKey(key)
	db.place(n, at)
	return n
}

// MoveTo moves a key with its deadline to another database, where it must not
// be.
func (db *DB) MoveTo(o *Object, target *DB) {
	db.ks.Settle() // what is open is open in this database
	at := db.expires.at(o)
	db.remove(o)
	target.place(o, at)
}

// CopyTo copies a value with its deadline to a key of a database, where it must
// not be.
func (db *DB) CopyTo(o *Object, target *DB, key []byte) *Object {
	n := o.clone(key)
	db.initClock(n)
	target.place(n, db.expires.at(o))
	return n
}

func (db *DB) place(o *Object, atMs int64) {
	db.table.Insert(o)
	db.charge(o)
	if atMs != NoExpiry {
		db.expires.set(o, atMs)
		db.meter()
	}
	db.added(o)
}

// added tells of a new key.
func (db *DB) added(o *Object) {
	if db.ks.OnNew != nil {
		db.ks.OnNew(db, o.Key())
	}
}

// Flush removes all keys and returns how many there were.
func (db *DB) Flush() int {
	n := db.Len()
	db.ks.Settle()
	if db.part != nil {
		db.part.detach()
	}
	db.table = newTable()
	db.expires = expiryIndex{}
	db.fields = &fieldIndex{}
	db.bytes = 0
	db.meter()
	return n
}

// warmFrom is the number of keys from which on they are unlikely to be in the
// processor's cache.
const warmFrom = 4096

// WorthWarming tells whether Warm gains anything.
func (db *DB) WorthWarming() bool { return db.Len() >= warmFrom }

// Warm prepares the lookups of several keys that are about to come; what is no
// key does no harm. The result means nothing.
func (db *DB) Warm(keys [][]byte) uint64 {
	return db.table.Warm(keys, func(o *Object) uint64 { return uint64(o.meta) })
}

// Reserve makes room for n keys in one go, as before a file is loaded.
func (db *DB) Reserve(n int) {
	db.table.Reserve(n)
	db.meter()
}

// RandomKey returns a key, each with equal chance; found is false if there is
// none. Keys met whose deadline has passed are deleted,
// or, while deletion is paused, returned.
func (db *DB) RandomKey() (key []byte, found bool) {
	for {
		o, ok := db.table.Random(db.ks.rand)
		if !ok {
			return nil, false
		}
		if !db.expired(o) || db.ks.DeletionPaused {
			return o.Key(), true
		}
		db.expireNow(o)
	}
}

// All yields the objects of all keys whose deadline has not passed. The
// database must not be changed meanwhile.
func (db *DB) All() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for o := range db.table.All() {
			if !db.expired(o) && !yield(o) {
				return
			}
		}
	}
}

// Scan yields some objects and returns the cursor of the next call; it starts
// and ends with 0. Every key that is there from the first to the last call is
// yielded at least once, whatever else changes in between. Keys whose deadline
// has passed are left out.
func (db *DB) Scan(cursor uint64, yield func(*Object)) uint64 {
	return db.table.Scan(cursor, func(o *Object) {
		if !db.expired(o) {
			yield(o)
		}
	})
}

func (db *DB) insert(o *Object) {
	db.initClock(o)
	db.table.Insert(o)
	db.charge(o)
	db.added(o)
}

// swap puts n, which has the same key, into the place of o, and opens it.
func (db *DB) swap(o, n *Object) {
	db.preserve(o)
	*db.table.FindRef(o.Key()) = n
	db.discharge(o)
	db.charge(n)
	db.Open(n)
	db.expires.moved(n)
}

func (db *DB) remove(o *Object) {
	db.preserve(o)
	db.expires.remove(o)
	db.table.Delete(o.Key())
	db.discharge(o)
}
