package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

const signature = "REDIS"

// Reader reads one RDB file. Set the exported fields, which may all stay zero, before [Reader.Read].
type Reader struct {
	// SkipChecksum saves the time to compute the checksum; it is not verified then.
	SkipChecksum bool
	// Progress is called, at most once per ProgressBytes bytes read, with the offset. It may be
	// called within a value, but never while a visitor's method runs. An error ends the reading
	// and is returned unchanged.
	Progress      func(offset int64) error
	ProgressBytes int64

	src     source
	version int
	at      Position // Offset and Key are filled in when they are asked for
	header  KeyHeader
	key     []byte // memory of header.Key
	text    []byte // memory of decoded strings
	first   []byte // memory of the first of two strings that are needed together
	pack    []byte // memory of converted ziplists and zipmaps
	seen    seen
	// elements is how many members the sorted set at hand has, as the file announces, if they
	// are stored one by one.
	elements uint64
	packed   int // listpacks and intsets that were read
}

// NewReader returns a reader for the file that begins at the next byte of in. It reads ahead; see
// [Reader.Rest] for what follows the file.
func NewReader(in io.Reader) *Reader {
	return &Reader{src: source{in: in, buf: make([]byte, bufferSize)}}
}

// Position returns where the reader is; a visitor can use it for its own errors.
func (r *Reader) Position() Position {
	p := r.at
	p.Offset = r.src.offset()
	p.DB = r.header.DB
	if p.HasKey {
		p.Key = string(r.header.Key)
	}
	return p
}

// Rest returns what follows the file in the input, after a [Reader.Read] without error: nothing, or
// the commands of an append only file that begins with an RDB preamble.
func (r *Reader) Rest() io.Reader {
	return io.MultiReader(bytes.NewReader(r.src.buf[r.src.pos:r.src.end]), r.src.in)
}

// Read reads the file up to its end and calls the visitor. It may be called once.
//
// The error is a [*FormatError] if the file is bad, or, unchanged, the error of the input, of the
// visitor or of Progress. The visitor may have seen any part of a bad file by then.
func (r *Reader) Read(v Visitor) error {
	r.src.skipCRC = r.SkipChecksum
	r.src.progress, r.src.progressEvery = r.Progress, r.ProgressBytes
	r.resetHeader()
	err := r.readFileHeader(v)
	for more := true; more && err == nil; {
		more, err = r.readItem(v)
	}
	return r.explain(err)
}

// explain turns the end of the input into a FormatError.
func (r *Reader) explain(err error) error {
	if errors.Is(err, errTruncated) {
		return r.fail(Truncated, "Unexpected EOF reading RDB file")
	}
	return err
}

func (r *Reader) fail(kind Kind, reason string) error {
	return &FormatError{Position: r.Position(), Kind: kind, Reason: reason}
}

// readFileHeader reads the signature and the version. Digits that are none count as
// version 0, as in the real servers.
func (r *Reader) readFileHeader(v Visitor) error {
	b, err := r.src.take(uint64(len(signature) + 4))
	if err != nil {
		return err
	}
	if string(b[:len(signature)]) != signature {
		return r.fail(BadSignature, "Wrong signature trying to load DB from file")
	}
	version, err := strconv.ParseUint(string(b[len(signature):]), 10, 16)
	if err != nil || version < MinVersion || version > MaxVersion {
		return r.fail(BadVersion, fmt.Sprintf("Can't handle RDB format version %d", version))
	}
	r.version = int(version)
	return v.Version(r.version)
}

// readItem reads an opcode with what belongs to it, or a key with its value. It reports whether
// anything follows.
func (r *Reader) readItem(v Visitor) (more bool, err error) {
	r.at.ItemOffset = r.src.offset()
	b, err := r.src.next()
	if err != nil {
		r.at.InItem = false
		return false, err
	}
	r.at.Item, r.at.InItem = b, true
	switch op := Opcode(b); {
	case op == OpEOF:
		return false, r.readEOF(v)
	case op < OpSlotInfo:
		return true, r.readKey(Type(b), v)
	case op == OpExpireTime, op == OpExpireTimeMs, op == OpFreq, op == OpIdle:
		return true, r.readKeyAttribute(op)
	default:
		return true, r.readOpcode(op, v)
	}
}

func (r *Reader) resetHeader() {
	r.header.ExpireAtMs, r.header.Freq, r.header.IdleSeconds = NoExpire, NoFreq, NoIdle
}

