package keyspace

import (
	"encoding/binary"
	"unsafe"

	"respect/keyspace/listpack"
)

// A member is a member of a set that is a hash table: one block without pointers,
// which the garbage collector never scans.
//
//	+------------+----------+          +------+------------+----------+
//	| length (1) | text ... |    or    | 0xff | length (8) | text ... |
//	+------------+----------+          +------+------------+----------+
//
// The first form is for texts of up to 254 bytes; with the tables' own 16 to 17
// bytes, a member of up to 15 bytes takes 33. Blocks are never changed, so that
// several sets may hold the same one. A member is always handled by pointer.
type member struct{ length uint8 }

const (
	longMember     = 0xff
	shortHead      = 1
	longMemberHead = 9
)

// newMember returns a member with the given text.
func newMember(text []byte) *member {
	n := len(text)
	head := shortHead
	if n >= longMember {
		head = longMemberHead
	}
	// Even the empty text lies within the block.
	block := make([]byte, head+max(n, 1))
	if block[0] = uint8(min(n, longMember)); head == longMemberHead {
		binary.LittleEndian.PutUint64(block[1:], uint64(n))
	}
	copy(block[head:], text)
	return (*member)(unsafe.Pointer(unsafe.SliceData(block)))
}

// text returns the member's text, which must not be changed.
func (m *member) text() []byte {
	if m.length != longMember {
		if m.length == 0 { // there may be nothing to point to
			return []byte{}
		}
		return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(m), shortHead)), m.length)
	}
	return m.longText()
}

func (m *member) longText() []byte {
	head := unsafe.Slice((*byte)(unsafe.Pointer(m)), longMemberHead)
	n := binary.LittleEndian.Uint64(head[1:])
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(m), longMemberHead)), n)
}

func (m *member) element() Element { return listpack.String(m.text()) }

// size returns the bytes of the block, as the allocator rounds them.
func (m *member) size() int {
	head := shortHead
	if m.length == longMember {
		head = longMemberHead
	}
	return blockSize(head + len(m.text()))
}
