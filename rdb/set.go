package rdb

import (
	"errors"

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
	integers, err := r.string()
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
	packed, err := r.string()
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
