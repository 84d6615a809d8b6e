package rdb_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"respect/fixtures"
	"respect/keyspace"
	"respect/keyspace/stream"
	"respect/rdb"
)

// load reads a fixture into a keyspace whose clock stands at the given time.
func load(t *testing.T, file []byte, databases int, nowMs int64) (*keyspace.Keyspace, rdb.LoadStats, error) {
	t.Helper()
	ks := keyspace.New(databases, rand.NewPCG(1, 2))
	ks.SetNow(nowMs)
	stats, err := rdb.Load(bytes.NewReader(file), ks, rdb.LoadOptions{Size: int64(len(file))})
	if invalid := ks.Check(); invalid != nil {
		t.Error(invalid)
	}
	return ks, stats, err
}

var loadableTypes = []string{"string", "list", "set", "hash", "zset", "stream"}

// loadable calls do for each fixture of which every type can be loaded.
func loadable(t *testing.T, do func(t *testing.T, m fixtures.Manifest, file []byte)) {
	for _, m := range fixtures.List() {
		if m.RDB == nil || !m.HoldsOnly(loadableTypes...) {
			continue
		}
		t.Run(m.Name(), func(t *testing.T) {
			file, err := m.Load()
			if err != nil {
				t.Fatal(err)
			}
			do(t, m, file)
		})
	}
}

// refusedFor tells why files without unsupported types are refused all the same, as real servers
// do.
func refusedFor(m *fixtures.Manifest) string {
	switch {
	case m.RDB.Opcodes["MODULE_AUX"] > 0:
		return "module"
	case m.RDB.Opcodes["FUNCTION_PRE_GA"] > 0:
		return "Pre-release function format"
	}
	return ""
}

// judgeOf names the server whose loading of the file is to be equalled.
func judgeOf(m *fixtures.Manifest) string {
	if m.RDBVersion > 11 {
		return "redis-7.4.1"
	}
	return "redis-7.2.6"
}

// TestFixturesAreLoaded compares each key of each fixture with what a real server made of it.
func TestFixturesAreLoaded(t *testing.T) {
	loadable(t, func(t *testing.T, m fixtures.Manifest, file []byte) {
		ks := keyspace.New(16, rand.NewPCG(1, 2))
		ks.SetNow(m.SavedAtMs)
		configure(&ks.Settings, &m)
		stats, err := rdb.Load(bytes.NewReader(file), ks, rdb.LoadOptions{Size: int64(len(file))})
		if why := refusedFor(&m); why != "" {
			var limit *rdb.LimitError
			if !errors.As(err, &limit) || !strings.Contains(limit.Reason, why) {
				t.Errorf("not refused for %s: %v", why, err)
			}
			return
		}
		if invalid := ks.Check(); err != nil || invalid != nil {
			t.Fatal(err, invalid)
		}
		databases, loads := m.LoadedBy(judgeOf(&m))
		if !loads {
			t.Fatal("the real server refuses it")
		}
		want := 0
		for db, keys := range databases {
			want += len(keys)
			if n := ks.DB(db).Len(); n != len(keys) {
				t.Errorf("database %d: %d keys, want %d", db, n, len(keys))
			}
			for i := range keys {
				compareLoaded(t, ks, ks.DB(db), &m, &keys[i])
			}
		}
		all := 0
		for _, n := range m.DBSize {
			all += n
		}
		if stats.Keys != want || stats.Keys+stats.Expired != all || stats.Empty != 0 || ks.Len() != want {
			t.Errorf("%+v, want %d of %d keys", stats, want, all)
		}
	})
}

// configure sets what the judge had been configured with.
func configure(s *keyspace.Settings, m *fixtures.Manifest) {
	s.LFU = strings.HasSuffix(m.Config["maxmemory-policy"], "-lfu")
	if judgeOf(m) == m.Writer() {
		configureEncodings(s, m)
	}
}

