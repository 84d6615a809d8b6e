package keyspace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stateOf describes a key so that any change of it shows.
func stateOf(o *Object, expireAtMs int64) string {
	text := fmt.Sprintf("%s %s until %d:", o.Type(), o.Encoding(), expireAtMs)
	add := func(e Element) bool {
		text += fmt.Sprintf(" %q", e.AppendTo(nil))
		return true
	}
	switch o.Type() {
	case TypeString:
		text += string(o.Bytes(nil))
	case TypeList:
		o.List().Each(0, o.List().Len(), add)
	case TypeSet:
		o.Set().Each(add)
	case TypeZSet:
		o.ZSet().Each(0, o.ZSet().Len(), false, func(e Element, score float64) bool {
			text += fmt.Sprintf(" %v", score)
			return add(e)
		})
	case TypeHash:
		o.Hash().EachField(func(field, value Element, atMs int64) bool {
			text += fmt.Sprintf(" %q=%q@%d", field.AppendTo(nil), value.AppendTo(nil), atMs)
			return true
		})
	}
	return text
}

// stateOfAll describes all keys, by database and name.
func stateOfAll(ks *Keyspace) map[string]string {
	all := map[string]string{}
	for _, db := range ks.dbs {
		for o := range db.table.All() {
			all[fmt.Sprintf("%d %s", db.id, o.Key())] = stateOf(o, db.ExpireAt(o))
		}
	}
	return all
}

// changer makes random changes of every kind.
type changer struct {
	ks *Keyspace
	r  *rand.Rand
}

func (c *changer) key() []byte { return []byte("key:" + strconv.Itoa(c.r.IntN(600))) }

func (c *changer) text() []byte {
	return []byte(fmt.Sprintf("%0*d", 1+c.r.IntN([]int{8, 100, 2000}[c.r.IntN(3)]), c.r.IntN(1000)))
}

// change makes one change.
func (c *changer) change() {
	ks, r := c.ks, c.r
	db := ks.DB(r.IntN(ks.Databases()))
	key := c.key()
	switch r.IntN(100) {
	case 0:
		db.Flush()
		return
	case 1:
		ks.Swap(r.IntN(ks.Databases()), r.IntN(ks.Databases()))
		return
	case 2, 3:
		ks.SetNow(ks.Now() + 10)
		ks.ExpireSome(r.IntN(20))
		return
	}
	o := db.Lookup(key, 0)
	if o == nil {
		c.create(db, key)
		return
	}
	switch r.IntN(10) {
	case 0:
		db.Remove(o)
	case 1:
		db.SetExpireAt(o, ks.Now()+int64(r.IntN(400)))
	case 2:
		db.Persist(o)
	case 3:
		if other := c.key(); db.Lookup(other, 0) == nil {
			db.Rename(o, other)
		}
	case 4, 5:
		target := ks.DB(r.IntN(ks.Databases()))
		other := c.key()
		switch {
		case target != db && target.Lookup(key, 0) == nil && r.IntN(2) == 0:
			db.MoveTo(o, target)
		case target.Lookup(other, 0) == nil:
			db.CopyTo(o, target, other)
		}
	default:
		c.update(db, o)
	}
}

func (c *changer) create(db *DB, key []byte) {
	o := (*Object)(nil)
	switch c.r.IntN(8) {
	case 0:
		o = db.Add(key, TypeList, &List{})
	case 1:
		o = db.Add(key, TypeSet, NewSet())
	case 2:
		o = db.Add(key, TypeHash, NewHash())
	case 3:
		o = db.Add(key, TypeZSet, NewZSet())
	case 4:
		db.AddZeros(key, 1+c.r.IntN(1500))
		return
	default:
		db.SetString(key, c.text(), false)
		return
	}
	c.update(db, o)
}

