package conformance_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"

	"respect/conformance/target"
)

var _ = eachProtocol("configuration", Label("group:server"), func(s *session) {
	It("reads parameters by several patterns", command("config-get"), func(ctx SpecContext) {
		Expect(s.ConfigGet(ctx, "list-max-listpack-size").Val()).To(HaveKey("list-max-listpack-size"))
		m := s.ConfigGet(ctx, "LIST-*").Val()
		Expect(m).To(And(HaveKey("list-max-listpack-size"), HaveKey("list-compress-depth")))
		Expect(s.ConfigGet(ctx, "no-such-*").Val()).To(BeEmpty())
		several := redis.NewMapStringStringCmd(ctx, "CONFIG", "GET", "maxmemory", "time*", "maxmem*y")
		must(s.Process(ctx, several))
		Expect(several.Val()).To(And(HaveKey("maxmemory"), HaveKey("timeout")))
	})

	It("sets several parameters at once or none", command("config-set"), func(ctx SpecContext) {
		setConfig(ctx, s.Client, "timeout", "77")
		setConfig(ctx, s.Client, "hz", "11")
		must(s.Do(ctx, "CONFIG", "SET", "timeout", 88, "hz", 12).Err())
		Expect(s.ConfigGet(ctx, "timeout").Val()).To(HaveKeyWithValue("timeout", "88"))
		Expect(s.Do(ctx, "CONFIG", "SET", "timeout", 99, "hz", "x").Err()).To(MatchError(
			"ERR CONFIG SET failed (possibly related to argument 'hz') - argument couldn't be parsed into an integer"))
		Expect(s.ConfigGet(ctx, "timeout").Val()).To(HaveKeyWithValue("timeout", "88"))
		Expect(s.ConfigGet(ctx, "hz").Val()).To(HaveKeyWithValue("hz", "12"))
	})

	DescribeTable("refuses", command("config-set"), func(ctx SpecContext, parameter, value, want string) {
		Expect(s.ConfigSet(ctx, parameter, value).Err()).To(MatchError(want))
	},
		Entry("an unknown parameter", "no-such", "1", "ERR Unknown option or number of arguments for CONFIG SET - 'no-such'"),
		Entry("a parameter that only begins like one", "timeout-x", "1", "ERR Unknown option or number of arguments for CONFIG SET - 'timeout-x'"),
		Entry("an immutable parameter", "databases", "3",
			"ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"),
		Entry("neither yes nor no", "lazyfree-lazy-expire", "perhaps",
			"ERR CONFIG SET failed (possibly related to argument 'lazyfree-lazy-expire') - argument must be 'yes' or 'no'"),
	)

	It("follows a changed limit of lists", command("config-set", "object-encoding"), Label("since:7.2"), func(ctx SpecContext) {
		needs(7, 2, "lists of one listpack")
		setConfig(ctx, s.Client, "list-max-listpack-size", "4")
		must(s.RPush(ctx, "list", 1, 2, 3, 4).Err())
		Expect(s.ObjectEncoding(ctx, "list").Val()).To(Equal("listpack"))
		must(s.RPush(ctx, "list", 5).Err())
		Expect(s.ObjectEncoding(ctx, "list").Val()).To(Equal("quicklist"))
	})

	It("resets statistics", command("config-resetstat", "info"), func(ctx SpecContext) {
		for range 20 {
			s.Get(ctx, "none")
		}
		Expect(infoNumber(ctx, s.Client, "stats", "keyspace_misses")).To(BeNumerically(">=", 20))
		must(s.ConfigResetStat(ctx).Err())
		Expect(infoNumber(ctx, s.Client, "stats", "keyspace_misses")).To(BeZero())
	})
})

