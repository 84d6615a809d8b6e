package stream

import (
	"slices"
	"unsafe"
)

// key is what a tree is ordered by.
type key[K any] interface{ Compare(K) int }

// A tree is a B+ tree: entries in the order of their keys, in leaves that are linked
// to each other, below branches that know the least key of each child. Most
// keys come at the end, in order: then leaves are filled to the last place.
//
// All memory that the tree takes is counted in bytes, which several trees can share.
type tree[K key[K], V any] struct {
	bytes       *int
	root        *treeNode[K, V] // nil if empty
	first, last *treeNode[K, V] // leaves
	n           int
}

// treeNode is a leaf, with a value for each key, or a branch, with a child for each.
// In a branch keys[i] is not greater than any key below kids[i].
type treeNode[K key[K], V any] struct {
	keys       []K
	vals       []V
	kids       []*treeNode[K, V]
	prev, next *treeNode[K, V] // of leaves
}

const (
	treeFanout = 64             // most keys of a node
	treeSparse = treeFanout / 4 // with fewer keys a node is put together with a neighbour
	treeMerged = treeFanout / 2 // most keys that come of it
)

// len returns the number of keys.
func (t *tree[K, V]) len() int { return t.n }

// size is the memory of a node in bytes.
func (n *treeNode[K, V]) size() int {
	var k K
	var v V
	return int(unsafe.Sizeof(*n)) + cap(n.keys)*int(unsafe.Sizeof(k)) + cap(n.vals)*int(unsafe.Sizeof(v)) +
		cap(n.kids)*int(unsafe.Sizeof(n))
}

func (n *treeNode[K, V]) isLeaf() bool { return n.kids == nil }

// search returns the place of the first key that is not less than k, and whether it
// is k.
func (n *treeNode[K, V]) search(k K) (int, bool) {
	return slices.BinarySearchFunc(n.keys, k, func(a, b K) int { return a.Compare(b) })
}

// child returns the place of the child below which k belongs.
func (n *treeNode[K, V]) child(k K) int {
	i, found := n.search(k)
	if !found && i > 0 {
		i--
	}
	return i
}

// cursor is a place in a tree; the zero cursor is none. It holds until the tree
// changes.
type cursor[K key[K], V any] struct {
	leaf *treeNode[K, V]
	i    int
}

func (c cursor[K, V]) ok() bool { return c.leaf != nil }
func (c cursor[K, V]) key() K   { return c.leaf.keys[c.i] }
func (c cursor[K, V]) value() V { return c.leaf.vals[c.i] }
func (c cursor[K, V]) slot() *V { return &c.leaf.vals[c.i] }

func (c cursor[K, V]) next() cursor[K, V] {
	if c.i+1 < len(c.leaf.keys) {
		return cursor[K, V]{c.leaf, c.i + 1}
	}
	return cursor[K, V]{c.leaf.next, 0}
}

func (c cursor[K, V]) prev() cursor[K, V] {
	if c.i > 0 {
		return cursor[K, V]{c.leaf, c.i - 1}
	}
	return atEnd(c.leaf.prev)
}

func atEnd[K key[K], V any](leaf *treeNode[K, V]) cursor[K, V] {
	if leaf == nil {
		return cursor[K, V]{}
	}
	return cursor[K, V]{leaf, len(leaf.keys) - 1}
}

// head and tail are the places of the least and the greatest key.
func (t *tree[K, V]) head() cursor[K, V] { return cursor[K, V]{t.first, 0} }
func (t *tree[K, V]) tail() cursor[K, V] { return atEnd(t.last) }

// leafOf returns the leaf to which k belongs, or nil.
func (t *tree[K, V]) leafOf(k K) *treeNode[K, V] {
	n := t.root
	for n != nil && !n.isLeaf() {
		n = n.kids[n.child(k)]
	}
	return n
}

// ceil returns the place of the least key that is not less than k.
func (t *tree[K, V]) ceil(k K) cursor[K, V] {
	leaf := t.leafOf(k)
	if leaf == nil {
		return cursor[K, V]{}
	}
	i, _ := leaf.search(k)
	if i == len(leaf.keys) {
		return cursor[K, V]{leaf.next, 0}
	}
	return cursor[K, V]{leaf, i}
}

// floor returns the place of the greatest key that is not greater than k.
func (t *tree[K, V]) floor(k K) cursor[K, V] {
	leaf := t.leafOf(k)
	if leaf == nil {
		return cursor[K, V]{}
	}
	i, found := leaf.search(k)
	switch {
	case found:
		return cursor[K, V]{leaf, i}
	case i > 0:
		return cursor[K, V]{leaf, i - 1}
	}
	return atEnd(leaf.prev)
}

// get returns the value of k.
func (t *tree[K, V]) get(k K) (v V, found bool) {
	leaf := t.leafOf(k)
	if leaf == nil {
		return v, false
	}
	i, found := leaf.search(k)
	if found {
		v = leaf.vals[i]
	}
	return v, found
}

// add inserts k, unless it is there: then it reports false and changes nothing.
func (t *tree[K, V]) add(k K, v V) bool {
	if t.root == nil {
		leaf := &treeNode[K, V]{keys: []K{k}, vals: []V{v}}
		t.root, t.first, t.last, t.n = leaf, leaf, leaf, 1
		*t.bytes += leaf.size()
		return true
	}
	split, added := t.insert(t.root, k, v)
	if split != nil {
		old := t.root
		t.root = &treeNode[K, V]{keys: []K{old.keys[0], split.keys[0]}, kids: []*treeNode[K, V]{old, split}}
		*t.bytes += t.root.size()
	}
	if added {
		t.n++
	}
	return added
}

