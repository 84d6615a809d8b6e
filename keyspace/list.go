package keyspace

import (
	"unsafe"

	"respect/keyspace/listpack"
	"respect/keyspace/quicklist"
)

// This file is the value half of lists. A list is one bare listpack as long as it
// keeps within list-max-listpack-size, else a quicklist. It turns into a
// quicklist before what would make it exceed the limit, judged by the text of all
// that a command adds; it turns back when it has shrunk to one node of at most
// half the limit. The methods that change a list do both in the order in which
// the commands of Redis do, so that OBJECT ENCODING agrees at every moment.

// ListEnd is one of the two ends of a list.
type ListEnd = quicklist.End

// The ends of a list.
const (
	ListHead = quicklist.Head
	ListTail = quicklist.Tail
)

// ListElement is an element of a list: a string, or an integer.
type ListElement = listpack.Element

// ListLimits are the parameters that shape lists.
type ListLimits struct {
	MaxListpackSize int // list-max-listpack-size: elements, or -1 to -5 for 4 to 64 KiB
	CompressDepth   int // list-compress-depth: nodes at each end that are not compressed
	PlainFrom       int // bytes from which an element gets a node of its own; 0 for 1 GiB
}

func (l *ListLimits) fill() quicklist.Fill { return quicklist.Fill(l.MaxListpackSize) }

// NewQuicklist returns an empty quicklist by these limits, for ListFrom.
func (l *ListLimits) NewQuicklist() *quicklist.Quicklist {
	q := quicklist.New(l.fill(), l.CompressDepth)
	q.SetPlainFrom(l.PlainFrom)
	return q
}

// A List is the value of a key of type list. The zero List is empty. Elements
// that it lends are valid until its next change, and what is given to its methods
// must not be part of it.
type List struct {
	small listpack.Deque       // the elements, if big is nil
	big   *quicklist.Quicklist // the elements, if not nil
}

// ListFrom returns a list with the elements of a quicklist, which it owns from now
// on, in the encoding that suits them. It is for lists that are made as a whole:
// loaded from a file, or stored by SORT.
func ListFrom(q *quicklist.Quicklist, limits *ListLimits) *List {
	l := &List{big: q}
	l.turnBack(limits, false)
	return l
}

// BigListFrom is like ListFrom, but the list stays a quicklist until a command
// changes it, however small it is.
func BigListFrom(q *quicklist.Quicklist) *List { return &List{big: q} }

// Encoding returns the name that OBJECT ENCODING replies with.
func (l *List) Encoding() string {
	if l.big != nil {
		return "quicklist"
	}
	return "listpack"
}

// Len returns the number of elements.
func (l *List) Len() int {
	if l.big != nil {
		return l.big.Len()
	}
	if l.small.Size() == 0 {
		return 0
	}
	return l.small.Listpack().Len()
}

// makeBig turns a listpack into a quicklist if elements of so many bytes in all
// would make it exceed the limit.
func (l *List) makeBig(bytes, count int, limits *ListLimits) {
	const emptyListpack = 7 // bytes
	if l.big != nil {
		l.big.SetPlainFrom(limits.PlainFrom)
		return
	}
	if !limits.fill().Exceeds(max(l.small.Size(), emptyListpack)+bytes, l.Len()+count) {
		return
	}
	l.big = quicklist.FromListpack(l.small, limits.fill(), limits.CompressDepth)
	l.big.SetPlainFrom(limits.PlainFrom)
	l.small = listpack.Deque{}
}

// turnBack turns a quicklist into a listpack if it is small enough.
func (l *List) turnBack(limits *ListLimits, shrinking bool) {
	if l.big == nil {
		return
	}
	if small, ok := l.big.Listpack(limits.fill(), shrinking); ok {
		l.small, l.big = small, nil
	}
}

// Push adds elements at an end, one after the other.
func (l *List) Push(end ListEnd, limits *ListLimits, elements ...[]byte) {
	bytes := 0
	for _, s := range elements {
		bytes += len(s)
	}
	l.makeBig(bytes, len(elements), limits)
	for _, s := range elements {
		l.add(end, listpack.String(s))
	}
}

