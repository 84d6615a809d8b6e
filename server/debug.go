package server

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"time"

	"respect/keyspace"
	"respect/keyspace/glob"
	"respect/keyspace/quicklist"
	"respect/rdb"
	"respect/server/config"
)

// DEBUG: what test suites use to look inside and to provoke. It is off unless
// enable-debug-command allows it.

const errDebugDenied replyError = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."

// allowProtected tells whether a client may use a command that is off by
// default.
func (c *client) allowProtected() error {
	switch c.srv.cfg.EnableDebugCommand {
	case "yes":
		return nil
	case "local":
		if c.isLocal() {
			return nil
		}
	}
	return errDebugDenied
}

func (c *client) isLocal() bool {
	return c.conn.Unix() || isLoopback(c.conn.RemoteAddr())
}

// A debugSubcommand is a subcommand of DEBUG with the number of arguments that it
// takes. DEBUG is no container in the command table: its subcommands are
// nobody's interface.
type debugSubcommand struct {
	name      string
	low, high int
	usage     string
	summary   string
	run       handler
}

var debugSubcommands []debugSubcommand

func init() { // debugHelp lists the others
	debugSubcommands = []debugSubcommand{
		{"AOF-FLUSH-SLEEP", 1, 1, "<microsec>", "Accepted without effect.", debugWithoutEffect},
		{"CHANGE-REPL-ID", 0, 0, "", "Give the data set a new replication ID.", debugChangeReplID},
		{"CLIENT-EVICTION", 0, 0, "", "Tell how many clients take how much memory.", debugClientEviction},
		{"CLUSTERLINK", 3, 3, "KILL <to|from|all> <node-id>", "Refused: there is no cluster.", debugClusterlink},
		{"CONFIG-REWRITE-FORCE-ALL", 0, 0, "", "Write every parameter into the configuration file, those with their default too.", debugConfigRewriteAll},
		{"DICT-RESIZING", 1, 1, "<0|1>", "Accepted without effect: tables grow one bucket at a time.", debugWithoutEffect},
		{"DIGEST", 0, 0, "", "Tell a number that stands for the whole data set.", debugDigest},
		{"DIGEST-VALUE", 0, math.MaxInt, "<key> [<key> ...]", "Tell numbers that stand for the values of keys.", debugDigestValue},
		{"DROP-CLUSTER-PACKET-FILTER", 1, 1, "<packet-type>", "Accepted without effect: there is no cluster.", debugWithoutEffect},
		{"ERROR", 1, 1, "<string>", "Reply with an error.", debugError},
		{"HELP", 0, 0, "", "List the subcommands.", debugHelp},
		{"HTSTATS", 1, math.MaxInt, "<dbid> [full]", "Describe the hash table of a database.", debugHtstats},
		{"HTSTATS-KEY", 1, math.MaxInt, "<key> [full]", "Describe the hash table of a value.", debugHtstatsKey},
		{"LISTPACK", 1, 1, "<key>", "Write the elements of a listpack to the log.", debugListpack},
		{"LOADAOF", 0, math.MaxInt, "", "Load the append only file in place of the data set.", debugLoadAOF},
		{"LOG", 1, 1, "<message>", "Write a line to the log.", debugLog},
		{"OBJECT", 1, 2, "<key> [fast]", "Describe a value and how it is stored.", debugObject},
		{"PAUSE-CRON", 1, 1, "<0|1>", "Stop the regular chores, or let them go on.", debugPauseCron},
		{"POPULATE", 1, 3, "<count> [<prefix>] [<size>]", "Create string keys prefix:N.", debugPopulate},
		{"PROTOCOL", 1, 1, "<type>", "Reply with an example of a RESP type.", debugProtocol},
		{"QUICKLIST", 1, 2, "<key> [<0|1>]", "Write the nodes of a list to the log, with 1 also the elements.", debugQuicklist},
		{"QUICKLIST-PACKED-THRESHOLD", 1, 1, "<size>", "Give elements from this size on nodes of their own; 0 for the default.", debugPackedThreshold},
		{"RELOAD", 0, math.MaxInt, "[option ...]", "Save the data set and load it; MERGE, NOFLUSH, NOSAVE leave parts of that out.", debugReload},
		{"REPLICATE", 1, math.MaxInt, "<string>", "Tell replicas a command.", debugWithoutEffect},
		{"REPLYBUFFER", 2, 2, "PEAK-RESET-TIME <NEVER|RESET|time> | RESIZING <0|1>", "Accepted without effect: reply buffers are not kept.", debugReplybuffer},
		{"SDSLEN", 1, 1, "<key>", "Tell the lengths of a key and of its value.", debugSdslen},
		{"SET-ACTIVE-EXPIRE", 1, 1, "<0|1>", "Switch the deletion of expired keys that nobody looks at.", debugSetActiveExpire},
		{"SET-SKIP-CHECKSUM-VALIDATION", 1, 1, "<0|1>", "Load files and payloads although their checksum is wrong.", debugSkipChecksum},
		{"SLEEP", 1, 1, "<seconds>", "Hold the server up, with fraction.", debugSleep},
		{"STRINGMATCH-TEST", 0, 0, "", "Match random patterns.", debugStringmatchTest},
		{"STRUCTSIZE", 0, 0, "", "Tell the sizes of structures.", debugStructsize},
	}
}

