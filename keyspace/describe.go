package keyspace

import (
	"respect/keyspace/hashtable"
	"respect/keyspace/listpack"
)

// What is inside, for DEBUG and MEMORY.

// TableStats describes the hash table of the keys.
func (db *DB) TableStats() hashtable.Stats { return db.table.Stats() }

// ExpiresRoom returns for how many deadlines of keys there is room at present.
func (db *DB) ExpiresRoom() int { return cap(db.expires.heap) }

// TableBytes returns the memory of the database's hash table, and of its index of
// deadlines, in bytes.
func (db *DB) TableBytes() (table, expires int) {
	return db.table.Bytes(), (cap(db.expires.heap) + cap(db.fields.heap)) * deadlineBytes
}

// TableStats describes the hash table that the value is, or contains; ok is false if
// there is none.
func (o *Object) TableStats() (s hashtable.Stats, ok bool) {
	switch {
	case o.Type() == TypeSet && o.Set().encoding == setTable:
		return o.Set().big.Stats(), true
	case o.Type() == TypeHash && o.Hash().encoding == hashTable:
		return o.Hash().table().fields.Stats(), true
	case o.Type() == TypeZSet && o.ZSet().big != nil:
		return o.ZSet().big.dict.Stats(), true
	}
	return s, false
}

// Listpack returns the listpack that the value is; ok is false if it is none. It must
// not be changed.
func (o *Object) Listpack() (lp listpack.Listpack, ok bool) {
	switch o.Encoding() {
	case "listpack", "listpackex":
	default:
		return nil, false
	}
	switch o.Type() {
	case TypeList:
		return o.List().small.Listpack(), true
	case TypeSet:
		return o.Set().listpack(), true
	case TypeHash:
		return o.Hash().listpack(), true
	case TypeZSet:
		return o.ZSet().Listpack(), true
	}
	return nil, false
}
