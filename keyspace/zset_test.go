package keyspace

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/keyspace/listpack"
)

// zsetModel is a sorted set as a map, with the encoding that it must have.
type zsetModel struct {
	scores map[string]float64
	big    bool
	limits *ZSetLimits
}

type scored struct {
	member string
	score  float64
}

func (m *zsetModel) sorted() []scored {
	var all []scored
	for member, score := range m.scores {
		all = append(all, scored{member, score})
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.score, b.score), strings.Compare(a.member, b.member))
	})
	return all
}

func (m *zsetModel) update(member string, score float64, rule ZSetRule) (float64, ZSetChange) {
	old, there := m.scores[member]
	if !there {
		if rule&ZSetExisting != 0 {
			return 0, ZSetRefused
		}
		m.big = m.big || !m.limits.fits(len(m.scores)+1, len(member))
		m.scores[member] = score
		return score, ZSetAdded
	}
	if rule&ZSetIncrement != 0 {
		score += old
	}
	switch {
	case rule&ZSetNew != 0:
		return old, ZSetRefused
	case math.IsNaN(score):
		return old, ZSetNaN
	case rule&ZSetGreater != 0 && score <= old, rule&ZSetLess != 0 && score >= old:
		return old, ZSetRefused
	case score == old:
		return score, ZSetSame
	}
	m.scores[member] = score
	return score, ZSetRescored
}

// zsetPair is a sorted set with its model.
type zsetPair struct {
	r      *rand.Rand
	z      *ZSet
	m      *zsetModel
	limits *ZSetLimits
}

func newZSetPair(r *rand.Rand) *zsetPair {
	limits := &ZSetLimits{MaxListpackEntries: 1 + r.IntN(12), MaxListpackValue: 8 + r.IntN(9), Rand: r}
	return &zsetPair{r, NewZSet(), &zsetModel{scores: map[string]float64{}, limits: limits}, limits}
}

func (p *zsetPair) member() string {
	switch p.r.IntN(12) {
	case 0:
		return strings.Repeat("m", p.r.IntN(20))
	case 1, 2:
		return strconv.FormatInt(p.r.Int64()>>p.r.IntN(64), 10)
	case 3, 4, 5:
		return strconv.Itoa(p.r.IntN(12))
	default:
		return string(rune('a' + p.r.IntN(12)))
	}
}

func (p *zsetPair) score() float64 {
	switch p.r.IntN(12) {
	case 0:
		return math.Inf(1 - 2*p.r.IntN(2))
	case 1:
		return math.Ldexp(p.r.Float64()-0.5, p.r.IntN(200)-100)
	case 2:
		return float64(p.r.Int64() >> p.r.IntN(64))
	default:
		return float64(p.r.IntN(9)-4) / 2
	}
}

// errFound says what a sorted set and its model disagree about.
func errFound(what string, got, want any) error {
	if fmt.Sprint(got) == fmt.Sprint(want) {
		return nil
	}
	return fmt.Errorf("%s: %v, not %v", what, got, want)
}

func (p *zsetPair) step() error {
	switch p.r.IntN(20) {
	case 0, 1, 2:
		member := p.member()
		_, there := p.m.scores[member]
		delete(p.m.scores, member)
		return errFound("removed", p.z.Remove([]byte(member)), there)
	case 3:
		return p.deleteRange()
	case 4:
		return p.renew()
	default:
		return p.update()
	}
}

func (p *zsetPair) update() error {
	rules := []ZSetRule{0, 0, 0, ZSetIncrement, ZSetIncrement | ZSetGreater, ZSetNew, ZSetExisting,
		ZSetGreater, ZSetLess | ZSetExisting, ZSetIncrement | ZSetNew}
	member, score, rule := p.member(), p.score(), rules[p.r.IntN(len(rules))]
	wantScore, want := p.m.update(member, score, rule)
	gotScore, got := p.z.Update([]byte(member), score, rule, p.limits)
	if err := errFound("change", got, want); err != nil {
		return err
	}
	return errFound("new score", gotScore, wantScore)
}

func (p *zsetPair) deleteRange() error {
	if p.r.IntN(4) > 0 || len(p.m.scores) == 0 {
		return nil
	}
	all := p.m.sorted()
	from := p.r.IntN(len(all))
	n := 1 + p.r.IntN(len(all)-from)
	for _, s := range all[from : from+n] {
		delete(p.m.scores, s.member)
	}
	p.z.DeleteRange(from, n)
	return nil
}

