package stream

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// modelEntry is an entry of the model.
type modelEntry struct {
	id    ID
	pairs string
}

// modelPending is a pending entry of the model.
type modelPending struct {
	consumer string
	at       int64
	n        uint64
}

// model is a stream and what it should be.
type model struct {
	t       *testing.T
	r       *rand.Rand
	s       *Stream
	limits  Limits
	entries []modelEntry
	deleted ID
	added   uint64
	last    ID
	pending map[string]map[ID]modelPending // by group
	nowMs   int64
}

func newModel(t *testing.T, r *rand.Rand) *model {
	return &model{t: t, r: r, s: New(), pending: map[string]map[ID]modelPending{},
		limits: Limits{NodeMaxBytes: []int{0, 100, 400, 4096}[r.IntN(4)], NodeMaxEntries: []int{0, 1, 5, 100}[r.IntN(4)]}}
}

func (m *model) pairs() [][]byte {
	var pairs [][]byte
	names := []string{"temperature", "humidity", "1", "300", ""}
	n := 1 + m.r.IntN(3)
	for i := range n {
		field := names[i]
		if m.r.IntN(5) == 0 {
			field = names[m.r.IntN(len(names))]
		}
		value := strconv.Itoa(m.r.IntN(100_000) - 50_000)
		if m.r.IntN(8) == 0 {
			value = strings.Repeat("x", m.r.IntN(200))
		}
		pairs = append(pairs, []byte(field), []byte(value))
	}
	return pairs
}

func (m *model) add() {
	id := m.last
	switch m.r.IntN(4) {
	case 0:
		id.Seq++
	case 1:
		id = ID{id.Ms + 1 + m.r.Uint64N(1000), m.r.Uint64N(5)}
	case 2:
		id = ID{id.Ms + 1, m.r.Uint64()}
	default:
		id, _ = m.s.NextID(int64(min(id.Ms, 1<<62)) + int64(m.r.IntN(2)))
	}
	pairs := m.pairs()
	if err := m.s.Add(id, pairs, &m.limits); err != nil {
		m.t.Fatalf("add %v: %v", id, err)
	}
	if m.s.Add(id, pairs, &m.limits) != ErrNotGreater {
		m.t.Fatalf("%v was added twice", id)
	}
	m.entries = append(m.entries, modelEntry{id, fmt.Sprintf("%q", pairs)})
	m.last = id
	m.added++
}

// anyID is mostly that of an entry, or close to one.
func (m *model) anyID() ID {
	if len(m.entries) == 0 || m.r.IntN(10) == 0 {
		return ID{m.r.Uint64N(m.last.Ms + 2), m.r.Uint64N(3)}
	}
	id := m.entries[m.r.IntN(len(m.entries))].id
	if m.r.IntN(4) == 0 {
		id.Seq++
	}
	return id
}

func (m *model) at(id ID) (int, bool) {
	return slices.BinarySearchFunc(m.entries, id, func(e modelEntry, id ID) int { return e.id.Compare(id) })
}

func (m *model) delete() {
	id := m.anyID()
	i, found := m.at(id)
	if m.s.Delete(id) != found {
		m.t.Fatalf("delete %v: not %v", id, found)
	}
	if found {
		m.entries = slices.Delete(m.entries, i, i+1)
		if m.deleted.Less(id) {
			m.deleted = id
		}
	}
}

func (m *model) trim() {
	t := Trim{MaxLen: m.r.IntN(len(m.entries) + 3), Approximate: m.r.IntN(3) == 0}
	n := len(m.entries) - t.MaxLen
	if m.r.IntN(2) == 0 {
		t.ByID, t.MinID = true, m.anyID()
		n, _ = m.at(t.MinID)
	}
	if m.r.IntN(4) == 0 {
		t.Limit, t.Approximate = 1+m.r.IntN(20), true
	}
	n = max(n, 0)
	got := m.s.Trim(&t)
	if got > n || !t.Approximate && got != n || t.Limit > 0 && got > t.Limit {
		m.t.Fatalf("%+v deleted %d of %d", t, got, n)
	}
	m.entries = slices.Delete(m.entries, 0, got)
	if head := m.s.nodes.head(); head.ok() && t.Limit == 0 && m.s.Len() > t.MaxLen && !t.ByID {
		if live := readCounts(head.value()).live; m.s.Len()-live >= t.MaxLen {
			m.t.Fatalf("%+v leaves a node of %d of %d entries", t, live, m.s.Len())
		}
	}
}

