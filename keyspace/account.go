package keyspace

import (
	"fmt"
	"math"
	"unsafe"
)

// The account of bytes: what the keys and values of each database take, for
// MEMORY USAGE, INFO and maxmemory.
//
// An object is charged when it comes and discharged when it goes. A value that
// changes in place does not know its database; whoever asks for an object in
// order to change it opens it (Open), and Settle, after the command, charges the
// difference. So a command that touches a value a thousand times has it measured
// once, and no value needs to report its changes. Measuring is O(1): each value
// counts its own bytes.
//
// With maxmemory the sum of all databases, their tables and indexes included, is asked
// for before each command. Then it is metered: whatever changes what a database takes
// brings the sum up to date. Without, that is a test of a flag.

// accountUnit is what boxed objects are counted in, in bytes.
const accountUnit = 16

// gone is the charge of a boxed object that has left its database.
const gone = math.MaxUint32

// maxOpen bounds how many objects are open, as while a file is loaded. No command
// goes back to a value after it has opened so many others.
const maxOpen = 1024

// opened is an object whose value may have changed since it was charged.
type opened struct {
	db *DB
	o  *Object
}

// units returns the size of a boxed object.
func (o *Object) units() uint32 {
	return uint32(min((o.Size()+accountUnit-1)/accountUnit, gone-1))
}

// charge counts an object that has come, and finds it its place in the index of
// hashes with fields that expire. It is no part of a snapshot that is being taken.
func (db *DB) charge(o *Object) {
	db.ks.join(o)
	if o.isBoxed() {
		b := o.box()
		b.charged = o.units()
		db.bytes += int(b.charged) * accountUnit
		db.indexFields(o)
	} else {
		db.bytes += o.Size()
	}
	db.meter()
}

// discharge takes back what an object that goes was counted as, and its place in
// the index.
func (db *DB) discharge(o *Object) {
	if o.isBoxed() {
		b := o.box()
		db.bytes -= int(b.charged) * accountUnit
		b.charged = gone
		unindexFields(o)
	} else {
		db.bytes -= o.Size()
	}
	db.meter()
}

// Open tells that the value of an object is about to change in place. A snapshot that
// is being taken has it saved first.
func (db *DB) Open(o *Object) {
	db.preserve(o)
	if !o.isBoxed() {
		return
	}
	open := db.ks.open
	switch n := len(open); {
	case n > 0 && open[n-1] == opened{db, o}:
		return
	case n == maxOpen:
		db.ks.Settle()
		open = db.ks.open
	}
	db.ks.open = append(open, opened{db, o})
}

// Settle brings the account and the index of hashes with fields that expire in line
// with the objects that have been opened. It is to be called after each command.
func (ks *Keyspace) Settle() {
	for i, x := range ks.open {
		if b := x.o.box(); b.charged != gone {
			now := x.o.units()
			x.db.bytes += (int(now) - int(b.charged)) * accountUnit
			b.charged = now
			x.db.indexFields(x.o)
			x.db.meter()
		}
		ks.open[i] = opened{}
	}
	ks.open = ks.open[:0]
}

// HasOpen tells whether there is anything to settle.
func (ks *Keyspace) HasOpen() bool { return len(ks.open) > 0 }

// Bytes returns the memory of all keys and values of the database, in bytes,
// without its table.
func (db *DB) Bytes() int { return db.bytes }

// Bytes returns the memory of all keys and values, in bytes, without the tables.
func (ks *Keyspace) Bytes() int {
	n := 0
	for _, db := range ks.dbs {
		n += db.bytes
	}
	return n
}

// Meter begins to keep the sum that Used returns up to date, or ends it.
func (ks *Keyspace) Meter(on bool) {
	ks.metered = on
	for _, db := range ks.dbs {
		db.meter()
	}
}

// Used returns the memory of all keys and values with the tables and indexes, in bytes.
// It is O(1) while it is metered.
func (ks *Keyspace) Used() int {
	if ks.metered {
		return ks.used
	}
	return ks.Bytes() + ks.TableBytes()
}

// meter brings the sum up to date after a change of what the database takes.
func (db *DB) meter() {
	if db.ks.metered {
		db.measure()
	}
}

func (db *DB) measure() {
	table, expires := db.TableBytes()
	now := db.bytes + table + expires
	db.ks.used += now - db.measured
	db.measured = now
}

// checkMeter verifies that the sum is that of all databases.
func (ks *Keyspace) checkMeter() error {
	if sum := ks.Bytes() + ks.TableBytes(); ks.metered && ks.used != sum {
		return fmt.Errorf("the databases take %d bytes, metered are %d", sum, ks.used)
	}
	return nil
}

// Usage returns the memory that a key takes with its value, its place in the
// table and its deadline, in bytes.
func (db *DB) Usage(o *Object) int {
	n := o.Size() + db.table.Bytes()/max(1, db.Len())
	if o.expire != 0 {
		n += int(unsafe.Sizeof(deadline{}))
	}
	if o.Type() == TypeHash && o.Hash().NextFieldExpiry() != NoExpiry {
		n += fieldDeadlineBytes
	}
	return n
}

// checkAccount verifies that the account is the sum of all objects.
func (db *DB) checkAccount() error {
	total := 0
	for o := range db.table.All() {
		size := o.Size()
		if o.isBoxed() {
			if now := o.units(); o.box().charged != now {
				return fmt.Errorf("key %q takes %d units, charged %d", o.Key(), now, o.box().charged)
			}
			size = int(o.units()) * accountUnit
		}
		total += size
	}
	if total != db.bytes {
		return fmt.Errorf("objects take %d bytes, the account says %d", total, db.bytes)
	}
	return nil
}
