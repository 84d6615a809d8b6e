package rdb

import (
	"bytes"

	"respect/keyspace"
	"respect/keyspace/listpack"
	"respect/keyspace/quicklist"
)

// listBuilder collects a list.
type listBuilder struct {
	limits *keyspace.ListLimits
	list   *quicklist.Quicklist
	stays  bool // a quicklist, however small it is
}

// quicklist returns the list of the key at hand, which it begins if need be.
func (l *loader) quicklist() *quicklist.Quicklist {
	if l.build(keyspace.TypeList, &l.list) {
		l.list.list = l.list.limits.NewQuicklist()
		l.list.stays = l.header.Type == TypeListZiplist
	}
	return l.list.list
}

func (l *loader) ListElement(element []byte) error {
	if !l.skip {
		l.quicklist().Push(quicklist.Tail, listpack.String(element))
	}
	return nil
}

func (l *loader) ListNode(packed []byte) error {
	if l.skip {
		return nil
	}
	q := l.quicklist()
	if l.header.Type != TypeListZiplist {
		q.AppendPacked(bytes.Clone(packed))
		return nil
	}
	// Redis adds the elements of such lists one by one.
	lp := listpack.Listpack(packed)
	for at := lp.First(); at != 0; at = lp.Next(at) {
		q.Push(quicklist.Tail, lp.Get(at))
	}
	return nil
}

func (l *loader) ListPlain(element []byte) error {
	if !l.skip {
		l.quicklist().AppendPlain(bytes.Clone(element))
	}
	return nil
}

func (b *listBuilder) finish() (any, error) {
	if b.stays {
		return keyspace.BigListFrom(b.list), nil
	}
	return keyspace.ListFrom(b.list, b.limits), nil
}