// insert adds k below n, and returns the node that was split off at its right, or nil.
func (t *tree[K, V]) insert(n *treeNode[K, V], k K, v V) (split *treeNode[K, V], added bool) {
	if !n.isLeaf() {
		i := n.child(k)
		below, added := t.insert(n.kids[i], k, v)
		if n.keys[0].Compare(k) > 0 {
			n.keys[0] = k
		}
		if below != nil {
			split = t.put(n, i+1, below.keys[0], v, below)
		}
		return split, added
	}
	i, found := n.search(k)
	if found {
		return nil, false
	}
	return t.put(n, i, k, v, nil), true
}

// put inserts a key at a place of n, with a value or with a child. A full node is
// split before.
func (t *tree[K, V]) put(n *treeNode[K, V], i int, k K, v V, kid *treeNode[K, V]) (split *treeNode[K, V]) {
	if len(n.keys) == treeFanout {
		at := treeFanout / 2
		if i == treeFanout && n.next == nil {
			at = treeFanout
		}
		split = t.split(n, at)
		if i >= at {
			n, i = split, i-at
		}
	}
	before := n.size()
	n.keys = slices.Insert(n.keys, i, k)
	if kid != nil {
		n.kids = slices.Insert(n.kids, i, kid)
	} else {
		n.vals = slices.Insert(n.vals, i, v)
	}
	*t.bytes += n.size() - before
	return split
}

// split moves what stands at a place of n and behind it to a new node at its right.
func (t *tree[K, V]) split(n *treeNode[K, V], at int) *treeNode[K, V] {
	before := n.size()
	right := &treeNode[K, V]{keys: slices.Clone(n.keys[at:])}
	n.keys = slices.Delete(n.keys, at, len(n.keys))
	if n.isLeaf() {
		right.vals = slices.Clone(n.vals[at:])
		n.vals = slices.Delete(n.vals, at, len(n.vals))
		t.link(n, right)
	} else {
		right.kids = append(make([]*treeNode[K, V], 0, len(n.kids)-at+1), n.kids[at:]...)
		n.kids = slices.Delete(n.kids, at, len(n.kids))
	}
	*t.bytes += n.size() - before + right.size()
	return right
}

// link puts a leaf behind another one.
func (t *tree[K, V]) link(leaf, right *treeNode[K, V]) {
	right.prev, right.next = leaf, leaf.next
	if leaf.next != nil {
		leaf.next.prev = right
	} else {
		t.last = right
	}
	leaf.next = right
}

func (t *tree[K, V]) unlink(leaf *treeNode[K, V]) {
	if leaf.prev != nil {
		leaf.prev.next = leaf.next
	} else {
		t.first = leaf.next
	}
	if leaf.next != nil {
		leaf.next.prev = leaf.prev
	} else {
		t.last = leaf.prev
	}
}

// remove deletes k, and returns the value that it had.
func (t *tree[K, V]) remove(k K) (v V, found bool) {
	if t.root == nil {
		return v, false
	}
	if v, found = t.delete(t.root, k); !found {
		return v, false
	}
	t.n--
	for len(t.root.kids) == 1 {
		*t.bytes -= t.root.size()
		t.root = t.root.kids[0]
	}
	if len(t.root.keys) == 0 {
		*t.bytes -= t.root.size()
		t.root, t.first, t.last = nil, nil, nil
	}
	return v, true
}

func (t *tree[K, V]) delete(n *treeNode[K, V], k K) (v V, found bool) {
	if !n.isLeaf() {
		i := n.child(k)
		if v, found = t.delete(n.kids[i], k); found {
			t.tidy(n, i)
		}
		return v, found
	}
	i, found := n.search(k)
	if !found {
		return v, false
	}
	v = n.vals[i]
	n.keys = slices.Delete(n.keys, i, i+1)
	n.vals = slices.Delete(n.vals, i, i+1)
	return v, true
}

// tidy removes the child at a place of a branch if it has become empty, or puts it
// together with a neighbour if both are sparse.
func (t *tree[K, V]) tidy(n *treeNode[K, V], i int) {
	kid := n.kids[i]
	switch size := len(kid.keys); {
	case size == 0:
		t.drop(n, i)
	case size >= treeSparse:
	case i+1 < len(n.kids) && size+len(n.kids[i+1].keys) <= treeMerged:
		t.merge(n, i)
	case i > 0 && size+len(n.kids[i-1].keys) <= treeMerged:
		t.merge(n, i-1)
	}
}

// drop takes a child out of a branch.
func (t *tree[K, V]) drop(n *treeNode[K, V], i int) {
	kid := n.kids[i]
	if kid.isLeaf() {
		t.unlink(kid)
	}
	*t.bytes -= kid.size()
	n.keys = slices.Delete(n.keys, i, i+1)
	n.kids = slices.Delete(n.kids, i, i+1)
}

// merge moves all that a child's right neighbour has to the child.
func (t *tree[K, V]) merge(n *treeNode[K, V], i int) {
	left, right := n.kids[i], n.kids[i+1]
	before := left.size()
	left.keys = append(left.keys, right.keys...)
	left.vals = append(left.vals, right.vals...)
	left.kids = append(left.kids, right.kids...)
	*t.bytes += left.size() - before
	t.drop(n, i+1)
}
