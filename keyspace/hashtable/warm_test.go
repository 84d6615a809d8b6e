package hashtable

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestWarmChangesNothing(t *testing.T) {
	table := New(func(s *string) []byte { return []byte(*s) })
	var keys [][]byte
	if table.Warm([][]byte{[]byte("none")}, func(*string) uint64 { return 1 }) != 0 {
		t.Error("an empty table has something to touch")
	}
	for i := range 1000 {
		s := fmt.Sprintf("key:%d", i)
		table.Insert(&s)
		keys = append(keys, []byte(s), []byte("no "+s))
	}
	touched := map[string]bool{}
	table.Warm(keys, func(s *string) uint64 {
		touched[*s] = true
		return 0
	})
	// Those that share a tag with another of their bucket, or are in an overflow
	// bucket, may be left out.
	if len(touched) < 800 {
		t.Errorf("%d of 1000 elements were touched", len(touched))
	}
	if err := table.Check(); err != nil || table.Len() != 1000 {
		t.Errorf("%d elements, %v", table.Len(), err)
	}
}

var warmSink uint64

// BenchmarkFindRandom looks up 32 random keys of a big table at a time, with and
// without Warm.
func BenchmarkFindRandom(b *testing.B) {
	for _, size := range []int{100_000, 1_000_000} {
		table := New(func(s *[16]byte) []byte { return s[:] })
		all := make([][]byte, size)
		for i := range all {
			e := new([16]byte)
			copy(e[:], fmt.Sprintf("key:%012d", i))
			table.Insert(e)
			all[i] = append([]byte(nil), e[:]...)
		}
		for _, warm := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/warm=%v", size, warm), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				var keys [32][]byte
				for i := 0; i < b.N; i += len(keys) {
					for j := range keys {
						keys[j] = all[r.IntN(size)]
					}
					if warm {
						warmSink += table.Warm(keys[:], func(e *[16]byte) uint64 { return uint64(e[0]) })
					}
					for _, key := range keys {
						if _, ok := table.Find(key); !ok {
							b.Fatal("gone")
						}
					}
				}
			})
		}
	}
}
