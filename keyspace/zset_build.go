package keyspace

import (
	"slices"

	"respect/keyspace/hashtable"
	"respect/keyspace/listpack"
	"respect/keyspace/skiplist"
)

// A ZSetBuilder collects the members of a sorted set that is made as a whole, in any
// order. Their order is made once, at the end.
type ZSetBuilder struct {
	limits *ZSetLimits
	dict   *hashtable.Table[*skiplist.Node]
	nodes  []*skiplist.Node // as they came; nil once one was removed
	loose  bool             // one was removed

	queue []*skiplist.Node // that AddSoon has made
	warm  [][]byte         // their members
	sum   uint64           // what Warm has returned, which has to go somewhere
}

// buildQueue is how many places in the table are asked for at a time.
const buildQueue = 32

// NewZSetBuilder returns a builder of an empty sorted set.
func NewZSetBuilder(limits *ZSetLimits) *ZSetBuilder {
	return &ZSetBuilder{limits: limits, dict: hashtable.New((*skiplist.Node).Member)}
}

// Len returns the number of members.
func (b *ZSetBuilder) Len() int { return b.dict.Len() }

// Add adds a member with its score. A member that is there already stays as it is,
// and false is returned.
func (b *ZSetBuilder) Add(member []byte, score float64) bool {
	ref, place := b.dict.Locate(member)
	if ref != nil {
		return false
	}
	b.insert(place, member, score)
	return true
}

// Reserve makes room for so many members. It takes time and memory in proportion.
func (b *ZSetBuilder) Reserve(n int) { b.dict.Reserve(n) }

// AddSoon is Add for many members, of which no two should be the same: that some were is
// told by a later call or by Flush, which has to be the last one. Looking up several places
// at once does not wait for the memory of each.
func (b *ZSetBuilder) AddSoon(member []byte, score float64) bool {
	n := skiplist.NewNode(member, score)
	b.queue = append(b.queue, n)
	b.warm = append(b.warm, n.Member())
	return len(b.queue) < buildQueue || b.Flush()
}

// Flush ends a series of AddSoon, and reports whether no member of it was there already.
func (b *ZSetBuilder) Flush() bool {
	b.sum += b.dict.Warm(b.warm, func(n *skiplist.Node) uint64 { return uint64(len(n.Member())) })
	nodes := b.queue
	b.queue, b.warm = b.queue[:0], b.warm[:0]
	for _, n := range nodes {
		ref, place := b.dict.Locate(n.Member())
		if ref != nil {
			return false
		}
		b.dict.InsertAt(place, n)
		b.nodes = append(b.nodes, n)
	}
	return true
}

func (b *ZSetBuilder) insert(place hashtable.Position, member []byte, score float64) {
	n := skiplist.NewNode(member, score)
	b.dict.InsertAt(place, n)
	if !b.loose {
		b.nodes = append(b.nodes, n)
	}
}

// Merge adds a member with its score or, if it is there already, gives it the score
// that merge makes of the old and the new one.
func (b *ZSetBuilder) Merge(member []byte, score float64, merge func(old, score float64) float64) {
	ref, place := b.dict.Locate(member)
	if ref == nil {
		b.insert(place, member, score)
		return
	}
	(*ref).SetScore(merge((*ref).Score(), score))
}

// Remove removes a member, if it is there.
func (b *ZSetBuilder) Remove(member []byte) {
	if _, found := b.dict.Delete(member); found {
		b.nodes, b.loose = nil, true
	}
}

// ZSet returns the sorted set, in the encoding that suits it. The builder must not
// be used any more.
func (b *ZSetBuilder) ZSet() *ZSet {
	nodes := b.ordered()
	longest, bytes := 0, 0
	for _, n := range nodes {
		longest = max(longest, len(n.Member()))
		bytes += len(n.Member())
	}
	if !b.limits.fits(len(nodes), longest) || !listpack.SafeToAdd(nil, bytes) {
		return &ZSet{big: b.link(nodes)}
	}
	z := &ZSet{}
	if len(nodes) == 0 {
		return z
	}
	const scoreBytes = 4 // about, with the lengths of both
	z.small = listpack.New(bytes + scoreBytes*len(nodes))
	for _, n := range nodes {
		z.small = z.small.Append(n.Member()).Append(b.limits.scoreText(n.Score()))
	}
	return z
}

// Each calls fn with the members in order. None may be added or removed then.
func (b *ZSetBuilder) Each(fn func(member []byte, score float64)) {
	for _, n := range b.ordered() {
		fn(n.Member(), n.Score())
	}
}

// ordered returns the nodes in order. Sorting costs next to nothing if they came in
// order, or in reverse as from a file.
func (b *ZSetBuilder) ordered() []*skiplist.Node {
	nodes := b.nodes
	if b.loose {
		nodes = slices.Collect(b.dict.All())
	}
	slices.SortFunc(nodes, (*skiplist.Node).Compare)
	return nodes
}

func (b *ZSetBuilder) link(nodes []*skiplist.Node) *bigZSet {
	big := newBigZSet(b.limits)
	big.dict = b.dict
	a := big.list.Appender()
	for _, n := range nodes {
		a.Append(n)
	}
	return big
}
