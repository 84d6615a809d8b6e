package keyspace

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/listpack"
)

// modelField is a field as the naive model knows it.
type modelField struct {
	value string
	atMs  int64
}

// hashModel drives a hash and a map side by side.
type hashModel struct {
	t        testing.TB
	n        func(int) int // a number below the given one
	limits   HashLimits
	h        *Hash
	fields   map[string]modelField
	order    []string // of the fields, as long as the hash is a listpack
	encoding string
	nowMs    int64
	hidden   map[string]bool // fields that are there, but not to be seen
	long     bool            // there are long values
	expiring bool            // there are deadlines
}

func newHashModel(t testing.TB, n func(int) int) *hashModel {
	return &hashModel{
		t: t, n: n, h: NewHash(), fields: map[string]modelField{}, encoding: "listpack", nowMs: 1000,
		limits: HashLimits{MaxListpackEntries: 4 + n(60), MaxListpackValue: 24},
		long:   n(3) == 0, expiring: n(3) > 0,
	}
}

func (m *hashModel) field() []byte {
	if m.n(3) == 0 {
		return strconv.AppendInt(nil, int64(m.n(30)-5), 10)
	}
	return []byte("field:" + strconv.Itoa(m.n(24)))
}

func (m *hashModel) value() []byte {
	switch m.n(8) {
	case 0:
		return []byte(strconv.Itoa(m.n(1<<30) - 1<<29))
	case 1:
		return []byte{}
	case 2:
		return bytes.Repeat([]byte{0xff}, m.n(24))
	case 3:
		if m.long && m.n(12) == 0 {
			return bytes.Repeat([]byte{'v'}, m.n(2200))
		}
	}
	return []byte("value:" + strconv.Itoa(m.n(1000)))
}

// grow notes what is the encoding after something was set.
func (m *hashModel) grow(texts ...[]byte) {
	for _, s := range texts {
		if len(s) > m.limits.MaxListpackValue {
			m.encoding = "hashtable"
		}
	}
	if len(m.fields)+len(m.hidden) > m.limits.MaxListpackEntries {
		m.encoding = "hashtable"
	}
}

func (m *hashModel) set(field, value []byte, keep bool) {
	old, there := m.fields[string(field)]
	atMs := NoExpiry
	if keep && there {
		atMs = old.atMs
	}
	set := m.h.Set
	if keep {
		set = m.h.Update
	}
	if added := set(field, value, &m.limits); added == there {
		m.t.Fatalf("setting %q: added %t, was there %t", field, added, there)
	}
	m.fields[string(field)] = modelField{string(value), atMs}
	delete(m.hidden, string(field))
	if !there {
		m.order = append(m.order, string(field))
	}
	m.grow(field, value)
}

func (m *hashModel) delete(field []byte) {
	_, there := m.fields[string(field)]
	if got := m.h.Delete(field); got != there {
		m.t.Fatalf("deleting %q: %t, was there %t", field, got, there)
	}
	m.forget(string(field))
	delete(m.hidden, string(field))
}

func (m *hashModel) forget(field string) {
	delete(m.fields, field)
	m.order = slices.DeleteFunc(m.order, func(s string) bool { return s == field })
}

func (m *hashModel) step() {
	field := m.field()
	switch m.n(16) {
	case 0, 1, 2, 3, 4:
		m.set(field, m.value(), m.n(3) == 0)
	case 5, 6, 7:
		m.delete(field)
	case 8:
		pairs := [][]byte{field, m.value(), m.field(), m.value(), m.field(), m.value()}
		m.h.Expect(pairs, &m.limits)
		m.grow(pairs...)
		for i := 0; i < len(pairs); i += 2 {
			m.set(pairs[i], pairs[i+1], false)
		}
	case 9, 10:
		if m.expiring {
			m.setDeadline(field)
		}
	case 11:
		m.h.SetFieldExpireAt(field, NoExpiry)
		if f, there := m.fields[string(field)]; there {
			m.fields[string(field)] = modelField{f.value, NoExpiry}
		}
	case 12:
		m.expire()
	case 13:
		c := m.h.Clone().(*Hash)
		m.h.Set([]byte("gone"), []byte("with the original"), &m.limits)
		m.h = c
	default:
		value, ok := m.h.Get(field)
		want, there := m.fields[string(field)]
		if ok != there || ok && !value.Equal([]byte(want.value)) {
			m.t.Fatalf("%q is %q, %t, want %q, %t", field, value.AppendTo(nil), ok, want.value, there)
		}
	}
}

