package rdb

import (
	"encoding/binary"

	"respect/keyspace"
	"respect/keyspace/listpack"
	"respect/keyspace/stream"
)

// A stream is its nodes, what it remembers, and its groups:
//
//	count | { ID listpack } ...           both strings, the ID of 16 bytes
//	length | last ID                      an ID here is two lengths
//	first ID | max deleted ID | added     from 7.0 on
//	groups | { group } ...
//
// and a group is
//
//	name | last ID
//	read                                  from 7.0 on; all ones if unknown
//	pending | { ID time deliveries } ...  the ID of 16 bytes, the time int64
//	consumers | { consumer } ...
//
// and a consumer is
//
//	name | seen time
//	active time                           from 7.2 on
//	pending | { ID } ...                  each of them is pending in the group
//
// Times are Unix times in milliseconds, little endian.

func (r *Reader) readStream(v ValueVisitor) error  { return r.readStreamForm(v, TypeStream) }
func (r *Reader) readStream2(v ValueVisitor) error { return r.readStreamForm(v, TypeStream2) }
func (r *Reader) readStream3(v ValueVisitor) error { return r.readStreamForm(v, TypeStream3) }

func (r *Reader) readStreamForm(v ValueVisitor, form Type) error {
	live, first, err := r.readStreamNodes(v)
	if err != nil {
		return err
	}
	meta, err := r.readStreamMeta(form, first)
	if err != nil {
		return err
	}
	if meta.Length != live {
		return r.corrupt("Stream length inconsistent with rax entries")
	}
	if err := v.StreamMeta(&meta); err != nil {
		return err
	}
	groups, err := r.length()
	for ; groups > 0 && err == nil; groups-- {
		err = r.readStreamGroup(v, form, &meta)
	}
	return err
}

// readStreamNodes reads the nodes, and returns how many live entries there are, and
// the ID of the first one.
func (r *Reader) readStreamNodes(v ValueVisitor) (live uint64, first stream.ID, err error) {
	n, err := r.length()
	for ; n > 0 && err == nil; n-- {
		var node stream.Node
		if node, err = r.readStreamNode(); err != nil {
			break
		}
		if live == 0 {
			first = node.First
		}
		live += uint64(node.Live)
		err = v.StreamNode(&node)
	}
	return live, first, err
}

func (r *Reader) readStreamNode() (stream.Node, error) {
	key, err := r.string()
	if err != nil {
		return stream.Node{}, err
	}
	if len(key) != stream.IDBytes {
		return stream.Node{}, r.corrupt("Stream node key entry is not the size of a stream ID")
	}
	id := stream.IDFromBinary([stream.IDBytes]byte(key))
	packed, err := r.packedString()
	if err != nil {
		return stream.Node{}, err
	}
	node, err := stream.Validate(id, packed)
	if err != nil {
		return stream.Node{}, r.corrupt("Stream listpack integrity check failed. (%v)", err)
	}
	return node, nil
}

// readStreamMeta reads what a stream remembers. What old forms do not have is taken
// from the entries, as real servers do: the first ID of none is the last of all IDs
// then.
func (r *Reader) readStreamMeta(form Type, first stream.ID) (m stream.Meta, err error) {
	if err = r.lengths(&m.Length, &m.LastID.Ms, &m.LastID.Seq); err != nil {
		return m, err
	}
	if form != TypeStream {
		err = r.lengths(&m.FirstID.Ms, &m.FirstID.Seq, &m.MaxDeletedID.Ms, &m.MaxDeletedID.Seq, &m.Added)
		return m, err
	}
	m.Added, m.FirstID = m.Length, first
	if m.Length == 0 {
		m.FirstID = stream.MaxID
	}
	return m, nil
}

func (r *Reader) readStreamGroup(v ValueVisitor, form Type, meta *stream.Meta) error {
	name, err := r.string()
	if err != nil {
		return err
	}
	r.first = append(r.first[:0], name...)
	var last stream.ID
	var read, pending, consumers uint64
	if err := r.lengths(&last.Ms, &last.Seq); err != nil {
		return err
	}
	if form == TypeStream {
		read = uint64(meta.PlaceOf(last))
	} else if err := r.lengths(&read); err != nil {
		return err
	}
	if err := v.StreamGroup(r.first, last, int64(read)); err != nil {
		return err
	}
	if err := r.lengths(&pending); err != nil {
		return err
	}
	for ; pending > 0; pending-- {
		if err := r.readStreamPending(v); err != nil {
			return err
		}
	}
	if err := r.lengths(&consumers); err != nil {
		return err
	}
	for ; consumers > 0; consumers-- {
		if err := r.readStreamConsumer(v, form); err != nil {
			return err
		}
	}
	return nil
}

