package stream

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"respect/conformance/target"
)

var release72 = target.Release{Major: 7, Minor: 2}

func commands(t *testing.T, release target.Release) []Command {
	t.Helper()
	out, err := Commands(release)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEverythingIsDrawn requires every command of the groups, and every word of
// every syntax, within some streams.
func TestEverythingIsDrawn(t *testing.T) {
	all := commands(t, release72)
	g := New(Options{Seed: 1, Commands: all, Config: Limits()})
	drawn, tokens := map[string]bool{}, map[string]map[string]bool{}
	set := map[string]bool{}
	protos := map[int]bool{}
	for n := range uint64(200) {
		s := g.Stream(n)
		protos[s.Proto] = true
		for _, p := range s.Config {
			set[p.Name] = true
		}
		for _, r := range s.Requests {
			words := r.Words
			name := strings.ToLower(words[0])
			if tokens[name] == nil {
				tokens[name] = map[string]bool{}
			}
			drawn[name] = true
			for i, w := range words[1:] {
				tokens[name][strings.ToUpper(w)] = true
				if i == 0 {
					drawn[name+" "+strings.ToLower(w)] = true
				}
			}
		}
	}
	for _, c := range all {
		if !drawn[c.Name()] {
			t.Errorf("%s is not drawn", c.Name())
		}
		for _, token := range c.Tokens() {
			if !tokens[c.Words[0]][token] {
				t.Errorf("%s is drawn without %s", c.Name(), token)
			}
		}
	}
	for _, name := range Limits() {
		if !set[name] {
			t.Errorf("%s is never set", name)
		}
	}
	if !protos[2] || !protos[3] {
		t.Error("one of the protocols is not used")
	}
}

func TestCommandsAreThoseOfTheGroups(t *testing.T) {
	groups := map[string]int{}
	for _, c := range commands(t, release72) {
		groups[c.Group]++
	}
	for _, g := range Groups {
		if groups[g] < 3 {
			t.Errorf("%d commands in %s", groups[g], g)
		}
	}
	has := func(name string) bool { return name != "get" }
	for _, c := range Select(commands(t, release72), has, []string{"string"}) {
		if c.Words[0] == "get" || c.Group != "string" && !slices.Contains(extra, c.Words[0]) {
			t.Errorf("%s of %s is selected", c.Name(), c.Group)
		}
	}
}

func TestWhatIsNewerIsLeftOut(t *testing.T) {
	for minor, want := range map[int]bool{0: false, 2: true} {
		names, tokens := map[string]bool{}, map[string][]string{}
		for _, c := range commands(t, target.Release{Major: 6, Minor: minor}) {
			names[c.Name()], tokens[c.Name()] = true, c.Tokens()
		}
		if names["getex"] != want || slices.Contains(tokens["set"], "GET") != want || !names["get"] || names["sintercard"] {
			t.Errorf("6.%d has GETEX: %v, SET %q", minor, names["getex"], tokens["set"])
		}
	}
}

func TestStreamsComeAgain(t *testing.T) {
	all := commands(t, release72)
	o := Options{Seed: 7, Commands: all, Config: Limits()}
	first := New(o).Stream(3)
	again := New(o)
	again.Stream(0)
	if !reflect.DeepEqual(first, again.Stream(3)) {
		t.Error("the same seed and number make another stream")
	}
	o.Seed = 8
	if reflect.DeepEqual(first, New(o).Stream(3)) || reflect.DeepEqual(first, again.Stream(4)) {
		t.Error("another seed or number makes the same stream")
	}
}

func TestFocus(t *testing.T) {
	g := New(Options{Seed: 1, Commands: commands(t, release72), Focus: []string{"lpos"}})
	n, total := 0, 0
	for i := range uint64(20) {
		for _, r := range g.Stream(i).Requests {
			words := r.Words
			total++
			if strings.EqualFold(words[0], "lpos") {
				n++
			}
		}
	}
	if n < total/4 || n > total*3/4 {
		t.Errorf("%d of %d requests are LPOS", n, total)
	}
}

// TestMistakesAreMade requires that requests which the servers refuse are a part,
// and not the most.
func TestMistakesAreMade(t *testing.T) {
	arity := map[string]int{"get": 2, "strlen": 2, "llen": 2, "lindex": 3, "lset": 4, "getrange": 4, "hget": 3}
	wrong, total := 0, 0
	g := New(Options{Seed: 1, Commands: commands(t, release72)})
	for i := range uint64(100) {
		for _, r := range g.Stream(i).Requests {
			words := r.Words
			if want := arity[strings.ToLower(words[0])]; want > 0 {
				total++
				if len(words) != want {
					wrong++
				}
			}
		}
	}
	if wrong < total/50 || wrong > total/5 {
		t.Errorf("%d of %d requests have a wrong number of arguments", wrong, total)
	}
}

func TestSafe(t *testing.T) {
	for request, want := range map[string]bool{
		"BLPOP l1 0":                                false,
		"BLPOP l1 5":                                false,
		"blpop l1 0.001":                            true,
		"BLPOP l1 x":                                true,
		"BLMPOP 3 1 l1 LEFT":                        false,
		"BLMPOP 0.01 1 l1 LEFT":                     true,
		"SRANDMEMBER e1 -1000000":                   false,
		"SRANDMEMBER e1 -5":                         true,
		"SETBIT s1 4000000000 1":                    false,
		"SETBIT s1 4294967296 1":                    true,
		"SETRANGE s1 500000000 x":                   false,
		"BITFIELD s1 SET u8 4000000000 1":           false,
		"BITFIELD s1 SET u8 #1000000 1":             false,
		"BITFIELD s1 INCRBY i64 0 4000000000":       true,
		"EXPIRE k 1":                                false,
		"EXPIRE k 0":                                true,
		"PEXPIRE k 5000":                            false,
		"SET k v EX 10":                             false,
		"SET k v PX 10000000":                       true,
		"GETEX k px 1":                              false,
		"RESTORE k 9223372036854775807 x":           false,
		"RESTORE k 0 x":                             true,
		"LPOS l1 a COUNT 9223372036854775807":       true,
		"BZPOPMIN":                                  true,
		"ZRANDMEMBER z1 -9223372036854775808":       true,
		"ZRANDMEMBER z1 -100000 WITHSCORES":         false,
		"BITFIELD_RO s1 GET u8 4000000000":          true,
		"PSETEX k 1 v":                              false,
		"EXPIREAT k 1":                              true,
		"BRPOPLPUSH a b 1e400":                      true,
		"BLMOVE a b LEFT RIGHT 9223372036854775807": true,
	} {
		if Safe(strings.Fields(request)) != want {
			t.Errorf("%s: want %v", request, want)
		}
	}
	if Safe(nil) {
		t.Error("nothing can be sent")
	}
}

// TestDamagedPayloads have a checksum that is right, as those of DUMP have.
func TestDamagedPayloads(t *testing.T) {
	fits := func(p string) bool {
		n := len(p) - 8
		return checksum([]byte(p[:n])) == binary.LittleEndian.Uint64([]byte(p[n:]))
	}
	d := &draw{Rand: rand.New(rand.NewPCG(1, 2)), opts: &Options{}}
	for _, p := range payloads {
		if !fits(p) {
			t.Fatalf("%q: the checksum is another one", p)
		}
		changed := 0
		for range 20 {
			damaged := d.damaged(p)
			if !fits(damaged) {
				t.Errorf("%q of %q", damaged, p)
			}
			if damaged != p {
				changed++
			}
		}
		if changed < 15 {
			t.Errorf("%q is damaged %d times of 20", p, changed)
		}
	}
}
