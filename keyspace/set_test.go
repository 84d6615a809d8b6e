package keyspace

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/listpack"
)

// setWorld is what a sequence of set commands works on.
type setWorld struct {
	limits SetLimits
	sets   map[string]*Set
}

func newSetWorld(limits SetLimits) *setWorld { return &setWorld{limits, map[string]*Set{}} }

// do executes a command, given in lower case, as the server does.
func (w *setWorld) do(t *testing.T, argv []string) {
	t.Helper()
	key := argv[1]
	s := w.sets[key]
	switch argv[0] {
	case "sadd":
		if s == nil {
			s = NewSetFor([]byte(argv[2]), len(argv)-2, &w.limits)
		} else {
			s.Expect(len(argv)-2, &w.limits)
		}
		for _, m := range argv[2:] {
			s.Add([]byte(m), &w.limits)
		}
		w.keep(key, s)
	case "del":
		delete(w.sets, key)
	case "srem":
		for _, m := range argv[2:] {
			if s != nil {
				s.Remove([]byte(m))
			}
		}
		w.keep(key, s)
	case "smove":
		w.move(s, key, argv[2], []byte(argv[3]))
	case "sunionstore":
		w.keep(key, OfAny(w.sources(argv), &w.limits))
	case "sinterstore":
		w.keep(key, InCommon(w.sources(argv), &w.limits))
	case "sdiffstore":
		w.keep(key, OnlyInFirst(w.sources(argv), &w.limits))
	default:
		t.Fatalf("unknown command %q", argv)
	}
}

func (w *setWorld) move(s *Set, from, to string, m []byte) {
	if s == nil || from == to || !s.Remove(m) {
		return
	}
	w.keep(from, s)
	if w.sets[to] == nil {
		w.sets[to] = NewSetFor(m, 1, &w.limits)
	}
	w.sets[to].Add(m, &w.limits)
}

func (w *setWorld) sources(argv []string) []*Set {
	var sets []*Set
	for _, key := range argv[2:] {
		sets = append(sets, w.sets[key])
	}
	return sets
}

func (w *setWorld) keep(key string, s *Set) {
	if s == nil || s.Len() == 0 {
		delete(w.sets, key)
	} else {
		w.sets[key] = s
	}
}

func (w *setWorld) check(t *testing.T) {
	t.Helper()
	for key, s := range w.sets {
		if err := s.Check(); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
}

// members returns the members in order.
func members(s *Set) []string {
	all := []string{}
	if s != nil {
		s.EachText(func(text []byte) bool {
			all = append(all, string(text))
			return true
		})
	}
	return all
}

func hash32(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}

// setShape tells a set's encoding, number of members, hash of the sorted members
// and of the bytes, if they are an intset or a listpack.
func setShape(encoding string, all []string, raw []byte) string {
	slices.Sort(all)
	shape := fmt.Sprintf("%s %d %s", encoding, len(all), hash32(strings.Join(all, "\n")))
	if raw != nil {
		shape += " " + hash32(string(raw))
	}
	return shape
}

// TestSetRecorded replays what set_record_test.go recorded from a real server: after
// each command the encoding and the members are the same, and the bytes of intsets
// and listpacks, as far as the real server leaves nothing about them to chance.
//
//	limits 8 5 10              parameters of a new, empty world
//	sadd a 1 x                 a command
//	  listpack 2 1f2e3d4c ...  shape of the set that it names first
func TestSetRecorded(t *testing.T) {
	file, err := os.Open("testdata/sets.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	var w *setWorld
	var argv []string
	shapes := 0
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "limits "):
			f := strings.Fields(line)
			w = newSetWorld(SetLimits{atoi(t, f[1]), atoi(t, f[2]), atoi(t, f[3])})
		case line[0] == ' ':
			shapes++
			if got := recordedShape(w.sets[toldKey(argv)]); !strings.HasPrefix(got, line[2:]) {
				t.Fatalf("line %d: after %.200q\n got %s\nwant %s", n, argv, got, line[2:])
			}
		default:
			argv = strings.Split(line, " ")
			w.do(t, argv)
			w.check(t)
		}
	}
	if shapes < 2500 {
		t.Errorf("only %d shapes", shapes)
	}
}

// toldKey returns the key whose shape follows a command.
func toldKey(argv []string) string {
	if argv[0] == "smove" {
		return argv[2]
	}
	return argv[1]
}

func recordedShape(s *Set) string {
	if s == nil {
		return "none"
	}
	return setShape(s.Encoding(), members(s), s.small)
}

// randomMember returns a member: an integer or not, short or long.
func randomMember(r *rand.Rand, kind, most int) string {
	switch {
	case kind == 0 || r.IntN(3) > 0 && kind == 1:
		n := r.IntN(most) - most/4
		if r.IntN(40) == 0 {
			n *= 3000
		}
		if r.IntN(80) == 0 {
			n *= 100_000_000
		}
		return strconv.Itoa(n)
	case r.IntN(100) == 0:
		return strings.Repeat("x", 1+r.IntN(16))
	default:
		return "m" + strconv.Itoa(r.IntN(most))
	}
}

