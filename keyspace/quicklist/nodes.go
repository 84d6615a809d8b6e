package quicklist

import (
	"unsafe"

	"respect/keyspace/listpack"
)

// A Node is what a file holds of a node. Exactly one of Data and LZF is set.
type Node struct {
	Plain bool   // one element instead of a listpack
	Data  []byte // the listpack or the element
	LZF   []byte // its compressed form
	Size  int    // bytes of the listpack or element, not compressed
}

// EachNode calls fn with each node from head to tail until fn returns false. The
// bytes are the list's own.
func (q *Quicklist) EachNode(fn func(Node) bool) {
	for n := q.head; n != nil; n = n.next {
		v := Node{Plain: n.plain, Size: n.size}
		switch {
		case n.compressed:
			v.LZF = n.data
		case n.plain:
			v.Data = n.data
		default:
			v.Data = n.packed.Listpack()
		}
		if !fn(v) {
			return
		}
	}
}

// AppendPacked adds a packed node at the tail, whatever the fill. The list owns
// the listpack from now on, which must be valid. An empty one adds nothing.
func (q *Quicklist) AppendPacked(lp listpack.Listpack) { q.appendDeque(listpack.DequeOf(lp)) }

// AppendPlain adds a plain node at the tail. The list owns the element from now
// on.
func (q *Quicklist) AppendPlain(element []byte) { q.appendNode(newPlain(element)) }

func (q *Quicklist) appendDeque(d listpack.Deque) {
	if lp := d.Listpack(); len(lp) > 0 && !lp.IsEmpty() {
		q.appendNode(newPacked(d))
	}
}

func (q *Quicklist) appendNode(n *node) {
	q.link(n, q.tail, listpack.After)
	q.balance(n)
}

// FromListpack returns a list that has the listpack as its only node, or none if
// that is empty, and owns it from now on.
func FromListpack(d listpack.Deque, fill Fill, depth int) *Quicklist {
	q := New(fill, depth)
	q.appendDeque(d)
	return q
}

// Listpack returns the only node's listpack, and whether the list may become that
// bare listpack by the given fill, which need not be the list's own. The list is
// of no more use if the caller takes it.
func (q *Quicklist) Listpack(fill Fill, shrinking bool) (listpack.Deque, bool) {
	n := q.head
	if q.nodes != 1 || n.plain || !fill.Allows(n.size, n.count, shrinking) {
		return listpack.Deque{}, false
	}
	n.expand()
	return n.packed, true
}

// Bytes estimates the memory of the list in bytes.
func (q *Quicklist) Bytes() int {
	return int(unsafe.Sizeof(*q)) + q.nodes*int(unsafe.Sizeof(node{})) + q.units*unit
}
