package keyspace

import (
	"slices"
)

// What is made of several sets: what all have, what any has, what the first alone
// has. Each comes in two forms: one calls a function with the members of the result,
// the other makes a set of them, in the encoding that Redis 7.2 gives it. A nil set
// is empty.
//
// The function is called with members that the sets lend: nothing is copied, and
// only where members could come twice from many sets is a table made meanwhile.

// eachMember is Each that also gives the member's block, or nil.
func (s *Set) eachMember(fn func(Element, *member) bool) {
	if s.encoding != setTable {
		s.Each(func(e Element) bool { return fn(e, nil) })
		return
	}
	for m := range s.big.All() {
		if !fn(m.element(), m) {
			return
		}
	}
}

// put adds a member of another set, whose block may be given.
func (s *Set) put(e Element, m *member, limits *SetLimits) {
	switch {
	case s.encoding == setTable && m != nil:
		s.insert(m)
	case s.encoding == setIntset && e.IsInt():
		s.addInt(e.Int, limits)
	case e.IsInt():
		var room [maxIntText]byte
		s.Add(e.AppendTo(room[:0]), limits)
	default:
		s.Add(e.Bytes, limits)
	}
}

// without returns the sets that are there and are not s.
func without(sets []*Set, s *Set) []*Set {
	return slices.DeleteFunc(slices.Clone(sets), func(o *Set) bool { return o == nil || o == s })
}

func bySize(x, y *Set) int        { return x.Len() - y.Len() }
func bySizeReverse(x, y *Set) int { return y.Len() - x.Len() }

// EachInCommon calls fn with each member that all sets have, until fn returns false.
func EachInCommon(sets []*Set, fn func(Element) bool) {
	eachInCommon(sets, func(e Element, _ *member) bool { return fn(e) })
}

func eachInCommon(sets []*Set, fn func(Element, *member) bool) {
	if slices.Contains(sets, nil) {
		return
	}
	smallest := slices.MinFunc(sets, bySize)
	rest := without(sets, smallest)
	slices.SortStableFunc(rest, bySize)
	others := seek(rest, smallest.Len())
	var p probe
	smallest.eachSeeking(first(rest), func(e Element, m *member) bool {
		p.set(e)
		return !p.inAll(others) || fn(e, m)
	})
}

// first returns the first of several sets, or nil.
func first(sets []*Set) *Set {
	if len(sets) == 0 {
		return nil
	}
	return sets[0]
}

// InCommon returns the set of the members that all sets have.
func InCommon(sets []*Set, limits *SetLimits) *Set {
	if slices.Contains(sets, nil) {
		return NewSet()
	}
	result := newListpackSet()
	if slices.MinFunc(sets, bySize).encoding == setIntset {
		result = NewSet()
	}
	onlyInts := true
	eachInCommon(sets, func(e Element, m *member) bool {
		if !e.IsInt() && onlyInts {
			_, onlyInts = ParseInt(e.Bytes)
		}
		result.put(e, m, limits)
		return true
	})
	if onlyInts && result.Len() <= limits.maxIntset() {
		result.toIntset()
	}
	return result
}

// toIntset turns a set of integers into an intset.
func (s *Set) toIntset() {
	if s.encoding == setIntset {
		return
	}
	n := s.Len()
	ints := NewSet()
	s.EachText(func(text []byte) bool {
		ints.Add(text, &SetLimits{MaxIntset: n})
		return true
	})
	*s = *ints
}

// EachOfAny calls fn with each member that any of the sets has, until fn returns
// false. Integers of intsets come in ascending order, as far as the limits let all
// of them be an intset.
func EachOfAny(sets []*Set, limits *SetLimits, fn func(Element) bool) {
	sets = distinct(sets)
	slices.SortStableFunc(sets, bySizeReverse)
	lookups, total, intsets := 0, 0, 0
	for i, s := range sets {
		lookups += i * s.Len()
		total += s.Len()
		if s.encoding == setIntset {
			intsets++
		}
	}
	// A member comes twice if an earlier set has it. To look for it there is
	// cheaper than to fill a table with all members, unless there are many sets.
	const tableWorth = 2
	switch {
	case intsets > 1 && intsets == len(sets):
		OfAny(sets, limits).Each(fn)
	case lookups > tableWorth*total:
		tableOf(sets[0], sets).Each(fn)
	default:
		eachUnlessBefore(sets, fn)
	}
}

