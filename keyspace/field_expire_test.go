package keyspace

import (
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"
)

// fieldModel drives hashes with deadlines in several databases, and maps.
type fieldModel struct {
	t      *testing.T
	r      *rand.Rand
	ks     *Keyspace
	hashes []map[string]map[string]int64 // database, key, field: deadline
	gone   int
}

func newFieldModel(t *testing.T) *fieldModel {
	m := &fieldModel{t: t, r: newRand(t), ks: New(2, rand.NewPCG(1, 2))}
	m.ks.Meter(true)
	m.ks.Settings.Hash.MaxListpackEntries = 6
	m.ks.SetNow(1000)
	m.ks.OnFieldsExpired = func(_ *DB, _ []byte, gone bool) { m.gone += btoi(gone) }
	for range 2 {
		m.hashes = append(m.hashes, map[string]map[string]int64{})
	}
	return m
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *fieldModel) key() string   { return "key" + strconv.Itoa(m.r.IntN(6)) }
func (m *fieldModel) field() string { return "f" + strconv.Itoa(m.r.IntN(9)) }

// write returns a hash that is about to change, and its model; it may be new.
func (m *fieldModel) write(db int, key string) (*Hash, map[string]int64) {
	d := m.ks.DB(db)
	o := d.Lookup([]byte(key), NoStats)
	if o == nil {
		m.hashes[db][key] = map[string]int64{}
		return d.Add([]byte(key), TypeHash, NewHash()).Hash(), m.hashes[db][key]
	}
	d.Open(o)
	return o.Hash(), m.hashes[db][key]
}

func (m *fieldModel) remove(db int, key string) {
	if m.ks.DB(db).Delete([]byte(key)) {
		delete(m.hashes[db], key)
	}
}

func (m *fieldModel) step() {
	db, key, field := m.r.IntN(2), m.key(), m.field()
	switch m.r.IntN(20) {
	case 0, 1, 2, 3, 4:
		h, fields := m.write(db, key)
		h.Set([]byte(field), []byte("value"), &m.ks.Settings.Hash)
		fields[field] = NoExpiry
	case 5, 6, 7, 8, 9:
		h, fields := m.write(db, key)
		h.Update([]byte(field), []byte("12"), &m.ks.Settings.Hash)
		fields[field] = m.ks.Now() + m.r.Int64N(300)
		h.SetFieldExpireAt([]byte(field), fields[field])
	case 10:
		h, fields := m.write(db, key)
		if h.Delete([]byte(field)); h.Len() == 0 {
			m.remove(db, key)
		}
		delete(fields, field)
	case 11, 12, 13:
		m.transfer(db, key)
	case 14:
		m.remove(db, key)
	case 15:
		m.ks.DB(db).SetString([]byte(key), []byte("a string"), false)
		delete(m.hashes[db], key)
		m.ks.Settle()
		m.ks.DB(db).Delete([]byte(key))
	case 16:
		m.rare(db)
	default:
		m.ks.SetNow(m.ks.Now() + m.r.Int64N(40))
		m.expire()
	}
	m.ks.Settle()
}

// transfer renames, moves or copies a hash.
func (m *fieldModel) transfer(db int, key string) {
	from, to := m.ks.DB(db), m.ks.DB(1-db)
	o := from.Lookup([]byte(key), NoStats)
	if o == nil {
		return
	}
	fields, other := m.hashes[db][key], m.key()
	switch m.r.IntN(3) {
	case 0:
		if other == key {
			return
		}
		m.remove(db, other)
		from.Rename(o, []byte(other))
		delete(m.hashes[db], key)
		m.hashes[db][other] = fields
	case 1:
		m.remove(1-db, key)
		from.Open(o)
		from.MoveTo(o, to)
		delete(m.hashes[db], key)
		m.hashes[1-db][key] = fields
	default:
		m.remove(1-db, other)
		from.CopyTo(o, to, []byte(other))
		m.hashes[1-db][other] = maps.Clone(fields)
	}
}

func (m *fieldModel) rare(db int) {
	switch m.r.IntN(4) {
	case 0:
		m.ks.Swap(0, 1)
		m.hashes[0], m.hashes[1] = m.hashes[1], m.hashes[0]
	case 1:
		m.ks.DB(db).Flush()
		m.hashes[db] = map[string]map[string]int64{}
	}
}

// expire deletes what has expired, in one way or another, and holds what is seen
// meanwhile against the model.
func (m *fieldModel) expire() {
	for _, keys := range m.hashes {
		for key, fields := range keys {
			for field, atMs := range fields {
				if atMs != NoExpiry && atMs < m.ks.Now() {
					delete(fields, field)
				}
			}
			if len(fields) == 0 {
				delete(keys, key)
			}
		}
	}
	switch m.r.IntN(3) {
	case 0:
		m.ks.DeletionPaused = true
		m.compare()
		m.ks.DeletionPaused = false
	case 1:
		m.compare()
	}
	for m.ks.ExpireSome(1 + m.r.IntN(4)) {
	}
	m.compare()
}

