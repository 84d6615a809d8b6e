package keyspace

import (
	"encoding/binary"
	"unsafe"

	"respect/keyspace/listpack"
)

// This file is the value half of hashes. A hash is one listpack as long as its
// fields are few and short, else a hash table. It goes that way and never back, and
// does so where Redis 7.2 does, so that OBJECT ENCODING agrees at every moment.
//
// Fields may expire (field_expire.go). The first deadline makes of a listpack a
// "listpackex", which it then remains. The bytes are those of the RDB format:
//
//	listpack    field value ...               in the order in which they came
//	listpackex  field value deadline ...      by deadline; 0, which is none, last
//
// The listpack half is in hash_small.go, the table half in hash_table.go, what is
// done with random fields in hash_random.go.

// HashLimits are the parameters that shape hashes.
type HashLimits struct {
	MaxListpackEntries int // hash-max-listpack-entries: fields
	MaxListpackValue   int // hash-max-listpack-value, in bytes
}

type hashEncoding uint8

const (
	hashListpack hashEncoding = iota
	hashListpackEx
	hashTable
)

// A Hash is the value of a key of type hash. Elements that it lends are valid until
// its next change, and what is given to its methods must not be part of it.
//
// There may be millions of small hashes. So this is all that one has beside its
// listpack, which states its length itself: 16 bytes.
type Hash struct {
	// form points to the first byte of the listpack; to an expiringListpack; to a
	// fieldTable: as encoding says. It is nil for a listpack that was never used.
	form     unsafe.Pointer
	room     uint32 // capacity of the listpack in bytes
	encoding hashEncoding
}

// expiringListpack is what a listpackex consists of.
type expiringListpack struct {
	lp      listpack.Listpack
	expires fieldExpiry
}

// NewHash returns an empty hash.
func NewHash() *Hash { return &Hash{} }

// HashOfListpack returns the hash that owns a listpack of fields and values, which
// must have been validated, in the encoding that suits it. How long the elements
// are does not matter: a real server that loads one does not look.
func HashOfListpack(lp listpack.Listpack, limits *HashLimits) *Hash {
	h := &Hash{}
	h.setListpack(lp)
	h.convertIfLong(limits)
	return h
}

// HashOfListpackEx is HashOfListpack for one of fields, values and deadlines, 0
// standing for none. The hash is then a listpackex or a table. Fields whose
// deadline has passed are taken over like the others.
func HashOfListpackEx(lp listpack.Listpack, limits *HashLimits) *Hash {
	h := &Hash{encoding: hashListpackEx, form: unsafe.Pointer(&expiringListpack{lp: lp})}
	if !inOrder(lp) {
		h.sortByDeadline()
	}
	h.convertIfLong(limits)
	return h
}

// Hash returns the value of an object whose type is hash.
func (o *Object) Hash() *Hash { return (*Hash)(o.as(TypeHash)) }

// listpack returns the listpack of a hash that is not a table; nil if it was never
// used.
func (h *Hash) listpack() listpack.Listpack {
	switch {
	case h.encoding == hashListpackEx:
		return h.ex().lp
	case h.form == nil:
		return nil
	}
	block := unsafe.Slice((*byte)(h.form), h.room)
	return listpack.Listpack(block[:binary.LittleEndian.Uint32(block)])
}

func (h *Hash) setListpack(lp listpack.Listpack) {
	if h.encoding == hashListpackEx {
		h.ex().lp = lp
		return
	}
	h.form, h.room = unsafe.Pointer(unsafe.SliceData(lp)), uint32(cap(lp))
}

func (h *Hash) ex() *expiringListpack { return (*expiringListpack)(h.form) }

func (h *Hash) table() *fieldTable { return (*fieldTable)(h.form) }

// Encoding returns the name that OBJECT ENCODING replies with.
func (h *Hash) Encoding() string {
	return [...]string{"listpack", "listpackex", "hashtable"}[h.encoding]
}

// stored returns the number of fields, hidden ones included.
func (h *Hash) stored() int {
	if h.encoding == hashTable {
		return h.table().fields.Len()
	}
	if lp := h.listpack(); lp != nil {
		return lp.Len() / h.width()
	}
	return 0
}

// Len returns the number of fields. It is O(1), but for those that have expired
// and were not yet deleted.
func (h *Hash) Len() int { return h.stored() - h.hidden() }

// Listpack returns the listpack of a hash that is one, as field, value, or, if the
// encoding is listpackex, as field, value, deadline; nil for a table.
func (h *Hash) Listpack() listpack.Listpack {
	if h.encoding == hashTable {
		return nil
	}
	return h.listpack()
}

// HasDeadlines tells whether the listpack has a deadline behind each value.
func (h *Hash) HasDeadlines() bool { return h.encoding == hashListpackEx }