// debugCommand carries out a subcommand.
//
//	DEBUG subcommand [argument ...]
func debugCommand(c *client, a *args) error {
	name := a.next()
	for i := range debugSubcommands {
		d := &debugSubcommands[i]
		if equalFold(name, d.name) && a.left() >= d.low && a.left() <= d.high {
			return d.run(c, a)
		}
	}
	return errSubcommandArgs("debug", name)
}

func debugHelp(c *client, a *args) error {
	c.out.Array(1 + 2*len(debugSubcommands))
	c.out.Status("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for i := range debugSubcommands {
		d := &debugSubcommands[i]
		c.out.Status(strings.TrimSpace(d.name + " " + d.usage))
		c.out.Status("    " + d.summary)
	}
	return nil
}

func debugSleep(c *client, a *args) error {
	seconds, err := strconv.ParseFloat(string(a.next()), 64)
	if err == nil && seconds > 0 {
		time.Sleep(time.Duration(seconds * float64(time.Second)))
	}
	c.out.OK()
	return nil
}

func debugError(c *client, a *args) error {
	c.out.Error(string(a.next()))
	return nil
}

func debugLog(c *client, a *args) error {
	c.srv.log.warn("DEBUG LOG: %s", a.next())
	c.out.OK()
	return nil
}

func debugChangeReplID(c *client, a *args) error {
	c.srv.log.warn("Changing replication IDs after receiving change-repl-id")
	c.srv.replID = randomHex(40)
	c.out.OK()
	return nil
}

func debugSetActiveExpire(c *client, a *args) error {
	n, _ := strconv.Atoi(string(a.next()))
	c.srv.activeExpire = n != 0
	c.srv.timer.arm(c.srv.nowMs)
	c.out.OK()
	return nil
}

// debugObject describes a value. Of what the reference prints, the address of
// the object and the size of its serialised form are not told.
func debugObject(c *client, a *args) error {
	o := c.db.Lookup(a.next(), keyspace.NoTouch|keyspace.NoStats)
	if o == nil {
		return errNoSuchKey
	}
	ks := c.srv.ks
	size := fmt.Sprintf(" serializedlength:%d", o.Size())
	if a.option("FAST") {
		size = ""
	}
	text := fmt.Sprintf("Value at:%p refcount:1 encoding:%s%s lru:%d lru_seconds_idle:%d",
		o, o.Encoding(), size, ks.LRUClockOf(o), ks.IdleSeconds(o))
	if ks.Settings.LFU {
		text += fmt.Sprintf(" lfu_freq:%d", ks.Frequency(o))
	}
	if o.Type() == keyspace.TypeList {
		text += c.describeNodes(o.List())
	}
	c.out.Status(text)
	return nil
}

// describeNodes tells how a list is cut into nodes.
func (c *client) describeNodes(l *keyspace.List) string {
	if l.Encoding() != "quicklist" {
		return ""
	}
	nodes, size := 0, 0
	l.EachNode(func(n quicklist.Node) bool {
		nodes++
		size += n.Size
		return true
	})
	limits := c.listLimits()
	return fmt.Sprintf(" ql_nodes:%d ql_avg_node:%.2f ql_listpack_max:%d ql_compressed:%d ql_uncompressed_size:%d",
		nodes, float64(l.Len())/float64(nodes), limits.MaxListpackSize, btoi(limits.CompressDepth > 0), size)
}

// maxPopulate bounds the size in bytes of a value made by DEBUG POPULATE.
const maxPopulate = 512 << 20

