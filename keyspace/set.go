package keyspace

import (
	"fmt"
	"hash/maphash"
	"slices"
	"unsafe"

	"respect/keyspace/hashtable"
	"respect/keyspace/intset"
	"respect/keyspace/listpack"
)

// This file is the value half of sets. A set is an intset as long as all members
// are integers and not too many, else a listpack as long as members are few and
// short, else a hash table. It goes that way and never back: what becomes smaller
// stays what it is. All of it happens where Redis 7.2 does it, so that OBJECT
// ENCODING agrees at every moment.
//
// What is done with random members is in set_random.go, what is made of several
// sets in set_algebra.go, and the members of hash tables are in set_member.go.

// SetLimits are the parameters that shape sets.
type SetLimits struct {
	MaxIntset          int // set-max-intset-entries
	MaxListpackEntries int // set-max-listpack-entries
	MaxListpackValue   int // set-max-listpack-value, in bytes
}

// maxIntset is the greatest number of integers in an intset.
func (l *SetLimits) maxIntset() int {
	const most = 1 << 30
	return min(l.MaxIntset, most)
}

// allowListpack reports whether a listpack may get another member of so many bytes.
func (l *SetLimits) allowListpack(members, bytes int) bool {
	return members < l.MaxListpackEntries && bytes <= l.MaxListpackValue
}

// Element is an element of a list, a set or a hash: a string, or an integer.
type Element = listpack.Element

type setEncoding uint8

const (
	setIntset setEncoding = iota
	setListpack
	setTable
)

// A Set is the value of a key of type set. Elements that it lends are valid until
// its next change, and what is given to its methods must not be part of it.
type Set struct {
	small    []byte       // the intset or listpack; nil for a table
	big      *memberTable // the table, or nil
	blocks   int          // bytes of the members of big
	encoding setEncoding
}

type memberTable = hashtable.Table[*member]

// NewSet returns an empty set for members that come one after the other.
func NewSet() *Set { return &Set{small: intset.New(0)} }

// NewSetFor returns an empty set in the encoding that suits n members of which the
// given one is the first.
func NewSetFor(first []byte, n int, limits *SetLimits) *Set {
	if _, isInt := ParseInt(first); isInt && n <= limits.maxIntset() {
		return &Set{small: intset.New(n)}
	}
	if n <= limits.MaxListpackEntries {
		return newListpackSet()
	}
	return newTableSet(n)
}

func newListpackSet() *Set {
	return &Set{small: listpack.New(0), encoding: setListpack}
}

// maxReserve bounds the room that is made for members before they come.
const maxReserve = 1 << 16

func newTableSet(n int) *Set {
	s := &Set{big: hashtable.New((*member).text), encoding: setTable}
	s.big.Reserve(min(n, maxReserve))
	return s
}

// SetOfIntset returns the set that owns the bytes of an intset, which must have
// been validated, in the encoding that suits it.
func SetOfIntset(b []byte, limits *SetLimits) *Set {
	s := &Set{small: b}
	if s.Len() > limits.maxIntset() {
		s.toTable(0)
	}
	return s
}

// SetOfListpack returns the set that owns a listpack, which must have been
// validated, in the encoding that suits it. A member that comes twice gives an
// error.
func SetOfListpack(lp listpack.Listpack, limits *SetLimits) (*Set, error) {
	s := &Set{small: lp, encoding: setListpack}
	n := s.Len()
	if n <= limits.MaxListpackEntries && s.allDifferent() {
		return s, nil
	}
	s.toTable(0)
	if s.Len() != n {
		return nil, fmt.Errorf("%d of %d members are different", s.Len(), n)
	}
	if n <= limits.MaxListpackEntries {
		return &Set{small: lp, encoding: setListpack}, nil
	}
	return s, nil
}

// allDifferent reports that no member of the listpack comes twice. In rare cases
// it is wrong to deny it.
func (s *Set) allDifferent() bool {
	var room [128]uint64
	hashes := room[:0]
	seed := maphash.MakeSeed()
	s.EachText(func(text []byte) bool {
		hashes = append(hashes, maphash.Bytes(seed, text))
		return true
	})
	slices.Sort(hashes)
	for i := 1; i < len(hashes); i++ {
		if hashes[i-1] == hashes[i] {
			return false
		}
	}
	return true
}

func (s *Set) ints() intset.Intset         { return s.small }
func (s *Set) listpack() listpack.Listpack { return s.small }

