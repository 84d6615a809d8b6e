package protocol

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitArgs(t *testing.T) {
	// Recorded from redis 7.0.15 and valkey 8.0.1, as inline requests; nil stands
	// for unbalanced quotes. The lines with a zero byte cannot be sent so.
	for _, c := range []struct {
		line string
		want []string
	}{
		{"", r()},
		{" \t\r\v\f\n", r()},
		{"ECHO a\vb", r("ECHO", "a\vb")},
		{"\v\fECHO a", r("ECHO", "a")},
		{`ECHO "a\n\r\t\b\a\\\"\x41\xZ1\x4\q"`, r("ECHO", "a\n\r\t\b\a\\\"AxZ1x4q")},
		{`ECHO 'a\'b\n'`, r("ECHO", `a'b\n`)},
		{`ECHO "a"b`, nil},
		{`ECHO 'a'b`, nil},
		{`ECHO "a`, nil},
		{`ECHO 'a`, nil},
		{`ECHO "a\`, nil},
		{`ECHO "a\"`, nil},
		{`ECHO 'a\`, nil},
		{`ECHO a"b"`, r("ECHO", "ab")},
		{`ECHO a"b c"`, r("ECHO", "ab c")},
		{`ECHO a'b'"c"`, nil},
		{`ECHO ""`, r("ECHO", "")},
		{`""`, r("")},
		{"ECHO \"a\"\v", r("ECHO", "a")},
		{`ECHO a\n`, r("ECHO", `a\n`)},
		{`ECHO "\x00"`, r("ECHO", "\x00")},
		{"ECHO \xff\xa0b", r("ECHO", "\xff\xa0b")},
		{"ECHO a\x00 \"b", r("ECHO", "a")},
		{"ECHO \"a\x00\"", nil},
	} {
		args, ok := SplitArgs([]byte(c.line))
		var got []string
		if ok {
			got = r()
		}
		for _, arg := range args {
			if arg == nil {
				t.Errorf("%q: a nil word", c.line)
			}
			got = append(got, string(arg))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.line, diff)
		}
	}
}

// quoted writes a word so that SplitArgs reads it back.
func quoted(dst, word []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range word {
		dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
	}
	return append(dst, '"')
}

func FuzzSplitArgs(f *testing.F) {
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		args, ok := SplitArgs(line)
		if !bytes.Equal(before, line) {
			t.Fatal("the line was changed")
		}
		if !ok {
			return
		}
		var again []byte
		for _, arg := range args {
			again = append(quoted(again, arg), ' ')
		}
		got, ok := SplitArgs(again)
		if !ok || !cmp.Equal(args, got) {
			t.Errorf("%q split to %q, then %q", line, args, got)
		}
	})
}
