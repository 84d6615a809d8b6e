package protocol

import "strconv"

// Writer appends replies to Buf. The zero value speaks RESP2.
//
// A reply that contains others is written header first: Array(2) and then two
// replies. The user keeps the count; nothing is checked here. No method allocates
// unless Buf has to grow.
type Writer struct {
	// Buf holds the replies that were appended. The user may take bytes away
	// from its start or replace it between two replies.
	Buf []byte

	// Proto is the protocol that the client has chosen: 2 or 3. 0 is 2.
	Proto int
}

func (w *Writer) resp3() bool { return w.Proto >= 3 }

// OK appends the status OK.
func (w *Writer) OK() { w.Buf = append(w.Buf, "+OK\r\n"...) }

// Pong appends the status PONG.
func (w *Writer) Pong() { w.Buf = append(w.Buf, "+PONG\r\n"...) }

// Queued appends the status QUEUED, the reply to a command within MULTI.
func (w *Writer) Queued() { w.Buf = append(w.Buf, "+QUEUED\r\n"...) }

// Status appends a short text that says how a command went. Line ends within it
// become blanks.
func (w *Writer) Status(text string) {
	w.Buf = append(w.Buf, '+')
	w.line(text)
}

// Error appends an error: the code in capitals, a blank, the explanation, such as
// "ERR no such key". Line ends at its end are dropped, others become blanks.
func (w *Writer) Error(text string) {
	for len(text) > 0 && isLineEnd(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	w.Buf = append(w.Buf, '-')
	w.line(text)
}

// line appends text as the rest of a line.
func (w *Writer) line(text string) {
	start := len(w.Buf)
	w.Buf = append(w.Buf, text...)
	for i, c := range w.Buf[start:] {
		if isLineEnd(c) {
			w.Buf[start+i] = ' '
		}
	}
	w.lineEnd()
}

func isLineEnd(c byte) bool { return c == '\r' || c == '\n' }

func (w *Writer) lineEnd() { w.Buf = append(w.Buf, '\r', '\n') }

// Int appends an integer.
func (w *Writer) Int(n int64) { w.Buf = appendHeader(w.Buf, ':', n) }

// Bulk appends a binary-safe string.
func (w *Writer) Bulk(b []byte) { w.Buf = AppendBulk(w.Buf, b) }

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) { w.Buf = AppendBulk(w.Buf, s) }

// BulkInt appends an integer as a bulk string in decimal.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null appends the reply for a value that does not exist.
func (w *Writer) Null() {
	if w.resp3() {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "$-1\r\n"...)
}

