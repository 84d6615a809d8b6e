package protocol

import (
	"bytes"
	"math"
)

const (
	// DefaultMaxBulk is the longest argument that is accepted unless configured
	// otherwise (proto-max-bulk-len), in bytes.
	DefaultMaxBulk = 512 << 20

	// DefaultMaxInline is the longest inline request, and the longest line that
	// announces a length, in bytes without the line end.
	DefaultMaxInline = 64 << 10

	maxArguments = math.MaxInt32

	// Before authentication a client can only have use for short requests.
	maxArgumentsUnauthenticated = 10
	maxBulkUnauthenticated      = 16 << 10

	// A parser gives the memory of larger requests back when they are done.
	keptSpans = 1024
)

// Error is a violation of the protocol. Its text is what the client is told after
// "-ERR ", whereupon the connection is closed.
type Error string

func (e Error) Error() string { return string(e) }

// The violations with a fixed text. One more names the byte that it met in place
// of '$'.
const (
	ErrInvalidMultibulkLength         Error = "Protocol error: invalid multibulk length"
	ErrInvalidBulkLength              Error = "Protocol error: invalid bulk length"
	ErrUnauthenticatedMultibulkLength Error = "Protocol error: unauthenticated multibulk length"
	ErrUnauthenticatedBulkLength      Error = "Protocol error: unauthenticated bulk length"
	ErrTooBigMultibulkCount           Error = "Protocol error: too big mbulk count string"
	ErrTooBigBulkCount                Error = "Protocol error: too big bulk count string"
	ErrTooBigInline                   Error = "Protocol error: too big inline request"
	ErrUnbalancedQuotes               Error = "Protocol error: unbalanced quotes in request"
)

// errNotBulk tells that an argument began with got. A line end would end the error
// reply too early and is shown as a blank.
func errNotBulk(got byte) Error {
	if got == '\r' || got == '\n' {
		got = ' '
	}
	return Error("Protocol error: expected '$', got '" + string([]byte{got}) + "'")
}

// Parser cuts requests out of the input of one connection. The zero value is ready
// for use and applies the default limits. The limits may be changed between two
// calls; what has been parsed of a request is not judged again.
type Parser struct {
	// MaxBulk is the longest argument in bytes, DefaultMaxBulk if 0.
	MaxBulk int64

	// MaxInline is the longest inline request in bytes, DefaultMaxInline if 0.
	MaxInline int

	// Unauthenticated applies the narrow limits for clients that have not yet
	// given the password: 10 arguments of 16384 bytes. Inline requests are exempt.
	Unauthenticated bool

	awaitsBulk bool   // the bulk at pos is announced, not complete
	pos        int    // where to go on: a length line or the awaited bulk
	bulk       int    // length of the awaited bulk
	left       int    // arguments to come, the awaited one included; 0 between requests
	searched   int    // end of the part of the current line that has no line end
	spans      []span // arguments that are complete
}

// span is the place of an argument, as offsets from the start of its request.
type span struct{ start, end int }

// Next looks for one request at the start of buf, which must begin with the same
// bytes as in the call before if that returned n == 0.
//
// It appends the arguments to args and returns the number of bytes that the
// request takes. The arguments are slices of buf, except for quoted words of an
// inline request, which are copies. An empty request has n > 0 and no arguments.
// With n == 0 and no error more bytes are needed; none is looked at twice, apart
// from the last, incomplete length line.
//
// An error is of type [Error]. The input cannot be understood any further then;
// the parser may be used again after [Parser.Reset].
func (p *Parser) Next(buf []byte, args [][]byte) (n int, out [][]byte, err error) {
	if p.left == 0 {
		if len(buf) == 0 {
			return 0, args, nil
		}
		if buf[0] != '*' {
			return p.nextInline(buf, args)
		}
		count, next, err := p.multibulkLength(buf)
		if next == 0 || count <= 0 {
			return next, args, err
		}
		p.pos, p.left = next, count
	}
	done, err := p.bulks(buf)
	if !done {
		return 0, args, err
	}
	for _, s := range p.spans {
		args = append(args, buf[s.start:s.end:s.end])
	}
	n = p.pos
	p.Reset()
	return n, args, nil
}

// Reset forgets the incomplete request, if any. The limits stay.
func (p *Parser) Reset() {
	p.awaitsBulk, p.pos, p.left, p.searched = false, 0, 0, 0
	p.spans = p.spans[:0]
	if cap(p.spans) > keptSpans {
		p.spans = nil
	}
}

// bulks notes the places of the arguments that have arrived, and tells whether
// these are all.
func (p *Parser) bulks(buf []byte) (done bool, err error) {
	for p.left > 0 {
		if !p.awaitsBulk {
			length, next, err := p.bulkLength(buf)
			if next == 0 {
				return false, err
			}
			p.pos, p.bulk, p.awaitsBulk = next, length, true
		}
		// As in Redis, the two bytes that end a bulk may be any.
		if len(buf)-p.pos-2 < p.bulk {
			return false, nil
		}
		end := p.pos + p.bulk
		p.spans = append(p.spans, span{p.pos, end})
		p.pos, p.awaitsBulk = end+2, false
		p.left--
	}
	return true, nil
}

