package server

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"respect/conformance/differ/stream"
	"respect/conformance/target"
	"respect/keyspace"
	redisstream "respect/keyspace/stream"
	"respect/protocol"
)

var (
	replaySeed     = flag.Uint64("replay.seed", 1, "of the requests that are replayed; 0 for a fresh one")
	replayRequests = flag.Int("replay.requests", 20_000, "how many requests are replayed")
)

// told keeps what a server tells.
type told struct{ commands []toldCommand }

type toldCommand struct {
	db    int
	words []string
}

func (t *told) feed(db int, argv [][]byte) {
	c := toldCommand{db: db}
	for _, arg := range argv {
		c.words = append(c.words, string(arg))
	}
	t.commands = append(t.commands, c)
}

// take returns what was told since the last call, with a SELECT where the database
// changes, as it would stand in a file.
func (t *told) take(db *int) (out [][]string) {
	for _, c := range t.commands {
		if c.db != noDB && c.db != *db {
			*db = c.db
			out = append(out, []string{"SELECT", fmt.Sprint(c.db)})
		}
		out = append(out, c.words)
	}
	t.commands = nil
	return out
}

// mirror is a server that random clients change, and a copy that is only told effects.
// The copy's clock stands still: nothing expires there unless it is told.
type mirror struct {
	t       *testing.T
	rand    *rand.Rand
	now     time.Time
	server  *Server
	copy    *Server
	clients []*client
	replica *client
	told    told
	db      int // of what was told last
	history []string
}

// TestEffectsMakeTheSameData sends random requests of several clients, who wait for keys
// and have transactions, to one server, while the time passes, and what that server tells
// to another. After each request both hold the same.
func TestEffectsMakeTheSameData(t *testing.T) {
	seed := *replaySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-replay.seed=%d -replay.requests=%d", seed, *replayRequests)
	commands, err := stream.Commands(target.Release{Major: 7, Minor: 4})
	if err != nil {
		t.Fatal(err)
	}
	probe := session(t)
	has := func(name string) bool {
		_, ok := probe.srv.commands.Lookup([]byte(strings.Fields(strings.ReplaceAll(name, "|", " "))[0]))
		return ok
	}
	g := stream.New(stream.Options{Seed: seed, Commands: stream.Select(commands, has, nil), Config: stream.Limits(), Transactions: true})
	done := 0
	for number := uint64(0); done < *replayRequests; number++ {
		r := newMirror(t, seed, number)
		s := g.Stream(number)
		for _, p := range s.Config {
			r.configure(p.Name, p.Value)
		}
		for _, request := range s.Requests {
			r.step(request.Words)
			done++
		}
		if t.Failed() {
			return
		}
	}
}

func newMirror(t *testing.T, seed, number uint64) *mirror {
	r := &mirror{t: t, rand: rand.New(rand.NewPCG(seed, ^number)), now: time.Unix(1_700_000_000, 0)}
	start := func(now func() time.Time) *Server {
		return New(Options{Config: quiet(t), Log: io.Discard, Now: now, Rand: rand.NewPCG(seed, r.rand.Uint64())})
	}
	began := r.now
	r.server = start(func() time.Time { return r.now })
	r.copy = start(func() time.Time { return began })
	r.configure("save", "")
	r.server.copies = []copyKeeper{&r.told}
	for range 3 {
		r.clients = append(r.clients, r.server.Accept(lone{}).(*client))
	}
	r.replica = r.copy.Accept(lone{}).(*client)
	r.replica.replays = true
	return r
}

func (r *mirror) configure(name, value string) {
	for _, s := range []*Server{r.server, r.copy} {
		s.Accept(lone{}).(*client).exchange(protocol.AppendRequest(nil, "CONFIG", "SET", name, value), nil)
	}
}

// step sends a request from one of the clients that are not waiting, and compares.
func (r *mirror) step(words []string) {
	if r.rand.IntN(12) == 0 {
		r.pass()
	}
	if len(words) == 0 || isUncertain(words) {
		return
	}
	var free []*client
	for _, c := range r.clients {
		if c.blocked == nil {
			free = append(free, c)
		}
	}
	if len(free) == 0 {
		r.pass()
		return
	}
	c := free[r.rand.IntN(len(free))]
	switch n := r.rand.IntN(300); {
	case n == 0:
		words = r.restore(c, words)
	case n < 200:
		words = r.draw(c)
	}
	r.history = append(r.history, fmt.Sprintf("c%d> %q", slices.Index(r.clients, c)+1, words))
	c.exchange(protocol.AppendRequest(nil, words...), nil)
	r.compare()
}

// refusal finds an error, also within the reply of EXEC.
var refusal = regexp.MustCompile(`(^|\n)-[A-Z]+ `)

// isUncertain finds requests of which the reference's effects are not certain to do the
// same. A BITFIELD that cannot count leaves an empty key behind of which nobody is told.
// Ranges by name of members whose scores differ depend on the encoding, and reading can
// change that (SORT). HINCRBYFLOAT keeps the deadline of a field, and the HSET that it is
// told as does not: it is only used on a key without deadlines. A group that has read the
// greatest number of entries goes on with a negative one, which XGROUP does not take.
func isUncertain(words []string) bool {
	has := func(word string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
	}
	switch strings.ToLower(words[0]) {
	case "bitfield":
		return has("FAIL")
	case "xgroup", "xsetid":
		return has("9223372036854775807")
	case "zrangestore":
		return has("BYLEX")
	case "hincrbyfloat", "zremrangebylex":
		return true
	}
	return false
}

