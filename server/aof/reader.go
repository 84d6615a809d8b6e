package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A Reader cuts a file into commands, and tells where each ends. It takes what the
// reference takes: arrays of bulk strings, and lines of annotations between them, which
// begin with '#'.
type Reader struct {
	// Annotation, if set, is told each annotation, without its '#' and the end of its line,
	// and where it begins.
	Annotation func(text []byte, offset int64)
	// Strict demands the end of line behind each argument, which is passed over otherwise.
	Strict bool

	in   io.Reader
	buf  []byte
	from int   // what is before it in buf has been returned
	at   int64 // offset in the file of buf[from]
	err  error // of in, once it has ended
	argv [][]byte
	ends []int // of the arguments in buf, counted from from
}

// The ways in which a file ends other than behind a command.
var (
	// ErrTruncated says that the file ends within a command.
	ErrTruncated = errors.New("unexpected end of file")
)

// A FormatError is what is no command.
type FormatError struct {
	Offset   int64 // of what was found
	Expected string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s at offset %d", e.Expected, e.Offset)
}

// NewReader returns a reader that begins at an offset, at which in stands.
func NewReader(in io.Reader, offset int64) *Reader {
	return &Reader{in: in, at: offset, buf: make([]byte, 0, readChunk)}
}

const (
	readChunk = 64 << 10 // bytes that are read at a time

	// maxLine is how long the line of a count, of a length or of an annotation may be, as in
	// the reference; a longer one is read in parts.
	maxLine = 1024
)

// Offset returns where the last command has ended, or an annotation behind it.
func (r *Reader) Offset() int64 { return r.at }

// fill reads until there are n bytes, or in ends.
func (r *Reader) fill(n int) bool {
	for len(r.buf)-r.from < n && r.err == nil {
		if r.from > 0 && (r.from == len(r.buf) || cap(r.buf)-r.from < n) {
			r.buf = r.buf[:copy(r.buf, r.buf[r.from:])]
			r.from = 0
		}
		if len(r.buf) == cap(r.buf) {
			// What was announced may never come: the buffer grows with what has.
			r.buf = append(r.buf, make([]byte, max(readChunk, len(r.buf)))...)[:len(r.buf)]
		}
		var k int
		k, r.err = r.in.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf = r.buf[:len(r.buf)+k]
	}
	return len(r.buf)-r.from >= n
}

// line returns the line that begins behind start bytes, with its end. It may be cut off
// at maxLine bytes, or by the end of the file.
func (r *Reader) line(start int) []byte {
	for n := start + 1; ; {
		ok := r.fill(n)
		have := r.buf[r.from+min(start, len(r.buf)-r.from):]
		if end := bytes.IndexByte(have[:min(len(have), maxLine-1)], '\n'); end >= 0 {
			return have[:end+1]
		}
		if !ok || len(have) >= maxLine-1 {
			return have[:min(len(have), maxLine-1)]
		}
		n = start + len(have) + 1
	}
}

// Next returns the next command; the arguments hold until the next call. At the end of
// the file the error is io.EOF, ErrTruncated within a command; else it is a *FormatError
// or that of the input.
func (r *Reader) Next() (argv [][]byte, err error) {
	for {
		line := r.line(0)
		if len(line) == 0 {
			return nil, r.end(io.EOF)
		}
		if line[0] != '#' {
			return r.command(line)
		}
		if line[len(line)-1] != '\n' && len(line) < maxLine-1 {
			// The reference passes over it, and writes the next command behind it.
			return nil, r.end(ErrTruncated)
		}
		if r.Annotation != nil {
			r.Annotation(bytes.TrimRight(line[1:], "\r\n"), r.at)
		}
		r.skip(len(line))
	}
}

// end returns what the end of the input means, if there was no other error.
func (r *Reader) end(meaning error) error {
	if r.err != io.EOF && r.err != nil {
		return r.err
	}
	return meaning
}

func (r *Reader) skip(n int) {
	r.from += n
	r.at += int64(n)
}

// command reads a command whose first line is known.
func (r *Reader) command(line []byte) ([][]byte, error) {
	if line[0] != '*' {
		return nil, &FormatError{r.at, fmt.Sprintf("expected prefix '*', got: '%c'", line[0])}
	}
	if len(line) == 1 {
		return nil, r.end(ErrTruncated)
	}
	count := leadingInt(string(line[1:]))
	if count < 1 {
		return nil, &FormatError{r.at, "expected at least one argument"}
	}
	n := len(line)
	r.ends = r.ends[:0]
	for range count {
		start, length, err := r.argument(n)
		if err != nil {
			return nil, err
		}
		n = start + length + 2
		r.ends = append(r.ends, start, start+length)
	}
	r.argv = r.argv[:0]
	for i := 0; i < len(r.ends); i += 2 {
		r.argv = append(r.argv, r.buf[r.from+r.ends[i]:r.from+r.ends[i+1]:r.from+r.ends[i+1]])
	}
	r.skip(n)
	return r.argv, nil
}

// argument makes sure that an argument is there, behind n bytes, and tells where in them.
func (r *Reader) argument(n int) (start, length int, err error) {
	line := r.line(n)
	if len(line) == 0 {
		return 0, 0, r.end(ErrTruncated)
	}
	if line[0] != '$' {
		return 0, 0, &FormatError{r.at + int64(n), fmt.Sprintf("expected prefix '$', got: '%c'", line[0])}
	}
	if line[len(line)-1] != '\n' && len(line) < maxLine-1 {
		return 0, 0, r.end(ErrTruncated)
	}
	size := leadingInt(string(line[1:]))
	start = n + len(line)
	const most = 1 << 62
	if size < 0 || size > most {
		return 0, 0, &FormatError{r.at + int64(n), "invalid length"}
	}
	if !r.fill(start + int(size) + 2) {
		return 0, 0, r.end(ErrTruncated)
	}
	if end := r.buf[r.from+start+int(size):][:2]; r.Strict && string(end) != "\r\n" {
		return 0, 0, &FormatError{r.at + int64(start) + size, fmt.Sprintf(`expected \r\n, got: %02x%02x`, end[0], end[1])}
	}
	return start, int(size), nil
}
