package stream

import "respect/keyspace/listpack"

// Trim says which entries go.
type Trim struct {
	// ByID keeps the entries from MinID on, instead of the last MaxLen ones.
	ByID   bool
	MaxLen int
	MinID  ID
	// Approximate deletes whole nodes only.
	Approximate bool
	// Limit is how many entries are deleted at most; 0 for no limit. Nodes are not
	// begun with which it would be exceeded.
	Limit int
}

// Trim deletes entries from the beginning, and returns how many.
func (s *Stream) Trim(t *Trim) int {
	deleted := 0
	for node := s.nodes.head(); node.ok(); node = s.nodes.head() {
		if !t.ByID && s.length <= t.MaxLen {
			break
		}
		lp := node.value()
		live := readCounts(lp).live
		if t.Limit > 0 && deleted+live > t.Limit {
			break
		}
		if !s.outlives(t, node.key(), lp, live) {
			s.length -= live
			deleted += live
			s.removeNode(node)
			continue
		}
		if !t.Approximate {
			deleted += s.trimNode(t, node)
		}
		break
	}
	if deleted > 0 {
		s.firstID = s.edge()
	}
	return deleted
}

// outlives reports whether anything of a node may stay.
func (s *Stream) outlives(t *Trim, node ID, lp listpack.Listpack, live int) bool {
	if t.ByID {
		return !lastID(node, lp).Less(t.MinID)
	}
	return s.length-live < t.MaxLen
}

// trimNode deletes entries from the beginning of a node, and returns how many.
func (s *Stream) trimNode(t *Trim, node cursor[ID, listpack.Listpack]) int {
	lp := node.value()
	m := readMaster(lp)
	deleted := 0
	for at := m.entriesAt; at != 0; {
		e := readEntry(lp, at, m.fields)
		if t.ByID && !node.key().plus(e.ms, e.seq).Less(t.MinID) || !t.ByID && s.length-deleted <= t.MaxLen {
			break
		}
		if !e.deleted() {
			lp = markDeleted(lp, &e)
			deleted++
		}
		at = e.after(lp)
	}
	if deleted > 0 {
		s.bytes -= cap(node.value())
		*node.slot() = countDeleted(lp, deleted)
		s.bytes += cap(*node.slot())
		s.length -= deleted
	}
	return deleted
}
