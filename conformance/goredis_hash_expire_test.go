package conformance_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// Field expiry came with Redis 7.4. Servers that have its commands are tested,
// whatever release they claim to be.

// needsFieldExpiry skips a spec if the server does not have HEXPIRE.
func needsFieldExpiry(ctx ctxt, r *redis.Client) {
	GinkgoHelper()
	info, err := r.Do(ctx, "COMMAND", "INFO", "HEXPIRE").Slice()
	must(err)
	if len(info) == 0 || info[0] == nil {
		Skip("the server has no HEXPIRE")
	}
}

// farAway is a deadline that no test lives to see.
var farAway = time.UnixMilli(4_102_444_800_123)

// What the commands reply for a field.
const (
	noField, noDeadline   = int64(-2), int64(-1)
	notSet, done, deleted = int64(0), int64(1), int64(2)
)

var _ = eachProtocol("field expiry", Label("group:hash", "since:7.4"), func(s *session) {
	BeforeEach(func(ctx SpecContext) {
		needsFieldExpiry(ctx, s.Client)
		given(ctx, s.Client, aHash...)
	})

	describeOutcomes("setting deadlines", s,
		Entry("HEXPIRE", command("hexpire"), outcome{want: []int64{done, noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HExpire(ctx, "hash", time.Hour, "a", "x")) }}),
		Entry("HEXPIRE of nothing", command("hexpire"), outcome{want: []int64{noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HExpire(ctx, "none", time.Hour, "a")) }}),
		Entry("HEXPIRE of a string", command("hexpire"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HExpire(ctx, "k", time.Hour, "a")) }}),
		Entry("HPEXPIRE", command("hpexpire"), outcome{want: []int64{done, noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HPExpire(ctx, "hash", time.Hour, "a", "x")) }}),
		Entry("HEXPIREAT", command("hexpireat", "hexpiretime"), outcome{want: []int64{4102444800},
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.HExpireAt(ctx, "hash", farAway, "a").Err())
				return got(r.HExpireTime(ctx, "hash", "a"))
			}}),
		Entry("HPEXPIREAT", command("hpexpireat", "hpexpiretime"), outcome{want: []int64{4102444800123, noDeadline, noField},
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.HPExpireAt(ctx, "hash", farAway, "a").Err())
				return got(r.HPExpireTime(ctx, "hash", "a", "b", "x"))
			}}),
		Entry("HEXPIRETIME rounds up", command("hpexpireat", "hexpiretime"), outcome{want: []int64{4102444801},
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.HPExpireAt(ctx, "hash", farAway, "a").Err())
				return got(r.HExpireTime(ctx, "hash", "a"))
			}}),
		Entry("in the past", command("hpexpireat", "hgetall"), outcome{want: []int64{deleted, deleted, noField},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.HPExpireAt(ctx, "hash", time.UnixMilli(1), "a", "b", "x"))
			}}),
		Entry("of all fields in the past", command("hexpireat", "exists"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.HExpireAt(ctx, "hash", time.Unix(1, 0), "a", "b", "c").Err())
				return got(r.Exists(ctx, "hash"))
			}}),
		Entry("HPERSIST", command("hpersist"), outcome{given: []string{"HEXPIRE hash 1000 FIELDS 1 a"}, want: []int64{done, noDeadline, noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HPersist(ctx, "hash", "a", "b", "x")) }}),
		Entry("HPERSIST of nothing", command("hpersist"), outcome{want: []int64{noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HPersist(ctx, "none", "a")) }}),
		Entry("HTTL", command("httl"), outcome{given: []string{"HEXPIRE hash 1000 FIELDS 1 a"}, want: []int64{1000, noDeadline, noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HTTL(ctx, "hash", "a", "b", "x")) }}),
		Entry("HTTL of nothing", command("httl"), outcome{want: []int64{noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HTTL(ctx, "none", "a")) }}),
		Entry("HPTTL without deadline", command("hpttl"), outcome{want: []int64{noDeadline, noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HPTTL(ctx, "hash", "a", "x")) }}),
		Entry("HPEXPIRETIME of nothing", command("hpexpiretime"), outcome{want: []int64{noField},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HPExpireTime(ctx, "none", "a")) }}),
	)

	type change func(ctx ctxt, r *redis.Client, wish time.Duration, args redis.HExpireArgs) *redis.IntSliceCmd
	changes := map[string]change{
		"HEXPIRE": func(ctx ctxt, r *redis.Client, wish time.Duration, args redis.HExpireArgs) *redis.IntSliceCmd {
			return r.HExpireWithArgs(ctx, "hash", wish, args, "a")
		},
		"HPEXPIRE": func(ctx ctxt, r *redis.Client, wish time.Duration, args redis.HExpireArgs) *redis.IntSliceCmd {
			return r.HPExpireWithArgs(ctx, "hash", wish, args, "a")
		},
		"HEXPIREAT": func(ctx ctxt, r *redis.Client, wish time.Duration, args redis.HExpireArgs) *redis.IntSliceCmd {
			return r.HExpireAtWithArgs(ctx, "hash", time.Now().Add(wish), args, "a")
		},
		"HPEXPIREAT": func(ctx ctxt, r *redis.Client, wish time.Duration, args redis.HExpireArgs) *redis.IntSliceCmd {
			return r.HPExpireAtWithArgs(ctx, "hash", time.Now().Add(wish), args, "a")
		},
	}
	DescribeTable("conditions", command("hexpire", "hpexpire", "hexpireat", "hpexpireat"),
		func(ctx SpecContext, args redis.HExpireArgs, before, wish time.Duration, want int64) {
			for name, set := range changes {
				must(s.HPersist(ctx, "hash", "a").Err())
				if before > 0 {
					must(s.HExpire(ctx, "hash", before, "a").Err())
				}
				Expect(set(ctx, s.Client, wish, args).Val()).To(Equal([]int64{want}), name)
			}
		},
		Entry("NX without deadline", redis.HExpireArgs{NX: true}, 0*time.Second, 100*time.Second, done),
		Entry("NX with one", redis.HExpireArgs{NX: true}, 50*time.Second, 100*time.Second, notSet),
		Entry("XX without deadline", redis.HExpireArgs{XX: true}, 0*time.Second, 100*time.Second, notSet),
		Entry("XX with one", redis.HExpireArgs{XX: true}, 50*time.Second, 100*time.Second, done),
		Entry("GT without deadline", redis.HExpireArgs{GT: true}, 0*time.Second, 100*time.Second, notSet),
		Entry("GT, later", redis.HExpireArgs{GT: true}, 50*time.Second, 100*time.Second, done),
		Entry("GT, sooner", redis.HExpireArgs{GT: true}, 100*time.Second, 50*time.Second, notSet),
		Entry("LT without deadline", redis.HExpireArgs{LT: true}, 0*time.Second, 100*time.Second, done),
		Entry("LT, later", redis.HExpireArgs{LT: true}, 50*time.Second, 100*time.Second, notSet),
		Entry("LT, sooner", redis.HExpireArgs{LT: true}, 100*time.Second, 50*time.Second, done),
	)

	DescribeTable("what is refused", command("hexpire", "hpexpireat", "httl", "hpersist"),
		func(ctx SpecContext, text string, request ...any) {
			Expect(s.Do(ctx, request...).Err()).To(MatchError(text))
		},
		Entry("no FIELDS", "ERR Mandatory argument FIELDS is missing or not at the right position", "HEXPIRE", "hash", 1, "a", "b", "c"),
		Entry("two conditions", "ERR Mandatory argument FIELDS is missing or not at the right position", "HEXPIRE", "hash", 1, "NX", "XX", "FIELDS", 1, "a"),
		Entry("no fields", "ERR Parameter `numFields` should be greater than 0", "HEXPIRE", "hash", 1, "FIELDS", 0, "a"),
		Entry("another number", "ERR The `numfields` parameter must match the number of arguments", "HEXPIRE", "hash", 1, "FIELDS", 2, "a"),
		Entry("another number of HTTL", "ERR The `numfields` parameter must match the number of arguments", "HTTL", "hash", "FIELDS", 2, "a"),
		Entry("no fields of HPERSIST", "ERR Number of fields must be a positive integer", "HPERSIST", "hash", "FIELDS", 0, "a"),
		Entry("a negative time", "ERR invalid expire time, must be >= 0", "HEXPIRE", "hash", -1, "FIELDS", 1, "a"),
		Entry("no number", "ERR value is not an integer or out of range", "HEXPIRE", "hash", "x", "FIELDS", 1, "a"),
		Entry("beyond 46 bits", "ERR invalid expire time in 'hpexpireat' command", "HPEXPIREAT", "hash", int64(1)<<46, "FIELDS", 1, "a"),
		Entry("too few arguments", "ERR wrong number of arguments for 'hexpire' command", "HEXPIRE", "hash", 1, "FIELDS", 1),
	)

	DescribeTable("fields expire by themselves", command("hpexpire", "hgetall", "exists"), func(ctx SpecContext, entries string) {
		setConfig(ctx, s.Client, "hash-max-listpack-entries", entries)
		given(ctx, s.Client, "DEL hash", "HSET hash a 1 b 2")
		must(s.HPExpire(ctx, "hash", time.Millisecond, "a").Err())
		Eventually(ctx, func() map[string]string { return s.HGetAll(ctx, "hash").Val() }).
			WithTimeout(patience).WithPolling(polling).Should(Equal(map[string]string{"b": "2"}))
		must(s.HPExpire(ctx, "hash", time.Millisecond, "b").Err())
		Eventually(ctx, func() int64 { return s.DBSize(ctx).Val() }).
			WithTimeout(patience).WithPolling(polling).Should(BeZero())
	},
		Entry("small", "512"),
		Entry("big", "0"),
	)

	It("keeps deadlines through increments and copies, not through HSET", command("hset", "hincrby", "copy", "rename"), func(ctx SpecContext) {
		must(s.HPExpireAt(ctx, "hash", farAway, "a", "b", "c").Err())
		must(s.HIncrBy(ctx, "hash", "a", 1).Err())
		must(s.HSet(ctx, "hash", "b", "new").Err())
		must(s.HIncrByFloat(ctx, "hash", "c", 1.5).Err())
		want := []int64{farAway.UnixMilli(), noDeadline, farAway.UnixMilli()}
		Expect(s.HPExpireTime(ctx, "hash", "a", "b", "c").Val()).To(Equal(want))
		must(s.Copy(ctx, "hash", "copy", s.Options().DB, false).Err())
		must(s.Rename(ctx, "hash", "renamed").Err())
		for _, key := range []string{"copy", "renamed"} {
			Expect(s.HPExpireTime(ctx, key, "a", "b", "c").Val()).To(Equal(want), key)
		}
	})

	It("has encodings of its own", command("hexpire", "object"), func(ctx SpecContext) {
		Expect(s.ObjectEncoding(ctx, "hash").Val()).To(Equal("listpack"))
		must(s.HExpire(ctx, "hash", time.Hour, "a").Err())
		Expect(s.ObjectEncoding(ctx, "hash").Val()).To(Equal("listpackex"))
		must(s.HPersist(ctx, "hash", "a").Err())
		Expect(s.ObjectEncoding(ctx, "hash").Val()).To(Equal("listpackex"))
	})
})
