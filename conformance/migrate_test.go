package conformance_test

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// MIGRATE between the server under test and real ones, in both directions, and to
// targets that do not behave.
var _ = Describe("MIGRATE", Label("group:generic", "cmd:migrate"), func() {
	for _, flavour := range []string{target.Redis, target.Valkey} {
		It("moves all types to "+flavour, func(ctx SpecContext) {
			from := startForMigrate(ctx, releaseParams(flavour)...)
			movesAllTypes(ctx, from, startReal(ctx, flavour))
		})
		It("moves all types from "+flavour, func(ctx SpecContext) {
			movesAllTypes(ctx, startReal(ctx, flavour), startForMigrate(ctx))
		})
	}
	It("copies, replaces, and tells what the target says", func(ctx SpecContext) {
		repliesOfTarget(startForMigrate(ctx), startForMigrate(ctx))
	})
	It("authenticates itself", func(ctx SpecContext) {
		authenticates(startForMigrate(ctx), startForMigrate(ctx, target.Param{Name: "requirepass", Value: "secret"}))
	})
	// It waits for ten seconds, beside the others if it begins first.
	It("keeps connections for a while", Label("slow"), SpecPriority(1), func(ctx SpecContext) {
		keepsConnections(startForMigrate(ctx), startForMigrate(ctx))
	})
	It("tells a deletion", func(ctx SpecContext) {
		tellsDeletion(ctx, startForMigrate(ctx), startForMigrate(ctx))
	})
	for _, b := range badTargets {
		It("to a target that "+b.name, func(ctx SpecContext) { migratesToBad(ctx, &b) })
	}
})

// startForMigrate starts a server of the kind under test, of whose keys nobody else knows.
func startForMigrate(ctx SpecContext, params ...target.Param) *target.Target {
	GinkgoHelper()
	if !server.Owned {
		Skip("needs two servers that the suite can start")
	}
	t, err := start(ctx, params...)
	must(err)
	DeferCleanup(t.Close)
	return t
}

func startReal(ctx SpecContext, flavour string) *target.Target {
	GinkgoHelper()
	if _, err := target.Find(flavour); err != nil {
		Skip(err.Error())
	}
	t, err := target.Start(ctx, flavour)
	must(err)
	DeferCleanup(t.Close)
	return t
}

// releaseParams let this server write payloads that the real one of a flavour reads.
func releaseParams(flavour string) []target.Param {
	if server.Info.Flavour != target.Respect {
		return nil
	}
	for _, o := range exchangedWith {
		if o.flavour == flavour {
			return []target.Param{{Name: "compat", Value: o.compat}}
		}
	}
	return nil
}

// talk opens a connection to a server for the rest of the spec.
func talk(t *target.Target) *dialogue {
	GinkgoHelper()
	c, err := t.Dial(GinkgoT().Context())
	must(err)
	DeferCleanup(c.Close)
	must(c.SetDeadline(time.Now().Add(20 * time.Second)))
	d := &dialogue{c.Write, resp.NewDecoder(c)}
	for _, r := range t.Greeting(0) {
		_, err := c.Write(r)
		must(err)
		_, err = d.dec.Decode()
		must(err)
	}
	return d
}

// expects asks and compares the reply, written as in transcripts but on one line.
func (d *dialogue) expects(want string, words ...string) {
	GinkgoHelper()
	Expect(lineOf(d.ask(words...))).To(Equal(want), "%q", words)
}

func lineOf(v resp.Value) string { return string(v.Type) + string(v.Text) }

// migrate returns a request to move keys to a server.
func migrate(to string, db int, options string, keys ...string) []string {
	GinkgoHelper()
	host, port, err := net.SplitHostPort(to)
	must(err)
	words := []string{"MIGRATE", host, port, "", strconv.Itoa(db), "2000"}
	words = append(words, strings.Fields(options)...)
	return append(append(words, "KEYS"), keys...)
}