// renew goes on with a copy, a smaller expectation, or what a builder makes of all.
func (p *zsetPair) renew() error {
	switch p.r.IntN(20) {
	case 0:
		old := p.z
		p.z = old.Clone().(*ZSet)
		old.DeleteRange(0, old.Len())
	case 1:
		n := p.r.IntN(16)
		p.m.big = p.m.big || n > p.limits.MaxListpackEntries
		p.z.Expect(n, p.limits)
	case 2:
		return p.rebuild()
	}
	return nil
}

func (p *zsetPair) rebuild() error {
	b := NewZSetBuilder(p.limits)
	longest := 0
	for member, score := range p.m.scores {
		b.Merge([]byte(member), score-1, nil)
		b.Merge([]byte(member), 1, func(old, more float64) float64 { return score })
		if b.Add([]byte(member), 7) {
			return errors.New("the builder added a member twice")
		}
		longest = max(longest, len(member))
	}
	if p.r.IntN(2) == 0 {
		b.Add([]byte("one too many, and long"), 3)
		b.Remove([]byte("one too many, and long"))
		b.Remove([]byte("no member"))
	}
	p.z = b.ZSet()
	p.m.big = !p.limits.fits(len(p.m.scores), longest)
	return nil
}

// compare asks the sorted set everything that the model knows.
func (p *zsetPair) compare() error {
	encoding := "listpack"
	if p.m.big {
		encoding = "skiplist"
	}
	all := p.m.sorted()
	ranks := map[string]int{}
	for i, s := range all {
		ranks[s.member] = i
	}
	member := p.member()
	score, there := p.m.scores[member]
	gotScore, gotThere := p.z.Score([]byte(member))
	rank, ranked := p.z.Rank([]byte(member))
	return errors.Join(
		errFound("encoding", p.z.Encoding(), encoding),
		errFound("length", p.z.Len(), len(all)),
		errFound("score of "+member, []any{gotScore, gotThere}, []any{score, there}),
		errFound("rank of "+member, []any{rank, ranked}, []any{ranks[member], there}),
		p.compareRanges(all),
		p.compareScan(all),
		p.z.Check(),
	)
}

func collect(each func(fn func(Element, float64) bool)) []scored {
	var out []scored
	each(func(e Element, score float64) bool {
		out = append(out, scored{string(e.AppendTo(nil)), score})
		return true
	})
	return out
}

func (p *zsetPair) compareRanges(all []scored) error {
	from, n := p.r.IntN(len(all)+2), p.r.IntN(len(all)+2)
	start, end := min(from, len(all)), min(from+n, len(all))
	backEnd := max(0, from-n+1)
	var back []scored
	if from < len(all) && n > 0 {
		back = slices.Clone(all[backEnd : from+1])
		slices.Reverse(back)
	}
	r := ScoreRange{Min: p.score(), Max: p.score(), MinEx: p.r.IntN(2) == 0, MaxEx: p.r.IntN(2) == 0}
	var inRange []scored
	for _, s := range all {
		if (s.score > r.Min || !r.MinEx && s.score == r.Min) && (s.score < r.Max || !r.MaxEx && s.score == r.Max) {
			inRange = append(inRange, s)
		}
	}
	return errors.Join(
		errFound("range", collect(func(fn func(Element, float64) bool) { p.z.Each(from, n, false, fn) }), all[start:end]),
		errFound("reverse", collect(func(fn func(Element, float64) bool) { p.z.Each(from, n, true, fn) }), back),
		errFound(fmt.Sprint("scores of ", r), collect(func(fn func(Element, float64) bool) { p.z.EachByScore(r, fn) }), inRange),
	)
}

func (p *zsetPair) compareScan(all []scored) error {
	found := map[string]float64{}
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = p.z.Scan(cursor, func(e Element, score float64) { found[string(e.AppendTo(nil))] = score })
	}
	if len(found) != len(all) {
		return fmt.Errorf("the scan yields %d members of %d", len(found), len(all))
	}
	for _, s := range all {
		if found[s.member] != s.score {
			return fmt.Errorf("the scan says %v is %v", s, found[s.member])
		}
	}
	return nil
}

func zsetRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestZSetModel holds sorted sets against a map, across the limits of encodings.
func TestZSetModel(t *testing.T) {
	r := zsetRand(t)
	for range 250 {
		p := newZSetPair(r)
		for i := range 500 {
			err := p.step()
			if err == nil && i%10 == 0 {
				err = p.compare()
			}
			if err != nil {
				t.Fatalf("step %d, limits %d and %d: %v", i, p.limits.MaxListpackEntries, p.limits.MaxListpackValue, err)
			}
		}
	}
}