// Intset returns the members of an intset, for saving, or nil if the set is none.
func (s *Set) Intset() intset.Intset {
	if s.encoding != setIntset {
		return nil
	}
	return s.small
}

// Listpack returns the members of a listpack, for saving, or nil if the set is none.
func (s *Set) Listpack() listpack.Listpack {
	if s.encoding != setListpack {
		return nil
	}
	return s.small
}

// Encoding returns the name that OBJECT ENCODING replies with.
func (s *Set) Encoding() string {
	return [...]string{"intset", "listpack", "hashtable"}[s.encoding]
}

// Len returns the number of members.
func (s *Set) Len() int {
	switch s.encoding {
	case setIntset:
		return s.ints().Len()
	case setListpack:
		return s.listpack().Len()
	default:
		return s.big.Len()
	}
}

// Expect tells that n members are about to be added, all of which may be new.
func (s *Set) Expect(n int, limits *SetLimits) {
	if s.encoding == setIntset && n > limits.maxIntset() ||
		s.encoding == setListpack && n > limits.MaxListpackEntries {
		s.toTable(n)
	}
}

// toTable turns the set into a hash table with room for more members.
func (s *Set) toTable(more int) {
	t := newTableSet(s.Len() + more)
	s.EachText(func(text []byte) bool {
		t.insertText(text)
		return true
	})
	*s = *t
}

// toListpack turns an intset into a listpack with room for so many more bytes.
func (s *Set) toListpack(more int) {
	const roomPerInt = 4 // bytes; most are small
	ints := s.ints()
	lp := listpack.New(ints.Len()*roomPerInt + more + 16)
	for i := range ints.Len() {
		lp = lp.AppendInt(ints.At(i))
	}
	*s = Set{small: lp, encoding: setListpack}
}

// Has reports whether a member is in the set.
func (s *Set) Has(text []byte) bool {
	switch s.encoding {
	case setIntset:
		n, ok := ParseInt(text)
		return ok && s.ints().Has(n)
	case setListpack:
		return s.find(text) != 0
	default:
		_, found := s.big.Find(text)
		return found
	}
}

// find returns the offset of a member in the listpack, or 0.
func (s *Set) find(text []byte) int {
	lp := s.listpack()
	return lp.Find(lp.First(), text, 0)
}

// Add adds a member and reports whether it was not there before.
func (s *Set) Add(text []byte, limits *SetLimits) bool {
	if s.encoding == setIntset {
		if n, ok := ParseInt(text); ok {
			return s.addInt(n, limits)
		}
		s.takeString(text, limits)
	}
	if s.encoding == setListpack {
		if s.find(text) != 0 {
			return false
		}
		lp := s.listpack()
		if limits.allowListpack(lp.Len(), len(text)) && listpack.SafeToAdd(lp, len(text)) {
			s.small = lp.Append(text)
			return true
		}
		s.toTable(1)
	}
	return s.insertText(text)
}

// insertText adds a member to a table.
func (s *Set) insertText(text []byte) bool {
	ref, at := s.big.Locate(text)
	if ref != nil {
		return false
	}
	m := newMember(text)
	s.big.InsertAt(at, m)
	s.blocks += m.size()
	return true
}

// insert adds a member to a table, whose block it may share with other sets.
func (s *Set) insert(m *member) bool {
	ref, at := s.big.Locate(m.text())
	if ref != nil {
		return false
	}
	s.big.InsertAt(at, m)
	s.blocks += m.size()
	return true
}

// addInt adds an integer to an intset.
func (s *Set) addInt(n int64, limits *SetLimits) bool {
	ints, added := s.ints().Add(n)
	s.small = ints
	if added && ints.Len() > limits.maxIntset() {
		s.toTable(0)
	}
	return added
}

// takeString turns an intset into what can hold its members and a string.
func (s *Set) takeString(text []byte, limits *SetLimits) {
	ints := s.ints()
	n, longest := ints.Len(), 0
	if n > 0 {
		longest = max(listpack.Integer(ints.At(0)).Len(), listpack.Integer(ints.At(n-1)).Len())
	}
	const mostPerInt = 11 // bytes of a listpack
	if limits.allowListpack(n, max(longest, len(text))) && listpack.SafeToAdd(nil, n*mostPerInt+len(text)) {
		s.toListpack(len(text))
	} else {
		s.toTable(1)
	}
}

