package conformance_test

//lint:file-ignore SA1019 deprecated commands have to work, too

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// aZSet is a sorted set with the scores 1, 2.5, 3 and infinity.
var aZSet = []string{"ZADD zset 1 a 2.5 b 3 c inf d"}

// zs returns members with scores, given in turn.
func zs(pairs ...any) []redis.Z {
	members := []redis.Z{}
	for i := 0; i < len(pairs); i += 2 {
		members = append(members, redis.Z{Score: pairs[i+1].(float64), Member: pairs[i]})
	}
	return members
}

// poppedZ is the result of ZMPOP and its like.
type poppedZ struct {
	Key     string
	Members []redis.Z
}

func gotPoppedZ(c *redis.ZSliceWithKeyCmd) result {
	key, members, err := c.Result()
	return result{poppedZ{key, members}, err}
}

var _ = eachProtocol("sorted sets", Label("group:sorted-set"), func(s *session) {
	describeOutcomes("adding", s,
		Entry("ZADD", command("zadd"), outcome{given: aZSet, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZAdd(ctx, "zset", zs("a", 9.0, "x", -1.5)...)) }}),
		Entry("ZADD NX", command("zadd", "zscore"), outcome{given: aZSet, want: 1.0,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZAddNX(ctx, "zset", zs("a", 9.0, "x", 9.0)...).Err())
				return got(r.ZScore(ctx, "zset", "a"))
			}}),
		Entry("ZADD XX", command("zadd"), outcome{given: aZSet, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZAddXX(ctx, "none", zs("a", 9.0)...)) }}),
		Entry("ZADD GT and CH", command("zadd"), outcome{given: aZSet, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZAddArgs(ctx, "zset", redis.ZAddArgs{GT: true, Ch: true, Members: zs("a", 0.5, "b", 7.0)}))
			}}),
		Entry("ZADD LT", command("zadd", "zscore"), outcome{given: aZSet, want: 0.5,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZAddLT(ctx, "zset", zs("a", 0.5, "b", 7.0)...).Err())
				return got(r.ZScore(ctx, "zset", "a"))
			}}),
		Entry("ZADD INCR", command("zadd"), outcome{given: aZSet, want: 3.75,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZAddArgsIncr(ctx, "zset", redis.ZAddArgs{Members: zs("b", 1.25)}))
			}}),
		Entry("ZADD INCR that an option refuses", command("zadd"), outcome{given: aZSet, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZAddArgsIncr(ctx, "zset", redis.ZAddArgs{NX: true, Members: zs("b", 1.25)}))
			}}),
		Entry("ZADD of NaN", command("zadd"), outcome{err: "ERR value is not a valid float",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZAdd(ctx, "zset", zs("a", math.NaN())...)) }}),
		Entry("ZADD to a string", command("zadd"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZAdd(ctx, "k", zs("a", 1.0)...)) }}),
		Entry("ZINCRBY", command("zincrby"), outcome{want: 0.30000000000000004,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZIncrBy(ctx, "zset", 0.1, "a").Err())
				return got(r.ZIncrBy(ctx, "zset", 0.2, "a"))
			}}),
		Entry("ZINCRBY to infinity", command("zincrby"), outcome{given: aZSet, want: math.Inf(-1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZIncrBy(ctx, "zset", math.Inf(-1), "a")) }}),
		Entry("ZINCRBY to NaN", command("zincrby"), outcome{given: aZSet, err: "ERR resulting score is not a number (NaN)",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZIncrBy(ctx, "zset", math.Inf(-1), "d")) }}),
	)

	describeOutcomes("reading", s,
		Entry("ZSCORE", command("zscore"), outcome{given: aZSet, want: 2.5,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZScore(ctx, "zset", "b")) }}),
		Entry("ZSCORE of infinity", command("zscore"), outcome{given: aZSet, want: math.Inf(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZScore(ctx, "zset", "d")) }}),
		Entry("ZSCORE of nothing", command("zscore"), outcome{given: aZSet, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZScore(ctx, "zset", "x")) }}),
		Entry("ZMSCORE", command("zmscore"), outcome{given: aZSet, want: []float64{1, 0, 3},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZMScore(ctx, "zset", "a", "x", "c")) }}),
		Entry("ZCARD", command("zcard"), outcome{given: aZSet, want: int64(4),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZCard(ctx, "zset")) }}),
		Entry("ZCOUNT", command("zcount"), outcome{given: aZSet, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZCount(ctx, "zset", "(1", "3")) }}),
		Entry("ZLEXCOUNT", command("zlexcount"), outcome{given: []string{"ZADD zset 0 a 0 b 0 c"}, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZLexCount(ctx, "zset", "(a", "+")) }}),
		Entry("ZRANK", command("zrank"), outcome{given: aZSet, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRank(ctx, "zset", "c")) }}),
		Entry("ZREVRANK", command("zrevrank"), outcome{given: aZSet, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRevRank(ctx, "zset", "c")) }}),
		Entry("ZRANK of nothing", command("zrank"), outcome{given: aZSet, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRank(ctx, "zset", "x")) }}),
		Entry("ZRANDMEMBER", command("zrandmember"), outcome{given: []string{"ZADD zset 1.5 a"}, want: []string{"a", "a"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRandMember(ctx, "zset", -2)) }}),
		Entry("ZRANDMEMBER WITHSCORES", command("zrandmember"), outcome{given: []string{"ZADD zset 1.5 a"}, want: zs("a", 1.5),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRandMemberWithScores(ctx, "zset", 3)) }}),
	)

	It("tells rank and score at once", command("zrank", "zrevrank"), func(ctx SpecContext) {
		needs(7, 2, "ZRANK WITHSCORE")
		given(ctx, s.Client, aZSet...)
		Expect(s.ZRankWithScore(ctx, "zset", "b").Val()).To(Equal(redis.RankScore{Rank: 1, Score: 2.5}))
		Expect(s.ZRevRankWithScore(ctx, "zset", "d").Val()).To(Equal(redis.RankScore{Rank: 0, Score: math.Inf(1)}))
		Expect(s.ZRankWithScore(ctx, "zset", "x").Err()).To(Equal(redis.Nil))
	})

	describeOutcomes("ranges", s,
		Entry("ZRANGE", command("zrange"), outcome{given: aZSet, want: []string{"b", "c", "d"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRange(ctx, "zset", 1, -1)) }}),
		Entry("ZRANGE WITHSCORES", command("zrange"), outcome{given: aZSet, want: zs("a", 1.0, "b", 2.5, "c", 3.0, "d", math.Inf(1)),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRangeWithScores(ctx, "zset", 0, -1)) }}),
		Entry("ZRANGE of nothing", command("zrange"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRange(ctx, "none", 0, -1)) }}),
		Entry("ZREVRANGE", command("zrevrange"), outcome{given: aZSet, want: []string{"d", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRevRange(ctx, "zset", 0, 1)) }}),
		Entry("ZREVRANGE WITHSCORES", command("zrevrange"), outcome{given: aZSet, want: zs("b", 2.5, "a", 1.0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRevRangeWithScores(ctx, "zset", 2, 9)) }}),
		Entry("ZRANGEBYSCORE", command("zrangebyscore"), outcome{given: aZSet, want: []string{"b", "c"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRangeByScore(ctx, "zset", &redis.ZRangeBy{Min: "(1", Max: "3"}))
			}}),
		Entry("ZRANGEBYSCORE LIMIT WITHSCORES", command("zrangebyscore"), outcome{given: aZSet, want: zs("b", 2.5, "c", 3.0),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRangeByScoreWithScores(ctx, "zset", &redis.ZRangeBy{Min: "-inf", Max: "+inf", Offset: 1, Count: 2}))
			}}),
		Entry("ZREVRANGEBYSCORE", command("zrevrangebyscore"), outcome{given: aZSet, want: zs("c", 3.0, "b", 2.5),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRevRangeByScoreWithScores(ctx, "zset", &redis.ZRangeBy{Min: "2", Max: "3"}))
			}}),
		Entry("ZRANGEBYLEX", command("zrangebylex"), outcome{given: []string{"ZADD zset 0 a 0 b 0 c 0 d"}, want: []string{"b", "c"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRangeByLex(ctx, "zset", &redis.ZRangeBy{Min: "[b", Max: "(d"}))
			}}),
		Entry("ZREVRANGEBYLEX", command("zrevrangebylex"), outcome{given: []string{"ZADD zset 0 a 0 b 0 c 0 d"}, want: []string{"c"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRevRangeByLex(ctx, "zset", &redis.ZRangeBy{Min: "-", Max: "+", Offset: 1, Count: 1}))
			}}),
		Entry("ZRANGE BYSCORE REV LIMIT", command("zrange"), outcome{given: aZSet, want: zs("b", 2.5, "a", 1.0),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
					Key: "zset", Start: "3", Stop: "-inf", ByScore: true, Rev: true, Offset: 1, Count: 5}))
			}}),
		Entry("ZRANGESTORE", command("zrangestore", "zrange"), outcome{given: aZSet, want: zs("b", 2.5, "c", 3.0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZRangeStore(ctx, "to", redis.ZRangeArgs{Key: "zset", Start: 1, Stop: 2}).Err())
				return got(r.ZRangeWithScores(ctx, "to", 0, -1))
			}}),
		Entry("a range that is none", command("zrangebyscore"), outcome{given: aZSet, err: "ERR min or max is not a float",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZRangeByScore(ctx, "zset", &redis.ZRangeBy{Min: "a", Max: "3"}))
			}}),
	)

	describeOutcomes("removing", s,
		Entry("ZREM", command("zrem"), outcome{given: aZSet, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRem(ctx, "zset", "a", "x", "c")) }}),
		Entry("ZREMRANGEBYRANK", command("zremrangebyrank"), outcome{given: aZSet, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRemRangeByRank(ctx, "zset", -3, -1)) }}),
		Entry("ZREMRANGEBYSCORE", command("zremrangebyscore"), outcome{given: aZSet, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRemRangeByScore(ctx, "zset", "(1", "(inf")) }}),
		Entry("ZREMRANGEBYLEX", command("zremrangebylex"), outcome{given: []string{"ZADD zset 0 a 0 b 0 c"}, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZRemRangeByLex(ctx, "zset", "(a", "(c")) }}),
		Entry("removing all deletes the key", command("zremrangebyrank", "exists"), outcome{given: aZSet, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZRemRangeByRank(ctx, "zset", 0, -1).Err())
				return got(r.Exists(ctx, "zset"))
			}}),
		Entry("ZPOPMIN", command("zpopmin"), outcome{given: aZSet, want: zs("a", 1.0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZPopMin(ctx, "zset")) }}),
		Entry("ZPOPMAX with a count", command("zpopmax"), outcome{given: aZSet, want: zs("d", math.Inf(1), "c", 3.0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZPopMax(ctx, "zset", 2)) }}),
		Entry("ZPOPMIN of nothing", command("zpopmin"), outcome{want: zs(),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZPopMin(ctx, "none", 2)) }}),
		Entry("ZMPOP", command("zmpop"), outcome{given: aZSet, want: poppedZ{"zset", zs("a", 1.0, "b", 2.5)},
			call: func(ctx ctxt, r *redis.Client) result { return gotPoppedZ(r.ZMPop(ctx, "min", 2, "none", "zset")) }}),
		Entry("ZMPOP of nothing", command("zmpop"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return gotPoppedZ(r.ZMPop(ctx, "max", 1, "none")) }}),
		Entry("BZPOPMIN", command("bzpopmin"), outcome{given: aZSet,
			want: &redis.ZWithKey{Key: "zset", Z: redis.Z{Score: 1, Member: "a"}},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BZPopMin(ctx, time.Second, "none", "zset")) }}),
		Entry("BZPOPMAX", command("bzpopmax"), outcome{given: aZSet,
			want: &redis.ZWithKey{Key: "zset", Z: redis.Z{Score: math.Inf(1), Member: "d"}},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BZPopMax(ctx, time.Second, "zset")) }}),
		Entry("BZMPOP", command("bzmpop"), outcome{given: aZSet, want: poppedZ{"zset", zs("d", math.Inf(1))},
			call: func(ctx ctxt, r *redis.Client) result {
				return gotPoppedZ(r.BZMPop(ctx, time.Second, "max", 1, "none", "zset"))
			}}),
		Entry("BZPOPMIN of a string", command("bzpopmin"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BZPopMin(ctx, time.Second, "k")) }}),
	)

	two := []string{"ZADD one 1 a 2 b 3 c", "ZADD two 10 b 20 c 30 d"}
	describeOutcomes("several sorted sets", s,
		Entry("ZUNION", command("zunion"), outcome{given: two, want: zs("a", 1.0, "b", 12.0, "c", 23.0, "d", 30.0),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZUnionWithScores(ctx, redis.ZStore{Keys: []string{"one", "two"}}))
			}}),
		Entry("ZUNION with weights and MAX", command("zunion"), outcome{given: two, want: zs("a", 5.0, "b", 10.0, "c", 20.0, "d", 30.0),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZUnionWithScores(ctx, redis.ZStore{Keys: []string{"one", "two"}, Weights: []float64{5, 1}, Aggregate: "MAX"}))
			}}),
		Entry("ZINTER", command("zinter"), outcome{given: two, want: []string{"b", "c"},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZInter(ctx, &redis.ZStore{Keys: []string{"one", "two"}}))
			}}),
		Entry("ZINTER with a set", command("zinter"), outcome{given: append([]string{"SADD set c x"}, two...), want: zs("c", 4.0),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZInterWithScores(ctx, &redis.ZStore{Keys: []string{"one", "set"}}))
			}}),
		Entry("ZINTERCARD", command("zintercard"), outcome{given: two, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZInterCard(ctx, 1, "one", "two")) }}),
		Entry("ZDIFF", command("zdiff"), outcome{given: two, want: zs("a", 1.0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ZDiffWithScores(ctx, "one", "two")) }}),
		Entry("ZUNIONSTORE", command("zunionstore"), outcome{given: two, want: int64(4),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZUnionStore(ctx, "to", &redis.ZStore{Keys: []string{"one", "two"}}))
			}}),
		Entry("ZINTERSTORE onto a source", command("zinterstore", "zrange"), outcome{given: two, want: zs("b", 2.0, "c", 3.0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZInterStore(ctx, "one", &redis.ZStore{Keys: []string{"one", "two"}, Aggregate: "MIN"}).Err())
				return got(r.ZRangeWithScores(ctx, "one", 0, -1))
			}}),
		Entry("ZDIFFSTORE of nothing", command("zdiffstore", "exists"), outcome{given: append([]string{"SET to v"}, two...), want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ZDiffStore(ctx, "to", "one", "one").Err())
				return got(r.Exists(ctx, "to"))
			}}),
		Entry("ZUNION of a list", command("zunion"), outcome{given: []string{"RPUSH list a"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.ZUnion(ctx, redis.ZStore{Keys: []string{"list"}}))
			}}),
	)

	It("keeps every float64 exactly", command("zadd", "zrange"), func(ctx SpecContext) {
		r := rand.New(rand.NewPCG(1, 2))
		var members []redis.Z
		for i := range 500 {
			f := math.Float64frombits(r.Uint64())
			if math.IsNaN(f) {
				continue
			}
			members = append(members, redis.Z{Score: f, Member: strconv.Itoa(i)})
		}
		must(s.ZAdd(ctx, "zset", members...).Err())
		slices.SortFunc(members, func(a, b redis.Z) int {
			if a.Score < b.Score {
				return -1
			}
			return 1
		})
		Expect(s.ZRangeWithScores(ctx, "zset", 0, -1).Val()).To(Equal(members))
	})

	It("walks a big sorted set while it changes", Label("slow"), command("zscan"), func(ctx SpecContext) {
		const n = 5000
		var members []redis.Z
		for i := range n {
			members = append(members, redis.Z{Score: float64(i), Member: fmt.Sprintf("m%d", i)})
		}
		must(s.ZAdd(ctx, "zset", members...).Err())
		found := map[string]bool{}
		var cursor uint64
		for i := 0; ; i++ {
			page, next, err := s.ZScan(ctx, "zset", cursor, "", 100).Result()
			must(err)
			for j := 0; j < len(page); j += 2 {
				found[page[j]] = true
				if page[j][0] == 'm' {
					Expect(page[j+1]).To(Equal(page[j][1:]))
				}
			}
			must(s.ZAdd(ctx, "zset", zs(fmt.Sprintf("x%d", i), 1.0)...).Err())
			if cursor = next; cursor == 0 {
				break
			}
		}
		for i := range n {
			if !found[fmt.Sprintf("m%d", i)] {
				Fail(fmt.Sprintf("m%d was left out", i))
			}
		}
	})

	It("ranks 20,000 members", Label("slow"), command("zadd", "zrank", "zrange", "zremrangebyscore"), func(ctx SpecContext) {
		const n = 20_000
		var members []redis.Z
		for i := range n {
			members = append(members, redis.Z{Score: float64(i * 7919 % n), Member: i * 7919 % n})
		}
		must(s.ZAdd(ctx, "zset", members...).Err())
		Expect(s.ZRank(ctx, "zset", "12345").Val()).To(BeEquivalentTo(12345))
		Expect(s.ZRemRangeByScore(ctx, "zset", "(100", "15000").Val()).To(BeEquivalentTo(14900))
		Expect(s.ZRevRank(ctx, "zset", "100").Val()).To(BeEquivalentTo(4999))
		Expect(s.ZRange(ctx, "zset", 99, 102).Val()).To(Equal([]string{"99", "100", "15001", "15002"}))
	})
})