// restore makes a request that restores a value which is there under another key.
func (r *mirror) restore(c *client, words []string) []string {
	key, found := c.db.RandomKey()
	r.server.endUnit() // keys that it found expired
	if !found || c.multi != nil {
		return words
	}
	reply := c.exchange(protocol.AppendRequest(nil, "DUMP", string(key)), nil)
	_, payload, ok := bytes.Cut(reply, []byte("\r\n"))
	if !ok || len(payload) < 2 {
		return words
	}
	to := []string{"s1", "l1", "e2", "z2", "h2", "x2"}[r.rand.IntN(6)]
	ttl := []string{"0", "5000", "500000"}[r.rand.IntN(3)]
	return []string{"RESTORE", to, ttl, string(payload[:len(payload)-2]), "REPLACE"}
}

// pass lets time pass, and the server do what is due then.
func (r *mirror) pass() {
	d := []time.Duration{time.Millisecond, 20 * time.Millisecond, time.Second, 10 * time.Second}[r.rand.IntN(4)]
	if r.rand.IntN(100) == 0 {
		d = 1000 * time.Second
	}
	r.now = r.now.Add(d)
	r.history = append(r.history, "# "+d.String()+" later")
	if r.rand.IntN(2) == 0 {
		r.server.act()
		r.history = append(r.history, "# the timer")
	}
	r.server.tick()
	r.compare()
}

// compare has the copy execute what it is told, and demands that it holds the same then.
func (r *mirror) compare() {
	inMulti := false
	for _, words := range r.told.take(&r.db) {
		r.history = append(r.history, fmt.Sprintf("    | %q", words))
		reply := r.replica.exchange(protocol.AppendRequest(nil, words...), nil)
		if refusal.Match(reply) {
			r.fail("the copy refuses %q: %q", words, reply)
		}
		switch words[0] {
		case "MULTI":
			inMulti = true
		case "EXEC":
			inMulti = false
		}
	}
	if inMulti {
		r.fail("a transaction that does not end")
	}
	for i := range r.server.ks.Databases() {
		r.compareDB(r.server.ks.DB(i), r.copy.ks.DB(i))
	}
}

func (r *mirror) compareDB(a, b *keyspace.DB) {
	if a.Len() == 0 && b.Len() == 0 {
		return
	}
	x, y := r.describe(a), r.describe(b)
	if maps.Equal(x, y) {
		return
	}
	var out strings.Builder
	for key, text := range x {
		if y[key] != text {
			fmt.Fprintf(&out, "%q: %s\n  copy: %s\n", key, text, y[key])
		}
	}
	for key, text := range y {
		if _, ok := x[key]; !ok {
			fmt.Fprintf(&out, "%q: only the copy has %s\n", key, text)
		}
	}
	r.fail("database %d differs:\n%s", a.ID(), out.String())
}

// describe describes the keys of a database that have not expired by the server's clock.
func (r *mirror) describe(db *keyspace.DB) map[string]string {
	all := map[string]string{}
	for o := range db.All() {
		at := db.ExpireAt(o)
		if at != keyspace.NoExpiry && at < r.server.nowMs {
			continue
		}
		var d digest
		switch {
		case o.Type() == keyspace.TypeHash && o.Hash().NextFieldExpiry() != keyspace.NoExpiry:
			if r.fields(&d, o.Hash()) == 0 {
				continue
			}
		case o.Type() == keyspace.TypeStream:
			d.mix([]byte(groupsOf(o.Stream())))
			fallthrough
		default:
			d.addValue(db, o)
		}
		all[string(o.Key())] = fmt.Sprintf("%v %s expires %d", o.Type(), d.String(), at)
	}
	return all
}

// fields adds the fields of a hash that have not expired, and returns how many there are.
func (r *mirror) fields(d *digest, h *keyspace.Hash) (n int) {
	h.Each(func(field, value keyspace.Element) bool {
		at := h.FieldExpireAt(field.AppendTo(nil))
		if at == keyspace.NoExpiry || at >= r.server.nowMs {
			d.add(fmt.Appendf(nil, "%q %q %d", field.AppendTo(nil), value.AppendTo(nil), at))
			n++
		}
		return true
	})
	return n
}

// groupsOf describes what belongs to a stream besides its entries. Consumers that have
// nothing, and how often an entry was asked for again, are not told.
func groupsOf(s *redisstream.Stream) string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %v added %d deleted %v\n", s.LastID(), s.Added(), s.MaxDeletedID())
	s.EachGroup(func(g *redisstream.Group) bool {
		fmt.Fprintf(&b, "%q %v %d\n", g.Name(), g.LastID, g.Read)
		g.EachPending(redisstream.MinID, func(id redisstream.ID, p *redisstream.Pending) bool {
			fmt.Fprintf(&b, "%v %q\n", id, p.Consumer().Name())
			return true
		})
		return true
	})
	return b.String()
}

func (r *mirror) fail(format string, args ...any) {
	last := r.history[max(0, len(r.history)-25):]
	r.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(last, "\n"))
}