// compare looks at all keys as a client does.
func (m *fieldModel) compare() {
	for db, keys := range m.hashes {
		d := m.ks.DB(db)
		for i := range 6 {
			key := "key" + strconv.Itoa(i)
			want := keys[key]
			got := map[string]int64{}
			if o := d.Lookup([]byte(key), NoStats|NoTouch); o != nil {
				o.Hash().EachField(func(field, _ Element, atMs int64) bool {
					got[string(field.Bytes)] = atMs
					return true
				})
				if n := o.Hash().Len(); n != len(want) {
					m.t.Fatalf("%s has %d fields, want %d", key, n, len(want))
				}
			} else if want != nil {
				m.t.Fatalf("%s is not there", key)
			}
			if !maps.Equal(got, want) {
				m.t.Fatalf("%s is %v, want %v", key, got, want)
			}
		}
	}
}

func (m *fieldModel) check() {
	if err := m.ks.Check(); err != nil {
		m.t.Fatal(err)
	}
	next, expires := int64(0), false
	for _, keys := range m.hashes {
		for _, fields := range keys {
			for _, atMs := range fields {
				if atMs != NoExpiry && (!expires || atMs < next) {
					next, expires = atMs, true
				}
			}
		}
	}
	if at, ok := m.ks.NextExpiry(); ok != expires || ok && at != next {
		m.t.Fatalf("next expiry %d, %t, want %d, %t", at, ok, next, expires)
	}
}

func TestFieldExpiryAgainstModel(t *testing.T) {
	m := newFieldModel(t)
	for range 30_000 {
		m.step()
		m.check()
	}
	m.compare()
	if m.gone == 0 || m.ks.Stats.ExpiredFields == 0 {
		t.Errorf("%d hashes gone, %d fields expired", m.gone, m.ks.Stats.ExpiredFields)
	}
}

func TestFieldsExpireWithoutLookingAtOthers(t *testing.T) {
	for _, encoding := range []string{"listpackex", "hashtable"} {
		ks := New(1, rand.NewPCG(1, 2))
		ks.SetNow(1000)
		var events []string
		ks.OnFieldsExpired = func(_ *DB, key []byte, gone bool) {
			events = append(events, string(key)+" "+strconv.FormatBool(gone))
		}
		h := hashOf(encoding, 3)
		h.SetFieldExpireAt([]byte("0"), 1500)
		h.SetFieldExpireAt([]byte("1"), 1400)
		ks.DB(0).Add([]byte("k"), TypeHash, h)
		ks.Settle()
		if at, ok := ks.NextExpiry(); !ok || at != 1400 {
			t.Errorf("%s: next expiry %d, %t", encoding, at, ok)
		}
		for _, x := range []struct {
			nowMs  int64
			fields int
		}{{1400, 3}, {1401, 2}, {1500, 2}, {1501, 1}} {
			ks.SetNow(x.nowMs)
			ks.ExpireSome(100)
			if h.stored() != x.fields {
				t.Errorf("%s: %d fields at %d, want %d", encoding, h.stored(), x.nowMs, x.fields)
			}
		}
		if _, ok := ks.NextExpiry(); ok {
			t.Errorf("%s: something is left to expire", encoding)
		}
		h.SetFieldExpireAt([]byte("2"), 1600)
		ks.DB(0).Open(ks.DB(0).Lookup([]byte("k"), NoStats))
		ks.Settle()
		ks.SetNow(1601)
		if ks.DB(0).Lookup([]byte("k"), NoStats) != nil {
			t.Errorf("%s: the hash outlives its last field", encoding)
		}
		if len(events) != 3 || events[2] != "k true" || ks.Stats.ExpiredFields != 3 {
			t.Errorf("%s: %v, %d fields", encoding, events, ks.Stats.ExpiredFields)
		}
	}
}

// A lookup does not delete more at once than it can without holding others up. The
// rest is hidden.
func TestLookupHidesWhatItDoesNotDelete(t *testing.T) {
	ks := New(1, rand.NewPCG(1, 2))
	ks.SetNow(1000)
	h := hashOf("hashtable", 3*lazyFields)
	for i := range 3*lazyFields - 1 {
		h.SetFieldExpireAt([]byte(strconv.Itoa(i)), 1500)
	}
	ks.DB(0).Add([]byte("k"), TypeHash, h)
	ks.Settle()
	ks.SetNow(1501)
	ks.DB(0).Lookup([]byte("k"), 0)
	if h.stored() != 2*lazyFields || h.Len() != 1 {
		t.Errorf("%d fields stored, %d seen", h.stored(), h.Len())
	}
	if h.Delete([]byte("5")) || !h.Delete([]byte(strconv.Itoa(3*lazyFields-1))) {
		t.Error("a hidden field was there, or the other was not")
	}
	if err := ks.Check(); err != nil {
		t.Error(err)
	}
}

// Of fields with the same deadline, the one that got it last stands first, as the
// transcripts of field expiry show.
func TestOfEqualDeadlinesTheLastIsFirst(t *testing.T) {
	h := hashOf("listpack", 5)
	for _, x := range []struct {
		field string
		atMs  int64
	}{{"3", 20}, {"1", 10}, {"4", 10}, {"2", 20}, {"0", 10}} {
		h.SetFieldExpireAt([]byte(x.field), x.atMs)
	}
	order := ""
	h.Each(func(field, _ Element) bool {
		order += string(field.AppendTo(nil))
		return true
	})
	if order != "04123" {
		t.Error(order)
	}
}
