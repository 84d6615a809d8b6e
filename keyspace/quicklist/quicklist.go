package quicklist

import "respect/keyspace/listpack"

// DefaultPlainFrom is the size in bytes from which an element gets a plain node.
const DefaultPlainFrom = 1 << 30

// End is one of the two ends of a list.
type End bool

// The ends.
const (
	Head End = false
	Tail End = true
)

// A Quicklist is a list. Elements that it lends are valid until its next change.
// What is given to its methods must not be part of it.
type Quicklist struct {
	head, tail *node
	count      int // elements
	nodes      int
	fill       Fill
	depth      int
	plainFrom  int // bytes
	units      int // memory of all nodes' elements
}

// charge brings the list's count of its memory in line after a node has changed.
func (q *Quicklist) charge(n *node) {
	now := n.units()
	q.units += int(now) - int(n.charged)
	n.charged = now
}

// New returns an empty list. Its fill holds for life. With a depth above zero,
// all nodes but so many at each end are compressed.
func New(fill Fill, depth int) *Quicklist {
	return &Quicklist{fill: fill, depth: max(depth, 0), plainFrom: DefaultPlainFrom}
}

// SetPlainFrom sets the size in bytes from which a new element gets a plain node;
// 0 stands for the default.
func (q *Quicklist) SetPlainFrom(size int) {
	if size <= 0 {
		size = DefaultPlainFrom
	}
	q.plainFrom = size
}

// Len returns the number of elements.
func (q *Quicklist) Len() int { return q.count }

// NodeCount returns the number of nodes.
func (q *Quicklist) NodeCount() int { return q.nodes }

// end returns the node at the given end, or nil.
func (q *Quicklist) end(e End) *node {
	if e == Head {
		return q.head
	}
	return q.tail
}

// link puts a new node after (or before) its neighbour, which is nil only if the
// list is empty.
func (q *Quicklist) link(n, neighbour *node, where listpack.Where) {
	switch {
	case neighbour == nil:
		q.head, q.tail = n, n
	case where == listpack.After:
		n.prev, n.next = neighbour, neighbour.next
	default:
		n.prev, n.next = neighbour.prev, neighbour
	}
	if neighbour != nil {
		q.reattach(n)
	}
	q.nodes++
	q.count += n.count
	n.charged = n.units()
	q.units += int(n.charged)
}

// reattach makes the neighbours that n knows know n.
func (q *Quicklist) reattach(n *node) {
	if n.prev == nil {
		q.head = n
	} else {
		n.prev.next = n
	}
	if n.next == nil {
		q.tail = n
	} else {
		n.next.prev = n
	}
}

