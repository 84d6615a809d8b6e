package duel

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// Streams with several connections. Each request is sent when the one before has been
// executed and all that follows from it has been written, which a further connection
// finds out (where there are sockets of Unix; else by waiting a moment, too): requests on it, one after the other, take the server around its loop. Then
// everything that has come on any of the connections is taken. So what both servers
// send can be compared, connection by connection, replies and messages alike, and that
// nothing is sent, too.

// receiveTime is how long to look for something where there is no other way.
const receiveTime = 2 * time.Millisecond

// receiveSoon is receive for connections that cannot be looked at.
func receiveSoon(c net.Conn, in []byte) (out []byte, ended bool) {
	var b [4096]byte
	for {
		if c.SetReadDeadline(time.Now().Add(receiveTime)) != nil {
			return in, true
		}
		n, err := c.Read(b[:])
		in = append(in, b[:n]...)
		if err != nil {
			_ = c.SetReadDeadline(time.Time{}) // only a closed one fails
			return in, !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

// rounds is how often the server goes around its loop for what may follow from a request:
// it serves one who waits, whose next request serves another, who is told of it.
const rounds = 3

// settle lets the server finish what it was sent.
func (s *side) settle() error {
	for range rounds {
		if _, err := s.call("PING"); err != nil {
			return err
		}
	}
	return nil
}

// converse plays a stream, and returns what was heard on each connection. It may fail at
// one of the requests: done is how many were executed.
func (s *side) converse(ctx context.Context, st stream.Stream) (lines []line, done int, err error) {
	lines = make([]line, st.Connections)
	defer func() {
		for i := range lines {
			lines[i].close()
		}
	}()
	for i := range lines {
		if err := lines[i].open(ctx, s, st.Proto); err != nil {
			return lines, 0, err
		}
	}
	for step, r := range st.Requests {
		l := &lines[r.On]
		if l.conn == nil {
			if err := l.open(ctx, s, st.Proto); err != nil {
				return lines, step, err
			}
		}
		if len(r.Words) == 0 {
			l.close()
		} else {
			l.send(step, withNumbers(r.Words, lines))
		}
		if s.socket == "" {
			l.hearken()
		}
		if err := s.settle(); err != nil {
			return lines, step, err
		}
		for i := range lines {
			lines[i].listen(step, st.Requests)
		}
	}
	for i := range lines {
		if s.socket == "" {
			lines[i].hearken()
			lines[i].listen(len(st.Requests)-1, st.Requests)
		}
		lines[i].close()
	}
	if _, err := s.call("CLIENT", "UNPAUSE"); err != nil {
		return lines, len(st.Requests), err
	}
	return lines, len(st.Requests), s.settle()
}

// withNumbers puts the numbers of connections in the place of their names.
func withNumbers(words []string, lines []line) []string {
	words = slices.Clone(words)
	for i := range words {
		for n := range lines {
			if words[i] == stream.ID(n) {
				words[i] = lines[n].id
			}
		}
	}
	return words
}

// playSeveral is play for a stream of several connections.
func (d *Duel) playSeveral(ctx context.Context, s stream.Stream) (*Difference, error) {
	s.Requests = comparedAmongSeveral(s.Requests)
	if err := d.reset(ctx, s); err != nil {
		return nil, err
	}
	if err := d.level(ctx); err != nil {
		return nil, err
	}
	sent, origin := expand(s.Requests)
	full := s
	full.Requests = sent
	var lines [2][]line
	var done [2]int
	failed := d.both(func(i int, side *side) (err error) {
		lines[i], done[i], err = side.converse(ctx, full)
		return err
	})
	if failed != nil {
		log := d.logs()
		s.Requests = s.Requests[:origin[min(done[0], done[1], len(sent)-1)]+1]
		return d.failure(ctx, s, failed, log)
	}
	queued := queuedBy(sent)
	for _, p := range d.compare.pairs(lines, d.sides[0].socket != "" && d.sides[1].socket != "") {
		x := exchange{words: []string{"(message)"}, replies: p.values, cause: sent[p.step].Words}
		if p.answer != message {
			x.words, x.queued = sent[p.answer].Words, queued[p.answer]
			x.rule = ruleOf(x.words)
		}
		problem := d.compare.compare(&x)
		if problem != "" && p.problem != "" {
			problem = p.problem
		}
		if problem != "" {
			s.Requests = s.Requests[:origin[p.step]+1]
			return &Difference{
				Stream: s, Problem: problem, Replies: p.values, On: p.on,
				Servers: [2]target.Info{d.sides[0].Info, d.sides[1].Info},
			}, nil
		}
		if d.compare.ended {
			return nil, nil
		}
	}
	return nil, nil
}

// comparedAmongSeveral leaves out what cannot be compared without asking the servers more.
func comparedAmongSeveral(requests []stream.Request) []stream.Request {
	return slices.DeleteFunc(comparable(requests), func(r stream.Request) bool {
		rule := ruleOf(r.Words)
		return rule != nil && (rule.before != nil || rule.after != nil) && !rule.makesConsumers
	})
}

// expand asks for consumers before they are needed. For each request that is sent, origin
// is the one that it belongs to.
func expand(requests []stream.Request) (sent []stream.Request, origin []int) {
	for i, r := range requests {
		if rule := ruleOf(r.Words); rule != nil && rule.makesConsumers {
			for _, words := range rule.before(r.Words) {
				sent, origin = append(sent, stream.Request{On: r.On, Words: words}), append(origin, i)
			}
		}
		sent, origin = append(sent, r), append(origin, i)
	}
	return sent, origin
}

// level lets both servers give the same number to the next connection.
func (d *Duel) level(ctx context.Context) error {
	for {
		var next [2]int
		err := d.both(func(i int, s *side) error {
			var l line
			defer l.close()
			err := l.open(ctx, s, 0)
			next[i] = l.number()
			return err
		})
		if err != nil || next[0] == next[1] {
			return err
		}
		behind := 0
		if next[1] < next[0] {
			behind = 1
		}
		for range max(next[0], next[1]) - next[behind] {
			var l line
			if err := l.open(ctx, d.sides[behind], 0); err != nil {
				return err
			}
			l.close()
		}
	}
}

// pair is what was heard of both servers in the same place.
type pair struct {
	step, on, answer int
	values           [2]resp.Value
	problem          string
}

// pairs lines up what was heard, in the order of the requests. Exact is whether nothing can
// have come late.
func (c *comparer) pairs(lines [2][]line, exact bool) []pair {
	var out []pair
	for on := range lines[0] {
		a, b := c.ordered(lines[0][on].heard), c.ordered(lines[1][on].heard)
		for i := range max(len(a), len(b)) {
			switch {
			case i >= len(a):
				out = append(out, pair{b[i].step, on, b[i].answer, [2]resp.Value{{}, b[i].value}, "only one of them sends something"})
			case i >= len(b):
				out = append(out, pair{a[i].step, on, a[i].answer, [2]resp.Value{a[i].value, {}}, "only one of them sends something"})
			case exact && a[i].step < b[i].step:
				out = append(out, pair{a[i].step, on, a[i].answer, [2]resp.Value{a[i].value, {}}, "only one of them sends something"})
			case exact && b[i].step < a[i].step:
				out = append(out, pair{b[i].step, on, b[i].answer, [2]resp.Value{{}, b[i].value}, "only one of them sends something"})
			default:
				out = append(out, pair{max(a[i].step, b[i].step), on, a[i].answer, [2]resp.Value{a[i].value, b[i].value}, ""})
			}
		}
	}
	slices.SortStableFunc(out, func(p, q pair) int { return cmp.Compare(p.step, q.step) })
	return out
}

// ordered gives the messages that one publication sends by several patterns a common
// order: that of the patterns is the server's own affair. What is told to caches comes before
// other messages of the same request; in which order a command tells them is told nowhere,
// and not the same for any two commands. Where releases differ in whether
// a message to oneself comes before the reply, the reply is put first.
func (c *comparer) ordered(all []heard) []heard {
	repliesFirst := c.tolerates(ownMessages)
	kind := func(h *heard) int {
		switch {
		case h.answer != message:
			return 0
		case invalid(&h.value) != nil:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(x, y heard) int {
		a, b := kind(&x), kind(&y)
		if !repliesFirst && (a == 0 || b == 0) {
			a, b = 0, 0
		}
		return cmp.Or(cmp.Compare(x.step, y.step), cmp.Compare(a, b))
	})
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && ofOnePublication(&all[from], &all[to]) {
			to++
		}
		slices.SortFunc(all[from:to], func(x, y heard) int {
			return bytes.Compare(x.value.Append(nil), y.value.Append(nil))
		})
		from = to
	}
	return all
}

func ofOnePublication(x, y *heard) bool {
	a, b := x.value.Elems, y.value.Elems
	return x.step == y.step && len(a) == 4 && len(b) == 4 && string(a[0].Text) == "pmessage" && string(b[0].Text) == "pmessage" &&
		same(&a[2], &b[2]) && same(&a[3], &b[3]) && !same(&a[1], &b[1])
}

// queuedBy are for each EXEC the requests that it executes.
func queuedBy(requests []stream.Request) map[int][][]string {
	out := map[int][][]string{}
	queueing, queued := map[int]bool{}, map[int][][]string{}
	for i, r := range requests {
		was := queueing[r.On]
		queueing[r.On] = queues(was, r.Words)
		switch {
		case len(r.Words) > 0 && isCommand(r.Words, "exec"):
			out[i], queued[r.On] = queued[r.On], nil
		case !queueing[r.On]:
			queued[r.On] = nil
		case was && !isCommand(r.Words, "multi", "discard", "watch"):
			queued[r.On] = append(queued[r.On], r.Words)
		}
	}
	return out
}

// fieldsOf are the fields of these names in each line of CLIENT LIST.
func fieldsOf(v *resp.Value, names []string) [][]string {
	var out [][]string
	for text := range strings.Lines(string(v.Text)) {
		var fields []string
		for field := range strings.FieldsSeq(text) {
			if name, _, _ := strings.Cut(strings.TrimPrefix(field, "txt:"), "="); slices.Contains(names, name) {
				if name == "flags" {
					field = strings.NewReplacer("U", "", "u", "").Replace(field) // a socket of Unix; about to go on
				}
				fields = append(fields, field)
			}
		}
		out = append(out, fields)
	}
	return out
}

// sameClients reports whether the fields of these names are the same.
func sameClients(x *exchange, names ...string) bool {
	a, b := fieldsOf(&x.replies[0], names), fieldsOf(&x.replies[1], names)
	return x.replies[0].Type == x.replies[1].Type && slices.EqualFunc(a, b, slices.Equal)
}

// checkClients compares the connections that the request names: there are others, to ask
// the servers.
func checkClients(x *exchange) string {
	if strings.EqualFold(x.words[1], "list") && !contains(x.words, "ID") {
		return unless(x.replies[0].Type == x.replies[1].Type, "not of the same type")
	}
	return unless(sameClients(x, "id", "name", "flags", "db", "sub", "psub", "ssub", "multi", "cmd", "user", "redir", "resp"), "not the same")
}

// checkHello compares all but who the server is.
func checkHello(x *exchange) string {
	a, b := withoutServer(x.replies[0]), withoutServer(x.replies[1])
	return unless(same(&a, &b), "not the same")
}

func withoutServer(v resp.Value) resp.Value {
	v.Elems = slices.Clone(v.Elems)
	for i := 1; i < len(v.Elems); i += 2 {
		if name := string(v.Elems[i-1].Text); name == "server" || name == "version" {
			v.Elems[i].Text = nil
		}
	}
	return v
}
