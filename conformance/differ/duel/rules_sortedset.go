package duel

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

// How far the replies of sorted sets may differ: lexicographic ranges of members whose
// scores are not the same, and distances that were computed.

// source is the key of the sorted set that a range is taken of, and whether the
// range is lexicographic.
func source(words []string) (key string, lex bool) {
	name := strings.ToLower(words[0])
	i := 1
	if name == "zrangestore" {
		i = 2
	}
	if len(words) <= i {
		return "", false
	}
	return words[i], strings.HasSuffix(name, "bylex") || name == "zlexcount" || contains(words, "BYLEX")
}

// askScores asks for the encoding, the lowest and the highest score.
func askScores(words []string) [][]string {
	key, lex := source(words)
	if !lex {
		return nil
	}
	return [][]string{{"OBJECT", "ENCODING", key}, {"ZRANGE", key, "0", "0", "WITHSCORES"}, {"ZREVRANGE", key, "0", "0", "WITHSCORES"}}
}

// deleteRange deletes what was stored or left by a lexicographic range.
func deleteRange(words []string) [][]string {
	if _, lex := source(words); lex && isCommand(words, "zrangestore", "zremrangebylex") {
		return deleteFirstKey(words)
	}
	return nil
}

func checkRange(x *exchange) string {
	if same(&x.replies[0], &x.replies[1]) {
		return ""
	}
	for _, asked := range x.asked {
		if len(asked) != 3 || string(asked[0].Text) != "skiplist" {
			continue
		}
		low, high := grouped(&asked[1], 2), grouped(&asked[2], 2)
		if len(low) == 1 && len(high) == 1 && low[0][1] != high[0][1] {
			return unless(x.replies[0].Type == x.replies[1].Type, "not of the same type")
		}
	}
	return "not the same"
}

// takeDistances asks for the distances that were stored, and deletes them.
func takeDistances(words []string) [][]string {
	storeDist := func(w string) bool { return strings.EqualFold(w, "STOREDIST") }
	i := slices.IndexFunc(words, storeDist)
	switch {
	case i < 0 || len(words) < 2:
		return nil
	case isCommand(words, "geosearchstore"):
		i = 0
	case i == len(words)-1:
		return nil
	}
	key := words[i+1]
	return [][]string{{"ZRANGE", key, "0", "-1", "WITHSCORES"}, {"DEL", key}}
}

func checkDistances(x *exchange) string {
	if !same(&x.replies[0], &x.replies[1]) {
		return "not the same"
	}
	if len(x.mended[0]) == 0 || sameAll(x.mended[0], x.mended[1]) {
		return ""
	}
	a, b := distances(&x.mended[0][0]), distances(&x.mended[1][0])
	close := func(d, e float64) bool { return math.Abs(d-e) <= 1e-13*math.Abs(d) }
	return unless(maps.EqualFunc(a, b, close), "other distances are stored")
}

// distances returns the scores of a sorted set by member.
func distances(reply *resp.Value) map[string]float64 {
	out := map[string]float64{}
	for _, pair := range grouped(reply, 2) {
		score, err := strconv.ParseFloat(pair[len(pair)-1], 64)
		if err != nil {
			score = math.NaN()
		}
		out[pair[0]] = score
	}
	return out
}
