package quicklist

// balance restores the rule of compression after nodes were added, removed or
// changed: the outer nodes, as many at each end as the depth says, are not
// compressed, all others are where that saves something. The touched nodes are
// the ones that may now be inner ones without having been tried; some may be nil
// or no longer be part of the list.
func (q *Quicklist) balance(touched ...*node) {
	if q.depth == 0 {
		return
	}
	forward, backward := q.head, q.tail
	for i := 0; i < q.depth && forward != nil; i++ {
		q.expand(forward)
		q.expand(backward)
		forward, backward = forward.next, backward.prev
	}
	if q.nodes <= 2*q.depth {
		return
	}
	// One change pushes at most two nodes over the border on each side.
	for range 2 {
		if forward != nil && q.isInner(forward) {
			q.compress(forward)
			forward = forward.next
		}
		if backward != nil && q.isInner(backward) {
			q.compress(backward)
			backward = backward.prev
		}
	}
	for _, n := range touched {
		if n != nil && q.isInner(n) {
			q.compress(n)
		}
	}
}

func (q *Quicklist) expand(n *node) {
	n.expand()
	q.charge(n)
}

func (q *Quicklist) compress(n *node) {
	n.compress()
	q.charge(n)
}

// isInner reports whether a node is part of the list and lies deeper than the
// nodes that stay as they are.
func (q *Quicklist) isInner(n *node) bool {
	before, after := n, n
	for range q.depth {
		before, after = before.prev, after.next
		if before == nil || after == nil {
			return false
		}
	}
	return true
}
