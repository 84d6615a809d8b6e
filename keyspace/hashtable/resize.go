package hashtable

// How full the table is kept, in elements per bucket, overflow buckets not
// counted. Between the two the number of buckets stays as it is.
//
// Measured, averaged over a round of splits from 160,000 elements on, on a 2.6 GHz
// Zen 4 (keys of 16 bytes; the table's own memory per element):
//
//	growAbove    3        4        5        6
//	hit          29.9 ns  30.2 ns  29.5 ns  35.6 ns
//	miss         14.0 ns  14.5 ns  15.6 ns  19.1 ns
//	memory       22.6 B   18.2 B   16.2 B   15.2 B
const (
	growAbove   = 5
	shrinkBelow = 2
)

// Buckets live in segments, so that growing never moves nor clears more than
// one of them: 64 KiB for pointer-sized elements. To allocate and clear one array
// for 2 M elements takes 9 ms; from 1 M to 2 M elements the slowest single
// insertion takes 0.2 to 0.4 ms, most of it the scheduler's. The first segment is
// allocated in smaller steps, for the sake of small tables.
const (
	segmentBits    = 10
	segmentBuckets = 1 << segmentBits
)

func (t *Table[E]) wantsGrowth() bool { return uint64(t.used) > t.buckets*growAbove }

func (t *Table[E]) wantsShrinking() bool {
	return uint64(t.used) < t.buckets*shrinkBelow && t.buckets > 1
}

// addBucket appends an empty bucket.
func (t *Table[E]) addBucket() *bucket[E] {
	s := t.buckets >> segmentBits
	if s == uint64(len(t.segments)) {
		capacity := segmentBuckets
		if s == 0 {
			capacity = 1
		}
		t.segments = append(t.segments, make([]bucket[E], 0, capacity))
	}
	seg := t.segments[s]
	if len(seg) == cap(seg) {
		seg = resized(seg, min(segmentBuckets, len(seg)+len(seg)/4+1))
	}
	seg = seg[:len(seg)+1]
	t.segments[s] = seg
	t.buckets++
	return &seg[len(seg)-1]
}

// dropBucket takes away the last bucket.
func (t *Table[E]) dropBucket() {
	t.buckets--
	s := t.buckets >> segmentBits
	seg := t.segments[s]
	n := len(seg) - 1
	seg[n] = bucket[E]{}
	seg = seg[:n]
	switch {
	case s > 0 && n == 0:
		t.segments[s] = nil
		t.segments = t.segments[:s]
		return
	case s == 0 && n < cap(seg)/2:
		seg = resized(seg, n+n/4)
	}
	t.segments[s] = seg
}

func resized[E any](seg []bucket[E], capacity int) []bucket[E] {
	moved := make([]bucket[E], len(seg), capacity)
	copy(moved, seg)
	return moved
}

// split adds a bucket and moves to it what belongs there from the only bucket
// that had it so far.
func (t *Table[E]) split() {
	round := t.low + 1 // also the bit of the hash that decides
	from := t.buckets - round
	upper := t.pack(t.addBucket())
	head := t.bucketAt(from)
	lower := t.pack(head)
	for b := head; b != nil; b = b.next {
		for i := range slotsPerBucket {
			tag := b.tag(i)
			if tag == 0 {
				continue
			}
			if e := b.slots[i]; t.hash(t.key(e))&round != 0 {
				upper.put(tag, e)
			} else {
				lower.put(tag, e)
			}
		}
	}
	upper.finish()
	lower.finish()
	if t.buckets == 2*round {
		t.low = t.low<<1 | 1
	}
}

// merge undoes the last split.
func (t *Table[E]) merge() {
	last := t.buckets - 1
	if last == t.low {
		t.low >>= 1
	}
	into := t.bucketAt(last & t.low)
	head := t.bucketAt(last)
	for b := head; b != nil; b = b.next {
		for m := b.used(); m != 0; m &= m - 1 {
			i := slotOf(m)
			t.place(into, b.tag(i), b.slots[i])
		}
		if b != head {
			t.overflow--
		}
	}
	t.dropBucket()
}

// Reserve makes room for n elements in one go, so that inserting them splits no
// buckets. It takes time and memory proportional to n, which the caller has to
// bound; the table shrinks again if the elements do not come and others are
// deleted. While resizing is paused it does nothing.
func (t *Table[E]) Reserve(n int) {
	if t.paused > 0 || n <= 0 {
		return
	}
	want := (uint64(n) + growAbove - 1) / growAbove
	if t.buckets == 0 {
		t.addBucket()
	}
	if t.used == 0 {
		t.reserveEmpty(want)
	}
	for t.buckets < want {
		t.split()
	}
}

// reserveEmpty adds buckets, up to the number wanted, to a table in which there
// is nothing to move.
func (t *Table[E]) reserveEmpty(want uint64) {
	if c := min(want, segmentBuckets); c > uint64(cap(t.segments[0])) {
		t.segments[0] = resized(t.segments[0], int(c))
	}
	for t.buckets < want {
		t.addBucket()
		if t.buckets == 2*(t.low+1) {
			t.low = t.low<<1 | 1
		}
	}
}

// Rehashing tells whether the number of buckets does not fit the number of
// elements.
func (t *Table[E]) Rehashing() bool { return t.wantsGrowth() || t.wantsShrinking() }

// RehashStep splits or merges up to n buckets, as far as the number of elements
// asks for it, and tells whether more is to be done. Insertions and deletions
// do as much as is needed by themselves; work is left over only after Reserve
// and after resizing was paused.
func (t *Table[E]) RehashStep(n int) (more bool) {
	if t.paused > 0 {
		return false
	}
	for range n {
		switch {
		case t.wantsGrowth():
			t.split()
		case t.wantsShrinking():
			t.merge()
		default:
			return false
		}
	}
	return t.Rehashing()
}

// PauseRehash keeps all elements in their place until ResumeRehash was called
// as often. Insertions and deletions go on working, in a table that is too full
// or too empty.
func (t *Table[E]) PauseRehash() { t.paused++ }

// ResumeRehash ends what PauseRehash began.
func (t *Table[E]) ResumeRehash() { t.paused-- }
