package rdb

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"respect/fixtures"
	"respect/keyspace/intset"
	"respect/keyspace/listpack"
	"respect/keyspace/stream"
)

// recorder is a Visitor that keeps everything.
type recorder struct {
	version   int
	aux       [][2]string
	resize    [][3]uint64
	slots     [][3]uint64
	functions int
	modules   []string
	// librariesPreGA are name, engine, source.
	librariesPreGA [][3]string
	keys           map[int]map[string]*recordedKey
	count          int
	checksum       uint64
	ended          bool

	db      int
	current *recordedKey
}

type recordedKey struct {
	KeyHeader
	kind     string // the type; "" if the value had no elements
	text     string
	elements []string        // of a list or a set
	pairs    []fixtures.Pair // fields, or members with the text of their scores
	stream   fixtures.Stream
}

func (v *recorder) Version(version int) error {
	v.version, v.keys = version, map[int]map[string]*recordedKey{}
	return nil
}

func (v *recorder) Aux(name, value []byte) error {
	v.aux = append(v.aux, [2]string{string(name), string(value)})
	return nil
}

func (v *recorder) SelectDB(db int) error { v.db = db; return nil }

func (v *recorder) ResizeDB(keys, expires uint64) error {
	v.resize = append(v.resize, [3]uint64{uint64(v.db), keys, expires})
	return nil
}

func (v *recorder) SlotInfo(slot, keys, expires uint64) error {
	v.slots = append(v.slots, [3]uint64{slot, keys, expires})
	return nil
}

func (v *recorder) Function([]byte) error { v.functions++; return nil }

func (v *recorder) FunctionPreGA(name, engine, _, source []byte) error {
	v.functions++
	v.librariesPreGA = append(v.librariesPreGA, [3]string{string(name), string(engine), string(source)})
	return nil
}

func (v *recorder) ModuleAux(module string, _ int) error {
	v.modules = append(v.modules, module)
	return nil
}

func (v *recorder) Key(h *KeyHeader) error {
	if h.DB != v.db {
		return fmt.Errorf("header names database %d, %d is selected", h.DB, v.db)
	}
	v.current = &recordedKey{KeyHeader: *h}
	v.current.Key = bytes.Clone(h.Key)
	if v.keys[v.db] == nil {
		v.keys[v.db] = map[string]*recordedKey{}
	}
	v.keys[v.db][string(h.Key)] = v.current
	v.count++
	return nil
}

func (v *recorder) String(value []byte) error {
	v.current.kind, v.current.text = "string", string(value)
	return nil
}

func (v *recorder) add(kind string, elements ...string) {
	v.current.kind = kind
	v.current.elements = append(v.current.elements, elements...)
}

func (v *recorder) ListElement(element []byte) error {
	v.add("list", string(element))
	return nil
}

func (v *recorder) ListPlain(element []byte) error { return v.ListElement(element) }

func (v *recorder) ListNode(node []byte) error {
	elements, err := elementsOf(node)
	v.add("list", elements...)
	return err
}

func (v *recorder) SetMember(member []byte) error {
	v.add("set", string(member))
	return nil
}

func (v *recorder) SetIntset(integers []byte) error {
	set := intset.Intset(integers)
	if err := intset.Validate(integers); err != nil || set.Len() == 0 {
		return fmt.Errorf("%d integers: %w", set.Len(), err)
	}
	for i := range set.Len() {
		v.add("set", strconv.FormatInt(set.At(i), 10))
	}
	return nil
}

func (v *recorder) SetListpack(packed []byte) error {
	rows, err := tuplesOf(packed, 1)
	for _, row := range rows {
		v.add("set", row[0])
	}
	return err
}

func (v *recorder) HashField(field, value []byte, expireAtMs int64) error {
	if expireAtMs == NoExpire {
		expireAtMs = 0
	}
	v.current.kind = "hash"
	v.current.pairs = append(v.current.pairs, fixtures.Pair{Name: string(field), Value: string(value), ExpireAtMs: expireAtMs})
	return nil
}

func (v *recorder) HashListpack(packed []byte) error {
	rows, err := tuplesOf(packed, 2)
	for _, row := range rows {
		_ = v.HashField([]byte(row[0]), []byte(row[1]), NoExpire)
	}
	return err
}

func (v *recorder) HashListpackEx(packed []byte) error {
	rows, err := tuplesOf(packed, 3)
	for _, row := range rows {
		at, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil || at < 0 {
			return fmt.Errorf("deadline %q", row[2])
		}
		_ = v.HashField([]byte(row[0]), []byte(row[1]), at)
	}
	return err
}

func (v *recorder) ZSetMember(member []byte, score float64) error {
	if math.IsNaN(score) {
		return fmt.Errorf("member %q: NaN", member)
	}
	v.current.kind = "zset"
	v.current.pairs = append(v.current.pairs, fixtures.Pair{Name: string(member), Value: formatScore(score)})
	return nil
}