func (l *List) add(end ListEnd, e ListElement) {
	switch {
	case l.big != nil:
		l.big.Push(end, e)
	case end == ListHead:
		l.small.Prepend(e)
	default:
		l.small.Append(e)
	}
}

// Pop removes the element at an end and appends its text to dst. It reports false
// if the list is empty.
func (l *List) Pop(end ListEnd, limits *ListLimits, dst []byte) ([]byte, bool) {
	dst, ok := l.take(end, dst)
	l.turnBack(limits, true)
	return dst, ok
}

func (l *List) take(end ListEnd, dst []byte) ([]byte, bool) {
	switch {
	case l.big != nil:
		return l.big.Pop(end, dst)
	case end == ListHead:
		return l.small.PopFirst(dst)
	default:
		return l.small.PopLast(dst)
	}
}

// Move takes the element at one end of the list to an end of another, which may
// be the same one, and appends its text to dst. It reports false if the list is
// empty.
func (l *List) Move(from ListEnd, to *List, end ListEnd, limits *ListLimits, dst []byte) ([]byte, bool) {
	first := 0
	if from == ListTail {
		first = -1
	}
	e, ok := l.Index(first)
	if !ok {
		return dst, false
	}
	bytes := e.Len()
	if e.IsInt() && l.big != nil {
		bytes = 0 // a number that comes from a quicklist counts for nothing
	}
	start := len(dst)
	dst, _ = l.take(from, dst)
	to.makeBig(bytes, 1, limits)
	to.add(end, listpack.String(dst[start:]))
	l.turnBack(limits, true)
	return dst, true
}

// Index returns the element with the given index; negative ones count from the
// end. It reports false if there is none.
func (l *List) Index(index int) (ListElement, bool) {
	if l.big != nil {
		return l.big.Index(index)
	}
	lp := l.small.Listpack()
	if len(lp) == 0 {
		return ListElement{}, false
	}
	at := lp.Seek(index)
	if at == 0 {
		return ListElement{}, false
	}
	return lp.Get(at), true
}

// Set gives the element with the given index, which may be negative, another
// value, and reports false if there is none.
func (l *List) Set(index int, element []byte, limits *ListLimits) bool {
	l.makeBig(len(element), 1, limits)
	e := listpack.String(element)
	if l.big != nil {
		if !l.big.Set(index, e) {
			return false
		}
		l.turnBack(limits, true)
		return true
	}
	if l.small.Size() == 0 {
		return false
	}
	at := l.small.Listpack().Seek(index)
	if at == 0 {
		return false
	}
	l.small.Replace(at, e)
	return true
}

// InsertBefore inserts an element before the first one whose text is pivot, and
// reports false if there is none.
func (l *List) InsertBefore(pivot, element []byte, limits *ListLimits) bool {
	return l.insert(pivot, listpack.Before, element, limits)
}

// InsertAfter is like InsertBefore, but inserts after the pivot.
func (l *List) InsertAfter(pivot, element []byte, limits *ListLimits) bool {
	return l.insert(pivot, listpack.After, element, limits)
}

func (l *List) insert(pivot []byte, where listpack.Where, element []byte, limits *ListLimits) bool {
	l.makeBig(len(element), 1, limits)
	e := listpack.String(element)
	if l.big == nil {
		if l.small.Size() == 0 {
			return false
		}
		lp := l.small.Listpack()
		at := lp.Find(lp.First(), pivot, 0)
		if at == 0 {
			return false
		}
		l.small.Insert(at, where, e)
		return true
	}
	found := l.Find(pivot, 1, 1, 0, nil)
	return len(found) == 1 && l.big.Insert(found[0], where, e)
}

// Remove removes elements whose text is s: the first count ones, from the tail
// the last -count ones if negative, or all if 0. It returns how many it removed.
func (l *List) Remove(s []byte, count int, limits *ListLimits) int {
	if l.big != nil {
		removed := l.big.Remove(s, count)
		if removed > 0 {
			l.turnBack(limits, true)
		}
		return removed
	}
	limit, fromTail := count, count < 0
	if fromTail {
		limit = -count
	}
	if count == 0 || limit < 0 {
		limit = l.Len()
	}
	pattern := listpack.PatternOf(s)
	return l.small.Remove(&pattern, limit, fromTail)
}

