package quicklist

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/listpack"
	"respect/keyspace/lzf"
)

var seed = flag.Uint64("seed", 0, "seed of the random tests; 0 for a new one")

// newRand returns a source whose seed the test prints, so that a failure can be
// repeated with -seed.
func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("seed %d", s)
	return rand.New(rand.NewPCG(s, s))
}

func text(s string) Element { return listpack.String([]byte(s)) }

// parseHexElement reads "41" or "3*41".
func parseHexElement(t *testing.T, s string) []byte {
	times := 1
	if n, digits, ok := strings.Cut(s, "*"); ok {
		times, _ = strconv.Atoi(n)
		s = digits
	}
	b, err := hex.DecodeString(strings.Trim(s, `"`))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b, times)
}

// nodeLine returns what testdata/nodes.txt says of a node: compressed if that
// saves what a file asks for.
func nodeLine(n Node) string {
	form := "p "
	if n.Plain {
		form = "P "
	}
	form += strconv.Itoa(n.Size)
	if n.LZF != nil {
		return form + " lzf " + hex.EncodeToString(n.LZF)
	}
	if n.Size > 20 {
		if out, ok := lzf.Compress(nil, n.Data, n.Size-4); ok {
			return form + " lzf " + hex.EncodeToString(out)
		}
	}
	return form + " raw " + hex.EncodeToString(n.Data)
}

