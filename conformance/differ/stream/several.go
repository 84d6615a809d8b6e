package stream

import (
	"fmt"
	"slices"
	"strings"

	"respect/conformance/target"
)

// Streams with several connections. Their requests are sent one after the other, each
// when the one before has been executed, so that there is nothing that could be chance:
// what clients wait for, what they watch, what they are told.
//
// A connection that waits executes nothing until it is served, so that every wait is
// ended by a request of the first connection, which itself never waits, and tells
// nobody that it subscribes.

// MostConnections is how many a stream has at most.
const MostConnections = 4

// ID stands in a request for the number that the server has given to a connection.
func ID(connection int) string { return fmt.Sprintf("<c%did>", connection+1) }

// talk is the state of making a stream with several connections.
type talk struct {
	*draw
	s       *Stream
	weights []int
	hasty   bool // requests are sent to those who wait, too
	lines   []lineState
	due     []dueRequest // what must be sent before long
}

// lineState is what is known of a connection; the servers may see it otherwise.
type lineState struct {
	waits, multi  bool
	subscriptions map[string]bool
	proto         int
}

type dueRequest struct {
	after int // so many requests
	Request
}

// notifications are values of notify-keyspace-events.
var notifications = []string{"", "", "KEA", "KEAmn", "Kg$l", "Ez", "KEghtn", "AE"}

// converse makes a stream with several connections.
func (d *draw) converse(s *Stream) {
	s.Connections = 2 + d.IntN(MostConnections-1)
	if v := d.pick(notifications); v != "" {
		s.Config = append(s.Config, target.Param{Name: "notify-keyspace-events", Value: v})
	}
	t := &talk{draw: d, s: s, lines: make([]lineState, s.Connections)}
	for range acts {
		t.weights = append(t.weights, []int{0, 1, 2, 6}[d.IntN(4)])
	}
	t.weights[0] = 6
	for i := range t.lines {
		t.lines[i].proto = s.Proto
	}
	// Of two who go on at the same time nobody promises who is first.
	t.hasty = s.Connections == 2 && d.IntN(3) == 0
	for len(s.Requests) < d.opts.Length {
		if t.sendDue() {
			continue
		}
		on := t.line()
		if len(t.due) > 0 && d.IntN(4) == 0 { // before it is over
			t.provoke(on)
			continue
		}
		acts[t.act()](t, on)
	}
}

// acts are what can happen on a connection, the first one most of all.
var acts = []func(t *talk, on int){(*talk).command, (*talk).transact, (*talk).wait, (*talk).message, (*talk).track, (*talk).connection, (*talk).provoke}

func (t *talk) act() int {
	sum := 0
	for _, w := range t.weights {
		sum += w
	}
	n := t.IntN(sum)
	for i, w := range t.weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return 0
}

// line chooses a connection, one that waits only if the stream is hasty.
func (t *talk) line() int {
	for range 8 {
		if i := t.IntN(len(t.lines)); !t.lines[i].waits || t.hasty && t.IntN(8) == 0 {
			return i
		}
	}
	return 0
}

// send sends a request, unless nobody can say what it does: of several keys that SWAPDB
// brings those who wait, the first one is that of a hash table's order.
func (t *talk) send(on int, words ...string) {
	if len(words) > 0 && strings.EqualFold(words[0], "swapdb") && (t.lines[on].multi && len(t.lines) > 2 || t.waiters() > 1) {
		return
	}
	t.s.Requests = append(t.s.Requests, Request{On: on, Words: words})
}

// waiters is how many connections may wait.
func (t *talk) waiters() int {
	n := 0
	for i := range t.lines {
		if t.lines[i].waits {
			n++
		}
	}
	return n
}

// later sends a request within a few others.
func (t *talk) later(on int, words ...string) {
	t.due = append(t.due, dueRequest{after: len(t.s.Requests) + 2 + t.IntN(8), Request: Request{On: on, Words: words}})
}