// configureEncodings sets what the writer had been configured with.
func configureEncodings(s *keyspace.Settings, m *fixtures.Manifest) {
	for name, to := range map[string]*int{
		"list-max-listpack-size": &s.List.MaxListpackSize, "list-compress-depth": &s.List.CompressDepth,
		"set-max-intset-entries": &s.Set.MaxIntset, "set-max-listpack-entries": &s.Set.MaxListpackEntries,
		"set-max-listpack-value":    &s.Set.MaxListpackValue,
		"hash-max-listpack-entries": &s.Hash.MaxListpackEntries, "hash-max-listpack-value": &s.Hash.MaxListpackValue,
		"zset-max-listpack-entries": &s.ZSet.MaxListpackEntries, "zset-max-listpack-value": &s.ZSet.MaxListpackValue,
	} {
		if n, err := strconv.Atoi(m.Config[name]); err == nil {
			*to = n
		}
	}
}

func compareLoaded(t *testing.T, ks *keyspace.Keyspace, db *keyspace.DB, m *fixtures.Manifest, want *fixtures.Key) {
	t.Helper()
	o := db.Lookup([]byte(want.Key), keyspace.NoTouch|keyspace.NoStats)
	if o == nil {
		t.Errorf("key %q is missing", want.Key)
		return
	}
	type facts struct {
		Type, Encoding string
		ExpireAtMs     int64
		Freq           int
		Idle           int64
	}
	wanted := facts{want.Type, want.Encoding, rdb.NoExpire, 0, 0}
	got := facts{o.Type().String(), o.Encoding(), db.ExpireAt(o), 0, 0}
	if want.Expire.Set {
		wanted.ExpireAtMs = want.Expire.AtMs
	}
	if want.Freq != nil {
		wanted.Freq, got.Freq = *want.Freq, int(ks.Frequency(o))
	}
	if want.IdleSeconds != nil {
		wanted.Idle, got.Idle = *want.IdleSeconds, ks.IdleSeconds(o)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("key %q (-want +got):\n%s", want.Key, diff)
		return
	}
	if diff := diffValue(t, want, o); diff != "" {
		t.Errorf("key %q (-want +got):\n%s", want.Key, diff)
	}
}

// diffValue tells how a value differs from that of a manifest.
func diffValue(t *testing.T, want *fixtures.Key, o *keyspace.Object) string {
	t.Helper()
	if want.Type != "stream" {
		return cmp.Diff(wantedValue(t, want), valueOf(o))
	}
	s, err := want.Value.Stream()
	if err != nil {
		t.Fatalf("key %q: %v", want.Key, err)
	}
	return cmp.Diff(s, streamOf(o.Stream()), cmpopts.EquateEmpty())
}

// streamOf describes a stream as manifests do.
func streamOf(s *stream.Stream) *fixtures.Stream {
	added := int64(s.Added())
	out := &fixtures.Stream{Length: int64(s.Len()), LastID: s.LastID().String(), FirstID: s.FirstID().String(),
		MaxDeletedID: s.MaxDeletedID().String(), EntriesAdded: &added}
	for it := s.Range(stream.MinID, stream.MaxID); it.Next(); {
		e := fixtures.StreamEntry{ID: it.ID.String()}
		it.Each(func(field, value stream.Element) {
			e.Fields = append(e.Fields, string(field.AppendTo(nil)), string(value.AppendTo(nil)))
		})
		out.Entries = append(out.Entries, e)
	}
	s.EachGroup(func(g *stream.Group) bool {
		out.Groups = append(out.Groups, groupOf(s, g))
		return true
	})
	return out
}

func groupOf(s *stream.Stream, g *stream.Group) fixtures.StreamGroup {
	out := fixtures.StreamGroup{Name: fixtures.Text(g.Name()), LastDeliveredID: g.LastID.String()}
	if read := g.Read; read != stream.Unknown {
		out.EntriesRead = &read
	}
	if lag, known := g.Lag(s); known {
		out.Lag = &lag
	}
	add := func(to *[]fixtures.StreamPending, withConsumer bool) func(id stream.ID, p *stream.Pending) bool {
		return func(id stream.ID, p *stream.Pending) bool {
			row := fixtures.StreamPending{ID: id.String(), DeliveryTime: p.DeliveredMs, DeliveryCount: int64(p.Deliveries)}
			if withConsumer {
				row.Consumer = fixtures.Text(p.Consumer().Name())
			}
			*to = append(*to, row)
			return true
		}
	}
	g.EachPending(stream.MinID, add(&out.PEL, true))
	g.EachConsumer(func(c *stream.Consumer) bool {
		active := c.ActiveMs
		consumer := fixtures.StreamConsumer{Name: fixtures.Text(c.Name()), SeenTime: c.SeenMs, ActiveTime: &active}
		c.EachPending(stream.MinID, add(&consumer.PEL, false))
		out.Consumers = append(out.Consumers, consumer)
		return true
	})
	return out
}

