package skiplist

import (
	"bytes"
	"math/bits"
	"unsafe"
)

// A Node is a member with its score. It is always handled by pointer: the member
// stands behind it. Only the list that a node is in changes it.
type Node struct {
	score  float64
	prev   *Node // nil for the first one
	next   *Node
	upper  *link // the first of the links above level 0, or nil
	length uint8 // bytes of the member, or longMember
}

// A link leads from a node to the next one of its level. Links of the same node lie
// side by side, the one of level 1 first.
type link struct {
	node  *Node   // whose link it is
	next  *link   // of the next node, or nil
	score float64 // of the next node
	span  int     // positions to the next node, or to the end
}

const (
	memberOffset = unsafe.Offsetof(Node{}.length) + 1
	linkSize     = int(unsafe.Sizeof(link{}))
	longMember   = 255
	maxInline    = 128 - int(memberOffset) // bytes of a member in its node
	blockStep    = 16                      // between the sizes of nodes

	// maxUpper levels above level 0 suffice for 4^15 nodes.
	maxUpper = 15
)

// A longNode has its member in another block.
type longNode struct {
	Node
	member []byte
}

// NewNode returns a node that is in no list, with a copy of the member.
func NewNode(member []byte, score float64) *Node {
	if len(member) > maxInline {
		n := &longNode{member: append(make([]byte, 0, len(member)), member...)}
		n.score, n.length = score, longMember
		return &n.Node
	}
	n := newBlock(int(memberOffset) + len(member))
	n.score, n.length = score, uint8(len(member))
	copy(n.inline(), member)
	return n
}

// newBlock returns a node with room for so many bytes, up to 128, in all.
func newBlock(size int) *Node {
	switch (size - 1) / blockStep {
	case 0, 1, 2:
		return &new(struct {
			Node
			more [8]byte
		}).Node
	case 3:
		return &new(struct {
			Node
			more [24]byte
		}).Node
	case 4:
		return &new(struct {
			Node
			more [40]byte
		}).Node
	case 5:
		return &new(struct {
			Node
			more [56]byte
		}).Node
	case 6:
		return &new(struct {
			Node
			more [72]byte
		}).Node
	default:
		return &new(struct {
			Node
			more [88]byte
		}).Node
	}
}

// bytes returns the memory of the node without its upper links.
func (n *Node) bytes() int {
	if n.length == longMember {
		m := (*longNode)(unsafe.Pointer(n)).member
		return int(unsafe.Sizeof(longNode{})) + cap(m)
	}
	return max(48, (int(memberOffset)+int(n.length)+blockStep-1)&^(blockStep-1))
}

func (n *Node) inline() []byte {
	if n.length == 0 { // there may be nothing to point to
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(n), memberOffset)), n.length)
}

// Member returns the member. The caller must not change it; it holds as long as
// the node.
func (n *Node) Member() []byte {
	if n.length == longMember {
		return (*longNode)(unsafe.Pointer(n)).member
	}
	return n.inline()
}

// Score returns the score.
func (n *Node) Score() float64 { return n.score }

// SetScore gives a node that is in no list another score.
func (n *Node) SetScore(score float64) { n.score = score }

// Next returns the node of the next rank, or nil.
func (n *Node) Next() *Node { return n.next }

// Prev returns the node of the rank before, or nil.
func (n *Node) Prev() *Node { return n.prev }

// link returns the link of level i+1, which the node must have.
func (n *Node) link(i int) *link {
	return (*link)(unsafe.Add(unsafe.Pointer(n.upper), i*linkSize))
}

// down returns the link of the same node on the level below, which must not be 0.
func (k *link) down() *link {
	if k == nil {
		return nil
	}
	return (*link)(unsafe.Add(unsafe.Pointer(k), -linkSize))
}

// leadsTo reports whether a link of level i+1 leads to a node. The addresses are
// compared as numbers: the node need not stand on this level.
func (k *link) leadsTo(n *Node, i int) bool {
	return k.next != nil &&
		uintptr(unsafe.Pointer(k.next)) == uintptr(unsafe.Pointer(n.upper))+uintptr(i*linkSize)
}

// before reports whether the next node stands before the place of a score and
// member.
func (k *link) before(score float64, member []byte) bool {
	return k.score < score || k.score == score && bytes.Compare(k.next.node.Member(), member) < 0
}

// Compare orders nodes as lists do.
func (n *Node) Compare(other *Node) int {
	switch {
	case n.score < other.score:
		return -1
	case n.score > other.score:
		return 1
	}
	return bytes.Compare(n.Member(), other.Member())
}

// before reports whether the node stands before the place of a score and member.
func (n *Node) before(score float64, member []byte) bool {
	return n.score < score || n.score == score && bytes.Compare(n.Member(), member) < 0
}

// newLinks returns memory for the links of so many levels above 0.
func newLinks(upper int) *link {
	if upper == 0 {
		return nil
	}
	return unsafe.SliceData(make([]link, upper))
}

// randomUpper returns on how many levels above 0 a new node stands: a quarter of
// the nodes on each level stands on the next one, too.
func (l *List) randomUpper() int {
	return bits.TrailingZeros64(l.rand.Uint64()|1<<(2*maxUpper)) / 2
}
