package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"

	"respect/keyspace"
	"respect/keyspace/listpack"
)

// readHash reads a count, then fields and values as strings.
func (r *Reader) readHash(v ValueVisitor) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		if err := r.readField(v, NoExpire); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) readField(v ValueVisitor, expireAtMs int64) error {
	field, err := r.string()
	if err != nil {
		return err
	}
	r.first = append(r.first[:0], field...)
	value, err := r.string()
	if err != nil {
		return err
	}
	return v.HashField(r.first, value, expireAtMs)
}

// readHashZipmap reads a zipmap, stored as a string.
func (r *Reader) readHashZipmap(v ValueVisitor) error {
	zipmap, err := r.string()
	if err != nil {
		return err
	}
	r.pack, err = appendZipmap(r.pack[:0], zipmap)
	if err != nil {
		return r.corrupt("Zipmap integrity check failed. (%v)", err)
	}
	if err := r.checkTuples(r.pack, 2); err != nil {
		return r.corrupt("Hash zipmap with dup elements, or big length (%v)", err)
	}
	return v.HashListpack(r.pack)
}

// readHashZiplist reads a ziplist, stored as a string.
func (r *Reader) readHashZiplist(v ValueVisitor) error {
	packed, err := r.pairsOfZiplist("Hash")
	if err != nil || packed.IsEmpty() {
		return err
	}
	return v.HashListpack(packed)
}

// pairsOfZiplist reads a ziplist of pairs, stored as a string, into a listpack that
// holds until the next one is read.
func (r *Reader) pairsOfZiplist(what string) (listpack.Listpack, error) {
	ziplist, err := r.string()
	if err != nil {
		return nil, err
	}
	r.pack, err = appendZiplist(r.pack[:0], ziplist)
	if err == nil {
		err = r.checkTuples(r.pack, 2)
	}
	if err != nil {
		return nil, r.corrupt("%s ziplist integrity check failed. (%v)", what, err)
	}
	return r.pack, nil
}

// readHashListpack reads a listpack, stored as a string.
func (r *Reader) readHashListpack(v ValueVisitor) error {
	packed, err := r.packedString()
	if err != nil {
		return err
	}
	if err := r.validateTuples(packed, 2); err != nil {
		return r.corrupt("Hash listpack integrity check failed. (%v)", err)
	}
	if listpack.Listpack(packed).IsEmpty() {
		return nil
	}
	return v.HashListpack(packed)
}

// Fields that expire came with Redis 7.4, in two forms:
//
//	metadata    earliest u64 | count | { ttl field value } ...
//	listpackex  earliest u64 | listpack of (field, value, deadline), as a string
//
// Earliest is the first deadline of all, little endian, Unix time in milliseconds.
// A deadline is such a time, 0 for none; a ttl is a length that is 0 for none, and
// else counts from the earliest deadline, which is 1. The release candidates wrote
// no earliest deadline, and deadlines in the place of ttls.

// maxFieldExpireAtMs is the last deadline that a field can have.
const maxFieldExpireAtMs = 1<<48 - 2

// readHashMetadata reads the first form.
func (r *Reader) readHashMetadata(v ValueVisitor) error {
	earliest, err := r.earliest()
	if err != nil {
		return err
	}
	return r.readExpiringFields(v, earliest-1)
}

// readHashMetadataPreGA reads the first form of the release candidates.
func (r *Reader) readHashMetadataPreGA(v ValueVisitor) error { return r.readExpiringFields(v, 0) }

