package server

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"

	"respect/keyspace"
	"respect/keyspace/listpack"
)

// SORT: the elements of a list, set or sorted set in order, of their own or of
// other keys' values.
//
// Patterns name other keys: the first '*' is replaced by the element. Behind
// the '*' "->field" may name a field of a hash instead of a string's value.
//
// A BY without '*' leaves the order as it is: that of the list, or by score. Only a
// set, which has no order, is sorted as text before it is stored.

// sortOptions are the options of SORT and SORT_RO.
type sortOptions struct {
	by            []byte // nil for the element itself
	dontSort      bool   // BY without '*': leave the order as it is
	gets          [][]byte
	offset, count int64
	desc, alpha   bool
	store         []byte // nil for a reply
}

const errSortScore replyError = "ERR One or more scores can't be converted into double"

func readSortOptions(a *args, mayStore bool) (o sortOptions, err error) {
	o.count = -1
	for a.more() {
		switch {
		case a.option("ASC"):
			o.desc = false
		case a.option("DESC"):
			o.desc = true
		case a.option("ALPHA"):
			o.alpha = true
		case a.optionWith("LIMIT", 2):
			if o.offset, o.count, err = a.ints(); err != nil {
				return o, err
			}
		case mayStore && a.optionWith("STORE", 1):
			o.store = a.next()
		case a.optionWith("BY", 1):
			o.by = a.next()
			o.dontSort = o.dontSort || bytes.IndexByte(text(o.by), '*') < 0
		case a.optionWith("GET", 1):
			o.gets = append(o.gets, a.next())
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// sortCommand sorts a list, a set or a sorted set.
//
//	SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]]
//	    [ASC | DESC] [ALPHA] [STORE destination]
//
// O(N+M*log(M)) with N the number of elements and M of those replied; O(log(N)+M)
// for a sorted set that is not to be sorted. Reply: an array; with STORE the length
// of the stored list.
func sortCommand(c *client, a *args) error { return c.sort(a, true) }

// sortRoCommand is SORT without STORE.
//
//	SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]]
//	    [ASC | DESC] [ALPHA]
//
// O(N+M*log(M)), see SORT. Reply: an array.
func sortRoCommand(c *client, a *args) error { return c.sort(a, false) }

func (c *client) sort(a *args, mayStore bool) error {
	key := a.next()
	o, err := readSortOptions(a, mayStore)
	if err != nil {
		return err
	}
	items, err := c.sortItems(key, &o)
	if err != nil {
		return err
	}
	from, to := o.window(len(items))
	if !o.dontSort {
		if err := c.weigh(items, o); err != nil {
			return err
		}
		if o.by != nil && to-from < len(items) {
			sortPart(items, from, to, o.compare)
		} else {
			slices.SortStableFunc(items, o.compare)
		}
	}
	results := c.sortResults(items[from:to], o)
	if o.store != nil {
		return c.sortStore(o.store, results)
	}
	c.out.Array(len(results))
	for _, r := range results {
		if r == nil {
			c.out.Null()
		} else {
			c.out.Bulk(r)
		}
	}
	return nil
}

// sortItems returns copies of the elements of the key. If they are to be left in
// their order, LIMIT is carried out here and taken out of the options.
func (c *client) sortItems(key []byte, o *sortOptions) (items []sortItem, err error) {
	obj := c.db.Lookup(key, c.touchFlag())
	if obj == nil {
		return nil, nil
	}
	add := func(e keyspace.Element) bool {
		items = append(items, sortItem{elem: e.AppendTo([]byte{})})
		return true
	}
	switch obj.Type() {
	case keyspace.TypeList:
		l := obj.List()
		if !o.dontSort {
			l.Each(0, l.Len(), add)
			break
		}
		from, to := o.takeWindow(l.Len())
		if o.desc {
			l.Each(l.Len()-to, to-from, add)
			slices.Reverse(items)
		} else {
			l.Each(from, to-from, add)
		}
	case keyspace.TypeSet:
		if o.dontSort && o.store != nil {
			o.dontSort, o.alpha, o.by = false, true, nil
		}
		obj.Set().Each(add)
		if o.store != nil && obj.Encoding() == "hashtable" {
			// Ties keep their order, which is to be the same when the append only file is read.
			slices.SortFunc(items, func(x, y sortItem) int { return bytes.Compare(x.elem, y.elem) })
		}
	case keyspace.TypeZSet:
		z := obj.ZSet()
		// The reference sorts skip lists only, and leaves what it was given as one.
		c.db.Open(obj)
		z.Expect(math.MaxInt, c.zsetLimits())
		from, to, start := 0, z.Len(), 0
		if o.dontSort {
			from, to = o.takeWindow(z.Len())
			if start = from; o.desc {
				start = z.Len() - 1 - from
			}
		}
		z.Each(start, to-from, o.dontSort && o.desc, func(e keyspace.Element, _ float64) bool { return add(e) })
	default:
		return nil, errWrongType
	}
	return items, nil
}

// takeWindow returns the half open range that LIMIT leaves of n elements, and
// forgets LIMIT.
func (o *sortOptions) takeWindow(n int) (from, to int) {
	from, to = o.window(n)
	o.offset, o.count = 0, -1
	return from, to
}

// window returns the half open range that LIMIT leaves of n elements.
func (o *sortOptions) window(n int) (from, to int) {
	start := min(max(o.offset, 0), int64(n))
	end := int64(n)
	if o.count >= 0 && o.count < end-start {
		end = start + o.count
	}
	return int(start), int(end)
}

// sortItem is an element with what it is ordered by.
type sortItem struct {
	elem   []byte
	weight float64 // without ALPHA
	text   []byte  // with ALPHA and BY; nil if there is no such value
}

// weigh finds what each element is ordered by.
func (c *client) weigh(items []sortItem, o sortOptions) error {
	for i := range items {
		by := items[i].elem
		if o.by != nil {
			by = c.resolve(o.by, by)
		}
		if o.alpha {
			items[i].text = by
			continue
		}
		if by == nil {
			continue
		}
		w, ok := parseWeight(by)
		if !ok {
			return errSortScore
		}
		items[i].weight = w
	}
	return nil
}

// parseWeight reads a number as strtod does; nothing may stand behind it but
// a zero byte.
func parseWeight(s []byte) (float64, bool) {
	s = text(s)
	if len(s) == 0 {
		return 0, true
	}
	number := strings.TrimLeft(string(s), " \t\n\v\f\r")
	f, inRange, ok := parseCDouble(number)
	// So small that digits get lost, as they do from any decimal one, is refused.
	const smallestNormal = 0x1p-1022
	if f != 0 && math.Abs(f) < smallestNormal && !isHex(number) {
		inRange = false
	}
	return f, ok && inRange
}

func (o *sortOptions) compare(x, y sortItem) int {
	n := 0
	switch {
	case !o.alpha:
		if n = cmp.Compare(x.weight, y.weight); n == 0 {
			n = bytes.Compare(x.elem, y.elem)
		}
	case x.text == nil || y.text == nil:
		n = cmp.Compare(btoi(x.text != nil), btoi(y.text != nil))
	case o.store != nil:
		n = bytes.Compare(x.text, y.text)
	default:
		// The C library compares by the language, and sees no zero bytes.
		n = bytes.Compare(text(x.text), text(y.text))
	}
	if o.desc {
		return -n
	}
	return n
}

// resolve returns the value that a pattern names for an element, or nil.
func (c *client) resolve(pattern, elem []byte) []byte {
	if string(pattern) == "#" {
		return elem
	}
	star := bytes.IndexByte(text(pattern), '*')
	if star < 0 {
		return nil
	}
	tail, field := pattern[star+1:], []byte(nil)
	if arrow := bytes.Index(tail, []byte("->")); arrow >= 0 && arrow+2 < len(tail) {
		tail, field = tail[:arrow], tail[arrow+2:]
	}
	key := slices.Concat(pattern[:star], elem, tail)
	o := c.db.Lookup(key, c.touchFlag())
	switch {
	case o == nil:
		return nil
	case field == nil && o.Type() == keyspace.TypeString:
		return append([]byte{}, o.Bytes(nil)...)
	case field != nil && o.Type() == keyspace.TypeHash:
		if value, ok := o.Hash().Get(field); ok {
			return value.AppendTo([]byte{})
		}
	}
	return nil
}

// sortResults returns what is replied for the sorted elements; nil for null.
func (c *client) sortResults(items []sortItem, o sortOptions) [][]byte {
	var results [][]byte
	for _, item := range items {
		if len(o.gets) == 0 {
			results = append(results, item.elem)
		}
		for _, pattern := range o.gets {
			results = append(results, c.resolve(pattern, item.elem))
		}
	}
	return results
}

// sortStore stores the results as a list; nulls become empty strings.
func (c *client) sortStore(key []byte, results [][]byte) error {
	if len(results) > 0 {
		q := c.listLimits().NewQuicklist()
		for _, r := range results {
			q.Push(keyspace.ListTail, listpack.String(r))
		}
		c.db.Replace(key, func() { c.db.Add(key, keyspace.TypeList, keyspace.ListFrom(q, c.listLimits())) })
		c.modified(eventList, "sortstore", key)
		c.srv.countsAs(len(results))
	} else if c.db.Delete(key) {
		c.modified(eventGeneric, "del", key)
	}
	c.out.Int(int64(len(results)))
	return nil
}
