package keyspace

import (
	"unsafe"

	"respect/keyspace/hashtable"
	"respect/keyspace/listpack"
)

// Hashes that are a hash table.

// A hashField is a field with its value. Like objects, fields come in two forms
// that begin alike.
//
// Short ones are one block without pointers, which the garbage collector never
// scans; the place in the heap of deadlines is there only if the field has, or had,
// one:
//
//	offset  0      2      4         4 or 8
//	        +------+------+---------+-----------+-----------+
//	        | flen | vlen | (place) | field ... | value ... |
//	        +------+------+---------+-----------+-----------+
//
//	flen    bits 0-14  length of the field   bit 15  there is a place
//	vlen    bits 0-14  length of the value   bit 15  long form
//
// The size of the block follows from the lengths: a value whose block would be
// of the same size is written in place.
type hashField struct {
	flen uint16
	vlen uint16
}

// longField is the form for fields and values that are together longer than
// inlineMax. The value has a buffer of its own, which is used again.
type longField struct {
	hashField
	place uint32
	field string
	text  []byte
}

const (
	fieldHeader = int(unsafe.Sizeof(hashField{}))
	placeSize   = 4
	fieldFlag   = 1 << 15 // in flen: has a place; in vlen: is long
	fieldLength = fieldFlag - 1
)

// newHashField returns a field with room for a place in the heap if it will expire.
func newHashField(field, value []byte, expiring bool) *hashField {
	if len(field)+len(value) > inlineMax {
		f := &longField{field: string(field), text: append([]byte(nil), value...)}
		f.flen, f.vlen = fieldFlag, fieldFlag
		return &f.hashField
	}
	f := &hashField{flen: uint16(len(field)), vlen: uint16(len(value))}
	if expiring {
		f.flen |= fieldFlag
	}
	block := make([]byte, f.blockSize())
	n := (*hashField)(unsafe.Pointer(unsafe.SliceData(block)))
	*n = *f
	copy(n.name(), field)
	copy(n.value(), value)
	return n
}

func (f *hashField) isLong() bool   { return f.vlen&fieldFlag != 0 }
func (f *hashField) hasPlace() bool { return f.flen&fieldFlag != 0 }

func (f *hashField) long() *longField { return (*longField)(unsafe.Pointer(f)) }

// head returns how many bytes come before the text of a short field.
func (f *hashField) head() int {
	if f.hasPlace() {
		return fieldHeader + placeSize
	}
	return fieldHeader
}

// blockSize returns the bytes of the block of a short field.
func (f *hashField) blockSize() int {
	return blockSize(f.head() + int(f.flen&fieldLength) + int(f.vlen))
}

// bytes returns n bytes of the block; none at its end, where a pointer would belong to
// what stands behind it.
func (f *hashField) bytes(offset, n int) []byte {
	if n == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(f), offset)), n)
}

// name returns the field's own text.
func (f *hashField) name() []byte {
	if f.isLong() {
		s := f.long().field
		return unsafe.Slice(unsafe.StringData(s), len(s))
	}
	return f.bytes(f.head(), int(f.flen&fieldLength))
}

func (f *hashField) value() []byte {
	if f.isLong() {
		return f.long().text
	}
	return f.bytes(f.head()+int(f.flen&fieldLength), int(f.vlen))
}

// size returns the memory of the field in bytes.
func (f *hashField) size() int {
	if f.isLong() {
		return int(unsafe.Sizeof(longField{})) + len(f.long().field) + cap(f.long().text)
	}
	return f.blockSize()
}

// write puts another value in place and tells whether that was possible.
func (f *hashField) write(value []byte) bool {
	n := len(f.name()) + len(value)
	if f.isLong() {
		l := f.long()
		if n <= inlineMax || cap(l.text) > 2*len(value)+blockSize(16) {
			return false
		}
		l.text = append(l.text[:0], value...)
		return true
	}
	if n > inlineMax {
		return false
	}
	if blockSize(f.head()+n) != f.blockSize() {
		return false
	}
	f.vlen = uint16(len(value))
	copy(f.value(), value)
	return true
}

// heapPlace returns the field's place in the heap of deadlines, 0 for none.
func (f *hashField) heapPlace() uint32 {
	switch {
	case f.isLong():
		return f.long().place
	case f.hasPlace():
		return *(*uint32)(unsafe.Add(unsafe.Pointer(f), fieldHeader))
	}
	return 0
}

// setHeapPlace needs a field that has room for the place.
func (f *hashField) setHeapPlace(place uint32) {
	if f.isLong() {
		f.long().place = place
		return
	}
	*(*uint32)(unsafe.Add(unsafe.Pointer(f), fieldHeader)) = place
}

// A fieldTable is a hash that is a hash table.
type fieldTable struct {
	fields  *hashtable.Table[*hashField]
	bytes   int             // of all fields
	expires *tableDeadlines // nil until a field gets a deadline
}

