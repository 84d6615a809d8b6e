package resp

import (
	"bytes"
	"fmt"
	"strconv"
)

// The first byte of a reply names its type.
const (
	SimpleString = '+'
	Error        = '-'
	Integer      = ':'
	BulkString   = '$'
	Array        = '*'

	// Types of RESP3 only.
	Null      = '_'
	Boolean   = '#'
	Double    = ','
	BigNumber = '('
	BulkError = '!'
	Verbatim  = '='
	Map       = '%'
	Set       = '~'
	Push      = '>'
	Attribute = '|'
)

// Value is one decoded reply.
type Value struct {
	Type byte
	// IsNull marks the RESP2 nulls "$-1" and "*-1". The RESP3 null has a type
	// of its own and leaves it false.
	IsNull bool
	// Text is the payload of a scalar: the bytes of a string, the digits of a
	// number, "t" or "f".
	Text []byte
	// Elems are the children of an aggregate; a map holds key, value, key, ….
	Elems []Value
	// Attrs are the pairs of an attribute sent in front of this value.
	Attrs []Value
}

// IsAggregate reports whether values of the type have children.
func IsAggregate(typ byte) bool {
	return typ == Array || typ == Map || typ == Set || typ == Push || typ == Attribute
}

// IsLine reports whether the payload of the type stands on the line of the type
// byte and therefore cannot hold line breaks.
func IsLine(typ byte) bool {
	switch typ {
	case SimpleString, Error, Integer, Boolean, Double, BigNumber:
		return true
	}
	return false
}

// IsBulk reports whether the payload of the type is announced by its length.
func IsBulk(typ byte) bool {
	return typ == BulkString || typ == BulkError || typ == Verbatim
}

// Append writes the encoding of v to dst. For a value that Decode returned
// these are exactly the bytes that were read.
func (v Value) Append(dst []byte) []byte {
	if len(v.Attrs) > 0 {
		dst = appendAggregate(dst, Attribute, v.Attrs)
	}
	switch {
	case v.IsNull:
		return append(dst, v.Type, '-', '1', '\r', '\n')
	case v.Type == Null:
		return append(dst, "_\r\n"...)
	case IsAggregate(v.Type):
		return appendAggregate(dst, v.Type, v.Elems)
	case IsBulk(v.Type):
		dst = appendHead(dst, v.Type, len(v.Text))
	default:
		dst = append(dst, v.Type)
	}
	dst = append(dst, v.Text...)
	return append(dst, "\r\n"...)
}

func appendAggregate(dst []byte, typ byte, elems []Value) []byte {
	n := len(elems)
	if typ == Map || typ == Attribute {
		n /= 2
	}
	dst = appendHead(dst, typ, n)
	for _, e := range elems {
		dst = e.Append(dst)
	}
	return dst
}

func appendHead(dst []byte, typ byte, n int) []byte {
	dst = append(dst, typ)
	dst = strconv.AppendInt(dst, int64(n), 10)
	return append(dst, "\r\n"...)
}

// Equal reports whether both values have the same encoding.
func (v Value) Equal(w Value) bool {
	return bytes.Equal(v.Append(nil), w.Append(nil))
}

// Int returns the number of an integer reply, or of a string that holds one.
func (v Value) Int() (int64, bool) {
	n, err := strconv.ParseInt(string(v.Text), 10, 64)
	return n, err == nil
}

// String is the encoding of v as a Go string literal, for messages.
func (v Value) String() string {
	return fmt.Sprintf("%q", v.Append(nil))
}

// AppendRequest writes a request, an array of bulk strings, to dst.
func AppendRequest(dst []byte, args ...[]byte) []byte {
	dst = appendHead(dst, Array, len(args))
	for _, a := range args {
		dst = appendHead(dst, BulkString, len(a))
		dst = append(dst, a...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// Request is AppendRequest for words given as strings.
func Request(words ...string) []byte {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	return AppendRequest(nil, args...)
}
