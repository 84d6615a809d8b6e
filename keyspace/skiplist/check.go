package skiplist

import (
	"errors"
	"fmt"
	"math"
)

// Check verifies the order, the links and spans of all levels, and the numbers.
func (l *List) Check() error {
	position := map[*Node]int{}
	bytes, pos := maxUpper*linkSize, 0
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
	k := l.head.link(i)
	for k.next != nil {
		pos += k.span
		n := k.next.node
		switch {
		case position[n] != pos:
			return nil, fmt.Errorf("%q is at %d, the spans say %d", n.Member(), position[n], pos)
		case n.link(i) != k.next:
			return nil, fmt.Errorf("%q has another link", n.Member())
		case n.score != k.score:
			return nil, fmt.Errorf("%q has the score %v, the link says %v", n.Member(), n.score, k.score)
		}
		level[n] = pos
		k = k.next
	}
	if pos += k.span; pos != l.len+1 {
		return nil, fmt.Errorf("the spans add up to %d, not %d", pos, l.len+1)
	}
	return level, nil
}