// fill makes keys of all types, small and big, and returns their names.
func fill(d *dialogue) (keys []string) {
	GinkgoHelper()
	add := func(key string, words ...string) {
		GinkgoHelper()
		request := slices.Insert(words, 1, key)
		Expect(d.ask(request...).Type).NotTo(Equal(byte(resp.Error)), "%q", request)
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	add("empty string", "SET", "")
	add("number", "SET", "12345")
	add("binary\x00\r\n", "SET", "\xff\x00\r\n")
	add("long", "SET", strings.Repeat("long ", 50_000))
	for size, n := range map[string]int{"small": 5, "big": 2000} {
		for i := range n {
			e := fmt.Sprintf("element %d", i)
			add(size+" list", "RPUSH", e)
			add(size+" intset", "SADD", strconv.Itoa(i*i))
			add(size+" set", "SADD", e)
			add(size+" hash", "HSET", e, strconv.Itoa(i))
			add(size+" zset", "ZADD", strconv.FormatFloat(float64(i)/3, 'g', -1, 64), e)
			add(size+" stream", "XADD", fmt.Sprintf("%d-1", i+1), "field", e)
		}
	}
	for _, words := range [][]string{
		{"XGROUP", "CREATE", "small stream", "group", "0"},
		{"XREADGROUP", "GROUP", "group", "consumer", "COUNT", "2", "STREAMS", "small stream", ">"},
		{"PEXPIRE", "small hash", "100000000"},
		{"PEXPIRE", "number", "100000000"},
	} {
		Expect(d.ask(words...).Type).NotTo(Equal(byte(resp.Error)), "%q", words)
	}
	return keys
}

// movesAllTypes moves keys of all types to database 3 of another server.
func movesAllTypes(ctx SpecContext, from, to *target.Target) {
	if to.Info.Release.Less(from.Info.Release) {
		Skip(fmt.Sprintf("%s does not read what %s writes", to.Info, from.Info))
	}
	d := talk(from)
	keys := fill(d)
	before := readDataSet(from, []int{0})
	Expect(before[0]).To(HaveLen(len(keys)))
	d.expects("+OK", migrate(to.Addr, 3, "", append(keys, "no such key")...)...)
	d.expects(":0", "DBSIZE")
	d.expects("+NOKEY", migrate(to.Addr, 3, "", keys...)...)
	after := dataSet{0: readDataSet(to, []int{3})[3]}
	for _, key := range []string{"small hash", "number"} {
		old, moved := before[0][key], after[0][key]
		Expect(moved.ExpireAtMs).To(BeNumerically("~", old.ExpireAtMs, 5000), "deadline of %q", key)
		moved.ExpireAtMs = old.ExpireAtMs
		after[0][key] = moved
	}
	if before72 := (target.Release{Major: 7, Minor: 2}); from.Info.Release.Less(before72) || to.Info.Release.Less(before72) {
		before.asBefore72()
		after.asBefore72()
	}
	diffStates(before, after)
}

const targetSays = "-ERR Target instance replied with error: "

func repliesOfTarget(from, to *target.Target) {
	d, there := talk(from), talk(to)
	setAll := func(words ...string) {
		GinkgoHelper()
		d.expects("+OK", "FLUSHALL")
		d.expects("+OK", append([]string{"MSET"}, words...)...)
	}
	setAll("a", "1", "b", "2", "c", "3")
	d.expects("+OK", migrate(to.Addr, 0, "COPY", "a", "b")...)
	d.expects(":3", "DBSIZE")
	there.expects("$2", "GET", "b")

	By("keys that are there")
	setAll("a", "4", "b", "5", "c", "6")
	d.expects(targetSays+"BUSYKEY Target key name already exists.", migrate(to.Addr, 0, "", "a", "c", "b")...)
	d.expects(":2", "EXISTS", "a", "b")
	d.expects(":0", "EXISTS", "c") // which has arrived
	there.expects("$6", "GET", "c")
	there.expects("$1", "GET", "a")
	d.expects("+OK", migrate(to.Addr, 0, "replace", "a", "b")...)
	there.expects("$4", "GET", "a")
	d.expects(":0", "DBSIZE")

	By("the same key twice")
	setAll("x", "1")
	d.expects(targetSays+"BUSYKEY Target key name already exists.", migrate(to.Addr, 0, "", "x", "x")...)
	d.expects(":0", "DBSIZE")
	setAll("x", "2")
	d.expects("+OK", migrate(to.Addr, 0, "REPLACE", "x", "x")...)
	there.expects("$2", "GET", "x")

	By("a database that is not there")
	setAll("a", "7")
	d.expects(targetSays+"ERR DB index is out of range", migrate(to.Addr, 99, "REPLACE", "a")...)
	d.expects(":1", "DBSIZE")
	d.expects("+OK", migrate(to.Addr, -1, "COPY REPLACE", "a")...) // the one that is selected
	there.expects("$7", "GET", "a")
	d.expects("+OK", migrate(to.Addr, 1, "REPLACE", "a")...)
	d.expects(":0", "DBSIZE")
}

func authenticates(from, to *target.Target) {
	d := talk(from)
	d.expects("+OK", "SET", "k", "v")
	d.expects(targetSays+"NOAUTH Authentication required.", migrate(to.Addr, 0, "", "k")...)
	d.expects(targetSays+"WRONGPASS invalid username-password pair or user is disabled.", migrate(to.Addr, 0, "AUTH wrong", "k")...)
	d.expects(targetSays+"WRONGPASS invalid username-password pair or user is disabled.", migrate(to.Addr, 0, "AUTH2 default wrong", "k")...)
	d.expects("$v", "GET", "k")
	d.expects("+OK", migrate(to.Addr, 0, "AUTH secret COPY", "k")...)
	d.expects("+OK", migrate(to.Addr, 0, "COPY REPLACE", "k")...) // the connection knows
	d.expects("+OK", migrate(to.Addr, 0, "AUTH2 default secret REPLACE", "k")...)
	d.expects(":0", "DBSIZE")
	talk(to).expects("$v", "GET", "k")
}

// connectionsOf returns how many connections a server has had.
func connectionsOf(d *dialogue) string {
	GinkgoHelper()
	return string(regexp.MustCompile(`total_connections_received:\d+`).Find(d.ask("INFO", "stats").Text))
}

func keepsConnections(from, to *target.Target) {
	d, there := talk(from), talk(to)
	cached := func() string {
		GinkgoHelper()
		return string(regexp.MustCompile(`migrate_cached_sockets:\d+`).Find(d.ask("INFO", "stats").Text))
	}
	Expect(cached()).To(Equal("migrate_cached_sockets:0"))
	d.expects("+OK", "SET", "k", "v")
	d.expects("+OK", migrate(to.Addr, 0, "COPY", "k")...)
	Expect(cached()).To(Equal("migrate_cached_sockets:1"))
	before := connectionsOf(there)
	d.expects("+OK", migrate(to.Addr, 2, "COPY", "k")...)
	d.expects("+OK", migrate(to.Addr, 2, "COPY REPLACE", "k")...)
	there.expects(":1", "DBSIZE")
	there.expects("+OK", "SELECT", "2")
	there.expects("$v", "GET", "k")
	Expect(connectionsOf(there)).To(Equal(before), "connections")

	By("a connection that has been closed is replaced")
	there.expects(":1", "CLIENT", "KILL", "SKIPME", "yes", "TYPE", "normal")
	d.expects("+OK", migrate(to.Addr, 5, "", "k")...)
	there.expects("+OK", "SELECT", "5")
	there.expects("$v", "GET", "k")
	Expect(connectionsOf(there)).NotTo(Equal(before), "connections")
	Expect(cached()).To(Equal("migrate_cached_sockets:1"))

	By("a connection that is not used is closed")
	Eventually(cached).WithTimeout(15 * time.Second).WithPolling(200 * time.Millisecond).Should(Equal("migrate_cached_sockets:0"))
}

func tellsDeletion(ctx SpecContext, from, to *target.Target) {
	d, listener := talk(from), talk(from)
	d.expects("+OK", "CONFIG", "SET", "notify-keyspace-events", "EA")
	Expect(listener.ask("PSUBSCRIBE", "__keyevent@0__:*").Elems).To(HaveLen(3))
	d.expects("+OK", "MSET", "a", "1", "b", "2")
	d.expects("+OK", migrate(to.Addr, 0, "COPY", "a", "b")...)
	d.expects("+OK", migrate(to.Addr, 0, "REPLACE", "a", "b")...)
	for _, want := range []string{"set a", "set b", "del a", "del b"} {
		v, err := listener.dec.Decode()
		must(err)
		event, _ := strings.CutPrefix(string(v.Elems[2].Text), "__keyevent@0__:")
		Expect(event + " " + string(v.Elems[3].Text)).To(Equal(want))
	}
}

// A badTarget is a server that does not behave.
type badTarget struct {
	name  string
	serve func(c net.Conn)
	want  string   // the reply to MIGRATE of the keys a, b and c
	gone  []string // which of them have gone then
}

var badTargets = []badTarget{
	{"says nothing", func(c net.Conn) { readAll(c) }, "-IOERR error or timeout reading to target instance", nil},
	{"hangs up", func(c net.Conn) { c.Close() }, "-IOERR error or timeout reading to target instance", nil},
	{"says nothing but line ends", says("\n\n\n\n\n"), "-IOERR error or timeout reading to target instance", nil},
	{"stops after the first key", says("+OK\r\n+OK\r\n"), "-IOERR error or timeout reading to target instance", []string{"a"}},
	{"refuses the second key", says("+OK\r\n+OK\r\n-NO way\r\n+OK\r\n"), targetSays + "NO way", []string{"a", "c"}},
	{"refuses the database", says("-NO database\r\n+OK\r\n-NO way\r\n+OK\r\n"), targetSays + "NO database", nil},
	{"stops after an error", says("+OK\r\n-NO way\r\n"), targetSays + "NO way", nil},
	{"ends lines with line feeds", says("+OK\n+OK\n+OK\n+OK\n"), "+OK", []string{"a", "b", "c"}},
	{"speaks without end", endless("+"), "+OK", []string{"a", "b", "c"}},
	{"speaks of errors without end", endless("-"), targetSays + strings.Repeat("-", 1022), nil},
	{"breaks off a line", says("+OK\r\n+OK"), "-IOERR error or timeout reading to target instance", nil},
}

func readAll(c net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

func says(text string) func(c net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Write([]byte(text))
		readAll(c)
	}
}

func endless(text string) func(c net.Conn) {
	chunk := []byte(strings.Repeat(text, 4096))
	return func(c net.Conn) {
		go readAll(c)
		for {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	}
}

func migratesToBad(ctx SpecContext, b *badTarget) {
	if !server.Owned {
		Skip("needs a server that reaches the suite")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	DeferCleanup(l.Close)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b.serve(c)
			}()
		}
	}()
	d := talk(startForMigrate(ctx))
	d.expects("+OK", "MSET", "a", "1", "b", "2", "c", "3")
	request := migrate(l.Addr().String(), 0, "", "a", "b", "c")
	request[5] = "300"
	began := time.Now()
	d.expects(b.want, request...)
	Expect(time.Since(began)).To(BeNumerically("<", 3*time.Second))
	for _, key := range []string{"a", "b", "c"} {
		there := ":1"
		if slices.Contains(b.gone, key) {
			there = ":0"
		}
		d.expects(there, "EXISTS", key)
	}
}