// Trim keeps the elements from start to stop, both included, and removes all
// others. Neither may be negative.
func (l *List) Trim(start, stop int, limits *ListLimits) {
	n := l.Len()
	if start > stop || start >= n {
		l.deleteRange(0, n)
		return
	}
	if stop < n-1 {
		l.deleteRange(stop+1, n-stop-1)
	}
	l.deleteRange(0, start)
	l.turnBack(limits, true)
}

// DeleteRange removes up to count elements from the given index on, negative ones
// counting from the end.
func (l *List) DeleteRange(start, count int, limits *ListLimits) {
	l.deleteRange(start, count)
	l.turnBack(limits, true)
}

func (l *List) deleteRange(start, count int) {
	if l.big != nil {
		l.big.DeleteRange(start, count)
	} else {
		l.small.DeleteRange(start, count)
	}
}

// Each calls fn with up to n elements from the given index on, which must not be
// negative, towards the tail, until fn returns false. An element holds during the
// call only; the list must not be changed meanwhile.
func (l *List) Each(index, n int, fn func(e ListElement) bool) {
	if l.big != nil {
		l.big.Each(index, n, fn)
		return
	}
	lp := l.small.Listpack()
	if len(lp) == 0 || index < 0 {
		return
	}
	for at := lp.Seek(index); at != 0 && n > 0 && fn(lp.Get(at)); n-- {
		at = lp.Next(at)
	}
}

// EachBack is like Each, but goes towards the head.
func (l *List) EachBack(index, n int, fn func(e ListElement) bool) {
	if l.big != nil {
		l.big.EachBack(index, n, fn)
		return
	}
	lp := l.small.Listpack()
	if len(lp) == 0 || index < 0 {
		return
	}
	for at := lp.Seek(index); at != 0 && n > 0 && fn(lp.Get(at)); n-- {
		at = lp.Prev(at)
	}
}

// Find appends to dst the indexes of elements whose text is s: up to count of
// them, or all if 0, from the rank-th one on. Ranks count from 1 at the head, or
// from -1 at the tail, then going towards the head. At most maxLen elements are
// compared, or all if 0.
func (l *List) Find(s []byte, rank, count, maxLen int, dst []int) []int {
	n := l.Len()
	limit := n
	if maxLen > 0 {
		limit = min(maxLen, n)
	}
	each, index, step := l.Each, 0, 1
	if rank < 0 {
		each, index, step = l.EachBack, n-1, -1
		rank = -rank
	}
	pattern := listpack.PatternOf(s)
	found := 0
	each(index, limit, func(e ListElement) bool {
		if pattern.Matches(e) {
			if rank--; rank <= 0 {
				dst = append(dst, index)
				found++
			}
		}
		index += step
		return count == 0 || found < count
	})
	return dst
}

// EachNode calls fn with each node from head to tail until fn returns false, for
// saving. A listpack is one packed node.
func (l *List) EachNode(fn func(quicklist.Node) bool) {
	if l.big != nil {
		l.big.EachNode(fn)
		return
	}
	if lp := l.small.Listpack(); len(lp) > 0 {
		fn(quicklist.Node{Data: lp, Size: len(lp)})
	}
}

// Dup returns an independent copy.
func (l *List) Dup() *List {
	if l.big != nil {
		return &List{big: l.big.Dup()}
	}
	return &List{small: l.small.Dup()}
}

// Clone returns an independent copy, a *List.
func (l *List) Clone() any { return l.Dup() }

// Bytes estimates the memory of the list in bytes.
func (l *List) Bytes() int {
	n := int(unsafe.Sizeof(*l)) + l.small.Cap()
	if l.big != nil {
		n += l.big.Bytes()
	}
	return n
}

// Check verifies the structure.
func (l *List) Check() error {
	if l.big != nil {
		return l.big.Check()
	}
	return l.small.Check()
}
