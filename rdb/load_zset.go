package rdb

import (
	"bytes"

	"respect/keyspace"
)

// zsetBuilder collects a sorted set.
type zsetBuilder struct {
	reader  *Reader
	limits  *keyspace.ZSetLimits
	members *keyspace.ZSetBuilder
}

func (l *loader) ZSetMember(member []byte, score float64) error {
	if l.skip {
		return nil
	}
	b := &l.zset
	if l.build(keyspace.TypeZSet, b) {
		b.members = keyspace.NewZSetBuilder(b.limits)
	}
	if !b.members.Add(member, score) {
		return b.reader.corrupt("Duplicate zset fields detected")
	}
	return nil
}

func (l *loader) ZSetListpack(packed []byte) error {
	l.packed++
	if !l.skip {
		l.adopt(keyspace.TypeZSet, keyspace.ZSetOfListpack(bytes.Clone(packed), l.zset.limits))
	}
	return nil
}

func (b *zsetBuilder) finish() (any, error) { return b.members.ZSet(), nil }
