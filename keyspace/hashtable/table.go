package hashtable

import (
	"bytes"
	"hash/maphash"
)

// A Table is a set of elements, each found by the key that it carries. It is
// not safe for concurrent use; methods that only read may run concurrently with
// each other.
type Table[E any] struct {
	key      func(E) []byte
	seed     maphash.Seed
	segments [][]bucket[E]
	buckets  uint64 // in the segments; 0 until the first insertion
	low      uint64 // mask of the bucket numbers before the current round of splits
	used     int    // elements
	overflow int    // buckets outside the segments
	longest  int    // no chain has, or lately had, more buckets
	paused   int
}

// New returns an empty table. key returns the key of an element, which must not
// change as long as the element is in the table; it is called for nearly every
// operation and should be cheap. (A method named by a type constraint would be
// called through a dictionary, which was measured to cost the same.)
func New[E any](key func(E) []byte) *Table[E] {
	return &Table[E]{key: key, seed: maphash.MakeSeed()}
}

// Len returns the number of elements.
func (t *Table[E]) Len() int { return t.used }

func (t *Table[E]) hash(key []byte) uint64 { return maphash.Bytes(t.seed, key) }

// bucketAt returns a bucket by its number, which must be below t.buckets.
func (t *Table[E]) bucketAt(i uint64) *bucket[E] {
	return &t.segments[i>>segmentBits][i%segmentBuckets]
}

// home returns the number of the bucket in which a hash belongs.
func (t *Table[E]) home(h uint64) uint64 {
	i := h & (t.low<<1 | 1)
	if i >= t.buckets {
		i &= t.low
	}
	return i
}

// lookup returns the bucket and slot of a key, or nil.
func (t *Table[E]) lookup(h uint64, key []byte) (*bucket[E], int) {
	tag := tagOf(h)
	for b := t.bucketAt(t.home(h)); b != nil; b = b.next {
		for m := b.matches(tag); m != 0; m &= m - 1 {
			i := slotOf(m)
			if bytes.Equal(t.key(b.slots[i]), key) {
				return b, i
			}
		}
	}
	return nil, 0
}

// Find returns the element with the given key.
func (t *Table[E]) Find(key []byte) (e E, found bool) {
	if t.used == 0 {
		return e, false
	}
	b, i := t.lookup(t.hash(key), key)
	if b == nil {
		return e, false
	}
	return b.slots[i], true
}

// FindRef returns where the table keeps the element with the given key, or nil.
// Another element with the same key may be stored there. The pointer is valid
// until the next change of the table.
func (t *Table[E]) FindRef(key []byte) *E {
	ref, _ := t.Locate(key)
	return ref
}

// A Position is where an absent key would be inserted. It stays valid, whatever
// changes, as long as the table exists.
type Position struct{ hash uint64 }

// Locate is FindRef for callers that insert the key if it is absent: InsertAt
// with the position saves hashing the key again.
func (t *Table[E]) Locate(key []byte) (ref *E, p Position) {
	h := t.hash(key)
	if t.used == 0 {
		return nil, Position{h}
	}
	b, i := t.lookup(h, key)
	if b == nil {
		return nil, Position{h}
	}
	return &b.slots[i], Position{h}
}

// Insert adds an element. Its key must not be in the table.
func (t *Table[E]) Insert(e E) { t.InsertAt(Position{t.hash(t.key(e))}, e) }

// InsertAt adds an element at the position that Locate returned for its key,
// which must still be absent.
func (t *Table[E]) InsertAt(p Position, e E) {
	if t.buckets == 0 {
		t.addBucket()
	}
	t.place(t.bucketAt(t.home(p.hash)), tagOf(p.hash), e)
	t.used++
	if t.wantsGrowth() && t.paused == 0 {
		t.split()
	}
}

// Set adds an element. If there is one with the same key it is replaced and
// returned.
func (t *Table[E]) Set(e E) (old E, replaced bool) {
	ref, p := t.Locate(t.key(e))
	if ref == nil {
		t.InsertAt(p, e)
		return old, false
	}
	old, *ref = *ref, e
	return old, true
}

// Delete removes the element with the given key and returns it.
func (t *Table[E]) Delete(key []byte) (e E, found bool) {
	if t.used == 0 {
		return e, false
	}
	h := t.hash(key)
	b, i := t.lookup(h, key)
	if b == nil {
		return e, false
	}
	e = b.slots[i]
	b.clear(i)
	t.used--
	if t.paused == 0 {
		t.compact(t.bucketAt(t.home(h)))
		if t.wantsShrinking() {
			t.merge()
		}
	}
	return e, true
}

// Clear removes all elements and gives back the memory.
func (t *Table[E]) Clear() {
	*t = Table[E]{key: t.key, seed: t.seed, paused: t.paused}
}

// place puts an element into the first free slot of a chain.
func (t *Table[E]) place(b *bucket[E], tag uint8, e E) {
	for length := 1; ; length++ {
		if free := b.free(); free != 0 {
			b.set(slotOf(free), tag, e)
			t.longest = max(t.longest, length)
			return
		}
		if b.next == nil {
			t.extend(b)
		}
		b = b.next
	}
}

func (t *Table[E]) extend(b *bucket[E]) {
	b.next = new(bucket[E])
	t.overflow++
}

// compact closes the gaps in a chain of more than one bucket and drops the
// buckets that become empty.
func (t *Table[E]) compact(head *bucket[E]) {
	if head.next == nil {
		return
	}
	p := t.pack(head)
	for b := head; b != nil; b = b.next {
		for i := range slotsPerBucket {
			if tag := b.tag(i); tag != 0 {
				p.put(tag, b.slots[i])
			}
		}
	}
	p.finish()
}
