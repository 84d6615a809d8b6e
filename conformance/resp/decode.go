package resp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Limits of the decoder. A server that exceeds one is at fault, or the suite
// asked for too much.
const (
	MaxLine     = 64 << 10  // bytes of a line, its ending included
	MaxBulk     = 512 << 20 // bytes of a string
	MaxElements = 1 << 26   // children of an aggregate
	MaxDepth    = 128       // aggregates within each other
)

// chunk bounds how much is allocated ahead of the bytes that really arrived.
const chunk = 64 << 10

// SyntaxError tells what a server sent that the protocol does not allow.
type SyntaxError struct {
	Offset int64 // of the offending element, in bytes from the connection's start
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid RESP at byte %d: %s", e.Offset, e.Reason)
}

// Decoder reads replies from a stream.
type Decoder struct {
	br     *bufio.Reader
	proto  int
	offset int64 // of the next byte
}

// NewDecoder returns a decoder that accepts the types of both protocols.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{br: bufio.NewReaderSize(r, MaxLine), proto: 3}
}

// SetProtocol makes the decoder refuse, for 2, the types that only RESP3 has.
// RESP2 nulls are not RESP3 types; they are accepted
// all the same, because a transcript must be able to show a server sending one.
func (d *Decoder) SetProtocol(proto int) { d.proto = proto }

// Buffered is the number of bytes that were received and not yet decoded.
func (d *Decoder) Buffered() int { return d.br.Buffered() }

// Peek waits for at least one more byte to be received.
func (d *Decoder) Peek() error {
	_, err := d.br.Peek(1)
	return err
}

// Rest takes all bytes that are buffered.
func (d *Decoder) Rest() []byte {
	b, _ := d.br.Peek(d.br.Buffered())
	b = bytes.Clone(b)
	n, _ := d.br.Discard(len(b))
	d.offset += int64(n)
	return b
}

// Decode reads one reply. At the end of the stream it returns io.EOF if nothing
// of a reply was read and io.ErrUnexpectedEOF within one, and a *SyntaxError
// for bytes that the protocol does not allow; after that the stream is useless.
func (d *Decoder) Decode() (Value, error) {
	start := d.offset
	v, err := d.value(0)
	if errors.Is(err, io.EOF) && d.offset > start {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

// Decode reads the one reply that b starts with, and returns what follows it.
func Decode(b []byte) (v Value, rest []byte, err error) {
	d := &Decoder{br: bufio.NewReaderSize(bytes.NewReader(b), min(len(b)+1, MaxLine)), proto: 3}
	v, err = d.Decode()
	if err != nil {
		return Value{}, b, err
	}
	return v, b[d.offset:], nil
}

func (d *Decoder) value(depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, d.fault("aggregates nested too deeply")
	}
	at := d.offset
	line, err := d.line()
	if err != nil {
		return Value{}, err
	}
	if len(line) == 0 {
		return Value{}, faultAt(at, "empty line in place of a reply")
	}
	typ, text := line[0], line[1:]
	if d.proto == 2 && !bytes.ContainsRune([]byte("+-:$*"), rune(typ)) {
		return Value{}, faultAt(at, "type %q in RESP2", typ)
	}
	if typ == Push && depth > 0 {
		return Value{}, faultAt(at, "push inside another reply")
	}
	switch {
	case typ == Attribute:
		return d.attributed(at, text, depth)
	case IsAggregate(typ):
		return d.aggregate(at, typ, text, depth)
	case IsBulk(typ):
		return d.bulk(at, typ, text)
	}
	return scalar(at, typ, text)
}

func (d *Decoder) attributed(at int64, text []byte, depth int) (Value, error) {
	attr, err := d.aggregate(at, Attribute, text, depth)
	if err != nil {
		return Value{}, err
	}
	if len(attr.Elems) == 0 {
		return Value{}, faultAt(at, "empty attribute")
	}
	v, err := d.value(depth + 1)
	if err != nil {
		return Value{}, err
	}
	if len(v.Attrs) > 0 {
		return Value{}, faultAt(at, "attribute of an attribute")
	}
	v.Attrs = attr.Elems
	return v, nil
}

func (d *Decoder) aggregate(at int64, typ byte, text []byte, depth int) (Value, error) {
	if typ == Array && string(text) == "-1" {
		return Value{Type: typ, IsNull: true}, nil
	}
	n, ok := length(text, MaxElements)
	if !ok {
		return Value{}, faultAt(at, "invalid count %q", text)
	}
	if typ == Map || typ == Attribute {
		n *= 2
	}
	v := Value{Type: typ, Elems: make([]Value, 0, min(n, 1024))}
	for range n {
		e, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.Elems = append(v.Elems, e)
	}
	return v, nil
}

func (d *Decoder) bulk(at int64, typ byte, text []byte) (Value, error) {
	if typ == BulkString && string(text) == "-1" {
		return Value{Type: typ, IsNull: true}, nil
	}
	n, ok := length(text, MaxBulk)
	if !ok {
		return Value{}, faultAt(at, "invalid length %q", text)
	}
	body, err := d.body(n)
	if err != nil {
		return Value{}, err
	}
	if typ == Verbatim && (n < 4 || body[3] != ':') {
		return Value{}, faultAt(at, "verbatim string without its format")
	}
	return Value{Type: typ, Text: body}, nil
}

// body reads n bytes and the line ending behind them.
func (d *Decoder) body(n int) ([]byte, error) {
	body := make([]byte, 0, min(n+2, chunk))
	for len(body) < n+2 {
		from := len(body)
		body = append(body, make([]byte, min(n+2-from, chunk))...)
		read, err := io.ReadFull(d.br, body[from:])
		d.offset += int64(read)
		if err != nil {
			return nil, err
		}
	}
	if body[n] != '\r' || body[n+1] != '\n' {
		return nil, faultAt(d.offset-2, "string of %d bytes does not end in CR LF", n)
	}
	return body[:n], nil
}

// line reads up to CR LF and returns what is before it; the bytes are valid
// until the next read.
func (d *Decoder) line() ([]byte, error) {
	at := d.offset
	line, err := d.br.ReadSlice('\n')
	d.offset += int64(len(line))
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, faultAt(at, "line longer than %d bytes", MaxLine)
	}
	if err != nil {
		return nil, err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return nil, faultAt(at, "line ends without CR")
	}
	line = line[:len(line)-2]
	if bytes.IndexByte(line, '\r') >= 0 {
		return nil, faultAt(at, "CR inside a line")
	}
	return line, nil
}

