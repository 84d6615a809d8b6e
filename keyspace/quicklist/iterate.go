package quicklist

// Each calls fn with up to n elements from the given index on, which must not be
// negative, towards the tail, until fn returns false. An element holds during the
// call only; the list must not be changed meanwhile.
func (q *Quicklist) Each(index, n int, fn func(e Element) bool) {
	if index < 0 || index >= q.count || n <= 0 {
		return
	}
	node, offset := q.locate(index)
	for ; node != nil; node, offset = node.next, 0 {
		if node.plain {
			if !fn(node.element()) {
				return
			}
			if n--; n == 0 {
				return
			}
			continue
		}
		lp := node.listpack()
		for at := lp.Seek(offset); at != 0; at = lp.Next(at) {
			if !fn(lp.Get(at)) {
				return
			}
			if n--; n == 0 {
				return
			}
		}
	}
}

// EachBack is like Each, but goes towards the head.
func (q *Quicklist) EachBack(index, n int, fn func(e Element) bool) {
	if index < 0 || index >= q.count || n <= 0 {
		return
	}
	node, offset := q.locate(index)
	for ; node != nil; node, offset = node.prev, -1 {
		if node.plain {
			if !fn(node.element()) {
				return
			}
			if n--; n == 0 {
				return
			}
			continue
		}
		lp := node.listpack()
		for at := lp.Seek(offset); at != 0; at = lp.Prev(at) {
			if !fn(lp.Get(at)) {
				return
			}
			if n--; n == 0 {
				return
			}
		}
	}
}