func debugPopulate(c *client, a *args) error {
	if c.srv.loading != nil {
		return errLoading
	}
	count, ok := keyspace.ParseInt(a.next())
	if !ok || count < 0 {
		return errNotPositive
	}
	prefix, size := "key", int64(0)
	if a.more() {
		prefix = string(a.next())
	}
	if a.more() {
		if size, ok = keyspace.ParseInt(a.next()); !ok || size < 0 || size > maxPopulate {
			return errNotPositive
		}
	}
	for i := range count {
		n := strconv.FormatInt(i, 10)
		key := []byte(prefix + ":" + n)
		if c.db.Lookup(key, keyspace.NoTouch|keyspace.NoStats) != nil {
			continue
		}
		value := []byte("value:" + n)
		if size > 0 {
			value = append(value, make([]byte, max(0, int(size)-len(value)))...)[:size]
		}
		c.db.SetText(key, value, false)
		c.srv.touch(c, c.db, key) // it counts neither as a change nor as an event
	}
	c.out.OK()
	return nil
}

const errPackedThreshold replyError = "ERR argument must be a memory value bigger than 1 and smaller than 4gb"

func debugPackedThreshold(c *client, a *args) error {
	n, ok := config.ParseMemory(string(a.next()))
	if !ok || n >= 4<<30 {
		return errPackedThreshold
	}
	c.srv.ks.Settings.List.PlainFrom = int(n)
	c.out.OK()
	return nil
}

const errReloadOption replyError = "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."

const errReload replyError = "ERR Error trying to load the RDB dump, check server logs."

// debugReload saves the data set, empties the databases, and loads what it has saved.
// Deviation: if there are keys that the file has, too, and MERGE is not given, the
// reference's process crashes; here the request gets the error.
func debugReload(c *client, a *args) error {
	save, flush, merge := true, true, false
	for a.more() {
		switch {
		case a.option("MERGE"):
			merge = true
		case a.option("NOFLUSH"):
			flush = false
		case a.option("NOSAVE"):
			save = false
		default:
			return errReloadOption
		}
	}
	s := c.srv
	if s.loading != nil {
		return errLoading
	}
	if save && s.save() != nil {
		return errSaveFailed
	}
	if flush {
		s.emptyAll()
	}
	err := s.loadFile(rdb.LoadOptions{Replace: merge, SkipChecksum: s.skipChecksum})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.logLoadError(err)
	}
	if err != nil {
		return errReload
	}
	s.log.notice("DB reloaded by DEBUG RELOAD")
	c.out.OK()
	return nil
}

const errRESP2 replyError = "ERR RESP2 is not supported by this command"

const errDebugProtocol replyError = "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"

// debugProtocol replies with an example of each RESP type; the values are the
// reference's, which client libraries test against.
func debugProtocol(c *client, a *args) error {
	w := &c.out
	three := func() {
		for i := range 3 {
			w.Int(int64(i))
		}
	}
	pairs := func() {
		for i := range 3 {
			w.Int(int64(i))
			w.Bool(i == 1)
		}
	}
	switch strings.ToLower(string(a.next())) {
	case "string":
		w.BulkString("Hello World")
	case "integer":
		w.Int(12345)
	case "double":
		w.Double(3.141)
	case "null":
		w.Null()
	case "array":
		w.Array(3)
		three()
	case "set":
		w.Set(3)
		three()
	case "map":
		w.Map(3)
		pairs()
	case "attrib":
		if w.Attribute(1) {
			w.BulkString("key-popularity")
			w.Array(2)
			w.BulkString("key:123")
			w.Int(90)
		}
		w.BulkString("Some real reply following the attribute")
	case "push":
		if w.Proto < 3 {
			return errRESP2
		}
		w.BulkString("Some real reply following the push reply")
		w.Push(2)
		w.BulkString("server-cpu-usage")
		w.Int(42)
	case "verbatim":
		w.Verbatim("txt", "This is a verbatim\nstring")
	case "bignum":
		w.BigNumber("1234567999999999999999999999999999999")
	case "true":
		w.Bool(true)
	case "false":
		w.Bool(false)
	default:
		return errDebugProtocol
	}
	return nil
}

// stringmatchTests is how many random patterns DEBUG STRINGMATCH-TEST tries.
const stringmatchTests = 100_000

func debugStringmatchTest(c *client, a *args) error {
	var pattern, text [32]byte
	r := c.srv.ks.Rand()
	for range stringmatchTests {
		p, t := pattern[:r.IntN(len(pattern))], text[:r.IntN(len(text))]
		for i := range p {
			p[i] = byte(r.IntN(128))
		}
		for i := range t {
			t[i] = byte(r.IntN(128))
		}
		glob.Match(p, t)
	}
	c.out.Status("Apparently Redis did not crash: test passed")
	return nil
}
