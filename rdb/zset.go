package rdb

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"respect/keyspace"
	"respect/keyspace/listpack"
)

// A score of the oldest form begins with the length of its text, or one of these.
const (
	scoreNaN      = 253
	scoreInf      = 254
	scoreMinusInf = 255
)

var (
	errScoreText = errors.New("a score is no number")
	errScoreNaN  = errors.New("a score is NaN")
)

const scoreNaNReason = "Zset with NAN score detected"

// readZSet reads a count, then members and scores, which are texts.
func (r *Reader) readZSet(v ValueVisitor) error { return r.readScored(v, (*Reader).textScore) }

// readZSet2 is readZSet with binary scores.
func (r *Reader) readZSet2(v ValueVisitor) error { return r.readScored(v, (*Reader).binaryScore) }

func (r *Reader) readScored(v ValueVisitor, score func(*Reader) (float64, error)) error {
	n, err := r.length()
	if err != nil {
		return err
	}
	r.elements = n
	for ; n > 0; n-- {
		member, err := r.string()
		if err != nil {
			return err
		}
		r.first = append(r.first[:0], member...)
		f, err := score(r)
		if err != nil {
			return err
		}
		if math.IsNaN(f) {
			return r.corrupt(scoreNaNReason)
		}
		if err := v.ZSetMember(r.first, f); err != nil {
			return err
		}
	}
	return nil
}

// textScore reads a length of one byte and the text.
func (r *Reader) textScore() (float64, error) {
	n, err := r.src.next()
	if err != nil {
		return 0, err
	}
	switch n {
	case scoreNaN:
		return math.NaN(), nil
	case scoreInf:
		return math.Inf(1), nil
	case scoreMinusInf:
		return math.Inf(-1), nil
	}
	text, err := r.src.take(uint64(n))
	if err != nil {
		return 0, err
	}
	f, err := parseScore(text)
	if err != nil {
		return 0, r.corrupt("Zset with a score that is no number")
	}
	return f, nil
}

func (r *Reader) binaryScore() (float64, error) {
	b, err := r.src.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

// parseScore reads a score in decimal form, "inf" or "nan". Real servers ignore what
// follows a number; no server has written that.
func parseScore(text []byte) (float64, error) {
	for _, c := range text {
		if c == '_' || c|0x20 == 'x' || c|0x20 == 'p' {
			return 0, errScoreText // would be another notation
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, errScoreText
	}
	return f, nil
}

// readZSetZiplist reads a ziplist, stored as a string.
func (r *Reader) readZSetZiplist(v ValueVisitor) error {
	packed, err := r.pairsOfZiplist("Zset")
	if err != nil {
		return err
	}
	return r.visitScoredPairs(v, packed, "ziplist")
}

// readZSetListpack reads a listpack, stored as a string.
func (r *Reader) readZSetListpack(v ValueVisitor) error {
	packed, err := r.packedString()
	if err != nil {
		return err
	}
	if err := r.validateTuples(packed, 2); err != nil {
		return r.corrupt("Zset listpack integrity check failed. (%v)", err)
	}
	return r.visitScoredPairs(v, packed, "listpack")
}

// visitScoredPairs hands over a listpack of members and scores, the elements one by
// one if they are not in order: real servers load such a file too.
func (r *Reader) visitScoredPairs(v ValueVisitor, packed listpack.Listpack, form string) error {
	if packed.IsEmpty() {
		return nil
	}
	sorted, err := checkScores(packed)
	switch {
	case errors.Is(err, errScoreNaN):
		return r.corrupt(scoreNaNReason)
	case err != nil:
		return r.corrupt("Zset %s integrity check failed. (%v)", form, err)
	case sorted:
		return v.ZSetListpack(packed)
	}
	for at := packed.First(); at != 0; at = packed.Next(at) {
		r.first = packed.Get(at).AppendTo(r.first[:0])
		at = packed.Next(at)
		score, err := scoreOf(packed.Get(at))
		if err != nil {
			return err
		}
		if err := v.ZSetMember(r.first, score); err != nil {
			return err
		}
	}
	return nil
}

// checkScores verifies each second element, and reports whether the pairs are in
// order, by score and then by member.
func checkScores(packed listpack.Listpack) (sorted bool, err error) {
	sorted = true
	last, lastAt := math.Inf(-1), 0
	for at := packed.First(); at != 0; {
		scoreAt := packed.Next(at)
		score, err := scoreOf(packed.Get(scoreAt))
		if err != nil {
			return false, err
		}
		if math.IsNaN(score) {
			return false, errScoreNaN
		}
		if score < last || score == last && lastAt != 0 && textLess(packed.Get(at), packed.Get(lastAt)) {
			sorted = false
		}
		last, lastAt = score, at
		at = packed.Next(scoreAt)
	}
	return sorted, nil
}

// textLess reports whether the text of a comes before that of b.
func textLess(a, b listpack.Element) bool {
	var bufA, bufB [20]byte
	return string(textOf(a, bufA[:0])) < string(textOf(b, bufB[:0]))
}

// textOf returns the text of an element, made in buf if it is a number.
func textOf(e listpack.Element, buf []byte) []byte {
	if e.IsInt() {
		return strconv.AppendInt(buf, e.Int, 10)
	}
	return e.Bytes
}

// scoreOf returns the score that an element of a listpack holds.
func scoreOf(e listpack.Element) (float64, error) {
	if e.IsInt() {
		return float64(e.Int), nil
	}
	return parseScore(e.Bytes)
}

func (w *Writer) zsetForm(o *keyspace.Object) Type {
	if o.ZSet().Listpack() != nil {
		return TypeZSetListpack
	}
	return TypeZSet2
}

// writeZSet writes what readZSetListpack or readZSet2 reads; the latter from the last
// member to the first, so that a reader inserts each at the head.
func (w *Writer) writeZSet(o *keyspace.Object) {
	z := o.ZSet()
	if packed := z.Listpack(); packed != nil {
		w.String(packed)
		return
	}
	w.Length(uint64(z.Len()))
	z.Each(z.Len()-1, z.Len(), true, func(member listpack.Element, score float64) bool {
		w.element(member)
		w.Buf = binary.LittleEndian.AppendUint64(w.Buf, math.Float64bits(score))
		return w.goOn()
	})
}
