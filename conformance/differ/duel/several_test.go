package duel

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"respect/conformance/differ/stream"
	"respect/conformance/faults"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// foundAmongSeveral are faults that need several connections to be seen.
var foundAmongSeveral = []string{
	"WATCH without effect", "receivers not counted", "not invalidated", "unfair", "event misnamed",
}

// TestFaultsAmongSeveral runs a server against one that has a fault.
func TestFaultsAmongSeveral(t *testing.T) {
	all := faults.All()
	for _, name := range foundAmongSeveral {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			i := slices.IndexFunc(all, func(f faults.Fault) bool { return f.Name == name })
			if i < 0 {
				t.Fatal("there is no such fault")
			}
			d := against(t, redis(t), faulty(t, all[i].New()))
			r, err := d.Run(t.Context(), amongSeveral(t, d))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Differences) != 1 {
				t.Fatalf("not found in %d requests", r.Requests)
			}
			diff := r.Differences[0]
			text := diff.Transcript("-seed 1")
			if !diff.Shrunk || len(diff.Stream.Requests) > 8 {
				t.Errorf("%d requests are left:\n%s", len(diff.Stream.Requests), text)
			}
			t.Log(text)
		})
	}
}

// TestSeveralConnections requires that a server is like itself, and that the tolerances
// are enough, to the moment at which something is sent.
func TestSeveralConnections(t *testing.T) {
	for _, other := range []string{target.Redis, target.Valkey} {
		d := against(t, redis(t), opponent(t, other))
		if d.sides[0].socket == "" || d.sides[1].socket == "" {
			t.Fatal("no sockets of Unix")
		}
		r, err := d.Run(t.Context(), amongSeveral(t, d))
		if err != nil {
			t.Fatal(err)
		}
		for _, diff := range r.Differences {
			t.Error(diff.Transcript("-seed 1"))
		}
	}
}

// TestWhatComesLate lets the messages of one server come with the next request.
func TestWhatComesLate(t *testing.T) {
	at := func(step, answer int, text string) heard {
		return heard{step: step, answer: answer, value: decoded(t, text)[0]}
	}
	a := []line{{heard: []heard{at(0, 0, "+OK "), at(1, message, ">1 +a "), at(3, 3, ":1 ")}}}
	b := []line{{heard: []heard{at(0, 0, "+OK "), at(2, message, ">1 +a "), at(3, 3, ":1 ")}}}
	c := newComparer(ours, ours)
	for exact, want := range map[bool]string{true: "only one of them sends something", false: ""} {
		pairs := c.pairs([2][]line{a, b}, exact)
		if len(pairs) != 3 || pairs[1].problem != want {
			t.Errorf("exact %v: %+v", exact, pairs)
		}
	}
	b[0].heard = b[0].heard[:1]
	if pairs := c.pairs([2][]line{a, b}, false); len(pairs) != 3 || pairs[1].problem == "" || pairs[1].values[1].Type != 0 {
		t.Errorf("%+v", pairs)
	}
}

// TestOwnMessages puts the reply first where releases differ, and messages to caches before
// others everywhere.
func TestOwnMessages(t *testing.T) {
	// whether it is the same between releases, and within one
	for texts, want := range map[[2]string][2]bool{
		{">1 +a +OK ", "+OK >1 +a "}: {true, false},
		{"+OK >2 +a +b >2 +invalidate *0 ", "+OK >2 +invalidate *0 >2 +a +b "}: {true, true},
		{"+OK >1 +a >1 +b ", "+OK >1 +b >1 +a "}:                               {false, false},
	} {
		for i, c := range []*comparer{newComparer(redis70, valkey80), newComparer(ours, ours)} {
			var lines [2][]line
			for side, text := range texts {
				l := line{}
				for _, v := range decoded(t, text) {
					h := heard{answer: message, value: v}
					if v.Type != resp.Push {
						h.answer = 0
					}
					l.heard = append(l.heard, h)
				}
				lines[side] = []line{l}
			}
			equal := true
			for _, p := range c.pairs(lines, true) {
				equal = equal && same(&p.values[0], &p.values[1])
			}
			if equal != want[i] {
				t.Errorf("%q: the same %v", texts, equal)
			}
		}
	}
}

