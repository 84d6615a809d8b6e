package keyspace

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/listpack"
	"respect/keyspace/lzf"
	"respect/keyspace/quicklist"
)

// listWorld is what a sequence of list commands works on.
type listWorld struct {
	limits ListLimits
	lists  map[string]*List
}

func newListWorld(limits ListLimits) *listWorld {
	return &listWorld{limits, map[string]*List{}}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("not a number: %q", s)
	}
	return n
}

func listEnd(name string) ListEnd {
	return ListEnd(name == "rpush" || name == "rpop" || name == "RIGHT")
}

// do executes a command, given in lower case and with indexes that need no
// clamping, as the server does.
func (w *listWorld) do(t *testing.T, argv []string) {
	t.Helper()
	key := argv[1]
	l := w.lists[key]
	if l == nil {
		l = &List{}
	}
	switch argv[0] {
	case "lpush", "rpush":
		var elements [][]byte
		for _, s := range argv[2:] {
			elements = append(elements, []byte(s))
		}
		l.Push(listEnd(argv[0]), &w.limits, elements...)
	case "lpop", "rpop":
		for range min(atoi(t, argv[2]), l.Len()) {
			l.Pop(listEnd(argv[0]), &w.limits, nil)
		}
	case "linsert":
		insert := l.InsertBefore
		if argv[2] == "AFTER" {
			insert = l.InsertAfter
		}
		if l.Len() > 0 {
			insert([]byte(argv[3]), []byte(argv[4]), &w.limits)
		}
	case "lset":
		if l.Len() > 0 {
			l.Set(atoi(t, argv[2]), []byte(argv[3]), &w.limits)
		}
	case "lrem":
		l.Remove([]byte(argv[3]), atoi(t, argv[2]), &w.limits)
	case "ltrim":
		l.Trim(atoi(t, argv[2]), atoi(t, argv[3]), &w.limits)
	case "lmove":
		to := w.lists[argv[2]]
		if argv[2] == key {
			to = l
		} else if to == nil {
			to = &List{}
		}
		l.Move(listEnd(argv[3]), to, listEnd(argv[4]), &w.limits, nil)
		w.keep(argv[2], to)
	default:
		t.Fatalf("unknown command %q", argv)
	}
	w.keep(key, l)
}

func (w *listWorld) keep(key string, l *List) {
	if l.Len() == 0 {
		delete(w.lists, key)
	} else {
		w.lists[key] = l
	}
}

// nodeShape tells a node's form and bytes.
func nodeShape(plain bool, raw []byte) string {
	form := "p"
	if plain {
		form = "P"
	}
	h := fnv.New32a()
	h.Write(raw)
	return fmt.Sprintf("%s%d:%08x", form, len(raw), h.Sum32())
}

// shape tells a list's encoding and nodes.
func shape(l *List) string {
	if l == nil {
		return "none"
	}
	parts := []string{l.Encoding()}
	l.EachNode(func(n quicklist.Node) bool {
		raw := n.Data
		if n.LZF != nil {
			raw, _ = lzf.Decompress(n.LZF, n.Size)
		}
		parts = append(parts, nodeShape(n.Plain, raw))
		return true
	})
	return strings.Join(parts, " ")
}

// expandElement turns "17*x" into 17 times x.
func expandElement(s string) string {
	n, c, ok := strings.Cut(s, "*")
	times, err := strconv.Atoi(n)
	if !ok || err != nil {
		return s
	}
	return strings.Repeat(c, times)
}

// TestListRecorded replays what list_record_test.go recorded from a real server:
// after each command the encoding and the bytes of all nodes are the same.
//
//	limits -1 0 0           parameters of a new, empty world
//	lpush a 1 300*x         a command
//	  listpack p20:1f2e3d4c encoding, then form, length and hash of each node
//
// After lmove, what is told is the list that received the element.
func TestListRecorded(t *testing.T) {
	file, err := os.Open("testdata/lists.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	var w *listWorld
	var argv []string
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "limits "):
			f := strings.Fields(line)
			w = newListWorld(ListLimits{atoi(t, f[1]), atoi(t, f[2]), atoi(t, f[3])})
		case line[0] == ' ':
			key := argv[1]
			if argv[0] == "lmove" {
				key = argv[2]
			}
			if got := shape(w.lists[key]); got != line[2:] {
				t.Fatalf("line %d: after %.100q\n got %s\nwant %s", n, argv, got, line[2:])
			}
		default:
			argv = strings.Split(line, " ")
			for i := range argv {
				argv[i] = expandElement(argv[i])
			}
			w.do(t, argv)
			checkLists(t, w)
		}
	}
}

