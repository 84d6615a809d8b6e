package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// outcome is what a stream of requests came to.
type outcome struct {
	Requests [][]string
	Err      string
	Rest     int // bytes of the last, incomplete request
}

// parse feeds input to p in pieces of the given sizes, the last one repeated,
// in a buffer that moves each time.
func parse(p *Parser, input []byte, sizes ...int) outcome {
	got := outcome{Requests: [][]string{}}
	var buf []byte
	var args [][]byte
	for i := 0; len(input) > 0; i++ {
		size := min(max(sizes[min(i, len(sizes)-1)], 1), len(input))
		buf = append(bytes.Clone(buf), input[:size]...)
		input = input[size:]
		for {
			n, out, err := p.Next(buf, args[:0])
			if err != nil {
				got.Err = err.Error()
				return got
			}
			if n == 0 {
				break
			}
			args, buf = out, buf[n:]
			request := make([]string, len(args))
			for i, arg := range args {
				request[i] = string(arg)
			}
			got.Requests = append(got.Requests, request)
		}
	}
	got.Rest = len(buf)
	return got
}

type parserCase struct {
	input    string
	requests [][]string
	err      string
	rest     int
}

func r(args ...string) []string { return append([]string{}, args...) }

const long = DefaultMaxInline

// parserCases were recorded from redis 7.0.15 and valkey 8.0.1, which agree on all
// of them: with err the server replied so and closed, otherwise it answered the
// requests and waited for more bytes.
var parserCases = []parserCase{
	{input: "*1\r\n$4\r\nPING\r\n", requests: [][]string{r("PING")}},
	{input: "*0\r\nPING\r\n", requests: [][]string{r(), r("PING")}},
	{input: "*-1\r\nPING\r\n", requests: [][]string{r(), r("PING")}},
	{input: "*-5\r\nPING\r\n", requests: [][]string{r(), r("PING")}},
	{input: "*-9223372036854775808\r\nPING\r\n", requests: [][]string{r(), r("PING")}},
	{input: "*-9223372036854775809\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*1\n", rest: 3},
	{input: "*1\n$4\r\nPING\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*+1\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*01\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*00\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*-0\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "* 1\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*1 \r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*a\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*1048577\r\n", rest: 10},
	{input: "*2147483647\r\n", rest: 13},
	{input: "*2147483648\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*99999999999999999999999\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*1\rX$4\r\nPING\r\n", requests: [][]string{r("PING")}},
	{input: "*1\r\n$4\rXPING\r\n", requests: [][]string{r("PING")}},
	{input: "*1\r", rest: 3},
	{input: "*1\r\n$-1\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$+3\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$-0\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$04\r\nPING\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$0\r\n\r\n", requests: [][]string{r("")}},
	{input: "*1\r\n$536870912\r\n", rest: 16},
	{input: "*1\r\n$536870913\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$9223372036854775807\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$9223372036854775808\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", requests: [][]string{r("PING"), r("PING")}},
	{input: "*1\r\nPING", rest: 8},
	{input: "*1\r\nPING\r", rest: 9},
	{input: "*1\r\nPING\r\n", err: "Protocol error: expected '$', got 'P'"},
	{input: "*2\r\n$4\r\nECHO\r\nfoo\r\n", err: "Protocol error: expected '$', got 'f'"},
	{input: "*1\r\n:4\r\n", err: "Protocol error: expected '$', got ':'"},
	{input: "*1\r\n\r\n", err: "Protocol error: expected '$', got ' '"},
	{input: "*1\r\n\n\r\n", err: "Protocol error: expected '$', got ' '"},
	{input: "*1\r\n\x01\r\n", err: "Protocol error: expected '$', got '\x01'"},
	{input: "*1\r\n\x7fa\r\n", err: "Protocol error: expected '$', got '\x7f'"},
	{input: "*1\r\n\xff\r\n", err: "Protocol error: expected '$', got '\xff'"},
	{input: "*1\r\n\r", rest: 5},
	{input: "*1\r\n\x00\r\n", rest: 7},
	{input: "*1\x00\r\n$4\r\nPING\r\n", rest: 15},
	{input: "*1\r\n$4\x00\r\nPING\r\n", rest: 15},

	{input: "PING\n", requests: [][]string{r("PING")}},
	{input: "PING\r", rest: 5},
	{input: "PING\r\r\n", requests: [][]string{r("PING")}},
	{input: "\n\r\n  \r\nPING\r\n", requests: [][]string{r(), r(), r(), r("PING")}},
	{input: "\rPING\r\n", requests: [][]string{r("PING")}},
	{input: "ECHO a\rb\r\n", requests: [][]string{r("ECHO", "a", "b")}},
	{input: "PING\x00\r\nPING\r\n", rest: 13},
	{input: " *1\r\n", requests: [][]string{r("*1")}},
	{input: "ECHO \"a\rb\"\r\n", requests: [][]string{r("ECHO", "a\rb")}},
	{input: "ECHO \"a\"b\r\n", err: "Protocol error: unbalanced quotes in request"},
	{input: "ECHO \"a\r\n", err: "Protocol error: unbalanced quotes in request"},

	{input: strings.Repeat("a", long), rest: long},
	{input: strings.Repeat("a", long+1), err: "Protocol error: too big inline request"},
	{input: "PING\x00" + strings.Repeat("\n", long), err: "Protocol error: too big inline request"},
	{input: strings.Repeat(" ", long) + "\n", requests: [][]string{r()}},
	{input: strings.Repeat(" ", long-1) + "\r\n", requests: [][]string{r()}},
	{input: "*" + strings.Repeat("1", long-1), rest: long},
	{input: "*" + strings.Repeat("1", long), err: "Protocol error: too big mbulk count string"},
	{input: "*\x00" + strings.Repeat("\r", long-1), err: "Protocol error: too big mbulk count string"},
	{input: "*" + strings.Repeat("1", long-1) + "\r", rest: long + 1},
	{input: "*" + strings.Repeat("1", long-1) + "\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*1\r\n$" + strings.Repeat("1", long-1), rest: long + 4},
	{input: "*1\r\n$" + strings.Repeat("1", long), err: "Protocol error: too big bulk count string"},
	{input: "*1\r\n" + strings.Repeat("x", long+1), err: "Protocol error: too big bulk count string"},
	{input: "*1\r\n$" + strings.Repeat("1", long-1) + "\r\n", err: "Protocol error: invalid bulk length"},
	{input: "*1\r\n\x00\r\n" + strings.Repeat("\r", long-3), rest: long + 4},
	{input: "*1\r\n\x00\r\n" + strings.Repeat("\r", long-2), err: "Protocol error: too big bulk count string"},
}

// unauthenticatedCases were recorded from the same servers with requirepass set.
var unauthenticatedCases = []parserCase{
	{input: "*10\r\n", rest: 5},
	{input: "*11\r\n", err: "Protocol error: unauthenticated multibulk length"},
	{input: "*2147483648\r\n", err: "Protocol error: invalid multibulk length"},
	{input: "*-1\r\nPING\r\n", requests: [][]string{r(), r("PING")}},
	{input: "*1\r\n$16384\r\n", rest: 12},
	{input: "*1\r\n$16385\r\n", err: "Protocol error: unauthenticated bulk length"},
	{input: "*1\r\n$999999999\r\n", err: "Protocol error: invalid bulk length"},
	{input: "a b c d e f g h i j k l\r\n", requests: [][]string{r(strings.Fields("a b c d e f g h i j k l")...)}},
	{input: "*1\r\nx\r\n", err: "Protocol error: expected '$', got 'x'"},
}

func TestParser(t *testing.T) {
	checkCases(t, parserCases, Parser{})
	checkCases(t, unauthenticatedCases, Parser{Unauthenticated: true})
}

// checkCases parses each input whole, in two pieces cut at every place, and byte
// by byte; long ones at a few places only.
func checkCases(t *testing.T, cases []parserCase, fresh Parser) {
	t.Helper()
	for _, c := range cases {
		want := outcome{Requests: append([][]string{}, c.requests...), Err: c.err, Rest: c.rest}
		step := 1
		if len(c.input) > 1000 {
			step = 9973
		}
		for cut := 1; cut <= len(c.input); cut += step {
			p := fresh
			if diff := cmp.Diff(want, parse(&p, []byte(c.input), cut, len(c.input))); diff != "" {
				t.Errorf("%.60q cut at %d (-want +got):\n%s", c.input, cut, diff)
			}
		}
		p := fresh
		if diff := cmp.Diff(want, parse(&p, []byte(c.input), step)); diff != "" {
			t.Errorf("%.60q in pieces of %d (-want +got):\n%s", c.input, step, diff)
		}
	}
}

func TestParserErrorType(t *testing.T) {
	var p Parser
	_, _, err := p.Next([]byte("*x\r\n"), nil)
	if got, ok := errors.AsType[Error](err); !ok || got != ErrInvalidMultibulkLength {
		t.Errorf("got %T %v", err, err)
	}
	p.Reset()
	if n, _, err := p.Next([]byte("PING\n"), nil); n != 5 || err != nil {
		t.Errorf("after Reset: %d %v", n, err)
	}
}

func TestParserLimits(t *testing.T) {
	checkCases(t, []parserCase{
		{input: "*1\r\n$8\r\n12345678\r\n", requests: [][]string{r("12345678")}},
		{input: "*1\r\n$9\r\n", err: "Protocol error: invalid bulk length"},
		{input: "12345\n", requests: [][]string{r("12345")}},
		{input: "123456", err: "Protocol error: too big inline request"},
		{input: "*00000\r", err: "Protocol error: too big mbulk count string"},
	}, Parser{MaxBulk: 8, MaxInline: 5})
}

// TestParserRoundTrip parses random requests that AppendRequest wrote, cut at
// random places.
func TestParserRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		var input []byte
		want := outcome{Requests: [][]string{}}
		for range rnd.IntN(20) {
			args := make([]string, 1+rnd.IntN(6))
			for i := range args {
				arg := make([]byte, rnd.IntN(1<<rnd.IntN(10)))
				for j := range arg {
					arg[j] = byte(rnd.Uint32())
				}
				args[i] = string(arg)
			}
			want.Requests = append(want.Requests, args)
			input = AppendRequest(input, args...)
		}
		sizes := []int{rnd.IntN(100), rnd.IntN(1000), 1 + rnd.IntN(50)}
		if diff := cmp.Diff(want, parse(new(Parser), input, sizes...)); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// TestParserSlices shows that appending to an argument cannot reach into the next.
func TestParserSlices(t *testing.T) {
	for _, input := range []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "a b\r\n"} {
		_, args, err := new(Parser).Next([]byte(input), nil)
		if err != nil || len(args) != 2 || cap(args[0]) != 1 || cap(args[1]) != 1 {
			t.Errorf("%q: %q %v", input, args, err)
		}
	}
}

