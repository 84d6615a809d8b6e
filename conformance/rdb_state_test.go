package conformance_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/dataset"
	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/fixtures"
)

// dataSet holds the keys of each database that is compared.
type dataSet map[int]map[string]keyState

func (d dataSet) size() int64 {
	n := 0
	for _, keys := range d {
		n += len(keys)
	}
	return int64(n)
}

// keyState is all that commands tell about a key.
type keyState struct {
	Type, Encoding string
	ExpireAtMs     int64    // -1 for none
	Freq           int64    // OBJECT FREQ, -1 under a policy that does not count
	IdleSeconds    int64    // OBJECT IDLETIME, -1 where it is not compared
	Value          []string // a string is one element, and so is a pair
}

// expectation is what a server should make of a file.
type expectation struct {
	skip    string // why it is not for this server
	refused bool
	params  []target.Param // to start the server with
	keys    dataSet
}

// expect derives from the manifest what the server under test should serve. The
// manifest tells it for the server that wrote the file, under the configuration
// it had, and for some others under the default configuration.
func expect(m *fixtures.Manifest) expectation {
	e := expectation{keys: dataSet{}}
	if last := lastRDBVersion(); m.RDBVersion > last {
		e.skip = fmt.Sprintf("the server reads files up to RDB version %d, this is %d", last, m.RDBVersion)
		return e
	}
	judge := dataset.Judge(m, server.Info)
	own := judge == m.Writer()
	for name, value := range m.Config {
		if own && !strings.HasPrefix(name, "cluster-") || name == "maxmemory-policy" {
			e.params = append(e.params, target.Param{Name: name, Value: value})
		}
	}
	before72 := server.Info.Release.Less(target.Release{Major: 7, Minor: 2})
	databases, loads := m.LoadedBy(judge)
	e.refused = !loads && !before72 // which loads libraries of its release candidates
	for db, keys := range databases {
		e.keys[db] = map[string]keyState{}
		for i := range keys {
			s := stateOf(&keys[i])
			s.Encoding = dataset.Encoding(s.Type, s.Encoding, server.Info.Release)
			e.keys[db][string(keys[i].Key)] = s
		}
	}
	return e
}

// lastRDBVersion is the newest format that the server under test reads.
func lastRDBVersion() int {
	if server.Info.Flavour == target.Respect {
		return 12
	}
	return dataset.LastVersion(server.Info.Release)
}

func stateOf(k *fixtures.Key) keyState {
	GinkgoHelper()
	s := keyState{Type: k.Type, Encoding: k.Encoding, ExpireAtMs: -1, Freq: -1, IdleSeconds: -1}
	if k.Expire.Set {
		s.ExpireAtMs = k.Expire.AtMs
	}
	if k.Freq != nil {
		s.Freq = int64(*k.Freq)
	}
	if k.IdleSeconds != nil {
		s.IdleSeconds = notJustNow(*k.IdleSeconds)
	}
	var err error
	switch k.Type {
	case "string":
		var text string
		text, err = k.Value.Text()
		s.Value = []string{text}
	case "list", "set":
		s.Value, err = k.Value.List()
	case "hash":
		var pairs []fixtures.Pair
		pairs, err = k.Value.Pairs()
		for _, p := range pairs {
			s.Value = append(s.Value, fieldText(p.Name, p.Value, p.ExpireAtMs))
		}
	case "zset":
		var pairs []fixtures.Pair
		pairs, err = k.Value.Pairs()
		for _, p := range pairs {
			s.Value = append(s.Value, memberText(p.Name, p.Value))
		}
	case "stream":
		var stream *fixtures.Stream
		if stream, err = k.Value.Stream(); err == nil {
			s.Value = dataset.StreamLines(stream, server.Info.Release)
		}
	}
	must(err)
	return s
}

// fieldText is a field of a hash as an element of keyState.Value.
func fieldText(field, value string, expireAtMs int64) string {
	if expireAtMs <= 0 {
		return fmt.Sprintf("%q: %q", field, value)
	}
	return fmt.Sprintf("%q: %q until %d", field, value, expireAtMs)
}

// memberText is a member of a sorted set as an element of keyState.Value. The text of
// a score is that of its number, since releases before 7.2 give it 17 digits; they
// also differ from the others in which zero they show.
func memberText(member, score string) string {
	GinkgoHelper()
	f, err := strconv.ParseFloat(score, 64)
	must(err)
	if server.Info.Release.Less(target.Release{Major: 7, Minor: 2}) {
		f += 0
	}
	return fmt.Sprintf("%q: %v", member, f)
}

// dialogue is a connection on which one request is sent after the other.
type dialogue struct {
	write func([]byte) (int, error)
	dec   *resp.Decoder
}

func (d *dialogue) ask(words ...string) resp.Value {
	GinkgoHelper()
	_, err := d.write(resp.Request(words...))
	must(err)
	v, err := d.dec.Decode()
	must(err)
	return v
}