var _ = eachProtocol("what the server says", Label("group:server"), func(s *session) {
	It("INFO in sections", command("info"), func(ctx SpecContext) {
		must(s.Set(ctx, "k", "v", 0).Err())
		m := s.InfoMap(ctx).Val()
		for section, fields := range map[string][]string{
			"Server":      {"redis_version", "run_id", "tcp_port", "uptime_in_seconds", "process_id"},
			"Clients":     {"connected_clients", "blocked_clients", "maxclients"},
			"Memory":      {"used_memory", "used_memory_human", "maxmemory_policy"},
			"Persistence": {"loading", "rdb_changes_since_last_save"},
			"Stats":       {"total_commands_processed", "keyspace_hits", "expired_keys", "instantaneous_ops_per_sec"},
			"Replication": {"role", "connected_slaves", "master_repl_offset"},
			"CPU":         {"used_cpu_sys", "used_cpu_user"},
		} {
			for _, f := range fields {
				Expect(m[section]).To(HaveKey(f), "section %s", section)
			}
		}
		Expect(m["Keyspace"][fmt.Sprint("db", server.DB)]).To(MatchRegexp(`^keys=1,expires=0,avg_ttl=0`))
	})

	It("INFO of the sections asked for", command("info"), func(ctx SpecContext) {
		Expect(s.InfoMap(ctx, "clients", "cpu").Val()).To(And(HaveLen(2), HaveKey("Clients"), HaveKey("CPU")))
		Expect(s.Info(ctx, "no-such-section").Val()).To(BeEmpty())
	})

	It("counts what happens", command("info"), func(ctx SpecContext) {
		before := infoNumber(ctx, s.Client, "stats", "keyspace_hits")
		must(s.Set(ctx, "k", "v", 0).Err())
		must(s.Get(ctx, "k").Err())
		Expect(infoNumber(ctx, s.Client, "stats", "keyspace_hits")).To(Equal(before + 1))
	})

	It("COMMAND", command("command"), func(ctx SpecContext) {
		all := s.Command(ctx).Val()
		for name, want := range map[string]redis.CommandInfo{
			"get":   {Arity: 2, FirstKeyPos: 1, LastKeyPos: 1, StepCount: 1, ReadOnly: true, Flags: []string{"readonly", "fast"}},
			"mset":  {Arity: -3, FirstKeyPos: 1, LastKeyPos: -1, StepCount: 2, Flags: []string{"write", "denyoom"}},
			"blpop": {Arity: -3, FirstKeyPos: 1, LastKeyPos: -2, StepCount: 1, Flags: []string{"write", "blocking"}},
			"ping":  {Arity: -1, Flags: []string{"fast"}},
		} {
			Expect(all).To(HaveKey(name))
			c := all[name]
			Expect(c.Arity).To(Equal(want.Arity), name)
			Expect([]int8{c.FirstKeyPos, c.LastKeyPos, c.StepCount}).To(Equal([]int8{want.FirstKeyPos, want.LastKeyPos, want.StepCount}), name)
			Expect(c.ReadOnly).To(Equal(want.ReadOnly), name)
			for _, f := range want.Flags {
				Expect(c.Flags).To(ContainElement(f), name)
			}
		}
		Expect(s.Do(ctx, "COMMAND", "COUNT").Int()).To(Equal(len(all)))
		// COMMAND LIST names subcommands as well.
		names := slices.DeleteFunc(s.CommandList(ctx, nil).Val(), func(name string) bool { return strings.Contains(name, "|") })
		Expect(names).To(HaveLen(len(all)))
	})

	It("COMMAND LIST with filters", command("command-list"), func(ctx SpecContext) {
		Expect(s.CommandList(ctx, &redis.FilterBy{Pattern: "l?ush*"}).Val()).To(ConsistOf("lpush", "lpushx"))
		Expect(s.CommandList(ctx, &redis.FilterBy{ACLCat: "string"}).Val()).To(ContainElements("get", "lcs", "setrange"))
		Expect(s.CommandList(ctx, &redis.FilterBy{Module: "none"}).Val()).To(BeEmpty())
	})

	It("COMMAND GETKEYS", command("command-getkeys", "command-getkeysandflags"), func(ctx SpecContext) {
		Expect(s.CommandGetKeys(ctx, "MSET", "a", "b", "c", "d").Val()).To(Equal([]string{"a", "c"}))
		Expect(s.CommandGetKeys(ctx, "LMPOP", "2", "x", "y", "LEFT").Val()).To(Equal([]string{"x", "y"}))
		Expect(s.CommandGetKeys(ctx, "SORT", "x", "BY", "w_*", "STORE", "y").Val()).To(Equal([]string{"x", "y"}))
		Expect(s.CommandGetKeys(ctx, "PING", "x").Err()).To(MatchError("ERR The command has no key arguments"))
		Expect(s.CommandGetKeysAndFlags(ctx, "LMOVE", "a", "b", "LEFT", "LEFT").Val()).To(BeComparableTo([]redis.KeyFlags{
			{Key: "a", Flags: []string{"RW", "access", "delete"}},
			{Key: "b", Flags: []string{"RW", "insert"}},
		}))
	})

	It("TIME, ECHO, PING and LOLWUT", command("time", "echo", "ping", "lolwut"), func(ctx SpecContext) {
		first := s.Time(ctx).Val()
		Expect(s.Time(ctx).Val()).NotTo(BeTemporally("<", first))
		Expect(s.Echo(ctx, everyByte()).Val()).To(Equal(everyByte()))
		Expect(s.Ping(ctx).Val()).To(Equal("PONG"))
		Expect(s.Do(ctx, "PING", "hello").Text()).To(Equal("hello"))
		Expect(s.Do(ctx, "LOLWUT").Text()).NotTo(BeEmpty())
	})
})

