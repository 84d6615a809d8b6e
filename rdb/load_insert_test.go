package rdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"respect/keyspace"
	"respect/rdb"
)

// stringsFile is a file of strings in two databases, of which the key numbered again comes
// twice.
func stringsFile(keys, again int) []byte {
	w := rdb.NewWriter(11, false)
	w.Header()
	for i := range keys {
		w.Key(&rdb.KeyHeader{DB: 2 * i / keys, Key: fmt.Appendf(nil, "key:%d", i), ExpireAtMs: rdb.NoExpire, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
		w.String(fmt.Appendf(nil, "value:%d", i))
		if i == again {
			w.Key(&rdb.KeyHeader{DB: 2 * i / keys, Key: fmt.Appendf(nil, "key:%d", i), ExpireAtMs: rdb.NoExpire, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
			w.String([]byte("again"))
		}
	}
	w.EOF()
	return append(w.Buf, make([]byte, 8)...)
}

// countedReader counts what is read.
type countedReader struct {
	in io.Reader
	n  atomic.Int64
}

func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	r.n.Add(int64(n))
	return n, err
}

// TestLoadEndsReading: after an error of the keyspace the rest is not read, neither then nor
// behind the end of Load, and what came before is there.
func TestLoadEndsReading(t *testing.T) {
	file := stringsFile(200_000, 150_000)
	in := &countedReader{in: bytes.NewReader(file)}
	ks := keyspace.New(2, rand.NewPCG(1, 2))
	stats, err := rdb.Load(in, ks, rdb.LoadOptions{})
	read := in.n.Load()
	var limit *rdb.LimitError
	if !errors.As(err, &limit) || limit.DB != 1 || limit.Key != "key:150000" {
		t.Fatalf("error %v", err)
	}
	if stats.Keys != 150_001 || ks.DB(0).Len() != 100_000 || ks.DB(1).Len() != 50_001 {
		t.Errorf("%d keys, %d and %d in the databases", stats.Keys, ks.DB(0).Len(), ks.DB(1).Len())
	}
	if read == int64(len(file)) || in.n.Load() != read {
		t.Errorf("%d of %d bytes are read, then %d", read, len(file), in.n.Load())
	}
	if err := ks.Check(); err != nil {
		t.Error(err)
	}
}

// TestLoadWaitsWithoutTheLock: while Load waits others may use the keyspace.
func TestLoadWaitsWithoutTheLock(t *testing.T) {
	file := stringsFile(50_000, -1)
	ks := keyspace.New(2, rand.NewPCG(1, 2))
	var lock sync.Mutex
	seen := map[int]bool{}
	lock.Lock()
	stats, err := rdb.Load(bytes.NewReader(file), ks, rdb.LoadOptions{Wait: func(wait func()) {
		lock.Unlock()
		wait()
		lock.Lock()
		seen[ks.Len()] = true
	}})
	if err != nil || stats.Keys != 50_000 {
		t.Fatal(stats, err)
	}
	if len(seen) < 10 || !seen[0] || !seen[50_000] {
		t.Errorf("it waited with %v keys", seen)
	}
}

// TestLoadReplaces: keys of the file take the place of others, or of such as have expired.
func TestLoadReplaces(t *testing.T) {
	file := stringsFile(1000, 600)
	for _, expired := range []bool{false, true} {
		ks := keyspace.New(2, rand.NewPCG(1, 2))
		ks.SetNow(1000)
		for i := range 500 {
			o := ks.DB(0).SetString(fmt.Appendf(nil, "key:%d", i), []byte("old"), false)
			if expired {
				ks.DB(0).SetExpireAt(o, 1001)
			}
		}
		ks.SetNow(2000)
		if _, err := rdb.Load(bytes.NewReader(file), ks, rdb.LoadOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"key:7": "value:7", "key:600": "again"} {
			o := ks.DB(0).Lookup([]byte(key), 0)
			if o == nil {
				o = ks.DB(1).Lookup([]byte(key), 0)
			}
			if got := string(o.Bytes(nil)); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if err := ks.Check(); err != nil {
			t.Error(err)
		}
	}
}
