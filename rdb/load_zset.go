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
		b.members.Reserve(l.expected())
	}
	if !b.members.AddSoon(member, score) {
		return b.repeated()
	}
	return nil
}

func (l *loader) ZSetListpack(packed []byte) error {
	if !l.skip {
		l.adopt(keyspace.TypeZSet, keyspace.ZSetOfListpack(bytes.Clone(packed), l.zset.limits))
	}
	return nil
}

func (b *zsetBuilder) repeated() error { return b.reader.corrupt("Duplicate zset fields detected") }

func (b *zsetBuilder) finish() (any, error) {
	if !b.members.Flush() {
		return nil, b.repeated()
	}
	return b.members.ZSet(), nil
}
