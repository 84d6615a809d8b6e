package inspect

import (
	"strconv"

	"respect/keyspace/stream"
)

// A stream is shown entry by entry. What it has besides, its IDs and groups, is shown as
// the commands that make it: those with which the reference rewrites its append only
// file.

// streamPart is the part of a stream that is being read.
type streamPart struct {
	key, group, consumer []byte
	pending              map[stream.ID]delivery // of the group
}

// delivery is what a group knows of a pending entry.
type delivery struct {
	atMs  int64
	times uint64
}

func (w *walk) StreamNode(node *stream.Node) error {
	if !w.shown {
		return nil
	}
	s := stream.New()
	s.AddNode(node)
	for it := s.Range(stream.MinID, stream.MaxID); it.Next(); {
		e := element{text: []byte(it.ID.String())}
		it.Each(func(field, value stream.Element) {
			e.fields = append(e.fields, field.AppendTo(nil), value.AppendTo(nil))
		})
		w.to.element(e)
	}
	return nil
}

func (w *walk) StreamMeta(m *stream.Meta) error {
	if m.Length == 0 { // to have it there at all
		w.state("XADD", w.stream.key, "MAXLEN", 0, "0-1", "x", "y")
	}
	w.state("XSETID", w.stream.key, m.LastID, "ENTRIESADDED", m.Added, "MAXDELETEDID", m.MaxDeletedID)
	return nil
}

func (w *walk) StreamGroup(name []byte, last stream.ID, read int64) error {
	if w.shown {
		w.stream.group, w.stream.pending = clone(name), map[stream.ID]delivery{}
	}
	w.state("XGROUP", "CREATE", w.stream.key, name, last, "ENTRIESREAD", max(read, stream.Unknown))
	return nil
}

func (w *walk) StreamPending(id stream.ID, deliveredMs int64, deliveries uint64) error {
	if w.shown {
		w.stream.pending[id] = delivery{deliveredMs, deliveries}
	}
	return nil
}

func (w *walk) StreamConsumer(name []byte, _, _ int64) error {
	if w.shown {
		w.stream.consumer = clone(name)
	}
	w.state("XGROUP", "CREATECONSUMER", w.stream.key, w.stream.group, name)
	return nil
}

func (w *walk) StreamOwned(id stream.ID) error {
	d := w.stream.pending[id]
	w.state("XCLAIM", w.stream.key, w.stream.group, w.stream.consumer, 0, id,
		"TIME", d.atMs, "RETRYCOUNT", d.times, "JUSTID", "FORCE")
	return nil
}

// state shows a command of the key at hand.
func (w *walk) state(parts ...any) {
	if !w.shown {
		return
	}
	words := make([][]byte, len(parts))
	for i, part := range parts {
		switch x := part.(type) {
		case string:
			words[i] = []byte(x)
		case []byte:
			words[i] = x
		case int:
			words[i] = strconv.AppendInt(nil, int64(x), 10)
		case int64:
			words[i] = strconv.AppendInt(nil, x, 10)
		case uint64:
			words[i] = strconv.AppendUint(nil, x, 10)
		case stream.ID:
			words[i] = []byte(x.String())
		}
	}
	w.to.state(words)
}
