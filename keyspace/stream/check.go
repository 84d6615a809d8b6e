package stream

import (
	"fmt"

	"respect/keyspace/listpack"
)

// Check verifies the structure: nodes and entries in order, all counts, the trees, that
// group and consumers agree on what is pending, and the account of bytes. Its cost is
// proportional to the data.
func (s *Stream) Check() error {
	bytes, err := s.checkNodes()
	if err != nil {
		return err
	}
	groupsBytes, err := s.groups.check()
	if err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	bytes += groupsBytes
	s.EachGroup(func(g *Group) bool {
		var n int
		if n, err = g.check(); err != nil {
			err = fmt.Errorf("group %q: %w", g.name, err)
		}
		bytes += n
		return err == nil
	})
	if err == nil && bytes != s.bytes {
		return fmt.Errorf("takes %d bytes, the account says %d", bytes, s.bytes)
	}
	return err
}

func (s *Stream) checkNodes() (bytes int, err error) {
	if bytes, err = s.nodes.check(); err != nil {
		return 0, fmt.Errorf("nodes: %w", err)
	}
	length, last := 0, ID{}
	s.EachNode(func(node ID, lp listpack.Listpack) bool {
		if !last.Less(node) {
			err = fmt.Errorf("node %v comes after entry %v", node, last)
			return false
		}
		n, invalid := Validate(node, lp)
		if invalid != nil {
			err = fmt.Errorf("node %v: %w", node, invalid)
		}
		length += n.Live
		last = n.Last
		bytes += cap(lp)
		return err == nil
	})
	switch top := s.TopID(); {
	case err != nil:
	case length != s.length:
		err = fmt.Errorf("%d entries instead of %d", length, s.length)
	case s.lastID.Less(top):
		err = fmt.Errorf("entry %v is after the last one, %v", top, s.lastID)
	}
	return bytes, err
}

func (g *Group) check() (bytes int, err error) {
	n, err := g.pending.check()
	if err != nil {
		return 0, fmt.Errorf("pending: %w", err)
	}
	m, err := g.consumers.check()
	if err != nil {
		return 0, fmt.Errorf("consumers: %w", err)
	}
	bytes = n + m + groupBytes + len(g.name) + g.pending.len()*pendingBytes
	owned := 0
	g.EachConsumer(func(c *Consumer) bool {
		var n int
		if n, err = c.pending.check(); err != nil {
			err = fmt.Errorf("consumer %q: %w", c.name, err)
			return false
		}
		bytes += n + consumerBytes + len(c.name)
		owned += c.pending.len()
		c.EachPending(MinID, func(id ID, p *Pending) bool {
			if p.consumer != c || g.PendingEntry(id) != p {
				err = fmt.Errorf("consumer %q: entry %v is not the group's", c.name, id)
			}
			return err == nil
		})
		return err == nil
	})
	if err == nil && owned != g.pending.len() {
		err = fmt.Errorf("%d entries are pending, %d have a consumer", g.pending.len(), owned)
	}
	return bytes, err
}

// check verifies order, links and sizes of a tree, and returns its bytes.
func (t *tree[K, V]) check() (bytes int, err error) {
	if t.root == nil {
		if t.n != 0 || t.first != nil || t.last != nil {
			return 0, fmt.Errorf("%d keys without a root", t.n)
		}
		return 0, nil
	}
	var leaves []*treeNode[K, V]
	if bytes, err = t.root.check(&leaves); err != nil {
		return 0, err
	}
	if t.first != leaves[0] || t.last != leaves[len(leaves)-1] {
		return 0, fmt.Errorf("first or last leaf is wrong")
	}
	n := 0
	for i, leaf := range leaves {
		n += len(leaf.keys)
		if i > 0 && (leaf.prev != leaves[i-1] || leaves[i-1].next != leaf || atEnd(leaf.prev).key().Compare(leaf.keys[0]) >= 0) {
			return 0, fmt.Errorf("leaf %d is not linked, or not in order", i)
		}
	}
	if leaves[0].prev != nil || leaves[len(leaves)-1].next != nil || n != t.n {
		return 0, fmt.Errorf("%d keys instead of %d, or loose ends", n, t.n)
	}
	return bytes, nil
}

// check verifies a node and all below it, and appends the leaves.
func (n *treeNode[K, V]) check(leaves *[]*treeNode[K, V]) (bytes int, err error) {
	if len(n.keys) == 0 || len(n.keys) > treeFanout || len(n.keys) != max(len(n.vals), len(n.kids)) {
		return 0, fmt.Errorf("a node of %d keys, %d values, %d children", len(n.keys), len(n.vals), len(n.kids))
	}
	for i := 1; i < len(n.keys); i++ {
		if n.keys[i-1].Compare(n.keys[i]) >= 0 {
			return 0, fmt.Errorf("keys %v and %v are not in order", n.keys[i-1], n.keys[i])
		}
	}
	bytes = n.size()
	if n.isLeaf() {
		*leaves = append(*leaves, n)
		return bytes, nil
	}
	for i, kid := range n.kids {
		if kid.keys[0].Compare(n.keys[i]) < 0 {
			return 0, fmt.Errorf("key %v below %v", kid.keys[0], n.keys[i])
		}
		if i+1 < len(n.keys) && kid.keys[len(kid.keys)-1].Compare(n.keys[i+1]) >= 0 {
			return 0, fmt.Errorf("key %v before %v", kid.keys[len(kid.keys)-1], n.keys[i+1])
		}
		below, err := kid.check(leaves)
		if err != nil {
			return 0, err
		}
		bytes += below
	}
	return bytes, nil
}
