package stream

import (
	"errors"
	"fmt"

	"respect/keyspace/listpack"
)

// ErrCorrupt is wrapped by all errors about bytes that come from outside.
var ErrCorrupt = errors.New("stream: corrupt data")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// validator reads the elements of a listpack one after the other, and remembers the first
// that is not what it should be.
type validator struct {
	scan listpack.Scanner
	err  error
}

// int reads an integer from low to high.
func (v *validator) int(what string, low, high int64) int64 {
	if v.err != nil {
		return 0
	}
	n, ok := v.scan.Small()
	if !ok {
		n = v.large(what)
	}
	if v.err == nil && (n < low || n > high) {
		v.err = corrupt("%s is \"%d\"", what, n)
		return 0
	}
	return n
}

// large reads an integer of any size.
func (v *validator) large(what string) int64 {
	if !v.scan.More() {
		v.err = corrupt("ends before %s", what)
		return 0
	}
	e, err := v.scan.Next()
	switch {
	case err != nil:
		v.err = corrupt("%v", err)
	case !e.IsInt():
		v.err = corrupt("%s is %.20q", what, e.Bytes)
	default:
		return e.Int
	}
	return 0
}

// pass passes over n elements of any kind.
func (v *validator) pass(what string, n int64) {
	if v.err != nil {
		return
	}
	missing, err := v.scan.Skip(int(n))
	switch {
	case err != nil:
		v.err = corrupt("%v", err)
	case missing > 0:
		v.err = corrupt("ends within %s", what)
	}
}

const (
	minInt64 = -1 << 63
	maxInt64 = 1<<63 - 1
	maxCount = 1 << 30 // no node has as many of anything
)

// A Node is a node of a stream as files have it.
type Node struct {
	ID       ID
	Listpack listpack.Listpack
	Live     int // entries that are not deleted
	// First is the ID of the first live entry, if there is one, and Last that of the
	// last entry, deleted or not.
	First, Last ID
}

// Validate reports what is wrong with bytes that claim to be the node with the given
// ID. Longer encodings than needed are fine, as they are in listpacks.
func Validate(node ID, b []byte) (Node, error) {
	scan, err := listpack.Scan(b)
	if err != nil {
		return Node{}, corrupt("%v", err)
	}
	n := Node{ID: node, Listpack: b}
	v := validator{scan: scan}
	live := v.int("the number of entries", 0, maxCount)
	deleted := v.int("the number of deleted entries", 0, maxCount)
	fields := v.int("the number of fields", 0, maxCount)
	v.pass("the master entry", fields)
	v.int("the end of the master entry", 0, 0)
	for i := int64(0); i < live+deleted && v.err == nil; i++ {
		id, flags := v.entry(node, fields)
		if v.err == nil && (i == 0 && id.Less(node) || i > 0 && !n.Last.Less(id)) {
			v.err = corrupt("entry %v is not in order", id)
		}
		if n.Last = id; flags&flagDeleted == 0 && n.Live == 0 {
			n.First = id
		}
		if flags&flagDeleted == 0 {
			n.Live++
		}
	}
	switch {
	case v.err != nil:
	case v.scan.More():
		v.err = corrupt("more than %d entries", live+deleted)
	case live+deleted == 0:
		v.err = corrupt("no entry")
	case int64(n.Live) != live:
		v.err = corrupt("%d entries, the node says %d", n.Live, live)
	default:
		if err := v.scan.End(); err != nil {
			v.err = corrupt("%v", err)
		}
	}
	return n, v.err
}

// entry reads an entry.
func (v *validator) entry(node ID, masterFields int64) (id ID, flags int64) {
	flags = v.int("the flags of an entry", 0, flagDeleted|flagSameFields)
	ms := v.int("the time of an entry", minInt64, maxInt64)
	seq := v.int("the number of an entry", minInt64, maxInt64)
	fields, elements := masterFields, masterFields+3
	values := fields
	if flags&flagSameFields == 0 {
		fields = v.int("the number of fields of an entry", 0, maxCount)
		values = 2 * fields
		elements = values + 4
	}
	v.pass("the values of an entry", values)
	v.int("the number of elements of an entry", elements, elements)
	return node.plus(ms, seq), flags
}