// readKeyAttribute reads an opcode that concerns the next key.
func (r *Reader) readKeyAttribute(op Opcode) error {
	switch op {
	case OpExpireTime:
		b, err := r.src.take(4)
		if err != nil {
			return err
		}
		r.header.ExpireAtMs = int64(int32(binary.LittleEndian.Uint32(b))) * 1000
	case OpExpireTimeMs:
		b, err := r.src.take(8)
		if err != nil {
			return err
		}
		r.header.ExpireAtMs = int64(binary.LittleEndian.Uint64(b))
	case OpFreq:
		b, err := r.src.next()
		if err != nil {
			return err
		}
		r.header.Freq = int(b)
	case OpIdle:
		seconds, err := r.length()
		if err != nil {
			return err
		}
		r.header.IdleSeconds = int64(min(seconds, math.MaxInt64))
	}
	return nil
}

// readKey reads a key and its value.
func (r *Reader) readKey(t Type, v Visitor) error {
	if !t.Known() {
		return r.corrupt("Unknown RDB encoding type %d", byte(t))
	}
	key, err := r.string()
	if err != nil {
		return err
	}
	r.key = append(r.key[:0], key...)
	r.header.Key, r.header.Type, r.at.HasKey = r.key, t, true
	read := valueReaders[t]
	if read == nil {
		return r.unsupported(t)
	}
	if err := v.Key(&r.header); err != nil {
		return err
	}
	if err := read(r, v); err != nil {
		return err
	}
	if err := v.EndKey(); err != nil {
		return err
	}
	r.at.HasKey = false
	r.resetHeader()
	return nil
}

func (r *Reader) readEOF(v Visitor) error {
	if r.version < firstChecksumVersion {
		return v.EOF(0)
	}
	computed := r.src.checksum()
	b, err := r.src.take(8)
	if err != nil {
		return err
	}
	stored := binary.LittleEndian.Uint64(b)
	if stored != 0 && !r.src.skipCRC && stored != computed {
		return r.fail(BadChecksum, fmt.Sprintf(
			"Wrong RDB checksum expected: (%x) but got (%x). Aborting now.", computed, stored))
	}
	return v.EOF(stored)
}

// readOpcode reads what belongs to an opcode that does not concern a key.
func (r *Reader) readOpcode(op Opcode, v Visitor) error {
	switch op {
	case OpSelectDB:
		db, err := r.length()
		if err != nil {
			return err
		}
		if db > math.MaxInt32 {
			return r.corrupt("Database number %d out of range", db)
		}
		r.header.DB = int(db)
		return v.SelectDB(int(db))
	case OpResizeDB:
		var keys, expires uint64
		if err := r.lengths(&keys, &expires); err != nil {
			return err
		}
		return v.ResizeDB(keys, expires)
	case OpSlotInfo:
		var slot, keys, expires uint64
		if err := r.lengths(&slot, &keys, &expires); err != nil {
			return err
		}
		return v.SlotInfo(slot, keys, expires)
	case OpAux:
		texts, err := r.readTexts(2)
		if err != nil {
			return err
		}
		return v.Aux(texts[0], texts[1])
	case OpFunction2:
		source, err := r.string()
		if err != nil {
			return err
		}
		return v.Function(source)
	case OpFunctionPreGA:
		return r.readFunctionPreGA(v)
	default:
		return r.readModuleAux(v)
	}
}

// readTexts reads n strings and copies them, since a string is only valid until the next read.
func (r *Reader) readTexts(n int) ([][]byte, error) {
	texts := make([][]byte, n)
	for i := range texts {
		text, err := r.string()
		if err != nil {
			return nil, err
		}
		texts[i] = append([]byte{}, text...)
	}
	return texts, nil
}

// readFunctionPreGA reads name, engine, whether there is a description, description, source.
func (r *Reader) readFunctionPreGA(v Visitor) error {
	names, err := r.readTexts(2)
	if err != nil {
		return err
	}
	described, err := r.length()
	if err != nil {
		return err
	}
	var description []byte
	if described != 0 {
		texts, err := r.readTexts(1)
		if err != nil {
			return err
		}
		description = texts[0]
	}
	source, err := r.string()
	if err != nil {
		return err
	}
	return v.FunctionPreGA(names[0], names[1], description, source)
}
