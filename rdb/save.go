package rdb

import (
	"encoding/binary"
	"io"

	"respect/keyspace"
)

// SaveOptions say what is written, and how.
type SaveOptions struct {
	// Version is that of the format, OldestWritten to MaxVersion. What it cannot hold is
	// left out: see SaveStats.Lost.
	Version int
	// Compress lets long strings be compressed.
	Compress bool
	// SkipChecksum writes zero in the place of the checksum.
	SkipChecksum bool
	// Usage is what is written of how keys are used.
	Usage Usage
	// Aux are the facts about the writer, name and value, in order.
	Aux [][2]string
	// Functions are the sources of the function libraries.
	Functions [][]byte
	// Saved, if set, is told by [Save] how many keys it has just saved.
	Saved func(keys int)
	// Format, if set, is the form of the file instead of that of RDB files: nothing of the
	// above counts then.
	Format Format
}

// A Format writes a data set in another form. What it appends to is what is to be written
// next.
type Format interface {
	Begin(b []byte) []byte
	Key(b []byte, db int, o *keyspace.Object, expireAtMs int64) []byte
}

// Usage is how the use of keys is told in a file: by the policy of eviction.
type Usage uint8

// The kinds of Usage.
const (
	NoUsage   Usage = iota
	Idle            // the seconds since the last use
	Frequency       // the logarithmic counter of uses
)

// SaveStats count what was saved.
type SaveStats struct {
	Keys int
	// Lost is the number of hashes whose fields expire, in a version that cannot tell.
	Lost  int
	Bytes int64
}

// VersionFor returns the lowest version, from low on, that holds all that is in the
// keyspace.
func VersionFor(ks *keyspace.Keyspace, low int) int {
	if ks.FieldsExpire() {
		return max(low, fieldExpiryVersion)
	}
	return low
}

// A Saver writes a file of a keyspace while that goes on changing; what it writes is the
// state in which the Saver was made. All methods need the lock that guards the keyspace,
// under which keys that change are written, too.
type Saver struct {
	// Full, if set, is called under that lock, when a key that is about to change has made
	// what is to be taken longer than FullBytes. It should call Take.
	Full      func()
	FullBytes int

	ks       *keyspace.Keyspace
	writer   *Writer
	format   Format // nil for RDB files
	usage    Usage
	snapshot *keyspace.Snapshot
	stepping bool
	big      sliced
}

// NewSaver begins a file.
func NewSaver(ks *keyspace.Keyspace, o SaveOptions) *Saver {
	s := &Saver{ks: ks, writer: NewWriter(o.Version, o.Compress), usage: o.Usage, format: o.Format}
	if s.format != nil {
		s.writer.Buf = s.format.Begin(nil)
		s.snapshot = ks.BeginSnapshot(s.saveKey)
		return s
	}
	s.writer.Header()
	for _, fact := range o.Aux {
		s.writer.Aux(fact[0], fact[1])
	}
	for _, source := range o.Functions {
		s.writer.Function(source)
	}
	s.snapshot = ks.BeginSnapshot(s.saveKey)
	return s
}

// Step writes some keys, or, at last, the end of the file, and tells whether more is to
// be done.
func (s *Saver) Step() (more bool) {
	if s.big.object != nil {
		s.resumeBig()
		return true
	}
	s.stepping = true
	more = s.snapshot.Step(s.beginDB)
	s.stepping = false
	if !more && s.format == nil {
		s.writer.EOF()
	}
	return more
}

func (s *Saver) beginDB(db, keys, expires int) {
	if s.format != nil {
		return
	}
	s.writer.SelectDB(db)
	s.writer.ResizeDB(keys, expires)
}

func (s *Saver) saveKey(db int, o *keyspace.Object, expireAtMs int64) {
	switch {
	case s.format != nil:
		s.writer.Buf = s.format.Key(s.writer.Buf, db, o, expireAtMs)
	case s.big.object != nil:
		s.writeBehind(func() { s.writeKey(db, o, expireAtMs) })
	default:
		s.writeKey(db, o, expireAtMs)
	}
	s.limit()
}

func (s *Saver) writeKey(db int, o *keyspace.Object, expireAtMs int64) {
	h := KeyHeader{
		DB: db, Type: s.writer.TypeOf(o), Key: o.Key(),
		ExpireAtMs: expireAtMs, Freq: NoFreq, IdleSeconds: NoIdle,
	}
	switch s.usage {
	case Idle:
		h.IdleSeconds = s.ks.IdleSeconds(o)
	case Frequency:
		h.Freq = int(s.ks.Frequency(o))
	}
	s.writer.Key(&h)
	s.writeValue(o)
}

