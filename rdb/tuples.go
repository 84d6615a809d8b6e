package rdb

import (
	"errors"
	"fmt"
	"hash/maphash"

	"respect/keyspace/listpack"
)

// Sets, hashes and sorted sets in a listpack are tuples of elements, the first of
// which is the member or field: 1 in a set, 2 in a hash or sorted set, 3 in a hash
// whose fields expire.

var errRepeated = errors.New("a member occurs twice")

// validateTuples reports what is wrong with bytes that claim to be a listpack of
// such tuples: its form, a last tuple that is not complete, a member that occurs
// twice. Real servers look that closely only with sanitize-dump-payload, but
// answer or crash at random if what they did not see is there.
func (r *Reader) validateTuples(packed []byte, size int) error {
	if err := listpack.Validate(packed); err != nil {
		return err
	}
	return r.checkTuples(packed, size)
}

// checkTuples is validateTuples for what is known to be a listpack.
func (r *Reader) checkTuples(packed listpack.Listpack, size int) error {
	n := packed.Len()
	if n%size != 0 {
		return fmt.Errorf("%d elements", n)
	}
	if r.seen.repeats(packed, n/size, size) {
		return errRepeated
	}
	return nil
}

// seen finds out whether a text repeats. It is a hash table of offsets of entries,
// kept to be used again; the texts stay where they are.
type seen struct {
	seed  maphash.Seed
	slots []uint32 // offset of an entry; 0 for a free slot, as no entry begins there
}

// repeats reports whether two of the n tuples begin with the same text.
func (s *seen) repeats(packed listpack.Listpack, n, size int) bool {
	switch {
	case n < 2:
		return false
	case n <= fewTexts:
		return fewRepeat(packed, size)
	}
	mask := s.reset(n)
	for at := packed.First(); at != 0; {
		e := canonical(packed.Get(at))
		i := s.hash(e) & mask
		for ; s.slots[i] != 0; i = (i + 1) & mask {
			if sameText(canonical(packed.Get(int(s.slots[i]))), e) {
				return true
			}
		}
		s.slots[i] = uint32(at)
		for range size {
			at = packed.Next(at)
		}
	}
	return false
}

// fewTexts is up to how many texts comparing each with each is the fastest.
const fewTexts = 8

// fewRepeat is repeats for few texts.
func fewRepeat(packed listpack.Listpack, size int) bool {
	var room [fewTexts]listpack.Element
	texts := room[:0]
	for at := packed.First(); at != 0; {
		e := canonical(packed.Get(at))
		for i := range texts {
			if sameText(texts[i], e) {
				return true
			}
		}
		texts = append(texts, e)
		for range size {
			at = packed.Next(at)
		}
	}
	return false
}

// reset makes room for n texts and returns the mask for slots.
func (s *seen) reset(n int) uint64 {
	slots := 16
	for slots < 2*n {
		slots *= 2
	}
	if len(s.slots) == 0 {
		s.seed = maphash.MakeSeed()
	}
	if len(s.slots) < slots {
		s.slots = make([]uint32, slots)
	} else {
		clear(s.slots[:slots])
	}
	return uint64(slots - 1)
}

func (s *seen) hash(e listpack.Element) uint64 {
	if e.IsInt() {
		return maphash.Comparable(s.seed, e.Int)
	}
	return maphash.Bytes(s.seed, e.Bytes)
}

// canonical returns an element that is the text of a number as the number, so that
// the two ways to store it compare as the same.
func canonical(e listpack.Element) listpack.Element {
	if !e.IsInt() {
		if n, ok := listpack.ParseInt(e.Bytes); ok {
			return listpack.Integer(n)
		}
	}
	return e
}

// sameText compares canonical elements.
func sameText(a, b listpack.Element) bool {
	return a.IsInt() == b.IsInt() && a.Int == b.Int && string(a.Bytes) == string(b.Bytes)
}
