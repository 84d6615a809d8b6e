package rdb_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/fixtures"
	"respect/keyspace"
	"respect/rdb"
)

// saved returns the file of a keyspace.
func saved(t *testing.T, ks *keyspace.Keyspace, o rdb.SaveOptions) []byte {
	t.Helper()
	var file bytes.Buffer
	stats, err := rdb.Save(&file, ks, o)
	if err != nil || stats.Bytes != int64(file.Len()) || stats.Keys != ks.Len() {
		t.Fatalf("%+v of %d keys, %d bytes, %v", stats, ks.Len(), file.Len(), err)
	}
	return file.Bytes()
}

// usageOf is what the real servers write of the use of keys.
func usageOf(m *fixtures.Manifest) rdb.Usage {
	switch {
	case m.RDB.Opcodes["FREQ"] > 0:
		return rdb.Frequency
	case m.RDB.Opcodes["IDLE"] > 0:
		return rdb.Idle
	}
	return rdb.NoUsage
}

// TestFixturesAreSaved loads each fixture, saves it, and loads that: nothing has changed.
func TestFixturesAreSaved(t *testing.T) {
	loadable(t, func(t *testing.T, m fixtures.Manifest, file []byte) {
		if refusedFor(&m) != "" {
			return
		}
		for _, compress := range []bool{true, false} {
			ks, again := keyspace.New(16, rand.NewPCG(1, 2)), keyspace.New(16, rand.NewPCG(3, 4))
			for _, ks := range []*keyspace.Keyspace{ks, again} {
				ks.SetNow(m.SavedAtMs)
				configure(&ks.Settings, &m)
			}
			if _, err := rdb.Load(bytes.NewReader(file), ks, rdb.LoadOptions{}); err != nil {
				t.Fatal(err)
			}
			copied := saved(t, ks, rdb.SaveOptions{Version: rdb.VersionFor(ks, 11), Compress: compress, Usage: usageOf(&m)})
			if _, err := rdb.Load(bytes.NewReader(copied), again, rdb.LoadOptions{Size: int64(len(copied))}); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(ks.Check(), again.Check()); err != nil {
				t.Fatal(err)
			}
			databases, _ := m.LoadedBy(judgeOf(&m))
			for db, keys := range databases {
				if n := again.DB(db).Len(); n != len(keys) {
					t.Errorf("database %d: %d keys, want %d", db, n, len(keys))
				}
				for i := range keys {
					if keys[i].RDBType == int(rdb.TypeListZiplist) { // such a list stays a quicklist only once
						keys[i].Encoding = again.DB(db).Lookup([]byte(keys[i].Key), 0).Encoding()
					}
					compareLoaded(t, again, again.DB(db), &m, &keys[i])
				}
			}
		}
	})
}

// dumpVersions are those of the payloads in the manifests of releases that write what is
// written here.
var dumpVersions = map[string]int{"redis-7.0.15": 10, "redis-7.2.6": 11, "valkey-8.0.1": 11, "redis-7.4.1": 12}

// unordered are the encodings in which the order of elements is chance.
var unordered = []string{"hashtable"}

// TestDumpPayloadsAreEqual makes the DUMP payloads of all keys of the releases whose format
// is written here: each byte is as the real server had it.
func TestDumpPayloadsAreEqual(t *testing.T) {
	compared := map[string]int{}
	for _, m := range fixtures.List() {
		version := dumpVersions[m.Writer()]
		if version == 0 || m.RDB == nil {
			continue
		}
		ks := keyspace.New(16, rand.NewPCG(1, 2))
		configureEncodings(&ks.Settings, &m)
		for db, keys := range m.Databases {
			for i := range keys {
				k := &keys[i]
				if k.Dump == "" || !slices.Contains(loadableTypes, k.Type) {
					continue
				}
				if compareDump(t, ks, db, &m, k, version) {
					compared[fmt.Sprintf("%d %s %s", version, k.Type, k.Encoding)]++
				}
			}
		}
	}
	for _, kind := range []string{"10 string raw", "11 string int", "11 string embstr", "10 list quicklist", "11 list listpack",
		"11 list quicklist", "10 set intset", "11 set listpack", "10 set hashtable", "10 hash listpack", "11 hash listpack",
		"12 hash listpackex", "12 hash hashtable", "10 zset listpack", "11 zset skiplist"} {
		if compared[kind] == 0 {
			t.Errorf("no payload of kind %q: %v", kind, compared)
		}
	}
}