// readStreamPending reads the record of a pending entry.
func (r *Reader) readStreamPending(v ValueVisitor) error {
	id, err := r.streamID()
	if err != nil {
		return err
	}
	atMs, err := r.streamTime()
	if err != nil {
		return err
	}
	deliveries, err := r.length()
	if err != nil {
		return err
	}
	return v.StreamPending(id, atMs, deliveries)
}

func (r *Reader) readStreamConsumer(v ValueVisitor, form Type) error {
	name, err := r.string()
	if err != nil {
		return err
	}
	r.first = append(r.first[:0], name...)
	seenMs, err := r.streamTime()
	if err != nil {
		return err
	}
	activeMs := seenMs // as real servers do
	if form == TypeStream3 {
		if activeMs, err = r.streamTime(); err != nil {
			return err
		}
	}
	if err := v.StreamConsumer(r.first, seenMs, activeMs); err != nil {
		return err
	}
	pending, err := r.length()
	for ; pending > 0 && err == nil; pending-- {
		var id stream.ID
		if id, err = r.streamID(); err == nil {
			err = v.StreamOwned(id)
		}
	}
	return err
}

// streamID reads an ID of 16 bytes.
func (r *Reader) streamID() (stream.ID, error) {
	b, err := r.src.take(stream.IDBytes)
	if err != nil {
		return stream.ID{}, err
	}
	return stream.IDFromBinary([stream.IDBytes]byte(b)), nil
}

func (r *Reader) streamTime() (int64, error) {
	b, err := r.src.take(8)
	if err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(b)), nil
}

// streamForm tells the form: consumers have an active time since 7.2.
func (w *Writer) streamForm(*keyspace.Object) Type {
	if w.Version >= activeTimeVersion {
		return TypeStream3
	}
	return TypeStream2
}

// writeStream writes what readStream3 or readStream2 reads.
func (w *Writer) writeStream(o *keyspace.Object) {
	s := o.Stream()
	w.Length(uint64(s.Nodes()))
	s.EachNode(func(node stream.ID, lp listpack.Listpack) bool {
		var id [stream.IDBytes]byte
		w.String(node.AppendBinary(id[:0]))
		w.String(lp)
		return w.goOn()
	})
	m := s.Meta()
	w.lengths(m.Length, m.LastID.Ms, m.LastID.Seq)
	w.lengths(m.FirstID.Ms, m.FirstID.Seq, m.MaxDeletedID.Ms, m.MaxDeletedID.Seq, m.Added)
	w.Length(uint64(s.Groups()))
	s.EachGroup(func(g *stream.Group) bool {
		w.writeStreamGroup(g)
		return w.goOn()
	})
}

func (w *Writer) writeStreamGroup(g *stream.Group) {
	w.String([]byte(g.Name()))
	w.lengths(g.LastID.Ms, g.LastID.Seq, uint64(g.Read), uint64(g.Pending()))
	g.EachPending(stream.MinID, func(id stream.ID, p *stream.Pending) bool {
		w.streamID(id)
		w.streamTime(p.DeliveredMs)
		w.Length(p.Deliveries)
		return w.goOn()
	})
	w.Length(uint64(g.Consumers()))
	g.EachConsumer(func(c *stream.Consumer) bool {
		w.writeStreamConsumer(c)
		return w.goOn()
	})
}

func (w *Writer) writeStreamConsumer(c *stream.Consumer) {
	w.String([]byte(c.Name()))
	w.streamTime(c.SeenMs)
	if w.Version >= activeTimeVersion {
		w.streamTime(c.ActiveMs)
	}
	w.Length(uint64(c.Pending()))
	c.EachPending(stream.MinID, func(id stream.ID, _ *stream.Pending) bool {
		w.streamID(id)
		return w.goOn()
	})
}

// lengths writes several lengths.
func (w *Writer) lengths(all ...uint64) {
	for _, n := range all {
		w.Length(n)
	}
}

// streamID writes an ID of 16 bytes.
func (w *Writer) streamID(id stream.ID) { w.Buf = id.AppendBinary(w.Buf) }

func (w *Writer) streamTime(ms int64) { w.Buf = binary.LittleEndian.AppendUint64(w.Buf, uint64(ms)) }