// readDataSet reads what the server holds in the databases.
func readDataSet(t *target.Target, dbs []int) dataSet {
	GinkgoHelper()
	c, err := t.Dial(GinkgoT().Context())
	must(err)
	defer c.Close()
	must(c.SetDeadline(time.Now().Add(20 * time.Second)))
	d := &dialogue{c.Write, resp.NewDecoder(c)}
	out := dataSet{}
	for _, db := range dbs {
		Expect(d.ask("SELECT", strconv.Itoa(db)).String()).To(Equal(`"+OK\r\n"`))
		out[db] = map[string]keyState{}
		keys := d.ask("KEYS", "*").Elems
		Expect(d.ask("DBSIZE").Text).To(BeEquivalentTo(strconv.Itoa(len(keys))), "DBSIZE of database %d", db)
		for _, key := range keys {
			out[db][string(key.Text)] = d.readKey(string(key.Text))
		}
	}
	return out
}

// readKey asks for the value last, because that touches the key.
func (d *dialogue) readKey(key string) keyState {
	GinkgoHelper()
	s := keyState{Type: string(d.ask("TYPE", key).Text), Encoding: string(d.ask("OBJECT", "ENCODING", key).Text), Freq: -1, IdleSeconds: -1}
	var ok bool
	s.ExpireAtMs, ok = d.ask("PEXPIRETIME", key).Int()
	Expect(ok).To(BeTrue(), "PEXPIRETIME %q", key)
	if v := d.ask("OBJECT", "FREQ", key); v.Type == resp.Integer {
		s.Freq, _ = v.Int()
	} else if v := d.ask("OBJECT", "IDLETIME", key); v.Type == resp.Integer && s.Encoding != "int" {
		// Small numbers are shared by all keys in Redis, and their idle time with them.
		s.IdleSeconds, _ = v.Int()
		s.IdleSeconds = notJustNow(s.IdleSeconds)
	}
	switch s.Type {
	case "string":
		s.Value = []string{string(d.ask("GET", key).Text)}
	case "list":
		s.Value = texts(d.ask("LRANGE", key, "0", "-1"))
		Expect(slices.Equal(s.Value, d.byIndex(key, len(s.Value)))).To(BeTrue(), "LINDEX and LRANGE of %q differ", key)
	case "set":
		s.Value = texts(d.ask("SMEMBERS", key))
		slices.Sort(s.Value)
		d.askForEach(key, "SCARD", "SISMEMBER", s.Value, func(int) string { return "1" })
	case "hash":
		s.Value = d.readHash(key)
	case "zset":
		s.Value = d.readSortedSet(key)
	case "stream":
		s.Value = d.readStream(key)
	}
	return s
}

func texts(v resp.Value) []string {
	out := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		out[i] = string(e.Text)
	}
	return out
}

// halves splits a flat list of pairs.
func halves(flat []string) (first, second []string) {
	for i := 0; i+1 < len(flat); i += 2 {
		first, second = append(first, flat[i]), append(second, flat[i+1])
	}
	return first, second
}

// askForEach compares the number of elements, and what is replied for each of them.
func (d *dialogue) askForEach(key, count, each string, elements []string, want func(i int) string) {
	GinkgoHelper()
	Expect(string(d.ask(count, key).Text)).To(Equal(strconv.Itoa(len(elements))), "%s %q", count, key)
	for i, e := range elements {
		Expect(string(d.ask(each, key, e).Text)).To(Equal(want(i)), "%s %q %q", each, key, e)
	}
}

// readHash returns the fields in byte order.
func (d *dialogue) readHash(key string) []string {
	GinkgoHelper()
	fields, values := halves(texts(d.ask("HGETALL", key)))
	d.askForEach(key, "HLEN", "HGET", fields, func(i int) string { return values[i] })
	deadlines := make([]int64, len(fields))
	if v := d.ask(append([]string{"HPEXPIRETIME", key, "FIELDS", strconv.Itoa(len(fields))}, fields...)...); v.Type == resp.Array {
		Expect(v.Elems).To(HaveLen(len(fields)))
		for i, e := range v.Elems {
			deadlines[i], _ = e.Int()
		}
	}
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(fields[a], fields[b]) })
	out := make([]string, len(fields))
	for i, at := range order {
		out[i] = fieldText(fields[at], values[at], deadlines[at])
	}
	return out
}

// readSortedSet returns the members by rank.
func (d *dialogue) readSortedSet(key string) (out []string) {
	GinkgoHelper()
	members, scores := halves(texts(d.ask("ZRANGE", key, "0", "-1", "WITHSCORES")))
	d.askForEach(key, "ZCARD", "ZSCORE", members, func(i int) string { return scores[i] })
	d.askForEach(key, "ZCARD", "ZRANK", members, strconv.Itoa)
	for i := range members {
		out = append(out, memberText(members[i], scores[i]))
	}
	return out
}

// byIndex reads the elements singly, for lists that are not large.
func (d *dialogue) byIndex(key string, n int) []string {
	GinkgoHelper()
	out := make([]string, n)
	for i := range out {
		out[i] = string(d.ask("LINDEX", key, strconv.Itoa(i)).Text)
	}
	return out
}

// notJustNow tells the idle time from that of a key that was only loaded; the
// files hold times that are much longer, in steps of many seconds.
func notJustNow(seconds int64) int64 {
	const loading = 5
	if seconds <= loading {
		return -1
	}
	return seconds - seconds%10
}
