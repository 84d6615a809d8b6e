package transcript

import (
	"strings"
	"testing"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// tellingFake is a fake server that tells each text, one after the other, whenever it is
// asked what it has told.
func tellingFake(t *testing.T, texts ...string) *target.Target {
	s := startFake(t, target.Redis, level72, nil)
	asked := 0
	s.Effects = func() ([]byte, error) {
		asked++
		return []byte(strings.Join(texts[:min(asked, len(texts))], "")), nil
	}
	return s
}

func TestEffects(t *testing.T) {
	before := string(resp.Request("FLUSHALL"))
	set, del := string(resp.Request("SET", "k", "v")), string(resp.Request("DEL", "k"))
	late := "#TS:1700000000\r\n" + string(resp.Request("SET", "k", "v", "PXAT", "2000000100007"))
	for _, c := range []struct {
		name  string
		texts []string
		text  string
		want  string // what the mismatch says; empty if there is none
	}{
		{"equal", []string{before, set + del}, "effects\n*3\n  $\"SET\"\n  $\"k\"\n  $\"v\"\n*2\n  $\"DEL\"\n  $\"k\"\n", ""},
		{"in two steps", []string{before, set, del}, "effects\n*3\n  $\"SET\"\n  $\"k\"\n  $\"v\"\neffects\n*2\n  $\"DEL\"\n  $\"k\"\n", ""},
		{"told late", []string{before, "", "", del}, "effects\n*2\n  $\"DEL\"\n  $\"k\"\n", ""},
		{"nothing", []string{before}, "effects\n", ""},
		{"nothing expected", []string{before, del}, "effects\n", "more was told"},
		{"too much", []string{before, del + del}, "effects\n*2\n  $\"DEL\"\n  $\"k\"\n", "more was told"},
		{"different", []string{before, del}, "effects\n*2\n  $\"UNLINK\"\n  $\"k\"\n", "differ at byte 0"},
		{"a time", []string{before, late}, "effects\n*5\n  $\"SET\"\n  $\"k\"\n  $\"v\"\n  $\"PXAT\"\n  approx 10 $<nowms+100000>\n", ""},
		{"a wrong time", []string{before, late}, "effects\n*5\n  $\"SET\"\n  $\"k\"\n  $\"v\"\n  $\"PXAT\"\n  approx 1 $<nowms+100000>\n", "reply.4"},
		{"cut off", []string{before, del[:5]}, "effects\n", "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := NewPlayer(t.Context(), tellingFake(t, c.texts...))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			f := mustParse(t, "=== a\n"+c.text)
			r, err := p.Play(t.Context(), f, &f.Cases[0], 2)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want == "" && len(r.Mismatches) > 0:
				t.Error(r.Mismatches[0].String())
			case c.want != "" && (len(r.Mismatches) != 1 || !strings.Contains(r.Mismatches[0].String(), c.want)):
				t.Errorf("got %v, want …%s…", r.Mismatches, c.want)
			}
		})
	}
}
