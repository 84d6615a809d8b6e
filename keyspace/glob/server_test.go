package glob

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	serverFlag = flag.String("glob.server", "", "address of an expendable Redis to compare with")
	recordFlag = flag.Bool("glob.record", false, "write "+table+" from what the server answers")
)

// curated are the patterns that are recorded.
var curated = []string{
	"", "*", "**", "***", "?", "??", "a", "ab", "abc", "a*", "a**", "*a", "*c", "a*c", "*b*", "a?c", "a?*", "?*", "*?", "*??", "??*",
	"a*b*c", "*a*b", "a*a*a", "*ab*ab", "*aab", "a**b", "?a?", "*\\*", "*\\", "\\*", "\\?", "\\a", "\\\\", "\\", "a\\", "\\[", "\\]", "\\[a]", "a\\b", "*\\\\",
	"[", "[a", "[ab", "[]", "[]a]", "[]]", "[^", "[^]", "[^a", "[^]a]", "[^a]", "[^^]", "[a^]", "[^^a]", "[abc]", "[cba]*", "[^abc]", "[^abc]*", "[a]b", "[[]", "[[]]", "[^[]",
	"[a-c]", "[c-a]", "[^a-c]", "[^c-a]", "[a-]", "[-a]", "[a-", "[-", "[--]", "[---]", "[a-c-e]", "[a-cx-z]", "[a-c", "[^a-c", "[a-c]*[x-z]", "[a-b-c]", "[]-a]", "[a-]]", "[+--]",
	"[\\]]", "[\\]", "[\\", "[\\a]", "[\\\\]", "[\\-]", "[a\\-c]", "[a-\\c]", "[\\a-c]", "[a-\\]", "[\\a-\\c]", "[\\^]", "[^\\^]", "[^\\]", "[\\^a]", "[a\\", "[^\\",
	"[*]", "[?]", "[*?]", "*[", "*[a", "*[^", "*[]", "?[", "a[", "a[b", "a[b]", "a[b]c", "a[b]*", "*[b]*", "a]", "]", "a-c", "-", "^", "^a", "[!a]", "{a,b}", "a\\*c", "a\\?c",
	"\x00", "[\x00]", "[\x00-\xff]", "[\xff-\x00]", "[\x80-\xff]", "\xff", "?\xff", "*\xff", "[^\xff]", "é", "[é]", "\r\n", "*\n*",
	"A", "B", "AB", "aB", "Ab", "A*", "*B", "A?", "[A]", "[A]*", "[A-C]", "[A-C]*", "[C-A]*", "[a-C]*", "[A-c]*", "[c-A]*", "[Z-a]*", "[z-A]*", "[a-Z]*", "[^A]*", "[^A-C]*",
	"\\A", "\\A*", "[\\A]*", "[\\a]*", "[\\a-C]*", "[^\\A]*", "[@-_]*", "[_-@]*", "[Y-_]*", "[_-Z]*", "[[-a]*", "*_", "*_*", "a_?", "0*", "[0-9]*", "[9-0]*", "[0-Z]*",
}

// exactSubjects are names of channels: PUBSUB CHANNELS asks the matcher for every
// pattern, whereas KEYS and SCAN do not for a single star; foldSubjects have to be names of function
// libraries, as FUNCTION LIST is the command that matches any names without
// regard to case.
var (
	exactSubjects = []string{
		"", "a", "b", "c", "d", "A", "B", "-", "^", "]", "[", "\\", "*", "?", "!", "\x00", "\xff", "\x80", "\r\n", "é", "+", ",", "x", "z", "_",
		"ab", "aB", "AB", "a-", "-a", "a]", "a[", "a\\", "a*", "a?", "[a", "[]", "[a]", "^a", "\\a", "\\*", "*\\", "-]", "a\xff", "]]", "[]a]", "b]", "aa",
		"abc", "a-c", "a*c", "a?c", "acc", "aab", "aaa", "cba", "a\\c", "a^c", "a\nb", "abab", "aabb", "xabcy", "ababab", "abcabc", "aaaaaaaab", "[a-c]", "{a,b}",
	}
	foldSubjects = []string{
		"a", "A", "b", "B", "c", "C", "d", "z", "Z", "_", "0", "9", "ab", "aB", "Ab", "AB", "abc", "aBC", "ABC", "AbC", "a_b", "A_B", "_a", "_A", "zz", "ZZ", "Z_", "0a", "9Z", "aAaA", "AAB", "aab",
	}
)

// A peer is a connection to the server that knows as much of RESP2 as is needed.
type peer struct {
	t  *testing.T
	rw *bufio.ReadWriter
}

func dial(t *testing.T) *peer {
	t.Helper()
	if *serverFlag == "" {
		t.Skip("needs -glob.server")
	}
	conn, err := net.Dial("tcp", *serverFlag)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &peer{t, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))}
}

func (p *peer) send(args ...string) {
	fmt.Fprintf(p.rw, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(p.rw, "$%d\r\n%s\r\n", len(a), a)
	}
}

