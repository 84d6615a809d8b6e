package keyspace

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestStringsLent changes strings through the bytes that Writable and Buffer
// lend, beside a model.
func TestStringsLent(t *testing.T) {
	r := newRand(t)
	ks := New(1, rand.NewPCG(r.Uint64(), 1))
	db := ks.DB(0)
	keys := []string{"a", strings.Repeat("long", 200), ""}
	model := map[string]string{}
	for range 50_000 {
		key := keys[r.IntN(len(keys))]
		o := db.Lookup([]byte(key), 0)
		switch r.IntN(7) {
		case 0:
			value := []string{"", "123", "-77777777777", "text", strings.Repeat("x", r.IntN(1500))}[r.IntN(5)]
			db.SetString([]byte(key), []byte(value), false)
			model[key] = value
		case 1:
			if o == nil {
				n := r.IntN(1500)
				db.AddZeros([]byte(key), n)
				model[key] = string(make([]byte, n))
			}
		case 2:
			if o == nil {
				db.AddBuffer([]byte(key), []byte("buffer"))
				model[key] = "buffer"
			}
		case 3:
			model[key] = lendBuffer(db, o, model[key], r)
		case 4:
			if r.IntN(5) == 0 && db.Delete([]byte(key)) {
				model[key] = ""
			}
		default:
			model[key] = lendWritable(t, db, o, model[key], r)
		}
		ks.Settle()
		if o = db.Lookup([]byte(key), 0); o == nil {
			delete(model, key)
		} else if got := o.Bytes(nil); string(got) != model[key] {
			t.Fatalf("key %.20q: %.100q, want %.100q", key, got, model[key])
		}
	}
	if err := ks.Check(); err != nil {
		t.Error(err)
	}
}

func lendBuffer(db *DB, o *Object, value string, r *rand.Rand) string {
	if o == nil {
		return value
	}
	b := db.Buffer(o)
	*b = bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(1200))
	return string(*b)
}

func lendWritable(t *testing.T, db *DB, o *Object, value string, r *rand.Rand) string {
	if o == nil {
		return value
	}
	key, size, atMs := bytes.Clone(o.Key()), r.IntN(1500), r.Int64N(1000)+1
	db.SetExpireAt(o, atMs)
	b := db.Writable(o, size)
	want := value + string(make([]byte, max(0, size-len(value))))
	if string(b) != want {
		t.Fatalf("lent %.100q, want %.100q", b, want)
	}
	if o = db.Lookup(key, 0); o.Encoding() != "raw" || db.ExpireAt(o) != atMs {
		t.Fatalf("the encoding is %s, the deadline %d instead of %d", o.Encoding(), db.ExpireAt(o), atMs)
	}
	for range min(len(b), 3) {
		b[r.IntN(len(b))] = byte(r.Uint32())
	}
	return string(b)
}
