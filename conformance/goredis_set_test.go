package conformance_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var (
	aSet    = []string{"SADD set a b c"}
	twoSets = []string{"SADD set a b c", "SADD other b c d"}
)

// sortedResult takes a list of strings whose order means nothing.
func sortedResult(c *redis.StringSliceCmd) result {
	v, err := c.Result()
	slices.Sort(v)
	return result{v, err}
}

// thenMembers returns a call that changes something and then reads a whole set.
func thenMembers(change func(ctx ctxt, r *redis.Client) error, key string) func(ctx ctxt, r *redis.Client) result {
	return func(ctx ctxt, r *redis.Client) result {
		GinkgoHelper()
		must(change(ctx, r))
		return sortedResult(r.SMembers(ctx, key))
	}
}

var _ = eachProtocol("sets", Label("group:set"), func(s *session) {
	describeOutcomes("members", s,
		Entry("SADD", command("sadd"), outcome{given: aSet, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SAdd(ctx, "set", "a", "x", 1, "x")) }}),
		Entry("SADD to a string", command("sadd"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SAdd(ctx, "k", "x")) }}),
		Entry("SREM", command("srem", "smembers"), outcome{given: aSet, want: []string{"b"},
			call: thenMembers(func(ctx ctxt, r *redis.Client) error { return r.SRem(ctx, "set", "a", "c", "z").Err() }, "set")}),
		Entry("SREM of the last member deletes the key", command("srem", "exists"), outcome{given: []string{"SADD set a"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SRem(ctx, "set", "a").Err())
				return got(r.Exists(ctx, "set"))
			}}),
		Entry("SCARD", command("scard"), outcome{given: aSet, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SCard(ctx, "set")) }}),
		Entry("SCARD of nothing", command("scard"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SCard(ctx, "none")) }}),
		Entry("SISMEMBER", command("sismember"), outcome{given: aSet, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SIsMember(ctx, "set", "a")) }}),
		Entry("SISMEMBER of a stranger", command("sismember"), outcome{given: aSet, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SIsMember(ctx, "set", "z")) }}),
		Entry("SMISMEMBER", command("smismember"), outcome{given: aSet, want: []bool{true, false, true},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMIsMember(ctx, "set", "c", "z", "a")) }}),
		Entry("SMISMEMBER of nothing", command("smismember"), outcome{want: []bool{false, false},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMIsMember(ctx, "none", "a", "b")) }}),
		Entry("SMEMBERS of integers, in order", command("smembers"), outcome{given: []string{"SADD set 10 9 -8"}, want: []string{"-8", "9", "10"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMembers(ctx, "set")) }}),
		Entry("SMEMBERS of nothing", command("smembers"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMembers(ctx, "none")) }}),
		Entry("SMEMBERS as a map", command("smembers"), outcome{given: aSet, want: map[string]struct{}{"a": {}, "b": {}, "c": {}},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMembersMap(ctx, "set")) }}),
		Entry("SMEMBERS of a list", command("smembers"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMembers(ctx, "list")) }}),
		Entry("SMOVE", command("smove", "smembers"), outcome{given: aSet, want: []string{"b"},
			call: thenMembers(func(ctx ctxt, r *redis.Client) error { return r.SMove(ctx, "set", "to", "b").Err() }, "to")}),
		Entry("SMOVE of a stranger", command("smove"), outcome{given: aSet, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SMove(ctx, "set", "to", "z")) }}),
	)

	describeOutcomes("several sets", s,
		Entry("SINTER", command("sinter"), outcome{given: twoSets, want: []string{"b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SInter(ctx, "set", "other")) }}),
		Entry("SINTER with nothing", command("sinter"), outcome{given: twoSets, want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SInter(ctx, "set", "none", "other")) }}),
		Entry("SINTER with a string behind nothing", command("sinter"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SInter(ctx, "none", "k")) }}),
		Entry("SUNION", command("sunion"), outcome{given: twoSets, want: []string{"a", "b", "c", "d"},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SUnion(ctx, "set", "none", "other")) }}),
		Entry("SDIFF", command("sdiff"), outcome{given: twoSets, want: []string{"a"},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SDiff(ctx, "set", "none", "other")) }}),
		Entry("SDIFF of nothing", command("sdiff"), outcome{given: twoSets, want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SDiff(ctx, "none", "set")) }}),
		Entry("SINTERCARD", command("sintercard"), outcome{given: twoSets, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SInterCard(ctx, 0, "set", "other")) }}),
		Entry("SINTERCARD LIMIT", command("sintercard"), outcome{given: twoSets, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SInterCard(ctx, 1, "set", "other")) }}),
		Entry("SINTERSTORE", command("sinterstore", "smembers"), outcome{given: twoSets, want: []string{"b", "c"},
			call: thenMembers(func(ctx ctxt, r *redis.Client) error { return r.SInterStore(ctx, "to", "set", "other").Err() }, "to")}),
		Entry("SUNIONSTORE over a string", command("sunionstore", "smembers"), outcome{given: append([]string{"SET to x"}, twoSets...), want: []string{"a", "b", "c", "d"},
			call: thenMembers(func(ctx ctxt, r *redis.Client) error { return r.SUnionStore(ctx, "to", "set", "other").Err() }, "to")}),
		Entry("SDIFFSTORE into a source", command("sdiffstore", "smembers"), outcome{given: twoSets, want: []string{"a"},
			call: thenMembers(func(ctx ctxt, r *redis.Client) error { return r.SDiffStore(ctx, "set", "set", "other").Err() }, "set")}),
		Entry("SDIFFSTORE of nothing deletes", command("sdiffstore", "exists"), outcome{given: twoSets, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SDiffStore(ctx, "other", "set", "set").Err())
				return got(r.Exists(ctx, "other"))
			}}),
	)

	describeOutcomes("random members", s,
		Entry("SPOP of the only one", command("spop"), outcome{given: []string{"SADD set a"}, want: "a",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SPop(ctx, "set")) }}),
		Entry("SPOP of nothing", command("spop"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SPop(ctx, "none")) }}),
		Entry("SPOP of more than there are", command("spop"), outcome{given: aSet, want: []string{"a", "b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SPopN(ctx, "set", 9)) }}),
		Entry("SPOP with a count of nothing", command("spop"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SPopN(ctx, "none", 2)) }}),
		Entry("SPOP with a negative count", command("spop"), outcome{given: aSet, err: "ERR value is out of range, must be positive",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SPopN(ctx, "set", -1)) }}),
		Entry("SRANDMEMBER of nothing", command("srandmember"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SRandMember(ctx, "none")) }}),
		Entry("SRANDMEMBER of more than there are", command("srandmember"), outcome{given: aSet, want: []string{"a", "b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return sortedResult(r.SRandMemberN(ctx, "set", 9)) }}),
		Entry("SRANDMEMBER again and again", command("srandmember"), outcome{given: []string{"SADD set a"}, want: []string{"a", "a", "a"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SRandMemberN(ctx, "set", -3)) }}),
	)

	It("takes every member once", command("spop", "scard"), func(ctx SpecContext) {
		given(ctx, s.Client, "SADD set a b c 1 2 3")
		var all []string
		for range 2 {
			all = append(all, s.SPop(ctx, "set").Val())
			all = append(all, s.SPopN(ctx, "set", 2).Val()...)
		}
		Expect(all).To(ConsistOf("a", "b", "c", "1", "2", "3"))
		Expect(s.Exists(ctx, "set").Val()).To(BeZero())
	})

	It("shows different members", command("srandmember"), func(ctx SpecContext) {
		for _, size := range []int{5, 100, 1000} {
			key := fmt.Sprint("set", size)
			must(s.SAdd(ctx, key, manyMembers(size)...).Err())
			for _, n := range []int{1, 2, size / 2, size - 1} {
				some := s.SRandMemberN(ctx, key, int64(n)).Val()
				Expect(some).To(HaveLen(n))
				slices.Sort(some)
				Expect(slices.Compact(some)).To(HaveLen(n))
				Expect(s.SMIsMember(ctx, key, anys(some)...).Val()).NotTo(ContainElement(false))
			}
			Expect(s.SRandMemberN(ctx, key, int64(-3*size)).Val()).To(HaveLen(3 * size))
		}
	})

	It("scans every member while others come and go", command("sscan"), func(ctx SpecContext) {
		const n = 2000
		must(s.SAdd(ctx, "set", manyMembers(n)...).Err())
		found := map[string]bool{}
		step := 0
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			var some []string
			var err error
			some, cursor, err = s.SScan(ctx, "set", cursor, "member:*", 50).Result()
			must(err)
			for _, m := range some {
				found[m] = true
			}
			other := fmt.Sprint("other:", step)
			must(s.SAdd(ctx, "set", other, other+"x", other+"y").Err())
			must(s.SRem(ctx, "set", other+"x").Err())
			step++
		}
		Expect(found).To(HaveLen(n))
		Expect(step).To(BeNumerically(">", n/200))
	})

	It("scans through the iterator", command("sscan"), func(ctx SpecContext) {
		must(s.SAdd(ctx, "set", manyMembers(300)...).Err())
		found := map[string]bool{}
		it := s.SScan(ctx, "set", 0, "", 7).Iterator()
		for it.Next(ctx) {
			found[it.Val()] = true
		}
		must(it.Err())
		Expect(found).To(HaveLen(300))
	})

	It("holds any bytes", command("sadd", "sismember", "smembers"), func(ctx SpecContext) {
		must(s.SAdd(ctx, "set", "", everyByte(), "12", "012").Err())
		Expect(s.SIsMember(ctx, "set", everyByte()).Val()).To(BeTrue())
		Expect(s.SIsMember(ctx, "set", "").Val()).To(BeTrue())
		Expect(s.SMembers(ctx, "set").Val()).To(ConsistOf("", everyByte(), "12", "012"))
	})

	It("combines sets of 20,000 members", Label("slow"), command("sinterstore", "sunionstore", "sdiffstore"), func(ctx SpecContext) {
		const n = 20_000
		all := manyMembers(n)
		must(s.SAdd(ctx, "set", all[:15_000]...).Err())
		must(s.SAdd(ctx, "other", all[5000:]...).Err())
		Expect(s.SInterStore(ctx, "both", "set", "other").Val()).To(BeEquivalentTo(10_000))
		Expect(s.SUnionStore(ctx, "any", "set", "other").Val()).To(BeEquivalentTo(n))
		Expect(s.SDiffStore(ctx, "first", "set", "other").Val()).To(BeEquivalentTo(5000))
		Expect(s.SInterCard(ctx, 0, "first", "both").Val()).To(BeZero())
		Expect(s.SInterCard(ctx, 0, "any", "both").Val()).To(BeEquivalentTo(10_000))
		Expect(s.SUnion(ctx, "first", "both").Val()).To(HaveLen(15_000))
		Expect(s.SIsMember(ctx, "first", all[4999]).Val()).To(BeTrue())
		Expect(s.SIsMember(ctx, "first", all[5000]).Val()).To(BeFalse())
	})
})

// manyMembers returns n different members.
func manyMembers(n int) (members []any) {
	for i := range n {
		members = append(members, fmt.Sprint("member:", i))
	}
	return members
}

func anys(texts []string) (words []any) {
	for _, text := range texts {
		words = append(words, text)
	}
	return words
}