// TestZSetLex counts members in ranges, where all scores are the same.
func TestZSetLex(t *testing.T) {
	r := zsetRand(t)
	bound := func(p *zsetPair) LexBound {
		return LexBound{[]byte(p.member()), r.IntN(2) == 0, []int{0, 0, 0, -1, 1}[r.IntN(5)]}
	}
	after := func(b LexBound, s string, through bool) bool { // b is behind s
		if b.Inf != 0 {
			return b.Inf > 0
		}
		return s < string(b.Member) || through && s == string(b.Member)
	}
	for range 2000 {
		p := newZSetPair(r)
		for range r.IntN(25) {
			member := p.member()
			p.m.update(member, 3, 0)
			p.z.Add([]byte(member), 3, p.limits)
		}
		x := LexRange{bound(p), bound(p)}
		var want []scored
		for _, s := range p.m.sorted() {
			if !after(x.Min, s.member, x.Min.Ex) && after(x.Max, s.member, !x.Max.Ex) {
				want = append(want, s)
			}
		}
		reverse, skip := r.IntN(2) == 0, r.IntN(3)
		if skip = min(skip, len(want)); reverse {
			want = want[:len(want)-skip]
		} else {
			want = want[skip:]
		}
		from, to := p.z.LexBounds(x, reverse, skip)
		got := collect(func(fn func(Element, float64) bool) { p.z.Each(from, to-from, false, fn) })
		if err := errFound(fmt.Sprintf("%+v", x), got, want); err != nil {
			t.Fatal(err)
		}
	}
}

// TestZSetOfListpack takes what is in a file, in order or not.
func TestZSetOfListpack(t *testing.T) {
	limits := &ZSetLimits{MaxListpackEntries: 3, MaxListpackValue: 4}
	lp := listpack.New(0)
	for _, s := range []string{"c", "3", "longer than a value", "2.5", "a", "nan"} {
		lp = lp.Append([]byte(s))
	}
	z := ZSetOfListpack(lp.Dup(), limits)
	if got := z.Encoding(); got != "listpack" || z.Len() != 3 {
		t.Errorf("%d members in a %s", z.Len(), got)
	}
	lp = lp.Append([]byte("c")).AppendInt(-1).Append([]byte("d")).Append([]byte("-inf"))
	z = ZSetOfListpack(lp, limits)
	if err := z.Check(); err != nil || z.Encoding() != "skiplist" {
		t.Error(z.Encoding(), err)
	}
	got := collect(func(fn func(Element, float64) bool) { z.Each(0, 9, false, fn) })
	want := []scored{{"d", math.Inf(-1)}, {"a", 0}, {"longer than a value", 2.5}, {"c", 3}}
	if err := errFound("members", got, want); err != nil {
		t.Error(err)
	}
}

