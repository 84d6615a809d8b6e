package stream

import (
	"errors"
	"unsafe"

	"respect/keyspace/listpack"
)

// A Stream is a log of entries with groups of consumers. It may be empty: it still
// remembers its last ID and its groups. Make one with New.
type Stream struct {
	nodes  tree[ID, listpack.Listpack] // by the ID that the entries in them count from
	groups tree[name, *Group]
	bytes  int // of all that the stream refers to

	length       int
	added        uint64 // entries that were ever added
	lastID       ID     // greatest that was ever given
	firstID      ID     // of the first live entry; zero if there is none
	maxDeletedID ID     // greatest of the entries that were deleted one by one
}

// New returns a stream without entries.
func New() *Stream {
	s := &Stream{}
	s.nodes.bytes = &s.bytes
	s.groups.bytes = &s.bytes
	return s
}

// name is that of a group or a consumer.
type name string

// Compare orders names by their bytes.
func (a name) Compare(b name) int {
	switch {
	case a == b:
		return 0
	case a < b:
		return -1
	}
	return 1
}

// Encoding returns the name that OBJECT ENCODING replies with.
func (s *Stream) Encoding() string { return "stream" }

// Len returns the number of live entries.
func (s *Stream) Len() int { return s.length }

// LastID returns the greatest ID that was ever given to an entry, or set.
func (s *Stream) LastID() ID { return s.lastID }

// FirstID returns the ID of the first entry, or 0-0.
func (s *Stream) FirstID() ID { return s.firstID }

// MaxDeletedID returns the greatest ID of the entries that Delete has deleted, or that
// was set.
func (s *Stream) MaxDeletedID() ID { return s.maxDeletedID }

// Added returns how many entries were ever added.
func (s *Stream) Added() uint64 { return s.added }

// Nodes returns the number of nodes.
func (s *Stream) Nodes() int { return s.nodes.len() }

// Bytes estimates the memory of the stream in bytes.
func (s *Stream) Bytes() int { return int(unsafe.Sizeof(*s)) + s.bytes }

// Errors of Add.
var (
	ErrNotGreater = errors.New("stream: the ID is not greater than the last one")
	ErrTooLarge   = errors.New("stream: the entry is too large")
)

// NextID returns the ID of a new entry that is added at the given time, in
// milliseconds of Unix time. It reports false if there is no greater ID than the last
// one.
func (s *Stream) NextID(nowMs int64) (ID, bool) {
	if now := uint64(max(nowMs, 0)); now > s.lastID.Ms {
		return ID{now, 0}, true
	}
	return s.lastID.Next()
}

// NextIDAt is NextID for an ID with the given milliseconds.
func (s *Stream) NextIDAt(ms uint64) (ID, bool) {
	if ms != s.lastID.Ms {
		return ID{ms, 0}, true
	}
	id, ok := s.lastID.Next()
	return id, ok && id.Ms == ms
}

// Add appends an entry: fields and values in turn, at least one of each. The ID must
// be greater than the last one.
func (s *Stream) Add(id ID, pairs [][]byte, limits *Limits) error {
	if !s.lastID.Less(id) {
		return ErrNotGreater
	}
	size := 0
	for _, b := range pairs {
		size += len(b)
	}
	if size > maxNodeBytes {
		return ErrTooLarge
	}
	tail := s.nodes.tail()
	if !tail.ok() || isFull(tail.value(), size, limits) {
		s.addNode(tail, id, pairs, limits)
		tail = s.nodes.tail()
	}
	slot := tail.slot()
	before := cap(*slot)
	*slot = addEntry(*slot, tail.key(), id, pairs)
	s.bytes += cap(*slot) - before
	if s.length == 0 {
		s.firstID = id
	}
	s.length++
	s.added++
	s.lastID = id
	return nil
}

// isFull reports whether an entry of so many bytes of text needs a new node.
func isFull(lp listpack.Listpack, size int, limits *Limits) bool {
	if len(lp)+size >= limits.maxBytes() {
		return true
	}
	if limits.NodeMaxEntries <= 0 {
		return false
	}
	m := readCounts(lp)
	return m.live+m.deleted >= limits.NodeMaxEntries
}

