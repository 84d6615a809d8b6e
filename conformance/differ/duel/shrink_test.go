package duel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
)

// failsWith is an attempt that fails as soon as all the requests, each as a
// subsequence of words, have been sent in this order.
func failsWith(tries *int, needed ...string) attempt {
	return func(requests []stream.Request) ([]stream.Request, bool) {
		*tries++
		next := 0
		for i, r := range requests {
			if holds(r.Words, strings.Fields(needed[next])) {
				next++
			}
			if next == len(needed) {
				return requests[:i+1], true
			}
		}
		return nil, false
	}
}

func holds(words, needed []string) bool {
	for _, w := range words {
		if len(needed) > 0 && strings.EqualFold(w, needed[0]) {
			needed = needed[1:]
		}
	}
	return len(needed) == 0
}

func TestShrinkFindsWhatIsNeeded(t *testing.T) {
	all, err := stream.Commands(release72)
	if err != nil {
		t.Fatal(err)
	}
	g := stream.New(stream.Options{Seed: 3, Commands: all})
	for n := range uint64(20) {
		requests := g.Stream(n).Requests
		r := rand.New(rand.NewPCG(1, n))
		at := r.IntN(len(requests) / 2)
		requests[at].Words = []string{"SET", "key", "some", "long", "value", "and", "more"}
		requests[at+1+r.IntN(len(requests)-at-1)].Words = []string{"get", "key", "1234567890123456"}
		tries := 0
		got := shrink(requests, failsWith(&tries, "set key value", "get key"))
		want := stream.Requests([]string{"SET", "key", "value"}, []string{"GET", "key"})
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("stream %d: %v", n, got)
		}
		if tries > 500 {
			t.Errorf("stream %d: %d tries", n, tries)
		}
	}
}

func TestShrinkSimplifies(t *testing.T) {
	tries := 0
	try := func(requests []stream.Request) ([]stream.Request, bool) {
		tries++
		words := requests[len(requests)-1].Words
		return requests, len(requests) == 1 && len(words) == 3 && len(words[1]) >= 5 && words[2] >= "0" && words[2] <= "99"
	}
	got := shrink(stream.Requests([]string{"append", strings.Repeat("x", 100), "93"}), try)
	if len(got) != 1 || got[0].Words[0] != "APPEND" || got[0].Words[1] != "xxxxx" || got[0].Words[2] != "0" {
		t.Errorf("%v after %d tries", got, tries)
	}
}

// TestShrinkNeverWaits requires that what is tried can be sent.
func TestShrinkNeverWaits(t *testing.T) {
	tried := 0
	shrink(stream.Requests([]string{"BLPOP", "l1", "0.001"}, []string{"EXPIRE", "k", "123456"}, []string{"SRANDMEMBER", "e1", "-20"}), func(requests []stream.Request) ([]stream.Request, bool) {
		if i := slices.IndexFunc(requests, func(r stream.Request) bool { return !stream.Safe(r.Words) }); i >= 0 {
			t.Errorf("%v is tried", requests[i])
		}
		tried++
		return requests, false
	})
	if tried < 20 {
		t.Errorf("only %d tries", tried)
	}
}

func TestKinds(t *testing.T) {
	value := func(s string) resp.Value {
		v, rest, err := resp.Decode([]byte(s))
		if err != nil || len(rest) > 0 {
			t.Fatalf("%q: %v", s, err)
		}
		return v
	}
	for _, c := range []struct{ a, b, want string }{
		{":1\r\n", ":2\r\n", "p, both scalar :"},
		{":1\r\n", "$-1\r\n", "scalar : / null"},
		{"_\r\n", "-ERR unknown command 'x', with\r\n", "null / error ERR unknown command"},
		{"*0\r\n", "~0\r\n", "aggregate * / aggregate ~"},
	} {
		a, b := value(c.a), value(c.b)
		if got := kind("p", &a, &b); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
