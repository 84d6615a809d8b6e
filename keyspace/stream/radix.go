package stream

// RadixNodes returns how many nodes the radix tree of Redis has that holds the nodes of
// this stream by their IDs of 16 bytes each: one for each place where IDs part, one for
// each run of bytes without such a place, and one for each ID. Its cost is proportional
// to the number of nodes.
//
// For IDs in order the places where they part are those of neighbours: the length of
// what two neighbours have in common is the depth of such a place. A place is counted
// when its depth is left behind, which a stack of open places tells.
func (s *Stream) RadixNodes() int {
	if s.nodes.len() == 0 {
		return 1 // the root
	}
	nodes := s.nodes.len() // the ends of the IDs
	var open []int         // depths of the places that are on the way to the last ID
	closePlaces := func(depth int) {
		for len(open) > 0 && open[len(open)-1] > depth {
			top := open[len(open)-1]
			open = open[:len(open)-1]
			above := depth
			if n := len(open); n > 0 && open[n-1] > depth {
				above = open[n-1]
			}
			nodes += 1 + run(above, top)
		}
	}
	var last []byte
	common := 0
	for c := s.nodes.head(); c.ok(); c = c.next() {
		id := c.key().AppendBinary(nil)
		if last != nil {
			before := common
			common = 0
			for id[common] == last[common] {
				common++
			}
			// The run from the deeper of both places down to the end of the last ID.
			nodes += run(max(before, common), IDBytes)
			closePlaces(common)
			if n := len(open); n == 0 || open[n-1] < common {
				open = append(open, common)
			}
		}
		last = id
	}
	if len(open) == 0 {
		return nodes + 1 // a single ID: one run
	}
	nodes += run(common, IDBytes)
	closePlaces(-1)
	return nodes
}

// run returns the nodes between two places: none if the second is just a byte below
// the first, which is the byte by which the IDs part.
func run(above, below int) int {
	if below-above > 1 {
		return 1
	}
	return 0
}
