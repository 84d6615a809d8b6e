package duel

import (
	"slices"
	"strings"
	"testing"

	"respect/conformance/differ/stream"
	"respect/conformance/target"
)

// requestsOf splits a text into requests at the semicolons.
func requestsOf(text string) (requests []stream.Request) {
	for part := range strings.SplitSeq(text, ";") {
		requests = append(requests, stream.Request{Words: strings.Fields(part)})
	}
	return requests
}

func TestWhatCannotBeComparedIsNotQueued(t *testing.T) {
	for in, want := range map[string]string{
		"SPOP s;MULTI;SPOP s;GET k;TTL k;EXEC;SPOP s": "SPOP s;MULTI;GET k;EXEC;SPOP s",
		"MULTI x;SPOP s":              "MULTI x;SPOP s",
		"MULTI;DISCARD;SPOP s":        "MULTI;DISCARD;SPOP s",
		"MULTI;DISCARD x;SPOP s;EXEC": "MULTI;DISCARD x;EXEC",
		"multi;exec x;SPOP s":         "multi;exec x;SPOP s",
	} {
		var got []string
		for _, r := range comparable(requestsOf(in)) {
			got = append(got, strings.Join(r.Words, " "))
		}
		if !slices.Equal(got, strings.Split(want, ";")) {
			t.Errorf("%s: %q, want %q", in, strings.Join(got, ";"), want)
		}
	}
}

func TestRepliesOfATransactionAreComparedOneByOne(t *testing.T) {
	for replies, want := range map[string]string{
		"*2 :1 $1 a ": "",
		"*2 :1 $1 b ": "not the same, GET",
		"*1 :1 ":      "not as many replies as commands",
	} {
		p := newPlan(requestsOf("MULTI;INCR n;GET k;EXEC"))
		p.fill(0, decoded(t, "+OK +QUEUED +QUEUED *2 :1 $1 a "))
		p.fill(1, decoded(t, "+OK +QUEUED +QUEUED "+replies))
		c := newComparer(target.Info{}, target.Info{})
		if got := c.compare(&p.exchanges[3]); got != want {
			t.Errorf("%s: %q, want %q", replies, got, want)
		}
	}
}

func TestAnOpenTransactionIsEnded(t *testing.T) {
	p := newPlan(requestsOf("MULTI;GET k"))
	if p.requests != 3 || !strings.HasSuffix(string(p.bytes), "DISCARD\r\n") {
		t.Errorf("%d requests, ending in %q", p.requests, p.bytes)
	}
}
