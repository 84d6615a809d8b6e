package keyspace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"unsafe"

	"respect/keyspace/hashtable"
	"respect/keyspace/listpack"
	"respect/keyspace/skiplist"
)

// This file is the value half of sorted sets. A small one is a listpack of members
// and scores in turn, in order (zset_small.go). A big one is a skip list for the
// order and a hash table for the members, which share the nodes. A listpack turns
// into a skip list before the member that would make it exceed the limits, and
// never back; a sorted set that is made as a whole, by ZUNIONSTORE or from a file,
// gets the encoding that suits its size (zset_build.go).
//
// A range of scores or of members is turned into ranks first, and everything else
// is done by rank (zset_range.go).

// ZSetLimits are the parameters that shape sorted sets.
type ZSetLimits struct {
	MaxListpackEntries int // zset-max-listpack-entries: members
	MaxListpackValue   int // zset-max-listpack-value, in bytes

	// Rand decides on the levels of skip lists. Without it they can be foreseen.
	Rand *rand.Rand
	// FormatScore appends the text of a score that is no integer, as listpacks hold
	// it; nil for that of strconv.
	FormatScore func(dst []byte, score float64) []byte

	text [32]byte // of the score that is stored next
}

// fits reports whether a sorted set of so many members, the longest of so many
// bytes, may be a listpack.
func (l *ZSetLimits) fits(members, longest int) bool {
	return members <= l.MaxListpackEntries && longest <= l.MaxListpackValue
}

// A ZSet is the value of a key of type zset. Members that it lends are valid until
// its next change, and what is given to its methods must not be part of it. Scores
// must not be NaN.
type ZSet struct {
	small listpack.Listpack // members and scores, if big is nil; nil when empty
	big   *bigZSet
}

// A bigZSet holds each node in both.
type bigZSet struct {
	list *skiplist.List
	dict *hashtable.Table[*skiplist.Node]
}

func newBigZSet(limits *ZSetLimits) *bigZSet {
	r := limits.Rand
	if r == nil {
		r = rand.New(rand.NewPCG(1, 2))
	}
	return &bigZSet{skiplist.New(r), hashtable.New((*skiplist.Node).Member)}
}

// NewZSet returns an empty sorted set.
func NewZSet() *ZSet { return &ZSet{} }

// ZSetOfListpack returns a sorted set of the members and scores of a listpack, which
// it owns from now on. It becomes a skip list only if there are too many of them.
func ZSetOfListpack(lp listpack.Listpack, limits *ZSetLimits) *ZSet {
	z := &ZSet{small: lp}
	if z.Len() > limits.MaxListpackEntries {
		z.makeBig(limits)
	}
	return z
}

// ZSet returns the value of an object whose type is zset.
func (o *Object) ZSet() *ZSet { return (*ZSet)(o.as(TypeZSet)) }

// Encoding returns the name that OBJECT ENCODING replies with.
func (z *ZSet) Encoding() string {
	if z.big != nil {
		return "skiplist"
	}
	return "listpack"
}

// Listpack returns the members and scores in turn, for saving, or nil if the sorted
// set is a skip list.
func (z *ZSet) Listpack() listpack.Listpack { return z.small }

// Len returns the number of members.
func (z *ZSet) Len() int {
	switch {
	case z.big != nil:
		return z.big.list.Len()
	case z.small == nil:
		return 0
	}
	return z.small.Len() / 2
}

// Expect turns a listpack into a skip list if so many members that are about to be
// added would not fit into one. How long they are counts only once they are added.
func (z *ZSet) Expect(members int, limits *ZSetLimits) {
	if z.big == nil && !limits.fits(members, 0) {
		z.makeBig(limits)
	}
}

