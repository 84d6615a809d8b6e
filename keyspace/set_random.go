package keyspace

import (
	"math/rand/v2"

	"respect/keyspace/intset"
	"respect/keyspace/listpack"
)

// Random members of sets: every member has the same chance, and every choice of
// several different members too, in each encoding.

// Random returns a member. There must be one.
func (s *Set) Random(r *rand.Rand) Element {
	switch s.encoding {
	case setIntset:
		return listpack.Integer(s.ints().Random(r))
	case setListpack:
		lp := s.listpack()
		return lp.Get(lp.Seek(r.IntN(lp.Len())))
	default:
		m, _ := s.big.Random(r)
		return m.element()
	}
}

// Pop removes a random member and appends its text to dst. There must be one.
func (s *Set) Pop(r *rand.Rand, dst []byte) []byte {
	switch s.encoding {
	case setIntset:
		i := r.IntN(s.Len())
		dst = listpack.Integer(s.ints().At(i)).AppendTo(dst)
		s.small = s.ints().RemoveAt(i)
	case setListpack:
		lp := s.listpack()
		at := lp.Seek(r.IntN(lp.Len()))
		dst = lp.Get(at).AppendTo(dst)
		s.deleteAt(at)
	default:
		m, _ := s.big.Random(r)
		s.big.Delete(m.text())
		s.blocks -= m.size()
		dst = append(dst, m.text()...)
	}
	return dst
}

// popRest is how many times more members must be popped than stay, so that those
// that stay are moved to a new set instead.
const popRest = 5

// PopSome removes n random members, fewer than there are, and calls fn with each.
// What is left of a table after most of it was popped gets the encoding that
// suits it.
func (s *Set) PopSome(n int, r *rand.Rand, limits *SetLimits, fn func(Element)) {
	rest := s.Len() - n
	switch {
	case n >= rest*popRest:
		s.keepSome(rest, r, limits, fn)
	case s.encoding == setListpack:
		s.popInOrder(n, r, fn)
	default:
		var text []byte
		for range n {
			text = s.Pop(r, text[:0])
			fn(listpack.String(text))
		}
	}
}

// popInOrder pops members of a listpack in one walk.
func (s *Set) popInOrder(n int, r *rand.Rand, fn func(Element)) {
	pick := picker{want: n, left: s.Len()}
	for at := s.listpack().First(); pick.want > 0; {
		if !pick.next(r) {
			at = s.listpack().Next(at)
			continue
		}
		fn(s.listpack().Get(at))
		at = s.deleteAt(at)
	}
}

// keepSome makes n random members the whole set, and calls fn with each of the
// others.
func (s *Set) keepSome(n int, r *rand.Rand, limits *SetLimits, fn func(Element)) {
	kept := s.emptyForRest(n, limits)
	pick := picker{want: n, left: s.Len()}
	take := func(e Element, m *member) bool {
		if pick.next(r) {
			kept.put(e, m, limits)
		} else {
			fn(e)
		}
		return true
	}
	s.eachMember(take)
	*s = *kept
}

// emptyForRest returns an empty set for n members of this one. Integers of a table
// are texts: they make no intset.
func (s *Set) emptyForRest(n int, limits *SetLimits) *Set {
	switch {
	case s.encoding == setIntset:
		return &Set{small: intset.New(n)}
	case s.encoding == setTable && n > limits.MaxListpackEntries:
		return newTableSet(n)
	}
	return newListpackSet()
}

// sampleSome is how many times more members there must be than are wanted, so
// that they are drawn one by one.
const sampleSome = 3

// Sample calls fn with n different random members, fewer than there are.
func (s *Set) Sample(n int, r *rand.Rand, fn func(Element)) {
	switch {
	case s.encoding == setListpack || n*sampleSome > s.Len():
		pick := picker{want: n, left: s.Len()}
		s.Each(func(e Element) bool {
			if pick.next(r) {
				fn(e)
			}
			return pick.want > 0
		})
	case s.encoding == setIntset:
		drawn := make(map[int]struct{}, n)
		for len(drawn) < n {
			i := r.IntN(s.Len())
			if _, again := drawn[i]; !again {
				drawn[i] = struct{}{}
				fn(listpack.Integer(s.ints().At(i)))
			}
		}
	default:
		drawn := make(map[*member]struct{}, n)
		for len(drawn) < n {
			m, _ := s.big.Random(r)
			if _, again := drawn[m]; !again {
				drawn[m] = struct{}{}
				fn(m.element())
			}
		}
	}
}

// A picker chooses, while a sequence passes by, a given number of its members, each
// choice with the same chance.
type picker struct {
	want int // members still to be chosen
	left int // members that have not yet passed
}

// next tells whether the next member is chosen.
func (p *picker) next(r *rand.Rand) bool {
	chosen := p.want > 0 && r.IntN(p.left) < p.want
	p.left--
	if chosen {
		p.want--
	}
	return chosen
}
