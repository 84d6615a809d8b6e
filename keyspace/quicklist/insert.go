package quicklist

import "respect/keyspace/listpack"

// Insert adds an element before or after the one with the given index, and
// reports false if there is none.
//
// If the node is full and the place is at its edge, the neighbour takes the
// element, or a new node. If the place is inside, the node is split, and the
// parts are merged with their neighbours where they fit.
func (q *Quicklist) Insert(index int, where listpack.Where, e Element) bool {
	index, ok := q.normalize(index)
	if !ok {
		return false
	}
	n, offset := q.locate(index)
	q.insertAt(n, offset, where, e)
	return true
}

func (q *Quicklist) insertAt(n *node, offset int, where listpack.Where, e Element) {
	atEdge, neighbour := offset == 0, n.prev
	if where == listpack.After {
		atEdge, neighbour = offset == n.count-1, n.next
	}
	size := e.Len()
	switch {
	case q.allowsInsert(n, size):
		n.expand()
		n.packed.Insert(n.packed.Listpack().Seek(offset), where, e)
		q.recount(n)
		q.balance(n)
	case atEdge && q.allowsInsert(neighbour, size):
		neighbour.expand()
		q.addAtEdge(neighbour, where, e)
		q.balance(neighbour)
	case atEdge:
		added := q.newNode(e)
		q.link(added, n, where)
		q.balance(added)
	case q.isLarge(size):
		rest := q.split(n, offset, where)
		added := q.newNode(e)
		q.link(added, n, where)
		q.link(rest, added, where)
		q.balance(n, added, rest)
	default:
		rest := q.split(n, offset, where)
		q.link(rest, n, where)
		q.addAtEdge(rest, where, e)
		q.mergeAround(n)
	}
}

// addAtEdge adds an element to a node at the edge that an insertion before or
// after its neighbour means.
func (q *Quicklist) addAtEdge(n *node, where listpack.Where, e Element) {
	if where == listpack.After {
		n.packed.Prepend(e)
	} else {
		n.packed.Append(e)
	}
	q.recount(n)
}

// split cuts a packed node after (or before) the element with the given index in
// it. The far part is returned, as a node that is not linked; there must be one.
func (q *Quicklist) split(n *node, offset int, where listpack.Where) *node {
	n.expand()
	rest := n.packed.Dup()
	if where == listpack.After {
		rest.DeleteRange(0, offset+1)
		n.packed.DeleteRange(offset+1, n.count)
	} else {
		rest.DeleteRange(offset, n.count)
		n.packed.DeleteRange(0, offset)
	}
	rest.Compact()
	q.recount(n)
	return newPacked(rest)
}

// mergeAround merges neighbours where the limit allows it: the two nodes before
// the center, the two after it, then the center with the ones beside it. It
// returns the node that the center has become part of.
func (q *Quicklist) mergeAround(center *node) *node {
	if prev := center.prev; prev != nil {
		q.merge(prev.prev, prev)
	}
	if next := center.next; next != nil {
		q.merge(next, next.next)
	}
	if merged := q.merge(center.prev, center); merged != nil {
		center = merged
	}
	if merged := q.merge(center, center.next); merged != nil {
		center = merged
	}
	q.balance(center, center.prev, center.next)
	return center
}

// merge makes one node of two neighbours and returns it, or nil if the limit does
// not allow it or there is no such node.
func (q *Quicklist) merge(a, b *node) *node {
	if !q.allowsMerge(a, b) {
		return nil
	}
	a.expand()
	a.packed.Merge(b.listpack())
	q.unlink(b)
	q.recount(a)
	return a
}

// Set gives the element with the given index another value, and reports false if
// there is no such index. A packed node may grow beyond its limit by it.
func (q *Quicklist) Set(index int, e Element) bool {
	index, ok := q.normalize(index)
	if !ok {
		return false
	}
	n, offset := q.locate(index)
	large := q.isLarge(e.Len())
	switch {
	case !n.plain && !large:
		n.expand()
		n.packed.Replace(n.packed.Listpack().Seek(offset), e)
		q.recount(n)
		q.balance(n)
	case n.plain && large:
		n.data, n.size = e.AppendTo(nil), e.Len()
		n.compressed, n.tried = false, false
		q.charge(n)
		q.balance(n)
	case n.plain:
		q.insertAt(n, offset, listpack.After, e)
		q.unlink(n)
		q.balance()
	default:
		q.replaceByPlain(n, offset, e)
	}
	return true
}

// replaceByPlain puts a plain node in the place of an element of a packed one.
func (q *Quicklist) replaceByPlain(n *node, offset int, e Element) {
	plain := q.newNode(e)
	if offset == n.count-1 {
		q.link(plain, n, listpack.After)
	} else {
		rest := q.split(n, offset, listpack.After)
		q.link(plain, n, listpack.After)
		q.link(rest, plain, listpack.After)
	}
	if n.count == 1 {
		q.unlink(n)
		q.balance(plain, plain.next)
		return
	}
	n.expand()
	n.packed.DeleteRange(-1, 1)
	q.recount(n)
	q.mergeAround(plain)
}