// makeBig turns a listpack into a skip list. One from outside may have members out
// of order, which are put in order, or twice, of which one is kept.
func (z *ZSet) makeBig(limits *ZSetLimits) {
	b := NewZSetBuilder(limits)
	z.eachSmall(0, math.MaxInt, func(e Element, score float64) bool {
		var text [24]byte
		b.Add(elementBytes(e, text[:0]), score)
		return true
	})
	z.big, z.small = b.link(b.ordered()), nil
}

// Score returns the score of a member, if there is such a member.
func (z *ZSet) Score(member []byte) (float64, bool) {
	if z.big != nil {
		n, found := z.big.dict.Find(member)
		if !found {
			return 0, false
		}
		return n.Score(), true
	}
	at := z.findSmall(member)
	if at == 0 {
		return 0, false
	}
	return z.scoreAt(at), true
}

// ZSetRule says what Update may do, as a bit set.
type ZSetRule uint8

// The rules of Update.
const (
	ZSetNew       ZSetRule = 1 << iota // only add a member (NX)
	ZSetExisting                       // only change the score of one that is there (XX)
	ZSetGreater                        // do not lower a score (GT)
	ZSetLess                           // do not raise a score (LT)
	ZSetIncrement                      // add to the score of a member that is there
)

// ZSetChange is what Update did.
type ZSetChange uint8

// The results of Update.
const (
	ZSetRefused  ZSetChange = iota // a rule did not allow it
	ZSetNaN                        // the sum would be none: nothing was done
	ZSetSame                       // the member has had this score
	ZSetRescored                   // the member got another score
	ZSetAdded                      // the member is new
)

// judge returns the score that a member, which has the old one, is to get.
func (rule ZSetRule) judge(old, score float64) (float64, ZSetChange) {
	if rule&ZSetNew != 0 {
		return old, ZSetRefused
	}
	if rule&ZSetIncrement != 0 {
		score += old
		if math.IsNaN(score) {
			return old, ZSetNaN
		}
	}
	switch {
	case rule&ZSetGreater != 0 && score <= old, rule&ZSetLess != 0 && score >= old:
		return old, ZSetRefused
	case score == old:
		return score, ZSetSame
	}
	return score, ZSetRescored
}

// Add gives a member a score, and adds the member if it is not there.
func (z *ZSet) Add(member []byte, score float64, limits *ZSetLimits) (added, changed bool) {
	_, change := z.Update(member, score, 0, limits)
	return change == ZSetAdded, change >= ZSetRescored
}

// Update is Add by a rule. It returns the score that the member has then.
func (z *ZSet) Update(member []byte, score float64, rule ZSetRule, limits *ZSetLimits) (float64, ZSetChange) {
	if z.big == nil {
		if at := z.findSmall(member); at != 0 {
			score, change := rule.judge(z.scoreAt(at), score)
			if change == ZSetRescored {
				z.rescoreSmall(at, member, score, limits)
			}
			return score, change
		}
		if rule&ZSetExisting != 0 {
			return 0, ZSetRefused
		}
		if limits.fits(z.Len()+1, len(member)) && listpack.SafeToAdd(z.small, len(member)) {
			z.insertSmall(member, score, limits)
			return score, ZSetAdded
		}
		z.makeBig(limits)
	}
	return z.big.update(member, score, rule)
}

func (b *bigZSet) update(member []byte, score float64, rule ZSetRule) (float64, ZSetChange) {
	ref, place := b.dict.Locate(member)
	if ref != nil {
		n := *ref
		score, change := rule.judge(n.Score(), score)
		if change == ZSetRescored {
			b.list.SetScore(n, score)
		}
		return score, change
	}
	if rule&ZSetExisting != 0 {
		return 0, ZSetRefused
	}
	n := skiplist.NewNode(member, score)
	b.list.Insert(n)
	b.dict.InsertAt(place, n)
	return score, ZSetAdded
}

// Remove removes a member and reports whether it was there.
func (z *ZSet) Remove(member []byte) bool {
	if z.big != nil {
		n, found := z.big.dict.Delete(member)
		if found {
			z.big.list.Delete(n)
		}
		return found
	}
	at := z.findSmall(member)
	if at == 0 {
		return false
	}
	z.deleteSmall(at)
	return true
}

