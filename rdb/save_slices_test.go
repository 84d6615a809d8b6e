package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/keyspace"
	"respect/keyspace/listpack"
	"respect/keyspace/quicklist"
	"respect/keyspace/stream"
	"respect/rdb"
)

// bigElements are as many as make a value of several slices.
const bigElements = 30_000

// fillBig makes a big value of each type, and some small ones around them.
func fillBig(t *testing.T, ks *keyspace.Keyspace) {
	t.Helper()
	db, limits := ks.DB(0), &ks.Settings
	big := func(key string, kind keyspace.Type, value any, add func(o *keyspace.Object, element []byte, i int)) {
		o := db.Add([]byte(key), kind, value)
		for i := range bigElements {
			add(o, fmt.Appendf(nil, "element:%d", i), i)
		}
	}
	big("hash", keyspace.TypeHash, keyspace.NewHash(), func(o *keyspace.Object, e []byte, i int) { o.Hash().Set(e, []byte("old"), &limits.Hash) })
	big("set", keyspace.TypeSet, keyspace.NewSet(), func(o *keyspace.Object, e []byte, _ int) { o.Set().Add(e, &limits.Set) })
	big("zset", keyspace.TypeZSet, keyspace.NewZSet(), func(o *keyspace.Object, e []byte, i int) { o.ZSet().Add(e, float64(i), &limits.ZSet) })
	big("list", keyspace.TypeList, &keyspace.List{}, func(o *keyspace.Object, e []byte, _ int) { o.List().Push(quicklist.Tail, &limits.List, e) })
	big("stream", keyspace.TypeStream, stream.New(), func(o *keyspace.Object, e []byte, i int) {
		if err := o.Stream().Add(stream.ID{Ms: uint64(i + 1)}, [][]byte{[]byte("f"), e}, &limits.Stream); err != nil {
			t.Fatal(err)
		}
	})
	for i := range 300 {
		db.SetString(fmt.Appendf(nil, "small:%d", i), []byte("old"), false)
	}
	ks.Settle()
}

// contentsOf are all values of the first database as text.
func contentsOf(ks *keyspace.Keyspace) map[string]string {
	all := map[string]string{}
	for o := range ks.DB(0).All() {
		if o.Type() == keyspace.TypeStream {
			var b strings.Builder
			o.Stream().EachNode(func(id stream.ID, lp listpack.Listpack) bool {
				fmt.Fprintf(&b, "%v %q ", id, lp)
				return true
			})
			all[string(o.Key())] = b.String()
			continue
		}
		pairs := valueOf(o)
		all[string(o.Key())] = fmt.Sprint(len(pairs), pairs)
	}
	return all
}

// TestBigValuesAreSavedInSlices changes big and small values, and removes them, while big
// ones are half written: the file is of the moment of its beginning.
func TestBigValuesAreSavedInSlices(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		ks := keyspace.New(2, rand.NewPCG(seed, 2))
		fillBig(t, ks)
		want := contentsOf(ks)
		s := rdb.NewSaver(ks, rdb.SaveOptions{Version: 11, Compress: true})
		var file bytes.Buffer
		out := rdb.NewOutput(&file, false)
		s.FullBytes = 1000
		s.Full = func() { _, _ = out.Write(s.Take(nil)) }
		for more := true; more; {
			more = s.Step()
			if r.IntN(3) == 0 {
				_, _ = out.Write(s.Take(nil))
			}
			if r.IntN(1+int(seed)) == 0 {
				change(ks, r)
			}
		}
		_, _ = out.Write(s.Take(nil))
		if err := errors.Join(out.Finish(), ks.Check()); err != nil {
			t.Fatal(err)
		}
		again := keyspace.New(2, rand.NewPCG(1, 2))
		if _, err := rdb.Load(&file, again, rdb.LoadOptions{}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if d := cmp.Diff(want, contentsOf(again)); d != "" {
			t.Fatalf("seed %d: %s", seed, d[:min(len(d), 2000)])
		}
	}
}

// TestSlicesAreShort saves one value of each type, which nobody changes.
func TestSlicesAreShort(t *testing.T) {
	for _, key := range bigKeys {
		ks := keyspace.New(2, rand.NewPCG(1, 2))
		fillBig(t, ks)
		for _, other := range bigKeys {
			if other != key {
				ks.DB(0).Delete([]byte(other))
			}
		}
		s := rdb.NewSaver(ks, rdb.SaveOptions{Version: 11})
		total, longest := 0, 0
		for more := true; more; {
			more = s.Step()
			n := len(s.Take(nil))
			total, longest = total+n, max(longest, n)
		}
		if total < 250<<10 || longest > 80<<10 {
			t.Errorf("%s: %d bytes in slices of up to %d", key, total, longest)
		}
	}
}

var bigKeys = []string{"hash", "set", "zset", "list", "stream"}

// change changes something.
func change(ks *keyspace.Keyspace, r *rand.Rand) {
	db, limits := ks.DB(0), &ks.Settings
	if r.IntN(2) == 0 { // small ones, some of them new
		for range r.IntN(100) {
			db.SetString(fmt.Appendf(nil, "small:%d", r.IntN(400)), []byte("new"), false)
		}
		return
	}
	o := db.Lookup([]byte(bigKeys[r.IntN(len(bigKeys))]), 0)
	if o == nil {
		return
	}
	switch r.IntN(4) {
	case 0:
		db.Remove(o)
		return
	case 1:
		name := o.Key()
		db.Rename(db.Rename(o, []byte("renamed")), name)
		return
	}
	db.Open(o)
	for i := range 10 + r.IntN(2000) {
		e := fmt.Appendf(nil, "element:%d", i)
		switch o.Type() {
		case keyspace.TypeHash:
			o.Hash().Set(e, []byte("new"), &limits.Hash)
		case keyspace.TypeSet:
			o.Set().Remove(e)
		case keyspace.TypeZSet:
			o.ZSet().Add(e, float64(-i), &limits.ZSet)
		case keyspace.TypeList:
			o.List().Push(quicklist.Head, &limits.List, e)
		case keyspace.TypeStream:
			_ = o.Stream().Add(stream.ID{Ms: 1 << 40, Seq: uint64(i) + r.Uint64N(1<<40)}, [][]byte{e, e}, &limits.Stream)
		}
	}
	ks.Settle()
}

// TestBigValuesAreGivenUp gives up, or fails, in the middle of a big value.
func TestBigValuesAreGivenUp(t *testing.T) {
	ks := keyspace.New(2, rand.NewPCG(1, 2))
	fillBig(t, ks)
	for i := range 12 {
		s := rdb.NewSaver(ks, rdb.SaveOptions{Version: 11})
		for range i * 4 {
			s.Step()
		}
		s.GiveUp()
		for s.Step() {
		}
	}
	if _, err := rdb.Save(&failing{500 << 10}, ks, rdb.SaveOptions{Version: 11}); err != errFull {
		t.Error(err)
	}
	want := contentsOf(ks)
	again := keyspace.New(2, rand.NewPCG(1, 2))
	if _, err := rdb.Load(bytes.NewReader(saved(t, ks, rdb.SaveOptions{Version: 11})), again, rdb.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, contentsOf(again)); d != "" {
		t.Error(d[:min(len(d), 2000)])
	}
}
