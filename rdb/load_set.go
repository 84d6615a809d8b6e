package rdb

import (
	"bytes"
	"slices"
	"strconv"

	"respect/keyspace"
	"respect/keyspace/intset"
	"respect/keyspace/listpack"
)

// setBuilder collects a set that is stored member by member. It goes through the
// encodings in which real servers hold such a set while they load it: integers only,
// a listpack that begins with these integers, a hash table. What is collected lives
// in memory that the next set uses again.
type setBuilder struct {
	reader *Reader
	limits *keyspace.SetLimits

	ints    []int64           // the members, as long as packed is empty
	packed  listpack.Listpack // the members, unless there is a big set
	big     *keyspace.Set
	longest int // bytes of the longest member
}

// maxIntset is the most integers that an intset has, whatever is configured.
const maxIntset = 1 << 30

func (l *loader) SetMember(member []byte) error {
	if l.skip {
		return nil
	}
	b := &l.set
	if l.build(keyspace.TypeSet, b) {
		b.ints, b.packed, b.big, b.longest = b.ints[:0], emptyListpack(b.packed, 0), nil, 0
	}
	return b.add(member)
}

func (b *setBuilder) add(member []byte) error {
	if b.big != nil {
		return b.addBig(member)
	}
	b.longest = max(b.longest, len(member))
	n, isInt := listpack.ParseInt(member)
	switch count := len(b.ints) + b.packed.Len() + 1; {
	case count > min(b.limits.MaxIntset, maxIntset):
		// Real servers see from the number of members that they need a hash table.
	case isInt && b.packed.IsEmpty():
		b.ints = append(b.ints, n)
		return nil
	case count <= b.limits.MaxListpackEntries && b.longest <= b.limits.MaxListpackValue &&
		listpack.SafeToAdd(b.packed, len(member)+maxEntryOverhead*(len(b.ints)+1)):
		if b.packed.IsEmpty() {
			b.packInts()
		}
		b.packed = b.packed.Append(member)
		return nil
	}
	if err := b.makeBig(); err != nil {
		return err
	}
	return b.addBig(member)
}

// packInts moves the integers, in their order, into the listpack.
func (b *setBuilder) packInts() {
	slices.Sort(b.ints)
	for _, n := range b.ints {
		b.packed = b.packed.AppendInt(n)
	}
	b.ints = b.ints[:0]
}

// makeBig moves all members into a hash table.
func (b *setBuilder) makeBig() error {
	b.big = keyspace.NewSet()
	var buf []byte
	for _, n := range b.ints {
		buf = strconv.AppendInt(buf[:0], n, 10)
		if err := b.addBig(buf); err != nil {
			return err
		}
	}
	for at := b.packed.First(); at != 0; at = b.packed.Next(at) {
		buf = b.packed.Get(at).AppendTo(buf[:0])
		if err := b.addBig(buf); err != nil {
			return err
		}
	}
	return nil
}

// addBig adds a member to the hash table, which no limits turn a set into anything
// else from the first member on.
func (b *setBuilder) addBig(member []byte) error {
	if !b.big.Add(member, &keyspace.SetLimits{}) {
		return b.repeated()
	}
	return nil
}

func (b *setBuilder) repeated() error { return b.reader.corrupt("Duplicate set members detected") }

func (b *setBuilder) finish() (any, error) {
	if b.big != nil {
		return b.big, nil
	}
	if b.packed.IsEmpty() {
		return b.finishInts()
	}
	return b.ofListpack(b.packed)
}

func (b *setBuilder) finishInts() (any, error) {
	slices.Sort(b.ints)
	set := intset.New(len(b.ints))
	for _, n := range b.ints {
		var added bool
		if set, added = set.Add(n); !added {
			return nil, b.repeated()
		}
	}
	return keyspace.SetOfIntset(set, b.limits), nil
}

func (l *loader) SetIntset(integers []byte) error {
	if !l.skip {
		l.adopt(keyspace.TypeSet, keyspace.SetOfIntset(bytes.Clone(integers), l.set.limits))
	}
	return nil
}

func (l *loader) SetListpack(packed []byte) error {
	if l.skip {
		return nil
	}
	set, err := l.set.ofListpack(packed)
	l.adopt(keyspace.TypeSet, set)
	return err
}

func (b *setBuilder) ofListpack(packed []byte) (*keyspace.Set, error) {
	set, err := keyspace.SetOfListpack(bytes.Clone(packed), b.limits)
	if err != nil {
		return nil, b.repeated()
	}
	return set, nil
}