// limit lets what was written because it was about to change be taken, if it is too much.
func (s *Saver) limit() {
	if !s.stepping && s.Full != nil && len(s.writer.Buf) > s.FullBytes {
		s.Full()
	}
}

// Pending returns how many bytes there are to be taken.
func (s *Saver) Pending() int { return len(s.writer.Buf) }

// Take returns the next bytes of the file, and takes a buffer to write into instead.
func (s *Saver) Take(spare []byte) []byte {
	taken := s.writer.Buf
	s.writer.Buf = spare[:0]
	return taken
}

// Total returns how many keys the file will have.
func (s *Saver) Total() int { return s.snapshot.Total() }

// Stats returns what has been saved so far.
func (s *Saver) Stats() SaveStats {
	return SaveStats{Keys: s.snapshot.Saved(), Lost: s.writer.Lost}
}

// GiveUp ends the writing. Steps are to be made all the same, to the end: they cost little,
// and if they are not, the next Saver makes them all at once.
func (s *Saver) GiveUp() {
	s.dropBig()
	s.snapshot.GiveUp()
	s.Full = nil
	s.writer.Buf = nil
}

// An Output takes the bytes of a file from a [Saver], and adds the checksum.
type Output struct {
	// Bytes is how many have been written.
	Bytes int64

	out          io.Writer
	sum          uint64
	skipChecksum bool
	plain        bool // there is no checksum at the end
}

// NewOutput returns an output that writes to out.
func NewOutput(out io.Writer, skipChecksum bool) *Output {
	return &Output{out: out, skipChecksum: skipChecksum}
}

// NewPlainOutput returns an output for what a [Format] has written.
func NewPlainOutput(out io.Writer) *Output {
	return &Output{out: out, skipChecksum: true, plain: true}
}

// Write writes the next bytes.
func (o *Output) Write(p []byte) (n int, err error) {
	if !o.skipChecksum {
		o.sum = CRC64(o.sum, p)
	}
	n, err = o.out.Write(p)
	o.Bytes += int64(n)
	return n, err
}

// Finish writes the checksum.
func (o *Output) Finish() error {
	if o.plain {
		return nil
	}
	n, err := o.out.Write(binary.LittleEndian.AppendUint64(nil, o.sum))
	o.Bytes += int64(n)
	return err
}

// saveChunk is about how many bytes Save writes at a time.
const saveChunk = 64 << 10

// Save writes a file of all that a keyspace holds, which must not change meanwhile. It is
// the counterpart of [Load].
func Save(out io.Writer, ks *keyspace.Keyspace, o SaveOptions) (SaveStats, error) {
	s, to := NewSaver(ks, o), NewOutput(out, o.SkipChecksum)
	if o.Format != nil {
		to = NewPlainOutput(out)
	}
	w := newChunkWriter(to)
	told := 0
	for more := true; more; {
		for more && s.Pending() < saveChunk {
			more = s.Step()
			if o.Saved != nil {
				saved := s.Stats().Keys
				o.Saved(saved - told)
				told = saved
			}
		}
		if err := w.write(s); err != nil {
			s.GiveUp()
			s.snapshot.Finish()
			return s.Stats(), err
		}
	}
	err := w.finish()
	if err == nil {
		err = to.Finish()
	}
	stats := s.Stats()
	stats.Bytes = to.Bytes
	return stats, err
}

// A chunkWriter writes what a Saver has made, in a goroutine of its own, so that the next
// chunk is made while one is summed up and written.
type chunkWriter struct {
	chunks, spares chan []byte
	failed         chan struct{} // closed at the first error
	ended          chan struct{}
	err            error // once failed or ended is closed
}

func newChunkWriter(to *Output) *chunkWriter {
	const ahead = 4 // chunks
	w := &chunkWriter{
		chunks: make(chan []byte, ahead), spares: make(chan []byte, ahead),
		failed: make(chan struct{}), ended: make(chan struct{}),
	}
	go func() {
		defer close(w.ended)
		for chunk := range w.chunks {
			if _, w.err = to.Write(chunk); w.err != nil {
				close(w.failed)
				return
			}
			select {
			case w.spares <- chunk:
			default:
			}
		}
	}()
	return w
}

// write writes the next chunk. After an error nothing more may be written.
func (w *chunkWriter) write(s *Saver) error {
	var spare []byte
	select {
	case spare = <-w.spares:
	default:
	}
	select {
	case w.chunks <- s.Take(spare):
		return nil
	case <-w.failed:
		return w.err
	}
}

// finish waits until everything is written.
func (w *chunkWriter) finish() error {
	close(w.chunks)
	<-w.ended
	return w.err
}
