package rdb

import (
	"respect/keyspace"
	"respect/keyspace/stream"
)

// streamBuilder makes a stream, and verifies what the reader leaves to it: that nodes
// are in order, that no group, consumer or pending entry comes twice, and that what is
// pending in a group is pending for one of its consumers.
type streamBuilder struct {
	reader     *Reader
	stream     *stream.Stream
	group      *stream.Group
	consumer   *stream.Consumer
	unassigned int // pending entries of the group without a consumer
}

// streamValue returns the stream that is being built, a new one for a new key.
func (l *loader) streamValue() *stream.Stream {
	b := &l.stream
	if l.build(keyspace.TypeStream, b) {
		*b = streamBuilder{reader: b.reader, stream: stream.New()}
	}
	return b.stream
}

func (l *loader) StreamNode(node *stream.Node) error {
	if l.skip {
		return nil
	}
	if !l.streamValue().AddNode(node) {
		return l.reader.corrupt("Stream nodes are not in order")
	}
	return nil
}

func (l *loader) StreamMeta(meta *stream.Meta) error {
	if l.skip {
		return nil
	}
	if !l.streamValue().SetMeta(meta) {
		return l.reader.corrupt("Stream has entries after its last ID")
	}
	return nil
}

func (l *loader) StreamGroup(name []byte, last stream.ID, read int64) error {
	if l.skip {
		return nil
	}
	b := &l.stream
	if err := b.endGroup(); err != nil {
		return err
	}
	if b.group = b.stream.AddGroup(name, last, max(read, stream.Unknown)); b.group == nil {
		return l.reader.corrupt("Duplicated consumer group name %s", name)
	}
	return nil
}

// endGroup verifies a group that is complete.
func (b *streamBuilder) endGroup() error {
	if b.unassigned > 0 {
		return b.reader.corrupt("Stream CG PEL entry without consumer")
	}
	return nil
}

func (l *loader) StreamPending(id stream.ID, deliveredMs int64, deliveries uint64) error {
	if l.skip {
		return nil
	}
	b := &l.stream
	if !b.group.AddUnassigned(id, stream.Pending{DeliveredMs: deliveredMs, Deliveries: deliveries}) {
		return l.reader.corrupt("Duplicated global PEL entry loading stream consumer group")
	}
	b.unassigned++
	return nil
}

func (l *loader) StreamConsumer(name []byte, seenMs, activeMs int64) error {
	if l.skip {
		return nil
	}
	b := &l.stream
	if b.consumer = b.group.AddConsumer(name, seenMs); b.consumer == nil {
		return l.reader.corrupt("Duplicate stream consumer detected.")
	}
	b.consumer.ActiveMs = activeMs
	return nil
}

func (l *loader) StreamOwned(id stream.ID) error {
	if l.skip {
		return nil
	}
	b := &l.stream
	p := b.group.PendingEntry(id)
	switch {
	case p == nil:
		return l.reader.corrupt("Consumer entry not found in group global PEL")
	case !b.group.AssignFirst(id, p, b.consumer):
		return l.reader.corrupt("Stream consumer PEL entry already has a consumer assigned")
	}
	b.unassigned--
	return nil
}

func (b *streamBuilder) finish() (any, error) {
	if err := b.endGroup(); err != nil {
		return nil, err
	}
	return b.stream, nil
}
