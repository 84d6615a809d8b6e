package quicklist

import (
	"errors"
	"fmt"

	"respect/keyspace/listpack"
	"respect/keyspace/lzf"
)

// Check verifies the links, the numbers, every listpack, and that exactly the
// nodes are compressed that should be.
func (q *Quicklist) Check() error {
	nodes, count, units := 0, 0, 0
	var prev *node
	for n := q.head; n != nil; prev, n = n, n.next {
		if n.prev != prev {
			return fmt.Errorf("quicklist: node %d does not know the one before it", nodes)
		}
		if err := q.checkNode(n); err != nil {
			return fmt.Errorf("quicklist: node %d: %w", nodes, err)
		}
		nodes++
		count += n.count
		units += int(n.charged)
	}
	if prev != q.tail {
		return errors.New("quicklist: the last node is not the tail")
	}
	if nodes != q.nodes || count != q.count {
		return fmt.Errorf("quicklist: %d nodes and %d elements, counted %d and %d", q.nodes, q.count, nodes, count)
	}
	if units != q.units {
		return fmt.Errorf("quicklist: %d units of memory, counted %d", q.units, units)
	}
	return nil
}

func (q *Quicklist) checkNode(n *node) error {
	if n.count == 0 {
		return errors.New("empty")
	}
	if n.charged != n.units() {
		return fmt.Errorf("%d units of memory, charged %d", n.units(), n.charged)
	}
	inner := q.depth > 0 && q.isInner(n)
	if n.compressed && !inner {
		return errors.New("compressed near an end")
	}
	if inner && !n.compressed && !n.tried {
		return errors.New("not compressed")
	}
	raw := n.data
	if n.compressed {
		var err error
		if raw, err = lzf.Decompress(n.data, n.size); err != nil {
			return err
		}
	} else if !n.plain {
		if err := n.packed.Check(); err != nil {
			return err
		}
		raw = n.packed.Listpack()
	}
	if len(raw) != n.size {
		return fmt.Errorf("%d bytes instead of %d", len(raw), n.size)
	}
	if n.plain {
		if n.count != 1 {
			return fmt.Errorf("plain with %d elements", n.count)
		}
		return nil
	}
	if err := listpack.Validate(raw); err != nil {
		return err
	}
	if got := listpack.Listpack(raw).Len(); got != n.count {
		return fmt.Errorf("%d elements instead of %d", got, n.count)
	}
	return nil
}
