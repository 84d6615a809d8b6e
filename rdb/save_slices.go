package rdb

import (
	"iter"

	"respect/keyspace"
)

// Big values are written in slices. What writes a value is a coroutine, which pauses
// between two elements as soon as there is a chunk to be taken, and goes on with the next
// step. The value does not change meanwhile: whoever is about to change it has the rest
// written first (keyspace.Snapshot.Hold). Keys that are about to change while a value is
// half written are written behind it:
//
//	Buf:    ... | header of big | elements ...            ↑ elements come here
//	behind:     | other key | other key |
//
// When what is behind gets too much, the big value is finished at once. So is a big value
// that is about to change, or that comes while another one is half written.

// sliced is a value of which a part has been written.
type sliced struct {
	object *keyspace.Object // nil if there is none
	next   func() (struct{}, bool)
	stop   func()
	behind []byte // keys that come after it
}

// writeValue writes a value, or begins to, if it is big and others may be let in between.
func (s *Saver) writeValue(o *keyspace.Object) {
	if !s.stepping || s.big.object != nil || o.Type() == keyspace.TypeString || o.Size() < saveChunk {
		s.writer.Value(o)
		return
	}
	w := s.writer
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		w.pause = func() bool { return yield(struct{}{}) }
		w.Value(o)
		w.pause = nil
	})
	s.big.object, s.big.next, s.big.stop = o, next, stop
	s.snapshot.Hold(o, s.finishBig)
	s.resumeBig()
}

// resumeBig writes the next slice.
func (s *Saver) resumeBig() {
	if _, more := s.big.next(); !more {
		s.endBig()
	}
}

// finishBig writes all that is left of the value that is half written.
func (s *Saver) finishBig() {
	if s.big.object == nil {
		return
	}
	s.writer.pause = nil
	s.resumeBig()
	s.limit()
}

// endBig follows when the value is complete.
func (s *Saver) endBig() {
	s.big.object = nil
	s.snapshot.Release()
	s.writer.Buf = append(s.writer.Buf, s.big.behind...)
	s.big.behind = s.big.behind[:0]
}

// writeBehind lets write write a key that comes behind the value that is half written.
func (s *Saver) writeBehind(write func()) {
	w := s.writer
	ahead, pause := w.Buf, w.pause
	w.Buf, w.pause = s.big.behind, nil
	write()
	s.big.behind, w.Buf, w.pause = w.Buf, ahead, pause
	if s.FullBytes > 0 && len(s.big.behind) > s.FullBytes {
		s.finishBig()
	}
}

// dropBig gives up a value that is half written.
func (s *Saver) dropBig() {
	if s.big.object == nil {
		return
	}
	s.writer.stopped = true
	s.big.stop()
	s.endBig()
}