// readExpiringFields reads a count, then ttls, fields and values.
func (r *Reader) readExpiringFields(v ValueVisitor, base uint64) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		ttl, err := r.length()
		if err != nil {
			return err
		}
		expireAtMs := int64(NoExpire)
		if ttl != 0 {
			at := base + ttl
			if ttl > maxFieldExpireAtMs || at == 0 || at > maxFieldExpireAtMs {
				return r.corrupt("invalid expireAt time: %d", at)
			}
			expireAtMs = int64(at)
		}
		if err := r.readField(v, expireAtMs); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) earliest() (uint64, error) {
	b, err := r.src.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// readHashListpackEx reads the second form. That of the whole is known without the
// earliest deadline.
func (r *Reader) readHashListpackEx(v ValueVisitor) error {
	if _, err := r.earliest(); err != nil {
		return err
	}
	return r.readHashListpackExPreGA(v)
}

// readHashListpackExPreGA reads the second form of the release candidates.
func (r *Reader) readHashListpackExPreGA(v ValueVisitor) error {
	packed, err := r.packedString()
	if err != nil {
		return err
	}
	err = r.validateTuples(packed, 3)
	if err == nil {
		err = checkDeadlines(packed)
	}
	if err != nil {
		return r.corrupt("Hash listpack integrity check failed. (%v)", err)
	}
	if listpack.Listpack(packed).IsEmpty() {
		return nil
	}
	return v.HashListpackEx(packed)
}

// checkDeadlines verifies each third element.
func checkDeadlines(packed listpack.Listpack) error {
	for at := packed.Seek(2); at != 0; {
		e := packed.Get(at)
		if !e.IsInt() {
			return errors.New("a deadline is no number")
		}
		if e.Int < 0 || e.Int > maxFieldExpireAtMs {
			return fmt.Errorf("deadline %d out of range", e.Int)
		}
		for range 3 {
			if at = packed.Next(at); at == 0 {
				break
			}
		}
	}
	return nil
}

// hashForm returns the form of a hash. That of a listpack which has room for deadlines is
// kept even if no field has one, as real servers do.
func (w *Writer) hashForm(o *keyspace.Object) Type {
	h := o.Hash()
	switch expiring := w.Version >= fieldExpiryVersion; {
	case h.Listpack() == nil && expiring && h.NextFieldExpiry() != keyspace.NoExpiry:
		return TypeHashMetadata
	case h.Listpack() == nil:
		return TypeHash
	case expiring && h.HasDeadlines():
		return TypeHashListpackEx
	}
	return TypeHashListpack
}

// writeHash writes what the reader of the form that hashForm returns reads. In a version
// that knows no deadlines of fields, these are lost.
func (w *Writer) writeHash(o *keyspace.Object) {
	h := o.Hash()
	earliest := h.NextFieldExpiry()
	if w.Version < fieldExpiryVersion && earliest != keyspace.NoExpiry {
		w.Lost++
	}
	switch w.hashForm(o) {
	case TypeHashListpackEx:
		w.earliest(max(earliest, 0))
		w.String(h.Listpack())
	case TypeHashListpack:
		w.String(pairsOf(h))
	case TypeHashMetadata:
		w.earliest(earliest)
		w.writeFields(h, earliest)
	default:
		w.writeFields(h, keyspace.NoExpiry)
	}
}

func (w *Writer) earliest(atMs int64) {
	w.Buf = binary.LittleEndian.AppendUint64(w.Buf, uint64(atMs))
}

// writeFields writes a count, then the fields, in front of each its ttl if there is an
// earliest deadline.
func (w *Writer) writeFields(h *keyspace.Hash, earliest int64) {
	w.Length(uint64(h.Len()))
	h.EachField(func(field, value listpack.Element, atMs int64) bool {
		switch {
		case earliest == keyspace.NoExpiry:
		case atMs == keyspace.NoExpiry:
			w.Length(0)
		default:
			w.Length(uint64(atMs - earliest + 1))
		}
		w.element(field)
		w.element(value)
		return w.goOn()
	})
}

// pairsOf returns the listpack of a hash without its deadlines.
func pairsOf(h *keyspace.Hash) listpack.Listpack {
	if !h.HasDeadlines() {
		return h.Listpack()
	}
	pairs := listpack.New(len(h.Listpack()))
	h.Each(func(field, value listpack.Element) bool {
		pairs = appendElement(appendElement(pairs, field), value)
		return true
	})
	return pairs
}
