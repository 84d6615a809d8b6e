package check

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/conformance/verdict"
)

// TestNamesDoNotMatter plays cases with names of their own on a real server: what it replies is
// the same.
func TestNamesDoNotMatter(t *testing.T) {
	named, err := target.Start(t.Context(), target.Redis)
	if errors.Is(err, target.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer named.Close()
	servers := &Servers{Named: named}
	study, err := servers.Study(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := Plan(&Selection{Focus: regexp.MustCompile("^(string|list|hash|stream)/[a-l].*RESP2|^stream/xgroup")})
	if err != nil {
		t.Fatal(err)
	}
	var plan []*Check
	for _, c := range all {
		if played := prefixed(c.Case); played != nil && strings.Contains(played.Steps[0].String(), Prefix) {
			plan = append(plan, c)
		}
	}
	if len(plan) < 100 {
		t.Errorf("only %d of %d cases can have names of their own", len(plan), len(all))
	}
	out, err := Run(t.Context(), servers, study, plan, 1, func(*verdict.Check) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range out {
		if c.Failed() {
			t.Error(verdict.Block(&c, ""))
		}
	}
}

func TestPrefixes(t *testing.T) {
	for request, want := range map[string]string{
		"> SET k v\n+\"OK\"":                    "> SET respect-check:k v",
		"> MSET a 1 b 2\n+\"OK\"":               "> MSET respect-check:a 1 respect-check:b 2",
		"> BLPOP a b 0.01\n*-1":                 "> BLPOP respect-check:a respect-check:b 0.01",
		"> OBJECT ENCODING k\n$\"int\"":         "> OBJECT ENCODING respect-check:k",
		"> DEL k{1..3}\n:3":                     "> DEL respect-check:k{1..3}",
		"> GET\n-\"ERR\"":                       "> GET",
		"> PING\n+\"PONG\"":                     "> PING",
		"> BLPOP a b 0\n*2\n  $\"a\"\n  $\"v\"": "", // its reply tells the key
		"> XCLAIM s g c 0 1\n-\"NOGROUP No such key 's' or consumer group 'g'\"": "",
		"> KEYS *\n*0":          "",
		"> NOSUCH k\n:1":        "",
		"> SUNION {1..3} k\n:1": "",
		"> ZUNION 2 a b\n*0":    "",
		"> GET <x>\n:1":         "",
	} {
		f, err := transcript.Parse("a/a.txt", []byte("=== a\n"+request+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		before := f.Cases[0].Steps[0].String()
		got := ""
		if c := prefixed(&f.Cases[0]); c != nil {
			got = c.Steps[0].String()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", before, got, want)
		}
		if f.Cases[0].Steps[0].String() != before {
			t.Errorf("%s was changed itself", before)
		}
	}
}
