package rdb

import (
	"encoding/binary"
	"fmt"
)

// A Writer appends the parts of a file to Buf, which is the caller's to hand on and to
// empty between two calls. It is the counterpart of [Reader]: what that tells a visitor,
// a writer is told, in the order in which files have it.
type Writer struct {
	Buf []byte
	// Version is that of the format, OldestWritten to MaxVersion. It decides which value
	// types there are.
	Version int
	// Compress lets long strings be LZF blocks where that saves something.
	Compress bool

	// Lost counts the hashes whose fields expire in memory, but not in a file of this
	// version.
	Lost int

	pause   func() bool // if set, is called between elements when there is a chunk to be taken
	stopped bool        // pause has returned false: nothing more is to be written

	db   int    // the selected database, or noDB
	text []byte // memory of what is encoded
}

// OldestWritten is the oldest version that a [Writer] writes: that of Redis 7.0.
const OldestWritten = 10

// The versions from which on a value type exists.
const (
	setListpackVersion = 11 // sets as listpacks
	activeTimeVersion  = 11 // consumers of streams with their active time
	fieldExpiryVersion = 12 // hashes whose fields expire
)

const noDB = -1

// NewWriter returns a writer for files of a version.
func NewWriter(version int, compress bool) *Writer {
	return &Writer{Version: version, Compress: compress, db: noDB}
}

// Header writes what a file begins with.
func (w *Writer) Header() {
	w.Buf = fmt.Appendf(w.Buf, "%s%04d", signature, w.Version)
	w.db = noDB
}

// Aux writes a fact about the writer.
func (w *Writer) Aux(name, value string) {
	w.opcode(OpAux)
	w.String([]byte(name))
	w.String([]byte(value))
}

// Function writes the source of a function library.
func (w *Writer) Function(source []byte) {
	w.opcode(OpFunction2)
	w.String(source)
}

// SelectDB tells the database of the following keys.
func (w *Writer) SelectDB(db int) {
	w.opcode(OpSelectDB)
	w.Length(uint64(db))
	w.db = db
}

// ResizeDB tells how many keys, and how many with an expiry, the database has.
func (w *Writer) ResizeDB(keys, expires int) {
	w.opcode(OpResizeDB)
	w.Length(uint64(keys))
	w.Length(uint64(expires))
}

// Key begins a key, in the database that the header names: all that comes before the
// value. The value follows.
func (w *Writer) Key(h *KeyHeader) {
	if h.DB != w.db {
		w.SelectDB(h.DB)
	}
	if h.ExpireAtMs != NoExpire {
		w.opcode(OpExpireTimeMs)
		w.Buf = binary.LittleEndian.AppendUint64(w.Buf, uint64(h.ExpireAtMs))
	}
	if h.IdleSeconds != NoIdle {
		w.opcode(OpIdle)
		w.Length(uint64(h.IdleSeconds))
	}
	if h.Freq != NoFreq {
		w.opcode(OpFreq)
		w.Buf = append(w.Buf, byte(h.Freq))
	}
	w.Buf = append(w.Buf, byte(h.Type))
	w.String(h.Key)
}

// goOn lets others in between two elements of a value, if it is time to, and tells whether
// the writing goes on.
func (w *Writer) goOn() bool {
	if w.pause != nil && len(w.Buf) >= saveChunk && !w.stopped {
		w.stopped = !w.pause()
	}
	return !w.stopped
}

// EOF writes the opcode that ends a file. The checksum of all bytes follows it.
func (w *Writer) EOF() { w.opcode(OpEOF) }

func (w *Writer) opcode(op Opcode) { w.Buf = append(w.Buf, byte(op)) }