func (m *hashModel) setDeadline(field []byte) {
	atMs := m.nowMs + int64(m.n(200))
	m.h.SetFieldExpireAt(field, atMs)
	if m.encoding == "listpack" {
		m.encoding = "listpackex"
	}
	if f, there := m.fields[string(field)]; there {
		m.fields[string(field)] = modelField{f.value, atMs}
	}
}

// expire lets time pass. What expires is first hidden, sometimes, and then deleted.
func (m *hashModel) expire() {
	m.nowMs += int64(m.n(100))
	m.hidden = map[string]bool{}
	defer func() { m.hidden = nil }()
	for field, f := range maps.Clone(m.fields) {
		if f.atMs != NoExpiry && f.atMs < m.nowMs {
			m.hidden[field] = true
			m.forget(field)
		}
	}
	if x := m.h.expiry(); x != nil && len(m.hidden) > 0 {
		x.hiddenBefore = m.nowMs
		m.compare()
		if m.n(2) == 0 {
			field := m.field()
			m.set(field, m.value(), m.n(2) == 0)
			if x := m.h.expiry(); x != nil && x.hiddenBefore == 0 {
				m.t.Fatal("what was hidden came back")
			}
			m.delete(m.field())
			m.compare()
		}
	}
	if n := m.h.deleteExpired(m.nowMs, 1<<30, nil); n != len(m.hidden) {
		m.t.Fatalf("%d fields expired, want %d", n, len(m.hidden))
	}
}

func (m *hashModel) compare() {
	if err := m.h.Check(); err != nil {
		m.t.Fatal(err)
	}
	if m.h.Encoding() != m.encoding {
		m.t.Fatalf("encoding %s, want %s", m.h.Encoding(), m.encoding)
	}
	if m.h.Len() != len(m.fields) {
		m.t.Fatalf("%d fields, want %d", m.h.Len(), len(m.fields))
	}
	got := map[string]modelField{}
	var order []string
	last := int64(0)
	m.h.EachField(func(field, value Element, atMs int64) bool {
		name := string(field.AppendTo(nil))
		got[name] = modelField{string(value.AppendTo(nil)), atMs}
		order = append(order, name)
		if m.encoding == "listpackex" {
			if atMs != NoExpiry && (last == NoExpiry || atMs < last) {
				m.t.Fatalf("deadline %d behind %d", atMs, last)
			}
			last = atMs
		}
		return true
	})
	if !maps.Equal(got, m.fields) {
		m.t.Fatalf("fields %v, want %v", got, m.fields)
	}
	if m.encoding == "listpack" && !slices.Equal(order, m.order) {
		m.t.Fatalf("order %v, want %v", order, m.order)
	}
	next := NoExpiry
	for _, f := range m.fields {
		if f.atMs != NoExpiry && (next == NoExpiry || f.atMs < next) {
			next = f.atMs
		}
	}
	if m.h.hiddenBefore() == 0 && m.h.NextFieldExpiry() != next {
		m.t.Fatalf("next deadline %d, want %d", m.h.NextFieldExpiry(), next)
	}
	m.compareWalks()
}

// compareWalks compares what Scan, Sample and Draw give.
func (m *hashModel) compareWalks() {
	seen := map[string]string{}
	note := func(field, value Element) { seen[string(field.AppendTo(nil))] = string(value.AppendTo(nil)) }
	for cursor := uint64(0); ; {
		if cursor = m.h.Scan(cursor, note); cursor == 0 {
			break
		}
	}
	if len(seen) != len(m.fields) {
		m.t.Fatalf("a scan gives %d fields of %d", len(seen), len(m.fields))
	}
	r := rand.New(rand.NewPCG(uint64(m.n(1<<30)), 1))
	clear(seen)
	want := m.n(len(m.fields) + 3)
	m.h.Sample(r, want, note)
	if len(seen) != min(want, len(m.fields)) {
		m.t.Fatalf("a sample of %d out of %d has %d", want, len(m.fields), len(seen))
	}
	drawn := 0
	m.h.Draw(r, want, func(field, value Element) bool {
		note(field, value)
		drawn++
		return true
	})
	if len(m.fields) > 0 && drawn != want || len(m.fields) == 0 && drawn != 0 {
		m.t.Fatalf("%d of %d drawn", drawn, want)
	}
	for name, value := range seen {
		if f, there := m.fields[name]; !there || f.value != value {
			m.t.Fatalf("random field %q %q, want %q, %t", name, value, f.value, there)
		}
	}
}

