package conformance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

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
	Value          []string // a string is one element
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
	judge := judgeOf(m)
	own := judge == m.Server+"-"+m.Version
	for name, value := range m.Config {
		if own || name == "maxmemory-policy" {
			e.params = append(e.params, target.Param{Name: name, Value: value})
		}
	}
	before72 := server.Info.Release.Less(target.Release{Major: 7, Minor: 2})
	encodings := map[fixtures.KeyName]string{}
	if !own {
		refused := crossEncodings(m, judge, encodings)
		e.refused = refused && !before72 // which loads libraries of its release candidates
	}
	for db, keys := range m.Databases {
		e.keys[db] = map[string]keyState{}
		for i := range keys {
			k := &keys[i]
			if k.DroppedOnLoad {
				continue
			}
			s := stateOf(m, k)
			if own && k.EncodingAfterLoad != "" {
				s.Encoding = k.EncodingAfterLoad
			} else if other := encodings[fixtures.KeyName{DB: db, Key: k.Key}]; other != "" {
				s.Encoding = other
			}
			if s.Type == "list" && before72 {
				s.Encoding = "quicklist"
			}
			e.keys[db][string(k.Key)] = s
		}
	}
	return e
}

// lastRDBVersion is the newest format that the server under test reads.
func lastRDBVersion() int {
	switch r := server.Info.Release; {
	case server.Info.Flavour == target.Respect:
		return 12
	case r.Less(target.Release{Major: 7, Minor: 2}):
		return 10
	case r.Less(target.Release{Major: 7, Minor: 4}):
		return 11
	}
	return 12
}

// judgeOf names the server whose loading of the file the server under test
// should agree with.
func judgeOf(m *fixtures.Manifest) string {
	switch {
	case server.Info.Flavour == target.Redis && m.Server == target.Redis && m.Version == server.Info.Version:
		return m.Server + "-" + m.Version
	case server.Info.Flavour == target.Valkey:
		return "valkey-8.0.1"
	case m.RDBVersion > 11:
		return "redis-7.4.1"
	}
	return "redis-7.2.6"
}

// crossEncodings collects the encodings that the judge chooses otherwise than
// the server that wrote the file, and reports whether it refuses the file.
func crossEncodings(m *fixtures.Manifest, judge string, into map[fixtures.KeyName]string) (refused bool) {
	GinkgoHelper()
	result := m.Crossload[judge]
	for result.SameAs != "" {
		if result.SameAs == m.Server+"-"+m.Version {
			return false
		}
		result = m.Crossload[result.SameAs]
	}
	for _, raw := range result.Diffs {
		var d struct {
			DB       int           `json:"db"`
			Key      fixtures.Text `json:"key"`
			Encoding string        `json:"encoding"`
		}
		must(json.Unmarshal(raw, &d))
		Expect(d.Encoding).NotTo(BeEmpty(), "only encodings are known to differ")
		into[fixtures.KeyName{DB: d.DB, Key: d.Key}] = d.Encoding
	}
	return !result.Loads
}

func stateOf(m *fixtures.Manifest, k *fixtures.Key) keyState {
	GinkgoHelper()
	s := keyState{Type: k.Type, Encoding: k.Encoding, ExpireAtMs: -1, Freq: -1, IdleSeconds: -1}
	if k.Expire.Set {
		s.ExpireAtMs = k.Expire.AtMs
	}
	if k.Freq != nil {
		s.Freq = int64(*k.Freq)
	}
	if k.IdleSeconds != nil {
		s.IdleSeconds = *k.IdleSeconds
	}
	var err error
	if k.Type == "string" {
		var text string
		text, err = k.Value.Text()
		s.Value = []string{text}
	} else {
		s.Value, err = k.Value.List()
	}
	must(err)
	return s
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
		elems := d.ask("LRANGE", key, "0", "-1").Elems
		for _, e := range elems {
			s.Value = append(s.Value, string(e.Text))
		}
		Expect(slices.Equal(s.Value, d.byIndex(key, len(elems)))).To(BeTrue(), "LINDEX and LRANGE of %q differ", key)
	}
	return s
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