// Expect tells that fields, each followed by its value, are about to be set, all of
// which may be new. It makes room for them, and a table if they do not suit a
// listpack; the commands that set fields do that before they look at any.
func (h *Hash) Expect(pairs [][]byte, limits *HashLimits) {
	if h.encoding == hashTable {
		return
	}
	if n := len(pairs) / 2; n > limits.MaxListpackEntries {
		h.toTable(n)
		return
	}
	bytes := 0
	for _, s := range pairs {
		if len(s) > limits.MaxListpackValue {
			h.toTable(0)
			return
		}
		bytes += entryBytes(s)
	}
	if !listpack.SafeToAdd(h.listpack(), bytes) {
		h.toTable(0)
		return
	}
	if h.form == nil {
		h.reserve(bytes)
	}
}

// Set gives a field a value and takes its deadline away. It tells whether the field
// is new.
func (h *Hash) Set(field, value []byte, limits *HashLimits) (added bool) {
	return h.set(field, value, limits, false)
}

// Update is like Set, but leaves the deadline.
func (h *Hash) Update(field, value []byte, limits *HashLimits) (added bool) {
	return h.set(field, value, limits, true)
}

func (h *Hash) set(field, value []byte, limits *HashLimits, keepDeadline bool) (added bool) {
	if h.encoding != hashTable && max(len(field), len(value)) > limits.MaxListpackValue {
		h.toTable(0)
	}
	if h.encoding == hashTable {
		return h.table().set(field, value, keepDeadline)
	}
	added = h.setSmall(field, value, keepDeadline)
	h.convertIfLong(limits)
	return added
}

// convertIfLong makes a table of a listpack that has too many fields.
func (h *Hash) convertIfLong(limits *HashLimits) {
	if h.encoding != hashTable && h.stored() > limits.MaxListpackEntries {
		h.toTable(0)
	}
}

// Get returns the value of a field.
func (h *Hash) Get(field []byte) (value Element, ok bool) {
	if h.encoding == hashTable {
		t := h.table()
		f, found := t.fields.Find(field)
		if !found || t.hides(f) {
			return value, false
		}
		return listpack.String(f.value()), true
	}
	at := h.find(field)
	if at == 0 || h.hidesAt(at) {
		return value, false
	}
	lp := h.listpack()
	return lp.Get(lp.Next(at)), true
}

// Delete removes a field and tells whether it was there.
func (h *Hash) Delete(field []byte) bool {
	if h.encoding == hashTable {
		return h.table().remove(field)
	}
	at := h.find(field)
	if at == 0 {
		return false
	}
	there := !h.hidesAt(at)
	h.cut(at)
	return there
}

// Each calls fn with all fields and values until it returns false. The hash must
// not be changed meanwhile.
func (h *Hash) Each(fn func(field, value Element) bool) {
	h.EachField(func(field, value Element, _ int64) bool { return fn(field, value) })
}

// EachField is Each with the deadline of each field, Unix time in milliseconds or
// NoExpiry.
func (h *Hash) EachField(fn func(field, value Element, atMs int64) bool) {
	if h.encoding == hashTable {
		h.table().each(fn)
		return
	}
	lp, wide, from := h.listpack(), h.encoding == hashListpackEx, h.hiddenBefore()
	if lp == nil {
		return
	}
	for at := lp.First(); at != 0; {
		field := lp.Get(at)
		at = lp.Next(at)
		value, atMs := lp.Get(at), NoExpiry
		if wide {
			at = lp.Next(at)
			atMs = deadlineOfElement(lp.Get(at))
		}
		at = lp.Next(at)
		if (atMs == NoExpiry || atMs >= from) && !fn(field, value, atMs) {
			return
		}
	}
}

// Scan calls fn with some fields and returns the cursor of the next call; it starts
// and ends with 0. Every field that is there from the first to the last call comes
// at least once. A listpack comes as a whole.
func (h *Hash) Scan(cursor uint64, fn func(field, value Element)) uint64 {
	if h.encoding == hashTable {
		t := h.table()
		return t.fields.Scan(cursor, func(f *hashField) {
			if !t.hides(f) {
				fn(listpack.String(f.name()), listpack.String(f.value()))
			}
		})
	}
	h.Each(func(field, value Element) bool {
		fn(field, value)
		return true
	})
	return 0
}

// Clone returns an independent copy, a *Hash, with the deadlines of the fields.
func (h *Hash) Clone() any {
	n := &Hash{encoding: h.encoding}
	switch h.encoding {
	case hashListpack:
		if lp := h.listpack(); lp != nil {
			n.setListpack(lp.Dup())
		}
	case hashListpackEx:
		n.form = unsafe.Pointer(&expiringListpack{lp: h.ex().lp.Dup()})
		n.expiry().hiddenBefore = h.hiddenBefore()
	default:
		n.form = unsafe.Pointer(h.table().clone())
	}
	return n
}

// Bytes estimates the memory of the hash in bytes.
func (h *Hash) Bytes() int {
	n := int(unsafe.Sizeof(*h))
	switch h.encoding {
	case hashListpack:
		return n + int(h.room)
	case hashListpackEx:
		return n + int(unsafe.Sizeof(expiringListpack{})) + cap(h.ex().lp)
	default:
		return n + h.table().size()
	}
}
