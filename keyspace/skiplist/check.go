package skiplist

import (
	"errors"
	"fmt"
	"math"
)

// Check verifies the order, the links and spans of all levels, and the numbers.
func (l *List) Check() error {
	position := map[*Node]int{}
	bytes, pos := l.upper*linkSize, 0
	var prev *Node
	for n := l.head.next; n != nil; prev, n = n, n.next {
		pos++
		position[n] = pos
		bytes += n.bytes()
		switch {
		case math.IsNaN(n.score):
			return fmt.Errorf("skiplist: the score of %q is NaN", n.Member())
		case n.prev != prev:
			return fmt.Errorf("skiplist: %q does not know the one before it", n.Member())
		case prev != nil && prev.Compare(n) >= 0:
			return fmt.Errorf("skiplist: %v %q stands before %v %q", prev.score, prev.Member(), n.score, n.Member())
		}
	}
	if l.tail != prev {
		return errors.New("skiplist: the last node is not the tail")
	}
	if pos != l.len {
		return fmt.Errorf("skiplist: %d nodes, counted %d", l.len, pos)
	}
	below := position
	for i := range l.upper {
		level, err := l.checkLevel(i, position)
		if err != nil {
			return fmt.Errorf("skiplist: level %d: %w", i+1, err)
		}
		for n := range level {
			if _, ok := below[n]; !ok {
				return fmt.Errorf("skiplist: %q is on level %d and not below", n.Member(), i+1)
			}
		}
		bytes += len(level) * linkSize
		below = level
	}
	if bytes != l.bytes {
		return fmt.Errorf("skiplist: %d bytes, counted %d", l.bytes, bytes)
	}
	return nil
}

// checkLevel verifies the links of level i+1 and returns its nodes.
func (l *List) checkLevel(i int, position map[*Node]int) (map[*Node]int, error) {
	level := map[*Node]int{}
	pos := 0
	for x := &l.head; ; {
		k := x.link(i)
		pos += k.span
		if k.next == nil {
			break
		}
		if position[k.next] != pos {
			return nil, fmt.Errorf("%q is at %d, the spans say %d", k.next.Member(), position[k.next], pos)
		}
		x = k.next
		level[x] = pos
	}
	if pos != l.len+1 {
		return nil, fmt.Errorf("the spans add up to %d, not %d", pos, l.len+1)
	}
	return level, nil
}
