package duel

import (
	"context"
	"slices"
	"strings"
	"time"

	"respect/conformance/differ/stream"
)

// How much work shrinking one difference is worth.
const (
	shrinkTries = 3000
	shrinkTime  = 20 * time.Second
)

// Shrink looks for the shortest stream that shows the same difference, as told by
// its key. The result is the difference itself if none is found, for instance
// because it does not come again.
func (d *Duel) Shrink(ctx context.Context, diff *Difference) (*Difference, error) {
	deadline := time.Now().Add(shrinkTime)
	best, key := diff, diff.Key()
	tries := 0
	var broken error
	try := func(s stream.Stream) bool {
		if tries++; broken != nil || tries > shrinkTries || time.Now().After(deadline) || ctx.Err() != nil {
			return false
		}
		found, err := d.play(ctx, s)
		if err != nil {
			broken = err
			return false
		}
		if found == nil || found.Key() != key {
			return false
		}
		found.Shrunk = true
		best = found
		return true
	}
	again := try(diff.Stream)
	if diff.Stream.Connections > 0 { // it may be one of the moment
		again = again || try(diff.Stream) || try(diff.Stream)
	}
	if !again {
		return diff, broken
	}
	plain := best.Stream
	if plain.Proto = 2; !try(plain) {
		plain.Proto = best.Stream.Proto
	}
	config := best.Stream.Config
	for i := len(config) - 1; i >= 0; i-- {
		s := best.Stream
		if s.Config = slices.Delete(slices.Clone(config), i, i+1); try(s) {
			config = s.Config
		}
	}
	shrink(best.Stream.Requests, func(requests []stream.Request) ([]stream.Request, bool) {
		s := best.Stream
		s.Requests = requests
		ok := try(s)
		return best.Stream.Requests, ok
	})
	return best, broken
}

// attempt plays requests and reports whether they still fail, and with which of
// them at least.
type attempt func(requests []stream.Request) (failing []stream.Request, ok bool)

// shrink makes the requests fewer, then shorter, then simpler, until nothing more
// helps.
func shrink(requests []stream.Request, try attempt) []stream.Request {
	for {
		before := size(requests)
		requests = fewer(requests, try)
		requests = shorter(requests, try)
		requests = simpler(requests, try)
		if size(requests) >= before {
			return requests
		}
	}
}

func size(requests []stream.Request) int {
	n := 0
	for _, r := range requests {
		n += 100
		for _, w := range r.Words {
			n += 1 + len(w)
		}
	}
	return n
}

// fewer drops requests: first halves, then ever smaller parts.
func fewer(requests []stream.Request, try attempt) []stream.Request {
	for part := (len(requests) + 1) / 2; part > 0; part /= 2 {
		for i := len(requests) - part; i > -part; i -= part {
			from := max(i, 0)
			if from+part > len(requests) {
				continue // what was left has become short
			}
			without := slices.Delete(slices.Clone(requests), from, from+part)
			if len(without) == 0 {
				continue
			}
			if failing, ok := try(without); ok {
				requests = failing
			}
		}
	}
	return requests
}

// shorter drops words of the requests, in the same way. A count of keys in front
// of them falls with them.
func shorter(requests []stream.Request, try attempt) []stream.Request {
	for r := 0; r < len(requests); r++ {
		for part := len(requests[r].Words) / 2; part > 0; part /= 2 {
			for i := len(requests[r].Words) - part; i > 0; i-- {
				if r >= len(requests) || i+part > len(requests[r].Words) {
					continue
				}
				words := slices.Delete(slices.Clone(requests[r].Words), i, i+part)
				requests = replace(requests, r, words, try)
			}
			if r >= len(requests) {
				return requests
			}
		}
	}
	return requests
}

// simpler puts simple words in the place of others.
func simpler(requests []stream.Request, try attempt) []stream.Request {
	for r := 0; r < len(requests); r++ {
		for i := 0; r < len(requests) && i < len(requests[r].Words); i++ {
			old := requests[r].Words[i]
			for _, w := range simple(old, i) {
				words := slices.Clone(requests[r].Words)
				words[i] = w
				if requests = replace(requests, r, words, try); r >= len(requests) || requests[r].Words[i] != old {
					break
				}
			}
		}
	}
	return requests
}

// simple are simpler words than w, the simplest first. Only shorter ones and
// those of the same length that sort before it are, so that there is an end.
func simple(w string, i int) []string {
	if i == 0 {
		return []string{strings.ToUpper(w)}
	}
	candidates := []string{"a", "b", "0", "1", "2", "-1", "10", "100"}
	if len(w) > 1 {
		candidates = append(candidates, w[:len(w)/2], w[:len(w)-1])
	}
	var out []string
	for _, c := range candidates {
		if len(c) < len(w) {
			out = append(out, c)
		}
	}
	return out
}

// replace tries other words for a request.
func replace(requests []stream.Request, r int, words []string, try attempt) []stream.Request {
	if slices.Equal(requests[r].Words, words) || stream.Safe(requests[r].Words) && !stream.Safe(words) {
		return requests
	}
	changed := slices.Clone(requests)
	changed[r].Words = words
	if failing, ok := try(changed); ok {
		return failing
	}
	return requests
}
