package skiplist

import "bytes"

// findRank sets the path to the place of a rank, at most Len.
func (l *List) findRank(p *path, rank int) {
	x, pos := &l.head, 0
	for i := l.upper - 1; i >= 0; i-- {
		for k := x.link(i); k.next != nil && pos+k.span <= rank; k = x.link(i) {
			pos += k.span
			x = k.next
		}
		p.at[i+1], p.pos[i+1] = x, pos
	}
	for ; pos < rank; pos++ {
		x = x.next
	}
	p.at[0], p.pos[0] = x, pos
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
	for i := l.upper - 1; i >= 0 && left > 0; i-- {
		for k := x.link(i); k.next != nil && k.span <= left; k = x.link(i) {
			left -= k.span
			x = k.next
		}
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
	var stop *Node
	for i := l.upper - 1; i >= 0; i-- {
		k := x.link(i)
		for k.next != stop && k.next.before(n.score, member) {
			pos += k.span
			x = k.next
			k = x.link(i)
		}
		if k.next == n {
			return pos + k.span - 1
		}
		stop = k.next
	}
	for ; x.next != n; x = x.next {
		pos++
	}
	return pos
}

// RankOfScore returns how many nodes have a score below the given one; those that
// have it are counted, too, if through.
func (l *List) RankOfScore(score float64, through bool) int {
	return l.count(func(n *Node) bool { return n.score < score || through && n.score == score })
}

// RankOfMember is RankOfScore for members, in a list in which all scores are the same.
func (l *List) RankOfMember(member []byte, through bool) int {
	return l.count(func(n *Node) bool {
		c := bytes.Compare(n.Member(), member)
		return c < 0 || through && c == 0
	})
}

// count returns how many nodes are before a place, which divides the list.
func (l *List) count(before func(*Node) bool) int {
	x, pos := &l.head, 0
	var stop *Node
	for i := l.upper - 1; i >= 0; i-- {
		k := x.link(i)
		for k.next != stop && before(k.next) {
			pos += k.span
			x = k.next
			k = x.link(i)
		}
		stop = k.next
	}
	for x.next != stop && before(x.next) {
		x = x.next
		pos++
	}
	return pos
}
