package skiplist

import (
	"math/rand/v2"
	"unsafe"
)

// A List is a sequence of nodes in order. Scores must not be NaN, and no two nodes
// may have the same member. A List must not be copied.
type List struct {
	head  Node // before the first one, with links on all levels
	tail  *Node
	rand  *rand.Rand
	len   int
	upper int // levels above 0 in use
	bytes int // of the nodes and links
}

// New returns an empty list. The source decides on which levels nodes stand; who
// can foresee it can make a list slow.
func New(r *rand.Rand) *List {
	l := &List{rand: r, bytes: maxUpper * linkSize}
	l.head.upper = newLinks(maxUpper)
	for i := range maxUpper {
		l.head.link(i).node = &l.head
	}
	return l
}

// Len returns the number of nodes.
func (l *List) Len() int { return l.len }

// Bytes returns the memory that the list takes, in bytes.
func (l *List) Bytes() int { return int(unsafe.Sizeof(*l)) + l.bytes }

// First returns the first node, or nil.
func (l *List) First() *Node { return l.head.next }

// Last returns the last node, or nil.
func (l *List) Last() *Node { return l.tail }

// A path is the way of a search: on each level the last link, and on level 0 the last
// node, that it passed; those of the head if it passed none.
type path struct {
	links [maxUpper]*link
	pos   [maxUpper]int // positions of their nodes, that of the head being 0
	node  *Node
	end   int // its position
}

// find sets the path to the place of a score and member.
func (l *List) find(p *path, score float64, member []byte) {
	x, pos := &l.head, 0
	if l.upper > 0 {
		k := x.link(l.upper - 1)
		var stop *link // what is known not to be before the place
		for i := l.upper - 1; ; i-- {
			for k.next != stop && k.before(score, member) {
				pos += k.span
				k = k.next
			}
			p.links[i], p.pos[i] = k, pos
			if i == 0 {
				break
			}
			k, stop = k.down(), k.next.down()
		}
		x = k.node
	}
	for x.next != nil && x.next.before(score, member) {
		x = x.next
		pos++
	}
	p.node, p.end = x, pos
}

// Insert puts a node that is in no list at its place.
func (l *List) Insert(n *Node) {
	var p path
	l.find(&p, n.score, n.Member())
	l.place(&p, n, l.addLinks(n))
}

// addLinks gives a node that comes into the list its links, and returns how many.
func (l *List) addLinks(n *Node) (upper int) {
	upper = l.randomUpper()
	n.upper = newLinks(upper)
	l.bytes += n.bytes() + upper*linkSize
	return upper
}

// place links a node, which has its upper links, in behind a path.
func (l *List) place(p *path, n *Node, upper int) {
	for ; l.upper < upper; l.upper++ { // a level that was not in use
		k := l.head.link(l.upper)
		k.span = l.len + 1
		p.links[l.upper], p.pos[l.upper] = k, 0
	}
	pos := p.end + 1
	for i := range l.upper {
		k := p.links[i]
		if i >= upper {
			k.span++
			continue
		}
		own, ahead := n.link(i), pos-p.pos[i]
		*own = link{n, k.next, k.score, k.span - ahead + 1}
		k.next, k.score, k.span = own, n.score, ahead
	}
	before := p.node
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
		k := p.links[i]
		if !k.leadsTo(n, i) {
			k.span--
			continue
		}
		own := k.next
		k.next, k.score, k.span = own.next, own.score, k.span+own.span-1
		upper = i + 1
	}
	p.node.next = n.next
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
	stays := (n.prev == nil || n.prev.before(score, member)) && (n.next == nil || !n.next.before(score, member))
	if stays && n.upper == nil {
		n.score = score
		return
	}
	var p path
	l.find(&p, n.score, member)
	if stays {
		n.score = score
		for i := 0; i < l.upper && p.links[i].leadsTo(n, i); i++ {
			p.links[i].score = score
		}
		return
	}
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
		x := p.node.next
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
	upper := a.l.addLinks(n)
	a.l.place(&a.p, n, upper)
	for i := range upper {
		a.p.links[i], a.p.pos[i] = n.link(i), a.l.len
	}
	a.p.node, a.p.end = n, a.l.len
}