// Remove removes a member and reports whether it was there.
func (s *Set) Remove(text []byte) bool {
	switch s.encoding {
	case setIntset:
		n, ok := ParseInt(text)
		if ok {
			s.small, ok = s.ints().Remove(n)
		}
		return ok
	case setListpack:
		at := s.find(text)
		if at != 0 {
			s.deleteAt(at)
		}
		return at != 0
	default:
		m, found := s.big.Delete(text)
		if found {
			s.blocks -= m.size()
		}
		return found
	}
}

// deleteAt removes the member at an offset of the listpack and returns the offset
// of the next one, or 0.
func (s *Set) deleteAt(at int) int {
	const worthIt = 512 // bytes
	lp, next := s.listpack().Delete(at)
	if cap(lp) >= worthIt && len(lp) < cap(lp)/4 {
		lp = append(make(listpack.Listpack, 0, cap(lp)/2), lp...)
	}
	s.small = lp
	return next
}

// Each calls fn with each member until fn returns false: integers of an intset in
// ascending order, members of a listpack in the order in which they came. The set
// must not be changed meanwhile.
func (s *Set) Each(fn func(Element) bool) {
	switch s.encoding {
	case setIntset:
		ints := s.ints()
		for i := range ints.Len() {
			if !fn(listpack.Integer(ints.At(i))) {
				return
			}
		}
	case setListpack:
		lp := s.listpack()
		for at := lp.First(); at != 0 && fn(lp.Get(at)); {
			at = lp.Next(at)
		}
	default:
		for m := range s.big.All() {
			if !fn(m.element()) {
				return
			}
		}
	}
}

// EachText is Each with the texts of the members, which hold during the call only.
func (s *Set) EachText(fn func(text []byte) bool) {
	if s.encoding == setTable {
		for m := range s.big.All() {
			if !fn(m.text()) {
				return
			}
		}
		return
	}
	var room [maxIntText]byte
	s.Each(func(e Element) bool {
		if e.IsInt() {
			return fn(e.AppendTo(room[:0]))
		}
		return fn(e.Bytes)
	})
}

// Scan calls fn with some members and returns the cursor for the next call; it
// starts and ends with 0. Every member that is there from the first call to the
// last comes at least once. Only tables are scanned in steps. fn must not change
// the set.
func (s *Set) Scan(cursor uint64, fn func(Element)) uint64 {
	if s.encoding == setTable {
		return s.big.Scan(cursor, func(m *member) { fn(m.element()) })
	}
	s.Each(func(e Element) bool {
		fn(e)
		return true
	})
	return 0
}

// Clone returns an independent copy, a *Set.
func (s *Set) Clone() any {
	if s.encoding != setTable {
		c := *s
		c.small = append(make([]byte, 0, len(s.small)), s.small...)
		return &c
	}
	return s.cloneTable()
}

// cloneTable copies a table. The members' blocks are shared: nobody changes them.
func (s *Set) cloneTable() *Set {
	c := &Set{big: hashtable.New((*member).text), encoding: setTable, blocks: s.blocks}
	c.big.Reserve(s.big.Len())
	for m := range s.big.All() {
		c.big.Insert(m)
	}
	return c
}

// Bytes estimates the memory of the set in bytes.
func (s *Set) Bytes() int {
	n := int(unsafe.Sizeof(*s)) + cap(s.small)
	if s.big != nil {
		n += s.big.Bytes() + s.blocks
	}
	return n
}

// Check verifies the structure.
func (s *Set) Check() error {
	if (s.big != nil) != (s.encoding == setTable) || (s.small == nil) != (s.encoding == setTable) {
		return fmt.Errorf("a %s with small %t, big %t", s.Encoding(), s.small != nil, s.big != nil)
	}
	switch s.encoding {
	case setIntset:
		return s.ints().Check()
	case setListpack:
		return s.checkListpack()
	default:
		return s.checkTable()
	}
}

func (s *Set) checkListpack() error {
	if err := s.listpack().Check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	var twice error
	s.EachText(func(text []byte) bool {
		if seen[string(text)] {
			twice = fmt.Errorf("%q is in the set twice", text)
		}
		seen[string(text)] = true
		return twice == nil
	})
	return twice
}

func (s *Set) checkTable() error {
	blocks := 0
	for m := range s.big.All() {
		blocks += m.size()
	}
	if blocks != s.blocks {
		return fmt.Errorf("members of %d bytes, counted %d", blocks, s.blocks)
	}
	return s.big.Check()
}

// Set returns the value of an object whose type is set.
func (o *Object) Set() *Set { return (*Set)(o.as(TypeSet)) }