// randomSetCommand returns a command. Keys differ in the kind of their members:
// a0, a1, a2 hold integers, b0... integers and a few strings, c0... mostly strings.
func randomSetCommand(r *rand.Rand, most int) []string {
	kind := r.IntN(3)
	key := func() string { return string(rune('a'+kind)) + strconv.Itoa(r.IntN(3)) }
	anyKey := func() string { return string(rune('a'+r.IntN(3))) + strconv.Itoa(r.IntN(3)) }
	several := func(n int) (some []string) {
		for range 1 + r.IntN(n) {
			some = append(some, randomMember(r, kind, most))
		}
		return some
	}
	switch r.IntN(12) {
	case 0, 1, 2, 3:
		n := 3
		if r.IntN(4) == 0 {
			n = most
		}
		return append([]string{"sadd", key()}, several(n)...)
	case 4, 5, 6:
		return append([]string{"srem", key()}, several(most/2)...)
	case 7:
		return []string{"smove", anyKey(), anyKey(), randomMember(r, kind, most)}
	default:
		argv := []string{[]string{"sunionstore", "sinterstore", "sdiffstore"}[r.IntN(3)], anyKey()}
		for range 1 + r.IntN(4) {
			argv = append(argv, anyKey())
		}
		return argv
	}
}

// setModel does the same on plain maps.
type setModel map[string]map[string]bool

func (m setModel) do(argv []string) {
	key := argv[1]
	result := maps.Clone(m[key])
	if result == nil {
		result = map[string]bool{}
	}
	switch argv[0] {
	case "sadd":
		for _, member := range argv[2:] {
			result[member] = true
		}
	case "srem":
		for _, member := range argv[2:] {
			delete(result, member)
		}
	case "smove":
		if result[argv[3]] && argv[2] != key {
			delete(result, argv[3])
			m.do([]string{"sadd", argv[2], argv[3]})
		}
	default:
		result = m.combine(argv[0], argv[2:])
	}
	if m[key] = result; len(result) == 0 {
		delete(m, key)
	}
}

func (m setModel) combine(how string, keys []string) map[string]bool {
	result := maps.Clone(m[keys[0]])
	if result == nil {
		result = map[string]bool{}
	}
	for _, key := range keys[1:] {
		other := m[key]
		switch how {
		case "sunionstore":
			maps.Copy(result, other)
		case "sinterstore":
			maps.DeleteFunc(result, func(member string, _ bool) bool { return !other[member] })
		case "sdiffstore":
			maps.DeleteFunc(result, func(member string, _ bool) bool { return other[member] })
		}
	}
	return result
}

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// compareSets compares every set with its model in every way of reading it.
func compareSets(t *testing.T, w *setWorld, m setModel) {
	t.Helper()
	w.check(t)
	if len(w.sets) != len(m) {
		t.Fatalf("%d sets, want %d", len(w.sets), len(m))
	}
	for key, s := range w.sets {
		compareSet(t, s, m[key])
	}
}

func compareSet(t *testing.T, s *Set, model map[string]bool) {
	t.Helper()
	want := sortedKeys(model)
	got := members(s)
	if slices.Sort(got); !slices.Equal(got, want) || s.Len() != len(want) {
		t.Fatalf("%s of %d: got %.1000q\nwant %.1000q", s.Encoding(), s.Len(), got, want)
	}
	scanned := map[string]bool{}
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = s.Scan(cursor, func(e Element) { scanned[string(e.AppendTo(nil))] = true })
	}
	if !maps.Equal(scanned, model) {
		t.Fatalf("%s: scanned %d members of %d", s.Encoding(), len(scanned), len(model))
	}
	for _, member := range want {
		if !s.Has([]byte(member)) || s.Has([]byte(member+" ")) || s.Has([]byte("0"+member)) {
			t.Fatalf("%s: Has(%q) or one like it is wrong", s.Encoding(), member)
		}
	}
}

// compareCombined compares the combinations that are not stored.
func compareCombined(t *testing.T, w *setWorld, m setModel, argv []string) {
	t.Helper()
	for how, each := range map[string]func([]*Set, func(Element) bool){
		"sinterstore": EachInCommon, "sdiffstore": EachOnlyInFirst,
		"sunionstore": func(sets []*Set, fn func(Element) bool) { EachOfAny(sets, &w.limits, fn) },
	} {
		var got []string
		each(w.sources(argv), func(e Element) bool {
			got = append(got, string(e.AppendTo(nil)))
			return true
		})
		slices.Sort(got)
		if want := sortedKeys(m.combine(how, argv[2:])); !slices.Equal(got, want) {
			t.Fatalf("%s of %q: got %q\nwant %q", how, argv[2:], got, want)
		}
		most, calls := len(got)/2, 0
		each(w.sources(argv), func(Element) bool {
			calls++
			return calls < most
		})
		if len(got) > 0 && calls != max(1, most) {
			t.Fatalf("%s: called %d times, was to end after %d", how, calls, most)
		}
	}
}

