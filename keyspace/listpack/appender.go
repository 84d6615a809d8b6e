package listpack

// An Appender adds several elements at the end of a listpack, and writes the header
// once for all of them.
type Appender struct {
	buf   []byte // without the end byte
	count int    // for the header
}

// Appender returns one for the listpack, which must not be used again before the
// appender's is taken.
func (lp Listpack) Appender() Appender {
	return Appender{buf: lp[:len(lp)-1], count: lp.storedCount()}
}

// Add adds an element.
func (a *Appender) Add(e Element) {
	f := formOf(e)
	at, n := len(a.buf), f.size()
	if at+n+1 > cap(a.buf) {
		grown := make([]byte, at, grownCap(at+n+1))
		copy(grown, a.buf)
		a.buf = grown
	}
	a.buf = a.buf[:at+n]
	f.put(a.buf[at:])
	if a.count != countUnknown {
		a.count++
	}
}

// Listpack returns the listpack with all elements.
func (a *Appender) Listpack() Listpack {
	lp := Listpack(a.buf[:len(a.buf)+1])
	lp[len(lp)-1] = endByte
	lp.setHeader(a.count)
	return lp
}