// wantedValue lists what a value consists of, in the manner of valueOf.
func wantedValue(t *testing.T, k *fixtures.Key) []fixtures.Pair {
	t.Helper()
	var pairs []fixtures.Pair
	var elements []string
	var err error
	switch k.Type {
	case "string":
		elements = make([]string, 1)
		elements[0], err = k.Value.Text()
	case "list", "set":
		elements, err = k.Value.List()
	default:
		pairs, err = k.Value.Pairs()
	}
	if err != nil {
		t.Fatalf("key %q: %v", k.Key, err)
	}
	for _, e := range elements {
		pairs = append(pairs, fixtures.Pair{Name: e})
	}
	if k.Type == "zset" {
		for i := range pairs {
			score, err := strconv.ParseFloat(pairs[i].Value, 64)
			if err != nil {
				t.Fatalf("key %q: %v", k.Key, err)
			}
			pairs[i].Value = scoreText(score)
		}
	}
	return pairs
}

// scoreText is different for different numbers, and for the two zeros.
func scoreText(score float64) string { return strconv.FormatFloat(score, 'g', -1, 64) }

// valueOf lists what a value consists of: sets and hashes in byte order, sorted sets by rank.
func valueOf(o *keyspace.Object) (pairs []fixtures.Pair) {
	add := func(e keyspace.Element, value string) {
		pairs = append(pairs, fixtures.Pair{Name: string(e.AppendTo(nil)), Value: value})
	}
	addElement := func(e keyspace.Element) bool {
		add(e, "")
		return true
	}
	switch o.Type() {
	case keyspace.TypeString:
		return []fixtures.Pair{{Name: string(o.Bytes(nil))}}
	case keyspace.TypeList:
		o.List().Each(0, o.List().Len(), addElement)
		return pairs
	case keyspace.TypeZSet:
		o.ZSet().Each(0, o.ZSet().Len(), false, func(member keyspace.Element, score float64) bool {
			add(member, scoreText(score))
			return true
		})
		return pairs
	case keyspace.TypeSet:
		o.Set().Each(addElement)
	case keyspace.TypeHash:
		o.Hash().Each(func(field, value keyspace.Element) bool {
			add(field, string(value.AppendTo(nil)))
			pairs[len(pairs)-1].ExpireAtMs = max(0, o.Hash().FieldExpireAt(field.AppendTo(nil)))
			return true
		})
	}
	slices.SortFunc(pairs, func(a, b fixtures.Pair) int { return strings.Compare(a.Name, b.Name) })
	return pairs
}

func TestLoadRefusesMoreDatabasesThanThereAre(t *testing.T) {
	loadable(t, func(t *testing.T, m fixtures.Manifest, file []byte) {
		if refusedFor(&m) != "" {
			t.Skip("refused anyway")
		}
		_, _, err := load(t, file, 1, 0)
		var limit *rdb.LimitError
		if len(m.Databases) > 1 && !errors.As(err, &limit) {
			t.Errorf("%d databases were loaded into one: %v", len(m.Databases), err)
		}
	})
}

func TestLoadRefusesAKeyTwice(t *testing.T) {
	file := []byte("REDIS0003\x00\x01k\x01v\x00\x01k\x01w\xff")
	_, _, err := load(t, file, 1, 0)
	var limit *rdb.LimitError
	if !errors.As(err, &limit) {
		t.Fatalf("error %v", err)
	}
	want := []string{"RDB has duplicated key 'k' in DB 0",
		`Refused in RDB reading offset 19, type 0 (string) at offset 14, key "k" in DB 0: RDB has duplicated key 'k' in DB 0`}
	if diff := cmp.Diff(want, limit.LogLines()); diff != "" {
		t.Error(diff)
	}
}

func TestLoadReservesNoMoreThanTheFileCanHold(t *testing.T) {
	file := []byte("REDIS0003\xfb\x80\xff\xff\xff\xff\x00\x00\x01k\x01v\xff")
	ks, stats, err := load(t, file, 1, 0)
	if err != nil || stats.Keys != 1 || ks.Len() != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
}
