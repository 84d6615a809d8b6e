package resp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// valid are encodings that must be accepted and written back unchanged.
var valid = []string{
	"+OK\r\n", "+\r\n", "-ERR x\r\n", ":0\r\n", ":-1\r\n", ":9223372036854775807\r\n",
	"$0\r\n\r\n", "$2\r\n\r\n\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n$1\r\na\r\n:1\r\n",
	"_\r\n", "#t\r\n", "#f\r\n", ",1.5\r\n", ",inf\r\n", ",-inf\r\n", ",nan\r\n", ",1e+20\r\n", ",10\r\n",
	"(123456789012345678901234567890\r\n", "!5\r\nERR x\r\n", "=7\r\ntxt:abc\r\n",
	"%1\r\n+a\r\n:1\r\n", "~1\r\n+a\r\n", ">2\r\n+message\r\n+x\r\n", "|1\r\n+ttl\r\n:3\r\n+OK\r\n",
}

// invalid are encodings that a lax decoder might let pass.
var invalid = []string{
	"\r\n", "OK\r\n", "+OK\n", "+a\rb\r\n", ":\r\n", ":+1\r\n", ":01\r\n", ":-0\r\n", ": 1\r\n", ":1.0\r\n",
	":9223372036854775808\r\n", "$-2\r\n", "$01\r\na\r\n", "$+1\r\na\r\n", "$1\r\nab\r\n", "$1\r\na\n\r",
	"$\r\n", "$999999999999\r\n", "*-2\r\n", "*01\r\n", "*99999999999\r\n", "%-1\r\n", "~-1\r\n", "_x\r\n",
	"#T\r\n", "#\r\n", ",\r\n", ",.5\r\n", ",1.\r\n", ",1e\r\n", ",Inf\r\n", "(1.5\r\n", "(007\r\n", "=3\r\ntxt\r\n",
	"=4\r\ntext\r\n", "*1\r\n>1\r\n+x\r\n", "|0\r\n+OK\r\n", "|1\r\n+a\r\n+b\r\n|1\r\n+a\r\n+b\r\n+OK\r\n",
	"$?\r\n", "*?\r\n", "?\r\n", "\x00\r\n",
}

func TestDecodeWritesBackWhatItAccepts(t *testing.T) {
	for _, s := range valid {
		v, rest, err := Decode([]byte(s + "tail"))
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if string(rest) != "tail" || string(v.Append(nil)) != s {
			t.Errorf("%q: became %q, rest %q", s, v.Append(nil), rest)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, s := range invalid {
		var syntax *SyntaxError
		if v, _, err := Decode([]byte(s)); !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, %v", s, v, err)
		}
	}
}

func TestDecodeRefusesDepth(t *testing.T) {
	var syntax *SyntaxError
	if _, _, err := Decode([]byte(strings.Repeat("*1\r\n", 100000))); !errors.As(err, &syntax) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeTellsCutReplies(t *testing.T) {
	for _, s := range valid {
		for n := range len(s) {
			_, _, err := Decode([]byte(s[:n]))
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if !errors.Is(err, want) {
				t.Errorf("%q: got %v, want %v", s[:n], err, want)
			}
		}
	}
}

func TestProtocol2RefusesTypesOf3(t *testing.T) {
	for _, s := range valid {
		d := NewDecoder(strings.NewReader(s))
		d.SetProtocol(2)
		_, err := d.Decode()
		if accepted := err == nil; accepted != strings.ContainsAny(s[:1], "+-:$*") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRequest(t *testing.T) {
	if got := string(Request("SET", "k", "a\r\nb")); got != "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzResp(f *testing.F) {
	for _, s := range append(append([]string{}, valid...), invalid...) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := Decode(b)
		if err != nil {
			return
		}
		if got := append(v.Append(nil), rest...); !bytes.Equal(got, b) {
			t.Fatalf("%q became %q", b, got)
		}
	})
}
