package hashtable

import (
	"iter"
	"math/bits"
	"math/rand/v2"
)

// All yields all elements. The table must not be changed meanwhile; if it is,
// elements may be left out or come twice.
func (t *Table[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for i := uint64(0); i < t.buckets; i++ {
			for b := t.bucketAt(i); b != nil; b = b.next {
				for m := b.used(); m != 0; m &= m - 1 {
					if !yield(b.slots[slotOf(m)]) {
						return
					}
				}
			}
		}
	}
}

// Scan yields the elements of one or two buckets and returns the cursor for the
// next call. A scan begins with cursor 0 and is over when 0 is returned. Every
// element that is in the table from the first call to the last is yielded at
// least once, however the table grows and shrinks in between. Any cursor is
// safe.
//
// fn may delete any element and replace any through FindRef, but not insert.
// Resizing is paused while it runs.
func (t *Table[E]) Scan(cursor uint64, fn func(E)) uint64 {
	if t.buckets == 0 {
		return 0
	}
	low := t.low
	i := cursor & low
	t.scanChain(i, fn)
	if split := i + low + 1; split < t.buckets {
		t.scanChain(split, fn)
	}
	// Count up with the bits in reverse: when the table has twice or half the
	// buckets at the next call, what was visited is still the same set of hashes.
	return bits.Reverse64(bits.Reverse64(cursor|^low) + 1)
}

func (t *Table[E]) scanChain(i uint64, fn func(E)) {
	if i >= t.buckets { // fn cleared the table
		return
	}
	before := t.used
	head := t.bucketAt(i)
	t.PauseRehash()
	for b := head; b != nil; b = b.next {
		for slot := range slotsPerBucket {
			if b.tag(slot) != 0 {
				fn(b.slots[slot])
			}
		}
	}
	t.ResumeRehash()
	if t.used != before && t.paused == 0 && i < t.buckets {
		t.compact(t.bucketAt(i))
	}
}

// randomTries is after how many misses Random counts elements instead. With the
// usual chains of three or four buckets a try hits with a chance of 1 in 5 to 10.
const randomTries = 256

// Random returns an element, each with exactly the same chance; found is false
// if there is none. It looks at a few buckets; only in a table that is far too
// large, after Reserve or while resizing is paused, it may have to walk all of it.
func (t *Table[E]) Random(r *rand.Rand) (e E, found bool) {
	if t.used == 0 {
		return e, false
	}
	// A slot of a random bucket is taken as if all chains had the greatest
	// length; where there is no element there, chance is asked again.
	places := uint64(t.longest * slotsPerBucket)
	for range randomTries {
		x := r.Uint64N(t.buckets * places)
		if e, ok := nth(t.bucketAt(x/places), int(x%places)); ok {
			return e, true
		}
	}
	return t.countTo(r.IntN(t.used))
}

// nth returns the n-th element of a chain, counted from 0.
func nth[E any](b *bucket[E], n int) (e E, ok bool) {
	for ; b != nil; b = b.next {
		m := b.used()
		if c := bits.OnesCount64(m); n >= c {
			n -= c
			continue
		}
		for range n {
			m &= m - 1
		}
		return b.slots[slotOf(m)], true
	}
	return e, false
}

func (t *Table[E]) countTo(n int) (e E, found bool) {
	for e := range t.All() {
		if n == 0 {
			return e, true
		}
		n--
	}
	return e, false
}

// Sample yields up to n different elements and returns how many: those of
// neighbouring buckets from a random one on. It is cheaper than n calls of
// Random but neither uniform nor independent. It looks at up to 10*n chains, so
// that fewer than n may come from a sparse table. fn must not change the table.
func (t *Table[E]) Sample(r *rand.Rand, n int, fn func(E)) int {
	if t.used == 0 {
		return 0
	}
	taken := 0
	i := r.Uint64N(t.buckets)
	for range min(t.buckets, uint64(max(n, 0))*10) {
		for b := t.bucketAt(i); b != nil; b = b.next {
			for m := b.used(); m != 0; m &= m - 1 {
				if taken == n {
					return taken
				}
				fn(b.slots[slotOf(m)])
				taken++
			}
		}
		if i++; i == t.buckets {
			i = 0
		}
	}
	return taken
}
