package conformance_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// Which keys go is a matter of chance; what is asked for is what the real servers do
// by a wide margin.

var _ = Describe("eviction", Label("group:eviction", "proto:2"), func() {
	const keys = 2000
	value := strings.Repeat("v", 1000)
	var r *redis.Client

	BeforeEach(func(ctx SpecContext) {
		needsOwned("changes maxmemory")
		r = clientOf(server, 2)
		must(r.FlushAll(ctx).Err())
		DeferCleanup(func(ctx SpecContext) { must(r.FlushAll(ctx).Err()) })
		setConfig(ctx, r, "maxmemory", "0")
	})

	name := func(i int) string { return fmt.Sprint("key:", i) }
	used := func(ctx ctxt) int64 { return infoNumber(ctx, r, "memory", "used_memory") }

	// fill gives each key its value, and whatever else it needs.
	fill := func(ctx ctxt, set func(p redis.Pipeliner, i int)) {
		GinkgoHelper()
		for from := 0; from < keys; from += 100 {
			p := r.Pipeline()
			for i := from; i < from+100; i++ {
				set(p, i)
			}
			must(execute(ctx, p))
		}
	}
	// restored fills with values that were used so long ago, or so often.
	restored := func(ctx ctxt, option string, number func(i int) int) {
		GinkgoHelper()
		must(r.Set(ctx, "model", value, 0).Err())
		dump, err := r.Dump(ctx, "model").Result()
		must(err)
		must(r.Del(ctx, "model").Err())
		fill(ctx, func(p redis.Pipeliner, i int) { p.Do(ctx, "RESTORE", name(i), 0, dump, option, number(i)) })
	}
	// evictHalf lets half of what is there go and returns the numbers of the keys that went.
	evictHalf := func(ctx ctxt, empty int64) (gone []int) {
		GinkgoHelper()
		full := used(ctx)
		limit := full - (full-empty)/2
		must(r.ConfigSet(ctx, "maxmemory", strconv.FormatInt(limit, 10)).Err())
		Eventually(ctx, func() int64 { return used(ctx) }).WithTimeout(patience).WithPolling(polling).Should(BeNumerically("<=", limit))
		must(r.ConfigSet(ctx, "maxmemory", "0").Err())
		there := make([]*redis.IntCmd, keys)
		fill(ctx, func(p redis.Pipeliner, i int) { there[i] = p.Exists(ctx, name(i)) })
		for i, cmd := range there {
			if cmd.Val() == 0 {
				gone = append(gone, i)
			}
		}
		return gone
	}
	// below returns which part of the keys that went have numbers below a limit.
	below := func(gone []int, limit int) float64 {
		n := 0
		for _, i := range gone {
			if i < limit {
				n++
			}
		}
		return float64(n) / float64(len(gone))
	}

	DescribeTable("keeps a cache below its limit that is filled several times over", command("config-set", "set"), func(ctx SpecContext, policy string) {
		setConfig(ctx, r, "maxmemory-policy", policy)
		must(r.Do(ctx, "CONFIG", "RESETSTAT").Err())
		const room = 1 << 20
		limit := used(ctx) + room
		must(r.ConfigSet(ctx, "maxmemory", strconv.FormatInt(limit, 10)).Err())
		for round := range 2 {
			fill(ctx, func(p redis.Pipeliner, i int) { p.Set(ctx, fmt.Sprint(round, ":", i), value, time.Hour) })
			Expect(used(ctx)).To(BeNumerically("<=", limit+room/4), "bytes used")
		}
		must(r.ConfigSet(ctx, "maxmemory", "0").Err()) // a server may go on evicting between requests
		Expect(r.DBSize(ctx).Val()).To(BeNumerically(">", room/3/len(value)), "keys that are left")
		Expect(infoNumber(ctx, r, "stats", "evicted_keys")).To(BeEquivalentTo(2*keys - r.DBSize(ctx).Val()))
	},
		Entry(nil, "allkeys-lru"), Entry(nil, "allkeys-lfu"), Entry(nil, "allkeys-random"),
		Entry(nil, "volatile-lru"), Entry(nil, "volatile-lfu"), Entry(nil, "volatile-random"), Entry(nil, "volatile-ttl"),
	)

	It("refuses when the limit is reached and no key may go", command("set"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "volatile-lru")
		const room = 1 << 20
		limit := used(ctx) + room
		must(r.ConfigSet(ctx, "maxmemory", strconv.FormatInt(limit, 10)).Err())
		refused := 0
		for i := range keys {
			if err := r.Set(ctx, name(i), value, 0).Err(); err != nil {
				Expect(err).To(MatchError("OOM command not allowed when used memory > 'maxmemory'."))
				refused++
			}
		}
		// How many are refused depends on what specs before this one have left to be freed in the background.
		Expect(refused).To(And(BeNumerically(">", 0), BeNumerically("<", keys*2/3)))
		Expect(used(ctx)).To(BeNumerically("~", limit, room/4), "bytes used when keys are refused")
		Expect(r.Get(ctx, name(0)).Val()).To(Equal(value))
	})

	It("lets the keys go that were not used for the longest time", command("restore", "object-idletime"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-lru")
		empty := used(ctx)
		restored(ctx, "IDLETIME", func(i int) int { return (keys - i) * 100 })
		gone := evictHalf(ctx, empty)
		Expect(len(gone)).To(BeNumerically("~", keys/2, keys/5))
		Expect(below(gone, keys/2)).To(BeNumerically(">", 0.8), "part of those that went, that was older than half")
		Expect(below(gone, keys*3/4)).To(BeNumerically(">", 0.95), "part of those that went, that was older than a quarter")
	})

	It("keeps the keys that are used", command("get"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-lru")
		empty := used(ctx)
		restored(ctx, "IDLETIME", func(int) int { return 1000 })
		for i := range keys / 10 {
			must(r.Get(ctx, name(i)).Err())
		}
		gone := evictHalf(ctx, empty)
		Expect(below(gone, keys/10)).To(BeNumerically("<", 0.01), "part of those that went, that was in use")
	})

	It("lets the keys go that are used least frequently", command("restore", "object-freq"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-lfu")
		empty := used(ctx)
		restored(ctx, "FREQ", func(i int) int { return i * 255 / keys })
		gone := evictHalf(ctx, empty)
		Expect(below(gone, keys/2)).To(BeNumerically(">", 0.8), "part of those that went, that was used less than half")
	})

	It("keeps the keys that are used frequently", command("get"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-lfu")
		empty := used(ctx)
		fill(ctx, func(p redis.Pipeliner, i int) { p.Set(ctx, name(i), value, 0) })
		for range 30 {
			p := r.Pipeline()
			for i := range keys / 10 {
				p.Get(ctx, name(i))
			}
			must(execute(ctx, p))
		}
		gone := evictHalf(ctx, empty)
		Expect(below(gone, keys/10)).To(BeNumerically("<", 0.01), "part of those that went, that was used frequently")
	})

	DescribeTable("leaves keys alone that do not expire", command("set", "expire"), func(ctx SpecContext, policy string) {
		setConfig(ctx, r, "maxmemory-policy", policy)
		fill(ctx, func(p redis.Pipeliner, i int) {
			if i < keys/2 {
				p.Set(ctx, name(i), value, 0)
			}
		})
		empty := used(ctx)
		fill(ctx, func(p redis.Pipeliner, i int) {
			if i >= keys/2 {
				p.Set(ctx, name(i), value, time.Hour)
			}
		})
		gone := evictHalf(ctx, empty)
		Expect(len(gone)).To(BeNumerically("~", keys/4, keys/10))
		Expect(gone).NotTo(ContainElement(BeNumerically("<", keys/2)))
	},
		Entry(nil, "volatile-lru"), Entry(nil, "volatile-lfu"), Entry(nil, "volatile-random"), Entry(nil, "volatile-ttl"),
	)

	It("lets the keys go that expire next", command("set", "ttl"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "volatile-ttl")
		empty := used(ctx)
		fill(ctx, func(p redis.Pipeliner, i int) { p.Set(ctx, name(i), value, time.Duration(1000+i)*time.Second) })
		gone := evictHalf(ctx, empty)
		Expect(below(gone, keys/2)).To(BeNumerically(">", 0.8), "part of those that went, that expires before half")
	})

	It("goes on in the background until the limit is kept", command("config-set"), func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-random")
		setConfig(ctx, r, "maxmemory-eviction-tenacity", "0")
		fill(ctx, func(p redis.Pipeliner, i int) { p.Set(ctx, name(i), value, 0) })
		// Counted from the full server: what was there before may still be being freed.
		limit := used(ctx) - int64(keys*len(value))*3/4
		must(r.ConfigSet(ctx, "maxmemory", strconv.FormatInt(limit, 10)).Err())
		Eventually(ctx, func() int64 { return used(ctx) }).WithTimeout(patience).WithPolling(polling).Should(BeNumerically("<=", limit))
		Expect(r.DBSize(ctx).Val()).To(BeNumerically("<", keys))
		Eventually(ctx, func() int64 { return infoNumber(ctx, r, "stats", "current_eviction_exceeded_time") }).
			WithTimeout(patience).WithPolling(polling).Should(BeZero())
	})
})
