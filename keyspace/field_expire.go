package keyspace

import "unsafe"

// Fields of a hash may have deadlines of their own. A listpackex is ordered by
// them, a table has a heap beside it: either way the next one is at hand.
//
// Each database keeps the hashes that have such fields in a heap by their next
// deadline, so that the active expiry finds what is due and an idle server need
// not look. A hash does not know its database; its place is brought up to date
// when the command that changed it is over (Settle), and when its key comes and
// goes.
//
// Whoever looks a hash up finds what has expired gone. Where it must not be
// deleted (deletion is paused), or is too much to be deleted at once, it is hidden:
// every method but Set treats hidden fields as if they were not there.

// lazyFields is how many expired fields a lookup deletes at once.
const lazyFields = 512

// fieldExpiry is what a hash with deadlines has beside them.
type fieldExpiry struct {
	index        *fieldIndex // in which the hash stands, or nil
	owner        *Object     // the hash's key, if it stands in an index
	hiddenBefore int64       // Unix time in milliseconds; 0 if nothing is hidden
	inIndex      uint32      // its place there
}

// fieldIndex has the hashes of a database that have fields with a deadline, by the
// earliest.
type fieldIndex = deadlineHeap[*fieldExpiry]

func (x *fieldExpiry) heapPlace() uint32         { return x.inIndex }
func (x *fieldExpiry) setHeapPlace(place uint32) { x.inIndex = place }

// moveTo gives the place in the index to n, which is a copy of x.
func (x *fieldExpiry) moveTo(n *fieldExpiry) {
	if x.index != nil {
		x.index.moved(n)
	}
}

// expiry returns what the hash has beside its deadlines, or nil if it has, and
// had, none.
func (h *Hash) expiry() *fieldExpiry {
	switch h.encoding {
	case hashListpackEx:
		return &h.ex().expires
	case hashTable:
		if t := h.table(); t.expires != nil {
			return &t.expires.fieldExpiry
		}
	}
	return nil
}

// NextFieldExpiry returns the earliest deadline of a field, or NoExpiry.
func (h *Hash) NextFieldExpiry() int64 {
	switch h.encoding {
	case hashListpackEx:
		if at := h.ex().lp.First(); at != 0 {
			return h.deadlineAt(at)
		}
	case hashTable:
		if x := h.table().expires; x != nil && x.len() > 0 {
			return x.heap[0].atMs
		}
	}
	return NoExpiry
}

// FieldExpireAt returns the deadline of a field as Unix time in milliseconds, or
// NoExpiry, also if there is no such field.
func (h *Hash) FieldExpireAt(field []byte) int64 {
	if h.encoding == hashTable {
		t := h.table()
		if f, found := t.fields.Find(field); found && !t.hides(f) {
			return t.deadline(f)
		}
		return NoExpiry
	}
	if at := h.find(field); at != 0 && !h.hidesAt(at) {
		return h.deadlineAt(at)
	}
	return NoExpiry
}

// SetFieldExpireAt gives a field a deadline, Unix time in milliseconds and greater
// than 0, or takes it away: NoExpiry. It does nothing if there is no such field. A
// deadline makes a listpackex of a listpack.
func (h *Hash) SetFieldExpireAt(field []byte, atMs int64) {
	if h.encoding == hashTable {
		if ref := h.table().fields.FindRef(field); ref != nil {
			h.table().setDeadline(ref, atMs)
		}
		return
	}
	if atMs != NoExpiry {
		h.toListpackEx()
	}
	at := h.find(field)
	if at == 0 || h.deadlineAt(at) == atMs {
		return
	}
	var buf [64]byte
	lp := h.listpack()
	value := lp.Get(lp.Next(at)).AppendTo(buf[:0])
	h.cut(at)
	if atMs == NoExpiry {
		h.appendSmall(field, value)
	} else {
		h.insertByDeadline(field, value, atMs)
	}
}

// AllowFieldExpiry turns a listpack into a listpackex, as the first attempt to give
// a field a deadline does, even if it fails.
func (h *Hash) AllowFieldExpiry() { h.toListpackEx() }

func (h *Hash) hiddenBefore() int64 {
	if x := h.expiry(); x != nil {
		return x.hiddenBefore
	}
	return 0
}

func (h *Hash) unhide() {
	if x := h.expiry(); x != nil {
		x.hiddenBefore = 0
	}
}

// hidesAt tells whether the field at an offset of the listpack is hidden.
func (h *Hash) hidesAt(at int) bool {
	if h.encoding == hashListpack {
		return false
	}
	d := h.deadlineAt(at)
	return d != NoExpiry && d < h.ex().expires.hiddenBefore
}

