package keyspace

import (
	"math/rand/v2"
	"unsafe"

	"respect/keyspace/stream"
)

// Settings are the configured values that the keyspace works by. They are
// changed in place, under the lock, when the configuration changes.
type Settings struct {
	List ListLimits
	Set  SetLimits
	Hash HashLimits
	ZSet ZSetLimits
	// Stream are the limits of the nodes of streams.
	Stream stream.Limits
	// HLLSparseMaxBytes is hll-sparse-max-bytes: the size from which a HyperLogLog
	// is dense.
	HLLSparseMaxBytes int

	// LFU says that the access clocks of the keys count how frequently they are
	// used (maxmemory-policy *-lfu) and not when they were used last.
	LFU bool
	// LFULogFactor says how hard it is to raise the counter: at 10 a key needs
	// about a million uses for the highest value.
	LFULogFactor int
	// LFUDecayMinutes is after how many idle minutes the counter falls by one;
	// 0 for never.
	LFUDecayMinutes int
}

// Stats are the counts that INFO shows.
type Stats struct {
	Hits, Misses uint64
	ExpiredKeys  uint64
	// ExpiredFields are those of hashes, also those that were given a deadline in
	// the past.
	ExpiredFields uint64
}

// A Keyspace is a set of databases that share a clock and settings.
type Keyspace struct {
	Settings Settings
	Stats    Stats

	// OnExpired, if set, is told of each key deleted because its deadline had
	// passed, after the deletion.
	OnExpired func(db *DB, key []byte)
	// OnFieldExpired, if set, is told of each field of a hash that is about to be deleted
	// because its deadline has passed.
	OnFieldExpired func(db *DB, key []byte, field Element)
	// OnFieldsExpired, if set, is told of each hash of which fields were deleted
	// because their deadline had passed, after the deletion. The key is gone if no
	// field was left.
	OnFieldsExpired func(db *DB, key []byte, gone bool)
	// OnNew, if set, is told of each key that is added, after that. OnMiss is told of
	// each that was looked up to be read and is not there.
	OnNew, OnMiss func(db *DB, key []byte)
	// DeletionPaused keeps keys whose deadline has passed. They are not found all
	// the same.
	DeletionPaused bool
	// Replaying keeps keys and fields whose deadline has passed, and lets them be found: a
	// log is being replayed, which says itself when they go.
	Replaying bool

	dbs   []*DB
	open  []opened // objects whose values may have changed (account.go)
	nowMs int64
	rand  *rand.Rand

	metered bool // used is kept up to date (account.go)
	used    int  // bytes that all databases take

	pool      *evictionPool // candidates for eviction, or nil (evict.go)
	evictFrom int           // the database that gave the last random victim

	epoch    uint32    // that objects get: 0 or epochBit (snapshot.go)
	snapshot *Snapshot // the one being taken, or nil
}

// New returns a keyspace of the given number of empty databases. All that is
// random in it is drawn from src.
func New(databases int, src rand.Source) *Keyspace {
	ks := &Keyspace{
		rand: rand.New(src),
		Settings: Settings{
			List:              ListLimits{MaxListpackSize: -2},
			Set:               SetLimits{MaxIntset: 512, MaxListpackEntries: 128, MaxListpackValue: 64},
			Hash:              HashLimits{MaxListpackEntries: 512, MaxListpackValue: 64},
			ZSet:              ZSetLimits{MaxListpackEntries: 128, MaxListpackValue: 64},
			Stream:            stream.Limits{NodeMaxBytes: 4096, NodeMaxEntries: 100},
			HLLSparseMaxBytes: 3000,
			LFULogFactor:      10,
			LFUDecayMinutes:   1,
		},
	}
	ks.Settings.ZSet.Rand = ks.rand
	for i := range databases {
		ks.dbs = append(ks.dbs, &DB{ks: ks, id: i, table: newTable(), fields: &fieldIndex{}})
	}
	return ks
}

// Databases returns their number.
func (ks *Keyspace) Databases() int { return len(ks.dbs) }

// DB returns the database with the given number, from 0 to Databases()-1.
func (ks *Keyspace) DB(i int) *DB { return ks.dbs[i] }

// SetNow sets the time that everything goes by until the next call: Unix time
// in milliseconds.
func (ks *Keyspace) SetNow(ms int64) { ks.nowMs = ms }

// Now returns the time set last, as Unix time in milliseconds.
func (ks *Keyspace) Now() int64 { return ks.nowMs }

// Rand returns the random source.
func (ks *Keyspace) Rand() *rand.Rand { return ks.rand }

// Swap exchanges the contents of two databases.
func (ks *Keyspace) Swap(a, b int) {
	ks.Settle()
	x, y := ks.dbs[a], ks.dbs[b]
	x.table, y.table = y.table, x.table
	x.expires, y.expires = y.expires, x.expires
	x.fields, y.fields = y.fields, x.fields
	x.bytes, y.bytes = y.bytes, x.bytes
	swapParts(x, y)
	x.meter()
	y.meter()
}

// deadlineBytes is what a deadline takes in an index.
const deadlineBytes = int(unsafe.Sizeof(deadline{}))

// TableBytes returns the memory of the hash tables and expiry indexes of all
// databases, without keys and values, in bytes.
func (ks *Keyspace) TableBytes() int {
	n := 0
	for _, db := range ks.dbs {
		table, expires := db.TableBytes()
		n += table + expires
	}
	return n
}

// Len returns the number of keys in all databases, expired ones that were not
// yet noticed included.
func (ks *Keyspace) Len() int {
	n := 0
	for _, db := range ks.dbs {
		n += db.Len()
	}
	return n
}
