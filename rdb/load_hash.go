package rdb

import (
	"bytes"

	"respect/keyspace"
	"respect/keyspace/listpack"
)

// hashBuilder collects a hash that is stored field by field: in a listpack as long as
// it fits into one, then in a hash table. Fields whose deadline has passed are not
// part of it. What is collected lives in memory that the next hash uses again.
type hashBuilder struct {
	reader *Reader
	limits *keyspace.HashLimits

	packed   listpack.Listpack // fields and values, unless there is a big hash
	big      *keyspace.Hash
	count    int  // fields in the file
	expiring bool // fields may expire: each value in packed is followed by a deadline, 0 for none
}

func (l *loader) HashField(field, value []byte, expireAtMs int64) error {
	if l.skip {
		return nil
	}
	b := l.hashBuilder()
	b.count++
	if !l.live(expireAtMs) {
		return nil
	}
	return b.add(field, value, expireAtMs)
}

// hashBuilder returns the builder of the hash at hand, which it begins if need be.
func (l *loader) hashBuilder() *hashBuilder {
	b := &l.hash
	if l.build(keyspace.TypeHash, b) {
		b.packed, b.big, b.count = emptyListpack(b.packed, 0), nil, 0
		b.expiring = l.header.Type.fieldsExpire()
	}
	return b
}

// live reports whether a field is to be kept.
func (l *loader) live(expireAtMs int64) bool {
	if expireAtMs == NoExpire || expireAtMs >= l.nowMs || l.replaying {
		return true
	}
	l.dropped++
	l.stats.ExpiredFields++
	return false
}

func (b *hashBuilder) add(field, value []byte, expireAtMs int64) error {
	if b.big == nil && !b.fits(field, value) {
		if err := b.makeBig(); err != nil {
			return err
		}
	}
	if b.big != nil {
		return b.addBig(field, value, expireAtMs)
	}
	b.packed = b.packed.Append(field).Append(value)
	if b.expiring {
		b.packed = b.packed.AppendInt(max(0, expireAtMs))
	}
	return nil
}

// fits reports whether the listpack may get another field. Real servers know the
// number of all fields from the start.
func (b *hashBuilder) fits(field, value []byte) bool {
	return b.count <= b.limits.MaxListpackEntries &&
		max(len(field), len(value)) <= b.limits.MaxListpackValue &&
		listpack.SafeToAdd(b.packed, len(field)+len(value)+3*maxEntryOverhead)
}

// makeBig moves all fields into a hash table.
func (b *hashBuilder) makeBig() error {
	b.big = keyspace.NewHash()
	var field, value []byte
	for at := b.packed.First(); at != 0; at = b.packed.Next(at) {
		field = b.packed.Get(at).AppendTo(field[:0])
		at = b.packed.Next(at)
		value = b.packed.Get(at).AppendTo(value[:0])
		expireAtMs := int64(NoExpire)
		if b.expiring {
			at = b.packed.Next(at)
			expireAtMs = deadlineOf(b.packed.Get(at))
		}
		if err := b.addBig(field, value, expireAtMs); err != nil {
			return err
		}
	}
	return nil
}

// deadlineOf reads a deadline in a listpack.
func deadlineOf(e listpack.Element) int64 {
	if e.Int == 0 {
		return NoExpire
	}
	return e.Int
}

// addBig adds a field to the hash table, which no limits make of a hash with the
// first field.
func (b *hashBuilder) addBig(field, value []byte, expireAtMs int64) error {
	if !b.big.Set(field, value, &keyspace.HashLimits{}) {
		return b.reader.corrupt("Duplicate hash fields detected")
	}
	if expireAtMs != NoExpire {
		b.big.SetFieldExpireAt(field, expireAtMs)
	}
	return nil
}

func (b *hashBuilder) finish() (any, error) {
	if b.big != nil {
		return b.big, nil
	}
	if b.packed.IsEmpty() {
		return nil, nil // no field is left
	}
	size := 2
	if b.expiring {
		size = 3
	}
	if b.reader.checkTuples(b.packed, size) != nil {
		return nil, b.reader.corrupt("Hash with dup elements")
	}
	if b.expiring {
		return keyspace.HashOfListpackEx(bytes.Clone(b.packed), b.limits), nil
	}
	return keyspace.HashOfListpack(bytes.Clone(b.packed), b.limits), nil
}

func (l *loader) HashListpack(packed []byte) error {
	switch {
	case l.skip:
	case l.header.Type == TypeHashZipmap && longest(packed) > l.hash.limits.MaxListpackValue:
		// Of all listpacks, those that were zipmaps are the only ones in which real
		// servers look for long elements.
		return l.addPairs(packed)
	default:
		l.adopt(keyspace.TypeHash, keyspace.HashOfListpack(bytes.Clone(packed), l.hash.limits))
	}
	return nil
}

// longest returns the length in bytes of the longest element.
func longest(packed listpack.Listpack) (n int) {
	for at := packed.First(); at != 0; at = packed.Next(at) {
		n = max(n, packed.Get(at).Len())
	}
	return n
}

// addPairs adds fields and values one by one.
func (l *loader) addPairs(packed listpack.Listpack) error {
	var field, value []byte
	for at := packed.First(); at != 0; at = packed.Next(at) {
		field = packed.Get(at).AppendTo(field[:0])
		at = packed.Next(at)
		value = packed.Get(at).AppendTo(value[:0])
		if err := l.HashField(field, value, NoExpire); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) HashListpackEx(triples []byte) error {
	if l.skip {
		return nil
	}
	live := l.liveTriples(triples)
	if !live.IsEmpty() {
		l.adopt(keyspace.TypeHash, keyspace.HashOfListpackEx(bytes.Clone(live), l.hash.limits))
	}
	return nil
}

// liveTriples returns a listpack of fields, values and deadlines without the fields
// that have expired.
func (l *loader) liveTriples(all listpack.Listpack) listpack.Listpack {
	live := emptyListpack(l.hash.packed, len(all))
	for at := all.First(); at != 0; at = all.Next(at) {
		field := all.Get(at)
		at = all.Next(at)
		value := all.Get(at)
		at = all.Next(at)
		if l.live(deadlineOf(all.Get(at))) {
			live = appendElement(appendElement(live, field), value).AppendInt(all.Get(at).Int)
		}
	}
	l.hash.packed = live
	return live
}