func TestHashAgainstModel(t *testing.T) {
	r := newRand(t)
	reached := map[string]int{}
	for range 1000 {
		m := newHashModel(t, r.IntN)
		for i := range 120 {
			m.step()
			if i%8 == 0 {
				m.compare()
			}
		}
		m.compare()
		reached[m.encoding]++
	}
	if len(reached) != 3 {
		t.Errorf("encodings reached: %v", reached)
	}
}

func FuzzHash(f *testing.F) {
	f.Add([]byte("\x04\x00\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add(bytes.Repeat([]byte{9, 0, 1, 0, 1, 2, 12, 3}, 30))
	f.Fuzz(func(t *testing.T, script []byte) {
		next := func(n int) int {
			if len(script) == 0 || n == 0 {
				return 0
			}
			x := int(script[0])
			script = script[1:]
			if n > 256 && len(script) > 0 {
				x = x<<8 | int(script[0])
				script = script[1:]
			}
			return x % n
		}
		m := newHashModel(t, next)
		for len(script) > 0 {
			m.step()
			m.compare()
		}
	})
}

// FuzzHashOfListpack adopts whatever bytes are a valid listpack of different
// fields.
func FuzzHashOfListpack(f *testing.F) {
	f.Add([]byte(listpack.New(0).Append([]byte("f")).Append([]byte("v")).AppendInt(12)), true)
	f.Add([]byte(listpack.New(0).AppendInt(1).AppendInt(2)), false)
	f.Fuzz(func(t *testing.T, b []byte, expiring bool) {
		lp, width := listpack.Listpack(b), 2
		if expiring {
			width = 3
		}
		if listpack.Validate(b) != nil || lp.Len()%width != 0 {
			return
		}
		seen := map[string]bool{}
		i := 0
		for at := lp.First(); at != 0; at = lp.Next(at) {
			e := lp.Get(at)
			if i%width == 0 {
				seen[string(e.AppendTo(nil))] = true
			}
			if i%width == 2 && (!e.IsInt() || e.Int < 0) {
				return
			}
			i++
		}
		if len(seen)*width != i {
			return
		}
		limits := &HashLimits{MaxListpackEntries: 3, MaxListpackValue: 8}
		of := HashOfListpack
		if expiring {
			of = HashOfListpackEx
		}
		h := of(slices.Clone(lp), limits)
		if err := h.Check(); err != nil {
			t.Fatal(err)
		}
		if h.Len() != len(seen) {
			t.Fatalf("%d fields, want %d", h.Len(), len(seen))
		}
	})
}

// hashOf returns a hash of n fields in an encoding.
func hashOf(encoding string, n int) *Hash {
	h := NewHash()
	limits := &HashLimits{MaxListpackEntries: 1 << 20, MaxListpackValue: 64}
	if encoding == "hashtable" {
		limits.MaxListpackEntries = 0
	}
	for i := range n {
		h.Set([]byte(strconv.Itoa(i)), []byte("v"), limits)
	}
	if encoding == "listpackex" {
		h.SetFieldExpireAt([]byte("1"), 1000)
	}
	return h
}

// TestRandomFieldsAreUniform holds each way of choosing against the chi-square
// distribution.
func TestRandomFieldsAreUniform(t *testing.T) {
	const fields, rounds = 50, 40000
	const limit = 100.0 // 49 degrees of freedom: exceeded once in 40,000 times
	r := newRand(t)
	for _, encoding := range []string{"listpack", "listpackex", "hashtable", "hidden"} {
		kind, total := encoding, fields
		if encoding == "hidden" {
			kind, total = "hashtable", 2*fields
		}
		h := hashOf(kind, total)
		if encoding == "hidden" {
			for i := fields; i < total; i++ {
				h.SetFieldExpireAt([]byte(strconv.Itoa(i)), 5)
			}
			h.expiry().hiddenBefore = 6
		}
		ways := map[string]func(count func(Element)){
			"one": func(count func(Element)) {
				f, _, _ := h.Random(r)
				count(f)
			},
			"draw": func(count func(Element)) {
				h.Draw(r, 2, func(f, _ Element) bool { count(f); return true })
			},
		}
		for _, n := range []int{1, 3, 30} {
			ways["sample of "+strconv.Itoa(n)] = func(count func(Element)) {
				h.Sample(r, n, func(f, _ Element) { count(f) })
			}
		}
		for name, choose := range ways {
			var counts [fields]float64
			all := 0.0
			for range rounds / 4 {
				choose(func(f Element) {
					i, _ := strconv.Atoi(string(f.AppendTo(nil)))
					counts[i]++
					all++
				})
			}
			chi, mean := 0.0, all/fields
			for _, n := range counts {
				chi += (n - mean) * (n - mean) / mean
			}
			if chi > limit {
				t.Errorf("%s, %s: chi-square %.1f", encoding, name, chi)
			}
		}
	}
}

func TestHashesInPlaceAllocateNothing(t *testing.T) {
	field, limits := []byte("7"), &HashLimits{MaxListpackEntries: 512, MaxListpackValue: 64}
	for _, encoding := range []string{"listpack", "listpackex", "hashtable"} {
		h := hashOf(encoding, 30)
		values := [][]byte{[]byte("abc"), []byte("abd"), []byte("1234")}
		h.Set(field, values[2], limits)
		i := 0
		if n := testing.AllocsPerRun(200, func() {
			h.Set(field, values[i%len(values)], limits)
			h.Update(field, values[i%2], limits)
			if _, ok := h.Get(field); !ok {
				t.Fatal("not there")
			}
			i++
		}); n > 0 {
			t.Errorf("%s: %v allocations", encoding, n)
		}
	}
}

// TestHashMemory holds what a field takes against the aim: 60 bytes for a short
// field and value in a big hash.
func TestHashMemory(t *testing.T) {
	const fields = 100_000
	h := NewHash()
	limits := &HashLimits{MaxListpackEntries: 512, MaxListpackValue: 64}
	for i := range fields {
		h.Set(fmt.Appendf(nil, "field:%06d", i), fmt.Appendf(nil, "value:%06d", i), limits)
	}
	if perField := h.Bytes() / fields; perField > 60 {
		t.Errorf("%d bytes a field", perField)
	}
	small := NewHash()
	for i := range 5 {
		small.Set(fmt.Appendf(nil, "field%d", i), fmt.Appendf(nil, "value%d", i), limits)
	}
	if slack := small.Bytes() - len(small.Listpack()); slack > 16+16 {
		t.Errorf("a small hash has %d bytes beside its listpack", slack)
	}
}

func TestHashOfListpackExSorts(t *testing.T) {
	lp := listpack.New(0)
	for _, d := range []int64{0, 30, 10, 0, 20, 10} {
		lp = lp.Append(fmt.Appendf(nil, "f%d", lp.Len())).Append([]byte("v")).AppendInt(d)
	}
	h := HashOfListpackEx(lp, &HashLimits{MaxListpackEntries: 6})
	var got []string
	h.EachField(func(field, _ Element, atMs int64) bool {
		got = append(got, fmt.Sprintf("%s:%d", field.Bytes, atMs))
		return true
	})
	if s := strings.Join(got, " "); s != "f6:10 f15:10 f12:20 f3:30 f0:-1 f9:-1" {
		t.Error(s)
	}
	if err := h.Check(); err != nil || h.Encoding() != "listpackex" {
		t.Error(h.Encoding(), err)
	}
	if h := HashOfListpackEx(lp, &HashLimits{MaxListpackEntries: 5}); h.Encoding() != "hashtable" || h.NextFieldExpiry() != 10 {
		t.Error(h.Encoding(), h.NextFieldExpiry())
	}
}