func (v *recorder) ZSetListpack(packed []byte) error {
	rows, err := tuplesOf(packed, 2)
	for i, last := 0, math.Inf(-1); i < len(rows); i++ {
		score, err := strconv.ParseFloat(rows[i][1], 64)
		if err != nil && !math.IsInf(score, 0) || !(score >= last) || i > 0 && score == last && rows[i][0] < rows[i-1][0] {
			return fmt.Errorf("score %q after %v", rows[i][1], last)
		}
		_ = v.ZSetMember([]byte(rows[i][0]), score)
		last = score
	}
	return err
}

// formatScore returns a text that is the same for the same number only.
func formatScore(score float64) string { return strconv.FormatFloat(score+0, 'g', -1, 64) }

func (v *recorder) StreamNode(node *stream.Node) error {
	again, err := stream.Validate(node.ID, node.Listpack)
	if err != nil || again.Live != node.Live || again.First != node.First || again.Last != node.Last {
		return fmt.Errorf("%+v, %+v, %v", node, again, err)
	}
	part := stream.New()
	if !part.AddNode(node) {
		return fmt.Errorf("node %v has ID 0", node.ID)
	}
	v.current.stream.Entries = append(v.current.stream.Entries, entriesOf(part)...)
	return nil
}

// entriesOf lists the entries of a stream.
func entriesOf(s *stream.Stream) []fixtures.StreamEntry {
	var entries []fixtures.StreamEntry
	for it := s.Range(stream.MinID, stream.MaxID); it.Next(); {
		e := fixtures.StreamEntry{ID: it.ID.String()}
		it.Each(func(field, value stream.Element) {
			e.Fields = append(e.Fields, string(field.AppendTo(nil)), string(value.AppendTo(nil)))
		})
		entries = append(entries, e)
	}
	return entries
}

func (v *recorder) StreamMeta(m *stream.Meta) error {
	added := int64(m.Added)
	v.current.kind = "stream"
	s := &v.current.stream
	s.Length, s.LastID, s.FirstID, s.MaxDeletedID, s.EntriesAdded =
		int64(m.Length), m.LastID.String(), m.FirstID.String(), m.MaxDeletedID.String(), &added
	if s.Length != int64(len(s.Entries)) {
		return fmt.Errorf("%d entries, length %d", len(s.Entries), s.Length)
	}
	return nil
}

func (v *recorder) StreamGroup(name []byte, last stream.ID, read int64) error {
	g := fixtures.StreamGroup{Name: fixtures.Text(name), LastDeliveredID: last.String()}
	if read != stream.Unknown {
		g.EntriesRead = &read
	}
	v.current.stream.Groups = append(v.current.stream.Groups, g)
	return nil
}

// group is the one that is being read.
func (v *recorder) group() *fixtures.StreamGroup {
	groups := v.current.stream.Groups
	return &groups[len(groups)-1]
}

func (v *recorder) StreamPending(id stream.ID, deliveredMs int64, deliveries uint64) error {
	g := v.group()
	g.PEL = append(g.PEL, fixtures.StreamPending{ID: id.String(), DeliveryTime: deliveredMs, DeliveryCount: int64(deliveries)})
	return nil
}

func (v *recorder) StreamConsumer(name []byte, seenMs, activeMs int64) error {
	g := v.group()
	g.Consumers = append(g.Consumers, fixtures.StreamConsumer{Name: fixtures.Text(name), SeenTime: seenMs, ActiveTime: &activeMs})
	return nil
}

func (v *recorder) StreamOwned(id stream.ID) error {
	g := v.group()
	c := &g.Consumers[len(g.Consumers)-1]
	for i := range g.PEL {
		if p := &g.PEL[i]; p.ID == id.String() {
			c.PEL = append(c.PEL, *p)
			p.Consumer = c.Name
		}
	}
	return nil
}

func (v *recorder) EndKey() error { v.current = nil; return nil }

func (v *recorder) EOF(checksum uint64) error { v.checksum, v.ended = checksum, true; return nil }

// elementsOf lists a listpack forwards, after it was validated again.
func elementsOf(node []byte) (elements []string, err error) {
	if err := listpack.Validate(node); err != nil {
		return nil, err
	}
	pack := listpack.Listpack(node)
	for at := pack.First(); at > 0; at = pack.Next(at) {
		elements = append(elements, string(pack.Get(at).AppendTo(nil)))
	}
	if len(elements) != pack.Len() || len(elements) == 0 {
		return nil, fmt.Errorf("%d elements, listpack says %d", len(elements), pack.Len())
	}
	return elements, nil
}

// tuplesOf lists a listpack of tuples, and requires their first elements to differ.
func tuplesOf(packed []byte, size int) (rows [][]string, err error) {
	elements, err := elementsOf(packed)
	if err != nil {
		return nil, err
	}
	if len(elements)%size != 0 {
		return nil, fmt.Errorf("%d elements in tuples of %d", len(elements), size)
	}
	seen := map[string]bool{}
	for ; len(elements) > 0; elements = elements[size:] {
		if seen[elements[0]] {
			return nil, fmt.Errorf("%q occurs twice", elements[0])
		}
		seen[elements[0]] = true
		rows = append(rows, elements[:size])
	}
	return rows, nil
}
