package listpack

// A Deque is a listpack in a buffer that may have spare room before it:
//
//	+-------+--------+-------+-----+-------+------+-------+
//	| spare | header | entry | ... | entry | 0xff | spare |
//	+-------+--------+-------+-----+-------+------+-------+
//	        ^ front
//
// An element that comes or goes at the head moves the header, of six bytes, and
// nothing else. The zero Deque holds no listpack; it becomes an empty one with
// the first element.
type Deque struct {
	buf   []byte
	front int
}

// DequeOf returns a deque that owns the bytes of lp from now on.
func DequeOf(lp Listpack) Deque { return Deque{buf: lp} }

// NewDeque returns an empty deque with room for so many bytes at one end: the
// head if atHead.
func NewDeque(capacity int, atHead bool) Deque {
	d := Deque{buf: New(capacity)}
	if spare := cap(d.buf) - emptySize; atHead && spare > 0 {
		d.buf = d.buf[:cap(d.buf)]
		copy(d.buf[spare:], d.buf[:emptySize])
		d.front = spare
	}
	return d
}

// Listpack returns the listpack, which holds until the next change, or nil.
func (d *Deque) Listpack() Listpack { return Listpack(d.buf[d.front:]) }

// Size returns the bytes of the listpack.
func (d *Deque) Size() int { return len(d.buf) - d.front }

// Cap returns the bytes of memory of the buffer.
func (d *Deque) Cap() int { return cap(d.buf) }

// Append adds an element at the tail.
func (d *Deque) Append(e Element) {
	f := formOf(e)
	n := f.size()
	d.reserveTail(n)
	at := len(d.buf) - 1
	d.buf = d.buf[:len(d.buf)+n]
	f.put(d.buf[at:])
	d.buf[len(d.buf)-1] = endByte
	lp := d.Listpack()
	lp.setHeader(lp.countAfter(1))
}

// Prepend adds an element at the head.
func (d *Deque) Prepend(e Element) {
	f := formOf(e)
	n := f.size()
	d.reserveHead(n)
	count := d.Listpack().countAfter(1)
	d.front -= n
	lp := d.Listpack()
	f.put(lp[headerSize:])
	lp.setHeader(count)
}

// PopFirst removes the element at the head, if there is one, and appends its text
// to dst.
func (d *Deque) PopFirst(dst []byte) ([]byte, bool) {
	if d.isEmpty() {
		return dst, false
	}
	lp := d.Listpack()
	dst = lp.Get(headerSize).AppendTo(dst)
	d.dropHead(entrySize(lp[headerSize:]), 1)
	return dst, true
}

// PopLast removes the element at the tail, if there is one, and appends its text
// to dst.
func (d *Deque) PopLast(dst []byte) ([]byte, bool) {
	if d.isEmpty() {
		return dst, false
	}
	lp := d.Listpack()
	at := lp.Last()
	dst = lp.Get(at).AppendTo(dst)
	d.set(lp.Truncate(at, 1))
	d.shrink()
	return dst, true
}

// DeleteRange removes up to n elements from the one with the given index on,
// which may be negative.
func (d *Deque) DeleteRange(index, n int) {
	if d.isEmpty() || n <= 0 {
		return
	}
	lp := d.Listpack()
	if index != 0 {
		d.set(lp.DeleteRange(index, n))
		d.shrink()
		return
	}
	at, removed := headerSize, 0
	for removed < n && at < len(lp)-1 {
		at += entrySize(lp[at:])
		removed++
	}
	d.dropHead(at-headerSize, removed)
}

// Delete removes the element at the given offset, and returns the offset of the
// one that followed it, or 0.
func (d *Deque) Delete(at int) int {
	if at == headerSize {
		d.dropHead(entrySize(d.Listpack()[at:]), 1)
		return d.Listpack().First()
	}
	lp, next := d.Listpack().Delete(at)
	d.set(lp)
	return next
}

// Insert adds an element before or after the one at the given offset.
func (d *Deque) Insert(at int, where Where, e Element) {
	lp := d.Listpack()
	if where == After {
		at += entrySize(lp[at:])
	}
	switch at {
	case headerSize:
		d.Prepend(e)
	case len(lp) - 1:
		d.Append(e)
	default:
		d.set(lp.put(at, 0, 1, e))
	}
}

