package hashtable

// warmBatch is how many keys Warm takes at a time.
const warmBatch = 32

// Warm brings what looking up the keys will need into the processor's cache. In
// a big table a lookup waits for memory twice, for the bucket and for the
// element; here all buckets are asked for before any is waited for, and then all
// elements. touch reads something of an element; the sum that is returned only
// keeps the compiler from leaving the reads out.
//
// Measured with keys of 16 bytes in random order, 32 at a time, on a machine with
// other work to do (best of four): with 100 000 keys a lookup takes 73 ns with its
// share of Warm and 221 ns without, with a million 206 ns and 307 ns.
func (t *Table[E]) Warm(keys [][]byte, touch func(E) uint64) (sum uint64) {
	if t.used == 0 {
		return 0
	}
	var (
		heads [warmBatch]*bucket[E]
		tags  [warmBatch]uint8
	)
	for len(keys) > 0 {
		n := min(len(keys), warmBatch)
		for i, key := range keys[:n] {
			h := t.hash(key)
			heads[i], tags[i] = t.bucketAt(t.home(h)), tagOf(h)
			sum += heads[i].tags
		}
		for i, head := range heads[:n] {
			if m := head.matches(tags[i]); m != 0 {
				sum += touch(head.slots[slotOf(m)])
			}
		}
		keys = keys[n:]
	}
	return sum
}
