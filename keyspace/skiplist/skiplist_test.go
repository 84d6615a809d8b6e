package skiplist

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// entry is a member of the model: a sorted slice.
type entry struct {
	score  float64
	member string
}

func compareEntries(a, b entry) int {
	switch {
	case a.score < b.score:
		return -1
	case a.score > b.score:
		return 1
	}
	return strings.Compare(a.member, b.member)
}

// pair is a list, its nodes by member, and the model of both.
type pair struct {
	r     *rand.Rand
	list  *List
	nodes map[string]*Node
	model []entry
}

func newPair(r *rand.Rand) *pair {
	return &pair{r: r, list: New(r), nodes: map[string]*Node{}}
}

func (p *pair) place(e entry) int {
	i, _ := slices.BinarySearchFunc(p.model, e, compareEntries)
	return i
}

func (p *pair) set(member string, score float64) {
	if n, ok := p.nodes[member]; ok {
		p.model = slices.Delete(p.model, p.place(entry{n.Score(), member}), p.place(entry{n.Score(), member})+1)
		p.list.SetScore(n, score)
	} else {
		n := NewNode([]byte(member), score)
		p.nodes[member] = n
		p.list.Insert(n)
	}
	e := entry{score, member}
	p.model = slices.Insert(p.model, p.place(e), e)
}

func (p *pair) deleteRange(rank, n int) error {
	var want []string
	if rank >= 0 && rank < len(p.model) {
		end := min(len(p.model), rank+n)
		for _, e := range p.model[rank:end] {
			want = append(want, e.member)
		}
		p.model = slices.Delete(p.model, rank, end)
	}
	var got []string
	p.list.DeleteRange(rank, n, func(n *Node) { got = append(got, string(n.Member())) })
	for _, m := range got {
		delete(p.nodes, m)
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("deleted %q, not %q", got, want)
	}
	return nil
}

func (p *pair) delete(rank int) {
	m := p.model[rank].member
	p.list.Delete(p.nodes[m])
	delete(p.nodes, m)
	p.model = slices.Delete(p.model, rank, rank+1)
}

// member returns a name of up to 110 bytes, often one that was used before.
func (p *pair) member() string {
	length := p.r.IntN(4)
	switch p.r.IntN(10) {
	case 0:
		length = p.r.IntN(110)
	case 1:
		length = 12 + p.r.IntN(6)
	}
	return strings.Repeat("x", length) + fmt.Sprint(p.r.IntN(40))
}

func (p *pair) step() error {
	switch p.r.IntN(12) {
	case 0:
		if len(p.model) > 0 {
			p.delete(p.r.IntN(len(p.model)))
		}
	case 1:
		if p.r.IntN(20) == 0 {
			return p.deleteRange(p.r.IntN(len(p.model)+2)-1, p.r.IntN(20))
		}
	case 2:
		if p.r.IntN(100) == 0 {
			return p.dup()
		}
	default:
		p.set(p.member(), float64(p.r.IntN(30)-10)/2)
	}
	return nil
}

// dup goes on with a copy.
func (p *pair) dup() error {
	old, nodes := p.list, map[string]*Node{}
	p.list = old.Dup(func(n *Node) { nodes[string(n.Member())] = n })
	p.nodes = nodes
	if err := old.Check(); err != nil {
		return err
	}
	old.DeleteRange(0, old.Len(), func(*Node) {})
	return old.Check()
}

// compare asks the list everything that the model knows.
func (p *pair) compare() error {
	if p.list.Len() != len(p.model) {
		return fmt.Errorf("%d nodes, not %d", p.list.Len(), len(p.model))
	}
	n := p.list.First()
	for i, e := range p.model {
		if n == nil || n.Score() != e.score || string(n.Member()) != e.member {
			return fmt.Errorf("rank %d is not %v", i, e)
		}
		if p.list.At(i) != n {
			return fmt.Errorf("At(%d) is not %v", i, e)
		}
		if rank := p.list.Rank(n); rank != i {
			return fmt.Errorf("the rank of %v is %d, not %d", e, rank, i)
		}
		n = n.Next()
	}
	if n != nil || p.list.At(-1) != nil || p.list.At(len(p.model)) != nil {
		return fmt.Errorf("nodes outside the list")
	}
	for i, n := len(p.model)-1, p.list.Last(); i >= 0; i, n = i-1, n.Prev() {
		if string(n.Member()) != p.model[i].member {
			return fmt.Errorf("rank %d is not %v on the way back", i, p.model[i])
		}
	}
	for half := -12; half < 24; half++ {
		s := float64(half) / 2
		for _, through := range []bool{false, true} {
			want := 0
			for _, e := range p.model {
				if e.score < s || through && e.score == s {
					want++
				}
			}
			if got := p.list.RankOfScore(s, through); got != want {
				return fmt.Errorf("RankOfScore(%v, %v) = %d, not %d", s, through, got, want)
			}
		}
	}
	return p.list.Check()
}