func (m *model) group() {
	m.nowMs++
	g := m.r.IntN(3)
	group := []byte{'g', byte('a' + g)}
	sg := m.s.Group(group)
	if sg == nil {
		if m.s.AddGroup(group, m.anyID(), Unknown) == nil {
			m.t.Fatalf("group %s is not there, but cannot be made", group)
		}
		m.pending[string(group)] = map[ID]modelPending{}
		return
	}
	pending := m.pending[string(group)]
	consumer := []byte{'c', byte('a' + m.r.IntN(4))}
	c := sg.Consumer(consumer)
	if c == nil {
		c = sg.AddConsumer(consumer, m.nowMs)
	}
	id := m.anyID()
	switch m.r.IntN(12) {
	case 0, 1, 2, 3, 4:
		sg.Deliver(id, c, m.nowMs)
		pending[id] = modelPending{string(consumer), m.nowMs, 1}
	case 5, 6, 7:
		_, found := pending[id]
		if sg.Acknowledge(id) != found {
			m.t.Fatalf("acknowledge %v: not %v", id, found)
		}
		delete(pending, id)
	case 8, 9:
		if p := sg.PendingEntry(id); p != nil {
			sg.Assign(id, p, c)
			p.Deliveries++
			old := pending[id]
			pending[id] = modelPending{string(consumer), old.at, old.n + 1}
		}
	case 10:
		n := 0
		for id, p := range pending {
			if p.consumer == string(consumer) {
				delete(pending, id)
				n++
			}
		}
		if got := sg.DeleteConsumer(c); got != n {
			m.t.Fatalf("%d of %d pending deleted", got, n)
		}
	default:
		if m.r.IntN(4) == 0 {
			m.s.DeleteGroup(group)
			delete(m.pending, string(group))
		}
	}
}

// list goes through an iterator.
func list(it Iterator) (entries []modelEntry) {
	for it.Next() {
		var pairs [][]byte
		it.Each(func(field, value Element) {
			pairs = append(pairs, field.AppendTo(nil), value.AppendTo(nil))
		})
		if len(pairs) != 2*it.Len() {
			panic("Len is wrong")
		}
		entries = append(entries, modelEntry{it.ID, fmt.Sprintf("%q", pairs)})
	}
	return entries
}

// compare holds the stream against the model.
func (m *model) compare(s *Stream) {
	t := m.t
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	if s.Len() != len(m.entries) || s.LastID() != m.last || s.MaxDeletedID() != m.deleted || s.Added() != m.added {
		t.Fatalf("%+v, want %d entries, %+v", s.Meta(), len(m.entries), m)
	}
	first := ID{}
	if len(m.entries) > 0 {
		first = m.entries[0].id
	}
	if s.FirstID() != first {
		t.Fatalf("first %v, want %v", s.FirstID(), first)
	}
	from, to := m.anyID(), m.anyID()
	if m.r.IntN(2) == 0 {
		from, to = MinID, MaxID
	}
	i, _ := m.at(from)
	j, found := m.at(to)
	if found {
		j++
	}
	want := slices.Clone(m.entries[i:max(i, j)])
	if got := list(s.Range(from, to)); !slices.Equal(got, want) {
		t.Fatalf("from %v to %v:\n got %v\nwant %v", from, to, got, want)
	}
	slices.Reverse(want)
	if got := list(s.RangeBack(from, to)); !slices.Equal(got, want) {
		t.Fatalf("back from %v to %v:\n got %v\nwant %v", from, to, got, want)
	}
	m.compareGroups(s)
}

func (m *model) compareGroups(s *Stream) {
	t := m.t
	t.Helper()
	var groups []string
	s.EachGroup(func(g *Group) bool {
		groups = append(groups, g.Name())
		got := map[ID]modelPending{}
		g.EachPending(MinID, func(id ID, p *Pending) bool {
			got[id] = modelPending{p.Consumer().Name(), p.DeliveredMs, p.Deliveries}
			return true
		})
		if !maps.Equal(got, m.pending[g.Name()]) || g.Pending() != len(got) {
			t.Fatalf("group %s:\n got %v\nwant %v", g.Name(), got, m.pending[g.Name()])
		}
		return true
	})
	if !slices.Equal(groups, slices.Sorted(maps.Keys(m.pending))) || s.Groups() != len(groups) {
		t.Fatalf("groups %v, want %v", groups, m.pending)
	}
}

