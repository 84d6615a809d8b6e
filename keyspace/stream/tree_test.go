package stream

import (
	"flag"
	"math/rand/v2"
	"slices"
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

// TestTreeModel does random operations on a tree and a sorted slice. Some rounds
// mostly grow, some mostly shrink, some take keys from the front.
func TestTreeModel(t *testing.T) {
	r := newRand(t)
	for range 20 {
		bytes := 0
		tr := tree[ID, int]{bytes: &bytes}
		var keys []ID
		width := uint64(10 + r.IntN(20000))
		for range 20 {
			add, front := r.IntN(10), r.IntN(3) == 0
			for range 500 {
				k := ID{r.Uint64N(width), 0}
				i, found := slices.BinarySearchFunc(keys, k, ID.Compare)
				switch {
				case r.IntN(10) < add:
					if tr.add(k, int(k.Ms)) == found {
						t.Fatalf("add %v: %v", k, found)
					}
					if !found {
						keys = slices.Insert(keys, i, k)
					}
					continue
				case front && len(keys) > 0:
					i, k, found = 0, keys[0], true
				}
				if v, ok := tr.remove(k); ok != found || found && v != int(k.Ms) {
					t.Fatalf("remove %v: %v %v", k, v, ok)
				}
				if found {
					keys = slices.Delete(keys, i, i+1)
				}
			}
			compareTree(t, r, &tr, keys, width)
		}
	}
}

func compareTree(t *testing.T, r *rand.Rand, tr *tree[ID, int], keys []ID, width uint64) {
	t.Helper()
	n, err := tr.check()
	if err != nil || n != *tr.bytes {
		t.Fatalf("%v; %d bytes, account %d", err, n, *tr.bytes)
	}
	var there, back []ID
	for c := tr.head(); c.ok(); c = c.next() {
		there = append(there, c.key())
	}
	for c := tr.tail(); c.ok(); c = c.prev() {
		back = append(back, c.key())
	}
	slices.Reverse(back)
	if !slices.Equal(there, keys) || !slices.Equal(back, keys) || tr.len() != len(keys) {
		t.Fatalf("%d keys, there %d, back %d, want %d", tr.len(), len(there), len(back), len(keys))
	}
	for range 50 {
		k := ID{r.Uint64N(width), uint64(r.IntN(2))}
		i, found := slices.BinarySearchFunc(keys, k, ID.Compare)
		if _, ok := tr.get(k); ok != found {
			t.Fatalf("get %v: %v", k, ok)
		}
		if c := tr.ceil(k); c.ok() != (i < len(keys)) || c.ok() && c.key() != keys[i] {
			t.Fatalf("ceil of %v is wrong", k)
		}
		if !found {
			i--
		}
		if c := tr.floor(k); c.ok() != (i >= 0) || c.ok() && c.key() != keys[i] {
			t.Fatalf("floor of %v is wrong", k)
		}
	}
}

// TestTreeInOrder requires leaves to be full where keys come in order.
func TestTreeInOrder(t *testing.T) {
	bytes := 0
	tr := tree[ID, int]{bytes: &bytes}
	const n = 100 * treeFanout
	for i := range uint64(n) {
		tr.add(ID{i, 0}, 0)
	}
	leaves := 0
	for l := tr.first; l != nil; l = l.next {
		leaves++
	}
	if leaves != n/treeFanout {
		t.Errorf("%d leaves for %d keys", leaves, n)
	}
}
