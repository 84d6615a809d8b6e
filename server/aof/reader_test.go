package aof_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"respect/protocol"
	"respect/server/aof"
)

// readAll returns the commands of a file, each with where it ends, and how the file ends.
func readAll(in io.Reader) (commands []string, err error) {
	r := aof.NewReader(in, 0)
	r.Annotation = func(text []byte, offset int64) { commands = append(commands, fmt.Sprintf("%d: #%s", offset, text)) }
	for {
		argv, err := r.Next()
		if err != nil {
			return append(commands, fmt.Sprint(r.Offset())), err
		}
		commands = append(commands, fmt.Sprintf("%q to %d", argv, r.Offset()))
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	text := "#TS:1\r\n*1\r\n$4\r\nPING\r\n*2\n$1\na\r\n$0\r\n\r\n#TS:2\r\n*2\r\n$4\r\nECHO\r\n$300000\r\n" + long + "\r\n*1\r\n$1\r\nz\r\n"
	want := []string{"0: #TS:1", `["PING"] to 21`, `["a" ""] to 36`, "36: #TS:2",
		fmt.Sprintf("%q to 300068", [][]byte{[]byte("ECHO"), []byte(long)}), `["z"] to 300079`, "300079"}
	for name, in := range map[string]io.Reader{"as it is": strings.NewReader(text), "in bits": iotest.HalfReader(strings.NewReader(text)), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
		got, err := readAll(in)
		if diff := cmp.Diff(want, got); err != io.EOF || diff != "" {
			t.Errorf("%s: %v\n%.500s", name, err, diff)
		}
	}
}

func TestReaderTellsWhatIsWrong(t *testing.T) {
	const first = "*1\r\n$4\r\nPING\r\n"
	for text, want := range map[string]string{
		"GET\r\n":                      "expected prefix '*', got: 'G' at offset 14",
		"*0\r\n":                       "expected at least one argument at offset 14",
		"*-1\r\n":                      "expected at least one argument at offset 14",
		"*1\r\n:3\r\n":                 "expected prefix '$', got: ':' at offset 18",
		"*1\r\n$-3\r\n":                "invalid length at offset 18",
		"*1\r\n$3\r\nab":               aof.ErrTruncated.Error(),
		"*1\r\n$3\r\nabc\r":            aof.ErrTruncated.Error(),
		"*1":                           aof.ErrTruncated.Error(),
		"*":                            aof.ErrTruncated.Error(),
		"*1\r\n$999999999999\r\nabc":   aof.ErrTruncated.Error(),
		"*999999999999\r\n$1\r\na\r\n": aof.ErrTruncated.Error(),
		"#TS:1":                        aof.ErrTruncated.Error(),
	} {
		got, err := readAll(strings.NewReader(first + text))
		if err == nil || err.Error() != want || got[len(got)-1] != "14" {
			t.Errorf("%q: %v %v, want %s", text, got, err, want)
		}
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	broken := fmt.Errorf("broken")
	_, err := readAll(io.MultiReader(strings.NewReader("*1\r\n$4\r\nPI"), iotest.ErrReader(broken)))
	if err != broken {
		t.Error(err)
	}
}

// FuzzReader holds what is read against the same file in another division, and against the
// commands written again.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"*1\r\n$4\r\nPING\r\n", "#TS:1\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n", "*1\r\n$10\r\nab", "*", "#" + strings.Repeat("y", 2000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readAll(bytes.NewReader(text))
		bits, errBits := readAll(iotest.OneByteReader(bytes.NewReader(text)))
		if diff := cmp.Diff(got, bits); diff != "" || fmt.Sprint(err) != fmt.Sprint(errBits) {
			t.Fatalf("%v, %v\n%s", err, errBits, diff)
		}
		var written []byte
		r := aof.NewReader(bytes.NewReader(text), 0)
		n := 0
		for {
			argv, err := r.Next()
			if err != nil {
				break
			}
			written = protocol.AppendRequest(written, argv...)
			n++
		}
		if again, err := readAll(bytes.NewReader(written)); err != io.EOF || len(again) != n+1 {
			t.Fatalf("%d commands, written again %d: %v", n, len(again)-1, err)
		}
	})
}
