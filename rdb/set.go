package rdb

import (
	"errors"

	"respect/keyspace"
	"respect/keyspace/intset"
	"respect/keyspace/listpack"
)

var errNoIntegers = errors.New("no integers")

// readSet reads a count, then the members as strings.
func (r *Reader) readSet(v ValueVisitor) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	for ; n > 0; n-- {
		member, err := r.string()
		if err != nil {
			return err
		}
		if err := v.SetMember(member); err != nil {
			return err
		}
	}
	return nil
}

// readSetIntset reads an intset, stored as a string.
func (r *Reader) readSetIntset(v ValueVisitor) error {
	integers, err := r.packedString()
	if err != nil {
		return err
	}
	err = intset.Validate(integers)
	if err == nil && intset.Intset(integers).Len() == 0 {
		err = errNoIntegers // unlike other values: real servers refuse it
	}
	if err != nil {
		return r.corrupt("Intset integrity check failed. (%v)", err)
	}
	return v.SetIntset(integers)
}

// readSetListpack reads a listpack, stored as a string.
func (r *Reader) readSetListpack(v ValueVisitor) error {
	packed, err := r.packedString()
	if err != nil {
		return err
	}
	if err := r.validateTuples(packed, 1); err != nil {
		return r.corrupt("Set listpack integrity check failed. (%v)", err)
	}
	if listpack.Listpack(packed).IsEmpty() {
		return nil
	}
	return v.SetListpack(packed)
}

func (w *Writer) setForm(o *keyspace.Object) Type {
	switch s := o.Set(); {
	case s.Intset() != nil:
		return TypeSetIntset
	case s.Listpack() != nil && w.Version >= setListpackVersion:
		return TypeSetListpack
	}
	return TypeSet
}

// writeSet writes what readSetIntset, readSetListpack or readSet reads.
func (w *Writer) writeSet(o *keyspace.Object) {
	s := o.Set()
	switch w.setForm(o) {
	case TypeSetIntset:
		w.String(s.Intset())
	case TypeSetListpack:
		w.String(s.Listpack())
	default:
		w.Length(uint64(s.Len()))
		s.Each(func(e listpack.Element) bool {
			w.element(e)
			return w.goOn()
		})
	}
}