// unlink takes a node out of the list, with its elements.
func (q *Quicklist) unlink(n *node) {
	if n.prev == nil {
		q.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.prev, n.next = nil, nil
	q.nodes--
	q.count -= n.count
	q.units -= int(n.charged)
	n.charged = 0
}

// recount brings the node's and the list's numbers in line after the listpack has
// changed.
func (q *Quicklist) recount(n *node) {
	before := n.count
	n.update()
	q.count += n.count - before
	q.charge(n)
}

// newNode returns a node with the one element, packed or plain by its size.
func (q *Quicklist) newNode(e Element) *node {
	if q.isLarge(e.Len()) {
		return newPlain(e.AppendTo(nil))
	}
	var d listpack.Deque
	d.Append(e)
	return newPacked(d)
}

// Push adds an element at an end.
func (q *Quicklist) Push(end End, e Element) {
	n := q.end(end)
	if q.allowsInsert(n, e.Len()) {
		if end == Head {
			n.packed.Prepend(e)
		} else {
			n.packed.Append(e)
		}
		n.size = n.packed.Size()
		n.count++
		q.count++
		n.tried = false
		q.charge(n)
		return
	}
	q.pushNode(end, e)
}

// pushNode adds a node with one element at an end.
func (q *Quicklist) pushNode(end End, e Element) {
	neighbour := q.end(end)
	var n *node
	if neighbour == nil || neighbour.plain || q.isLarge(e.Len()) {
		n = q.newNode(e)
	} else {
		// The list grows at this end: the new node will need as much room.
		neighbour.packed.Compact()
		q.charge(neighbour)
		room := max(neighbour.size/2, e.Len()+entryOverhead*2)
		d := listpack.NewDeque(room, end == Head)
		if end == Head {
			d.Prepend(e)
		} else {
			d.Append(e)
		}
		n = newPacked(d)
	}
	where := listpack.Before
	if end == Tail {
		where = listpack.After
	}
	q.link(n, neighbour, where)
	q.balance()
}

// Pop removes the element at an end and appends its text to dst. It reports false
// if the list is empty.
func (q *Quicklist) Pop(end End, dst []byte) ([]byte, bool) {
	n := q.end(end)
	if n == nil {
		return dst, false
	}
	if n.plain {
		dst = n.element().AppendTo(dst)
		q.unlink(n)
		q.balance()
		return dst, true
	}
	if end == Head {
		dst, _ = n.packed.PopFirst(dst)
	} else {
		dst, _ = n.packed.PopLast(dst)
	}
	n.size = n.packed.Size()
	n.count--
	q.count--
	n.tried = false
	q.charge(n)
	if n.count == 0 {
		q.unlink(n)
		q.balance()
	}
	return dst, true
}

// locate returns the node with the given index, which must be in range, and the
// element's index within the node.
func (q *Quicklist) locate(index int) (n *node, offset int) {
	if index < q.count/2 {
		for n = q.head; index >= n.count; n = n.next {
			index -= n.count
		}
		return n, index
	}
	left := q.count - index // elements from here to the end
	for n = q.tail; left > n.count; n = n.prev {
		left -= n.count
	}
	return n, n.count - left
}

// normalize turns a negative index, which counts from the end, into one from 0
// on, and reports whether there is such an element.
func (q *Quicklist) normalize(index int) (int, bool) {
	if index < 0 {
		index += q.count
	}
	return index, index >= 0 && index < q.count
}

// Index returns the element with the given index; negative ones count from the
// end. It reports false if there is none.
func (q *Quicklist) Index(index int) (Element, bool) {
	index, ok := q.normalize(index)
	if !ok {
		return Element{}, false
	}
	n, offset := q.locate(index)
	if n.plain {
		return n.element(), true
	}
	lp := n.listpack()
	return lp.Get(lp.Seek(offset)), true
}

// DeleteRange removes up to count elements from the given index on, negative ones
// counting from the end.
func (q *Quicklist) DeleteRange(start, count int) {
	start, ok := q.normalize(start)
	if !ok || count <= 0 {
		return
	}
	left := min(count, q.count-start)
	var touched []*node
	n, offset := q.locate(start)
	for left > 0 {
		next := n.next
		here := min(left, n.count-offset)
		if here == n.count {
			q.unlink(n)
		} else {
			n.expand()
			n.packed.DeleteRange(offset, here)
			q.recount(n)
			touched = append(touched, n)
		}
		left -= here
		n, offset = next, 0
	}
	q.balance(touched...)
}

// Remove removes elements whose text is s: the first count ones, from the tail
// the last -count ones if negative, or all if 0. It returns how many it removed.
func (q *Quicklist) Remove(s []byte, count int) int {
	pattern := listpack.PatternOf(s)
	limit, end := count, Head
	if count < 0 {
		limit, end = -count, Tail
	}
	if count == 0 || limit < 0 {
		limit = q.count
	}
	removed := 0
	for n := q.end(end); n != nil && removed < limit; {
		next := n.next
		if end == Tail {
			next = n.prev
		}
		removed += q.removeFrom(n, &pattern, limit-removed, end)
		n = next
	}
	return removed
}

// removeFrom removes up to limit elements that match from one node, and the node
// if it becomes empty.
func (q *Quicklist) removeFrom(n *node, pattern *listpack.Pattern, limit int, end End) int {
	if n.plain {
		if !pattern.Matches(n.element()) {
			return 0
		}
		q.unlink(n)
		q.balance()
		return 1
	}
	lp := n.listpack()
	if n.compressed && lp.Find(lp.First(), pattern.Text(), 0) == 0 {
		return 0
	}
	n.expand()
	removed := n.packed.Remove(pattern, limit, end == Tail)
	if removed == 0 {
		return 0
	}
	q.recount(n)
	if n.count == 0 {
		q.unlink(n)
	}
	q.balance(n)
	return removed
}

// Dup returns an independent copy.
func (q *Quicklist) Dup() *Quicklist {
	c := *q
	c.head, c.tail, c.nodes, c.count, c.units = nil, nil, 0, 0, 0
	for n := q.head; n != nil; n = n.next {
		m := *n
		m.prev, m.next = nil, nil
		if !n.plain && !n.compressed {
			m.packed = n.packed.Dup()
		}
		c.link(&m, c.tail, listpack.After)
	}
	return &c
}
