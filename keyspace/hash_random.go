package keyspace

import (
	"math/rand/v2"

	"respect/keyspace/listpack"
)

// Random fields of a hash, each with exactly the same chance.

// Random returns a field with its value; ok is false if there is none.
func (h *Hash) Random(r *rand.Rand) (field, value Element, ok bool) {
	h.Draw(r, 1, func(f, v Element) bool {
		field, value, ok = f, v, true
		return true
	})
	return field, value, ok
}

// Draw calls fn with n fields, or until it returns false. Each is drawn from all of
// them, so that one may come several times. There are none in an empty hash.
func (h *Hash) Draw(r *rand.Rand, n int, fn func(field, value Element) bool) {
	left := h.Len()
	if left == 0 {
		return
	}
	if h.encoding != hashTable {
		h.drawSmall(r, n, left, fn)
		return
	}
	t := h.table()
	var visible []*hashField
	if h.hidden() > 0 {
		visible = t.visible()
	}
	for range n {
		var f *hashField
		if visible != nil {
			f = visible[r.IntN(left)]
		} else {
			f, _ = t.fields.Random(r)
		}
		if !fn(listpack.String(f.name()), listpack.String(f.value())) {
			return
		}
	}
}

func (h *Hash) drawSmall(r *rand.Rand, n, left int, fn func(field, value Element) bool) {
	lp, width := h.listpack(), h.width()
	skip := h.hidden() // those that expire first come first
	if n == 1 {
		at := lp.Seek((skip + r.IntN(left)) * width)
		fn(lp.Get(at), lp.Get(lp.Next(at)))
		return
	}
	offsets := make([]int, 0, left)
	for at := lp.Seek(skip * width); at != 0; {
		offsets = append(offsets, at)
		for range width {
			if at = lp.Next(at); at == 0 {
				break
			}
		}
	}
	for range n {
		at := offsets[r.IntN(left)]
		if !fn(lp.Get(at), lp.Get(lp.Next(at))) {
			return
		}
	}
}

// Sample calls fn with n different fields, or with all if there are no more. Each
// set of n fields has the same chance.
func (h *Hash) Sample(r *rand.Rand, n int, fn func(field, value Element)) {
	left := h.Len()
	if h.encoding == hashTable && n < left {
		h.table().sample(r, n, left, fn)
		return
	}
	need := min(n, left)
	h.Each(func(field, value Element) bool {
		if r.IntN(left) < need {
			fn(field, value)
			need--
		}
		left--
		return need > 0
	})
}

// sampleAllFrom is the part of all fields, as a divisor, from which on they are
// all looked at, and not drawn again and again until enough are different.
const sampleAllFrom = 3

func (t *fieldTable) sample(r *rand.Rand, n, left int, fn func(field, value Element)) {
	give := func(f *hashField) { fn(listpack.String(f.name()), listpack.String(f.value())) }
	if n > left/sampleAllFrom || left < t.fields.Len() {
		all := t.visible()
		for i := range n {
			j := i + r.IntN(left-i)
			all[i], all[j] = all[j], all[i]
			give(all[i])
		}
		return
	}
	seen := make(map[*hashField]struct{}, n)
	for len(seen) < n {
		f, _ := t.fields.Random(r)
		if _, again := seen[f]; !again {
			seen[f] = struct{}{}
			give(f)
		}
	}
}

// visible returns the fields that are not hidden.
func (t *fieldTable) visible() []*hashField {
	all := make([]*hashField, 0, t.fields.Len())
	for f := range t.fields.All() {
		if !t.hides(f) {
			all = append(all, f)
		}
	}
	return all
}