// NullArray appends the reply for an array that does not exist. RESP3 has one
// null for everything.
func (w *Writer) NullArray() {
	if w.resp3() {
		w.Null()
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Array announces n replies as elements of an array.
func (w *Writer) Array(n int) { w.Buf = appendHeader(w.Buf, '*', int64(n)) }

// Map announces n pairs of replies, key and value in turn; in RESP2 an array of
// 2n elements.
func (w *Writer) Map(n int) {
	sigil, count := w.mapHeader(n)
	w.Buf = appendHeader(w.Buf, sigil, count)
}

// Set announces n replies as elements of a set; in RESP2 an array.
func (w *Writer) Set(n int) { w.Buf = appendHeader(w.Buf, w.sigil('~'), int64(n)) }

// Push announces n replies as elements of a message that answers no request; in
// RESP2 an array.
func (w *Writer) Push(n int) { w.Buf = appendHeader(w.Buf, w.sigil('>'), int64(n)) }

// Attribute announces n pairs of replies that tell something about the reply that
// comes after them. RESP2 cannot express that: nothing is appended then, and the
// false result tells to leave the pairs out.
func (w *Writer) Attribute(n int) bool {
	if !w.resp3() {
		return false
	}
	w.Buf = appendHeader(w.Buf, '|', int64(n))
	return true
}

// Bool appends a truth value; in RESP2 the integer 1 or 0.
func (w *Writer) Bool(b bool) {
	text := ":0\r\n"
	switch {
	case w.resp3() && b:
		text = "#t\r\n"
	case w.resp3():
		text = "#f\r\n"
	case b:
		text = ":1\r\n"
	}
	w.Buf = append(w.Buf, text...)
}

// Double appends a number in the form of [FormatDouble]; in RESP2 a bulk string.
func (w *Writer) Double(f float64) {
	if w.resp3() {
		w.Buf = FormatDouble(append(w.Buf, ','), f)
		w.lineEnd()
		return
	}
	var text [32]byte
	w.Bulk(FormatDouble(text[:0], f))
}

// DoubleText appends a number that is spelled already; in RESP2 a bulk string.
func (w *Writer) DoubleText(text []byte) {
	if w.resp3() {
		w.Buf = append(append(w.Buf, ','), text...)
		w.lineEnd()
		return
	}
	w.Bulk(text)
}

// BigNumber appends an integer of any size, given in decimal; in RESP2 a bulk
// string.
func (w *Writer) BigNumber(decimal string) {
	if !w.resp3() {
		w.BulkString(decimal)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.line(decimal)
}

// Verbatim appends a text for people to read, with the kind of text it is: "txt"
// or "mkd". A kind that has not three bytes is cut or filled with blanks. In
// RESP2 it is a bulk string without the kind.
func (w *Writer) Verbatim(ext, text string) {
	if !w.resp3() {
		w.BulkString(text)
		return
	}
	w.Buf = appendHeader(w.Buf, '=', int64(len(text))+4)
	var kind [3]byte
	copy(kind[copy(kind[:], ext):], "   ")
	w.Buf = append(w.Buf, kind[:]...)
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.lineEnd()
}

// Mark is the place of an aggregate whose header is written when its length is
// known.
type Mark int

// reserved is the room for a deferred header, enough for one digit:
//
//   - 3 \r \n
//
// A longer header moves the elements up, which then are many bytes anyway.
const reserved = 4

// DeferArray begins an array of unknown length: its elements are appended next,
// then EndArray. Of several deferred aggregates the last one begun ends first. Buf
// must stay whole in between.
func (w *Writer) DeferArray() Mark { return w.reserve() }

// EndArray ends the array that began at m and has n elements.
func (w *Writer) EndArray(m Mark, n int) { w.fill(m, '*', int64(n)) }

// DeferMap is DeferArray for a map.
func (w *Writer) DeferMap() Mark { return w.reserve() }

// EndMap ends the map that began at m and has n pairs.
func (w *Writer) EndMap(m Mark, n int) {
	sigil, count := w.mapHeader(n)
	w.fill(m, sigil, count)
}

// DeferSet is DeferArray for a set.
func (w *Writer) DeferSet() Mark { return w.reserve() }

// EndSet ends the set that began at m and has n elements.
func (w *Writer) EndSet(m Mark, n int) { w.fill(m, w.sigil('~'), int64(n)) }

// Cancel takes back the deferred aggregate that began at m, with all that was
// appended since, so that another reply can take its place.
func (w *Writer) Cancel(m Mark) { w.Buf = w.Buf[:m] }

func (w *Writer) reserve() Mark {
	m := Mark(len(w.Buf))
	w.Buf = append(w.Buf, "    "[:reserved]...)
	return m
}

// fill writes the header at m.
func (w *Writer) fill(m Mark, sigil byte, n int64) {
	var room [24]byte
	header := appendHeader(room[:0], sigil, n)
	start, end := int(m), len(w.Buf)
	if more := len(header) - reserved; more > 0 {
		w.Buf = append(w.Buf, header[:more]...)
		copy(w.Buf[start+len(header):], w.Buf[start+reserved:end])
	}
	copy(w.Buf[start:], header)
}

// sigil returns the type byte of a RESP3 aggregate in the client's protocol.
func (w *Writer) sigil(resp3 byte) byte {
	if w.resp3() {
		return resp3
	}
	return '*'
}

// mapHeader returns type byte and count of a map of n pairs.
func (w *Writer) mapHeader(n int) (sigil byte, count int64) {
	if w.resp3() {
		return '%', int64(n)
	}
	return '*', 2 * int64(n)
}

// appendHeader appends a type byte, a number and a line end.
func appendHeader(dst []byte, sigil byte, n int64) []byte {
	if 0 <= n && n <= 9 {
		return append(dst, sigil, byte('0'+n), '\r', '\n')
	}
	dst = AppendInt(append(dst, sigil), n)
	return append(dst, '\r', '\n')
}

// AppendInt appends n in decimal.
func AppendInt(dst []byte, n int64) []byte {
	return strconv.AppendInt(dst, n, 10)
}

// AppendBulk appends a bulk string.
func AppendBulk[T string | []byte](dst []byte, s T) []byte {
	dst = appendHeader(dst, '$', int64(len(s)))
	dst = append(dst, s...)
	return append(dst, '\r', '\n')
}

// AppendRequest appends a request with the given arguments, as a client sends it
// and as append-only files and the replication stream hold it.
func AppendRequest[T string | []byte](dst []byte, args ...T) []byte {
	dst = appendHeader(dst, '*', int64(len(args)))
	for _, arg := range args {
		dst = AppendBulk(dst, arg)
	}
	return dst
}