// Of a node that is to get no more entries, spare memory of more than a quotient of
// its size is given back. A new node is expected to become as large as the one before,
// up to a limit.
const (
	maxSpareQuotient = 16
	maxExpected      = 8 << 10
)

// addNode begins a new node behind the last one, which gives its spare memory back.
func (s *Stream) addNode(tail cursor[ID, listpack.Listpack], id ID, pairs [][]byte, limits *Limits) {
	capacity := 0
	if tail.ok() {
		slot := tail.slot()
		if lp := *slot; cap(lp)-len(lp) > len(lp)/maxSpareQuotient {
			s.bytes -= cap(lp)
			*slot = lp.Dup()
			s.bytes += cap(*slot)
		}
		capacity = min(len(*slot), maxExpected, limits.maxBytes())
	}
	lp := newNode(pairs, capacity)
	s.bytes += cap(lp)
	s.nodes.add(id, lp)
}

// Delete deletes the entry with the given ID, and reports whether there was one.
func (s *Stream) Delete(id ID) bool {
	node, e := s.find(id)
	if !node.ok() {
		return false
	}
	s.length--
	if lp := node.value(); readCounts(lp).live == 1 {
		s.removeNode(node)
	} else {
		*node.slot() = countDeleted(markDeleted(lp, &e), 1)
		s.bytes += cap(*node.slot()) - cap(lp)
	}
	if s.maxDeletedID.Less(id) {
		s.maxDeletedID = id
	}
	if s.length == 0 || id == s.firstID {
		s.firstID = s.edge()
	}
	return true
}

// find returns the node and the place of a live entry.
func (s *Stream) find(id ID) (cursor[ID, listpack.Listpack], entry) {
	it := s.Range(id, id)
	if !it.Next() {
		return cursor[ID, listpack.Listpack]{}, entry{}
	}
	return it.node, it.entry
}

// Has reports whether there is a live entry with the given ID.
func (s *Stream) Has(id ID) bool {
	it := s.Range(id, id)
	return it.Next()
}

// edge looks for the first live entry.
func (s *Stream) edge() ID {
	it := s.Range(MinID, MaxID)
	if !it.Next() {
		return ID{}
	}
	return it.ID
}

// FirstStoredID returns the ID of the first entry that is stored, even if it is flagged as
// deleted; MaxID if there is none.
func (s *Stream) FirstStoredID() ID {
	node := s.nodes.head()
	if !node.ok() {
		return MaxID
	}
	m := readMaster(node.value())
	e := readEntry(node.value(), m.entriesAt, m.fields)
	return node.key().plus(e.ms, e.seq)
}

// TopID returns the greatest ID of the live entries, or 0-0.
func (s *Stream) TopID() ID {
	it := s.RangeBack(MinID, MaxID)
	if !it.Next() {
		return ID{}
	}
	return it.ID
}

func (s *Stream) removeNode(node cursor[ID, listpack.Listpack]) {
	s.bytes -= cap(node.value())
	s.nodes.remove(node.key())
}

// SetLastID sets the ID that the next one must be greater than. It must not be less
// than that of any live entry.
func (s *Stream) SetLastID(id ID) {
	if id.Less(s.lastID) && s.length == 0 {
		for s.nodes.len() > 0 { // nodes of deleted entries, whose IDs may come again
			s.removeNode(s.nodes.head())
		}
	}
	s.lastID = id
}

// SetAdded sets how many entries were ever added.
func (s *Stream) SetAdded(n uint64) { s.added = n }

// SetMaxDeletedID sets the greatest ID of deleted entries.
func (s *Stream) SetMaxDeletedID(id ID) { s.maxDeletedID = id }

// EachNode calls fn with the ID and the bytes of each node in order, until fn returns
// false. The bytes are the stream's own.
func (s *Stream) EachNode(fn func(node ID, lp listpack.Listpack) bool) {
	for c := s.nodes.head(); c.ok() && fn(c.key(), c.value()); {
		c = c.next()
	}
}
