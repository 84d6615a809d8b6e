package glob

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// table holds what a real server answered: a line of subjects, then for each
// pattern the subjects that match it. All strings are Go-quoted.
const table = "testdata/redis.txt"

// A recording is what the table says of one of the two functions.
type recording struct {
	subjects []string
	patterns []string
	matches  map[string][]string // by pattern, in the order of the subjects
}

var modes = map[string]func(pattern, s []byte) bool{"exact": Match, "fold": MatchFold}

func (r *recording) verify(t *testing.T, f func(pattern, s []byte) bool) {
	t.Helper()
	for _, p := range r.patterns {
		for _, s := range r.subjects {
			want := slices.Contains(r.matches[p], s)
			if got := f([]byte(p), []byte(s)); got != want {
				t.Errorf("pattern %q, subject %q: %t, the server says %t", p, s, got, want)
			}
		}
	}
}

func quotedFields(t *testing.T, s string) []string {
	var fields []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		field, _ := strconv.Unquote(q)
		fields = append(fields, field)
		s = s[len(q):]
	}
	return fields
}

func readTable(t *testing.T) map[string]*recording {
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]*recording{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		mode, rest, ok := strings.Cut(lines.Text(), " ")
		if !ok || mode == "#" {
			continue
		}
		if name, ok := strings.CutSuffix(mode, ":"); ok {
			all[name] = &recording{subjects: quotedFields(t, rest), matches: map[string][]string{}}
			continue
		}
		fields := quotedFields(t, rest)
		r := all[mode]
		r.patterns = append(r.patterns, fields[0])
		r.matches[fields[0]] = fields[1:]
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRecorded(t *testing.T) {
	all := readTable(t)
	for mode, f := range modes {
		if all[mode] == nil || len(all[mode].patterns) < 100 {
			t.Fatalf("%s has no %s patterns", table, mode)
		}
		all[mode].verify(t, f)
	}
}

func TestIsLiteral(t *testing.T) {
	for _, p := range []string{"", "a", "a-b^c]", "\x00\xff"} {
		if !IsLiteral([]byte(p)) {
			t.Errorf("%q is not literal", p)
		}
	}
	for _, p := range []string{"*", "a?", "[", `a\b`} {
		if IsLiteral([]byte(p)) {
			t.Errorf("%q is literal", p)
		}
	}
}

// TestManyStars takes for ever if a star too many doubles the time.
func TestManyStars(t *testing.T) {
	s := bytes.Repeat([]byte("a"), 5000)
	pattern := append(bytes.Repeat([]byte("a*"), 900), 'b')
	if Match(pattern, s) || MatchFold(pattern, s) {
		t.Error("matches without a b")
	}
	if !Match(pattern, append(s, 'b')) {
		t.Error("does not match with a b")
	}
}

func TestNoAllocation(t *testing.T) {
	pattern, s := []byte(`*[^x-z]?\a*`), []byte("keyspace:bananas")
	if n := testing.AllocsPerRun(100, func() { MatchFold(pattern, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// model is the definition of matching, with every way to share the subject out
// among the stars tried.
func model(pattern, s []byte, fold func(byte) byte) bool {
	if len(pattern) == 0 || len(s) == 0 {
		return len(s) == 0 && len(bytes.TrimLeft(pattern, "*")) == 0
	}
	if pattern[0] == '*' {
		return model(pattern[1:], s, fold) || model(pattern, s[1:], fold)
	}
	width, ok := matchByte(pattern, s[0], fold)
	return ok && model(pattern[width:], s[1:], fold)
}

func compareWithModel(t *testing.T, pattern, s []byte) {
	// Stars alone do not match an empty subject, see match.
	if len(s) == 0 && len(pattern) > 0 {
		if Match(pattern, s) {
			t.Fatalf("%q matches an empty subject", pattern)
		}
		return
	}
	for mode, f := range modes {
		fold := exact
		if mode == "fold" {
			fold = lower
		}
		if got, want := f(pattern, s), model(pattern, s, fold); got != want {
			t.Fatalf("%s: pattern %q, subject %q: %t, model says %t", mode, pattern, s, got, want)
		}
	}
}

var seedFlag = flag.Uint64("glob.seed", 0, "seed of the random tests; 0 for a new one")

func newRand(t testing.TB) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-glob.seed=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomString(r *rand.Rand, alphabet string, maxLen int) []byte {
	s := make([]byte, r.IntN(maxLen+1))
	for i := range s {
		s[i] = alphabet[r.IntN(len(alphabet))]
	}
	return s
}

func TestModel(t *testing.T) {
	r := newRand(t)
	for range 200_000 {
		compareWithModel(t, randomString(r, "aAbZ-*?[]^\\*", 9), randomString(r, "aAbZ-[]^\\*", 8))
	}
}

func FuzzMatch(f *testing.F) {
	for _, p := range curated {
		f.Add([]byte(p), []byte("abc"))
	}
	f.Fuzz(func(t *testing.T, pattern, s []byte) {
		if len(pattern) <= 16 && len(s) <= 12 {
			compareWithModel(t, pattern, s)
			return
		}
		matched := Match(pattern, s)
		if IsLiteral(pattern) && matched != bytes.Equal(pattern, s) {
			t.Fatalf("literal %q, subject %q: %t", pattern, s, matched)
		}
		MatchFold(pattern, s)
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, p := range []string{"user:1234", "user:*", "*:1234", "u?er:[0-9]*"} {
		b.Run(fmt.Sprint(p), func(b *testing.B) {
			s := []byte("user:1234")
			for b.Loop() {
				Match([]byte(p), s)
			}
		})
	}
}
