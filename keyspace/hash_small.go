package keyspace

import (
	"slices"
	"strconv"
	"unsafe"

	"respect/keyspace/listpack"
)

// Hashes that are a listpack.

// width returns how many elements a field takes in the listpack.
func (h *Hash) width() int {
	if h.encoding == hashListpackEx {
		return 3
	}
	return 2
}

// find returns the offset of a field in the listpack, or 0.
func (h *Hash) find(field []byte) int {
	lp := h.listpack()
	if lp == nil {
		return 0
	}
	return lp.Find(lp.First(), field, h.width()-1)
}

// deadlineAt returns the deadline of the field at an offset.
func (h *Hash) deadlineAt(at int) int64 {
	if h.encoding == hashListpack {
		return NoExpiry
	}
	lp := h.ex().lp
	return deadlineOfElement(lp.Get(lp.Next(lp.Next(at))))
}

// deadlineOfElement reads a deadline of a listpackex.
func deadlineOfElement(e Element) int64 {
	if e.Int == 0 {
		return NoExpiry
	}
	return e.Int
}

// emptyListpackBytes is the size of a listpack without elements.
const emptyListpackBytes = 7

// entryBytes returns the bytes that a string takes in a listpack, or a few more if
// it is long.
func entryBytes(s []byte) int {
	if n, isInt := listpack.ParseInt(s); isInt {
		switch {
		case n >= 0 && n < 1<<7:
			return 2
		case n >= -1<<12 && n < 1<<12:
			return 3
		case n >= -1<<23 && n < 1<<23:
			return 5
		case n >= -1<<31 && n < 1<<31:
			return 6
		}
		return 10
	}
	switch n := len(s); {
	case n < 64:
		return n + 2
	case n < 4096:
		return n + 4
	default:
		return n + 10
	}
}

// reserve makes room for so many more bytes, and for no more than the allocator
// would give anyway: most hashes are filled once and then updated.
func (h *Hash) reserve(bytes int) {
	lp := h.listpack()
	if lp != nil && cap(lp)-len(lp) >= bytes {
		return
	}
	if lp == nil {
		h.setListpack(listpack.New(listpackRoom(emptyListpackBytes + bytes)))
		return
	}
	h.setListpack(append(make(listpack.Listpack, 0, listpackRoom(len(lp)+bytes)), lp...))
}

// listpackRoom rounds the size of a listpack up. Long ones get some spare room, so
// that they are not copied for every field.
func listpackRoom(n int) int {
	if n > 512 {
		return n + n/8
	}
	return blockSize(n)
}

func (h *Hash) setSmall(field, value []byte, keepDeadline bool) (added bool) {
	at := h.find(field)
	if at == 0 {
		h.appendSmall(field, value)
		return true
	}
	wasHidden := h.hidesAt(at)
	if h.encoding == hashListpackEx && (wasHidden || !keepDeadline) && h.deadlineAt(at) != NoExpiry {
		h.cut(at)
		h.appendSmall(field, value)
		return wasHidden
	}
	lp := h.listpack()
	at = lp.Next(at)
	end := lp.Next(at)
	if end == 0 {
		end = len(lp) - 1
	}
	h.reserve(entryBytes(value) - (end - at))
	lp = h.listpack()
	h.setListpack(lp.Replace(at, value))
	return false
}

// appendSmall adds a field without deadline at the end.
func (h *Hash) appendSmall(field, value []byte) {
	bytes := entryBytes(field) + entryBytes(value)
	if h.encoding == hashListpackEx {
		bytes += 2
	}
	h.reserve(bytes)
	lp := h.listpack().Append(field).Append(value)
	if h.encoding == hashListpackEx {
		lp = lp.AppendInt(0)
	}
	h.setListpack(lp)
}

// cut removes the field at an offset with all that belongs to it.
func (h *Hash) cut(at int) {
	lp := h.listpack()
	for range h.width() {
		lp, _ = lp.Delete(at)
	}
	if cap(lp) > 64 && len(lp) < cap(lp)/2 {
		lp = append(make(listpack.Listpack, 0, listpackRoom(len(lp))), lp...)
	}
	h.setListpack(lp)
}

// insertByDeadline adds a field in front of those that do not expire earlier.
func (h *Hash) insertByDeadline(field, value []byte, atMs int64) {
	h.reserve(entryBytes(field) + entryBytes(value) + 10)
	lp := h.listpack()
	for at := lp.First(); at != 0; at = lp.Next(lp.Next(lp.Next(at))) {
		if d := h.deadlineAt(at); d != NoExpiry && d < atMs {
			continue
		}
		var text [20]byte
		lp, _ = lp.Insert(at, listpack.Before, strconv.AppendInt(text[:0], atMs, 10))
		lp, _ = lp.Insert(at, listpack.Before, value)
		lp, _ = lp.Insert(at, listpack.Before, field)
		h.setListpack(lp)
		return
	}
	h.setListpack(lp.Append(field).Append(value).AppendInt(atMs))
}

// toListpackEx makes a listpackex of a listpack.
func (h *Hash) toListpackEx() {
	if h.encoding != hashListpack {
		return
	}
	wide := listpack.New(listpackRoom(max(emptyListpackBytes, int(h.room)) + 2*h.stored()))
	h.Each(func(field, value Element) bool {
		wide = appendElement(appendElement(wide, field), value).AppendInt(0)
		return true
	})
	*h = Hash{encoding: hashListpackEx, form: unsafe.Pointer(&expiringListpack{lp: wide})}
}

func appendElement(lp listpack.Listpack, e Element) listpack.Listpack {
	if e.IsInt() {
		return lp.AppendInt(e.Int)
	}
	return lp.Append(e.Bytes)
}

// inOrder tells whether a listpack of fields, values and deadlines is in the order
// of a listpackex.
func inOrder(lp listpack.Listpack) bool {
	last := int64(0)
	for at := lp.Seek(2); at != 0; {
		d := lp.Get(at).Int
		if last == NoExpiry && d != 0 || d != 0 && d < last {
			return false
		}
		if last = d; d == 0 {
			last = NoExpiry
		}
		for range 3 {
			if at = lp.Next(at); at == 0 {
				break
			}
		}
	}
	return true
}

// sortByDeadline brings a listpackex into order.
func (h *Hash) sortByDeadline() {
	type triple struct {
		field, value Element
		atMs         int64
	}
	var all []triple
	h.EachField(func(field, value Element, atMs int64) bool {
		all = append(all, triple{field, value, atMs})
		return true
	})
	slices.SortStableFunc(all, func(x, y triple) int {
		switch {
		case x.atMs == y.atMs:
			return 0
		case x.atMs == NoExpiry || y.atMs != NoExpiry && x.atMs > y.atMs:
			return 1
		}
		return -1
	})
	lp := h.ex().lp
	sorted := listpack.New(len(lp))
	for _, t := range all {
		sorted = appendElement(appendElement(sorted, t.field), t.value).AppendInt(max(0, t.atMs))
	}
	h.ex().lp = sorted
}
