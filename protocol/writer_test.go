package protocol

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWriter(t *testing.T) {
	// The shapes of DEBUG PROTOCOL's types, and the errors and statuses with line
	// ends (returned by a script), were recorded from valkey 8.0.1.
	for _, c := range []struct {
		name         string
		write        func(w *Writer)
		resp2, resp3 string
	}{
		{"OK", func(w *Writer) { w.OK() }, "+OK\r\n", "+OK\r\n"},
		{"Pong", func(w *Writer) { w.Pong() }, "+PONG\r\n", "+PONG\r\n"},
		{"Queued", func(w *Writer) { w.Queued() }, "+QUEUED\r\n", "+QUEUED\r\n"},
		{"Status", func(w *Writer) { w.Status("X a\r\nb\r\n") }, "+X a  b  \r\n", "+X a  b  \r\n"},
		{"Error", func(w *Writer) { w.Error("X a\r\nb\r\n") }, "-X a  b\r\n", "-X a  b\r\n"},
		{"Error, leading", func(w *Writer) { w.Error("\r\nX  \n") }, "-  X  \r\n", "-  X  \r\n"},
		{"Error, empty", func(w *Writer) { w.Error("\n") }, "-\r\n", "-\r\n"},
		{"Int", func(w *Writer) { w.Int(12345) }, ":12345\r\n", ":12345\r\n"},
		{"Int, digit", func(w *Writer) { w.Int(9) }, ":9\r\n", ":9\r\n"},
		{"Int, least", func(w *Writer) { w.Int(-1 << 63) }, ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"},
		{"Bulk", func(w *Writer) { w.Bulk([]byte("Hello World")) }, "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"},
		{"BulkString", func(w *Writer) { w.BulkString("") }, "$0\r\n\r\n", "$0\r\n\r\n"},
		{"BulkInt", func(w *Writer) { w.BulkInt(-12) }, "$3\r\n-12\r\n", "$3\r\n-12\r\n"},
		{"Null", func(w *Writer) { w.Null() }, "$-1\r\n", "_\r\n"},
		{"NullArray", func(w *Writer) { w.NullArray() }, "*-1\r\n", "_\r\n"},
		{"Array", func(w *Writer) { w.Array(3) }, "*3\r\n", "*3\r\n"},
		{"Map", func(w *Writer) { w.Map(3) }, "*6\r\n", "%3\r\n"},
		{"Set", func(w *Writer) { w.Set(3) }, "*3\r\n", "~3\r\n"},
		{"Push", func(w *Writer) { w.Push(2) }, "*2\r\n", ">2\r\n"},
		{"Attribute", func(w *Writer) { w.Attribute(1) }, "", "|1\r\n"},
		{"Bool, true", func(w *Writer) { w.Bool(true) }, ":1\r\n", "#t\r\n"},
		{"Bool, false", func(w *Writer) { w.Bool(false) }, ":0\r\n", "#f\r\n"},
		{"Double", func(w *Writer) { w.Double(3.141) }, "$5\r\n3.141\r\n", ",3.141\r\n"},
		{"DoubleText", func(w *Writer) { w.DoubleText([]byte("0.10000000000000001")) }, "$19\r\n0.10000000000000001\r\n", ",0.10000000000000001\r\n"},
		{"BigNumber", func(w *Writer) { w.BigNumber("1234567999999999999999999999999999999") },
			"$37\r\n1234567999999999999999999999999999999\r\n", "(1234567999999999999999999999999999999\r\n"},
		{"Verbatim", func(w *Writer) { w.Verbatim("txt", "This is a verbatim\nstring") },
			"$25\r\nThis is a verbatim\nstring\r\n", "=29\r\ntxt:This is a verbatim\nstring\r\n"},
		{"Verbatim, short", func(w *Writer) { w.Verbatim("t", "") }, "$0\r\n\r\n", "=4\r\nt  :\r\n"},
		{"Verbatim, cut", func(w *Writer) { w.Verbatim("text", "") }, "$0\r\n\r\n", "=4\r\ntex:\r\n"},
		{"Cancel", func(w *Writer) { m := w.DeferArray(); w.OK(); w.Cancel(m); w.Null() }, "$-1\r\n", "_\r\n"},
	} {
		for proto, want := range map[int]string{0: c.resp2, 2: c.resp2, 3: c.resp3} {
			w := Writer{Buf: []byte("before "), Proto: proto}
			c.write(&w)
			if diff := cmp.Diff("before "+want, string(w.Buf)); diff != "" {
				t.Errorf("%s in RESP%d (-want +got):\n%s", c.name, proto, diff)
			}
		}
	}
}

// TestWriterModel writes random trees of replies, directly or with deferred
// headers, and compares what a small decoder makes of the bytes.
func TestWriterModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		w := Writer{Proto: 2 + rnd.IntN(2)}
		want := writeRandom(&w, rnd, 4)
		got, rest := decode(string(w.Buf))
		if got != want || rest != "" {
			t.Fatalf("seed %d, RESP%d: %q\nwant %s\ngot  %s, rest %q", seed, w.Proto, w.Buf, want, got, rest)
		}
	}
}

