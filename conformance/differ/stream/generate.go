package stream

import (
	"math/rand/v2"
	"slices"
	"strings"

	"respect/conformance/target"
)

// Options say what the streams are made of.
type Options struct {
	Seed     uint64
	Commands []Command
	Focus    []string // names of commands that make up half of each stream
	Config   []string // parameters that can be set
	Length   int      // requests of a stream; 0 for DefaultLength
	Payloads []string // what DUMP has told, for RESTORE
	// Transactions lets one stream in three have some.
	Transactions bool
	// Several says that one stream in so many has several connections; 0 for none.
	Several int
}

// DefaultLength is how many requests a stream has.
const DefaultLength = 400

// DefaultSeveral is which part of the streams has several connections: one in so many.
const DefaultSeveral = 4

// Stream is what a server is sent after it was emptied.
type Stream struct {
	Number      uint64
	Proto       int
	Config      []target.Param
	Connections int // that the requests are sent on; 0 if one is enough
	Requests    []Request
}

// Request is what is sent on a connection. Without words the client closes it.
type Request struct {
	On    int // number of the connection, from 0
	Words []string
}

// Requests are requests on the first connection.
func Requests(all ...[]string) []Request {
	out := make([]Request, 0, len(all))
	for _, words := range all {
		out = append(out, Request{Words: words})
	}
	return out
}

// Generator makes streams.
type Generator struct{ opts Options }

// New returns a generator.
func New(o Options) *Generator {
	if o.Length == 0 {
		o.Length = DefaultLength
	}
	return &Generator{opts: o}
}

// draw is the state of making one stream.
type draw struct {
	*rand.Rand
	opts  *Options
	total int   // of all weights
	upTo  []int // running sum of the weights of the commands

	command *Command // that is being made
	keys    int      // its numkeys, once drawn
	lastMs  uint64   // of the IDs of entries that were added to streams of Redis
}

// Stream makes the stream of the number.
func (g *Generator) Stream(number uint64) Stream {
	d := &draw{Rand: rand.New(rand.NewPCG(g.opts.Seed, number)), opts: &g.opts}
	s := Stream{Number: number, Proto: 2 + d.IntN(2), Config: d.config()}
	d.weigh()
	if d.total == 0 {
		return s
	}
	if g.opts.Several > 0 && d.IntN(g.opts.Several) == 0 {
		d.converse(&s)
		return s
	}
	transactions := g.opts.Transactions && d.IntN(3) == 0
	for len(s.Requests) < g.opts.Length {
		if transactions && d.IntN(10) == 0 {
			s.Requests = d.transaction(s.Requests)
			continue
		}
		if words := d.request(); Safe(words) {
			s.Requests = append(s.Requests, Request{Words: words})
		}
	}
	return s
}

// weigh gives each command a weight that differs from stream to stream: what
// is rare in one stream is frequent in another, and some commands are missing, so
// that not every key is deleted before it is large.
func (d *draw) weigh() {
	weights := []int{0, 1, 2, 4, 12}
	focused, others := 0, 0
	drawn := make([]int, len(d.opts.Commands))
	for i := range d.opts.Commands {
		c := &d.opts.Commands[i]
		w := 10 * weights[d.IntN(len(weights))]
		if rare[c.Words[0]] {
			w = d.IntN(4)
		}
		drawn[i] = w
		if d.inFocus(c) {
			drawn[i] = max(w, 1)
			focused += drawn[i]
		} else {
			others += w
		}
	}
	for i := range d.opts.Commands {
		w := drawn[i]
		if focused > 0 && d.inFocus(&d.opts.Commands[i]) {
			w *= max(1, others/focused)
		}
		d.total += w
		d.upTo = append(d.upTo, d.total)
	}
}

// rare are commands that end what the others have built, that make the servers
// wait or that take long.
var rare = map[string]bool{
	"select": true, "swapdb": true, "flushdb": true, "dbsize": true, "del": true, "unlink": true, "move": true,
	"blmove": true, "blmpop": true, "blpop": true, "brpop": true, "brpoplpush": true,
	"bzmpop": true, "bzpopmax": true, "bzpopmin": true, "lcs": true, "object": true,
}

