package faults

import (
	"bytes"
	"strconv"
	"strings"
)

// request is a piece of what a client sent: a whole request with its words, or,
// without words, bytes that are none.
type request struct {
	raw   []byte
	words []string
}

// requestReader finds the requests in a stream of chunks.
type requestReader struct {
	buf []byte
	// lost tells that the client sent something that is no request; the rest
	// passes as it is.
	lost bool
}

// maxHeld bounds the bytes that are held back for one request.
const maxHeld = 64 << 20

// add takes the next chunk and returns the requests that are complete now.
func (r *requestReader) add(chunk []byte) []request {
	r.buf = append(r.buf, chunk...)
	var out []request
	for len(r.buf) > 0 && !r.lost {
		words, n, ok := cutRequest(r.buf)
		if !ok || len(r.buf) > maxHeld {
			r.lost = true
			break
		}
		if n == 0 {
			return out
		}
		out = append(out, request{raw: bytes.Clone(r.buf[:n]), words: words})
		r.buf = r.buf[n:]
	}
	if len(r.buf) > 0 {
		out = append(out, request{raw: r.buf})
		r.buf = nil
	}
	return out
}

// cutRequest reads the request that b starts with and returns its words and its
// length, which is 0 if some of it is missing. What no server could read is not
// ok. An empty request has no words.
func cutRequest(b []byte) (words []string, n int, ok bool) {
	line, n := cutLine(b)
	if n == 0 {
		return nil, 0, true
	}
	if len(line) == 0 || line[0] != '*' {
		return strings.Fields(string(line)), n, true
	}
	count, err := strconv.Atoi(string(line[1:]))
	if err != nil {
		return nil, 0, false
	}
	for range count {
		line, head := cutLine(b[n:])
		if head == 0 {
			return nil, 0, len(b) == n || b[n] == '$'
		}
		if len(line) < 2 || line[0] != '$' {
			return nil, 0, false
		}
		size, err := strconv.Atoi(string(line[1:]))
		if err != nil || size < 0 || size > maxHeld {
			return nil, 0, false
		}
		start := n + head
		if len(b) < start+size+2 {
			return nil, 0, true
		}
		words = append(words, string(b[start:start+size]))
		n = start + size + 2
	}
	return words, n, true
}

// cutLine returns the first line of b without its ending, and the length of
// both, which is 0 if the ending is missing.
func cutLine(b []byte) (line []byte, n int) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return nil, 0
	}
	return bytes.TrimSuffix(b[:end], []byte("\r")), end + 1
}