// distinct returns the sets that are there, each once.
func distinct(sets []*Set) []*Set {
	var d []*Set
	for _, s := range sets {
		if s != nil && !slices.Contains(d, s) {
			d = append(d, s)
		}
	}
	return d
}

func eachUnlessBefore(sets []*Set, fn func(Element) bool) {
	var p probe
	goOn := true
	for i, s := range sets {
		before := seek(sets[:i], s.Len())
		s.eachSeeking(first(sets[:i]), func(e Element, _ *member) bool {
			if p.set(e); !p.inAny(before) {
				goOn = fn(e)
			}
			return goOn
		})
		if !goOn {
			return
		}
	}
}

// OfAny returns the set of the members that any of the sets has.
func OfAny(sets []*Set, limits *SetLimits) *Set {
	sets = distinct(sets)
	if len(sets) == 0 {
		return NewSet()
	}
	// Where one is a table that nothing smaller could hold, the result is one, too.
	biggest := slices.MaxFunc(sets, bySize)
	if biggest.Len() > max(limits.maxIntset(), limits.MaxListpackEntries) {
		return tableOf(biggest, sets)
	}
	result := NewSet()
	for _, s := range sets {
		result.putAll(s, limits)
	}
	return result
}

// tableOf returns a table of the members of all sets, of which the biggest is named.
func tableOf(biggest *Set, sets []*Set) *Set {
	t := newTableSet(0)
	if biggest.encoding == setTable {
		t = biggest.cloneTable()
	} else {
		t.putAll(biggest, &SetLimits{})
	}
	for _, s := range sets {
		if s != biggest {
			t.putAll(s, &SetLimits{})
		}
	}
	return t
}

// putAll adds all members of another set.
func (s *Set) putAll(from *Set, limits *SetLimits) {
	from.eachSeeking(s, func(e Element, m *member) bool {
		s.put(e, m, limits)
		return true
	})
}

// EachOnlyInFirst calls fn with each member of the first set that no other one has,
// until fn returns false.
func EachOnlyInFirst(sets []*Set, fn func(Element) bool) {
	from := sets[0]
	if from == nil || slices.Contains(sets[1:], from) {
		return
	}
	others := without(sets, from)
	if removingIsCheaper(sets) {
		others = []*Set{common(from, others)}
	}
	eachNotIn(from, others, func(e Element, _ *member) bool { return fn(e) })
}

// removingIsCheaper tells, for a first set that is there, to look for the members of
// the others in it and not for its members in the others, where on average half of
// them are asked.
func removingIsCheaper(sets []*Set) bool {
	asking, removing := 0, 0
	for _, s := range sets {
		if s != nil {
			asking += sets[0].Len()
			removing += s.Len()
		}
	}
	return asking/2 > removing
}

// common returns the members of a set that others have.
func common(s *Set, others []*Set) *Set {
	found := newTableSet(0)
	in := seek([]*Set{s}, s.Len())
	var p probe
	for _, o := range others {
		o.eachSeeking(s, func(e Element, m *member) bool {
			if p.set(e); p.inAll(in) {
				found.put(e, m, &SetLimits{})
			}
			return true
		})
	}
	return found
}

func eachNotIn(s *Set, others []*Set, fn func(Element, *member) bool) {
	slices.SortStableFunc(others, bySizeReverse)
	in := seek(others, s.Len())
	var p probe
	s.eachSeeking(first(others), func(e Element, m *member) bool {
		p.set(e)
		return p.inAny(in) || fn(e, m)
	})
}

// OnlyInFirst returns the set of the members of the first set that no other one has.
// As in Redis, its encoding tells by which way it was made.
func OnlyInFirst(sets []*Set, limits *SetLimits) *Set {
	from := sets[0]
	if from == nil || slices.Contains(sets[1:], from) {
		return NewSet()
	}
	others := without(sets, from)
	if removingIsCheaper(sets) {
		result := OfAny(sets[:1], limits)
		for _, o := range others {
			o.EachText(func(text []byte) bool {
				result.Remove(text)
				return result.Len() > 0
			})
		}
		return result
	}
	result := NewSet()
	eachNotIn(from, others, func(e Element, m *member) bool {
		result.put(e, m, limits)
		return true
	})
	return result
}