func scalar(at int64, typ byte, text []byte) (Value, error) {
	ok := false
	switch typ {
	case SimpleString, Error:
		ok = true
	case Integer:
		_, err := strconv.ParseInt(string(text), 10, 64)
		ok = err == nil && canonical(text)
	case Null:
		if len(text) == 0 {
			return Value{Type: typ}, nil
		}
	case Boolean:
		ok = string(text) == "t" || string(text) == "f"
	case BigNumber:
		ok = canonical(text)
	case Double:
		ok = isDouble(text)
	default:
		return Value{}, faultAt(at, "unknown type %q", typ)
	}
	if !ok {
		return Value{}, faultAt(at, "invalid payload %q of type %q", text, typ)
	}
	return Value{Type: typ, Text: append([]byte{}, text...)}, nil
}

// length parses the decimal length of a string or an aggregate.
func length(text []byte, limit int) (int, bool) {
	if !canonical(text) || text[0] == '-' {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil && n <= limit
}

// canonical reports whether text is a decimal integer in its shortest form.
func canonical(text []byte) bool {
	digits, negative := bytes.CutPrefix(text, []byte{'-'})
	if len(digits) == 0 || countDigits(digits) != len(digits) {
		return false
	}
	return digits[0] != '0' || len(digits) == 1 && !negative
}

func countDigits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// isDouble reports whether text is a RESP3 double: digits, an optional
// fraction, an optional exponent; or inf, -inf, nan.
func isDouble(text []byte) bool {
	switch string(text) {
	case "inf", "-inf", "nan":
		return true
	}
	text = bytes.TrimPrefix(text, []byte{'-'})
	n := countDigits(text)
	if n == 0 {
		return false
	}
	text = text[n:]
	if len(text) > 0 && text[0] == '.' {
		n = countDigits(text[1:])
		if n == 0 {
			return false
		}
		text = text[1+n:]
	}
	if len(text) == 0 {
		return true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return false
	}
	text = text[1:]
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	return len(text) > 0 && countDigits(text) == len(text)
}

func (d *Decoder) fault(format string, args ...any) error {
	return faultAt(d.offset, format, args...)
}

func faultAt(at int64, format string, args ...any) error {
	return &SyntaxError{Offset: at, Reason: fmt.Sprintf(format, args...)}
}
