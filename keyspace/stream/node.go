package stream

import "respect/keyspace/listpack"

// The flags of an entry.
const (
	flagDeleted    = 1
	flagSameFields = 2 // the fields are those of the master entry, and left out
)

// Limits are the parameters that shape nodes.
type Limits struct {
	NodeMaxBytes   int // stream-node-max-bytes; 0 for 1 GiB
	NodeMaxEntries int // stream-node-max-entries, deleted ones included; 0 for no limit
}

// maxNodeBytes is what no node exceeds, whatever is configured.
const maxNodeBytes = 1 << 30

func (l *Limits) maxBytes() int {
	if l.NodeMaxBytes <= 0 || l.NodeMaxBytes > maxNodeBytes {
		return maxNodeBytes
	}
	return l.NodeMaxBytes
}

// master is what the master entry of a node says, and where its parts are.
type master struct {
	live, deleted   int
	fields          int
	fieldsAt        int // offset of the first field's name, or of the end of the names
	entriesAt       int // offset of the first entry
	liveAt, deadsAt int // offsets of the counts
}

func readMaster(lp listpack.Listpack) master {
	m := readCounts(lp)
	m.entriesAt = lp.Next(skip(lp, m.fieldsAt, m.fields))
	return m
}

// skip passes over n elements.
func skip(lp listpack.Listpack, at, n int) int {
	for range n {
		at = lp.Next(at)
	}
	return at
}

// newNode returns a node without entries for entries with these fields.
func newNode(pairs [][]byte, capacity int) listpack.Listpack {
	a := listpack.New(capacity).Appender()
	a.Add(listpack.Integer(0))
	a.Add(listpack.Integer(0))
	a.Add(listpack.Integer(int64(len(pairs) / 2)))
	for i := 0; i < len(pairs); i += 2 {
		a.Add(listpack.String(pairs[i]))
	}
	a.Add(listpack.Integer(0))
	return a.Listpack()
}

// readCounts reads the beginning of a master entry.
func readCounts(lp listpack.Listpack) (m master) {
	m.liveAt = lp.First()
	m.live = int(lp.Get(m.liveAt).Int)
	m.deadsAt = lp.Next(m.liveAt)
	m.deleted = int(lp.Get(m.deadsAt).Int)
	at := lp.Next(m.deadsAt)
	m.fields = int(lp.Get(at).Int)
	m.fieldsAt = lp.Next(at)
	return m
}

// addEntry appends an entry to the node with the given ID.
func addEntry(lp listpack.Listpack, node, id ID, pairs [][]byte) listpack.Listpack {
	m := readCounts(lp)
	fields, flags, elements := len(pairs)/2, int64(0), len(pairs)+4
	if m.hasFields(lp, pairs) {
		flags, elements = flagSameFields, fields+3
	}
	ms, seq := id.minus(node)
	a := lp.Appender()
	a.Add(listpack.Integer(flags))
	a.Add(listpack.Integer(ms))
	a.Add(listpack.Integer(seq))
	if flags == flagSameFields {
		for i := 1; i < len(pairs); i += 2 {
			a.Add(listpack.String(pairs[i]))
		}
	} else {
		a.Add(listpack.Integer(int64(fields)))
		for _, s := range pairs {
			a.Add(listpack.String(s))
		}
	}
	a.Add(listpack.Integer(int64(elements)))
	return a.Listpack().ReplaceInt(m.liveAt, int64(m.live+1))
}

// hasFields reports whether the fields of an entry are those of the node.
func (m *master) hasFields(lp listpack.Listpack, pairs [][]byte) bool {
	if m.fields != len(pairs)/2 {
		return false
	}
	at := m.fieldsAt
	for i := 0; i < len(pairs); i += 2 {
		if !lp.Get(at).Equal(pairs[i]) {
			return false
		}
		at = lp.Next(at)
	}
	return true
}

// entry is where an entry lies in a node.
type entry struct {
	at       int // offset of its flags; 0 for no entry
	flags    int
	ms, seq  int64
	fields   int
	valuesAt int // offset of the first value, or of the first field if it has fields of its own
}

func (e *entry) deleted() bool    { return e.flags&flagDeleted != 0 }
func (e *entry) sameFields() bool { return e.flags&flagSameFields != 0 }

// readEntry reads the entry at an offset; masterFields is how many fields the master
// entry names.
func readEntry(lp listpack.Listpack, at, masterFields int) (e entry) {
	e.at = at
	e.flags = int(lp.Get(at).Int)
	at = lp.Next(at)
	e.ms = lp.Get(at).Int
	at = lp.Next(at)
	e.seq = lp.Get(at).Int
	at = lp.Next(at)
	if e.fields = masterFields; !e.sameFields() {
		e.fields = int(lp.Get(at).Int)
		at = lp.Next(at)
	}
	e.valuesAt = at
	return e
}

// after returns the offset of the entry that follows, or 0.
func (e *entry) after(lp listpack.Listpack) int {
	n := e.fields
	if !e.sameFields() {
		n *= 2
	}
	return lp.Next(skip(lp, e.valuesAt, n))
}

// entryBefore returns the offset of the entry that ends before an offset, or 0.
func entryBefore(lp listpack.Listpack, at int) int {
	at = lp.Prev(at)
	n := int(lp.Get(at).Int)
	if n == 0 {
		return 0 // the end of the master entry
	}
	for range n {
		at = lp.Prev(at)
	}
	return at
}

// lastEntry returns the last entry of a node, deleted or not.
func lastEntry(lp listpack.Listpack) entry {
	return readEntry(lp, entryBefore(lp, len(lp)-1), readCounts(lp).fields)
}

// lastID returns the ID of the last entry of a node, deleted or not.
func lastID(node ID, lp listpack.Listpack) ID {
	e := lastEntry(lp)
	return node.plus(e.ms, e.seq)
}

// markDeleted flags an entry as deleted, and returns the node.
func markDeleted(lp listpack.Listpack, e *entry) listpack.Listpack {
	e.flags |= flagDeleted
	return lp.ReplaceInt(e.at, int64(e.flags))
}

// countDeleted makes so many live entries deleted ones in the master entry.
func countDeleted(lp listpack.Listpack, n int) listpack.Listpack {
	m := readCounts(lp)
	lp = lp.ReplaceInt(m.deadsAt, int64(m.deleted+n))
	return lp.ReplaceInt(m.liveAt, int64(m.live-n))
}
