package conformance_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var _ = eachProtocol("expiry", Label("group:generic"), func(s *session) {
	type change func(ctx ctxt, key string, d time.Duration) *redis.BoolCmd
	DescribeTable("EXPIRE's conditions", command("expire", "ttl"),
		func(ctx SpecContext, pick func() change, before, wish time.Duration, want bool, ttl time.Duration) {
			must(s.Set(ctx, "k", "v", before).Err())
			Expect(pick()(ctx, "k", wish).Val()).To(Equal(want))
			Expect(s.TTL(ctx, "k").Val()).To(Equal(ttl))
		},
		Entry("none", func() change { return s.Expire }, 0*time.Second, 100*time.Second, true, 100*time.Second),
		Entry("NX without expiry", func() change { return s.ExpireNX }, 0*time.Second, 100*time.Second, true, 100*time.Second),
		Entry("NX with one", func() change { return s.ExpireNX }, 50*time.Second, 100*time.Second, false, 50*time.Second),
		Entry("XX without expiry", func() change { return s.ExpireXX }, 0*time.Second, 100*time.Second, false, time.Duration(-1)),
		Entry("XX with one", func() change { return s.ExpireXX }, 50*time.Second, 100*time.Second, true, 100*time.Second),
		Entry("GT, later", func() change { return s.ExpireGT }, 50*time.Second, 100*time.Second, true, 100*time.Second),
		Entry("GT, sooner", func() change { return s.ExpireGT }, 100*time.Second, 50*time.Second, false, 100*time.Second),
		Entry("GT without expiry", func() change { return s.ExpireGT }, 0*time.Second, 100*time.Second, false, time.Duration(-1)),
		Entry("LT, sooner", func() change { return s.ExpireLT }, 100*time.Second, 50*time.Second, true, 50*time.Second),
		Entry("LT, later", func() change { return s.ExpireLT }, 50*time.Second, 100*time.Second, false, 50*time.Second),
		Entry("LT without expiry", func() change { return s.ExpireLT }, 0*time.Second, 100*time.Second, true, 100*time.Second),
	)

	DescribeTable("TTL rounds to the nearest second", command("ttl", "pexpire"), func(ctx SpecContext, life, want time.Duration) {
		must(s.Set(ctx, "k", "v", 0).Err())
		Expect(s.PExpire(ctx, "k", life).Val()).To(BeTrue())
		Expect(s.TTL(ctx, "k").Val()).To(Equal(want))
		Expect(s.PTTL(ctx, "k").Val()).To(And(BeNumerically("<=", life), BeNumerically(">", life-400*time.Millisecond)))
	},
		Entry("down", 10_450*time.Millisecond, 10*time.Second),
		Entry("up", 10_950*time.Millisecond, 11*time.Second),
		Entry("not at all", 10_000*time.Millisecond, 10*time.Second),
	)

	describeOutcomes("results", s,
		Entry("TTL of nothing", command("ttl"), outcome{want: time.Duration(-2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.TTL(ctx, "k")) }}),
		Entry("PTTL without expiry", command("pttl"), outcome{given: []string{"SET k v"}, want: time.Duration(-1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PTTL(ctx, "k")) }}),
		Entry("EXPIRETIME of nothing", command("expiretime"), outcome{want: time.Duration(-2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.ExpireTime(ctx, "k")) }}),
		Entry("PEXPIRETIME", command("pexpiretime", "pexpireat"), outcome{given: []string{"SET k v", "PEXPIREAT k 4102444800123"},
			want: 4102444800123 * time.Millisecond,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PExpireTime(ctx, "k")) }}),
		Entry("EXPIREAT", command("expireat", "expiretime"), outcome{given: []string{"SET k v"}, want: 4102444800 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ExpireAt(ctx, "k", time.Unix(4102444800, 0)).Err())
				return got(r.ExpireTime(ctx, "k"))
			}}),
		Entry("EXPIREAT in the past deletes", command("expireat", "exists"), outcome{given: []string{"SET k v"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.ExpireAt(ctx, "k", time.Unix(1, 0)).Err())
				return got(r.Exists(ctx, "k"))
			}}),
		Entry("EXPIRE of nothing", command("expire"), outcome{want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Expire(ctx, "k", time.Minute)) }}),
		Entry("PERSIST", command("persist"), outcome{given: []string{"SET k v EX 100"}, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Persist(ctx, "k")) }}),
		Entry("PERSIST without expiry", command("persist"), outcome{given: []string{"SET k v"}, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Persist(ctx, "k")) }}),
		Entry("EXPIRE beyond all time", command("expire"), outcome{given: []string{"SET k v"},
			err:  "ERR invalid expire time in 'expire' command",
			call: func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "EXPIRE", "k", "9223372036854775807") }}),
		Entry("EXPIRE NX with GT", command("expire"), outcome{given: []string{"SET k v"},
			err:  "ERR NX and XX, GT or LT options at the same time are not compatible",
			call: func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "EXPIRE", "k", "9", "NX", "GT") }}),
	)

	It("lets a key live until its time, and no longer", command("get", "set"), func(ctx SpecContext) {
		const life = 80 * time.Millisecond
		start := time.Now()
		must(s.Set(ctx, "k", "v", life).Err())
		Eventually(ctx, func() error { return s.Get(ctx, "k").Err() }).
			WithTimeout(patience).WithPolling(time.Millisecond).Should(Equal(redis.Nil))
		// The server's clock counts whole milliseconds.
		Expect(time.Since(start)).To(BeNumerically(">=", life-2*time.Millisecond))
		Expect(time.Since(start)).To(BeNumerically("<", life+time.Second))
	})

	It("deletes expired keys that nobody asks for", command("dbsize"), func(ctx SpecContext) {
		before := infoNumber(ctx, s.Client, "stats", "expired_keys")
		pipe := s.Pipeline()
		for i := range 500 {
			pipe.Set(ctx, fmt.Sprint("k", i), "v", 30*time.Millisecond)
		}
		pipe.Set(ctx, "stays", "v", time.Hour)
		must(execute(ctx, pipe))
		Eventually(ctx, func() int64 { return s.DBSize(ctx).Val() }).
			WithTimeout(patience).WithPolling(polling).Should(BeEquivalentTo(1))
		Expect(infoNumber(ctx, s.Client, "stats", "expired_keys")).To(Equal(before + 500))
	})

	It("treats an expired key as free", command("set", "rpush", "incr"), func(ctx SpecContext) {
		must(s.Set(ctx, "k", "5", time.Millisecond).Err())
		Eventually(ctx, func() int64 { return s.Exists(ctx, "k").Val() }).WithTimeout(patience).WithPolling(time.Millisecond).Should(BeZero())
		Expect(s.Incr(ctx, "k").Val()).To(BeEquivalentTo(1))
		Expect(s.TTL(ctx, "k").Val()).To(BeEquivalentTo(-1))
	})
})
