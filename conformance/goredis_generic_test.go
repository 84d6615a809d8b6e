package conformance_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// otherDB is a database next to the one that the suite works in.
func otherDB() int { return (server.DB + 1) % 16 }

var _ = eachProtocol("keys", Label("group:generic"), func(s *session) {
	two := []string{"SET k v EX 100", "RPUSH list a b c"}
	describeOutcomes("results", s,
		Entry("EXISTS counts repeated keys", command("exists"), outcome{given: two, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Exists(ctx, "k", "list", "k", "none")) }}),
		Entry("DEL", command("del"), outcome{given: two, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Del(ctx, "k", "none", "list", "k")) }}),
		Entry("UNLINK", command("unlink"), outcome{given: two, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Unlink(ctx, "list", "none")) }}),
		Entry("TOUCH", command("touch"), outcome{given: two, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Touch(ctx, "k", "list", "none")) }}),
		Entry("TYPE of a string", command("type"), outcome{given: two, want: "string",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Type(ctx, "k")) }}),
		Entry("TYPE of a list", command("type"), outcome{given: two, want: "list",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Type(ctx, "list")) }}),
		Entry("TYPE of nothing", command("type"), outcome{want: "none",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Type(ctx, "none")) }}),
		Entry("KEYS by a pattern", command("keys"), outcome{given: append([]string{"SET [x] 1"}, two...), want: []string{"[x]"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Keys(ctx, `\[[^a-w]*`)) }}),
		Entry("RANDOMKEY", command("randomkey"), outcome{given: []string{"SET k v"}, want: "k",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RandomKey(ctx)) }}),
		Entry("RANDOMKEY of nothing", command("randomkey"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RandomKey(ctx)) }}),
		Entry("DBSIZE", command("dbsize"), Label("group:server"), outcome{given: two, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.DBSize(ctx)) }}),
		Entry("RENAME takes the expiry along", command("rename", "ttl"), outcome{given: two, want: 100 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Rename(ctx, "k", "list").Err())
				return got(r.TTL(ctx, "list"))
			}}),
		Entry("RENAME of nothing", command("rename"), outcome{err: "ERR no such key",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Rename(ctx, "none", "k")) }}),
		Entry("RENAMENX onto a key", command("renamenx"), outcome{given: two, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RenameNX(ctx, "k", "list")) }}),
		Entry("RENAMENX", command("renamenx"), outcome{given: two, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RenameNX(ctx, "k", "new")) }}),
		Entry("COPY takes the expiry along", command("copy", "ttl"), outcome{given: two, want: 100 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Copy(ctx, "k", "new", server.DB, false).Err())
				return got(r.TTL(ctx, "new"))
			}}),
		Entry("COPY of a list is a list of its own", command("copy", "lpop", "lrange"), outcome{given: two, want: []string{"a", "b", "c"},
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Copy(ctx, "list", "new", server.DB, false).Err())
				must(r.LPop(ctx, "list").Err())
				return got(r.LRange(ctx, "new", 0, -1))
			}}),
		Entry("COPY onto a key", command("copy"), outcome{given: two, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Copy(ctx, "k", "list", server.DB, false)) }}),
		Entry("COPY REPLACE onto a key", command("copy"), outcome{given: two, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Copy(ctx, "k", "list", server.DB, true)) }}),
		Entry("COPY onto itself", command("copy"), outcome{given: two, err: "ERR source and destination objects are the same",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Copy(ctx, "k", "k", server.DB, true)) }}),
		Entry("MOVE to the same database", command("move"), outcome{given: two, err: "ERR source and destination objects are the same",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Move(ctx, "k", server.DB)) }}),
		Entry("MOVE to a database that is not there", command("move"), outcome{given: two, err: "ERR DB index is out of range",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Move(ctx, "k", 1<<20)) }}),
		Entry("OBJECT ENCODING of a number", command("object-encoding"), outcome{given: []string{"SET n 12"}, want: "int",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ObjectEncoding(ctx, "n")) }}),
		Entry("OBJECT ENCODING of a short string", command("object-encoding"), outcome{given: two, want: "embstr",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ObjectEncoding(ctx, "k")) }}),
		Entry("OBJECT REFCOUNT", command("object-refcount"), outcome{given: two, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ObjectRefCount(ctx, "k")) }}),
		Entry("OBJECT IDLETIME", command("object-idletime"), outcome{given: two, want: time.Duration(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ObjectIdleTime(ctx, "k")) }}),
		Entry("OBJECT ENCODING of nothing", command("object-encoding"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ObjectEncoding(ctx, "none")) }}),
	)

	Describe("SORT", command("sort"), func() {
		numbers := []string{"RPUSH list 3 1 10 2", "MSET w_1 30 w_2 20 w_3 10 w_10 40 name_1 one name_2 two name_3 three"}
		describeOutcomes("results", s,
			Entry("numbers", outcome{given: numbers, want: []string{"1", "2", "3", "10"},
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "list", &redis.Sort{})) }}),
			Entry("text, downwards", outcome{given: numbers, want: []string{"3", "2", "10", "1"},
				call: func(ctx ctxt, r *redis.Client) result {
					return got(r.Sort(ctx, "list", &redis.Sort{Alpha: true, Order: "DESC"}))
				}}),
			Entry("part of the result", outcome{given: numbers, want: []string{"2", "3"},
				call: func(ctx ctxt, r *redis.Client) result {
					return got(r.Sort(ctx, "list", &redis.Sort{Offset: 1, Count: 2}))
				}}),
			Entry("by weights", outcome{given: numbers, want: []string{"3", "2", "1", "10"},
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "list", &redis.Sort{By: "w_*"})) }}),
			Entry("not at all", outcome{given: numbers, want: []string{"3", "1", "10", "2"},
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "list", &redis.Sort{By: "nosort"})) }}),
			Entry("getting other keys, of which one is missing", outcome{given: numbers, want: []any{"1", "one", "2", "two", "3", "three", "10", nil},
				call: func(ctx ctxt, r *redis.Client) result {
					return got(r.SortInterfaces(ctx, "list", &redis.Sort{Get: []string{"#", "name_*"}}))
				}}),
			Entry("read only", command("sort_ro"), outcome{given: numbers, want: []string{"10", "3", "2", "1"},
				call: func(ctx ctxt, r *redis.Client) result { return got(r.SortRO(ctx, "list", &redis.Sort{Order: "DESC"})) }}),
			Entry("stored", outcome{given: numbers, want: []string{"1", "2", "3", "10"},
				call: after(func(ctx ctxt, r *redis.Client) error { return r.SortStore(ctx, "list", "new", &redis.Sort{}).Err() }, "new")}),
			Entry("of text as numbers", outcome{given: aList, err: "ERR One or more scores can't be converted into double",
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "list", &redis.Sort{})) }}),
			Entry("of a string", outcome{given: []string{"SET k v"}, err: wrongType,
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "k", &redis.Sort{})) }}),
			Entry("of nothing", outcome{want: []string{},
				call: func(ctx ctxt, r *redis.Client) result { return got(r.Sort(ctx, "none", &redis.Sort{})) }}),
		)
	})

	It("keeps databases apart", command("select", "move", "copy", "flushdb"), func(ctx SpecContext) {
		other := s.another(func(o *redis.Options) { o.DB = otherDB() })
		given(ctx, s.Client, "SET k here", "RPUSH list a b")
		must(other.Set(ctx, "k", "there", 0).Err())
		Expect(s.Get(ctx, "k").Val()).To(Equal("here"))
		Expect(s.Move(ctx, "k", otherDB()).Val()).To(BeFalse(), "the key is there already")
		Expect(s.Move(ctx, "list", otherDB()).Val()).To(BeTrue())
		Expect(s.Copy(ctx, "k", "new", otherDB(), false).Val()).To(BeEquivalentTo(1))
		Expect(other.LRange(ctx, "list", 0, -1).Val()).To(Equal([]string{"a", "b"}))
		Expect(other.Get(ctx, "new").Val()).To(Equal("here"))
		must(s.FlushDB(ctx).Err())
		Expect(s.DBSize(ctx).Val()).To(BeZero())
		Expect(other.DBSize(ctx).Val()).To(BeEquivalentTo(3))
	})

	It("swaps databases under connected clients", command("swapdb"), Label("group:server"), func(ctx SpecContext) {
		other := s.another(func(o *redis.Options) { o.DB = otherDB() })
		must(s.Set(ctx, "k", "here", 0).Err())
		waiter := s.another(func(o *redis.Options) { o.DB = otherDB() })
		p := async(func() result { return got(waiter.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		must(s.RPush(ctx, "list", "a").Err())
		conn := s.Conn()
		defer conn.Close()
		must(conn.SwapDB(ctx, server.DB, otherDB()).Err())
		Expect(other.Get(ctx, "k").Val()).To(Equal("here"))
		Expect(s.Get(ctx, "k").Err()).To(Equal(redis.Nil))
		Expect(p.await(ctx).value).To(Equal([]string{"list", "a"}))
	})

	DescribeTable("SCAN returns each key that is there all the time", command("scan"), Label("slow"),
		func(ctx SpecContext, mutate func(r redis.Pipeliner, step int)) {
			want := map[string]bool{}
			pipe := s.Pipeline()
			for i := range 1000 {
				key := fmt.Sprintf("stays:%d", i)
				want[key] = true
				pipe.Set(ctx, key, i, 0)
				pipe.Set(ctx, fmt.Sprintf("goes:%d", i), i, 0)
			}
			must(execute(ctx, pipe))
			seen := map[string]bool{}
			it := s.Scan(ctx, 0, "stays:*", 10).Iterator()
			for step := 0; it.Next(ctx); step++ {
				seen[it.Val()] = true
				change := s.Pipeline()
				mutate(change, step)
				must(execute(ctx, change))
			}
			must(it.Err())
			Expect(slices.Sorted(maps.Keys(seen))).To(Equal(slices.Sorted(maps.Keys(want))))
		},
		Entry("while nothing happens", func(redis.Pipeliner, int) {}),
		Entry("while others come", func(p redis.Pipeliner, step int) {
			for i := range 10 {
				p.Set(context.Background(), fmt.Sprintf("comes:%d:%d", step, i), "", 0)
			}
		}),
		Entry("while others go", func(p redis.Pipeliner, step int) { p.Del(context.Background(), fmt.Sprintf("goes:%d", step)) }),
		Entry("while others come and go", func(p redis.Pipeliner, step int) {
			for i := range 20 {
				p.Set(context.Background(), fmt.Sprintf("comes:%d:%d", step, i), "", 0)
				p.Del(context.Background(), fmt.Sprintf("comes:%d:%d", step-30, i), fmt.Sprintf("goes:%d", step))
			}
		}),
	)

	It("scans by type", command("scan"), func(ctx SpecContext) {
		for i := range 100 {
			given(ctx, s.Client, fmt.Sprintf("SET string:%d x", i), fmt.Sprintf("RPUSH list:%d x", i))
		}
		seen := map[string]bool{}
		it := s.ScanType(ctx, 0, "*:[0-4]*", 7, "list").Iterator()
		for it.Next(ctx) {
			Expect(it.Val()).To(HavePrefix("list:"))
			seen[it.Val()] = true
		}
		must(it.Err())
		Expect(seen).To(HaveLen(45), "0 to 4 and 10 to 49")
	})

	It("refuses a cursor that is no number", command("scan"), func(ctx SpecContext) {
		Expect(s.Do(ctx, "SCAN", "x").Err()).To(MatchError("ERR invalid cursor"))
		Expect(s.Scan(ctx, 0, "*", -1).Err()).To(Not(HaveOccurred()), "the library leaves out a count below 1")
		Expect(s.Do(ctx, "SCAN", 0, "COUNT", 0).Err()).To(MatchError("ERR syntax error"))
	})
})