// TestZSetScoresInListpacks: integers are stored as such, other scores as text.
func TestZSetScoresInListpacks(t *testing.T) {
	limits := &ZSetLimits{MaxListpackEntries: 99, MaxListpackValue: 99,
		FormatScore: func(dst []byte, f float64) []byte { return fmt.Appendf(dst, "%.2f", f) }}
	z := NewZSet()
	for i, score := range []float64{-1 << 62, math.Copysign(0, -1), 0.25, 1e18, 1 << 62, 1e19} {
		z.Add([]byte{byte('a' + i)}, score, limits)
	}
	var got []string
	lp := z.Listpack()
	for at := lp.First(); at != 0; at = lp.Next(at) {
		got = append(got, string(lp.Get(at).AppendTo(nil)))
		if e := lp.Get(at); e.IsInt() {
			got[len(got)-1] = "int " + got[len(got)-1]
		}
	}
	want := []string{"a", "int -4611686018427387904", "b", "int 0", "c", "0.25", "d", "int 1000000000000000000",
		"e", "int 4611686018427387904", "f", "10000000000000000000.00"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// chiSquare returns the statistic of counts that should all be the same.
func chiSquare(counts map[string]int, total int) float64 {
	expected := float64(total) / float64(len(counts))
	sum := 0.0
	for _, n := range counts {
		d := float64(n) - expected
		sum += d * d / expected
	}
	return sum
}

// TestZSetRandom: every member comes with the same chance, alone and in samples.
func TestZSetRandom(t *testing.T) {
	const members, draws = 50, 50_000
	// With 49 degrees of freedom 110 is exceeded once in a million.
	const limit = 110
	r := rand.New(rand.NewPCG(3, 4))
	for _, entries := range []int{0, members} {
		limits := &ZSetLimits{MaxListpackEntries: entries, MaxListpackValue: 64, Rand: r}
		z := NewZSet()
		for i := range members {
			z.Add(strconv.AppendInt(nil, int64(i), 10), float64(i%7), limits)
		}
		single := map[string]int{}
		for range draws {
			e, _ := z.Random(r)
			single[string(e.AppendTo(nil))]++
		}
		if x := chiSquare(single, draws); len(single) != members || x > limit {
			t.Errorf("%s: %d members came, chi square is %.1f", z.Encoding(), len(single), x)
		}
		for _, n := range []int{5, 30} {
			sampled := map[string]int{}
			for range draws / n {
				one := map[string]bool{}
				z.Sample(r, n, func(e Element, _ float64) {
					one[string(e.AppendTo(nil))] = true
					sampled[string(e.AppendTo(nil))]++
				})
				if len(one) != n {
					t.Fatalf("%s: a sample of %d has %d different members", z.Encoding(), n, len(one))
				}
			}
			if x := chiSquare(sampled, draws/n*n); len(sampled) != members || x > limit {
				t.Errorf("%s: samples of %d: %d members came, chi square is %.1f", z.Encoding(), n, len(sampled), x)
			}
		}
	}
}

// TestZSetAllocations: scores are read and changed without allocation.
func TestZSetAllocations(t *testing.T) {
	for _, entries := range []int{0, 200} {
		r := rand.New(rand.NewPCG(1, 1))
		limits := &ZSetLimits{MaxListpackEntries: entries, MaxListpackValue: 64, Rand: r}
		z := NewZSet()
		var members [][]byte
		for i := range 100 {
			members = append(members, fmt.Appendf(nil, "member:%d", i))
			z.Add(members[i], 1.5, limits)
		}
		for name, do := range map[string]func(m []byte){
			"Add":       func(m []byte) { z.Add(m, float64(r.IntN(1000)), limits) },
			"increment": func(m []byte) { z.Update(m, 1, ZSetIncrement, limits) },
			"Score":     func(m []byte) { z.Score(m) },
			"Rank":      func(m []byte) { z.Rank(m) },
			"bounds":    func(m []byte) { z.ScoreBounds(ScoreRange{Min: 5, Max: 9}) },
			"Each":      func(m []byte) { z.Each(3, 9, true, func(Element, float64) bool { return true }) },
			"DeleteRange of none": func(m []byte) {
				z.DeleteRange(len(members), 1)
			},
		} {
			n := testing.AllocsPerRun(300, func() { do(members[r.IntN(len(members))]) })
			if n != 0 {
				t.Errorf("%s: %s allocates %v times", z.Encoding(), name, n)
			}
		}
	}
}

// FuzzZSet lets the input choose members and scores.
func FuzzZSet(f *testing.F) {
	for seed := range uint64(3) {
		var data []byte
		for i := range 12 {
			data = append(data, 2, byte('a'+i*5%11), byte('0'+i%3))
			data = binary.BigEndian.AppendUint64(data, math.Float64bits(float64(i*7%4)-1.5))
		}
		f.Add(data, seed)
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		p := newZSetPair(rand.New(rand.NewPCG(seed, 0)))
		for len(data) > 9 {
			n := min(int(data[0])%24, len(data)-9)
			member := data[1 : 1+n]
			score := math.Float64frombits(binary.BigEndian.Uint64(data[1+n:]))
			data = data[9+n:]
			if math.IsNaN(score) || score == 0 { // listpacks know no -0
				continue
			}
			p.m.update(string(member), score, 0)
			p.z.Add(member, score, p.limits)
			if len(data) > 0 && data[0]%5 == 0 {
				delete(p.m.scores, string(member))
				p.z.Remove(member)
			}
		}
		if err := p.compare(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAddSoon gives what Add gives, and tells of a member that comes twice.
func TestAddSoon(t *testing.T) {
	limits := ZSetLimits{MaxListpackEntries: 128, MaxListpackValue: 64}
	for _, n := range []int{0, 1, buildQueue - 1, buildQueue, buildQueue + 1, 1000} {
		one, other := NewZSetBuilder(&limits), NewZSetBuilder(&limits)
		other.Reserve(n)
		for i := range n {
			member, score := fmt.Appendf(nil, "m%d", i), float64(i*7%13)
			if !one.Add(member, score) || !other.AddSoon(member, score) {
				t.Fatalf("%s is said to be there", member)
			}
		}
		if !other.Flush() {
			t.Errorf("%d members: some are said to be there", n)
		}
		if a, b := membersOf(one), membersOf(other); !slices.Equal(a, b) {
			t.Errorf("%d members: %v, want %v", n, b, a)
		}
		if n > 0 && other.AddSoon([]byte("m0"), 1) && other.Flush() {
			t.Errorf("%d members: m0 came twice", n)
		}
	}
}

func membersOf(b *ZSetBuilder) (all []string) {
	b.Each(func(member []byte, score float64) { all = append(all, fmt.Sprint(string(member), score)) })
	return all
}
