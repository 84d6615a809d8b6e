package hashtable

import "math/bits"

// slotsPerBucket makes a bucket of pointer-sized elements one cache line.
const slotsPerBucket = 6

// A bucket holds up to slotsPerBucket elements. For pointer-sized elements:
//
//	offset  0      6    8        16                                         64
//	        +------+----+--------+------+------+------+------+------+------+
//	        | tags | 0  | next   | slot | slot | slot | slot | slot | slot |
//	        +------+----+--------+------+------+------+------+------+------+
//
// Tag i, the bits 8i to 8i+7 of the word, belongs to slot i: 0 if the slot is
// free, else eight bits of the element's hash. A slot may be free anywhere.
type bucket[E any] struct {
	tags  uint64
	next  *bucket[E]
	slots [slotsPerBucket]E
}

const (
	tagOnes = 0x0000_0101_0101_0101 // a 1 in each tag
	tagLow7 = 0x7f * tagOnes
	tagTop  = 0x80 * tagOnes
)

// tagOf returns the tag of a hash. It uses bits that no bucket number has.
func tagOf(h uint64) uint8 { return max(uint8(h>>56), 1) }

// zeroTags returns a word whose top bit is set in each tag that is zero in x.
// The usual shorter formula borrows from one byte to the next and would now and
// then report a free slot as a match.
func zeroTags(x uint64) uint64 {
	return ^((x&tagLow7 + tagLow7) | x) & tagTop
}

// slotOf returns the number of the first slot in a result of zeroTags.
func slotOf(found uint64) int { return bits.TrailingZeros64(found) / 8 }

// matches returns the slots that have the tag, as zeroTags does.
func (b *bucket[E]) matches(tag uint8) uint64 {
	return zeroTags(b.tags ^ uint64(tag)*tagOnes)
}

// free returns the free slots, as zeroTags does.
func (b *bucket[E]) free() uint64 { return zeroTags(b.tags) }

// used returns the occupied slots, as zeroTags does.
func (b *bucket[E]) used() uint64 { return b.free() ^ tagTop }

// count returns how many slots are occupied.
func (b *bucket[E]) count() int { return bits.OnesCount64(b.used()) }

func (b *bucket[E]) tag(slot int) uint8 { return uint8(b.tags >> (8 * slot)) }

func (b *bucket[E]) set(slot int, tag uint8, e E) {
	b.tags = b.tags&^(0xff<<(8*slot)) | uint64(tag)<<(8*slot)
	b.slots[slot] = e
}

func (b *bucket[E]) clear(slot int) {
	var zero E
	b.set(slot, 0, zero)
}

// A packer writes elements into a chain without leaving a slot free. It may
// write the chain that is being read: it never overtakes the reader.
type packer[E any] struct {
	t      *Table[E]
	b      *bucket[E]
	slot   int
	length int // buckets of the chain so far
}

func (t *Table[E]) pack(head *bucket[E]) packer[E] {
	return packer[E]{t: t, b: head, length: 1}
}

func (p *packer[E]) put(tag uint8, e E) {
	if p.slot == slotsPerBucket {
		if p.b.next == nil {
			p.t.extend(p.b)
		}
		p.b = p.b.next
		p.slot = 0
		p.length++
	}
	p.b.set(p.slot, tag, e)
	p.slot++
}

// finish clears what the chain holds after the last element written.
func (p *packer[E]) finish() {
	for ; p.slot < slotsPerBucket; p.slot++ {
		p.b.clear(p.slot)
	}
	for b := p.b.next; b != nil; b = b.next {
		p.t.overflow--
	}
	p.b.next = nil
	p.t.longest = max(p.t.longest, p.length)
}