// multibulkLength reads the first line of a request, "*count". A next of 0 means
// that there was an error or the line is not complete.
func (p *Parser) multibulkLength(buf []byte) (count, next int, err error) {
	count, next = shortLength(buf, 0)
	if next == 0 {
		end, err := p.lineEnd(buf, 0, ErrTooBigMultibulkCount)
		if end < 0 {
			return 0, 0, err
		}
		long, ok := parseLength(buf[1:end])
		if !ok || long > maxArguments {
			return 0, 0, ErrInvalidMultibulkLength
		}
		count, next = int(max(long, -1)), end+2
	}
	if count > maxArgumentsUnauthenticated && p.Unauthenticated {
		return 0, 0, ErrUnauthenticatedMultibulkLength
	}
	p.searched = 0 // an empty request ends here
	return count, next, nil
}

// bulkLength reads the line at p.pos, "$length". A next of 0 means that there was
// an error or the line is not complete.
func (p *Parser) bulkLength(buf []byte) (length, next int, err error) {
	if p.pos < len(buf) && buf[p.pos] == '$' {
		length, next = shortLength(buf, p.pos)
	}
	if next == 0 {
		end, err := p.lineEnd(buf, p.pos, ErrTooBigBulkCount)
		if end < 0 {
			return 0, 0, err
		}
		if buf[p.pos] != '$' {
			return 0, 0, errNotBulk(buf[p.pos])
		}
		long, ok := parseLength(buf[p.pos+1 : end])
		if !ok || long < 0 || long > math.MaxInt {
			return 0, 0, ErrInvalidBulkLength
		}
		length, next = int(long), end+2
	}
	if int64(length) > p.maxBulk() {
		return 0, 0, ErrInvalidBulkLength
	}
	if length > maxBulkUnauthenticated && p.Unauthenticated {
		return 0, 0, ErrUnauthenticatedBulkLength
	}
	return length, next, nil
}

func (p *Parser) maxBulk() int64 {
	if p.MaxBulk == 0 {
		return DefaultMaxBulk
	}
	return p.MaxBulk
}

func (p *Parser) maxInline() int {
	if p.MaxInline == 0 {
		return DefaultMaxInline
	}
	return p.MaxInline
}

// lineEnd returns the offset of the '\r' that ends the line at start, once the
// byte after it, which may be any, has arrived too; -1 before. Without '\r' in
// more than maxInline bytes the error is tooBig.
func (p *Parser) lineEnd(buf []byte, start int, tooBig Error) (int, error) {
	end, err := p.find('\r', buf, start, tooBig)
	if end < 0 || end+1 == len(buf) {
		return -1, err
	}
	return end, nil
}

// find returns the offset of the delimiter that ends the line at start, or -1.
// A delimiter behind a zero byte does not count: the line goes on until it is too
// big, as in Redis, which sees a C string there.
//
// Deviation: Redis measures the line only after it has looked for the delimiter
// in all it has read, so how much more than the limit passes depends on how the
// bytes arrive. Here it is the limit, always.
func (p *Parser) find(delimiter byte, buf []byte, start int, tooBig Error) (int, error) {
	limit := start + p.maxInline()
	if delimiter == '\n' && len(buf) > limit && buf[limit] == '\r' {
		limit++ // it belongs to the line end, which does not count
	}
	window := buf[:min(len(buf), limit+1)]
	from := min(max(start, p.searched), len(window))
	unsearched := window[from:]
	zero := bytes.IndexByte(unsearched, 0)
	if zero >= 0 {
		unsearched = unsearched[:zero]
	}
	if i := bytes.IndexByte(unsearched, delimiter); i >= 0 {
		p.searched = from + i
		return from + i, nil
	}
	p.searched = from + len(unsearched)
	if len(buf) > limit {
		return -1, tooBig
	}
	return -1, nil
}

// shortLength reads the number after the type byte at start if it is one that
// clients send: up to nine digits, no sign, and the whole line is there. A next
// of 0 leaves the judgement to the slower way.
func shortLength(buf []byte, start int) (n, next int) {
	first := start + 1
	for i := first; i < len(buf)-1 && i <= first+9; i++ {
		digit := buf[i] - '0'
		if digit <= 9 {
			n = n*10 + int(digit)
			continue
		}
		padded := buf[first] == '0' && i > first+1
		if buf[i] != '\r' || i == first || padded {
			return 0, 0
		}
		return n, i + 2
	}
	return 0, 0
}

// parseLength reads a decimal number in its only canonical form: no plus sign, no
// leading zeros, no "-0", no blanks, within 64 bits.
func parseLength(text []byte) (n int64, ok bool) {
	if len(text) == 1 && text[0] == '0' {
		return 0, true
	}
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 19 || text[0] == '0' {
		return 0, false
	}
	var abs uint64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		abs = abs*10 + uint64(c-'0')
	}
	switch {
	case negative && abs <= 1<<63:
		return int64(-abs), true
	case !negative && abs < 1<<63:
		return int64(abs), true
	}
	return 0, false
}
