package keyspace

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unsafe"

	"respect/keyspace/listpack"
)

// Sorted sets as listpacks: member, score, member, score, ... in order. Offsets are
// those of members.

// maxScoreInt is up to where scores that are integers are stored as such.
const maxScoreInt = 1 << 62

// findSmall returns the offset of a member, or 0.
func (z *ZSet) findSmall(member []byte) int {
	if z.small == nil {
		return 0
	}
	return z.small.Find(z.small.First(), member, 1)
}

// scoreAt returns the score of the member at an offset.
func (z *ZSet) scoreAt(at int) float64 {
	return scoreOf(z.small.Get(z.small.Next(at)))
}

// scoreOf returns the score that an element of a listpack tells.
func scoreOf(e Element) float64 {
	if e.IsInt() {
		return float64(e.Int)
	}
	score, _ := strconv.ParseFloat(unsafe.String(unsafe.SliceData(e.Bytes), len(e.Bytes)), 64)
	if math.IsNaN(score) { // a file can hold it, an order cannot
		return 0
	}
	return score
}

// scoreText returns the text of a score as listpacks hold it. It holds until the next
// call.
func (l *ZSetLimits) scoreText(score float64) []byte {
	dst := l.text[:0]
	switch {
	case math.Abs(score) <= maxScoreInt && score == math.Trunc(score):
		return strconv.AppendInt(dst, int64(score), 10)
	case l.FormatScore != nil:
		return l.FormatScore(dst, score)
	}
	return strconv.AppendFloat(dst, score, 'g', -1, 64)
}

// elementBytes returns the text of an element: its own bytes, or those of the
// number in buf.
func elementBytes(e Element, buf []byte) []byte {
	if e.IsInt() {
		return strconv.AppendInt(buf, e.Int, 10)
	}
	return e.Bytes
}

// compareElement compares the text of an element with s.
func compareElement(e Element, s []byte) int {
	var text [24]byte
	return bytes.Compare(elementBytes(e, text[:0]), s)
}

// pairBefore reports whether the member at an offset stands before the place of a
// member with a score.
func (z *ZSet) pairBefore(at int, member []byte, score float64) bool {
	s := z.scoreAt(at)
	return s < score || s == score && compareElement(z.small.Get(at), member) < 0
}

// nextPair returns the offset of the member after the one at an offset, or 0.
func (z *ZSet) nextPair(at int) int { return z.small.Next(z.small.Next(at)) }

// insertSmall adds a member at its place.
func (z *ZSet) insertSmall(member []byte, score float64, limits *ZSetLimits) {
	text := limits.scoreText(score)
	if z.small == nil {
		const header, lengths = 7, 4 // bytes
		z.small = listpack.New(header + len(member) + len(text) + lengths)
	}
	at := z.small.First()
	for at != 0 && z.pairBefore(at, member, score) {
		at = z.nextPair(at)
	}
	if at == 0 {
		z.small = z.small.Append(member).Append(text)
		return
	}
	z.small, at = z.small.Insert(at, listpack.Before, member)
	z.small, _ = z.small.Insert(at, listpack.After, text)
}

// deleteSmall removes the member at an offset.
func (z *ZSet) deleteSmall(at int) {
	z.small, at = z.small.Delete(at)
	z.small, _ = z.small.Delete(at)
}

// rescoreSmall gives the member at an offset another score, and moves it if it has
// to be.
func (z *ZSet) rescoreSmall(at int, member []byte, score float64, limits *ZSetLimits) {
	next := z.nextPair(at)
	stays := next == 0 || !z.pairBefore(next, member, score)
	if prev := z.small.Prev(at); stays && prev != 0 {
		stays = z.pairBefore(z.small.Prev(prev), member, score)
	}
	if !stays {
		z.deleteSmall(at)
		z.insertSmall(member, score, limits)
		return
	}
	z.small = z.small.Replace(z.small.Next(at), limits.scoreText(score))
}

// eachSmall is Each for a listpack, in order.
func (z *ZSet) eachSmall(from, n int, fn func(member Element, score float64) bool) {
	if z.small == nil || from < 0 {
		return
	}
	for at := z.small.Seek(2 * from); at != 0 && n > 0; n-- {
		if !fn(z.small.Get(at), z.scoreAt(at)) {
			return
		}
		at = z.nextPair(at)
	}
}

// eachSmallBack is eachSmall in reverse order.
func (z *ZSet) eachSmallBack(from, n int, fn func(member Element, score float64) bool) {
	if z.small == nil || from < 0 {
		return
	}
	for at := z.small.Seek(2 * from); at != 0 && n > 0; n-- {
		if !fn(z.small.Get(at), z.scoreAt(at)) {
			return
		}
		if at = z.small.Prev(at); at != 0 {
			at = z.small.Prev(at)
		}
	}
}

// checkSmall verifies a listpack: pairs in order, no member twice.
func (z *ZSet) checkSmall() error {
	if z.small == nil {
		return nil
	}
	if err := z.small.Check(); err != nil {
		return err
	}
	if n := z.small.Len(); n%2 != 0 {
		return fmt.Errorf("sorted set: %d elements in pairs", n)
	}
	seen := map[string]bool{}
	for at := z.small.First(); at != 0; {
		member := string(z.small.Get(at).AppendTo(nil))
		if seen[member] {
			return fmt.Errorf("sorted set: %q is there twice", member)
		}
		seen[member] = true
		next := z.nextPair(at)
		if next != 0 && !z.pairBefore(at, z.small.Get(next).AppendTo(nil), z.scoreAt(next)) {
			return fmt.Errorf("sorted set: %q is not before the next member", member)
		}
		at = next
	}
	return nil
}