var _ = eachProtocol("clients", Label("group:connection"), func(s *session) {
	It("names connections", command("client-setname", "client-getname", "client-list"), func(ctx SpecContext) {
		named := s.another(func(o *redis.Options) { o.ClientName, o.PoolSize = "worker-1", 1 })
		Expect(named.ClientGetName(ctx).Val()).To(Equal("worker-1"))
		Expect(s.ClientGetName(ctx).Val()).To(BeEmpty())
		mine := clientLine(ctx, s.Client, named.ClientID(ctx).Val())
		Expect(mine).To(HaveKeyWithValue("name", "worker-1"))
		Expect(mine).To(HaveKeyWithValue("resp", fmt.Sprint(s.proto)))
		Expect(mine).To(HaveKeyWithValue("db", fmt.Sprint(server.DB)))
		conn := s.Conn()
		defer conn.Close()
		Expect(conn.ClientSetName(ctx, "a b").Err()).To(MatchError("ERR Client names cannot contain spaces, newlines or special characters."))
	})

	It("tells about the own connection", command("client-info"), func(ctx SpecContext) {
		info, err := s.ClientInfo(ctx).Result()
		must(err)
		Expect(info.ID).To(Equal(s.ClientID(ctx).Val()))
		Expect(info.Resp).To(Equal(s.proto))
		Expect(info.User).To(Equal("default"))
		Expect(info.LastCmd).To(Equal("client|info"))
	})

	It("keeps the name of the library", command("client-setinfo"), Label("since:7.2"), func(ctx SpecContext) {
		needs(7, 2, "CLIENT SETINFO")
		Expect(clientLine(ctx, s.Client, s.ClientID(ctx).Val())).To(And(
			HaveKeyWithValue("lib-name", HavePrefix("go-redis")), HaveKeyWithValue("lib-ver", Not(BeEmpty()))))
	})

	It("kills by address and by filter", command("client-kill"), func(ctx SpecContext) {
		a, b := s.another(dialOnce()), s.another(dialOnce())
		idA, idB := a.ClientID(ctx).Val(), b.ClientID(ctx).Val()
		must(s.ClientKill(ctx, clientLine(ctx, s.Client, idA)["addr"]).Err())
		Expect(s.ClientKillByFilter(ctx, "ID", fmt.Sprint(idB)).Val()).To(BeEquivalentTo(1))
		Expect(s.ClientKillByFilter(ctx, "ID", fmt.Sprint(idB)).Val()).To(BeZero())
		Expect(s.ClientKill(ctx, "1.2.3.4:5").Err()).To(MatchError("ERR No such client"))
		Expect(clientLine(ctx, s.Client, idA)).To(BeNil())
	})

	It("unblocks waiters by timeout and by error", command("client-unblock"), func(ctx SpecContext) {
		for want, unblock := range map[string]func(ctx context.Context, id int64) *redis.IntCmd{
			nilText: s.ClientUnblock,
			"UNBLOCKED client unblocked via CLIENT UNBLOCK": s.ClientUnblockWithError,
		} {
			waiter := s.another(func(o *redis.Options) { o.PoolSize = 1 })
			id := waiter.ClientID(ctx).Val()
			p := async(func() result { return got(waiter.BLPop(ctx, 0, "list")) })
			awaitBlocked(ctx, s.Client, 1)
			Expect(unblock(ctx, id).Val()).To(BeEquivalentTo(1))
			Expect(p.await(ctx).err).To(MatchError(want))
			Expect(unblock(ctx, id).Val()).To(BeZero())
		}
	})

	It("pauses writes and lets reads pass", command("client-pause", "client-unpause"), func(ctx SpecContext) {
		must(s.Set(ctx, "k", "old", 0).Err())
		writer := s.another()
		pause(ctx, s.Client, "WRITE")
		p := async(func() result { return got(writer.Set(ctx, "k", "new", 0)) })
		Eventually(ctx, func() int64 { return infoNumber(ctx, s.Client, "clients", "blocked_clients") }).
			WithTimeout(patience).WithPolling(polling).Should(BeEquivalentTo(1), "a paused client counts as blocked")
		Expect(s.Get(ctx, "k").Val()).To(Equal("old"))
		must(s.ClientUnpause(ctx).Err())
		Expect(p.await(ctx).value).To(Equal("OK"))
		Expect(s.Get(ctx, "k").Val()).To(Equal("new"))
	})

	It("hides and keeps an expired key while writes are paused", command("client-pause"), func(ctx SpecContext) {
		must(s.Set(ctx, "k", "v", 0).Err())
		must(s.PExpire(ctx, "k", 20e6).Err())
		pause(ctx, s.Client, "WRITE")
		Eventually(ctx, func() error { return s.Get(ctx, "k").Err() }).
			WithTimeout(patience).WithPolling(polling).Should(Equal(redis.Nil))
		Expect(s.DBSize(ctx).Val()).To(BeEquivalentTo(1), "expiry is a write")
		must(s.ClientUnpause(ctx).Err())
		Eventually(ctx, func() int64 { return s.DBSize(ctx).Val() }).
			WithTimeout(patience).WithPolling(polling).Should(BeZero())
	})

	It("selects databases per connection", command("select"), func(ctx SpecContext) {
		conn := s.Conn()
		defer conn.Close()
		must(conn.Select(ctx, otherDB()).Err())
		must(conn.Set(ctx, "k", "there", 0).Err())
		Expect(s.Get(ctx, "k").Err()).To(Equal(redis.Nil))
		Expect(conn.Select(ctx, 1<<20).Err()).To(MatchError("ERR DB index is out of range"))
		Expect(conn.Get(ctx, "k").Val()).To(Equal("there"), "a refused SELECT changes nothing")
	})
})

