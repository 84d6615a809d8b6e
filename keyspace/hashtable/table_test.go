package hashtable

import (
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var seedFlag = flag.Uint64("hashtable.seed", 0, "seed of the random tests; 0 for a new one. "+
	"Hashes are seeded by the runtime: where elements meet is not reproduced")

// newRand returns a random source whose seed is printed if the test fails.
func newRand(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-hashtable.seed=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// entry is an element; the generation tells replaced ones from new ones.
type entry struct {
	key        string
	generation int
}

func (e *entry) Key() []byte { return []byte(e.key) }

func name(i int) string { return fmt.Sprintf("key:%d", i) }

func filled(n int) *Table[*entry] {
	t := New((*entry).Key)
	for i := range n {
		t.Insert(&entry{key: name(i)})
	}
	return t
}

func mustCheck(t testing.TB, table *Table[*entry]) {
	t.Helper()
	if err := table.Check(); err != nil {
		t.Fatal(err)
	}
}

// A model is a table beside a Go map that has to hold the same.
type model struct {
	t          testing.TB
	table      *Table[*entry]
	want       map[string]*entry
	generation int
}

func newModel(t testing.TB) *model {
	return &model{t: t, table: New((*entry).Key), want: map[string]*entry{}}
}

const modelOps = 7

// do runs one operation on both sides and compares the results.
func (m *model) do(op int, key string) {
	m.generation++
	e := &entry{key, m.generation}
	old := m.want[key]
	switch op % modelOps {
	case 0:
		got, found := m.table.Find([]byte(key))
		m.same("Find", key, got, found, old)
	case 1:
		got, found := m.table.Delete([]byte(key))
		m.same("Delete", key, got, found, old)
		delete(m.want, key)
	case 2:
		got, replaced := m.table.Set(e)
		m.same("Set", key, got, replaced, old)
		m.want[key] = e
	case 3:
		if old == nil {
			m.table.Insert(e)
			m.want[key] = e
		}
	case 4:
		ref, p := m.table.Locate([]byte(key))
		if ref == nil {
			m.same("Locate", key, nil, false, old)
			m.table.InsertAt(p, e)
		} else {
			m.same("Locate", key, *ref, true, old)
			*ref = e
		}
		m.want[key] = e
	case 5:
		m.table.RehashStep(len(key))
	case 6:
		if ref := m.table.FindRef([]byte(key)); ref != nil {
			m.same("FindRef", key, *ref, true, old)
		} else {
			m.same("FindRef", key, nil, false, old)
		}
	}
	if m.table.Len() != len(m.want) {
		m.t.Fatalf("Len() = %d, want %d", m.table.Len(), len(m.want))
	}
}

func (m *model) same(what, key string, got *entry, found bool, want *entry) {
	if got != want || found != (want != nil) {
		m.t.Fatalf("%s(%q) = %v, %t; want %v", what, key, got, found, want)
	}
}

// check compares all elements.
func (m *model) check() {
	m.t.Helper()
	mustCheck(m.t, m.table)
	got := map[string]*entry{}
	for e := range m.table.All() {
		if got[e.key] != nil {
			m.t.Fatalf("All yields %q twice", e.key)
		}
		got[e.key] = e
	}
	if !maps.Equal(got, m.want) {
		m.t.Fatalf("All yields %d elements that are not the %d expected", len(got), len(m.want))
	}
}

// TestModel lets the number of elements go up and down between nothing and tens
// of thousands, so that splits and merges of all rounds happen.
func TestModel(t *testing.T) {
	r := newRand(t)
	m := newModel(t)
	deletes := []int{1, 1, 1, 1, 1, 1, 1, 0, 4}
	inserts := []int{1, 2, 3, 4, 4, 6}
	keys := 0
	for phase := range 24 {
		ops := deletes
		if phase%2 == 0 {
			ops = inserts
			keys = 1 + r.IntN(20_000)
			if phase%5 == 0 {
				keys = 1 + r.IntN(100)
			}
		}
		paused := phase%7 == 3
		if paused {
			m.table.PauseRehash()
		}
		for range 4 {
			for range 5_000 {
				m.do(ops[r.IntN(len(ops))], name(r.IntN(keys)))
			}
			m.check()
		}
		if paused {
			m.table.ResumeRehash()
			for m.table.RehashStep(100) {
			}
			m.check()
		}
	}
}

func TestEmpty(t *testing.T) {
	table := New((*entry).Key)
	r := newRand(t)
	for range 2 {
		mustCheck(t, table)
		if _, found := table.Find([]byte("x")); found {
			t.Error("Find finds")
		}
		if _, found := table.Delete([]byte("x")); found {
			t.Error("Delete finds")
		}
		if _, found := table.Random(r); found {
			t.Error("Random finds")
		}
		if table.Sample(r, 5, func(*entry) {}) != 0 || table.RehashStep(5) || table.Rehashing() {
			t.Error("work on an empty table")
		}
		if c := table.Scan(12345, func(*entry) { t.Error("Scan finds") }); c != 0 && table.buckets == 0 {
			t.Errorf("Scan returns %d", c)
		}
		table.Insert(&entry{key: "x"})
		table.Clear()
	}
}

// TestShrinks deletes half of the elements and expects no overflow bucket that
// is not needed, then the rest and expects hardly any memory to be left.
func TestShrinks(t *testing.T) {
	table := filled(50_000)
	for i := range 50_000 {
		if i == 25_000 {
			for i := range table.buckets {
				if b := table.bucketAt(i); b.next != nil && b.free() != 0 {
					t.Fatalf("bucket %d overflows with a slot free", i)
				}
			}
		}
		table.Delete([]byte(name(i)))
		if i%5000 == 0 {
			mustCheck(t, table)
		}
	}
	mustCheck(t, table)
	if table.buckets != 1 || table.overflow != 0 || len(table.segments) != 1 {
		t.Errorf("%d buckets, %d overflow, %d segments left", table.buckets, table.overflow, len(table.segments))
	}
}

func TestReserve(t *testing.T) {
	for _, before := range []int{0, 10, 5000} {
		for _, n := range []int{-1, 0, 1, 7, 100, 5119, 5120, 5121, 30_000} {
			table := filled(before)
			table.Reserve(n)
			mustCheck(t, table)
			buckets := table.buckets
			for i := before; i < n; i++ {
				table.Insert(&entry{key: name(i)})
			}
			if n > 0 && table.buckets != buckets {
				t.Errorf("Reserve(%d) with %d elements: %d buckets became %d", n, before, buckets, table.buckets)
			}
			mustCheck(t, table)
		}
	}
}

// TestCollisions forces keys of one bucket and one tag into a chain.
func TestCollisions(t *testing.T) {
	m := newModel(t)
	tag := tagOf(m.table.hash([]byte("first")))
	var keys []string
	for i := 0; len(keys) < 40; i++ {
		h := m.table.hash([]byte(name(i)))
		if h%4 == 0 && tagOf(h) == tag {
			keys = append(keys, name(i))
		}
	}
	for range 3 {
		for _, op := range []int{3, 0, 6, 4, 2, 1} {
			for _, k := range keys {
				m.do(op, k)
			}
			m.check()
		}
		slices.Reverse(keys)
	}
}

// TestZeroTags compares the bit trick with a loop, for random words with many
// bytes that are 0, 1 or 0x80.
func TestZeroTags(t *testing.T) {
	r := newRand(t)
	values := []byte{0, 0, 1, 0x7f, 0x80, 0x81, 0xff}
	for range 100_000 {
		var word [8]byte
		for i := range slotsPerBucket {
			word[i] = values[r.IntN(len(values))]
		}
		var want uint64
		for i := range slotsPerBucket {
			if word[i] == 0 {
				want |= 0x80 << (8 * i)
			}
		}
		if got := zeroTags(binary.LittleEndian.Uint64(word[:])); got != want {
			t.Fatalf("zeroTags(% x) = %#x, want %#x", word, got, want)
		}
	}
}

// TestBoundedWork expects no change of the table to allocate more than a segment
// and the directory.
func TestBoundedWork(t *testing.T) {
	table := filled(0)
	before := 0
	for i := range 200_000 {
		table.Insert(&entry{key: name(i)})
		now := table.Bytes()
		limit := 64*segmentBuckets + 64*slotsPerBucket + 24*2*(len(table.segments)+4)
		if now-before > limit {
			t.Fatalf("insertion %d allocates %d bytes", i, now-before)
		}
		before = now
	}
	if perElement := float64(table.Bytes()) / 200_000; perElement > 22 {
		t.Errorf("%.1f bytes per element", perElement)
	}
}

func TestStats(t *testing.T) {
	table := filled(10_000)
	s := table.Stats()
	chains, elements := 0, 0
	for n, c := range s.Chains {
		chains += c
		elements += n * c
	}
	if s.Elements != 10_000 || elements != 10_000 || chains != s.Buckets || s.Split+s.Round != s.Buckets {
		t.Errorf("%+v", s)
	}
}

// TestCheckFinds damages a table in each way that Check is there for.
func TestCheckFinds(t *testing.T) {
	damages := map[string]func(t *Table[*entry]){
		"count":     func(t *Table[*entry]) { t.used++ },
		"overflow":  func(t *Table[*entry]) { t.overflow++ },
		"longest":   func(t *Table[*entry]) { t.extend(t.bucketAt(3)); t.longest = 1 },
		"mask":      func(t *Table[*entry]) { t.low-- },
		"round":     func(t *Table[*entry]) { t.low = t.low<<1 | 1 },
		"resumed":   func(t *Table[*entry]) { t.ResumeRehash() },
		"spare tag": func(t *Table[*entry]) { t.bucketAt(0).tags |= 1 << 50 },
		"tag": func(t *Table[*entry]) {
			b := t.bucketAt(5)
			b.tags ^= 0xff << (8 * slotOf(b.used()))
		},
		"key": func(t *Table[*entry]) {
			b := t.bucketAt(5)
			b.slots[slotOf(b.used())].key = "other"
		},
		"bucket": func(t *Table[*entry]) {
			a, b := t.bucketAt(5), t.bucketAt(6)
			a.tags, a.slots, b.tags, b.slots = b.tags, b.slots, a.tags, a.slots
		},
		"segment": func(t *Table[*entry]) { t.segments[0] = t.segments[0][:100] },
	}
	for what, damage := range damages {
		table := filled(20_000)
		mustCheck(t, table)
		damage(table)
		if table.Check() == nil {
			t.Errorf("%s: damage not found", what)
		}
	}
}

// FuzzTable takes an operation and a key from each two bytes. Hashes differ from
// run to run and coverage with them: run it with -fuzzminimizetime=1x, or all the
// time goes into attempts to make inputs shorter.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x02a\x02b\x02c\x00a\x01b\x05z"))
	many := make([]byte, 0, 1024)
	for i := range 512 {
		many = append(many, byte(2-i/256), byte(i))
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, ops []byte) {
		m := newModel(t)
		for ; len(ops) >= 2; ops = ops[2:] {
			switch op := int(ops[0]); op {
			case 255:
				m.table.Reserve(int(ops[1]) * 16)
			case 254:
				m.table.Clear()
				clear(m.want)
			case 253:
				m.table.Scan(uint64(ops[1]), func(e *entry) { m.do(1, e.key) })
			default:
				m.do(op, name(int(ops[1])|op/modelOps%2<<8))
			}
		}
		m.check()
	})
}
