package server

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"respect/keyspace"
	"respect/keyspace/listpack"
)

// SORT: the elements of a list in order, of their own or of other keys' values.
//
// Patterns name other keys: the first '*' is replaced by the element. Behind
// the '*' "->field" may name a field of a hash instead of a string's value.

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
			o.dontSort = bytes.IndexByte(o.by, '*') < 0
		case a.optionWith("GET", 1):
			o.gets = append(o.gets, a.next())
		default:
			return o, errSyntax
		}
	}
	return o, nil
}

// sortCommand sorts a list.
//
//	SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]]
//	    [ASC | DESC] [ALPHA] [STORE destination]
//
// O(N log N) with N the number of elements. Reply: an array; with STORE the
// length of the stored list.
func sortCommand(c *client, a *args) error { return c.sort(a, true) }

// sortRoCommand is SORT without STORE.
//
//	SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]]
//	    [ASC | DESC] [ALPHA]
//
// O(N log N) with N the number of elements. Reply: an array.
func sortRoCommand(c *client, a *args) error { return c.sort(a, false) }

func (c *client) sort(a *args, mayStore bool) error {
	key := a.next()
	o, err := readSortOptions(a, mayStore)
	if err != nil {
		return err
	}
	elems, err := c.sortable(key)
	if err != nil {
		return err
	}
	items := make([]sortItem, len(elems))
	for i, elem := range elems {
		items[i].elem = elem
	}
	if o.dontSort {
		if o.desc {
			slices.Reverse(items)
		}
	} else {
		if err := c.weigh(items, o); err != nil {
			return err
		}
		slices.SortStableFunc(items, o.compare)
	}
	from, to := o.window(len(items))
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

// sortable returns copies of the elements of the key.
func (c *client) sortable(key []byte) ([][]byte, error) {
	o := c.db.Lookup(key, c.touchFlag())
	if o == nil {
		return nil, nil
	}
	if o.Type() != keyspace.TypeList {
		return nil, errWrongType
	}
	elems := make([][]byte, 0, o.List().Len())
	o.List().Each(0, o.List().Len(), func(e keyspace.ListElement) bool {
		elems = append(elems, e.AppendTo([]byte{}))
		return true
	})
	return elems, nil
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
	if strings.ContainsRune(number, '_') {
		return 0, false
	}
	f, err := strconv.ParseFloat(hexFloat(number), 64)
	return f, err == nil && !math.IsNaN(f)
}

// hexFloat adds the exponent that Go wants behind a hexadecimal number.
func hexFloat(s string) string {
	digits := strings.ToLower(strings.TrimLeft(s, "+-"))
	if strings.HasPrefix(digits, "0x") && !strings.Contains(digits, "p") {
		return s + "p0"
	}
	return s
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
	default:
		n = bytes.Compare(x.text, y.text)
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
	star := bytes.IndexByte(pattern, '*')
	if star < 0 {
		return nil
	}
	tail, field := pattern[star+1:], []byte(nil)
	if arrow := bytes.Index(tail, []byte("->")); arrow >= 0 && arrow+2 < len(tail) {
		tail, field = tail[:arrow], tail[arrow+2:]
	}
	key := slices.Concat(pattern[:star], elem, tail)
	o := c.db.Lookup(key, c.touchFlag())
	if o == nil || field != nil || o.Type() != keyspace.TypeString {
		return nil
	}
	return append([]byte{}, o.Bytes(nil)...)
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
	existed := c.db.Delete(key)
	if len(results) > 0 {
		q := c.listLimits().NewQuicklist()
		for _, r := range results {
			q.Push(keyspace.ListTail, listpack.String(r))
		}
		c.db.Add(key, keyspace.TypeList, keyspace.ListFrom(q, c.listLimits()))
		c.modified(eventList, "sortstore", key)
	} else if existed {
		c.modified(eventGeneric, "del", key)
	}
	c.out.Int(int64(len(results)))
	return nil
}
