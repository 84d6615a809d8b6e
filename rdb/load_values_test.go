package rdb_test

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/fixtures"
	"respect/keyspace"
	"respect/keyspace/listpack"
	"respect/rdb"
)

// TestDumpPayloadsAreLoaded compares the values in all DUMP payloads of the fixtures.
func TestDumpPayloadsAreLoaded(t *testing.T) {
	loaded := map[string]int{}
	for _, m := range fixtures.List() {
		ks := keyspace.New(16, rand.NewPCG(1, 2))
		for db, keys := range m.Databases {
			for i := range keys {
				if k := &keys[i]; k.Dump != "" && slices.Contains(loadableTypes, k.Type) {
					loadDump(t, ks, ks.DB(db), &m, k)
					loaded[k.Type]++
				}
			}
		}
		if err := ks.Check(); err != nil {
			t.Errorf("%s: %v", m.Name(), err)
		}
	}
	for _, kind := range loadableTypes {
		if loaded[kind] < 100 {
			t.Errorf("only %d payloads of type %s", loaded[kind], kind)
		}
	}
}

func loadDump(t *testing.T, ks *keyspace.Keyspace, db *keyspace.DB, m *fixtures.Manifest, k *fixtures.Key) {
	t.Helper()
	payload, err := hex.DecodeString(k.Dump)
	if err != nil {
		t.Fatal(err)
	}
	object, err := rdb.OpenDump(payload, rdb.MaxVersion, false)
	if err != nil {
		t.Fatalf("%s: key %q: %v", m.Name(), k.Key, err)
	}
	v, err := rdb.LoadObject(object, ks, db.ID(), []byte(k.Key))
	if err != nil || v.IsEmpty() {
		t.Fatalf("%s: key %q: %v", m.Name(), k.Key, err)
	}
	o := v.AddTo(db, []byte(k.Key))
	if k.Type == "stream" {
		if diff := diffValue(t, asLoaded(m, db.ID(), k), o); diff != "" {
			t.Errorf("%s: key %q (-manifest +payload):\n%s", m.Name(), k.Key, diff)
		}
		return
	}
	want := wantedValue(t, k)
	got := valueOf(o)
	if k.Type == "zset" {
		negativeZeros(want)
		negativeZeros(got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: key %q (-manifest +payload):\n%s", m.Name(), k.Key, diff)
	}
}

// asLoaded returns the key as a real server of our release has it after loading: old payloads
// tell less than that.
func asLoaded(m *fixtures.Manifest, db int, k *fixtures.Key) *fixtures.Key {
	databases, _ := m.LoadedBy(judgeOf(m))
	for i := range databases[db] {
		if databases[db][i].Key == k.Key {
			return &databases[db][i]
		}
	}
	return k
}

// negativeZeros makes one zero of both: which one a server shows depends on the encoding.
func negativeZeros(pairs []fixtures.Pair) {
	for i := range pairs {
		if pairs[i].Value == "-0" {
			pairs[i].Value = "0"
		}
	}
}

// loadItem loads a file of one key, "k", from its type byte on.
func loadItem(t *testing.T, item string, nowMs int64, set func(*keyspace.Settings)) (*keyspace.Object, rdb.LoadStats, error) {
	t.Helper()
	ks := keyspace.New(1, rand.NewPCG(1, 2))
	ks.SetNow(nowMs)
	if set != nil {
		set(&ks.Settings)
	}
	stats, err := rdb.Load(strings.NewReader("REDIS0012"+item+"\xff\x00\x00\x00\x00\x00\x00\x00\x00"), ks, rdb.LoadOptions{})
	if invalid := ks.Check(); invalid != nil {
		t.Errorf("%.100q: %v", item, invalid)
	}
	return ks.DB(0).Lookup([]byte("k"), 0), stats, err
}

// count is a length of up to 16383 as a file stores it.
func count(n int) string { return string([]byte{0x40 | byte(n>>8), byte(n)}) }

func strs(elements ...string) string {
	var b strings.Builder
	for _, e := range elements {
		b.WriteString(count(len(e)) + e)
	}
	return b.String()
}

// numbers are the texts of n numbers, each followed by the given texts.
func numbers(n int, then ...string) (texts []string) {
	for i := range n {
		texts = append(append(texts, strconv.Itoa(i)), then...)
	}
	return texts
}

func packed(elements ...string) string {
	lp := listpack.New(0)
	for _, e := range elements {
		lp = lp.Append([]byte(e))
	}
	return count(len(lp)) + string(lp)
}

// TestEncodings has each type at its limits. What is expected is what valkey-server
// 8.0.1 answers for the same files, which sets these limits.
func TestEncodings(t *testing.T) {
	limits := func(s *keyspace.Settings) {
		s.Set = keyspace.SetLimits{MaxIntset: 6, MaxListpackEntries: 4, MaxListpackValue: 5}
		s.Hash.MaxListpackEntries, s.Hash.MaxListpackValue = 4, 5
		s.ZSet.MaxListpackEntries, s.ZSet.MaxListpackValue = 4, 5
	}
	score := func(members ...string) (item string) {
		for _, m := range members {
			item += strs(m) + "\x011"
		}
		return item
	}
	for _, c := range []struct{ item, encoding string }{
		{"\x02\x01k" + count(6) + strs(numbers(6)...), "intset"},
		{"\x02\x01k" + count(7) + strs(numbers(7)...), "hashtable"},
		{"\x02\x01k" + count(4) + strs("9", "3", "a", "5"), "listpack"},
		{"\x02\x01k" + count(5) + strs("9", "3", "a", "5", "6"), "hashtable"},
		{"\x02\x01k" + count(5) + strs("1", "2", "3", "4", "a"), "hashtable"},
		{"\x02\x01k" + count(2) + strs("123456", "1"), "intset"},
		{"\x02\x01k" + count(2) + strs("123456", "a"), "hashtable"},
		{"\x02\x01k" + count(2) + strs("a", "123456"), "hashtable"},
		{"\x02\x01k" + count(2) + strs("abcde", "12345"), "listpack"},
		{"\x02\x01k" + count(1) + strs("abcdef"), "hashtable"},
		{"\x0b\x01k" + count(8+12) + "\x02\x00\x00\x00\x06\x00\x00\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00", "intset"},
		{"\x0b\x01k" + count(8+14) + "\x02\x00\x00\x00\x07\x00\x00\x00\x00\x00\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00", "hashtable"},
		{"\x14\x01k" + packed(numbers(4)...), "listpack"},
		{"\x14\x01k" + packed("a", "a long member"), "listpack"},
		{"\x14\x01k" + packed(numbers(5)...), "hashtable"},
		{"\x04\x01k" + count(4) + strs(numbers(4, "v")...), "listpack"},
		{"\x04\x01k" + count(5) + strs(numbers(5, "v")...), "hashtable"},
		{"\x04\x01k" + count(2) + strs("a", "value", "b", "values"), "hashtable"},
		{"\x04\x01k" + count(2) + strs("fields", "v", "b", "v"), "hashtable"},
		{"\x10\x01k" + packed(numbers(4, "a long value")...), "listpack"},
		{"\x10\x01k" + packed(numbers(5, "v")...), "hashtable"},
		{"\x09\x01k\x0b\x01\x01f\x05\x00value\xff", "listpack"},
		{"\x09\x01k\x0c\x01\x01f\x06\x00values\xff", "hashtable"},
		{"\x03\x01k" + count(4) + score(numbers(4)...), "listpack"},
		{"\x03\x01k" + count(5) + score(numbers(5)...), "skiplist"},
		{"\x03\x01k" + count(2) + score("member", "m"), "skiplist"},
		{"\x11\x01k" + packed(numbers(4, "1")...), "listpack"},
		{"\x11\x01k" + packed("a long member", "1"), "listpack"},
		{"\x11\x01k" + packed(numbers(5, "1")...), "skiplist"},
	} {
		o, _, err := loadItem(t, c.item, 0, limits)
		if err != nil {
			t.Errorf("%q: %v", c.item, err)
		} else if o.Encoding() != c.encoding {
			t.Errorf("%q: %s, want %s", c.item, o.Encoding(), c.encoding)
		}
	}
}

// TestSetsThatCannotBeIntsets requires the limit of intsets to count for sets of
// strings too, as in valkey-server 8.0.1.
func TestSetsThatCannotBeIntsets(t *testing.T) {
	for members, encoding := range map[int]string{2: "listpack", 3: "hashtable"} {
		item := "\x02\x01k" + count(members) + strs([]string{"a", "b", "c"}[:members]...)
		o, _, err := loadItem(t, item, 0, func(s *keyspace.Settings) { s.Set.MaxIntset, s.Set.MaxListpackEntries = 2, 4 })
		if err != nil || o.Encoding() != encoding {
			t.Errorf("%d members: %s, %v", members, o.Encoding(), err)
		}
	}
}

// TestOrderOfLoadedSets requires a listpack to begin with the integers that came
// before the first string, in order.
func TestOrderOfLoadedSets(t *testing.T) {
	o, _, err := loadItem(t, "\x02\x01k"+count(6)+strs("9", "-3", "b", "7", "a", "5"), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	o.Set().Each(func(e keyspace.Element) bool {
		got = append(got, string(e.AppendTo(nil)))
		return true
	})
	if want := []string{"-3", "9", "b", "7", "a", "5"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLoadRefusesRepeatedElements is for values that are stored element by element;
// the texts are those of real servers.
func TestLoadRefusesRepeatedElements(t *testing.T) {
	const stream = "\x0f\x01k\x00\x00\x01\x01"
	node := packed("1", "0", "1", "f", "0", "2", "0", "0", "v", "4")
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ item, reason string }{
		{"\x02\x01k\x02" + strs("1", "1"), "Duplicate set members detected"},
		{"\x02\x01k\x03" + strs("1", "a", "1"), "Duplicate set members detected"},
		{"\x02\x01k\x02" + strs(long, long), "Duplicate set members detected"},
		{"\x02\x01k\x04" + strs("1", "2", "1", long), "Duplicate set members detected"},
		{"\x02\x01k\x03" + strs("a", "a", long), "Duplicate set members detected"},
		{"\x04\x01k\x02" + strs("f", "1", "f", "2"), "Hash with dup elements"},
		{"\x04\x01k\x02" + strs(long, "1", long, "2"), "Duplicate hash fields detected"},
		{"\x04\x01k\x03" + strs("f", "1", "f", "2", "g", long), "Duplicate hash fields detected"},
		{"\x05\x01k\x02\x01m\x00\x00\x00\x00\x00\x00\xf0\x3f\x01m\x00\x00\x00\x00\x00\x00\xf0\x3f", "Duplicate zset fields detected"},
		{stream + "\x02\x01g\x00\x00\x00\x00\x01g\x00\x00\x00\x00", "Duplicated consumer group name g"},
		{stream + "\x01\x01g\x00\x00\x02" + strings.Repeat("\x01", 2*(16+8+1)) + "\x00", "Duplicated global PEL entry loading stream consumer group"},
		{stream + "\x01\x01g\x00\x00\x00\x02" + strings.Repeat("\x01c12345678\x00", 2), "Duplicate stream consumer detected."},
		{stream + "\x01\x01g\x00\x00\x00\x01\x01c12345678\x01" + strings.Repeat("\x01", 16), "Consumer entry not found in group global PEL"},
		{stream + "\x01\x01g\x00\x00\x01" + strings.Repeat("\x01", 16+8+1) + "\x00", "Stream CG PEL entry without consumer"},
		{stream + "\x01\x01g\x00\x00\x01" + strings.Repeat("\x01", 16+8+1) + "\x01\x01c12345678\x02" + strings.Repeat("\x01", 32), "Stream consumer PEL entry already has a consumer assigned"},
		{"\x0f\x01k\x02" + strings.Repeat("\x10"+strings.Repeat("\x01", 16)+node, 2) + "\x02\x01\x01\x00", "Stream nodes are not in order"},
		{"\x0f\x01k\x01\x10" + strings.Repeat("\x01", 16) + node + "\x01\x01\x01\x00", "Stream has entries after its last ID"},
	} {
		o, stats, err := loadItem(t, c.item, 0, nil)
		var bad *rdb.FormatError
		if !errors.As(err, &bad) || bad.Kind != rdb.Corrupt || bad.Reason != c.reason || bad.Key != "k" {
			t.Errorf("%.100q: %v, want %s", c.item, err, c.reason)
		}
		if o != nil || stats.Keys != 0 {
			t.Errorf("%.100q: was loaded", c.item)
		}
	}
}

// TestFieldsThatHaveExpired requires them to be dropped, and keys of which nothing is
// left to count as expired. A hash that was too large for a listpack stays so.
func TestFieldsThatHaveExpired(t *testing.T) {
	const at = 1000
	base := "\xe8\x03\x00\x00\x00\x00\x00\x00"
	for _, c := range []struct {
		item    string
		nowMs   int64
		fields  []fixtures.Pair
		dropped int
	}{
		{"\x18\x01k" + base + "\x02\x01" + strs("f", "1") + "\x03" + strs("g", "2"), at, []fixtures.Pair{{Name: "f", Value: "1", ExpireAtMs: at}, {Name: "g", Value: "2", ExpireAtMs: at + 2}}, 0},
		{"\x18\x01k" + base + "\x02\x01" + strs("f", "1") + "\x03" + strs("g", "2"), at + 1, []fixtures.Pair{{Name: "g", Value: "2", ExpireAtMs: at + 2}}, 1},
		{"\x18\x01k" + base + "\x02\x01" + strs("f", "1") + "\x03" + strs("g", "2"), at + 3, nil, 2},
		{"\x16\x01k\x02\x00" + strs("f", "1") + "\x43\xe8" + strs("g", "2"), at + 1, []fixtures.Pair{{Name: "f", Value: "1"}}, 1},
		{"\x19\x01k" + base + packed("f", "1", "1000", "g", "2", "1002", "h", "3", "0"), at + 1, []fixtures.Pair{{Name: "g", Value: "2", ExpireAtMs: at + 2}, {Name: "h", Value: "3"}}, 1},
		{"\x17\x01k" + packed("f", "1", "1000"), at + 1, nil, 1},
	} {
		o, stats, err := loadItem(t, c.item, c.nowMs, nil)
		if err != nil {
			t.Errorf("%q: %v", c.item, err)
			continue
		}
		if stats.ExpiredFields != c.dropped || stats.Empty != 0 || (stats.Expired == 1) != (c.fields == nil) {
			t.Errorf("%q at %d: %+v", c.item, c.nowMs, stats)
		}
		if o == nil {
			if c.fields != nil {
				t.Errorf("%q at %d: dropped", c.item, c.nowMs)
			}
			continue
		}
		if diff := cmp.Diff(c.fields, valueOf(o)); diff != "" || o.Encoding() != "listpackex" {
			t.Errorf("%q at %d: %s (-want +got):\n%s", c.item, c.nowMs, o.Encoding(), diff)
		}
	}
}

// TestEmptyKeysAreCounted names the first ten, none of which is the one that expired.
func TestEmptyKeysAreCounted(t *testing.T) {
	var items strings.Builder
	items.WriteString("\x17\x01x" + packed("f", "1", "1000"))
	for i := range 12 {
		items.WriteString("\x02\x01" + string(rune('a'+i)) + "\x00")
	}
	_, stats, err := loadItem(t, items.String(), 1001, nil)
	if err != nil || stats.Empty != 12 || stats.Expired != 1 || strings.Join(stats.EmptyKeys, "") != "abcdefghij" {
		t.Errorf("%+v, %v", stats, err)
	}
}

// TestLoadObjectOfNothing has values of which nothing is left.
func TestLoadObjectOfNothing(t *testing.T) {
	ks := keyspace.New(1, rand.NewPCG(1, 2))
	ks.SetNow(2000)
	for _, object := range []string{"\x02\x00", "\x10" + packed(), "\x17" + packed("f", "1", "1000")} {
		if v, err := rdb.LoadObject([]byte(object), ks, 0, []byte("k")); !v.IsEmpty() || err != nil {
			t.Errorf("%q: %v, %v", object, v, err)
		}
	}
	if v, err := rdb.LoadObject([]byte("\x02\x02\x01a\x01a"), ks, 0, []byte("k")); !v.IsEmpty() || err == nil {
		t.Errorf("%v, %v", v, err)
	}
	if ks.Len() != 0 {
		t.Errorf("%d keys", ks.Len())
	}
}