var _ = Describe("go-redis: a server with a password", Ordered, Label("group:connection"), command("auth", "hello"), func() {
	var locked *target.Target
	BeforeAll(func(ctx SpecContext) {
		needsOwned("starts one with requirepass")
		var err error
		locked, err = start(ctx, target.Param{Name: "requirepass", Value: "sesame"})
		must(err)
		DeferCleanup(func() error { return locked.Close() })
	})

	for proto := 2; proto <= 3; proto++ {
		DescribeTable(fmt.Sprintf("RESP%d", proto), Label(fmt.Sprintf("proto:%d", proto)),
			func(ctx SpecContext, user, password, want string) {
				r := clientOf(locked, proto, func(o *redis.Options) { o.Username, o.Password, o.MaxRetries = user, password, -1 })
				err := r.Ping(ctx).Err()
				if want == "" {
					must(err)
					return
				}
				Expect(err).To(MatchError(ContainSubstring(want)))
			},
			Entry("the password", "", "sesame", ""),
			Entry("user and password", "default", "sesame", ""),
			Entry("another password", "", "x", "WRONGPASS invalid username-password pair or user is disabled."),
			Entry("another user", "nobody", "sesame", "WRONGPASS invalid username-password pair or user is disabled."),
			Entry("none", "", "", "NOAUTH Authentication required."),
		)
	}

	It("works in a database behind the password", func(ctx SpecContext) {
		r := clientOf(locked, 3, func(o *redis.Options) { o.DB = 5 })
		must(r.Set(ctx, "k", "v", 0).Err())
		Expect(clientLine(ctx, r, r.ClientID(ctx).Val())).To(HaveKeyWithValue("db", "5"))
	})

	It("changes the password at run time", command("config-set"), func(ctx SpecContext) {
		r := clientOf(locked, 3)
		must(r.ConfigSet(ctx, "requirepass", "other").Err())
		DeferCleanup(func(ctx SpecContext) { must(r.ConfigSet(ctx, "requirepass", "sesame").Err()) })
		must(r.Ping(ctx).Err())
		must(clientOf(locked, 3, func(o *redis.Options) { o.Password = "other" }).Ping(ctx).Err())
		Expect(clientOf(locked, 3).Ping(ctx).Err()).To(HaveOccurred())
	})
})

// clientLine returns the fields of one connection in CLIENT LIST, nil if it is
// not there.
func clientLine(ctx context.Context, r *redis.Client, id int64) map[string]string {
	GinkgoHelper()
	list, err := r.ClientList(ctx).Result()
	must(err)
	for line := range strings.Lines(list) {
		fields := map[string]string{}
		for _, word := range strings.Fields(line) {
			name, value, _ := strings.Cut(word, "=")
			fields[name] = value
		}
		if fields["id"] == strconv.FormatInt(id, 10) {
			return fields
		}
	}
	return nil
}