// TestWhatIsNoReply: a connection that is closed without one is tolerated between ours and others only, and what is no
// reply between releases.
func TestWhatIsNoReply(t *testing.T) {
	for _, c := range []struct {
		a, b target.Info
		x    exchange
		ok   bool
	}{
		{ours, valkey80, exchange{words: []string{"QUIT"}, replies: [2]resp.Value{{Type: closedType}, {}}}, true},
		{redis70, valkey80, exchange{words: []string{"QUIT"}, replies: [2]resp.Value{{Type: closedType}, {}}}, false},
		{redis70, valkey80, exchange{words: []string{"(message)"}, replies: [2]resp.Value{{Type: closedType}, {}}}, true},
		{redis70, redis70, exchange{words: []string{"(message)"}, replies: [2]resp.Value{{Type: closedType}, {}}}, false},
		{redis70, ours, exchange{words: []string{"EXEC"}, replies: [2]resp.Value{{Type: brokenType}, {Type: resp.Array}}}, true},
		{ours, valkey80, exchange{words: []string{"EXEC"}, replies: [2]resp.Value{{Type: brokenType}, {Type: resp.Array}}}, false},
		{ours, valkey80, told(t, ">2 $10 invalidate *1 $1 a ", ">2 $21 tracking-redir-broken :7 "), true},
		{ours, valkey80, told(t, ">2 $10 invalidate *1 $1 a ", ">2 $10 invalidate *1 $1 b "), false},
	} {
		if problem := newComparer(c.a, c.b).compare(&c.x); (problem == "") != c.ok {
			t.Errorf("%v and %v, %v: %q", c.a, c.b, c.x.words, problem)
		}
	}
}

// told is a message of either server.
func told(t *testing.T, a, b string) exchange {
	return exchange{words: []string{"(message)"}, replies: [2]resp.Value{decoded(t, a)[0], decoded(t, b)[0]}}
}

// TestRequestsAreFoundForReplies tells which request each value answers.
func TestRequestsAreFoundForReplies(t *testing.T) {
	for _, c := range []struct{ requests, heard, want string }{
		{"GET a;GET b", "+x +y ", "0 1"},
		{"CLIENT REPLY SKIP;GET a;GET b", "+y ", "2"},
		{"CLIENT REPLY OFF;GET a;CLIENT REPLY ON;GET b", "+OK +y ", "2 3"},
		{"CLIENT REPLY OFF;RESET;GET b", "+RESET +y ", "1 2"},
		{"CLIENT REPLY SKIP;RESET;GET b", "+y ", "2"},
		{"XREAD a;SSUBSCRIBE a;HELLO 2;CLIENT REPLY OFF;RESET;XINFO help", "_ >3 $10 ssubscribe $1 a :1 *1 +x -ERR_'client|reply' +RESET *1 +x ", "0 -1 2 3 4 5"},
		{"SUBSCRIBE a b;GET c", ">3 $9 subscribe $1 a :1 >3 $7 message $1 a $1 x >3 $9 subscribe $1 b :2 +x ", "-1 -1 -1 1"},
		{"SUBSCRIBE a;SUBSCRIBE a;PUBSUB", "*3 $9 subscribe $1 a :1 *3 $9 subscribe $1 a :1 -ERR ", "-1 -1 2"},
	} {
		requests := requestsOf(c.requests)
		l := line{}
		for i := range requests {
			l.sent = append(l.sent, i)
		}
		var values []heard
		for _, v := range decoded(t, c.heard) {
			values = append(values, heard{answer: message, value: v})
		}
		l.assign(values, requests)
		var got []string
		for _, h := range values {
			got = append(got, strconv.Itoa(h.answer))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.requests, text, c.want)
		}
	}
}

// TestConsumersAreAskedFor keeps the place of each request.
func TestConsumersAreAskedFor(t *testing.T) {
	sent, origin := expand(requestsOf("PING;XREADGROUP GROUP g c STREAMS x y > >;GET a"))
	if len(sent) != 5 || !slices.Equal(origin, []int{0, 1, 1, 1, 2}) || sent[1].Words[1] != "CREATECONSUMER" {
		t.Errorf("%v %v", sent, origin)
	}
	left := comparedAmongSeveral(requestsOf("SPOP s;XREADGROUP GROUP g c STREAMS x >;TTL k;MULTI;TTL k;SUBSCRIBE a;CLIENT KILL ID 1;EXEC"))
	if got := len(left); got != 4 {
		t.Errorf("%d requests are left: %v", got, left)
	}
}

// TestTranscriptOfSeveral names connections, their numbers, and who closes.
func TestTranscriptOfSeveral(t *testing.T) {
	diff := &Difference{
		Problem: "not the same", On: 1, Shrunk: true, Servers: [2]target.Info{ours, valkey80},
		Stream: stream.Stream{Connections: 2, Proto: 3, Requests: []stream.Request{
			{On: 1, Words: []string{"BLPOP", "l", "0"}}, {On: 1}, {On: 0, Words: []string{"CLIENT", "UNBLOCK", stream.ID(1)}},
		}},
		Replies: [2]resp.Value{{Type: closedType}, decoded(t, "_ ")[0]},
	}
	const want = `c2> CLIENT ID
:<c2id>
c2> BLPOP l 0
c2: close
c1> CLIENT UNBLOCK <c2id>
c2: reads
_
`
	if text := diff.Transcript("-seed 1"); !strings.HasSuffix(text, want) || !strings.Contains(text, "the end of the connection") {
		t.Error(text)
	}
}