func checkLists(t *testing.T, w *listWorld) {
	t.Helper()
	for key, l := range w.lists {
		if err := l.Check(); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
}

// randomListElement returns an element in the form that expandElement reads.
func randomListElement(r *rand.Rand, big int) string {
	switch r.IntN(10) {
	case 0, 1, 2:
		return strconv.Itoa(r.IntN(12))
	case 3:
		return strconv.FormatInt(r.Int64()>>r.IntN(64), 10)
	case 4:
		return strconv.Itoa(1+r.IntN(big)) + "*" + string(rune('a'+r.IntN(26)))
	default:
		return string(rune('a' + r.IntN(8)))
	}
}

// randomListCommand returns a command, elements not yet expanded.
func randomListCommand(r *rand.Rand, w *listWorld, big int) []string {
	key := []string{"a", "a", "a", "b"}[r.IntN(4)]
	n := 0
	if l := w.lists[key]; l != nil {
		n = l.Len()
	}
	index := func() string { return strconv.Itoa(r.IntN(n+2) - r.IntN(2)*(n+1)) }
	side := func() string { return []string{"LEFT", "RIGHT"}[r.IntN(2)] }
	element := func() string { return randomListElement(r, big) }
	switch r.IntN(16) {
	case 0, 1, 2, 3, 4:
		argv := []string{[]string{"lpush", "rpush"}[r.IntN(2)], key}
		for range 1 + r.IntN(4) {
			argv = append(argv, element())
		}
		return argv
	case 5, 6:
		return []string{[]string{"lpop", "rpop"}[r.IntN(2)], key, strconv.Itoa(1 + r.IntN(3))}
	case 7, 8, 9:
		return []string{"linsert", key, []string{"BEFORE", "AFTER"}[r.IntN(2)], element(), element()}
	case 10, 11:
		return []string{"lset", key, index(), element()}
	case 12:
		return []string{"lrem", key, strconv.Itoa(r.IntN(5) - 2), element()}
	case 13:
		if n == 0 || r.IntN(3) > 0 {
			return []string{"lrem", key, "1", element()}
		}
		from := r.IntN(n)
		return []string{"ltrim", key, strconv.Itoa(from), strconv.Itoa(from + r.IntN(n-from+1))}
	default:
		return []string{"lmove", key, []string{"a", "b"}[r.IntN(2)], side(), side()}
	}
}

// listModel does the same on plain slices.
type listModel map[string][]string

func (m listModel) do(t *testing.T, argv []string) {
	key := argv[1]
	s := m[key]
	switch argv[0] {
	case "lpush":
		for _, e := range argv[2:] {
			s = slices.Insert(s, 0, e)
		}
	case "rpush":
		s = append(s, argv[2:]...)
	case "lpop":
		s = s[min(atoi(t, argv[2]), len(s)):]
	case "rpop":
		s = s[:max(0, len(s)-atoi(t, argv[2]))]
	case "linsert":
		if i := slices.Index(s, argv[3]); i >= 0 {
			if argv[2] == "AFTER" {
				i++
			}
			s = slices.Insert(s, i, argv[4])
		}
	case "lset":
		i := atoi(t, argv[2])
		if i < 0 {
			i += len(s)
		}
		if i >= 0 && i < len(s) {
			s[i] = argv[3]
		}
	case "lrem":
		s = modelRemove(s, argv[3], atoi(t, argv[2]))
	case "ltrim":
		from, to := atoi(t, argv[2]), atoi(t, argv[3])
		s = s[from:max(from, min(to+1, len(s)))]
	case "lmove":
		if len(s) == 0 {
			return
		}
		i := 0
		if listEnd(argv[3]) == ListTail {
			i = len(s) - 1
		}
		e := s[i]
		m[key] = slices.Delete(s, i, i+1)
		i = 0
		if listEnd(argv[4]) == ListTail {
			i = len(m[argv[2]])
		}
		m[argv[2]] = slices.Insert(m[argv[2]], i, e)
		return
	}
	m[key] = slices.Clone(s)
}

func modelRemove(s []string, e string, count int) []string {
	limit := count
	if count <= 0 {
		limit = -count
	}
	if count == 0 {
		limit = len(s)
	}
	if count < 0 {
		slices.Reverse(s)
	}
	s = slices.DeleteFunc(s, func(x string) bool {
		if x != e || limit == 0 {
			return false
		}
		limit--
		return true
	})
	if count < 0 {
		slices.Reverse(s)
	}
	return s
}

func listContents(l *List, back bool) []string {
	var all []string
	if l == nil {
		return nil
	}
	take := func(e ListElement) bool {
		all = append(all, string(e.AppendTo(nil)))
		return true
	}
	if back {
		l.EachBack(l.Len()-1, l.Len(), take)
		slices.Reverse(all)
	} else {
		l.Each(0, l.Len(), take)
	}
	return all
}

func compareLists(t *testing.T, w *listWorld, m listModel) {
	t.Helper()
	checkLists(t, w)
	for _, key := range []string{"a", "b"} {
		for _, back := range []bool{false, true} {
			if got := listContents(w.lists[key], back); !slices.Equal(got, m[key]) {
				t.Fatalf("%s, back %v:\n got %.1000q\nwant %.1000q", key, back, got, m[key])
			}
		}
	}
	l := w.lists["a"]
	for i := range m["a"] {
		if e, ok := l.Index(i - len(m["a"])); !ok || !e.Equal([]byte(m["a"][i])) {
			t.Fatalf("Index(%d) = %v, %v", i-len(m["a"]), e, ok)
		}
	}
}

func TestListModel(t *testing.T) {
	r := newRand(t)
	for _, fill := range []int{-2, -1, 0, 1, 2, 4, 16} {
		for _, depth := range []int{0, 1, 2} {
			for _, plainFrom := range []int{0, 60} {
				limits := ListLimits{fill, depth, plainFrom}
				w, m := newListWorld(limits), listModel{}
				for range 300 {
					argv := randomListCommand(r, w, 100*(1+r.IntN(12)))
					for i := range argv {
						argv[i] = expandElement(argv[i])
					}
					w.do(t, argv)
					m.do(t, argv)
					compareLists(t, w, m)
				}
			}
		}
	}
}

func TestListFind(t *testing.T) {
	for _, fill := range []int{-2, 2} {
		limits := &ListLimits{MaxListpackSize: fill}
		l := &List{}
		for _, s := range []string{"a", "b", "1", "a", "c", "1", "a", "a"} {
			l.Push(ListTail, limits, []byte(s))
		}
		for _, c := range []struct {
			s                   string
			rank, count, maxLen int
			want                []int
		}{
			{"a", 1, 0, 0, []int{0, 3, 6, 7}},
			{"a", 2, 2, 0, []int{3, 6}},
			{"a", -1, 0, 0, []int{7, 6, 3, 0}},
			{"a", -2, 1, 0, []int{6}},
			{"a", 1, 0, 4, []int{0, 3}},
			{"a", -1, 0, 3, []int{7, 6}},
			{"1", 1, 0, 0, []int{2, 5}},
			{"01", 1, 0, 0, nil},
			{"c", -1, 1, 3, nil},
			{"a", 5, 1, 0, nil},
		} {
			if got := l.Find([]byte(c.s), c.rank, c.count, c.maxLen, nil); !slices.Equal(got, c.want) {
				t.Errorf("%s, fill %d: %+v: got %v", l.Encoding(), fill, c, got)
			}
		}
	}
}

// TestListDup changes copies and looks at the originals.
func TestListDup(t *testing.T) {
	limits := &ListLimits{MaxListpackSize: 4, CompressDepth: 1}
	l := &List{}
	for i := range 40 {
		before := listContents(l, false)
		c := l.Dup()
		c.Push(ListHead, limits, []byte("x"))
		c.Set(-1, []byte("y"), limits)
		c.Pop(ListTail, limits, nil)
		c.InsertAfter([]byte("12"), []byte("z"), limits)
		if got := listContents(l, false); !slices.Equal(got, before) {
			t.Fatalf("a change of the copy changed %q to %q", before, got)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		l.Push(ListTail, limits, []byte(strconv.Itoa(i)))
	}
}

func BenchmarkListPush(b *testing.B) {
	for name, end := range map[string]ListEnd{"head": ListHead, "tail": ListTail} {
		b.Run(name, func(b *testing.B) {
			limits := &ListLimits{MaxListpackSize: -2}
			l, e := &List{}, []byte("VXKeHogKgJ")
			b.ReportAllocs()
			for b.Loop() {
				l.Push(end, limits, e)
			}
		})
	}
}

func BenchmarkListPop(b *testing.B) {
	for name, end := range map[string]ListEnd{"head": ListHead, "tail": ListTail} {
		b.Run(name, func(b *testing.B) {
			limits := &ListLimits{MaxListpackSize: -2}
			l, e := &List{}, []byte("VXKeHogKgJ")
			for range b.N {
				l.Push(ListTail, limits, e)
			}
			var scratch []byte
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				scratch, _ = l.Pop(end, limits, scratch[:0])
			}
		})
	}
}

// BenchmarkListQueue pushes at one end and pops at the other.
func BenchmarkListQueue(b *testing.B) {
	for _, length := range []int{1, 100, 100_000} {
		b.Run(fmt.Sprint(length), func(b *testing.B) {
			limits := &ListLimits{MaxListpackSize: -2}
			l, e := &List{}, []byte("VXKeHogKgJ")
			for range length {
				l.Push(ListHead, limits, e)
			}
			var scratch []byte
			b.ReportAllocs()
			for b.Loop() {
				l.Push(ListHead, limits, e)
				scratch, _ = l.Pop(ListTail, limits, scratch[:0])
			}
		})
	}
}

func BenchmarkListRange(b *testing.B) {
	limits := &ListLimits{MaxListpackSize: -2}
	l, e := &List{}, []byte("VXKeHogKgJ")
	for range 10_000 {
		l.Push(ListHead, limits, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Each(0, 600, func(e listpack.Element) bool { return !e.IsInt() })
	}
}