func (d *draw) inFocus(c *Command) bool {
	return slices.Contains(d.opts.Focus, c.Words[0]) || slices.Contains(d.opts.Focus, c.Name())
}

// config draws small limits for some streams.
func (d *draw) config() []target.Param {
	var out []target.Param
	if d.IntN(3) == 0 {
		return nil
	}
	for _, l := range limits {
		if slices.Contains(d.opts.Config, l.name) && d.IntN(2) == 0 {
			out = append(out, target.Param{Name: l.name, Value: l.values[d.IntN(len(l.values))]})
		}
	}
	return out
}

// limits are the parameters at which encodings convert, and small values for them.
var limits = []struct {
	name   string
	values []string
}{
	{"list-max-listpack-size", []string{"1", "2", "5", "-1", "0"}},
	{"list-compress-depth", []string{"1", "2"}},
	{"hash-max-listpack-entries", []string{"0", "1", "2", "5"}},
	{"hash-max-listpack-value", []string{"0", "1", "5"}},
	{"set-max-intset-entries", []string{"0", "1", "2", "5"}},
	{"set-max-listpack-entries", []string{"0", "1", "2", "5"}},
	{"set-max-listpack-value", []string{"0", "1", "5"}},
	{"zset-max-listpack-entries", []string{"0", "1", "2", "5"}},
	{"zset-max-listpack-value", []string{"0", "1", "5"}},
	{"stream-node-max-entries", []string{"1", "2", "5"}},
	{"stream-node-max-bytes", []string{"50", "100", "400"}},
	{"hll-sparse-max-bytes", []string{"0", "20", "60"}},
}

// Limits are the names of the parameters that streams set.
func Limits() []string {
	var out []string
	for _, l := range limits {
		out = append(out, l.name)
	}
	return out
}

// request makes one request.
func (d *draw) request() []string {
	i, _ := slices.BinarySearch(d.upTo, d.IntN(d.total)+1)
	d.command, d.keys = &d.opts.Commands[i], 0
	segments := make([]segment, 0, len(d.command.Args))
	for i := range d.command.Args {
		a := &d.command.Args[i]
		segments = append(segments, segment{arg: a, words: d.argument(nil, a)})
	}
	d.fitRange(segments)
	segments = d.rearrange(segments)
	words := slices.Clone(d.command.Words)
	for _, s := range segments {
		words = append(words, s.words...)
	}
	if d.IntN(8) == 0 {
		words = d.spoil(words)
	}
	if d.IntN(16) == 0 {
		words[0] = strings.ToUpper(words[0])
	}
	return words
}

// segment is what was drawn for an argument of the first level.
type segment struct {
	arg   *Argument
	words []string
}

// argument appends what it draws for the argument, which is nothing for an
// optional one in half of the cases.
func (d *draw) argument(words []string, a *Argument) []string {
	if a.Optional && d.IntN(2) == 0 {
		return words
	}
	n := 1
	if a.Multiple {
		n = d.repetitions(a)
	}
	for i := range n {
		if a.Token != "" && (i == 0 || a.MultipleToken) {
			words = append(words, d.token(a.Token))
		}
		switch a.Type {
		case typePureToken:
		case typeOneOf:
			words = d.argument(words, &a.Args[d.IntN(len(a.Args))])
		case typeBlock:
			if a.Name == "streams" {
				words = d.streams(words, a)
				break
			}
			for i := range a.Args {
				words = d.argument(words, &a.Args[i])
			}
		default:
			words = append(words, d.value(a))
		}
	}
	return words
}

// token is written in lower case now and then.
func (d *draw) token(t string) string {
	if d.IntN(10) == 0 {
		return strings.ToLower(t)
	}
	return t
}

// repetitions says how often an argument is repeated that can be: mostly few
// times, at times as often as the limits of encodings need it.
func (d *draw) repetitions(a *Argument) int {
	if d.keys > 0 && (a.Type == typeKey || a.Name == "weight") {
		return d.keys
	}
	most := 140
	if a.Type == typeKey || a.Type == typeOneOf || a.Type == typePattern {
		most = 5
	}
	switch n := d.IntN(40); {
	case n < 28:
		return 1 + d.IntN(3)
	case n < 39:
		return 1 + d.IntN(min(10, most))
	}
	return 1 + d.IntN(most)
}