// smallLimits are limits that random sets often reach, and the number of different
// members of each kind that suits them.
var smallLimits = []struct {
	limits SetLimits
	most   int
}{
	{SetLimits{8, 5, 10}, 12}, {SetLimits{4, 12, 6}, 16}, {SetLimits{0, 6, 8}, 10}, {SetLimits{10, 0, 10}, 12},
	{SetLimits{512, 128, 64}, 40}, {SetLimits{512, 128, 64}, 900}, {SetLimits{20, 20, 3}, 30},
}

func TestSetModel(t *testing.T) {
	r := newRand(t)
	for _, c := range smallLimits {
		w, m := newSetWorld(c.limits), setModel{}
		for range 1_500_000 / (c.most + 60) {
			argv := randomSetCommand(r, c.most)
			w.do(t, argv)
			m.do(argv)
			popped(t, r, w, m)
			if r.IntN(40) > 0 {
				continue
			}
			compareSets(t, w, m)
			if strings.HasSuffix(argv[0], "store") {
				compareCombined(t, w, m, argv)
			}
		}
		compareSets(t, w, m)
	}
}

// popped pops some members of some set, now and then, and takes samples of it.
func popped(t *testing.T, r *rand.Rand, w *setWorld, m setModel) {
	t.Helper()
	key := string(rune('a'+r.IntN(3))) + strconv.Itoa(r.IntN(3))
	s := w.sets[key]
	if s == nil || r.IntN(40) > 0 {
		return
	}
	n := r.IntN(s.Len())
	if r.IntN(2) == 0 {
		n = s.Len() - 1 - r.IntN(1+s.Len()/8)
	}
	sampled := map[string]bool{}
	s.Sample(n, r, func(e Element) { sampled[string(e.AppendTo(nil))] = true })
	for member := range sampled {
		if !m[key][member] {
			t.Fatalf("sampled %q, which is no member", member)
		}
	}
	copied, before := s.Clone().(*Set), maps.Clone(m[key])
	gone := 0
	s.PopSome(n, r, &w.limits, func(e Element) {
		gone++
		delete(m[key], string(e.AppendTo(nil)))
	})
	if len(sampled) != n || gone != n || len(m[key]) != len(before)-n {
		t.Fatalf("%d of %d: sampled %d, popped %d", n, len(before), len(sampled), gone)
	}
	compareSet(t, copied, before)
	compareSet(t, s, m[key])
	if last := string(s.Pop(r, nil)); !m[key][last] {
		t.Fatalf("popped %q, which is no member", last)
	} else {
		m.do([]string{"srem", key, last})
	}
	w.keep(key, s)
}

// TestSetClone changes copies and looks at the originals.
func TestSetClone(t *testing.T) {
	limits := &SetLimits{8, 5, 10}
	for n := range 20 {
		for _, kind := range []int{0, 2} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(kind)))
			s, model := NewSet(), map[string]bool{}
			for range n {
				member := randomMember(r, kind, 100)
				s.Add([]byte(member), limits)
				model[member] = true
			}
			c := s.Clone().(*Set)
			for member := range model {
				c.Remove([]byte(member))
			}
			c.Add([]byte("new"), limits)
			compareSet(t, s, model)
			compareSet(t, c, map[string]bool{"new": true})
		}
	}
}

func TestSetMemberLengths(t *testing.T) {
	limits := &SetLimits{}
	s, model := NewSet(), map[string]bool{}
	for _, n := range []int{0, 1, 14, 15, 16, 63, 64, 253, 254, 255, 256, 4095, 70_000} {
		member := strings.Repeat("z", n)
		if model[member] = true; !s.Add([]byte(member), limits) || s.Add([]byte(member), limits) {
			t.Errorf("a member of %d bytes", n)
		}
	}
	compareSet(t, s, model)
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestSetOfStoredBytes(t *testing.T) {
	limits := &SetLimits{3, 3, 64}
	for n, want := range map[int]string{1: "listpack", 3: "listpack", 4: "hashtable"} {
		lp := listpack.New(0)
		for i := range n {
			lp = lp.AppendInt(int64(i))
		}
		s, err := SetOfListpack(lp, limits)
		if err != nil || s.Encoding() != want || s.Len() != n {
			t.Errorf("a listpack of %d: %v, %v", n, s, err)
		}
		if s, err := SetOfListpack(lp.Append([]byte("0")), limits); err == nil {
			t.Errorf("0 twice gave a set of %d", s.Len())
		}
	}
	ints := NewSet()
	for i, want := range []string{"intset", "intset", "intset", "hashtable"} {
		ints.Add([]byte(strconv.Itoa(i)), &SetLimits{MaxIntset: 9})
		if s := SetOfIntset(slices.Clone(ints.small), limits); s.Encoding() != want || s.Len() != i+1 {
			t.Errorf("an intset of %d is a %s of %d", i+1, s.Encoding(), s.Len())
		}
	}
}
