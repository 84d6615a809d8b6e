package inspect

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"respect/rdb"
)

// statsShower sums up, and keeps the biggest keys.
type statsShower struct {
	w       *bufio.Writer
	types   map[string]*typeStats
	dbs     map[int]*typeStats
	biggest []keyStats // the biggest first
	key     keyStats
}

// typeStats sum up the keys of one type, or of one database.
type typeStats struct {
	keys, expires int
	elements      int
	bytes         int64
}

type keyStats struct {
	db       int
	key      string
	kind     string
	encoding string
	expires  bool
	elements int
	bytes    int64
}

// shownKeys is how many of the biggest keys are shown.
const shownKeys = 10

func (s *statsShower) beginKey(k *rdb.KeyHeader, kind string) {
	s.key = keyStats{db: k.DB, key: string(k.Key), kind: kind, encoding: k.Type.String(), expires: k.ExpireAtMs != rdb.NoExpire}
}

func (s *statsShower) element(element) { s.key.elements++ }

func (s *statsShower) state([][]byte) {}

func (s *statsShower) endKey(size int64) {
	s.key.bytes = size
	if s.types == nil {
		s.types, s.dbs = map[string]*typeStats{}, map[int]*typeStats{}
	}
	sumUp(s.types, s.key.kind, &s.key)
	sumUp(s.dbs, s.key.db, &s.key)
	at, _ := slices.BinarySearchFunc(s.biggest, s.key, func(a, b keyStats) int { return cmp.Compare(b.bytes, a.bytes) })
	if at < shownKeys {
		s.biggest = slices.Insert(s.biggest, at, s.key)
		s.biggest = s.biggest[:min(len(s.biggest), shownKeys)]
	}
}

func sumUp[K comparable](all map[K]*typeStats, name K, k *keyStats) {
	t := all[name]
	if t == nil {
		t = &typeStats{}
		all[name] = t
	}
	t.keys++
	t.expires += btoi(k.expires)
	t.elements += k.elements
	t.bytes += k.bytes
}

func (s *statsShower) end() error {
	fmt.Fprintf(s.w, "%-10s %12s %12s %14s %16s %14s\n", "", "keys", "expire", "elements", "bytes in file", "bytes per key")
	for _, kind := range slices.Sorted(maps.Keys(s.types)) {
		s.types[kind].print(s.w, kind)
	}
	for _, db := range slices.Sorted(maps.Keys(s.dbs)) {
		s.dbs[db].print(s.w, fmt.Sprintf("db%d", db))
	}
	if len(s.biggest) > 0 {
		fmt.Fprint(s.w, "\nbiggest keys:\n")
	}
	for _, k := range s.biggest {
		fmt.Fprintf(s.w, "%16d bytes %12d elements  %-6s %-18s db%d %+.100q\n", k.bytes, k.elements, k.kind, k.encoding, k.db, k.key)
	}
	return nil
}

func (t *typeStats) print(w *bufio.Writer, name string) {
	fmt.Fprintf(w, "%-10s %12d %12d %14d %16d %14.1f\n", name, t.keys, t.expires, t.elements, t.bytes, float64(t.bytes)/float64(t.keys))
}