func compareDump(t *testing.T, ks *keyspace.Keyspace, db int, m *fixtures.Manifest, k *fixtures.Key, version int) bool {
	t.Helper()
	payload, err := hex.DecodeString(k.Dump)
	if err != nil {
		t.Fatal(err)
	}
	object, err := rdb.OpenDump(payload, version, false)
	if err != nil {
		t.Fatal(err)
	}
	v, err := rdb.LoadObject(object, ks, db, []byte(k.Key))
	if err != nil {
		t.Fatal(err)
	}
	o := v.AddTo(ks.DB(db), []byte(k.Key))
	if o.Encoding() != k.Encoding {
		return false // not as the server had it when it wrote the payload
	}
	got := rdb.AppendDump(nil, o, version, m.Config["rdbcompression"] != "no")
	if slices.Contains(unordered, k.Encoding) {
		return len(got) == len(payload) && got[0] == payload[0]
	}
	if rdb.Type(payload[0]) == rdb.TypeHashListpackEx && len(got) == len(payload) {
		// The earliest deadline of a real server may be one that has been changed since.
		const earliest, sum = 8, 8
		payload, got = payload[1+earliest:len(payload)-sum], got[1+earliest:len(got)-sum]
	}
	if diff := cmp.Diff(payload, got); diff != "" {
		t.Errorf("%s: key %q, %s (-manifest +ours):\n%s", m.Name(), k.Key, k.Encoding, diff)
	}
	return true
}

// typesOf collects the value types of a file by key, and the other facts in it.
type typesOf struct {
	rdb.Ignore
	types     map[string]rdb.Type
	facts     []string
	functions []string
}

func (v *typesOf) Key(h *rdb.KeyHeader) error {
	v.types[string(h.Key)] = h.Type
	return nil
}

func (v *typesOf) Aux(name, value []byte) error {
	v.facts = append(v.facts, string(name)+"="+string(value))
	return nil
}

func (v *typesOf) Function(source []byte) error {
	v.functions = append(v.functions, string(source))
	return nil
}

func (v *typesOf) ResizeDB(keys, expires uint64) error {
	v.facts = append(v.facts, fmt.Sprintf("%d keys, %d expire", keys, expires))
	return nil
}

func (v *typesOf) EOF(checksum uint64) error {
	if checksum == 0 {
		v.facts = append(v.facts, "no checksum")
	}
	return nil
}

// TestSaveVersions has what depends on the version of the format.
func TestSaveVersions(t *testing.T) {
	ks := keyspace.New(1, rand.NewPCG(1, 2))
	db, limits := ks.DB(0), &ks.Settings
	for _, key := range []string{"small", "big"} {
		set, hash := keyspace.NewSet(), keyspace.NewHash()
		db.Add([]byte("set-"+key), keyspace.TypeSet, set)
		db.Add([]byte("hash-"+key), keyspace.TypeHash, hash)
		value := []byte("x")
		if key == "big" {
			value = bytes.Repeat(value, 100)
		}
		set.Add(value, &limits.Set)
		for _, field := range []string{"f", "g", "h"} {
			hash.Set([]byte(field), value, &limits.Hash)
		}
		hash.SetFieldExpireAt([]byte("f"), 2000)
		hash.SetFieldExpireAt([]byte("g"), 3000)
	}
	db.SetExpireAt(db.Lookup([]byte("set-big"), 0), 5000)
	if n := rdb.VersionFor(ks, 11); n != 12 {
		t.Errorf("version %d for hashes whose fields expire", n)
	}
	for version, want := range map[int]map[string]rdb.Type{
		10: {"set-small": rdb.TypeSet, "set-big": rdb.TypeSet, "hash-small": rdb.TypeHashListpack, "hash-big": rdb.TypeHash},
		11: {"set-small": rdb.TypeSetListpack, "set-big": rdb.TypeSet, "hash-small": rdb.TypeHashListpack, "hash-big": rdb.TypeHash},
		12: {"set-small": rdb.TypeSetListpack, "set-big": rdb.TypeSet, "hash-small": rdb.TypeHashListpackEx, "hash-big": rdb.TypeHashMetadata},
	} {
		var file bytes.Buffer
		stats, err := rdb.Save(&file, ks, rdb.SaveOptions{
			Version: version, SkipChecksum: version == 11,
			Aux: [][2]string{{"redis-ver", "7"}, {"ctime", "123"}}, Functions: [][]byte{[]byte("#!lua name=x")},
		})
		if wantLost := map[int]int{10: 2, 11: 2}[version]; err != nil || stats.Lost != wantLost {
			t.Errorf("version %d: %+v, %v", version, stats, err)
		}
		got := typesOf{types: map[string]rdb.Type{}}
		if err := rdb.NewReader(bytes.NewReader(file.Bytes())).Read(&got); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		facts := []string{"redis-ver=7", "ctime=123", "4 keys, 1 expire"}
		if version == 11 {
			facts = append(facts, "no checksum")
		}
		if diff := cmp.Diff(want, got.types) + cmp.Diff(facts, got.facts) + cmp.Diff([]string{"#!lua name=x"}, got.functions); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
		if head := string(file.Bytes()[:9]); head != fmt.Sprintf("REDIS%04d", version) {
			t.Errorf("version %d: file begins with %q", version, head)
		}
		again, _, err := load(t, file.Bytes(), 1, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"hash-small", "hash-big"} {
			h := again.DB(0).Lookup([]byte(key), 0).Hash()
			at := [3]int64{h.FieldExpireAt([]byte("f")), h.FieldExpireAt([]byte("g")), h.FieldExpireAt([]byte("h"))}
			if want := map[bool][3]int64{true: {2000, 3000, -1}, false: {-1, -1, -1}}[version == 12]; at != want || h.Len() != 3 {
				t.Errorf("version %d, %s: fields expire at %v", version, key, at)
			}
		}
	}
}