func (t *talk) sendDue() bool {
	for i, r := range t.due {
		if len(t.s.Requests) >= r.after && (!t.lines[r.On].waits || t.hasty) {
			if l := &t.lines[r.On]; l.multi {
				t.send(r.On, "EXEC")
				l.multi = false
				return true
			}
			t.due = slices.Delete(t.due, i, i+1)
			t.s.Requests = append(t.s.Requests, r.Request)
			for j := range t.lines {
				if slices.Contains(r.Words, ID(j)) {
					t.lines[j].waits = false
				}
			}
			return true
		}
	}
	return false
}

// command sends a random command of one group or another.
func (t *talk) command(on int) {
	l := &t.lines[on]
	switch {
	case len(l.subscriptions) > 0 && l.proto == 2 && t.IntN(8) > 0:
		t.message(on)
		return
	case l.multi && t.IntN(6) == 0:
		t.transact(on)
		return
	}
	words := t.request()
	if !Safe(words) || waits(words) {
		return
	}
	t.send(on, words...)
}

func (t *talk) transact(on int) {
	l := &t.lines[on]
	switch n := t.IntN(12); {
	case n == 0:
		t.send(on, "DISCARD")
		l.multi = false
	case n == 1:
		t.send(on, "UNWATCH")
	case n == 2:
		t.send(on, "NOSUCH")
	case l.multi:
		t.send(on, "EXEC")
		l.multi = false
	case n < 6:
		words := []string{"WATCH"}
		for range 1 + t.IntN(3) {
			words = append(words, t.pick(allKeys))
		}
		t.send(on, words...)
	default:
		t.send(on, "MULTI")
		l.multi = true
	}
}

// waits reports whether the request may wait for something.
func waits(words []string) bool {
	switch name := strings.ToLower(words[0]); name {
	case "blpop", "brpop", "blmove", "blmpop", "brpoplpush", "bzpopmin", "bzpopmax", "bzmpop":
		return true
	case "xread", "xreadgroup":
		return slices.ContainsFunc(words, func(w string) bool { return strings.ToLower(w) == "block" })
	}
	return false
}

// wait lets a connection wait, and ends that some time later.
func (t *talk) wait(on int) {
	if on == 0 {
		t.provoke(on)
		return
	}
	if t.IntN(20) == 0 && !t.lines[on].multi {
		t.pause()
		return
	}
	t.send(on, t.waiting()...)
	t.lines[on].waits = true
	t.later(0, t.unblock(on)...)
}

func (t *talk) unblock(on int) []string {
	words := []string{"CLIENT", "UNBLOCK", ID(on)}
	if t.IntN(2) == 0 {
		words = append(words, t.pick([]string{"TIMEOUT", "ERROR"}))
	}
	return words
}

// pause holds writes back for a while. The first connection writes nothing until then.
func (t *talk) pause() {
	t.send(0, "CLIENT", "PAUSE", "1000000", "WRITE")
	for range 1 + t.IntN(5) {
		if on := 1 + t.IntN(len(t.lines)-1); !t.lines[on].waits {
			t.provoke(on)
		}
	}
	t.send(0, "CLIENT", "UNPAUSE")
}

var (
	sides    = []string{"LEFT", "RIGHT"}
	ends     = []string{"MIN", "MAX"}
	lists    = keysOf["list"]
	zsets    = keysOf["sorted-set"]
	logs     = keysOf["stream"]
	channels = []string{"ch1", "ch2", "ch3", "__keyspace@0__:l1", "__keyevent@0__:set", "__redis__:invalidate", ""}
	globs    = []string{"ch*", "*", "ch1", "__key*__:*", "__keyevent@*__:*", "[c]h?", ""}
)

// several draws one or two of them, at times with another key among them.
func (t *talk) several(keys []string) []string {
	out := []string{t.pick(keys)}
	if t.IntN(3) == 0 {
		out = append(out, t.pick(keys))
	}
	if t.IntN(10) == 0 {
		out = append(out, t.pick(allKeys))
	}
	return out
}