// TestRecordedNodes expects the nodes, and their compressed bytes, that a real
// server saved.
func TestRecordedNodes(t *testing.T) {
	file, err := os.Open("testdata/nodes.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var q *Quicklist
	var lines []string
	compared := 0
	for in := bufio.NewScanner(file); in.Scan(); {
		f := strings.Fields(in.Text())
		switch f[0] {
		case "limits":
			var n [3]int
			for i := range n {
				n[i], _ = strconv.Atoi(f[1+i])
			}
			q = New(Fill(n[0]), n[1])
			q.SetPlainFrom(n[2])
		case "push":
			for _, s := range f[1:] {
				q.Push(Tail, listpack.String(parseHexElement(t, s)))
			}
		case "encoding":
			lines = lines[:0]
			q.EachNode(func(n Node) bool {
				lines = append(lines, nodeLine(n))
				return true
			})
			if f[1] == "listpack" {
				// A bare listpack takes in what a quicklist would keep apart.
				lines = nil
			}
		case "node":
			if lines == nil {
				continue
			}
			if want := strings.Join(f[1:], " "); len(lines) == 0 || lines[0] != want {
				t.Fatalf("got %.200q\nwant %.200q", lines, want)
			}
			lines = lines[1:]
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("only %d nodes compared", compared)
	}
}

func contents(q *Quicklist, back bool) (all []string) {
	take := func(e Element) bool {
		all = append(all, string(e.AppendTo(nil)))
		return true
	}
	if back {
		q.EachBack(q.Len()-1, q.Len(), take)
		slices.Reverse(all)
	} else {
		q.Each(0, q.Len(), take)
	}
	return all
}

func compare(t *testing.T, q *Quicklist, want []string) {
	t.Helper()
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	for _, back := range []bool{false, true} {
		if got := contents(q, back); !slices.Equal(got, want) {
			t.Fatalf("back %v:\n got %.1000q\nwant %.1000q", back, got, want)
		}
	}
	for i := -len(want) - 1; i <= len(want); i++ {
		j := i
		if j < 0 {
			j += len(want)
		}
		e, ok := q.Index(i)
		if inside := j >= 0 && j < len(want); ok != inside || ok && !e.Equal([]byte(want[j])) {
			t.Fatalf("Index(%d) = %v, %v", i, e, ok)
		}
	}
}

// step does one operation on a list and on its model. The numbers choose which.
func step(q *Quicklist, m []string, op, i, size int) []string {
	s := strings.Repeat(string(rune('a'+size%7)), size)
	if size < 10 {
		s = strconv.Itoa(size * 1000)
	}
	if len(m) > 0 {
		i %= len(m)
	}
	switch op % 12 {
	case 0, 1:
		q.Push(Head, text(s))
		return slices.Insert(m, 0, s)
	case 2, 3:
		q.Push(Tail, text(s))
		return append(m, s)
	}
	if len(m) == 0 {
		return m
	}
	switch op % 12 {
	case 4:
		q.Pop(Head, nil)
		return m[1:]
	case 5:
		q.Pop(Tail, nil)
		return m[:len(m)-1]
	case 6, 7:
		where := listpack.Where(op % 2)
		q.Insert(i, where, text(s))
		return slices.Insert(m, i+int(where), s)
	case 8, 9:
		q.Set(i, text(s))
		m = slices.Clone(m)
		m[i] = s
		return m
	case 10:
		n := size % 5
		q.DeleteRange(i, n)
		return slices.Delete(m, i, min(len(m), i+n))
	default:
		return removeBoth(q, m, m[i], size%5-2)
	}
}

func removeBoth(q *Quicklist, m []string, s string, count int) []string {
	removed := q.Remove([]byte(s), count)
	left := removed
	if count < 0 {
		slices.Reverse(m)
	}
	m = slices.DeleteFunc(m, func(x string) bool {
		left--
		if x != s || left < 0 {
			left++
			return false
		}
		return true
	})
	if count < 0 {
		slices.Reverse(m)
	}
	return m
}

func TestModel(t *testing.T) {
	r := newRand(t)
	for _, fill := range []Fill{-5, -2, -1, 0, 1, 3, 8, 40} {
		for depth := range 3 {
			for _, plainFrom := range []int{0, 30, 300} {
				q, m := New(fill, depth), []string{}
				q.SetPlainFrom(plainFrom)
				for range 120 {
					size := r.IntN(60)
					if r.IntN(8) == 0 {
						size = r.IntN(3000)
					}
					m = step(q, m, r.IntN(12), r.IntN(1000), size)
					compare(t, q, m)
				}
				compare(t, q.Dup(), m)
			}
		}
	}
}

func TestAppendNodes(t *testing.T) {
	q := New(4, 1)
	var want []string
	for i := range 10 {
		lp := listpack.New(0)
		for j := range i {
			s := strings.Repeat(strconv.Itoa(j), 20)
			lp = lp.Append([]byte(s))
			want = append(want, s)
		}
		q.AppendPacked(lp)
		q.AppendPlain(bytes.Repeat([]byte("x"), 100))
		want = append(want, strings.Repeat("x", 100))
	}
	if q.NodeCount() != 19 {
		t.Errorf("%d nodes", q.NodeCount())
	}
	compare(t, q, want)
}

func TestFill(t *testing.T) {
	for _, c := range []struct {
		fill         Fill
		bytes, count int
		exceeds      bool
	}{
		{-1, 4096, 1 << 20, false}, {-1, 4097, 1, true}, {-5, 65536, 1, false}, {-9, 65537, 1, true},
		{0, 10, 1, false}, {0, 10, 2, true}, {128, 8192, 128, false}, {128, 10, 129, true}, {128, 8193, 1, true},
	} {
		if got := c.fill.Exceeds(c.bytes, c.count); got != c.exceeds {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func FuzzQuicklistOps(f *testing.F) {
	f.Add(-2, 1, 50, []byte("some operations, three bytes each"))
	f.Add(2, 1, 0, bytes.Repeat([]byte{0, 1, 60, 2, 3, 61, 6, 0, 12, 11, 2, 5}, 5))
	f.Fuzz(func(t *testing.T, fill, depth, plainFrom int, ops []byte) {
		q, m := New(Fill(fill%50), depth%4), []string{}
		q.SetPlainFrom(plainFrom % 200)
		for ; len(ops) >= 3; ops = ops[3:] {
			m = step(q, m, int(ops[0]), int(ops[1]), int(ops[2]))
		}
		compare(t, q, m)
	})
}

func BenchmarkPush(b *testing.B) {
	for _, end := range []End{Head, Tail} {
		b.Run(map[End]string{Head: "head", Tail: "tail"}[end], func(b *testing.B) {
			q, e := New(-2, 0), text("VXKeHogKgJ")
			b.ReportAllocs()
			for b.Loop() {
				q.Push(end, e)
			}
		})
	}
}

func BenchmarkIndexMiddle(b *testing.B) {
	q, e := New(-2, 0), text("VXKeHogKgJ")
	for range 100_000 {
		q.Push(Tail, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		q.Index(50_000)
	}
}
