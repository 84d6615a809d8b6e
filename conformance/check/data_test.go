package check

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"respect/conformance/target"
	"respect/fixtures"
)

// keyOf is a key as it stands in a manifest.
func keyOf(t *testing.T, text string) map[int][]fixtures.Key {
	t.Helper()
	var k fixtures.Key
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		t.Fatal(err)
	}
	return map[int][]fixtures.Key{0: {k}}
}

// TestWhatIsComparedOfDataFiles answers as a server does that has loaded the key, and then wrongly in
// one place, which must be the one that is told.
func TestWhatIsComparedOfDataFiles(t *testing.T) {
	const hash = `{"key":"h","type":"hash","encoding":"listpack","value":[["f","v",4102444800000],["g","w"]]}`
	fields := map[string]string{
		"KEYS *":          "*1\r\n$1\r\nh\r\n",
		"HGETALL h":       "*4\r\n$1\r\ng\r\n$1\r\nw\r\n$1\r\nf\r\n$1\r\nv\r\n",
		"HPEXPIRETIME h":  "*2\r\n:4102444800000\r\n:-1\r\n",
		"OBJECT ENCODING": "$8\r\nlistpack\r\n",
	}
	const stream = `{"key":"s","type":"stream","encoding":"stream","value":{"length":1,"last_id":"1-1","max_deleted_id":"0-0","entries_added":1,
		"first_id":"1-1","entries":[["1-1",["f","v"]]],"groups":[{"name":"g","last_delivered_id":"1-1","entries_read":1,"lag":0,
		"pel":[["1-1","c",7,2]],"consumers":[{"name":"c","seen_time":7,"active_time":7,"pel":[["1-1",7,2]]}]}]}}`
	entry := "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"
	pairs := func(members ...string) string {
		return fmt.Sprintf("*%d\r\n%s", len(members), strings.Join(members, ""))
	}
	consumer := pairs(bulk("name"), bulk("c"), bulk("seen-time"), ":7\r\n", bulk("active-time"), ":7\r\n", bulk("pending"), "*1\r\n*3\r\n$3\r\n1-1\r\n:7\r\n:2\r\n")
	group := "*12\r\n" + bulk("name") + bulk("g") + bulk("last-delivered-id") + bulk("1-1") + bulk("entries-read") + ":1\r\n" + bulk("lag") + ":0\r\n" +
		bulk("pending") + "*1\r\n*4\r\n$3\r\n1-1\r\n$1\r\nc\r\n:7\r\n:2\r\n" + bulk("consumers") + "*1\r\n" + consumer
	entries := map[string]string{
		"KEYS *":   "*1\r\n$1\r\ns\r\n",
		"XRANGE s": entry,
		"XINFO STREAM": "*14\r\n" + bulk("length") + ":1\r\n" + bulk("last-generated-id") + bulk("1-1") + bulk("max-deleted-entry-id") + bulk("0-0") +
			bulk("entries-added") + ":1\r\n" + bulk("recorded-first-entry-id") + bulk("1-1") + bulk("entries") + entry + bulk("groups") + "*1\r\n" + group,
		"OBJECT ENCODING": bulk("stream"),
	}
	for _, c := range []struct {
		name      string
		key       string
		answers   map[string]string
		encodings bool
		change    string // which answer is another one
		to        string
		unknown   string
	}{
		{name: "fields", key: hash, answers: fields},
		{name: "a value", key: hash, answers: fields, change: "HGETALL h", to: "*0\r\n"},
		{name: "a deadline", key: hash, answers: fields, change: "HPEXPIRETIME h", to: "*2\r\n:4102444800001\r\n:-1\r\n"},
		{name: "no deadlines at all", key: hash, answers: fields, change: "HPEXPIRETIME h", to: "-ERR unknown command\r\n", unknown: "hpexpiretime"},
		{name: "encodings", key: hash, answers: fields, encodings: true},
		{name: "an encoding", key: hash, answers: fields, encodings: true, change: "OBJECT ENCODING", to: bulk("hashtable")},
		{name: "no encodings", key: hash, answers: fields, encodings: true, change: "OBJECT ENCODING", to: "-ERR unknown command\r\n", unknown: "object|encoding"},
		{name: "a stream", key: stream, answers: entries},
		{name: "its entries", key: stream, answers: entries, change: "XRANGE s", to: "*0\r\n"},
		{name: "its groups", key: stream, answers: entries, change: "XINFO STREAM", to: strings.Replace(entries["XINFO STREAM"], bulk("g"), bulk("h"), 1)},
		{name: "deliveries", key: stream, answers: entries, change: "XINFO STREAM", to: strings.Replace(entries["XINFO STREAM"], ":7\r\n:2\r\n", ":7\r\n:1\r\n", 1)},
		{name: "another form", key: stream, answers: entries, change: "XINFO STREAM", to: "+OK\r\n"},
		{name: "no XINFO", key: stream, answers: entries, change: "XINFO STREAM", to: "-ERR unknown command\r\n", unknown: "xinfo|stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startToy(t, func(words []string) string {
				asked := strings.Join(words[:min(2, len(words))], " ")
				if asked == c.change {
					return c.to
				}
				return c.answers[asked]
			})
			named, err := target.Connect(t.Context(), target.Access{Addr: s.Addr()})
			if err != nil {
				t.Fatal(err)
			}
			f := compareData(t.Context(), named, keyOf(t, c.key), target.AssumedRelease, c.encodings)
			switch {
			case (f == nil) != (c.change == ""):
				t.Errorf("got %+v", f)
			case f != nil && (!strings.HasPrefix(f.Step, "> "+c.change) || f.unknown != c.unknown):
				t.Errorf("step %q, unknown %q", f.Step, f.unknown)
			}
		})
	}
}

// bulk is a bulk string.
func bulk(text string) string {
	return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
}

// TestChecksOfOneFileStayTogether so that it is loaded once.
func TestChecksOfOneFileStayTogether(t *testing.T) {
	plan, err := Plan(&Selection{Groups: []string{"rdb", "list"}})
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, p := range pieces(plan) {
		if p.from != next || p.to <= p.from {
			t.Fatalf("piece %+v does not follow %d", p, next)
		}
		next = p.to
		for _, c := range plan[p.from:p.to] {
			if c.Data != plan[p.from].Data || c.Data == nil && p.to-p.from > 1 {
				t.Errorf("%s is in one piece with %s", c.ID, plan[p.from].ID)
			}
		}
		if p.to < len(plan) && plan[p.to].Data != nil && plan[p.to].Data == plan[p.from].Data {
			t.Errorf("%s is not in one piece with %s", plan[p.to].ID, plan[p.from].ID)
		}
	}
	if next != len(plan) {
		t.Errorf("%d of %d checks are in pieces", next, len(plan))
	}
}
