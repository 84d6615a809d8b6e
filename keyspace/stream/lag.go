package stream

// How far groups are behind.
//
// Read is the place of a group's LastID in the count of all entries that were ever
// added. It is known as long as a group reads entry after entry. Where it is not, it
// can be told from the ends of the stream, whose places are known, unless an entry has
// been deleted from the middle: then the count does not tell places.

// PlaceOf returns the place of an ID, or Unknown.
func (m *Meta) PlaceOf(id ID) int64 {
	switch {
	case m.Added == 0:
		return 0
	case m.Length == 0 && id.Compare(m.LastID) <= 0:
		return int64(m.Added)
	case id == m.LastID:
		return int64(m.Added)
	case m.LastID.Less(id):
		return Unknown
	}
	if m.MaxDeletedID.IsZero() || m.MaxDeletedID.Less(m.FirstID) { // nothing is missing from the middle
		switch before := int64(m.Added - m.Length); {
		case id.Less(m.FirstID):
			return before
		case id == m.FirstID:
			return before + 1
		}
	}
	return Unknown
}

func (s *Stream) placeOf(id ID) int64 {
	m := s.Meta()
	return m.PlaceOf(id)
}

// hasGap reports whether an entry was deleted from the middle, from an ID on.
func (s *Stream) hasGap(from ID) bool {
	if s.length == 0 || s.maxDeletedID.IsZero() {
		return false
	}
	if s.maxDeletedID.Less(s.firstID) {
		return false
	}
	return from.Compare(s.maxDeletedID) <= 0
}

// Advance notes that the group has been given the entry with an ID.
func (g *Group) Advance(s *Stream, id ID) {
	if !g.LastID.Less(id) {
		return
	}
	if g.Read != Unknown && !s.hasGap(id) {
		g.Read++
	} else if s.added > 0 {
		g.Read = s.placeOf(id)
	}
	g.LastID = id
}

// Lag returns how many entries the group has not been given yet, and whether that is
// known.
func (g *Group) Lag(s *Stream) (int64, bool) {
	switch {
	case s.added == 0:
		return 0, true
	case g.Read != Unknown && !s.hasGap(g.LastID):
		return int64(s.added) - g.Read, true
	}
	place := s.placeOf(g.LastID)
	if place == Unknown {
		return 0, false
	}
	return int64(s.added) - place, true
}
