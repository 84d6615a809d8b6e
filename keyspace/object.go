package keyspace

import (
	"fmt"
	"unsafe"

	"respect/keyspace/stream"
)

// Type is the type of a value, with the numbers that Redis gives them.
type Type uint8

// The value types.
const (
	TypeString Type = iota
	TypeList
	TypeSet
	TypeZSet
	TypeHash
	TypeModule
	TypeStream
)

// String returns the name that TYPE replies with.
func (t Type) String() string {
	names := [...]string{"string", "list", "set", "zset", "hash", "module", "stream"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

// Encoding is how a string is represented. Other types tell their encoding
// themselves.
type Encoding uint8

// The encodings of strings.
const (
	Raw    Encoding = iota // any bytes
	Int                    // a 64-bit integer in its canonical decimal form
	Embstr                 // up to embstrMax bytes, written once
)

// embstrMax is the length in bytes up to which a new string is an embstr: what
// fitted beside object and string header into a 64-byte allocation in Redis.
const embstrMax = 44

// An Object is a key together with its value. Objects come in two forms that
// begin alike.
//
// Inline, for strings that are not long: one block without pointers, which the
// garbage collector never scans.
//
//	offset  0        4        8     10     12
//	        +--------+--------+-----+------+---------+-----------+
//	        | meta   | expire |klen | vlen | key ... | value ... |
//	        +--------+--------+-----+------+---------+-----------+
//
// Boxed, for everything else: the same header, in which klen and vlen are the lower
// and the upper half of the key's length, then pointers to key and value.
//
//	meta    bits  0-2   encoding (of strings)
//	        bit   3     epoch (snapshot.go)
//	        bits  4-6   type
//	        bit   7     boxed
//	        bits  8-31  LRU clock, or LFU minutes and counter (lru.go)
//	expire  place in the expiry index plus one; 0 for a key that does not expire
//
// An Object is always handled by pointer; copying one would leave its key and
// value behind.
type Object struct {
	meta   uint32
	expire uint32
	klen   uint16
	vlen   uint16
}

type boxed struct {
	Object
	charged uint32 // what the account of bytes counts it as (account.go)
	key     *byte
	at      unsafe.Pointer // of a []byte for strings, else of the type's value
}

const (
	headerSize = int(unsafe.Sizeof(Object{}))

	encodingMask = 0x7
	typeShift    = 4
	typeMask     = 0x7
	boxedBit     = 1 << 7
	lruShift     = 8

	// inlineMax bounds key plus value of the inline form, in bytes. Longer
	// strings are worth a buffer that can grow in place.
	inlineMax = 1024
)

// blockSize rounds the size of an inline block up to what the allocator would
// use anyway, so that a value of almost the same length can replace another in
// place.
func blockSize(n int) int {
	switch {
	case n <= 16:
		return 16
	case n <= 32:
		return (n + 7) &^ 7
	case n <= 256:
		return (n + 15) &^ 15
	default:
		return (n + 31) &^ 31
	}
}

// newInline returns an inline object with room for a value of vlen bytes, not
// yet written.
func newInline(key []byte, vlen int, e Encoding) *Object {
	block := make([]byte, blockSize(headerSize+len(key)+vlen))
	o := (*Object)(unsafe.Pointer(unsafe.SliceData(block)))
	o.meta = uint32(TypeString)<<typeShift | uint32(e)
	o.klen = uint16(len(key))
	o.vlen = uint16(vlen)
	copy(block[headerSize:], key)
	return o
}

// newBoxed returns a boxed object with a value, which is a pointer of the type that
// boxed.value returns.
func newBoxed(key []byte, t Type, e Encoding, value any) *Object {
	b := &boxed{key: unsafe.StringData(string(key))}
	switch v := value.(type) {
	case *[]byte:
		b.at = unsafe.Pointer(v)
	case *List:
		b.at = unsafe.Pointer(v)
	case *Set:
		b.at = unsafe.Pointer(v)
	case *ZSet:
		b.at = unsafe.Pointer(v)
	case *Hash:
		b.at = unsafe.Pointer(v)
	case *stream.Stream:
		b.at = unsafe.Pointer(v)
	default:
		panic(fmt.Sprintf("keyspace: a %v cannot be a %T", t, value))
	}
	b.klen, b.vlen = uint16(len(key)), uint16(len(key)>>16)
	b.meta = uint32(t)<<typeShift | uint32(e) | boxedBit
	return &b.Object
}

// value returns the value in the form in which newBoxed took it.
func (b *boxed) value() any {
	switch b.Type() {
	case TypeString:
		return (*[]byte)(b.at)
	case TypeList:
		return (*List)(b.at)
	case TypeSet:
		return (*Set)(b.at)
	case TypeZSet:
		return (*ZSet)(b.at)
	case TypeHash:
		return (*Hash)(b.at)
	case TypeStream:
		return (*stream.Stream)(b.at)
	}
	panic("keyspace: an object of " + b.Type().String())
}

// as returns where the value is, which must be of the type.
func (o *Object) as(t Type) unsafe.Pointer {
	if o.Type() != t {
		panic("keyspace: not an object of " + t.String())
	}
	return o.box().at
}

func (b *boxed) keyLen() int { return int(b.klen) | int(b.vlen)<<16 }

func (o *Object) isBoxed() bool { return o.meta&boxedBit != 0 }

func (o *Object) box() *boxed { return (*boxed)(unsafe.Pointer(o)) }

// inlineBytes returns n bytes of the block from offset on. None may be wanted where the
// block ends; a pointer to there would be one into another block.
func (o *Object) inlineBytes(offset, n int) []byte {
	if n == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(o), headerSize+offset)), n)
}

