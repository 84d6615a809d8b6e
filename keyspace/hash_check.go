package keyspace

import (
	"fmt"

	"respect/keyspace/listpack"
)

// Check verifies the structure.
func (h *Hash) Check() error {
	if h.encoding == hashTable {
		return h.table().check()
	}
	lp := h.listpack()
	if lp == nil {
		return nil
	}
	if err := lp.Check(); err != nil {
		return err
	}
	if lp.Len()%h.width() != 0 {
		return fmt.Errorf("%d elements in a %s", lp.Len(), h.Encoding())
	}
	seen := map[string]bool{}
	for at := lp.First(); at != 0; {
		name := string(lp.Get(at).AppendTo(nil))
		if seen[name] {
			return fmt.Errorf("field %q twice", name)
		}
		seen[name] = true
		for range h.width() {
			at = lp.Next(at)
		}
	}
	if h.encoding == hashListpackEx {
		return checkTriples(lp)
	}
	return nil
}

func checkTriples(lp listpack.Listpack) error {
	if !inOrder(lp) {
		return fmt.Errorf("deadlines are not in order")
	}
	i := 0
	for at := lp.First(); at != 0; at = lp.Next(at) {
		if e := lp.Get(at); i%3 == 2 && (!e.IsInt() || e.Int < 0) {
			return fmt.Errorf("deadline %d is %s", i/3, e.AppendTo(nil))
		}
		i++
	}
	return nil
}

func (t *fieldTable) check() error {
	if err := t.fields.Check(); err != nil {
		return err
	}
	bytes, expiring := 0, 0
	for f := range t.fields.All() {
		bytes += f.size()
		if f.heapPlace() != 0 {
			expiring++
		}
		if n := len(f.name()) + len(f.value()); f.isLong() != (n > inlineMax) {
			return fmt.Errorf("field %q: %d bytes, long %t", f.name(), n, f.isLong())
		}
	}
	if bytes != t.bytes {
		return fmt.Errorf("fields take %d bytes, the account says %d", bytes, t.bytes)
	}
	if t.expires == nil {
		if expiring > 0 {
			return fmt.Errorf("%d fields expire, no deadlines", expiring)
		}
		return nil
	}
	if expiring != t.expires.len() {
		return fmt.Errorf("%d fields expire, %d deadlines", expiring, t.expires.len())
	}
	for _, d := range t.expires.heap {
		if f, found := t.fields.Find(d.o.name()); !found || f != d.o {
			return fmt.Errorf("deadline of field %q, which the table does not hold", d.o.name())
		}
	}
	return t.expires.check()
}

// checkFields verifies the index of hashes with deadlines, and that no hash is
// empty.
func (db *DB) checkFields() error {
	if err := db.fields.check(); err != nil {
		return err
	}
	for _, d := range db.fields.heap {
		o := d.o.owner
		if found, _ := db.table.Find(o.Key()); found != o {
			return fmt.Errorf("fields of key %q expire, which the table does not hold", o.Key())
		}
		if o.Hash().expiry() != d.o {
			return fmt.Errorf("the index has a former value of key %q", o.Key())
		}
	}
	for o := range db.table.All() {
		if o.Type() != TypeHash {
			continue
		}
		h := o.Hash()
		if h.stored() == 0 {
			return fmt.Errorf("key %q is an empty hash", o.Key())
		}
		indexed := NoExpiry
		if x := h.expiry(); x != nil && x.index != nil {
			if x.index != db.fields {
				return fmt.Errorf("fields of key %q are in the index of another database", o.Key())
			}
			indexed = db.fields.at(x)
		}
		if next := h.NextFieldExpiry(); next != indexed {
			return fmt.Errorf("fields of key %q expire at %d, indexed at %d", o.Key(), next, indexed)
		}
	}
	return nil
}
