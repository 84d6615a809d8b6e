package keyspace

import (
	"math"

	"respect/keyspace/skiplist"
)

// Ranges of sorted sets. Ranks count from 0; a range of ranks is half open.

// A ScoreRange is the scores from Min to Max, with or without these themselves.
type ScoreRange struct {
	Min, Max     float64
	MinEx, MaxEx bool
}

// isEmpty reports whether no score can be in the range.
func (r *ScoreRange) isEmpty() bool {
	return r.Min > r.Max || r.Min == r.Max && (r.MinEx || r.MaxEx)
}

// A LexBound is where a range of members begins or ends.
type LexBound struct {
	Member []byte
	Ex     bool // without the member itself
	Inf    int  // -1 or 1 for before or behind all members, else 0
}

// A LexRange is the members from Min to Max. It makes sense where all scores are
// the same; else it is what a search finds that trusts they are.
type LexRange struct{ Min, Max LexBound }

func (r *LexRange) isEmpty() bool {
	if r.Min.Inf != 0 || r.Max.Inf != 0 {
		return r.Min.Inf > r.Max.Inf
	}
	return string(r.Min.Member) > string(r.Max.Member) ||
		string(r.Min.Member) == string(r.Max.Member) && (r.Min.Ex || r.Max.Ex)
}

// Rank returns the rank of a member, if there is such a member.
func (z *ZSet) Rank(member []byte) (rank int, ok bool) {
	if z.big != nil {
		n, found := z.big.dict.Find(member)
		if !found {
			return 0, false
		}
		return z.big.list.Rank(n), true
	}
	found := z.findSmall(member)
	if found == 0 {
		return 0, false
	}
	for at := z.small.First(); at != found; at = z.nextPair(at) {
		rank++
	}
	return rank, true
}

// Each calls fn with up to n members and their scores from a rank on, or in reverse
// from a rank back, until fn returns false. The sorted set must not be changed
// meanwhile.
func (z *ZSet) Each(from, n int, reverse bool, fn func(member Element, score float64) bool) {
	switch {
	case z.big != nil:
		for x := z.big.list.At(from); x != nil && n > 0 && fn(nodeElement(x), x.Score()); n-- {
			if reverse {
				x = x.Prev()
			} else {
				x = x.Next()
			}
		}
	case reverse:
		z.eachSmallBack(from, n, fn)
	default:
		z.eachSmall(from, n, fn)
	}
}

// EachByScore calls fn with the members whose score is in a range, in order, until
// fn returns false.
func (z *ZSet) EachByScore(r ScoreRange, fn func(member Element, score float64) bool) {
	from, to := z.ScoreBounds(r)
	z.Each(from, to-from, false, fn)
}

// ScoreBounds returns the ranks of the members whose score is in a range.
func (z *ZSet) ScoreBounds(r ScoreRange) (from, to int) {
	if r.isEmpty() {
		return 0, 0
	}
	if z.big == nil {
		return z.boundsSmall(0,
			func(_ Element, score float64) bool { return score < r.Min || r.MinEx && score == r.Min },
			func(_ Element, score float64) bool { return score < r.Max || !r.MaxEx && score == r.Max })
	}
	to = z.Len()
	if r.Min > math.Inf(-1) || r.MinEx {
		from = z.big.list.RankOfScore(r.Min, r.MinEx)
	}
	if r.Max < math.Inf(1) || r.MaxEx {
		to = z.big.list.RankOfScore(r.Max, !r.MaxEx)
	}
	return from, max(from, to)
}

// LexBounds returns the ranks of the members in a range without the first ones, of
// which so many are skipped; from the end in reverse. Where scores differ, that
// matters: members that are skipped may be out of the range.
func (z *ZSet) LexBounds(r LexRange, reverse bool, skip int) (from, to int) {
	if r.isEmpty() || !z.reaches(r) {
		return 0, 0
	}
	switch {
	case z.big == nil && reverse:
		return z.lexBoundsBack(r, skip)
	case z.big == nil:
		return z.boundsSmall(skip,
			func(e Element, _ float64) bool { return r.Min.after(e, r.Min.Ex) },
			func(e Element, _ float64) bool { return r.Max.after(e, !r.Max.Ex) })
	}
	from = z.lexRank(r.Min, r.Min.Ex)
	to = max(from, z.lexRank(r.Max, !r.Max.Ex))
	if skip = min(skip, to-from); reverse {
		return from, to - skip
	}
	return from + skip, to
}

// reaches reports whether the last member is not before a range and the first one
// not behind it.
func (z *ZSet) reaches(r LexRange) (yes bool) {
	z.Each(z.Len()-1, 1, false, func(last Element, _ float64) bool {
		yes = !r.Min.after(last, r.Min.Ex)
		return false
	})
	if !yes {
		return false
	}
	z.Each(0, 1, false, func(first Element, _ float64) bool {
		yes = r.Max.after(first, !r.Max.Ex)
		return false
	})
	return yes
}

// lexBoundsBack is LexBounds of a listpack from its end.
func (z *ZSet) lexBoundsBack(r LexRange, skip int) (from, to int) {
	n := z.Len()
	first, length := walkRange(skip, func(fn func(Element, float64) bool) { z.eachSmallBack(n-1, n, fn) },
		func(e Element, _ float64) bool { return !r.Max.after(e, !r.Max.Ex) },
		func(e Element, _ float64) bool { return !r.Min.after(e, r.Min.Ex) })
	return n - first - length, n - first
}

// walkRange walks over members: past those before a range, past skip more, and along
// those that are then in it. It returns how many it passed and how many are in it.
func walkRange(skip int, each func(func(Element, float64) bool), before, through func(Element, float64) bool) (first, length int) {
	found := false
	each(func(e Element, score float64) bool {
		switch {
		case !found && before(e, score):
			first++
			return true
		case found && skip > 0:
			first++
			skip--
			return true
		case !through(e, score):
			return false
		}
		if found = true; skip > 0 {
			first++
			skip--
			return true
		}
		length++
		return true
	})
	return first, length
}

// after reports whether the bound is behind an element; if it is the element's own
// text, through tells.
func (b *LexBound) after(e Element, through bool) bool {
	if b.Inf != 0 {
		return b.Inf > 0
	}
	c := compareElement(e, b.Member)
	return c < 0 || through && c == 0
}

func (z *ZSet) lexRank(b LexBound, through bool) int {
	switch {
	case b.Inf < 0:
		return 0
	case b.Inf > 0:
		return z.Len()
	}
	return z.big.list.RankOfMember(b.Member, through)
}

// boundsSmall returns the ranks of the members of a listpack that are in a range,
// without the first skip ones.
func (z *ZSet) boundsSmall(skip int, before, through func(Element, float64) bool) (from, to int) {
	from, length := walkRange(skip, func(fn func(Element, float64) bool) { z.eachSmall(0, math.MaxInt, fn) }, before, through)
	return from, from + length
}

// DeleteRange removes up to n members from a rank on.
func (z *ZSet) DeleteRange(from, n int) {
	if z.big != nil {
		z.big.list.DeleteRange(from, n, func(x *skiplist.Node) { z.big.dict.Delete(x.Member()) })
		return
	}
	if z.small != nil {
		z.small = z.small.DeleteRange(2*from, 2*min(n, z.Len()))
	}
}
