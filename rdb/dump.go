package rdb

import (
	"encoding/binary"
	"errors"
)

// A DUMP payload is one value without its key:
//
//	| type | value ... | version u16 | checksum u64 |    little endian
//
// The checksum is that of all bytes before it.
const dumpTrailer = 2 + 8

// ErrDumpPayload is returned by [OpenDump]. Its text is that of RESTORE's error reply.
var ErrDumpPayload = errors.New("DUMP payload version or checksum are wrong")

// OpenDump verifies the trailer of a DUMP payload, and returns type and value. Payloads of
// versions above maxVersion are refused.
func OpenDump(payload []byte, maxVersion int) (object []byte, err error) {
	if len(payload) < dumpTrailer {
		return nil, ErrDumpPayload
	}
	sum := len(payload) - 8
	object = payload[:sum-2]
	version := int(binary.LittleEndian.Uint16(payload[sum-2:]))
	if version > maxVersion || binary.LittleEndian.Uint64(payload[sum:]) != CRC64(0, payload[:sum]) {
		return nil, ErrDumpPayload
	}
	return object, nil
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
