package duel

import (
	"bytes"
	"strings"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
)

// exchange is a request with what both servers answered.
type exchange struct {
	words   []string
	queued  [][]string // what EXEC executes
	cause   []string   // behind what it came, if there are several connections
	rule    *rule
	asked   [2][]resp.Value // replies to what the rule asks before
	replies [2]resp.Value
	intact  map[string]bool // payloads that were told by DUMP
	chance  bool            // that there may be sets whose encoding is chance
	mended  [2][]resp.Value // replies to what makes the states equal again
}

// name is the command in upper case.
func (x *exchange) name() string { return strings.ToUpper(x.words[0]) }

// plan are the requests in the order in which they are sent.
type plan struct {
	exchanges []exchange
	before    []int // number of requests that the rule asks before
	after     []int // and behind
	bytes     []byte
	requests  int
}

// newPlan looks up the rule of each request and encodes everything.
func newPlan(requests []stream.Request) *plan {
	p := &plan{}
	for _, r := range requests {
		words := r.Words
		x := exchange{words: words, rule: ruleOf(words)}
		var before, after [][]string
		if x.rule != nil && x.rule.before != nil {
			before = x.rule.before(words)
		}
		if x.rule != nil && x.rule.after != nil {
			after = x.rule.after(words)
		}
		for _, r := range before {
			p.add(r)
		}
		p.add(words)
		for _, r := range after {
			p.add(r)
		}
		p.exchanges = append(p.exchanges, x)
		p.before, p.after = append(p.before, len(before)), append(p.after, len(after))
	}
	p.queue()
	return p
}

func (p *plan) add(words []string) {
	args := make([][]byte, len(words))
	for i, w := range words {
		args[i] = []byte(w)
	}
	p.bytes = resp.AppendRequest(p.bytes, args...)
	p.requests++
}

// fill distributes the replies of one server, which may be too few, and returns
// how many exchanges are complete.
func (p *plan) fill(which int, replies []resp.Value) int {
	for i := range p.exchanges {
		x := &p.exchanges[i]
		if len(replies) < p.before[i]+1+p.after[i] {
			return i
		}
		x.asked[which], replies = replies[:p.before[i]], replies[p.before[i]:]
		x.replies[which], replies = replies[0], replies[1:]
		x.mended[which], replies = replies[:p.after[i]], replies[p.after[i]:]
	}
	return len(p.exchanges)
}

// same reports whether two values have the same encoding.
func same(a, b *resp.Value) bool {
	if a.Type != b.Type || a.IsNull != b.IsNull || len(a.Elems) != len(b.Elems) || len(a.Attrs) != len(b.Attrs) || !bytes.Equal(a.Text, b.Text) {
		return false
	}
	return sameAll(a.Elems, b.Elems) && sameAll(a.Attrs, b.Attrs)
}

func sameAll(a, b []resp.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(&a[i], &b[i]) {
			return false
		}
	}
	return true
}