// receive returns all strings of a reply, those of nested arrays included.
func (p *peer) receive() []string {
	p.rw.Flush()
	line, err := p.rw.ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	line = strings.TrimSuffix(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		data := make([]byte, max(n, 0)+2)
		if n < 0 {
			return nil
		}
		if _, err := io.ReadFull(p.rw, data); err != nil {
			p.t.Fatal(err)
		}
		return []string{string(data[:n])}
	case '*':
		var all []string
		for range n {
			all = append(all, p.receive()...)
		}
		return all
	case '-':
		p.t.Fatal(line)
	}
	return nil
}

// ask fills in the matches of a recording.
func (p *peer) ask(mode string, r *recording) {
	r.matches = map[string][]string{}
	for batch := range slices.Chunk(r.patterns, 100) {
		for _, pattern := range batch {
			if mode == "exact" {
				p.send("PUBSUB", "CHANNELS", pattern)
			} else {
				p.send("FUNCTION", "LIST", "LIBRARYNAME", pattern)
			}
		}
		for _, pattern := range batch {
			r.matches[pattern] = p.matched(mode, r.subjects, p.receive())
		}
	}
}

// matched picks the subjects out of a reply, in their order.
func (p *peer) matched(mode string, subjects, reply []string) []string {
	named := reply
	if mode == "fold" {
		named = nil
		for i, field := range reply {
			if field == "library_name" {
				named = append(named, reply[i+1])
			}
		}
	}
	var all []string
	for _, s := range subjects {
		if slices.Contains(named, s) {
			all = append(all, s)
		}
	}
	return all
}

// subscribe makes channels known to PUBSUB CHANNELS until the test ends.
func (p *peer) subscribe(channels ...string) {
	subscriber := dial(p.t)
	for _, c := range channels {
		subscriber.send("SUBSCRIBE", c)
		subscriber.receive()
	}
}

func (p *peer) prepare() {
	p.subscribe(exactSubjects...)
	p.send("FUNCTION", "FLUSH")
	p.receive()
	for i, s := range foldSubjects {
		p.send("FUNCTION", "LOAD", fmt.Sprintf("#!lua name=%s\nredis.register_function('f%d', function() end)", s, i))
		p.receive()
	}
}

// odd returns patterns that differ from the curated ones.
func odd(r *rand.Rand, alphabet string, n int) []string {
	seen := map[string]bool{}
	for len(seen) < n {
		p := randomString(r, alphabet, 8)
		if r.IntN(3) == 0 { // many patterns with a well-formed class
			p = slices.Concat(p[:len(p)/2], []byte{'['}, randomString(r, alphabet, 5), []byte{']'}, p[len(p)/2:])
		}
		seen[string(p)] = true
	}
	all := make([]string, 0, n)
	for p := range seen {
		all = append(all, p)
	}
	return all
}

// TestServer compares thousands of patterns with a real server, whose functions
// it replaces.
func TestServer(t *testing.T) {
	p := dial(t)
	p.prepare()
	r := newRand(t)
	recorded := map[string]*recording{
		"exact": {subjects: exactSubjects, patterns: curated},
		"fold":  {subjects: foldSubjects, patterns: curated},
	}
	for mode, c := range recorded {
		p.ask(mode, c)
		c.verify(t, modes[mode])
		alphabet := "ab*?[]^-\\c*a\xff\x00"
		if mode == "fold" {
			alphabet = "aAbBzZ*?[]^-\\_*0"
		}
		more := &recording{subjects: c.subjects, patterns: odd(r, alphabet, 10_000)}
		p.ask(mode, more)
		more.verify(t, modes[mode])
	}
	if *recordFlag {
		p.record(recorded)
	}
}

// TestServerStars compares where the number of stars becomes too great.
func TestServerStars(t *testing.T) {
	p := dial(t)
	long := strings.Repeat("a", 3000)
	p.subscribe(long)
	c := &recording{subjects: []string{long}}
	for n := maxStars - 3; n < maxStars+4; n++ {
		many := strings.Repeat("*a", n)
		c.patterns = append(c.patterns, many, many+"*", many+"**", "a"+many, many+"*b")
	}
	p.ask("exact", c)
	for _, pattern := range c.patterns {
		for _, s := range c.subjects {
			want := slices.Contains(c.matches[pattern], s)
			if got := Match([]byte(pattern), []byte(s)); got != want {
				t.Errorf("%d stars ending in %q: %t, the server says %t",
					strings.Count(pattern, "*"), pattern[len(pattern)-3:], got, want)
			}
		}
	}
}

func (p *peer) record(all map[string]*recording) {
	p.send("INFO", "server")
	version := "unknown"
	for line := range strings.Lines(p.receive()[0]) {
		if v, ok := strings.CutPrefix(line, "redis_version:"); ok {
			version = strings.TrimSpace(v)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Recorded from redis_version %s with -glob.server and -glob.record; not edited by hand.\n", version)
	fmt.Fprintf(&b, "# exact: PUBSUB CHANNELS pattern; fold: FUNCTION LIST LIBRARYNAME pattern.\n")
	fmt.Fprintf(&b, "# All subjects first, then a pattern and the subjects that match it.\n")
	for _, mode := range []string{"exact", "fold"} {
		fmt.Fprintf(&b, "%s:%s\n", mode, quoted(all[mode].subjects))
		for _, pattern := range all[mode].patterns {
			fmt.Fprintf(&b, "%s %q%s\n", mode, pattern, quoted(all[mode].matches[pattern]))
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(table, b.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func quoted(all []string) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, " %q", s)
	}
	return b.String()
}
