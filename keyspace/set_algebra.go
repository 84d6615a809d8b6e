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

// probe is a member of one set that is looked for in others. Its text and its number
// are found when they are first needed.
type probe struct {
	e      Element
	text   []byte
	n      int64
	isInt  bool
	parsed bool
	room   [maxIntText]byte
}

func (p *probe) set(e Element) {
	p.e, p.text, p.parsed = e, e.Bytes, e.IsInt()
	p.n, p.isInt = e.Int, e.IsInt()
}

// in reports whether the member is in a set.
func (p *probe) in(s *Set) bool {
	if s.encoding == setIntset {
		if !p.parsed {
			p.n, p.isInt = ParseInt(p.e.Bytes)
			p.parsed = true
		}
		return p.isInt && s.ints().Has(p.n)
	}
	if p.text == nil {
		p.text = p.e.AppendTo(p.room[:0])
	}
	return s.Has(p.text)
}

// inAny reports whether the member is in one of the sets.
func (p *probe) inAny(sets []*Set) bool {
	for _, s := range sets {
		if p.in(s) {
			return true
		}
	}
	return false
}

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
	others := without(sets, smallest)
	slices.SortStableFunc(others, bySize)
	var p probe
	smallest.eachMember(func(e Element, m *member) bool {
		p.set(e)
		for _, s := range others {
			if !p.in(s) {
				return true
			}
		}
		return fn(e, m)
	})
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
	lookups, total, listpacks, intsets := 0, 0, 0, 0
	for i, s := range sets {
		lookups += i * s.Len()
		total += s.Len()
		switch s.encoding {
		case setIntset:
			intsets++
		case setListpack:
			listpacks++
		}
	}
	// A member comes twice if an earlier set has it. To look for it there is
	// cheaper than to fill a table with all members, unless there are many sets.
	const tableWorth = 2
	switch {
	case intsets > 1 && intsets == len(sets):
		OfAny(sets, limits).Each(fn)
	case listpacks > 1 || lookups > tableWorth*total:
		tableOf(sets).Each(fn)
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

func tableOf(sets []*Set) *Set {
	t := newTableSet(sets[0].Len())
	for _, s := range sets {
		t.putAll(s, &SetLimits{})
	}
	return t
}

func eachUnlessBefore(sets []*Set, fn func(Element) bool) {
	var p probe
	goOn := true
	for i, s := range sets {
		before := sets[:i]
		s.Each(func(e Element) bool {
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
	result := NewSet()
	// With a set in it that no other encoding holds, the result will be a table.
	most := 0
	for _, s := range sets {
		if s != nil {
			most = max(most, s.Len())
		}
	}
	if most > max(limits.maxIntset(), limits.MaxListpackEntries) {
		result = newTableSet(most)
	}
	for _, s := range sets {
		if s != nil {
			result.putAll(s, limits)
		}
	}
	return result
}

// putAll adds all members of another set.
func (s *Set) putAll(from *Set, limits *SetLimits) {
	from.eachMember(func(e Element, m *member) bool {
		s.put(e, m, limits)
		return true
	})
}

// EachOnlyInFirst calls fn with each member of the first set that no other one has,
// until fn returns false.
func EachOnlyInFirst(sets []*Set, fn func(Element) bool) {
	first := sets[0]
	if first == nil || slices.Contains(sets[1:], first) {
		return
	}
	others := without(sets, first)
	if removingIsCheaper(sets) {
		others = []*Set{common(first, others)}
	}
	eachNotIn(first, others, func(e Element, _ *member) bool { return fn(e) })
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
	var p probe
	for _, o := range others {
		o.eachMember(func(e Element, m *member) bool {
			if p.set(e); p.in(s) {
				found.put(e, m, &SetLimits{})
			}
			return true
		})
	}
	return found
}

func eachNotIn(s *Set, others []*Set, fn func(Element, *member) bool) {
	slices.SortStableFunc(others, bySizeReverse)
	var p probe
	s.eachMember(func(e Element, m *member) bool {
		p.set(e)
		return p.inAny(others) || fn(e, m)
	})
}

// OnlyInFirst returns the set of the members of the first set that no other one has.
// As in Redis, its encoding tells by which way it was made.
func OnlyInFirst(sets []*Set, limits *SetLimits) *Set {
	first := sets[0]
	if first == nil || slices.Contains(sets[1:], first) {
		return NewSet()
	}
	others := without(sets, first)
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
	eachNotIn(first, others, func(e Element, m *member) bool {
		result.put(e, m, limits)
		return true
	})
	return result
}
