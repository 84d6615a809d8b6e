package keyspace

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

// newRand returns a source whose seed the test prints, so that a failure can be
// repeated with -seed.
func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return rand.New(rand.NewPCG(s, s))
}

// modelKey is what the model knows of a key.
type modelKey struct {
	value string
	at    int64 // deadline, or NoExpiry
}

// model is the naive counterpart of a Keyspace that holds only strings.
type model struct {
	t     *testing.T
	r     *rand.Rand
	ks    *Keyspace
	dbs   []map[string]modelKey
	nowMs int64
}

func newModel(t *testing.T, databases int) *model {
	r := newRand(t)
	m := &model{t: t, r: r, ks: New(databases, rand.NewPCG(r.Uint64(), 1)), nowMs: 1_700_000_000_000}
	for range databases {
		m.dbs = append(m.dbs, map[string]modelKey{})
	}
	m.ks.SetNow(m.nowMs)
	m.ks.Meter(r.IntN(4) > 0)
	return m
}

func (m *model) key() []byte {
	switch m.r.IntN(20) {
	case 0:
		return bytes.Repeat([]byte("k"), 1000+m.r.IntN(200))
	case 1:
		return nil
	}
	return fmt.Appendf(nil, "key:%d", m.r.IntN(200))
}

func (m *model) value() []byte {
	switch m.r.IntN(6) {
	case 0:
		return strconv.AppendInt(nil, int64(m.r.Uint64()), 10)
	case 1:
		return strconv.AppendInt(nil, m.r.Int64N(100), 10)
	case 2:
		return bytes.Repeat([]byte{byte(m.r.Uint32())}, m.r.IntN(3000))
	default:
		return bytes.Repeat([]byte("v"), m.r.IntN(100))
	}
}

// look returns what the model has for a key now.
func (m *model) look(db int, key []byte) (modelKey, bool) {
	k, ok := m.dbs[db][string(key)]
	if ok && k.at != NoExpiry && m.nowMs > k.at {
		delete(m.dbs[db], string(key))
		return modelKey{}, false
	}
	return k, ok
}

func (m *model) step() {
	i := m.r.IntN(len(m.dbs))
	db, other := m.ks.DB(i), m.r.IntN(len(m.dbs))
	key, value := m.key(), m.value()
	k, present := m.look(i, key)
	o := db.Lookup(key, 0)
	if (o != nil) != present {
		m.t.Fatalf("db %d key %q: present %v, want %v", i, key, o != nil, present)
	}
	switch m.r.IntN(14) {
	case 0, 1, 2:
		keep := m.r.IntN(3) == 0
		db.SetString(key, value, keep)
		if !keep || !present {
			k.at = NoExpiry
		}
		m.dbs[i][string(key)] = modelKey{string(value), k.at}
	case 3:
		if present {
			db.Append(o, value)
			m.dbs[i][string(key)] = modelKey{k.value + string(value), k.at}
		}
	case 4:
		if present {
			offset := m.r.IntN(2000)
			b := append([]byte(k.value), make([]byte, max(0, offset+len(value)-len(k.value)))...)
			copy(b[offset:], value)
			db.SetRange(o, offset, value)
			m.dbs[i][string(key)] = modelKey{string(b), k.at}
		}
	case 5:
		n := int64(m.r.Uint64())
		if !present {
			k.at = NoExpiry
		}
		db.SetInt(key, n)
		m.dbs[i][string(key)] = modelKey{strconv.FormatInt(n, 10), k.at}
	case 6:
		if db.Delete(key) != present {
			m.t.Fatalf("Delete(%q) was not %v", key, present)
		}
		delete(m.dbs[i], string(key))
	case 7, 8:
		if present {
			k.at = m.nowMs + m.r.Int64N(2000)
			db.SetExpireAt(o, k.at)
			m.dbs[i][string(key)] = k
		}
	case 9:
		if present {
			if db.Persist(o) != (k.at != NoExpiry) {
				m.t.Fatalf("Persist(%q) was wrong", key)
			}
			m.dbs[i][string(key)] = modelKey{k.value, NoExpiry}
		}
	case 10:
		m.transfer(i, other, key, k, o)
	case 11:
		m.nowMs += m.r.Int64N(300)
		m.ks.SetNow(m.nowMs)
	case 12:
		for m.ks.ExpireSome(1 + m.r.IntN(10)) {
		}
	case 13:
		m.rare(i, other)
	}
}

