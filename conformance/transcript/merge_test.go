package transcript

import (
	"fmt"
	"testing"

	"respect/conformance/resp"
	"respect/conformance/target"
)

var (
	level70 = target.Release{Major: 7, Minor: 0}
	level72 = target.Release{Major: 7, Minor: 2}
	level80 = target.Release{Major: 8, Minor: 0}
	fourWay = []Env{{target.Redis, level70, 2}, {target.Redis, level70, 3}, {target.Valkey, level72, 2}, {target.Valkey, level72, 3}}
	sixWay  = append(fourWay[:4:4], Env{target.Redis, level80, 2}, Env{target.Redis, level80, 3})
)

// Every subset of the environments must be covered exactly once, and nothing else.
func TestCoverIsExact(t *testing.T) {
	for _, byFlavour := range []bool{false, true} {
		for bits := 1; bits < 1<<len(sixWay); bits++ {
			var subset []Env
			for i, e := range sixWay {
				if bits>>i&1 == 1 {
					subset = append(subset, e)
				}
			}
			conds := cover(sixWay, subset, byFlavour)
			for i, e := range sixWay {
				holds := 0
				for _, c := range conds {
					if c.Holds(e) {
						holds++
					}
				}
				if holds != bits>>i&1 {
					t.Errorf("subset %06b: %v holds %d times for %v", bits, conds, holds, e)
				}
			}
		}
	}
}

func TestCoverIsShort(t *testing.T) {
	for _, c := range []struct {
		universe, subset []Env
		byFlavour        bool
		want             string
	}{
		{fourWay, fourWay, false, "[]"},
		{fourWay, []Env{fourWay[0], fourWay[2]}, false, "[[resp2]]"},
		{fourWay, fourWay[2:4], false, "[[>=7.2]]"},
		{fourWay, fourWay[2:4], true, "[[valkey]]"},
		{fourWay, fourWay[1:2], false, "[[<7.2 resp3]]"},
		{sixWay, sixWay[:4], false, "[[<8.0]]"},
		{sixWay, sixWay[2:4], false, "[[>=7.2 <8.0]]"},
		{sixWay, sixWay[:2], true, "[[redis <8.0]]"},
		{sixWay, sixWay[2:], true, "[[valkey] [redis >=8.0]]"},
	} {
		if got := fmt.Sprint(cover(c.universe, c.subset, c.byFlavour)); got != c.want {
			t.Errorf("%v: got %s, want %s", c.subset, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		node, value string
		want        bool
	}{
		{`:1`, ":1\r\n", true},
		{`:1`, ":2\r\n", false},
		{`:1`, "$1\r\n1\r\n", false},
		{`$-1`, "$-1\r\n", true},
		{`$-1`, "*-1\r\n", false},
		{`$-1`, "$0\r\n\r\n", false},
		{`$-1`, "_\r\n", false},
		{`any :`, ":77\r\n", true},
		{`any :`, "+77\r\n", false},
		{`any *`, "*1\r\n:1\r\n", true},
		{`approx 2 :10`, ":12\r\n", true},
		{`approx 2 :10`, ":13\r\n", false},
		{`approx 2 $"10"`, "$1\r\n8\r\n", true},
		{`approx 2 $"10"`, "$1\r\nx\r\n", false},
		{`:<seven>`, ":7\r\n", true},
		{`:<seven+1>`, ":8\r\n", true},
		{`:<seven+1>`, ":7\r\n", false},
		{`:<new>`, ":7\r\n", true},
		{`match $"a*c"`, "$4\r\nabbc\r\n", true},
		{`match $"a*c"`, "$4\r\nabbd\r\n", false},
		{`match $"a?c"`, "$3\r\nabc\r\n", true},
		{`match $"a\\*"`, "$2\r\na*\r\n", true},
		{`match $"a\\*"`, "$2\r\nab\r\n", false},
		{`match $"id=<new> x*"`, "$7\r\nid=12 x\r\n", true},
		{`match $"id=<seven> *"`, "$6\r\nid=8 x\r\n", false},
		{"unordered *2\n  :1\n  :2", "*2\r\n:2\r\n:1\r\n", true},
		{"*2\n  :1\n  :2", "*2\r\n:2\r\n:1\r\n", false},
		{"unordered *2\n  :1\n  :1", "*2\r\n:2\r\n:1\r\n", false},
		{"unordered *2\n  any :\n  :2", "*2\r\n:2\r\n:1\r\n", true},
		{"unordered 2 *4\n  :1\n  :2\n  :3\n  :4", "*4\r\n:3\r\n:4\r\n:1\r\n:2\r\n", true},
		{"unordered 2 *4\n  :1\n  :2\n  :3\n  :4", "*4\r\n:3\r\n:2\r\n:1\r\n:4\r\n", false},
		{"unordered %2\n  :1\n  :2\n  :3\n  :4", "%2\r\n:3\r\n:4\r\n:1\r\n:2\r\n", true},
		{"unordered %2\n  :1\n  :2\n  :3\n  :4", "%2\r\n:3\r\n:2\r\n:1\r\n:4\r\n", false},
		{"*1\n  :1", "*2\r\n:1\r\n:1\r\n", false},
		{"|1\n  +\"a\"\n  +\"b\"\n:1", "|1\r\n+a\r\n+b\r\n:1\r\n", true},
		{":1", "|1\r\n+a\r\n+b\r\n:1\r\n", false},
	} {
		f := mustParse(t, "=== a\n> X\n"+c.node+"\n")
		v, _, err := resp.Decode([]byte(c.value))
		if err != nil {
			t.Fatal(err)
		}
		sc := &scope{map[string]string{"seven": "7"}}
		d := sc.match(&f.Cases[0].Steps[0].Replies[0].Node, &v)
		if (d == nil) != c.want {
			t.Errorf("%s against %q: %v", c.node, c.value, d)
		}
	}
}

func TestDiffNamesThePlace(t *testing.T) {
	f := mustParse(t, "=== a\n> X\n*2\n  :1\n  *1\n    $\"abcd\"\n")
	v, _, err := resp.Decode([]byte("*2\r\n:1\r\n*1\r\n$4\r\nabXd\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := (&scope{map[string]string{}}).match(&f.Cases[0].Steps[0].Replies[0].Node, &v)
	if want := `reply.1.0: want $"abcd", got $"abXd" (differ at byte 2)`; d == nil || d.String() != want {
		t.Errorf("got %v, want %s", d, want)
	}
}