// tableDeadlines are the deadlines of the fields of a table.
type tableDeadlines struct {
	fieldExpiry
	deadlineHeap[*hashField]
}

func newFieldTable() *fieldTable {
	return &fieldTable{fields: hashtable.New((*hashField).name)}
}

// maxReserveFields bounds the room that is made for fields before they come.
const maxReserveFields = 1 << 16

// toTable makes a table of a listpack, with room for so many more fields.
func (h *Hash) toTable(expected int) {
	t := newFieldTable()
	t.fields.Reserve(min(h.stored()+expected, maxReserveFields))
	if x := h.expiry(); x != nil {
		t.expires = &tableDeadlines{fieldExpiry: *x}
		x.moveTo(&t.expires.fieldExpiry)
	}
	var buf [2][32]byte
	from := h.hiddenBefore()
	h.unhide()
	h.EachField(func(field, value Element, atMs int64) bool {
		f := newHashField(textOf(field, buf[0][:0]), textOf(value, buf[1][:0]), atMs != NoExpiry)
		t.insert(f)
		if atMs != NoExpiry {
			t.expires.set(f, atMs)
		}
		return true
	})
	*h = Hash{encoding: hashTable, form: unsafe.Pointer(t)}
	if t.expires != nil {
		t.expires.hiddenBefore = from
	}
}

// textOf returns the text of an element, in buf if need be.
func textOf(e Element, buf []byte) []byte {
	if e.IsInt() {
		return e.AppendTo(buf)
	}
	return e.Bytes
}

func (t *fieldTable) insert(f *hashField) {
	t.fields.Insert(f)
	t.bytes += f.size()
}

func (t *fieldTable) set(field, value []byte, keepDeadline bool) (added bool) {
	ref, position := t.fields.Locate(field)
	if ref == nil {
		f := newHashField(field, value, false)
		t.fields.InsertAt(position, f)
		t.bytes += f.size()
		return true
	}
	f := *ref
	if t.expires != nil && f.heapPlace() != 0 {
		added = t.hides(f)
		if added || !keepDeadline {
			t.expires.remove(f)
		}
	}
	before := f.size()
	if !f.write(value) {
		f = t.replace(ref, newHashField(field, value, f.heapPlace() != 0))
	}
	t.bytes += f.size() - before
	return added
}

// replace puts n, which is the same field, into the place of another. The account
// is the caller's.
func (t *fieldTable) replace(ref **hashField, n *hashField) *hashField {
	if place := (*ref).heapPlace(); place != 0 {
		n.setHeapPlace(place)
		t.expires.moved(n)
	}
	*ref = n
	return n
}

// remove deletes a field and tells whether it was there and not hidden.
func (t *fieldTable) remove(field []byte) bool {
	f, found := t.fields.Delete(field)
	if !found {
		return false
	}
	t.bytes -= f.size()
	there := !t.hides(f)
	if t.expires != nil {
		t.expires.remove(f)
	}
	return there
}

// deadline returns the deadline of a field.
func (t *fieldTable) deadline(f *hashField) int64 {
	if t.expires == nil {
		return NoExpiry
	}
	return t.expires.at(f)
}

// setDeadline gives the field at ref a deadline, or takes it away.
func (t *fieldTable) setDeadline(ref **hashField, atMs int64) {
	f := *ref
	if atMs == NoExpiry {
		if t.expires != nil {
			t.expires.remove(f)
		}
		return
	}
	if t.expires == nil {
		t.expires = &tableDeadlines{}
	}
	if !f.isLong() && !f.hasPlace() {
		n := newHashField(f.name(), f.value(), true)
		t.bytes += n.size() - f.size()
		f = t.replace(ref, n)
	}
	t.expires.set(f, atMs)
}

func (t *fieldTable) each(fn func(field, value Element, atMs int64) bool) {
	for f := range t.fields.All() {
		if t.hides(f) {
			continue
		}
		if !fn(listpack.String(f.name()), listpack.String(f.value()), t.deadline(f)) {
			return
		}
	}
}

func (t *fieldTable) clone() *fieldTable {
	n := newFieldTable()
	n.fields.Reserve(t.fields.Len())
	if t.expires != nil {
		n.expires = &tableDeadlines{}
		n.expires.hiddenBefore = t.expires.hiddenBefore
	}
	for f := range t.fields.All() {
		atMs := t.deadline(f)
		c := newHashField(f.name(), f.value(), atMs != NoExpiry)
		n.insert(c)
		if atMs != NoExpiry {
			n.expires.set(c, atMs)
		}
	}
	return n
}

// size returns the memory of the table with its fields, in bytes.
func (t *fieldTable) size() int {
	n := int(unsafe.Sizeof(*t)) + t.fields.Bytes() + t.bytes
	if t.expires != nil {
		n += int(unsafe.Sizeof(*t.expires)) + cap(t.expires.heap)*int(unsafe.Sizeof(deadlineOf[*hashField]{}))
	}
	return n
}