var _ = eachProtocol("sorted sets at work", Label("group:sorted-set"), func(s *session) {
	It("keeps a leaderboard", command("zincrby", "zrevrange", "zrevrank", "zadd"), func(ctx SpecContext) {
		for _, play := range []struct {
			player string
			points float64
		}{{"ann", 30}, {"bob", 20}, {"cleo", 25}, {"bob", 15}, {"dan", 5}, {"ann", -10}} {
			must(s.ZIncrBy(ctx, "board", play.points, play.player).Err())
		}
		Expect(s.ZRevRangeWithScores(ctx, "board", 0, 2).Val()).To(Equal(zs("bob", 35.0, "cleo", 25.0, "ann", 20.0)))
		Expect(s.ZRevRank(ctx, "board", "ann").Val()).To(BeEquivalentTo(2))
		By("the neighbours of a player")
		rank := s.ZRevRank(ctx, "board", "cleo").Val()
		Expect(s.ZRevRange(ctx, "board", rank-1, rank+1).Val()).To(Equal([]string{"bob", "cleo", "ann"}))
		By("the best of each player only")
		must(s.ZAddGT(ctx, "board", zs("dan", 3.0, "cleo", 40.0)...).Err())
		Expect(s.ZMScore(ctx, "board", "dan", "cleo").Val()).To(Equal([]float64{5, 40}))
		By("the boards of two weeks")
		must(s.ZAdd(ctx, "last", zs("dan", 50.0, "eve", 1.0)...).Err())
		must(s.ZUnionStore(ctx, "both", &redis.ZStore{Keys: []string{"board", "last"}}).Err())
		Expect(s.ZRevRange(ctx, "both", 0, 0).Val()).To(Equal([]string{"dan"}))
		By("players of the same score stand in the order of their names")
		must(s.ZAdd(ctx, "even", zs("b", 1.0, "a", 1.0, "c", 1.0)...).Err())
		Expect(s.ZRange(ctx, "even", 0, -1).Val()).To(Equal([]string{"a", "b", "c"}))
	})

	It("works as a delayed queue", command("zadd", "zrangebyscore", "zrem", "bzpopmin"), func(ctx SpecContext) {
		due := func(now string) []string {
			jobs := s.ZRangeByScore(ctx, "jobs", &redis.ZRangeBy{Min: "-inf", Max: now, Count: 10}).Val()
			var taken []string
			for _, job := range jobs {
				if s.ZRem(ctx, "jobs", job).Val() == 1 { // nobody else was faster
					taken = append(taken, job)
				}
			}
			return taken
		}
		must(s.ZAdd(ctx, "jobs", zs("later", 2000.0, "soon", 1000.0, "never", math.Inf(1))...).Err())
		Expect(due("999")).To(BeEmpty())
		Expect(due("1000")).To(Equal([]string{"soon"}))
		Expect(due("1000")).To(BeEmpty())
		By("putting a job off")
		must(s.ZAddXX(ctx, "jobs", zs("later", 5000.0, "soon", 1.0)...).Err())
		Expect(due("3000")).To(BeEmpty())
		By("waiting for the first one")
		Expect(s.BZPopMin(ctx, time.Second, "urgent", "jobs").Val()).To(Equal(
			&redis.ZWithKey{Key: "jobs", Z: redis.Z{Score: 5000, Member: "later"}}))
		must(s.ZRem(ctx, "jobs", "never").Err())
		worker := s.another()
		p := async(func() result { return got(worker.BZPopMin(ctx, 0, "urgent", "jobs")) })
		awaitBlocked(ctx, s.Client, 1)
		must(s.ZAdd(ctx, "jobs", zs("new", 1.0)...).Err())
		Expect(p.await(ctx).value).To(Equal(&redis.ZWithKey{Key: "jobs", Z: redis.Z{Score: 1, Member: "new"}}))
	})

	It("limits the rate of requests by a sliding window", command("zremrangebyscore", "zcard", "zadd"), func(ctx SpecContext) {
		const window, limit = 60, 3
		allowed := func(now int) bool {
			var seen *redis.IntCmd
			_, err := s.Pipelined(ctx, func(p redis.Pipeliner) error {
				p.ZRemRangeByScore(ctx, "rate", "-inf", fmt.Sprint(now-window))
				seen = p.ZCard(ctx, "rate")
				p.Expire(ctx, "rate", window*time.Second)
				return nil
			})
			must(err)
			if seen.Val() >= limit {
				return false
			}
			must(s.ZAdd(ctx, "rate", redis.Z{Score: float64(now), Member: now}).Err())
			return true
		}
		var answers []bool
		for _, now := range []int{100, 110, 120, 130, 159, 160, 161, 171, 172} {
			answers = append(answers, allowed(now))
		}
		Expect(answers).To(Equal([]bool{true, true, true, false, false, true, false, true, false}))
	})

	It("serves waiters in their order", command("bzpopmin", "bzpopmax", "bzmpop"), func(ctx SpecContext) {
		calls := []func(r *redis.Client) result{
			func(r *redis.Client) result { return got(r.BZPopMax(ctx, 0, "zset")) },
			func(r *redis.Client) result { return gotPoppedZ(r.BZMPop(ctx, 0, "min", 2, "zset")) },
			func(r *redis.Client) result { return got(r.BZPopMin(ctx, 0, "zset")) },
		}
		var waiters []promise
		for i, call := range calls {
			waiter := s.another()
			waiters = append(waiters, async(func() result { return call(waiter) }))
			awaitBlocked(ctx, s.Client, i+1)
		}
		must(s.ZAdd(ctx, "zset", zs("a", 1.0, "b", 2.0, "c", 3.0, "d", 4.0, "e", 5.0)...).Err())
		Expect(waiters[0].await(ctx).value).To(Equal(&redis.ZWithKey{Key: "zset", Z: redis.Z{Score: 5, Member: "e"}}))
		Expect(waiters[1].await(ctx).value).To(Equal(poppedZ{"zset", zs("a", 1.0, "b", 2.0)}))
		Expect(waiters[2].await(ctx).value).To(Equal(&redis.ZWithKey{Key: "zset", Z: redis.Z{Score: 3, Member: "c"}}))
		Expect(s.ZRange(ctx, "zset", 0, -1).Val()).To(Equal([]string{"d"}))
	})

	It("completes words", command("zrangebylex", "zlexcount"), func(ctx SpecContext) {
		for _, w := range []string{"care", "cart", "carp", "cat", "dog"} {
			must(s.ZAdd(ctx, "words", redis.Z{Member: w}).Err())
		}
		Expect(s.ZRangeByLex(ctx, "words", &redis.ZRangeBy{Min: "[car", Max: "(cas", Count: 2}).Val()).To(Equal([]string{"care", "carp"}))
		Expect(s.ZLexCount(ctx, "words", "[ca", "[ca\xff").Val()).To(BeEquivalentTo(4))
	})
})