// transfer renames, moves or copies a key.
func (m *model) transfer(i, other int, key []byte, k modelKey, o *Object) {
	to := append([]byte("to:"), m.key()...)
	if o == nil {
		return
	}
	switch m.r.IntN(3) {
	case 0:
		m.ks.DB(i).Delete(to)
		m.ks.DB(i).Rename(o, to)
		delete(m.dbs[i], string(key))
		m.dbs[i][string(to)] = k
	case 1:
		if _, taken := m.look(other, key); other != i && !taken {
			m.ks.DB(other).Delete(key)
			m.ks.DB(i).MoveTo(o, m.ks.DB(other))
			delete(m.dbs[i], string(key))
			m.dbs[other][string(key)] = k
		}
	case 2:
		m.ks.DB(other).Delete(to)
		m.ks.DB(i).CopyTo(o, m.ks.DB(other), to)
		m.dbs[other][string(to)] = k
	}
}

func (m *model) rare(i, other int) {
	switch m.r.IntN(200) {
	case 0:
		m.ks.DB(i).Flush()
		m.dbs[i] = map[string]modelKey{}
	case 1, 2:
		m.ks.Swap(i, other)
		m.dbs[i], m.dbs[other] = m.dbs[other], m.dbs[i]
	}
}

// compare holds the whole keyspace against the model.
func (m *model) compare() {
	if err := m.ks.Check(); err != nil {
		m.t.Fatal(err)
	}
	for i := range m.dbs {
		live := 0
		for key, k := range m.dbs[i] {
			if _, ok := m.look(i, []byte(key)); !ok {
				continue
			}
			live++
			o := m.ks.DB(i).Lookup([]byte(key), NoTouch)
			if o == nil {
				m.t.Fatalf("db %d: key %q is gone", i, key)
			}
			if got := o.Bytes(nil); string(got) != k.value || o.StringLen() != len(k.value) {
				m.t.Fatalf("db %d key %q: %q, want %q", i, key, got, k.value)
			}
			if got := m.ks.DB(i).ExpireAt(o); got != k.at {
				m.t.Fatalf("db %d key %q: deadline %d, want %d", i, key, got, k.at)
			}
		}
		seen := 0
		for range m.ks.DB(i).All() {
			seen++
		}
		if seen != live {
			m.t.Fatalf("db %d: %d keys, want %d", i, seen, live)
		}
	}
}

func TestStringsAgainstModel(t *testing.T) {
	m := newModel(t, 3)
	for i := range 200_000 {
		m.step()
		if i%5000 == 0 {
			m.compare()
		}
	}
	m.compare()
}

func TestParseInt(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63,
	} {
		if got, ok := ParseInt([]byte(text)); !ok || got != want {
			t.Errorf("ParseInt(%q) = %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "+1", " 1", "1 ", "01", "-0", "1.0", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "00", "a"} {
		if got, ok := ParseInt([]byte(text)); ok {
			t.Errorf("ParseInt(%q) = %d, want none", text, got)
		}
	}
}

func FuzzParseInt(f *testing.F) {
	for _, s := range []string{"0", "-1", "12345678901234567890", "007", "-"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		n, ok := ParseInt(s)
		if ok && strconv.FormatInt(n, 10) != string(s) {
			t.Fatalf("%q was read as %d", s, n)
		}
		if want, err := strconv.ParseInt(string(s), 10, 64); !ok && err == nil && strconv.FormatInt(want, 10) == string(s) {
			t.Fatalf("%q was refused", s)
		}
	})
}

func TestOverwritingInPlaceAllocatesNothing(t *testing.T) {
	ks := New(1, rand.NewPCG(1, 1))
	key, value := []byte("key:000000000001"), []byte("xxx")
	ks.DB(0).SetString(key, value, false)
	if n := testing.AllocsPerRun(100, func() { ks.DB(0).SetString(key, value, false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { ks.DB(0).Lookup(key, 0) }); n != 0 {
		t.Errorf("%v allocations for a lookup", n)
	}
}

func TestLFUCounterRisesAndDecays(t *testing.T) {
	ks := New(1, rand.NewPCG(1, 2))
	ks.Settings.LFU = true
	ks.SetNow(60_000)
	db := ks.DB(0)
	key := []byte("k")
	db.SetString(key, []byte("v"), false)
	for range 1000 {
		db.Lookup(key, 0)
	}
	o := db.Lookup(key, NoTouch)
	high := ks.Frequency(o)
	if high <= lfuInitial || high > 40 {
		t.Fatalf("frequency %d after 1000 uses", high)
	}
	ks.SetNow(60_000 + 3*60_000)
	if got := ks.Frequency(o); got != high-3 {
		t.Errorf("frequency %d after three idle minutes, want %d", got, high-3)
	}
}

func TestIdleSeconds(t *testing.T) {
	ks := New(1, rand.NewPCG(1, 2))
	ks.SetNow(1_000_000)
	ks.DB(0).SetString([]byte("k"), []byte("v"), false)
	ks.SetNow(1_000_000 + 7500)
	o := ks.DB(0).Lookup([]byte("k"), NoTouch)
	if got := ks.IdleSeconds(o); got != 7 {
		t.Errorf("idle for %d s, want 7", got)
	}
}