// Scan calls fn with some members and returns the cursor of the next call; it starts
// and ends with 0. Every member that is there from the first to the last call is
// yielded at least once.
func (z *ZSet) Scan(cursor uint64, fn func(member Element, score float64)) uint64 {
	if z.big != nil {
		return z.big.dict.Scan(cursor, func(n *skiplist.Node) { fn(nodeElement(n), n.Score()) })
	}
	z.eachSmall(0, math.MaxInt, func(e Element, score float64) bool {
		fn(e, score)
		return true
	})
	return 0
}

func nodeElement(n *skiplist.Node) Element { return listpack.String(n.Member()) }

// Random returns a member with its score, each with the same chance. The sorted set
// must not be empty.
func (z *ZSet) Random(r *rand.Rand) (Element, float64) {
	if z.big != nil {
		n, _ := z.big.dict.Random(r)
		return nodeElement(n), n.Score()
	}
	at := z.small.Seek(2 * r.IntN(z.Len()))
	return z.small.Get(at), z.scoreAt(at)
}

// Sample calls fn with n different members, each selection of n having the same
// chance, in order. There must be as many.
func (z *ZSet) Sample(r *rand.Rand, n int, fn func(member Element, score float64)) {
	const few = 3 // up to a third of the members are looked up one by one
	if z.big == nil || n*few > z.Len() {
		left := z.Len()
		z.Each(0, left, false, func(member Element, score float64) bool {
			if r.IntN(left) < n { // n of those that are left
				fn(member, score)
				n--
			}
			left--
			return n > 0
		})
		return
	}
	for _, rank := range sampleRanks(r, n, z.Len()) {
		x := z.big.list.At(rank)
		fn(nodeElement(x), x.Score())
	}
}

// sampleRanks returns n different numbers below size (Robert Floyd's algorithm).
func sampleRanks(r *rand.Rand, n, size int) []int {
	taken := make(map[int]struct{}, n)
	ranks := make([]int, 0, n)
	for limit := size - n; limit < size; limit++ {
		rank := r.IntN(limit + 1)
		if _, ok := taken[rank]; ok {
			rank = limit
		}
		taken[rank] = struct{}{}
		ranks = append(ranks, rank)
	}
	slices.Sort(ranks)
	return ranks
}

// Dup returns an independent copy.
func (z *ZSet) Dup() *ZSet {
	if z.big == nil {
		return &ZSet{small: z.small.Dup()}
	}
	dict := hashtable.New((*skiplist.Node).Member)
	dict.Reserve(z.Len())
	return &ZSet{big: &bigZSet{z.big.list.Dup(dict.Insert), dict}}
}

// Clone returns an independent copy, a *ZSet.
func (z *ZSet) Clone() any { return z.Dup() }

// Bytes estimates the memory of the sorted set in bytes.
func (z *ZSet) Bytes() int {
	n := int(unsafe.Sizeof(*z)) + cap(z.small)
	if z.big != nil {
		n += int(unsafe.Sizeof(*z.big)) + z.big.list.Bytes() + z.big.dict.Bytes()
	}
	return n
}

// Check verifies the order, and that list and table hold the same nodes.
func (z *ZSet) Check() error {
	if z.big == nil {
		return z.checkSmall()
	}
	if err := z.big.list.Check(); err != nil {
		return err
	}
	if err := z.big.dict.Check(); err != nil {
		return err
	}
	if z.small != nil || z.big.dict.Len() != z.Len() {
		return fmt.Errorf("sorted set: %d members, %d in the table", z.Len(), z.big.dict.Len())
	}
	for n := z.big.list.First(); n != nil; n = n.Next() {
		if found, ok := z.big.dict.Find(n.Member()); !ok || found != n {
			return fmt.Errorf("sorted set: %q is not in the table", n.Member())
		}
	}
	return nil
}