// TestParserAllocations holds that requests need no memory, and announced lengths
// none either.
func TestParserAllocations(t *testing.T) {
	for _, input := range []string{
		"*3\r\n$3\r\nSET\r\n$5\r\nmykey\r\n$3\r\nabc\r\n", "SET mykey abc\r\n",
		"*1000000\r\n", "*1\r\n$536870912\r\n",
	} {
		buf, args := []byte(input), make([][]byte, 0, 8)
		p := Parser{spans: make([]span, 0, 8)}
		allocations := testing.AllocsPerRun(100, func() {
			_, _, _ = p.Next(buf, args)
			p.Reset()
		})
		if allocations != 0 {
			t.Errorf("%q: %v allocations", input, allocations)
		}
	}
}

// TestParserGivesBack shows that one large request does not keep its memory.
func TestParserGivesBack(t *testing.T) {
	args := make([]string, 10*keptSpans)
	var p Parser
	n, out, err := p.Next(AppendRequest(nil, args...), nil)
	if n == 0 || len(out) != len(args) || err != nil {
		t.Fatal(n, len(out), err)
	}
	if cap(p.spans) > keptSpans {
		t.Errorf("%d spans kept", cap(p.spans))
	}
}

func FuzzParser(f *testing.F) {
	f.Fuzz(func(t *testing.T, input, cuts []byte, unauthenticated bool) {
		// The limits are small, so that short inputs reach them.
		limits := Parser{MaxBulk: 20000, MaxInline: 64, Unauthenticated: unauthenticated}
		whole, pieces, single := limits, limits, limits
		want := parse(&whole, input, len(input))
		sizes := []int{1}
		for _, c := range cuts {
			sizes = append(sizes, int(c))
		}
		if diff := cmp.Diff(want, parse(&pieces, input, sizes...)); diff != "" {
			t.Errorf("pieces of %v (-whole +pieces):\n%s", sizes, diff)
		}
		if diff := cmp.Diff(want, parse(&single, input, 1)); diff != "" {
			t.Errorf("single bytes (-whole +pieces):\n%s", diff)
		}
	})
}

func BenchmarkParser(b *testing.B) {
	for _, request := range [][]string{{"GET", "key:000000012345"}, {"SET", "key:000000012345", "xxx"}, {"PING"}} {
		for _, pipeline := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s/P%d", request[0], pipeline), func(b *testing.B) {
				input := bytes.Repeat(AppendRequest(nil, request...), pipeline)
				var p Parser
				args := make([][]byte, 0, 8)
				for i := 0; i < b.N; {
					for rest := input; len(rest) > 0 && i < b.N; i++ {
						n, _, _ := p.Next(rest, args)
						rest = rest[n:]
					}
				}
				b.ReportAllocs()
			})
		}
	}
}

// BenchmarkParserLargeBulk is the time for a bulk of 16 MiB in pieces of 16 KiB,
// reading not included.
func BenchmarkParserLargeBulk(b *testing.B) {
	input := AppendRequest(nil, "SET", "k", strings.Repeat("x", 16<<20))
	var p Parser
	for b.Loop() {
		for end := 16 << 10; ; end += 16 << 10 {
			if n, _, _ := p.Next(input[:min(end, len(input))], nil); n > 0 {
				break
			}
		}
	}
}
