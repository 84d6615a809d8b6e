package keyspace

import "fmt"

// Check verifies every invariant of all databases. It is for tests; its cost is
// proportional to the data.
func (ks *Keyspace) Check() error {
	ks.Settle()
	for _, db := range ks.dbs {
		if err := db.Check(); err != nil {
			return fmt.Errorf("database %d: %w", db.id, err)
		}
	}
	return ks.checkMeter()
}

// Check verifies the invariants of the table, of the expiry index, and of each
// value.
func (db *DB) Check() error {
	if err := db.table.Check(); err != nil {
		return err
	}
	if err := db.expires.check(); err != nil {
		return err
	}
	if err := db.checkFields(); err != nil {
		return err
	}
	if err := db.checkAccount(); err != nil {
		return err
	}
	for i, d := range db.expires.heap {
		if o, found := db.table.Find(d.o.Key()); !found || o != d.o {
			return fmt.Errorf("deadline %d is of key %q, which the table does not hold", i, d.o.Key())
		}
	}
	volatile := 0
	for o := range db.table.All() {
		if o.expire != 0 {
			volatile++
		}
		if err := o.check(); err != nil {
			return fmt.Errorf("key %q: %w", o.Key(), err)
		}
	}
	if volatile != db.expires.len() {
		return fmt.Errorf("%d keys expire, %d deadlines", volatile, db.expires.len())
	}
	return nil
}

func (x *deadlineHeap[T]) check() error {
	for i, d := range x.heap {
		if place := d.o.heapPlace(); place != uint32(i+1) {
			return fmt.Errorf("deadline %d: its element is at %d", i, place)
		}
		if parent := (i - 1) / heapArity; i > 0 && x.heap[parent].atMs > d.atMs {
			return fmt.Errorf("deadline %d is before its parent's", i)
		}
	}
	return nil
}

func (o *Object) check() error {
	if o.Type() == TypeString {
		return o.checkString()
	}
	if !o.isBoxed() {
		return fmt.Errorf("a %s is not boxed", o.Type())
	}
	if v, ok := o.box().value().(interface{ Len() int }); ok && v.Len() == 0 && !mayBeEmpty(o.Type()) {
		return fmt.Errorf("empty %s", o.Type())
	}
	if v, ok := o.box().value().(interface{ Check() error }); ok {
		return v.Check()
	}
	return nil
}

// mayBeEmpty reports whether a value of the type may have no elements: a stream still
// has its last ID, and a hash looks after itself.
func mayBeEmpty(t Type) bool { return t == TypeHash || t == TypeStream }

func (o *Object) checkString() error {
	stored := o.stringBytes()
	switch o.encoding() {
	case Int:
		if len(stored) != intBytes {
			return fmt.Errorf("an int of %d bytes", len(stored))
		}
	case Embstr:
		if len(stored) > embstrMax {
			return fmt.Errorf("an embstr of %d bytes", len(stored))
		}
	case Raw:
	default:
		return fmt.Errorf("string encoding %d", o.encoding())
	}
	if !o.isBoxed() && len(o.Key())+len(stored) > inlineMax {
		return fmt.Errorf("%d bytes inline", len(o.Key())+len(stored))
	}
	return nil
}