// TestModel holds a list against a sorted slice.
func TestModel(t *testing.T) {
	r := newRand(t)
	for range 20 {
		p := newPair(r)
		for i := range 10_000 {
			if err := p.step(); err != nil {
				t.Fatal(err)
			}
			if i%500 == 0 {
				if err := p.compare(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := p.compare(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRankOfMember searches by member where all scores are the same.
func TestRankOfMember(t *testing.T) {
	p := newPair(newRand(t))
	for range 500 {
		p.set(p.member(), 7)
	}
	for range 2000 {
		m := p.member()
		for _, through := range []bool{false, true} {
			want := 0
			for _, e := range p.model {
				if c := strings.Compare(e.member, m); c < 0 || through && c == 0 {
					want++
				}
			}
			if got := p.list.RankOfMember([]byte(m), through); got != want {
				t.Fatalf("RankOfMember(%q, %v) = %d, not %d", m, through, got, want)
			}
		}
	}
}

// TestAppender adds in order, behind what is there, on all levels.
func TestAppender(t *testing.T) {
	r := newRand(t)
	l := New(r)
	for i := range 3000 {
		if i%1000 == 0 {
			l.Insert(NewNode([]byte{0, byte(i / 1000)}, float64(i)-0.5))
		}
		a := l.Appender()
		for j := range 3 {
			a.Append(NewNode([]byte{1}, float64(i)+float64(j)/4))
		}
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	if l.Len() != 9003 {
		t.Fatalf("%d nodes", l.Len())
	}
}

// TestMembers holds members of all lengths around the sizes of nodes.
func TestMembers(t *testing.T) {
	for length := range 300 {
		want := bytes.Repeat([]byte{byte(length)}, length)
		n := NewNode(want, 1)
		runtime.GC()
		if !bytes.Equal(n.Member(), want) {
			t.Fatalf("%d bytes: got %q", length, n.Member())
		}
		if size := n.bytes(); size < 33+length || size > 33+length+64 {
			t.Errorf("%d bytes in a node of %d", length, size)
		}
		if length%20 > 0 {
			runtime.KeepAlive(n)
		}
	}
}

// TestMemory compares the bytes that a list counts with those that it takes, and
// with what a member may cost.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	const n = 200_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := New(rand.New(rand.NewPCG(1, 1)))
	a := l.Appender()
	for i := range n {
		a.Append(NewNode(fmt.Appendf(nil, "member:%07d", i), float64(i)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	taken := float64(after.HeapAlloc - before.HeapAlloc)
	if ratio := float64(l.Bytes()) / taken; ratio < 0.97 || ratio > 1.03 {
		t.Errorf("counted %d bytes, taken are %.0f", l.Bytes(), taken)
	}
	if each := taken / n; each > 62 {
		t.Errorf("%.1f bytes for each member", each)
	}
	runtime.KeepAlive(l)
}

// TestAllocations: a score changes without allocation, wherever the node goes.
func TestAllocations(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	l := New(r)
	var nodes []*Node
	for i := range 1000 {
		nodes = append(nodes, NewNode(fmt.Append(nil, i), r.Float64()))
		l.Insert(nodes[i])
	}
	if n := testing.AllocsPerRun(1000, func() { l.SetScore(nodes[r.IntN(1000)], r.Float64()) }); n != 0 {
		t.Errorf("SetScore allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { l.At(l.Rank(nodes[r.IntN(1000)])) }); n != 0 {
		t.Errorf("Rank and At allocate %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { l.RankOfScore(r.Float64(), true) }); n != 0 {
		t.Errorf("RankOfScore allocates %v times", n)
	}
}

// TestLevels: a quarter of the nodes of each level stands on the next one.
func TestLevels(t *testing.T) {
	l := New(newRand(t))
	const n = 1 << 20
	var count [maxUpper + 1]int
	for range n {
		count[l.randomUpper()]++
	}
	left := n
	for upper := range 5 {
		if share := float64(count[upper]) / float64(left); share < 0.73 || share > 0.77 {
			t.Errorf("%v of the nodes on level %d end there", share, upper)
		}
		left -= count[upper]
	}
}

// FuzzOrder gives members of any bytes any order.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("\x00a\x01b\x02\x00\x03"), uint64(1))
	f.Add(bytes.Repeat([]byte("x\x80"), 200), uint64(2))
	var mixed []byte
	for i := range 100 {
		mixed = append(mixed, 2, byte(i*37), byte(i*11%7)) // the score is the last byte
	}
	f.Add(mixed, uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		p := newPair(rand.New(rand.NewPCG(seed, 0)))
		for len(data) > 1 {
			n := min(int(data[0]), len(data)-1)
			p.set(string(data[1:n+1]), float64(int8(data[n])))
			data = data[n+1:]
		}
		if err := p.compare(); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkInsert(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	l := New(r)
	for i := range b.N {
		l.Insert(NewNode(fmt.Appendf(nil, "member:%07d", i), r.Float64()))
	}
}

func million() (*List, []*Node, *rand.Rand) {
	r := rand.New(rand.NewPCG(1, 1))
	l := New(r)
	nodes := make([]*Node, 1e6)
	for i := range nodes {
		nodes[i] = NewNode(fmt.Appendf(nil, "member:%07d", i), r.Float64())
		l.Insert(nodes[i])
	}
	return l, nodes, r
}

func BenchmarkMillion(b *testing.B) {
	l, nodes, r := million()
	b.Run("SetScore", func(b *testing.B) {
		for range b.N {
			l.SetScore(nodes[r.IntN(len(nodes))], r.Float64())
		}
	})
	b.Run("Rank", func(b *testing.B) {
		for range b.N {
			l.Rank(nodes[r.IntN(len(nodes))])
		}
	})
	b.Run("At", func(b *testing.B) {
		for range b.N {
			l.At(r.IntN(l.Len()))
		}
	})
	b.Run("RankOfScore", func(b *testing.B) {
		for range b.N {
			l.RankOfScore(r.Float64(), false)
		}
	})
}