// waiting draws a request that waits if there is nothing.
func (t *talk) waiting() []string {
	list, other := t.pick(lists), t.pick(lists)
	if t.IntN(8) == 0 {
		other = t.pick(allKeys)
	}
	switch t.IntN(10) {
	case 0:
		return append(append([]string{"BLPOP"}, t.several(lists)...), "0")
	case 1:
		return append(append([]string{"BRPOP"}, t.several(lists)...), "0")
	case 2:
		return []string{"BLMOVE", list, other, t.pick(sides), t.pick(sides), "0"}
	case 3:
		return []string{"BRPOPLPUSH", list, other, "0"}
	case 4:
		keys := t.several(lists)
		return append(append([]string{"BLMPOP", "0", fmt.Sprint(len(keys))}, keys...), t.pick(sides), "COUNT", t.pick([]string{"1", "2", "10"}))
	case 5:
		return append(append([]string{"BZPOP" + t.pick(ends)}, t.several(zsets)...), "0")
	case 6:
		keys := t.several(zsets)
		return append(append([]string{"BZMPOP", "0", fmt.Sprint(len(keys))}, keys...), t.pick(ends), "COUNT", t.pick([]string{"1", "2", "10"}))
	case 7:
		return []string{"XREAD", "COUNT", "2", "BLOCK", "0", "STREAMS", t.pick(logs), t.pick([]string{"$", "$", "0"})}
	}
	keys := t.several(logs)
	words := append([]string{"XREADGROUP", "GROUP", t.pick([]string{"g1", "g2"}), t.pick([]string{"c1", "c2"}), "BLOCK", "0", "STREAMS"}, keys...)
	for range keys {
		words = append(words, ">")
	}
	return words
}

// provoke sends what those who wait, watch, track or listen may be told.
func (t *talk) provoke(on int) {
	key := t.pick(slices.Concat(lists, lists, zsets, logs))
	switch t.IntN(16) {
	case 0, 1:
		t.send(on, t.pick([]string{"RPUSH", "LPUSH"}), t.pick(lists), letters(t.draw))
	case 2:
		t.send(on, "RPUSH", t.pick(lists), "a", "b", "c")
	case 3:
		t.send(on, "ZADD", t.pick(zsets), t.pick([]string{"1", "2"}), letters(t.draw))
	case 4:
		t.send(on, "ZADD", t.pick(zsets), "1", "a", "2", "b")
	case 5, 6:
		t.send(on, "XADD", t.pick(logs), newID(t.draw), "a", letters(t.draw))
	case 7:
		t.send(on, "XGROUP", "CREATE", t.pick(logs), t.pick([]string{"g1", "g2"}), t.pick([]string{"$", "0"}), "MKSTREAM")
	case 8:
		t.send(on, "XGROUP", "DESTROY", t.pick(logs), t.pick([]string{"g1", "g2"}))
	case 9:
		t.send(on, "DEL", key)
	case 10:
		t.send(on, "SET", key, "v")
	case 11:
		t.send(on, "RENAME", t.pick(allKeys), key)
	case 12:
		t.send(on, "COPY", t.pick(allKeys), key, "REPLACE")
	case 13:
		t.send(on, t.pick([]string{"FLUSHDB", "FLUSHALL"}))
	case 14:
		t.send(on, "SWAPDB", "0", "1")
	case 15:
		t.send(on, "MOVE", key, t.pick([]string{"0", "1"}))
	}
}

// message subscribes, or sends a message.
func (t *talk) message(on int) {
	names := []string{t.pick(channels)}
	if t.IntN(3) == 0 {
		names = append(names, t.pick(channels))
	}
	l := &t.lines[on]
	if l.subscriptions == nil {
		l.subscriptions = map[string]bool{}
	}
	n := t.IntN(12)
	if (n == 3 || n == 4) && len(l.subscriptions) == 0 { // servers do not agree on that
		n = 0
	}
	switch n {
	case 0, 1:
		if on == 0 && l.proto == 2 {
			t.send(on, "PUBLISH", names[0], member(t.draw))
			return
		}
		verb := t.pick([]string{"SUBSCRIBE", "SSUBSCRIBE", "SUBSCRIBE"})
		t.send(on, append([]string{verb}, names...)...)
		for _, name := range names {
			l.subscriptions[strings.TrimSuffix(verb, "SUBSCRIBE")+name] = true
		}
	case 2:
		if on > 0 || l.proto == 3 {
			name := t.pick(globs)
			t.send(on, "PSUBSCRIBE", name)
			l.subscriptions["P"+name] = true
		}
	case 3:
		verb := t.pick([]string{"UNSUBSCRIBE", "SUNSUBSCRIBE"})
		t.send(on, verb, names[0])
		delete(l.subscriptions, strings.TrimSuffix(verb, "UNSUBSCRIBE")+names[0])
	case 4:
		name := t.pick(globs)
		t.send(on, "PUNSUBSCRIBE", name)
		delete(l.subscriptions, "P"+name)
	case 5:
		t.send(on, append([]string{"PUBSUB", t.pick([]string{"NUMSUB", "SHARDNUMSUB"})}, names...)...)
	case 6:
		t.send(on, t.pick([]string{"PUBSUB", "pubsub"}), t.pick([]string{"CHANNELS", "SHARDCHANNELS", "NUMPAT"}))
	case 7:
		t.send(on, "PING")
	case 8:
		t.send(t.line(), "SPUBLISH", names[0], member(t.draw))
	default:
		t.send(t.line(), "PUBLISH", names[0], member(t.draw))
	}
}