// TestModel does random operations on a stream and a model.
func TestModel(t *testing.T) {
	r := newRand(t)
	for range 60 {
		m := newModel(t, r)
		for range 300 {
			switch op := r.IntN(20); {
			case op < 10:
				m.add()
			case op < 13:
				m.delete()
			case op == 13:
				m.trim()
			default:
				m.group()
			}
			if r.IntN(4) == 0 {
				m.compare(m.s)
			}
		}
		d := m.s.Dup()
		m.compare(d)
		for range 20 { // the copy is independent
			m.s.Trim(&Trim{MaxLen: 0})
			m.s.DeleteGroup([]byte("ga"))
		}
		m.compare(d)
		m.compare(rebuilt(t, d))
	}
}

// rebuilt returns the stream as it comes out of a file.
func rebuilt(t *testing.T, s *Stream) *Stream {
	t.Helper()
	out := New()
	for c := s.nodes.head(); c.ok(); c = c.next() {
		n, err := Validate(c.key(), c.value())
		if err != nil || !out.AddNode(&n) || out.AddNode(&n) {
			t.Fatalf("node %v: %v", c.key(), err)
		}
	}
	meta := s.Meta()
	if !out.SetMeta(&meta) {
		t.Fatalf("%+v", meta)
	}
	s.EachGroup(func(g *Group) bool {
		to := out.AddGroup([]byte(g.Name()), g.LastID, g.Read)
		g.EachPending(MinID, func(id ID, p *Pending) bool {
			if !to.AddUnassigned(id, *p) || to.AddUnassigned(id, *p) {
				t.Fatalf("%v is pending twice", id)
			}
			to.PendingEntry(id).consumer = nil
			return true
		})
		g.EachConsumer(func(c *Consumer) bool {
			n := to.AddConsumer([]byte(c.Name()), c.SeenMs)
			c.EachPending(MinID, func(id ID, _ *Pending) bool {
				p := to.PendingEntry(id)
				if !to.AssignFirst(id, p, n) || to.AssignFirst(id, p, n) {
					t.Fatalf("%v is assigned twice", id)
				}
				return true
			})
			return true
		})
		return true
	})
	return out
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		text string
		id   ID
		ok   bool
	}{
		{"0", ID{0, 7}, true}, {"1-2", ID{1, 2}, true}, {"18446744073709551615-18446744073709551615", MaxID, true},
		{"18446744073709551616-0", ID{}, false}, {"", ID{}, false}, {"-", ID{}, false}, {"-1", ID{}, false}, {"1-", ID{}, false},
		{"1-*", ID{}, false}, {"*", ID{}, false}, {"a-1", ID{}, false}, {"1-2-3", ID{}, false}, {"1--5", ID{}, false},
		{"1.5", ID{}, false}, {"1 5", ID{}, false}, {"12345678901234567890-1", ID{12345678901234567890, 1}, true}, {"01-002", ID{1, 2}, true}, {" 1-+2", ID{1, 2}, true}, {"1 -2", ID{}, false}, {"1- -1", ID{1, 1<<64 - 1}, true},
		{"1-2\x003", ID{1, 2}, true}, {strings.Repeat("0", 127), ID{0, 7}, true}, {strings.Repeat("0", 128), ID{}, false},
	} {
		if id, ok := ParseID([]byte(c.text), 7); ok != c.ok || ok && id != c.id {
			t.Errorf("%q: %v %v", c.text, id, ok)
		}
	}
	if id, auto, ok := ParseAutoID([]byte("5-*")); id != (ID{5, 0}) || !auto || !ok {
		t.Errorf("%v %v %v", id, auto, ok)
	}
	if _, ok := MaxID.Next(); ok {
		t.Error("something follows the last ID")
	}
	if _, ok := MinID.Prev(); ok {
		t.Error("something comes before the first ID")
	}
	for _, c := range []struct{ a, b ID }{{ID{1, 1<<64 - 1}, ID{2, 0}}, {ID{1, 1}, ID{1, 2}}} {
		if n, _ := c.a.Next(); n != c.b {
			t.Errorf("%v follows %v", n, c.a)
		}
		if p, _ := c.b.Prev(); p != c.a || !c.a.Less(c.b) || c.a.Compare(c.b) != -1 || c.b.Compare(c.a) != 1 {
			t.Errorf("%v comes before %v", p, c.b)
		}
		if IDFromBinary([IDBytes]byte(c.a.AppendBinary(nil))) != c.a {
			t.Errorf("%v does not come back", c.a)
		}
	}
}