// TestLengths has strings and lengths at the borders of their forms.
func TestLengths(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "\x00", 63: "\x3f", 64: "\x40\x40", 16383: "\x7f\xff", 16384: "\x80\x00\x00\x40\x00",
		1<<32 - 1: "\x80\xff\xff\xff\xff", 1 << 32: "\x81\x00\x00\x00\x01\x00\x00\x00\x00",
	} {
		w := rdb.NewWriter(11, true)
		if w.Length(n); string(w.Buf) != want {
			t.Errorf("%d: %q", n, w.Buf)
		}
	}
	for text, want := range map[string]string{
		"": "\x00", "0": "\xc0\x00", "-128": "\xc0\x80", "127": "\xc0\x7f", "128": "\xc1\x80\x00", "-32768": "\xc1\x00\x80",
		"32768": "\xc2\x00\x80\x00\x00", "2147483647": "\xc2\xff\xff\xff\x7f", "-2147483648": "\xc2\x00\x00\x00\x80",
		"2147483648": "\x0a2147483648", "007": "\x03007", "-0": "\x02-0",
		"aaaaaaaaaaaaaaaaaaaa":  "\x14aaaaaaaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaa": "\xc3\x06\x15\x01aa\xe0\x0a\x00",
	} {
		w := rdb.NewWriter(11, true)
		if w.String([]byte(text)); !strings.HasPrefix(string(w.Buf), want) || want[0] < 0xc3 && len(w.Buf) != len(want) {
			t.Errorf("%q: %q", text, w.Buf)
		}
	}
}

// failing is an output that fails behind some bytes.
type failing struct{ left int }

var errFull = errors.New("no space")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

// TestSaveFails has outputs that fail at the beginning, in the middle, and at the checksum;
// the next file is whole.
func TestSaveFails(t *testing.T) {
	ks := keyspace.New(2, rand.NewPCG(1, 2))
	for i := range 20000 {
		ks.DB(i%2).SetString(fmt.Appendf(nil, "key:%d", i), fmt.Appendf(nil, "value:%d", i), false)
	}
	o := rdb.SaveOptions{Version: 11}
	whole := saved(t, ks, o)
	for _, left := range []int{0, len(whole) / 2, len(whole) - 8} {
		if _, err := rdb.Save(&failing{left}, ks, o); err != errFull {
			t.Errorf("%d bytes: %v", left, err)
		}
		if again := saved(t, ks, o); !bytes.Equal(again, whole) {
			t.Errorf("after a failure, %d bytes instead of %d", len(again), len(whole))
		}
	}
}
