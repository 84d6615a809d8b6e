package keyspace

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNewKeysAndMissesAreTold holds the hooks against what is done to the keys.
func TestNewKeysAndMissesAreTold(t *testing.T) {
	ks := New(2, rand.NewPCG(1, 2))
	db, other := ks.DB(0), ks.DB(1)
	var told []string
	ks.OnNew = func(_ *DB, key []byte) { told = append(told, "new "+string(key)) }
	ks.OnMiss = func(_ *DB, key []byte) { told = append(told, "miss "+string(key)) }
	key := func(s string) []byte { return []byte(s) }
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"a new string", func() { db.SetString(key("a"), key("1"), false) }, []string{"new a"}},
		{"the same again", func() { db.SetString(key("a"), key("2"), false) }, nil},
		{"a new list", func() { db.Add(key("l"), TypeList, &List{}) }, []string{"new l"}},
		{"replaced", func() { db.Replace(key("l"), func() { db.Add(key("l"), TypeList, &List{}) }) }, nil},
		{"replaced, but not there", func() { db.Replace(key("m"), func() { db.Add(key("m"), TypeList, &List{}) }) }, []string{"new m"}},
		{"renamed", func() { db.Rename(db.Lookup(key("a"), 0), key("b")) }, []string{"new b"}},
		{"moved", func() { db.MoveTo(db.Lookup(key("b"), 0), other) }, []string{"new b"}},
		{"copied", func() { other.CopyTo(other.Lookup(key("b"), 0), db, key("c")) }, []string{"new c"}},
		{"read", func() { db.Lookup(key("c"), 0); db.Lookup(key("x"), 0) }, []string{"miss x"}},
		{"looked up to be changed", func() { db.Lookup(key("x"), NoStats); db.Lookup(key("x"), NoMiss) }, nil},
	} {
		told = nil
		step.do()
		if !slices.Equal(told, step.want) {
			t.Errorf("%s: told %q, want %q", step.name, told, step.want)
		}
	}
}

func TestStoredChangesNothing(t *testing.T) {
	ks := New(1, rand.NewPCG(1, 2))
	db := ks.DB(0)
	db.SetExpireAt(db.SetString([]byte("k"), []byte("v"), false), 10)
	for _, now := range []int64{10, 11} {
		ks.SetNow(now)
		if stored, expired := db.Stored([]byte("k")); !stored || expired != (now > 10) {
			t.Errorf("at %d: stored %v, expired %v", now, stored, expired)
		}
	}
	if stored, _ := db.Stored([]byte("none")); stored || ks.Stats != (Stats{}) {
		t.Errorf("stored %v, %+v", stored, ks.Stats)
	}
	if db.Lookup([]byte("k"), 0) != nil {
		t.Error("found though it has expired")
	}
	if stored, _ := db.Stored([]byte("k")); stored {
		t.Error("stored though it was deleted")
	}
}
