package duel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// Usage counts how often rules and tolerances were needed, by name.
type Usage map[string]int

// Lines tell what was needed how often, and why.
func (u Usage) Lines() []string {
	var out []string
	add := func(what, name, reason string) {
		if u[name] > 0 {
			out = append(out, fmt.Sprintf("%s %q needed %d times: %s", what, name, u[name], reason))
		}
	}
	for _, r := range slices.Concat(rules, streamRules) {
		add("rule", r.name, r.reason)
	}
	for _, t := range tolerances {
		add("tolerance", t.name, t.reason)
	}
	return out
}

// comparer holds what the comparison of two servers goes by.
type comparer struct {
	tolerances []tolerance
	usage      Usage
	intact     map[string]bool // payloads that were told by DUMP
	ended      bool            // that the rest of the stream is not compared
	chance     bool            // that there may be sets whose encoding is chance
}

func newComparer(a, b target.Info) *comparer {
	c := &comparer{usage: Usage{}}
	for _, t := range tolerances {
		if t.between(a, b) {
			c.tolerances = append(c.tolerances, t)
		}
	}
	return c
}

// tolerates reports whether a tolerance is in force.
func (c *comparer) tolerates(name string) bool {
	return slices.ContainsFunc(c.tolerances, func(t tolerance) bool { return t.name == name })
}

// sent are the requests without those that a tolerance leaves out.
func (c *comparer) sent(requests []stream.Request, several bool) []stream.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r stream.Request) bool {
		if len(r.Words) == 0 {
			return false
		}
		for _, t := range c.tolerances {
			if t.skips != nil && t.skips(r.Words) || several && t.skipsAmongSeveral != nil && t.skipsAmongSeveral(r.Words) {
				c.usage[t.name]++
				return true
			}
		}
		return false
	})
}

// compare tells what is wrong with the replies of an exchange, "" for nothing.
func (c *comparer) compare(x *exchange) string {
	c.chance = c.chance || x.makesByChance()
	x.chance, x.intact = c.chance, c.intact
	equal := same(&x.replies[0], &x.replies[1])
	if c.intact != nil && equal && x.is("restore") && len(x.words) > 3 && oneIs(x, "OK") && !c.intact[x.words[3]] {
		c.ended = true // what a damaged value is taken for is each server's own affair
	}
	anError := isError(&x.replies[0]) || isError(&x.replies[1])
	if equal && (x.rule == nil || anError) {
		return ""
	}
	if len(x.queued) > 0 && len(x.replies[0].Elems) > 0 && len(x.replies[1].Elems) > 0 {
		return c.compareQueued(x)
	}
	problem := "not the same"
	if x.rule != nil && !anError {
		if problem = x.rule.check(x); problem == "" {
			if !equal || !sameAll(x.mended[0], x.mended[1]) {
				c.usage[x.rule.name]++
			}
			return ""
		}
	}
	for _, t := range c.tolerances {
		if t.accepts != nil && t.accepts(x) {
			c.usage[t.name]++
			c.ended = t.ends
			return ""
		}
	}
	return problem
}

func isError(v *resp.Value) bool { return v.Type == resp.Error || v.Type == resp.BulkError }

// kind names the way in which the replies differ: two differences of the same
// command and kind have probably the same cause.
func kind(problem string, a, b *resp.Value) string {
	if a.Type == 0 || b.Type == 0 {
		return problem
	}
	sa, sb := shape(a), shape(b)
	if sa == sb {
		return problem + ", both " + sa
	}
	return sa + " / " + sb
}

// shape is the type of a value in words; an error has its text, without what the
// request was.
func shape(v *resp.Value) string {
	switch {
	case v.IsNull || v.Type == resp.Null:
		return "null"
	case isError(v):
		text := v.Text
		if i := bytes.IndexByte(text, '\''); i >= 0 {
			text = text[:i]
		}
		return "error " + strings.TrimSpace(string(text))
	case resp.IsAggregate(v.Type):
		return fmt.Sprintf("aggregate %c", v.Type)
	}
	return fmt.Sprintf("scalar %c", v.Type)
}
