package skiplist

import "bytes"

// top returns the first link of the highest level in use, or nil.
func (l *List) top() *link {
	if l.upper == 0 {
		return nil
	}
	return l.head.link(l.upper - 1)
}

// findRank sets the path to the place of a rank, at most Len.
func (l *List) findRank(p *path, rank int) {
	x, pos := &l.head, 0
	k := l.top()
	for i := l.upper - 1; i >= 0; i-- {
		for k.next != nil && pos+k.span <= rank {
			pos += k.span
			k = k.next
		}
		p.links[i], p.pos[i] = k, pos
		x = k.node
		if i > 0 {
			k = k.down()
		}
	}
	for ; pos < rank; pos++ {
		x = x.next
	}
	p.node, p.end = x, pos
}

// At returns the node of a rank, counted from 0, or nil if there is none.
func (l *List) At(rank int) *Node {
	if rank < 0 || rank >= l.len {
		return nil
	}
	if rank == l.len-1 {
		return l.tail
	}
	x, left := &l.head, rank+1
	k := l.top()
	for i := l.upper - 1; i >= 0; i-- {
		for k.next != nil && k.span <= left {
			left -= k.span
			k = k.next
		}
		if left == 0 || i == 0 {
			x = k.node
			break
		}
		k = k.down()
	}
	for ; left > 0; left-- {
		x = x.next
	}
	return x
}

// Rank returns the rank of a node of the list, counted from 0.
func (l *List) Rank(n *Node) int {
	member := n.Member()
	x, pos := &l.head, 0
	k := l.top()
	var stop *link
	for i := l.upper - 1; i >= 0; i-- {
		for k.next != stop && k.before(n.score, member) {
			pos += k.span
			k = k.next
		}
		if k.leadsTo(n, i) {
			return pos + k.span - 1
		}
		if i == 0 {
			x = k.node
			break
		}
		k, stop = k.down(), k.next.down()
	}
	for ; x.next != n; x = x.next {
		pos++
	}
	return pos
}

// RankOfScore returns how many nodes have a score below the given one; those that
// have it are counted, too, if through.
func (l *List) RankOfScore(score float64, through bool) int {
	x, pos := &l.head, 0
	k := l.top()
	for i := l.upper - 1; i >= 0; i-- {
		for k.next != nil && (k.score < score || through && k.score == score) {
			pos += k.span
			k = k.next
		}
		if i == 0 {
			x = k.node
			break
		}
		k = k.down()
	}
	for n := x.next; n != nil && (n.score < score || through && n.score == score); n = n.next {
		pos++
	}
	return pos
}

// RankOfMember is RankOfScore for members, in a list in which all scores are the same.
func (l *List) RankOfMember(member []byte, through bool) int {
	before := func(n *Node) bool {
		c := bytes.Compare(n.Member(), member)
		return c < 0 || through && c == 0
	}
	x, pos := &l.head, 0
	k := l.top()
	var stop *link
	for i := l.upper - 1; i >= 0; i-- {
		for k.next != stop && before(k.next.node) {
			pos += k.span
			k = k.next
		}
		if i == 0 {
			x = k.node
			break
		}
		k, stop = k.down(), k.next.down()
	}
	for n := x.next; n != nil && before(n); n = n.next {
		pos++
	}
	return pos
}