func (t *fieldTable) hides(f *hashField) bool {
	if t.expires == nil || t.expires.hiddenBefore == 0 {
		return false
	}
	d := t.expires.at(f)
	return d != NoExpiry && d < t.expires.hiddenBefore
}

// hidden counts the fields that are hidden. It looks only at those and their
// neighbours.
func (h *Hash) hidden() int {
	from := h.hiddenBefore()
	if from == 0 {
		return 0
	}
	if h.encoding == hashTable {
		return h.table().expires.countBefore(0, from)
	}
	n, lp := 0, h.ex().lp
	for at := lp.First(); at != 0 && h.hidesAt(at); n++ {
		at = lp.Next(lp.Next(lp.Next(at)))
	}
	return n
}

// countBefore counts the elements from place i of the heap downwards whose deadline
// is before a time.
func (x *deadlineHeap[T]) countBefore(i int, ms int64) int {
	if i >= len(x.heap) || x.heap[i].atMs >= ms {
		return 0
	}
	n := 1
	for c := range heapArity {
		n += x.countBefore(i*heapArity+1+c, ms)
	}
	return n
}

// deleteExpired deletes up to limit fields whose deadline the time has passed,
// earliest first, and returns how many. It tells of each of them before.
func (h *Hash) deleteExpired(nowMs int64, limit int, tell func(field Element)) (n int) {
	h.unhide()
	for ; n < limit; n++ {
		next := h.NextFieldExpiry()
		if next == NoExpiry || next >= nowMs {
			break
		}
		if h.encoding == hashTable {
			t := h.table()
			field := t.expires.heap[0].o.name()
			if tell != nil {
				tell(Element{Bytes: field})
			}
			t.remove(field)
		} else {
			at := h.ex().lp.First()
			if tell != nil {
				tell(h.ex().lp.Get(at))
			}
			h.cut(at)
		}
	}
	return n
}

// freshen deletes or hides what has expired of a hash, and tells whether the key is
// still there.
func (db *DB) freshen(o *Object) bool {
	h := o.Hash()
	if h.encoding == hashListpack {
		return true
	}
	next := h.NextFieldExpiry()
	if next == NoExpiry || next >= db.ks.nowMs || db.ks.Replaying {
		return true
	}
	if !db.ks.DeletionPaused {
		db.expireFields(o, lazyFields)
		if h.stored() == 0 {
			return false
		}
	}
	if next = h.NextFieldExpiry(); next != NoExpiry && next < db.ks.nowMs {
		h.expiry().hiddenBefore = db.ks.nowMs
	}
	return true
}

// expireFields deletes up to limit expired fields of a hash, and the key if none is
// left, and reports it. It returns how many fields it deleted.
func (db *DB) expireFields(o *Object, limit int) int {
	h, key := o.Hash(), o.Key()
	db.Open(o)
	var tell func(field Element)
	if db.ks.OnFieldExpired != nil {
		tell = func(field Element) { db.ks.OnFieldExpired(db, key, field) }
	}
	n := h.deleteExpired(db.ks.nowMs, limit, tell)
	db.ks.Stats.ExpiredFields += uint64(n)
	gone := h.stored() == 0
	if gone {
		db.remove(o)
	} else {
		db.indexFields(o)
	}
	if db.ks.OnFieldsExpired != nil {
		db.ks.OnFieldsExpired(db, key, gone)
	}
	return n
}

// indexFields brings the place of an object in the index up to date, if it is a
// hash with deadlines.
func (db *DB) indexFields(o *Object) {
	if o.Type() != TypeHash {
		return
	}
	h := o.Hash()
	if h.encoding == hashListpack {
		return
	}
	x := h.expiry()
	if x == nil {
		return
	}
	if x.index == nil {
		x.index = db.fields
	}
	x.owner = o
	if next := h.NextFieldExpiry(); next != NoExpiry {
		x.index.set(x, next)
	} else {
		x.index.remove(x)
	}
}

// unindexFields takes an object out of the index in which it stands.
func unindexFields(o *Object) {
	if o.Type() != TypeHash {
		return
	}
	if x := o.Hash().expiry(); x != nil && x.index != nil {
		x.index.remove(x)
		x.index, x.owner = nil, nil
	}
}

// fieldDeadlineBytes returns the bytes that a hash's place in the index takes.
const fieldDeadlineBytes = int(unsafe.Sizeof(deadlineOf[*fieldExpiry]{}))

// FieldsExpire tells whether there is a hash with a field that has a deadline.
func (ks *Keyspace) FieldsExpire() bool {
	ks.Settle()
	for _, db := range ks.dbs {
		if db.fields.len() > 0 {
			return true
		}
	}
	return false
}
