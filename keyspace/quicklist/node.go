package quicklist

import (
	"fmt"

	"respect/keyspace/listpack"
	"respect/keyspace/lzf"
)

// Element is a list's element, see package listpack.
type Element = listpack.Element

// A node is a part of the list, in one of four forms:
//
//	plain  compressed
//	  no       no        packed holds the elements
//	  no       yes       data is the LZF form of the listpack
//	  yes      no        data is the element
//	  yes      yes       data is the LZF form of the element
//
// data is never changed, only replaced, so that copies of the list share it.
type node struct {
	prev, next *node
	packed     listpack.Deque
	data       []byte
	size       int // bytes of the listpack or element, not compressed
	count      int // elements
	plain      bool
	compressed bool
	tried      bool   // compressing gained nothing, until the next change
	charged    uint32 // the memory of packed and data as the list counts it, in units
}

// unit is what the list's memory is counted in, in bytes.
const unit = 16

// units returns the memory of packed and data.
func (n *node) units() uint32 { return uint32((n.packed.Cap() + cap(n.data) + unit - 1) / unit) }

func newPacked(d listpack.Deque) *node {
	n := &node{packed: d}
	n.update()
	return n
}

func newPlain(data []byte) *node {
	return &node{data: data, size: len(data), count: 1, plain: true}
}

// update brings size and count in line with the listpack that has changed.
func (n *node) update() {
	n.size = n.packed.Size()
	n.count = n.packed.Listpack().Len()
	n.tried = false
}

// inflate returns the bytes that are compressed in the node.
func (n *node) inflate() []byte {
	raw, err := lzf.Decompress(n.data, n.size)
	if err != nil {
		panic(fmt.Sprintf("quicklist: own compressed node is broken: %v", err))
	}
	return raw
}

// listpack returns the elements of a packed node for reading. A compressed node
// stays so.
func (n *node) listpack() listpack.Listpack {
	if n.compressed {
		return n.inflate()
	}
	return n.packed.Listpack()
}

// element returns the element of a plain node.
func (n *node) element() Element {
	if n.compressed {
		return listpack.String(n.inflate())
	}
	return listpack.String(n.data)
}

// expand makes the node one that is not compressed.
func (n *node) expand() {
	if !n.compressed {
		return
	}
	raw := n.inflate()
	n.compressed = false
	if n.plain {
		n.data = raw
		return
	}
	n.packed, n.data = listpack.DequeOf(raw), nil
}

// compress makes the node a compressed one, if that saves enough.
func (n *node) compress() {
	const (
		minSize    = 48 // bytes that are worth trying
		minSavings = 9  // bytes
	)
	if n.compressed || n.tried {
		return
	}
	n.tried = true
	if n.size < minSize {
		return
	}
	raw := n.data
	if !n.plain {
		raw = n.packed.Listpack()
	}
	out, ok := lzf.Compress(make([]byte, 0, n.size), raw, n.size)
	if !ok || len(out)+minSavings > n.size {
		return
	}
	n.data = append(make([]byte, 0, len(out)), out...)
	n.packed = listpack.Deque{}
	n.compressed, n.tried = true, false
}

// allowsInsert reports whether another element, of so many bytes, may be added to
// the node, which may be nil.
func (q *Quicklist) allowsInsert(n *node, size int) bool {
	return n != nil && !n.plain && !q.isLarge(size) && !q.fill.Exceeds(n.size+size+entryOverhead, n.count+1)
}

// allowsMerge reports whether two neighbours may become one node.
func (q *Quicklist) allowsMerge(a, b *node) bool {
	const lostBytes = 7 // the header and end of one of the two
	return a != nil && b != nil && !a.plain && !b.plain &&
		!q.fill.Exceeds(a.size+b.size-lostBytes, a.count+b.count)
}

// isLarge reports whether an element of so many bytes gets a plain node.
func (q *Quicklist) isLarge(size int) bool { return size >= q.plainFrom }
