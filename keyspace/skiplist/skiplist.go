package skiplist

import (
	"math/rand/v2"
	"unsafe"
)

// A List is a sequence of nodes in order. Scores must not be NaN, and no two nodes
// may have the same member. A List must not be copied.
type List struct {
	head  Node // before the first one; its upper links are upper many
	tail  *Node
	rand  *rand.Rand
	len   int
	upper int // levels above 0 in use
	bytes int // of the nodes and links
}

// New returns an empty list. The source decides on which levels nodes stand; who
// can foresee it can make a list slow.
func New(r *rand.Rand) *List { return &List{rand: r} }

// Len returns the number of nodes.
func (l *List) Len() int { return l.len }

// Bytes returns the memory that the list takes, in bytes.
func (l *List) Bytes() int { return int(unsafe.Sizeof(*l)) + l.bytes }

// First returns the first node, or nil.
func (l *List) First() *Node { return l.head.next }

// Last returns the last node, or nil.
func (l *List) Last() *Node { return l.tail }

// A path is the way of a search: on each level the last node that it passed, or
// the head.
type path struct {
	at  [maxUpper + 1]*Node
	pos [maxUpper + 1]int // their positions, that of the head being 0
}

// find sets the path to the place of a score and member.
func (l *List) find(p *path, score float64, member []byte) {
	x, pos := &l.head, 0
	var stop *Node // what is known not to be before the place
	for i := l.upper - 1; i >= 0; i-- {
		k := x.link(i)
		for k.next != stop && k.next.before(score, member) {
			pos += k.span
			x = k.next
			k = x.link(i)
		}
		stop = k.next
		p.at[i+1], p.pos[i+1] = x, pos
	}
	for x.next != stop && x.next.before(score, member) {
		x = x.next
		pos++
	}
	p.at[0], p.pos[0] = x, pos
}

// Insert puts a node that is in no list at its place.
func (l *List) Insert(n *Node) {
	var p path
	l.find(&p, n.score, n.Member())
	upper := l.randomUpper()
	n.upper = newLinks(upper)
	l.bytes += n.bytes() + upper*linkSize
	l.place(&p, n, upper)
}

// place links a node, which has its upper links, in behind a path.
func (l *List) place(p *path, n *Node, upper int) {
	if upper > l.upper {
		l.raise(p, upper)
	}
	pos := p.pos[0] + 1
	for i := range l.upper {
		k := p.at[i+1].link(i)
		if i >= upper {
			k.span++
			continue
		}
		ahead := pos - p.pos[i+1]
		*n.link(i) = link{k.next, k.span - ahead + 1}
		*k = link{n, ahead}
	}
	before := p.at[0]
	n.next, n.prev = before.next, before
	if before == &l.head {
		n.prev = nil
	}
	if n.next != nil {
		n.next.prev = n
	} else {
		l.tail = n
	}
	before.next = n
	l.len++
}

// raise gives the head links for more levels, and the path with them.
func (l *List) raise(p *path, upper int) {
	old := l.head.upper
	l.head.upper = newLinks(upper)
	for i := range upper {
		if i < l.upper {
			*l.head.link(i) = *(*link)(unsafe.Add(unsafe.Pointer(old), i*linkSize))
			continue
		}
		*l.head.link(i) = link{nil, l.len + 1}
		p.at[i+1], p.pos[i+1] = &l.head, 0
	}
	l.bytes += (upper - l.upper) * linkSize
	l.upper = upper
}

// Delete takes a node out of the list.
func (l *List) Delete(n *Node) {
	var p path
	l.find(&p, n.score, n.Member())
	upper := l.unlink(&p, n)
	l.bytes -= n.bytes() + upper*linkSize
}

// unlink takes out the node behind a path and returns on how many levels above 0
// it stood. Levels that become empty stay: they cost a step, and will be used again.
func (l *List) unlink(p *path, n *Node) (upper int) {
	for i := range l.upper {
		k := p.at[i+1].link(i)
		if k.next != n {
			k.span--
			continue
		}
		own := n.link(i)
		*k = link{own.next, k.span + own.span - 1}
		upper = i + 1
	}
	p.at[0].next = n.next
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		l.tail = n.prev
	}
	l.len--
	return upper
}

// SetScore gives a node of the list another score and moves it if it has to be.
func (l *List) SetScore(n *Node, score float64) {
	member := n.Member()
	if (n.prev == nil || n.prev.before(score, member)) && (n.next == nil || !n.next.before(score, member)) {
		n.score = score
		return
	}
	var p path
	l.find(&p, n.score, member)
	upper := l.unlink(&p, n)
	n.score = score
	l.find(&p, score, member)
	l.place(&p, n, upper)
}

// DeleteRange takes up to n nodes out of the list, from the given rank on, and
// then calls fn with each.
func (l *List) DeleteRange(rank, n int, fn func(*Node)) {
	if rank < 0 || rank >= l.len {
		return
	}
	var p path
	l.findRank(&p, rank)
	for range min(n, l.len-rank) {
		x := p.at[0].next
		upper := l.unlink(&p, x)
		l.bytes -= x.bytes() + upper*linkSize
		fn(x)
	}
}

// Dup returns an independent copy, and calls fn with each of its nodes.
func (l *List) Dup(fn func(*Node)) *List {
	d := New(l.rand)
	a := d.Appender()
	for n := l.head.next; n != nil; n = n.next {
		c := NewNode(n.Member(), n.score)
		a.Append(c)
		fn(c)
	}
	return d
}

// An Appender adds nodes at the end of a list that nobody else changes meanwhile,
// without searching.
type Appender struct {
	l *List
	p path // to the end
}

// Appender returns an appender for a list.
func (l *List) Appender() *Appender {
	a := &Appender{l: l}
	l.findRank(&a.p, l.len)
	return a
}

// Append adds a node that is in no list and belongs behind the last one.
func (a *Appender) Append(n *Node) {
	upper := a.l.randomUpper()
	n.upper = newLinks(upper)
	a.l.bytes += n.bytes() + upper*linkSize
	a.l.place(&a.p, n, upper)
	for i := range upper + 1 {
		a.p.at[i], a.p.pos[i] = n, a.l.len
	}
}