// inlineValue returns the value's bytes of an inline object.
func (o *Object) inlineValue() []byte {
	return o.inlineBytes(int(o.klen), int(o.vlen))
}

// Key returns the name. The caller must not change it.
func (o *Object) Key() []byte {
	if o.isBoxed() {
		b := o.box()
		return unsafe.Slice(b.key, b.keyLen())
	}
	return o.inlineBytes(0, int(o.klen))
}

// Type returns the type of the value.
func (o *Object) Type() Type { return Type(o.meta >> typeShift & typeMask) }

// Encoding returns the name that OBJECT ENCODING replies with.
func (o *Object) Encoding() string {
	if o.Type() != TypeString {
		return o.box().value().(interface{ Encoding() string }).Encoding()
	}
	switch o.encoding() {
	case Int:
		return "int"
	case Embstr:
		return "embstr"
	default:
		return "raw"
	}
}

func (o *Object) encoding() Encoding { return Encoding(o.meta & encodingMask) }

func (o *Object) setEncoding(e Encoding) { o.meta = o.meta&^encodingMask | uint32(e) }

// copyHeader takes over from another object what belongs to the key's life and
// not to its value: the place in the expiry index and the access clock.
func (o *Object) copyHeader(from *Object) {
	o.expire = from.expire
	o.setClock(from.clock())
}

// withKey returns an object with the same value under another name. Boxed
// values are shared, not copied: the old object must go away.
func (o *Object) withKey(key []byte) *Object {
	if o.isBoxed() {
		n := newBoxed(key, o.Type(), o.encoding(), o.box().value())
		n.setClock(o.clock())
		return n
	}
	n := newString(key, o.inlineValue(), o.encoding())
	n.setClock(o.clock())
	return n
}

// cloner is what the values of boxed types offer to COPY.
type cloner interface{ Clone() any }

// clone returns an independent copy under another name, without expiry.
func (o *Object) clone(key []byte) *Object {
	if !o.isBoxed() {
		return o.withKey(key)
	}
	value := o.box().value()
	if o.Type() == TypeString {
		return newString(key, *value.(*[]byte), o.encoding())
	}
	return newBoxed(key, o.Type(), o.encoding(), value.(cloner).Clone())
}

// Size estimates the bytes of memory that the object takes, without the slot in
// the table.
func (o *Object) Size() int {
	if !o.isBoxed() {
		return blockSize(headerSize + int(o.klen) + int(o.vlen))
	}
	b := o.box()
	n := int(unsafe.Sizeof(boxed{})) + b.keyLen()
	switch v := b.value().(type) {
	case *[]byte:
		return n + int(unsafe.Sizeof(*v)) + cap(*v)
	case interface{ Bytes() int }:
		return n + v.Bytes()
	}
	return n
}

// List returns the value of an object whose type is list.
func (o *Object) List() *List { return (*List)(o.as(TypeList)) }

// Stream returns the value of an object whose type is stream.
func (o *Object) Stream() *stream.Stream { return (*stream.Stream)(o.as(TypeStream)) }
