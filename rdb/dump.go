package rdb

import (
	"encoding/binary"
	"errors"

	"respect/keyspace"
)

// A DUMP payload is one value without its key:
//
//	| type | value ... | version u16 | checksum u64 |    little endian
//
// The checksum is that of all bytes before it.
const dumpTrailer = 2 + 8

// ErrDumpPayload is returned by [OpenDump]. Its text is that of RESTORE's error reply.
var ErrDumpPayload = errors.New("DUMP payload version or checksum are wrong")

// OpenDump verifies the trailer of a DUMP payload, and returns type and value, with the
// trailer behind them: as in real servers, a value that is cut short takes it for its own.
// Payloads of versions above maxVersion are refused. The checksum does not matter if
// anyChecksum is set.
func OpenDump(payload []byte, maxVersion int, anyChecksum bool) (object []byte, err error) {
	if len(payload) < dumpTrailer {
		return nil, ErrDumpPayload
	}
	sum := len(payload) - 8
	version := int(binary.LittleEndian.Uint16(payload[sum-2:]))
	if version > maxVersion || !anyChecksum && binary.LittleEndian.Uint64(payload[sum:]) != CRC64(0, payload[:sum]) {
		return nil, ErrDumpPayload
	}
	return payload, nil
}

// AppendDump appends the DUMP payload of an object's value, in a version from OldestWritten
// to MaxVersion.
func AppendDump(dst []byte, o *keyspace.Object, version int, compress bool) []byte {
	w := Writer{Buf: dst, Version: version, Compress: compress}
	w.Buf = append(w.Buf, byte(w.TypeOf(o)))
	w.Value(o)
	w.Buf = binary.LittleEndian.AppendUint16(w.Buf, uint16(version))
	return binary.LittleEndian.AppendUint64(w.Buf, CRC64(0, w.Buf[len(dst):]))
}

// A Value is what was made of a DUMP payload: the value of a key that is still to be
// added.
type Value struct {
	// Packed is how many listpacks and intsets were read, those included that were refused.
	Packed int

	kind  keyspace.Type
	value any // the text of a string; nil if the value has no elements
}

// LoadObject makes a value of an object (see [OpenDump]). DB and key are only for error
// messages. Errors are as those of [Reader.Read]; of the value Packed is set all the same.
func LoadObject(object []byte, ks *keyspace.Keyspace, db int, key []byte) (Value, error) {
	l := newLoader(objectReader(object, db, key), &ks.Settings)
	l.nowMs, l.size = ks.Now(), int64(len(object))
	l.reader.resetHeader()
	l.begin(&l.reader.header)
	err := l.reader.readObject(l)
	if err == nil {
		err = l.finish()
	}
	if err != nil {
		return Value{Packed: l.reader.packed}, err
	}
	return Value{l.reader.packed, l.valueType, l.value}, nil
}

// IsEmpty tells that the value has no elements, or none whose deadline has not passed.
func (v Value) IsEmpty() bool { return v.value == nil }

// AddTo adds a key with the value, which must not be empty, to a database that does not
// have the key. That may be done once.
func (v Value) AddTo(db *keyspace.DB, key []byte) *keyspace.Object {
	if v.kind == keyspace.TypeString {
		return db.SetString(key, v.value.([]byte), false)
	}
	return db.Add(key, v.kind, v.value)
}

// DecodeObject hands the value in object (a type byte and a value, see [OpenDump]) to the visitor.
// Key and DB are only for error messages. Bytes that follow the value are ignored, as
// real servers do. Errors are as those of [Reader.Read].
func DecodeObject(object []byte, db int, key []byte, v ValueVisitor) error {
	return objectReader(object, db, key).readObject(v)
}

func objectReader(object []byte, db int, key []byte) *Reader {
	r := &Reader{src: source{buf: object, end: len(object), skipCRC: true}}
	r.header.DB, r.header.Key, r.at.HasKey = db, key, true
	return r
}

func (r *Reader) readObject(v ValueVisitor) error {
	b, err := r.src.next()
	if err != nil {
		return r.explain(err)
	}
	t := Type(b)
	r.header.Type = t
	r.at.Item, r.at.InItem = b, true
	switch {
	case !t.Known():
		return r.corrupt("Unknown RDB encoding type %d", b)
	case valueReaders[t] == nil:
		return r.explain(r.unsupported(t))
	}
	return r.explain(valueReaders[t](r, v))
}