// writeRandom appends a random reply and returns how decode shows it.
func writeRandom(w *Writer, rnd *rand.Rand, depth int) string {
	kind := rnd.IntN(10)
	if depth == 0 {
		kind = rnd.IntN(4)
	}
	switch kind {
	case 0:
		n := int64(rnd.Uint64()) >> rnd.IntN(64)
		w.Int(n)
		return ":" + strconv.FormatInt(n, 10)
	case 1:
		text := strings.Repeat("\r\n", rnd.IntN(200))
		w.BulkString(text)
		return "$" + text
	case 2:
		w.Null()
		if w.Proto == 3 {
			return "_"
		}
		return "null"
	case 3:
		w.Status("fine")
		return "+fine"
	}
	return writeAggregate(w, rnd, depth, kind)
}

func writeAggregate(w *Writer, rnd *rand.Rand, depth, kind int) string {
	begin := []func() Mark{w.DeferArray, w.DeferMap, w.DeferSet}[kind%3]
	end := []func(Mark, int){w.EndArray, w.EndMap, w.EndSet}[kind%3]
	announce := []func(int){w.Array, w.Map, w.Set}[kind%3]
	sigil := "*%~"[kind%3]
	n := rnd.IntN(1 << rnd.IntN(5))
	if depth == 1 {
		n = rnd.IntN(120)
	}
	deferred := kind >= 7
	var mark Mark
	if deferred {
		mark = begin()
	} else {
		announce(n)
	}
	count := n
	if sigil == '%' {
		count = 2 * n
	}
	elements := make([]string, count)
	for i := range elements {
		elements[i] = writeRandom(w, rnd, depth-1-rnd.IntN(depth))
	}
	if deferred {
		end(mark, n)
	}
	if w.Proto == 2 {
		sigil = '*'
	}
	return fmt.Sprintf("%c[%s]", sigil, strings.Join(elements, " "))
}

// decode shows the first reply in text and returns what comes after it.
func decode(text string) (shown, rest string) {
	line, rest, ok := strings.Cut(text, "\r\n")
	if !ok || line == "" {
		return "broken " + text, ""
	}
	n, err := strconv.Atoi(line[1:])
	switch {
	case strings.ContainsRune("+:_", rune(line[0])):
		return line, rest
	case err != nil || n > len(rest):
		return "broken " + line, rest
	case n < 0:
		return "null", rest
	case line[0] == '$':
		if !strings.HasPrefix(rest[n:], "\r\n") {
			return "broken " + line, rest
		}
		return "$" + rest[:n], rest[n+2:]
	case line[0] == '%':
		n *= 2
	}
	elements := make([]string, n)
	for i := range elements {
		elements[i], rest = decode(rest)
	}
	return fmt.Sprintf("%c[%s]", line[0], strings.Join(elements, " ")), rest
}

func TestWriterAllocations(t *testing.T) {
	for _, proto := range []int{2, 3} {
		w := Writer{Buf: make([]byte, 0, 4096), Proto: proto}
		bulk := []byte("value")
		allocations := testing.AllocsPerRun(100, func() {
			w.Buf = w.Buf[:0]
			array, pairs, set := w.DeferArray(), w.DeferMap(), w.DeferSet()
			w.OK()
			w.Status("fine")
			w.Error("ERR broken\r\nline")
			w.Int(1 << 40)
			w.Bulk(bulk)
			w.BulkString("value")
			w.BulkInt(1 << 40)
			w.Double(1.5)
			w.BigNumber("12")
			w.Verbatim("txt", "value")
			w.EndSet(set, 1000)
			w.EndMap(pairs, 1000)
			w.EndArray(array, 1000)
		})
		if allocations != 0 {
			t.Errorf("RESP%d: %v allocations", proto, allocations)
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	value := []byte("xxx")
	b.Run("Bulk", func(b *testing.B) {
		w := Writer{Buf: make([]byte, 0, 64)}
		for b.Loop() {
			w.Buf = w.Buf[:0]
			w.Bulk(value)
		}
	})
	b.Run("Deferred100", func(b *testing.B) {
		w := Writer{Buf: make([]byte, 0, 4096)}
		for b.Loop() {
			w.Buf = w.Buf[:0]
			m := w.DeferArray()
			for range 100 {
				w.Bulk(value)
			}
			w.EndArray(m, 100)
		}
	})
}
