package rdb_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/fixtures"
	"respect/keyspace"
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

// stringsAndLists are the fixtures that hold nothing else.
func stringsAndLists(t *testing.T, do func(t *testing.T, m fixtures.Manifest, file []byte)) {
	for _, m := range fixtures.List() {
		if m.RDB == nil || !m.HoldsOnly("string", "list") {
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

func TestLoadKeepsWhatHasNotExpired(t *testing.T) {
	stringsAndLists(t, func(t *testing.T, m fixtures.Manifest, file []byte) {
		const databases = 16
		ks, stats, err := load(t, file, databases, m.SavedAtMs)
		var limit *rdb.LimitError
		if errors.As(err, &limit) {
			t.Skip(limit)
		}
		if err != nil {
			t.Fatal(err)
		}
		if stats.Keys != ks.Len() {
			t.Errorf("%d keys counted, %d there", stats.Keys, ks.Len())
		}
	})
}

func TestLoadRefusesMoreDatabasesThanThereAre(t *testing.T) {
	stringsAndLists(t, func(t *testing.T, m fixtures.Manifest, file []byte) {
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
		`Refused in RDB reading offset 17, type 0 (string) at offset 14, key "k" in DB 0: RDB has duplicated key 'k' in DB 0`}
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
