package server

// A chain is a list in the order of arrival whose elements hold their links themselves:
// nothing is allocated for a place in it, and an element leaves it in constant time.
type chain[T any, P linked[T]] struct{ first, last P }

// links are the neighbours of an element. An element type embeds them.
type links[T any] struct{ prev, next *T }

func (l *links[T]) neighbours() *links[T] { return l }

// linked are pointers to types that embed their links.
type linked[T any] interface {
	*T
	neighbours() *links[T]
}

// add puts an element at the end.
func (c *chain[T, P]) add(x P) {
	x.neighbours().prev = c.last
	if c.last != nil {
		c.last.neighbours().next = x
	} else {
		c.first = x
	}
	c.last = x
}

// remove takes an element out. Its own links stay, so that who is at it can go on to the
// next one.
func (c *chain[T, P]) remove(x P) {
	l := x.neighbours()
	if l.prev != nil {
		P(l.prev).neighbours().next = l.next
	} else {
		c.first = l.next
	}
	if l.next != nil {
		P(l.next).neighbours().prev = l.prev
	} else {
		c.last = l.prev
	}
}
