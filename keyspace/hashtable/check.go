package hashtable

import (
	"bytes"
	"fmt"
	"unsafe"
)

// Bytes returns the memory that the table takes, in bytes, without the elements
// behind pointers.
func (t *Table[E]) Bytes() int {
	buckets := t.overflow
	if n := len(t.segments); n > 0 { // all but the first have room for the same number
		buckets += cap(t.segments[0]) + (n-1)*segmentBuckets
	}
	return int(unsafe.Sizeof(*t)) + cap(t.segments)*int(unsafe.Sizeof(t.segments[0])) +
		buckets*int(unsafe.Sizeof(bucket[E]{}))
}

// Stats describe the shape of a table.
type Stats struct {
	Elements int
	Buckets  int // the elements' homes
	Overflow int // further buckets, chained to full ones
	Empty    int // homes without an element
	// Split is how many buckets of the current round have been split in two, of
	// Round; the two play the part of the old and new table of other designs.
	Split, Round int
	Longest      int // elements of the fullest chain
	// Chains counts the chains by their number of elements; the last one counts
	// the longer ones too.
	Chains [50]int
}

// Stats walks the table and describes it.
func (t *Table[E]) Stats() Stats {
	s := Stats{Elements: t.used, Buckets: int(t.buckets), Overflow: t.overflow}
	if t.buckets > 0 {
		s.Round = int(t.low + 1)
		s.Split = s.Buckets - s.Round
	}
	for i := range t.buckets {
		n := 0
		for b := t.bucketAt(i); b != nil; b = b.next {
			n += b.count()
		}
		s.Longest = max(s.Longest, n)
		s.Chains[min(n, len(s.Chains)-1)]++
	}
	s.Empty = s.Chains[0]
	return s
}

// Check verifies every invariant. It is for tests; its cost is proportional to
// the table.
func (t *Table[E]) Check() error {
	if t.paused < 0 {
		return fmt.Errorf("resumed %d times too often", -t.paused)
	}
	if err := t.checkShape(); err != nil {
		return err
	}
	used, overflow := 0, 0
	for i := range t.buckets {
		length := 0
		for b := t.bucketAt(i); b != nil; b = b.next {
			if err := t.checkBucket(i, b); err != nil {
				return fmt.Errorf("bucket %d: %w", i, err)
			}
			used += b.count()
			length++
		}
		if length > t.longest && t.longest > 0 {
			return fmt.Errorf("bucket %d: chain of %d, longest is %d", i, length, t.longest)
		}
		overflow += length - 1
	}
	if used != t.used {
		return fmt.Errorf("%d elements, counted as %d", used, t.used)
	}
	if overflow != t.overflow {
		return fmt.Errorf("%d overflow buckets, counted as %d", overflow, t.overflow)
	}
	return nil
}

func (t *Table[E]) checkShape() error {
	if t.low&(t.low+1) != 0 {
		return fmt.Errorf("mask %#x", t.low)
	}
	if t.buckets > 0 && (t.buckets <= t.low || t.buckets >= 2*(t.low+1)) {
		return fmt.Errorf("%d buckets with mask %#x", t.buckets, t.low)
	}
	buckets := 0
	for i, seg := range t.segments {
		if i < len(t.segments)-1 && len(seg) != segmentBuckets {
			return fmt.Errorf("segment %d has %d buckets", i, len(seg))
		}
		if i > 0 && cap(seg) != segmentBuckets {
			return fmt.Errorf("segment %d has room for %d buckets", i, cap(seg))
		}
		for _, b := range seg[len(seg):cap(seg)] {
			if b.tags != 0 || b.next != nil {
				return fmt.Errorf("segment %d holds on to elements behind its last bucket", i)
			}
		}
		buckets += len(seg)
	}
	if uint64(buckets) != t.buckets {
		return fmt.Errorf("%d buckets in segments, counted as %d", buckets, t.buckets)
	}
	return nil
}

func (t *Table[E]) checkBucket(i uint64, b *bucket[E]) error {
	if b.tags>>(8*slotsPerBucket) != 0 {
		return fmt.Errorf("tags %#x", b.tags)
	}
	for m := b.used(); m != 0; m &= m - 1 {
		slot := slotOf(m)
		key := t.key(b.slots[slot])
		h := t.hash(key)
		if t.home(h) != i {
			return fmt.Errorf("key %q belongs in bucket %d", key, t.home(h))
		}
		if b.tag(slot) != tagOf(h) {
			return fmt.Errorf("key %q has tag %#x, not %#x", key, b.tag(slot), tagOf(h))
		}
		if e, found := t.Find(key); !found || !bytes.Equal(t.key(e), key) {
			return fmt.Errorf("key %q is not found", key)
		}
	}
	return nil
}
