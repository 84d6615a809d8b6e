package conformance_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"github.com/redis/go-redis/v9"
)

// after returns a call that changes something and then reads a whole list.
func after(change func(ctx ctxt, r *redis.Client) error, key string) func(ctx ctxt, r *redis.Client) result {
	return func(ctx ctxt, r *redis.Client) result {
		GinkgoHelper()
		must(change(ctx, r))
		return got(r.LRange(ctx, key, 0, -1))
	}
}

var _ = eachProtocol("lists", Label("group:list"), func(s *session) {
	describeOutcomes("reading", s,
		Entry("LRANGE", command("lrange"), outcome{given: aList, want: []string{"b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LRange(ctx, "list", 1, -1)) }}),
		Entry("LRANGE of nothing", command("lrange"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LRange(ctx, "none", 0, -1)) }}),
		Entry("LRANGE of a string", command("lrange"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LRange(ctx, "k", 0, -1)) }}),
		Entry("LLEN", command("llen"), outcome{given: aList, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LLen(ctx, "list")) }}),
		Entry("LINDEX from the end", command("lindex"), outcome{given: aList, want: "c",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LIndex(ctx, "list", -1)) }}),
		Entry("LINDEX beyond the end", command("lindex"), outcome{given: aList, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LIndex(ctx, "list", 3)) }}),
		Entry("LPOS", command("lpos"), outcome{given: aList, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPos(ctx, "list", "b", redis.LPosArgs{})) }}),
		Entry("LPOS of nothing", command("lpos"), outcome{given: aList, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPos(ctx, "list", "x", redis.LPosArgs{})) }}),
		Entry("LPOS RANK from the end", command("lpos"), outcome{given: []string{"RPUSH list a b a b"}, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPos(ctx, "list", "b", redis.LPosArgs{Rank: -2})) }}),
		Entry("LPOS COUNT MAXLEN", command("lpos"), outcome{given: []string{"RPUSH list a b a b a"}, want: []int64{0, 2},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.LPosCount(ctx, "list", "a", 0, redis.LPosArgs{MaxLen: 4}))
			}}),
	)

	describeOutcomes("pushing and popping", s,
		Entry("LPUSH", command("lpush"), outcome{given: aList, want: int64(5),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPush(ctx, "list", 1, 2.5)) }}),
		Entry("LPUSH puts the last word first", command("lpush", "lrange"), outcome{want: []string{"3", "2", "1"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LPush(ctx, "list", 1, 2, 3).Err() }, "list")}),
		Entry("RPUSH on a string", command("rpush"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RPush(ctx, "k", "x")) }}),
		Entry("LPUSHX on nothing", command("lpushx"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPushX(ctx, "list", "x")) }}),
		Entry("RPUSHX", command("rpushx"), outcome{given: aList, want: int64(4),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RPushX(ctx, "list", "x")) }}),
		Entry("LPOP", command("lpop"), outcome{given: aList, want: "a",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPop(ctx, "list")) }}),
		Entry("LPOP of nothing", command("lpop"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPop(ctx, "list")) }}),
		Entry("LPOP with a count", command("lpop"), outcome{given: aList, want: []string{"a", "b"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPopCount(ctx, "list", 2)) }}),
		Entry("LPOP of none", command("lpop"), outcome{given: aList, want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPopCount(ctx, "list", 0)) }}),
		Entry("LPOP with a count of nothing", command("lpop"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LPopCount(ctx, "list", 2)) }}),
		Entry("RPOP", command("rpop"), outcome{given: aList, want: "c",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RPop(ctx, "list")) }}),
		Entry("RPOP with a count beyond the length", command("rpop"), outcome{given: aList, want: []string{"c", "b", "a"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RPopCount(ctx, "list", 9)) }}),
		Entry("RPOP with a negative count", command("rpop"), outcome{given: aList, err: "ERR value is out of range, must be positive",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.RPopCount(ctx, "list", -1)) }}),
		Entry("LMPOP takes from the first list that is there", command("lmpop"), outcome{given: aList,
			want: popped{"list", []string{"c", "b"}},
			call: func(ctx ctxt, r *redis.Client) result { return gotPopped(r.LMPop(ctx, "right", 2, "none", "list")) }}),
		Entry("LMPOP of nothing", command("lmpop"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return gotPopped(r.LMPop(ctx, "left", 2, "none")) }}),
		Entry("LMPOP of a string", command("lmpop"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return gotPopped(r.LMPop(ctx, "left", 2, "k")) }}),
		Entry("popping the last element deletes the key", command("lpop", "exists"), outcome{given: []string{"RPUSH list a"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.LPop(ctx, "list").Err())
				return got(r.Exists(ctx, "list"))
			}}),
	)

	describeOutcomes("changing", s,
		Entry("LINSERT BEFORE", command("linsert", "lrange"), outcome{given: aList, want: []string{"a", "x", "b", "c"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LInsertBefore(ctx, "list", "b", "x").Err() }, "list")}),
		Entry("LINSERT AFTER", command("linsert", "lrange"), outcome{given: aList, want: []string{"a", "b", "x", "c"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LInsertAfter(ctx, "list", "b", "x").Err() }, "list")}),
		Entry("LINSERT without the pivot", command("linsert"), outcome{given: aList, want: int64(-1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LInsertAfter(ctx, "list", "z", "x")) }}),
		Entry("LINSERT without the list", command("linsert"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LInsertAfter(ctx, "list", "z", "x")) }}),
		Entry("LSET", command("lset", "lrange"), outcome{given: aList, want: []string{"a", "b", "x"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LSet(ctx, "list", -1, "x").Err() }, "list")}),
		Entry("LSET beyond the end", command("lset"), outcome{given: aList, err: "ERR index out of range",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LSet(ctx, "list", 3, "x")) }}),
		Entry("LSET of nothing", command("lset"), outcome{err: "ERR no such key",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LSet(ctx, "list", 0, "x")) }}),
		Entry("LREM from the end", command("lrem", "lrange"), outcome{given: []string{"RPUSH list a b a c a"}, want: []string{"a", "b", "c"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LRem(ctx, "list", -2, "a").Err() }, "list")}),
		Entry("LREM of all", command("lrem"), outcome{given: []string{"RPUSH list a b a c a"}, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LRem(ctx, "list", 0, "a")) }}),
		Entry("LTRIM", command("ltrim", "lrange"), outcome{given: aList, want: []string{"b"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LTrim(ctx, "list", 1, 1).Err() }, "list")}),
		Entry("LTRIM to nothing", command("ltrim", "exists"), outcome{given: aList, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.LTrim(ctx, "list", 5, 9).Err())
				return got(r.Exists(ctx, "list"))
			}}),
		Entry("LMOVE", command("lmove"), outcome{given: aList, want: "c",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LMove(ctx, "list", "other", "RIGHT", "LEFT")) }}),
		Entry("LMOVE onto itself turns the list", command("lmove", "lrange"), outcome{given: aList, want: []string{"b", "c", "a"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.LMove(ctx, "list", "list", "LEFT", "RIGHT").Err() }, "list")}),
		Entry("LMOVE of nothing", command("lmove"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LMove(ctx, "none", "other", "LEFT", "LEFT")) }}),
		Entry("LMOVE onto a string", command("lmove"), outcome{given: append([]string{"SET k v"}, aList...), err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LMove(ctx, "list", "k", "LEFT", "LEFT")) }}),
		Entry("RPOPLPUSH", command("rpoplpush", "lrange"), outcome{given: append([]string{"RPUSH other x"}, aList...), want: []string{"c", "x"},
			call: after(func(ctx ctxt, r *redis.Client) error { return r.Do(ctx, "RPOPLPUSH", "list", "other").Err() }, "other")}),
	)

	describeOutcomes("blocking commands that need not wait", s,
		Entry("BLPOP", command("blpop"), outcome{given: aList, want: []string{"list", "a"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BLPop(ctx, time.Second, "none", "list")) }}),
		Entry("BRPOP", command("brpop"), outcome{given: aList, want: []string{"list", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BRPop(ctx, time.Second, "none", "list")) }}),
		Entry("BLMOVE", command("blmove"), outcome{given: aList, want: "a",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.BLMove(ctx, "list", "other", "LEFT", "RIGHT", time.Second))
			}}),
		Entry("BRPOPLPUSH", command("brpoplpush"), outcome{given: aList, want: "c",
			call: func(ctx ctxt, r *redis.Client) result {
				return gotRaw(ctx, r, "BRPOPLPUSH", "list", "other", 1)
			}}),
		Entry("BLMPOP", command("blmpop"), outcome{given: aList, want: popped{"list", []string{"a", "b"}},
			call: func(ctx ctxt, r *redis.Client) result {
				return gotPopped(r.BLMPop(ctx, time.Second, "left", 2, "none", "list"))
			}}),
		Entry("BLPOP of a string", command("blpop"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BLPop(ctx, time.Second, "k")) }}),
	)

	It("holds elements of several MiB beside small ones", Label("slow"), command("rpush", "lrange", "linsert", "rpop"), func(ctx SpecContext) {
		big := pattern(3 << 20)
		must(s.RPush(ctx, "list", "a", big, everyByte(), "").Err())
		must(s.LInsertBefore(ctx, "list", big, big).Err())
		Expect(s.LRange(ctx, "list", 0, -1).Val()).To(HaveExactElements(
			Equal("a"), sameBytes(big), sameBytes(big), Equal(everyByte()), Equal("")))
		Expect(s.RPopCount(ctx, "list", 3).Val()[2] == big).To(BeTrue())
	})

	It("keeps the order of 20,000 elements", Label("slow"), command("rpush", "lindex", "lrange", "ltrim"), func(ctx SpecContext) {
		const n = 20_000
		var elements []any
		for i := range n {
			elements = append(elements, i*7919)
		}
		must(s.RPush(ctx, "list", elements...).Err())
		Expect(s.LLen(ctx, "list").Val()).To(BeEquivalentTo(n))
		Expect(s.LIndex(ctx, "list", 12345).Int()).To(Equal(12345 * 7919))
		must(s.LTrim(ctx, "list", 5000, -5001).Err())
		var numbers []int
		must(s.LRange(ctx, "list", 0, -1).ScanSlice(&numbers))
		Expect(numbers).To(HaveLen(10_000))
		for i, v := range numbers {
			if v != (i+5000)*7919 {
				Fail("element out of order")
			}
		}
	})
})

// sameBytes is Equal without printing values of megabytes on failure.
func sameBytes(want string) types.GomegaMatcher {
	return WithTransform(func(s string) bool { return s == want }, BeTrue())
}
