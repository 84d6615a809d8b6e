package rdb

import (
	"errors"
	"fmt"

	"respect/keyspace"
)

// Loading takes two goroutines. One reads, verifies, and makes the objects: it needs
// nothing of the keyspace but its settings, of which it has a copy. The other puts them
// into the databases, which is where a load waits for memory. Between them goes a belt
// with a few batches, which come back empty.
//
//	file → reader → loader → [batch][batch] → inserter → databases
//	                   ↖      [empty]      ↙

const (
	beltBatches  = 4
	batchObjects = 512
	batchBytes   = 64 << 10 // of the file
)

// An arrival is an object on its way to a database.
type arrival struct {
	object     *keyspace.Object
	db         int
	freq       int // or NoFreq
	expireAtMs int64
	idle       int64 // or NoIdle
	offset     int64 // of its item
	end        int64 // of the offset behind it
	item       byte
}

// reservation says how many keys a database is about to get.
type reservation struct{ db, keys int }

type loadBatch struct {
	facts        [][2]string
	reservations []reservation
	arrivals     []arrival
	expired      int // keys that were left out
}

// belt carries batches from the goroutine that reads to the one that inserts.
type belt struct {
	batch *loadBatch // that is being filled
	sent  int64      // offset up to which batches were sent
	full  chan *loadBatch
	empty chan *loadBatch
	stop  chan struct{} // closed when nobody inserts any more
}

// errNotInserted ends the reading because the inserting has ended.
var errNotInserted = errors.New("rdb: what was read is not wanted any more")

func newBelt() *belt {
	b := &belt{
		batch: new(loadBatch),
		full:  make(chan *loadBatch, beltBatches),
		empty: make(chan *loadBatch, beltBatches),
		stop:  make(chan struct{}),
	}
	for range beltBatches - 1 {
		b.empty <- new(loadBatch)
	}
	return b
}

// add puts an object on the belt.
func (b *belt) add(o *keyspace.Object, h *KeyHeader, r *Reader) error {
	end := r.src.offset()
	b.batch.arrivals = append(b.batch.arrivals, arrival{
		object: o, db: h.DB, freq: h.Freq, expireAtMs: h.ExpireAtMs, idle: h.IdleSeconds,
		offset: r.at.ItemOffset, end: end, item: r.at.Item,
	})
	if len(b.batch.arrivals) < batchObjects && end-b.sent < batchBytes {
		return nil
	}
	return b.send(r)
}

// send sends the batch that is being filled and takes an empty one.
func (b *belt) send(r *Reader) error {
	b.sent = r.src.offset()
	select {
	case b.full <- b.batch:
	case <-b.stop:
		return errNotInserted
	}
	select {
	case b.batch = <-b.empty:
		return nil
	case <-b.stop:
		return errNotInserted
	}
}

// inserter puts objects into databases.
type inserter struct {
	ks      *keyspace.Keyspace
	options *LoadOptions
	belt    *belt
	keys    int
	warm    [][]byte
	warmed  uint64 // what DB.Warm returned, which has to go somewhere
}

// load reads with the loader and inserts what it makes.
func (i *inserter) load(l *loader) (LoadStats, error) {
	var readErr error
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(i.belt.full)
		if readErr = l.reader.Read(l); readErr != errNotInserted {
			_ = i.belt.send(l.reader) // what came before the end, or before an error
		}
	}()
	err := i.insertAll()
	close(i.belt.stop)
	i.wait(func() { <-read })
	if err == nil {
		err = readErr
	}
	l.stats.Keys = i.keys
	return l.stats, err
}

func (i *inserter) wait(wait func()) {
	if i.options.Wait != nil {
		i.options.Wait(wait)
	} else {
		wait()
	}
}

// insertAll takes batches from the belt up to the last one.
func (i *inserter) insertAll() error {
	for {
		var b *loadBatch
		i.wait(func() { b = <-i.belt.full })
		if b == nil {
			return nil
		}
		if err := i.insertBatch(b); err != nil {
			return err
		}
		clear(b.arrivals)
		*b = loadBatch{arrivals: b.arrivals[:0]}
		select {
		case i.belt.empty <- b:
		default: // the last one
		}
	}
}

func (i *inserter) insertBatch(b *loadBatch) error {
	for _, fact := range b.facts {
		if i.options.OnAux != nil {
			i.options.OnAux(fact[0], fact[1])
		}
	}
	for _, r := range b.reservations {
		i.ks.DB(r.db).Reserve(r.keys)
	}
	for rest := b.arrivals; len(rest) > 0; {
		n := i.warmSome(rest)
		for _, a := range rest[:n] {
			if err := i.insert(&a); err != nil {
				return err
			}
		}
		rest = rest[n:]
	}
	if i.options.OnKeys != nil {
		i.options.OnKeys(len(b.arrivals), b.expired)
	}
	return nil
}

// warmKeys is how many places in a table are asked for at a time.
const warmKeys = 32

// warmSome prepares the insertion of some objects into one database, and tells of how many.
func (i *inserter) warmSome(of []arrival) int {
	db := i.ks.DB(of[0].db)
	i.warm = i.warm[:0]
	for n := range of {
		if n == warmKeys || of[n].db != of[0].db {
			break
		}
		i.warm = append(i.warm, of[n].object.Key())
	}
	i.warmed += db.Warm(i.warm)
	return len(i.warm)
}

func (i *inserter) insert(a *arrival) error {
	db := i.ks.DB(a.db)
	if !db.AddObject(a.object) {
		if !i.options.Replace {
			return a.refused()
		}
		db.Delete(a.object.Key())
		db.AddObject(a.object)
	}
	i.keys++
	if a.expireAtMs != NoExpire {
		db.SetExpireAt(a.object, a.expireAtMs)
	}
	if a.freq != NoFreq {
		i.ks.SetFrequency(a.object, uint8(a.freq))
	}
	if a.idle != NoIdle {
		i.ks.SetIdleSeconds(a.object, a.idle)
	}
	return nil
}

// refused returns the error for a key that is there already.
func (a *arrival) refused() error {
	key := a.object.Key()
	at := Position{Offset: a.end, ItemOffset: a.offset, Item: a.item, InItem: true, DB: a.db, Key: string(key), HasKey: true}
	return &LimitError{at, fmt.Sprintf("RDB has duplicated key '%s' in DB %d", key, a.db)}
}