func (c *changer) update(db *DB, o *Object) {
	s, r := &c.ks.Settings, c.r
	if o.Type() != TypeString {
		db.Open(o)
	}
	switch o.Type() {
	case TypeList:
		o.List().Push(ListTail, &s.List, c.text())
	case TypeSet:
		o.Set().Add(c.text(), &s.Set)
	case TypeZSet:
		o.ZSet().Update(c.text(), float64(r.IntN(100)), 0, &s.ZSet)
	case TypeHash:
		field := []byte(strconv.Itoa(r.IntN(6)))
		o.Hash().Set(field, c.text(), &s.Hash)
		if r.IntN(3) == 0 {
			o.Hash().SetFieldExpireAt(field, c.ks.Now()+int64(1+r.IntN(100)))
		}
	default:
		c.updateString(db, o)
	}
}

func (c *changer) updateString(db *DB, o *Object) {
	r := c.r
	switch r.IntN(7) {
	case 0:
		db.Append(o, c.text()[:1])
	case 1:
		db.SetRange(o, r.IntN(20), c.text())
	case 2:
		db.SetInt(o.Key(), int64(r.IntN(1000)))
	case 3:
		b := db.Buffer(o)
		*b = append((*b)[:0], c.text()...)
	case 4:
		if n, isInt := o.Int(); isInt {
			db.Open(o)
			o.UpdateInt(n + 1)
		}
	case 5:
		db.SetText(o.Key(), c.text(), true)
	default:
		db.SetString(o.Key(), c.text(), r.IntN(2) == 0)
	}
}

// newChanger returns a keyspace of some thousand keys with small limits, and what changes it.
func newChanger(seed uint64) *changer {
	c := &changer{New(3, rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))}
	c.ks.Meter(true)
	c.ks.SetNow(1_000_000)
	c.ks.Settings.Set = SetLimits{MaxIntset: 4, MaxListpackEntries: 4, MaxListpackValue: 20}
	c.ks.Settings.Hash = HashLimits{MaxListpackEntries: 4, MaxListpackValue: 50}
	c.ks.Settings.ZSet.MaxListpackEntries = 4
	c.ks.Settings.List.MaxListpackSize = 4
	for range 1500 {
		c.change()
	}
	c.ks.Settle()
	return c
}

// TestSnapshot takes snapshots while everything changes: what is saved is the state at
// the beginning, each key once.
func TestSnapshot(t *testing.T) {
	for seed := range uint64(60) {
		c := newChanger(seed)
		for range 3 {
			want, got := stateOfAll(c.ks), map[string]string{}
			s := c.ks.BeginSnapshot(func(db int, o *Object, expireAtMs int64) {
				name := fmt.Sprintf("%d %s", db, o.Key())
				if _, twice := got[name]; twice {
					t.Errorf("seed %d: %s comes twice", seed, name)
				}
				got[name] = stateOf(o, expireAtMs)
			})
			if s.Total() != len(want) {
				t.Errorf("seed %d: %d keys in all, want %d", seed, s.Total(), len(want))
			}
			changes := c.r.IntN(12)
			for s.Step(func(int, int, int) {}) {
				for range changes {
					c.change()
				}
			}
			if diff := cmp.Diff(want, got); diff != "" || s.Saved() != len(want) {
				t.Fatalf("seed %d: %d saved (-want +got):\n%s", seed, s.Saved(), diff)
			}
			if err := c.ks.Check(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

// TestSnapshotGivenUp leaves snapshots at any point; the next one is exact all the same.
func TestSnapshotGivenUp(t *testing.T) {
	for seed := range uint64(40) {
		c := newChanger(seed)
		for range 3 {
			s := c.ks.BeginSnapshot(func(int, *Object, int64) {})
			for i := c.r.IntN(300); i > 0 && s.Step(func(int, int, int) {}); i-- {
				c.change()
			}
			s.GiveUp()
			for i := c.r.IntN(300); i > 0 && s.Step(func(int, int, int) {}); i-- {
				c.change()
			}
		}
		want, got := stateOfAll(c.ks), map[string]string{}
		s := c.ks.BeginSnapshot(func(db int, o *Object, expireAtMs int64) {
			got[fmt.Sprintf("%d %s", db, o.Key())] = stateOf(o, expireAtMs)
		})
		for s.Step(func(int, int, int) {}) {
			c.change()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}
