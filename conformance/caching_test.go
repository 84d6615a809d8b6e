package conformance_test

import (
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// Client-side caching, as two client libraries do it: go-redis tracks with every
// connection, rueidis opts in for single commands or lets the server broadcast.

// rueidisClient returns a client of rueidis, closed after the spec.
func rueidisClient(tracking ...string) rueidis.Client {
	if strings.Contains(server.Addr, "/") {
		Skip("rueidis is given a TCP address")
	}
	c, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr}, Username: server.User, Password: server.Password,
		SelectDB: server.DB, TLSConfig: server.TLS, ClientTrackingOptions: tracking, ForceSingleClient: true,
	})
	must(err)
	DeferCleanup(c.Close)
	return c
}

// cached reads a key through the cache, and tells whether it was there.
func cached(ctx ctxt, c rueidis.Client, key string) (value string, hit bool) {
	r := c.DoCache(ctx, c.B().Get().Key(key).Cache(), time.Minute)
	value, err := r.ToString()
	if !rueidis.IsRedisNil(err) {
		must(err)
	}
	return value, r.IsCacheHit()
}

var _ = Describe("client-side caching", Label("group:tracking", "proto:3"), func() {
	var writer *redis.Client
	BeforeEach(func(ctx SpecContext) {
		writer = clientOf(server, 3)
		must(writer.FlushAll(ctx).Err())
	})

	for name, options := range map[string][]string{
		"opting in": nil, "broadcasting": {"BCAST"}, "broadcasting a prefix": {"PREFIX", "k", "BCAST"},
	} {
		It("rueidis, "+name+": a hit until the key is changed", func(ctx SpecContext) {
			c := rueidisClient(options...)
			must(writer.Set(ctx, "k", "one", 0).Err())
			value, hit := cached(ctx, c, "k")
			Expect([]any{value, hit}).To(Equal([]any{"one", false}))
			value, hit = cached(ctx, c, "k")
			Expect([]any{value, hit}).To(Equal([]any{"one", true}))
			must(writer.Set(ctx, "k", "two", 0).Err())
			Eventually(func() string { value, _ := cached(ctx, c, "k"); return value }, patience, polling).Should(Equal("two"))
			must(writer.FlushAll(ctx).Err())
			Eventually(func() string { value, _ := cached(ctx, c, "k"); return value }, patience, polling).Should(BeEmpty())
		})
	}

	It("rueidis: what expires is not served any more", func(ctx SpecContext) {
		c := rueidisClient()
		must(writer.Set(ctx, "k", "v", 60*time.Millisecond).Err())
		value, _ := cached(ctx, c, "k")
		Expect(value).To(Equal("v"))
		Eventually(func() string { value, _ := cached(ctx, c, "k"); return value }, patience, polling).Should(BeEmpty())
	})

	It("rueidis: many keys in one call", func(ctx SpecContext) {
		c := rueidisClient()
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = "k" + strconv.Itoa(i)
			must(writer.Set(ctx, keys[i], i, 0).Err())
		}
		for range 2 {
			values, err := rueidis.MGetCache(c, ctx, time.Minute, keys)
			must(err)
			for i, key := range keys {
				m := values[key]
				Expect(m.ToString()).To(Equal(strconv.Itoa(i)))
			}
		}
		must(writer.Set(ctx, "k7", "new", 0).Err())
		Eventually(func() string {
			values, err := rueidis.MGetCache(c, ctx, time.Minute, keys)
			must(err)
			m := values["k7"]
			text, _ := m.ToString()
			return text
		}, patience, polling).Should(Equal("new"))
	})

	It("go-redis: a hit until the key is changed", func(ctx SpecContext) {
		cache := redis.NewLocalCache(redis.CacheConfig{})
		c := clientOf(server, 3, func(o *redis.Options) { o.ClientSideCache = cache })
		must(writer.Set(ctx, "k", "one", 0).Err())
		Expect(c.Get(ctx, "k").Val()).To(Equal("one"))
		Eventually(func() uint64 { c.Get(ctx, "k"); return cache.Stats().Hits }, patience, polling).Should(BeNumerically(">", 0))
		must(writer.Set(ctx, "k", "two", 0).Err())
		Eventually(func() string { return c.Get(ctx, "k").Val() }, patience, polling).Should(Equal("two"))
		must(writer.Del(ctx, "k").Err())
		Eventually(func() error { return c.Get(ctx, "k").Err() }, patience, polling).Should(Equal(redis.Nil))
	})
})