// Replace gives the element at the given offset another value.
func (d *Deque) Replace(at int, e Element) {
	lp := d.Listpack()
	d.set(lp.put(at, entrySize(lp[at:]), 0, e))
}

// Merge adds all elements of other at the tail.
func (d *Deque) Merge(other Listpack) {
	d.reserveTail(len(other) - emptySize)
	d.set(d.Listpack().Merge(other))
}

// Dup returns an independent copy without spare room.
func (d *Deque) Dup() Deque { return Deque{buf: d.Listpack().Dup()} }

// Compact gives spare memory back if it is more than an eighth of the listpack.
func (d *Deque) Compact() {
	if spare := cap(d.buf) - d.Size(); spare > 32+d.Size()/8 {
		*d = d.Dup()
	}
}

// Check verifies the listpack and the buffer around it.
func (d *Deque) Check() error {
	if d.buf == nil && d.front == 0 {
		return nil
	}
	if d.front < 0 || d.front > len(d.buf) {
		return corrupt("front %d of %d bytes", d.front, len(d.buf))
	}
	return d.Listpack().Check()
}

func (d *Deque) isEmpty() bool { return d.Size() <= emptySize }

// set takes over a listpack that was made from the present one, in its place or
// elsewhere.
func (d *Deque) set(lp Listpack) {
	if &lp[0] == &d.buf[d.front] {
		d.buf = d.buf[:d.front+len(lp)]
		return
	}
	d.buf, d.front = lp, 0
}

// dropHead cuts the first entries, which take n bytes.
func (d *Deque) dropHead(n, elements int) {
	count := d.Listpack().countAfter(-elements)
	d.front += n
	d.Listpack().setHeader(count)
	d.shrink()
}

// shrink gives memory back when three quarters of it are unused.
func (d *Deque) shrink() {
	const worthIt = 512 // bytes
	if cap(d.buf) >= worthIt && d.Size() < cap(d.buf)/4 {
		half := cap(d.buf) / 2
		d.move(make([]byte, half), (half-d.Size())/2)
	}
}

// reserveTail makes room for n more bytes at the tail.
func (d *Deque) reserveTail(n int) {
	if cap(d.buf)-len(d.buf) < n {
		d.makeRoom(n, false)
	}
}

// reserveHead makes room for n more bytes at the head.
func (d *Deque) reserveHead(n int) {
	if d.front < n || d.buf == nil {
		d.makeRoom(n, true)
	}
}

// makeRoom shares the spare room of the other end between both, if it is enough
// to make the move worth while. Otherwise it takes a larger buffer.
func (d *Deque) makeRoom(n int, atHead bool) {
	if d.buf == nil {
		*d = NewDeque(grownCap(emptySize+n), atHead)
		return
	}
	spare := cap(d.buf) - d.Size()
	if spare >= max(n, d.Size()/8) {
		front := min(spare/2, spare-n)
		if atHead {
			front = max(spare/2, n)
		}
		d.move(d.buf[:cap(d.buf)], front)
		return
	}
	grown := make([]byte, grownCap(d.Size()+n))
	front := 0
	if atHead {
		front = len(grown) - d.Size()
	}
	d.move(grown, front)
}

// move puts the listpack into buf, which may be the present buffer.
func (d *Deque) move(buf []byte, front int) {
	n := copy(buf[front:], d.Listpack())
	d.buf, d.front = buf[:front+n], front
}

// Remove removes up to limit elements that match, from the tail on if fromTail,
// and returns how many it removed.
func (d *Deque) Remove(pattern *Pattern, limit int, fromTail bool) int {
	if d.isEmpty() {
		return 0
	}
	removed := 0
	at := d.Listpack().First()
	if fromTail {
		at = d.Listpack().Last()
	}
	for at != 0 && removed < limit {
		lp := d.Listpack()
		matches := pattern.Matches(lp.Get(at))
		switch {
		case matches && fromTail:
			// What comes before is not moved, unless it is nothing.
			prev := lp.Prev(at)
			d.Delete(at)
			at = prev
			removed++
		case matches:
			at = d.Delete(at)
			removed++
		case fromTail:
			at = lp.Prev(at)
		default:
			at = lp.Next(at)
		}
	}
	return removed
}