// TestNextIDs has clocks that stand still or go back, and the end of all IDs.
func TestNextIDs(t *testing.T) {
	pair := [][]byte{[]byte("f"), []byte("v")}
	s := New()
	for _, c := range []struct {
		nowMs int64
		want  ID
	}{{5, ID{5, 0}}, {5, ID{5, 1}}, {3, ID{5, 2}}, {-7, ID{5, 3}}, {6, ID{6, 0}}} {
		id, ok := s.NextID(c.nowMs)
		if id != c.want || !ok || s.Add(id, pair, &Limits{}) != nil {
			t.Errorf("at %d: %v %v", c.nowMs, id, ok)
		}
	}
	if id, ok := s.NextIDAt(6); id != (ID{6, 1}) || !ok {
		t.Errorf("%v %v", id, ok)
	}
	if id, ok := s.NextIDAt(7); id != (ID{7, 0}) || !ok {
		t.Errorf("%v %v", id, ok)
	}
	s.SetLastID(ID{6, 1<<64 - 1})
	if id, ok := s.NextIDAt(6); ok {
		t.Errorf("%v", id)
	}
	s.SetLastID(MaxID)
	if id, ok := s.NextID(6); ok {
		t.Errorf("%v", id)
	}
}

// TestLastIDOfEmptyStream lets IDs come again after the stream was emptied by trimming
// in the middle of a node.
func TestLastIDOfEmptyStream(t *testing.T) {
	pair := [][]byte{[]byte("f"), []byte("v")}
	s := New()
	for i := range uint64(3) {
		if err := s.Add(ID{10 + i, 0}, pair, &Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	s.Delete(ID{12, 0})
	if n := s.Trim(&Trim{ByID: true, MinID: ID{12, 0}}); n != 2 || s.Nodes() != 1 {
		t.Fatalf("%d deleted, %d nodes", n, s.Nodes())
	}
	s.SetLastID(ID{5, 0})
	if err := s.Add(ID{6, 0}, pair, &Limits{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

// FuzzNode takes bytes for a node: what is not refused can be read and changed.
func FuzzNode(f *testing.F) {
	s := New()
	for i := range uint64(5) {
		pairs := [][]byte{[]byte("f"), []byte("value"), []byte("300"), []byte("1")}
		if i == 3 {
			pairs = [][]byte{[]byte("other"), []byte("-70000")}
		}
		if err := s.Add(ID{5 + i/2, 1 + i%2}, pairs, &Limits{}); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(uint64(5), uint64(1), []byte(s.nodes.head().value()))
	s.Delete(ID{6, 1})
	f.Add(uint64(5), uint64(1), []byte(s.nodes.head().value()))
	f.Add(uint64(0), uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, ms, seq uint64, b []byte) {
		n, err := Validate(ID{ms, seq}, b)
		s := New()
		if err != nil || !s.AddNode(&n) {
			return
		}
		m := Meta{Length: uint64(n.Live), LastID: n.Last, FirstID: n.First}
		if !s.SetMeta(&m) || s.edge() != n.First {
			t.Fatalf("%+v %v", n, s.edge())
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		there, back := list(s.Range(MinID, MaxID)), list(s.RangeBack(MinID, MaxID))
		slices.Reverse(back)
		if !slices.Equal(there, back) || len(there) != s.Len() {
			t.Fatalf("there %v, back %v, %d", there, back, s.Len())
		}
		if id, ok := s.LastID().Next(); ok {
			if err := s.Add(id, [][]byte{[]byte("f"), []byte("v")}, &Limits{}); err != nil {
				t.Fatal(err)
			}
		}
		for i, e := range there {
			if i%2 == 0 && !s.Delete(e.id) {
				t.Fatalf("%v is not there", e.id)
			}
		}
		s.Trim(&Trim{MaxLen: s.Len() / 2})
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