// track switches tracking on and off, in all its ways.
func (t *talk) track(on int) {
	switch t.IntN(8) {
	case 0, 1, 2:
		words := []string{"CLIENT", "TRACKING", "ON"}
		bcast := t.IntN(3) == 0
		if bcast {
			words = append(words, "BCAST")
		}
		for bcast && t.IntN(2) == 0 {
			words = append(words, "PREFIX", t.pick([]string{"l", "s1", "z", "", "e", "x"}))
		}
		if !bcast || t.IntN(12) == 0 {
			words = append(words, t.pick([]string{"OPTIN", "OPTOUT", "NOLOOP", "NOLOOP"}))
		}
		if t.IntN(4) == 0 {
			words = append(words, "NOLOOP")
		}
		if t.IntN(3) == 0 {
			words = append(words, "REDIRECT", ID(t.IntN(len(t.lines))))
		}
		t.send(on, words...)
	case 3:
		t.send(on, "CLIENT", "TRACKING", "OFF")
	case 4, 5:
		t.send(on, "CLIENT", "CACHING", t.pick([]string{"YES", "NO"}))
	case 6:
		t.send(on, "CLIENT", t.pick([]string{"TRACKINGINFO", "GETREDIR"}))
	case 7:
		t.send(on, t.pick([]string{"GET", "STRLEN", "LLEN", "TYPE", "EXISTS"}), t.pick(allKeys))
	}
}

// connection changes the connection itself.
func (t *talk) connection(on int) {
	l := &t.lines[on]
	switch t.IntN(18) {
	case 0, 1, 2:
		l.proto = 2 + t.IntN(2)
		t.send(on, "HELLO", fmt.Sprint(l.proto))
	case 3:
		t.send(on, "RESET")
		*l = lineState{proto: 2}
	case 4:
		t.send(on, "QUIT")
		*l = lineState{proto: t.s.Proto}
	case 5:
		t.send(on)
		*l = lineState{proto: t.s.Proto}
	case 6:
		other := t.IntN(len(t.lines))
		t.send(on, "CLIENT", "KILL", "ID", ID(other), "SKIPME", t.pick([]string{"yes", "no"}))
	case 7:
		t.send(on, "CLIENT", "REPLY", t.pick([]string{"OFF", "SKIP", "SKIP"}))
		t.later(on, "CLIENT", "REPLY", "ON")
	case 8:
		t.send(on, "SELECT", t.pick([]string{"0", "1"}))
	case 9:
		t.send(on, "CLIENT", t.pick([]string{"INFO", "ID", "GETNAME"}))
	case 10, 11:
		t.send(on, "CLIENT", "LIST", "ID", ID(t.IntN(len(t.lines))), ID(t.IntN(len(t.lines))))
	case 12:
		t.send(on, "CLIENT", "SETNAME", t.pick([]string{"n1", "n2", "", "a b"}))
	case 13:
		t.send(on, "CLIENT", t.pick([]string{"NO-EVICT", "NO-TOUCH"}), t.pick([]string{"ON", "OFF"}))
	case 14:
		t.send(on, t.unblock(t.IntN(len(t.lines)))...)
	case 15:
		t.send(on, "ECHO", member(t.draw))
	default:
		t.send(on, "SWAPDB", "0", "1")
	}
}
