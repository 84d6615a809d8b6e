package conformance_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var _ = eachProtocol("blocking", Label("group:list"), func(s *session) {
	DescribeTable("waits for an element", func(ctx SpecContext, call func(ctx ctxt, r *redis.Client) result, want any) {
		waiter := s.another()
		p := async(func() result { return call(ctx, waiter) })
		awaitBlocked(ctx, s.Client, 1)
		must(s.RPush(ctx, "list", "a", "b").Err())
		r := p.await(ctx)
		must(r.err)
		Expect(r.value).To(BeComparableTo(want))
		awaitBlocked(ctx, s.Client, 0)
	},
		Entry("BLPOP", command("blpop"), func(ctx ctxt, r *redis.Client) result {
			return got(r.BLPop(ctx, 0, "other", "list"))
		}, []string{"list", "a"}),
		Entry("BRPOP", command("brpop"), func(ctx ctxt, r *redis.Client) result {
			return got(r.BRPop(ctx, 0, "other", "list"))
		}, []string{"list", "b"}),
		Entry("BLMOVE", command("blmove"), func(ctx ctxt, r *redis.Client) result {
			return got(r.BLMove(ctx, "list", "other", "RIGHT", "LEFT", 0))
		}, "b"),
		Entry("BRPOPLPUSH", command("brpoplpush"), func(ctx ctxt, r *redis.Client) result {
			return gotRaw(ctx, r, "BRPOPLPUSH", "list", "other", 0)
		}, "b"),
		Entry("BLMPOP", command("blmpop"), func(ctx ctxt, r *redis.Client) result {
			return gotPopped(r.BLMPop(ctx, 0, "right", 5, "other", "list"))
		}, popped{"list", []string{"b", "a"}}),
	)

	DescribeTable("returns redis.Nil when the time is over, and not before", func(ctx SpecContext, call func(ctx ctxt, r *redis.Client) result) {
		start := time.Now()
		r := call(ctx, s.Client)
		Expect(r.err).To(Equal(redis.Nil))
		Expect(time.Since(start)).To(BeNumerically(">=", 60*time.Millisecond))
		Expect(time.Since(start)).To(BeNumerically("<", patience))
	},
		Entry("BLPOP", command("blpop"), func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "BLPOP", "list", "0.06") }),
		Entry("BRPOP", command("brpop"), func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "BRPOP", "list", "0.06") }),
		Entry("BLMOVE", command("blmove"), func(ctx ctxt, r *redis.Client) result {
			return gotRaw(ctx, r, "BLMOVE", "list", "other", "LEFT", "LEFT", "0.06")
		}),
		Entry("BRPOPLPUSH", command("brpoplpush"), func(ctx ctxt, r *redis.Client) result {
			return gotRaw(ctx, r, "BRPOPLPUSH", "list", "other", "0.06")
		}),
		Entry("BLMPOP", command("blmpop"), func(ctx ctxt, r *redis.Client) result {
			return gotRaw(ctx, r, "BLMPOP", "0.06", 1, "list", "LEFT")
		}),
	)

	It("serves waiters in the order in which they came", command("blpop"), func(ctx SpecContext) {
		const n = 8
		var waiters []promise
		for i := range n {
			waiter := s.another()
			waiters = append(waiters, async(func() result { return got(waiter.BLPop(ctx, 0, "list")) }))
			awaitBlocked(ctx, s.Client, i+1)
		}
		for i := range n {
			must(s.RPush(ctx, "list", i).Err())
		}
		for i, p := range waiters {
			Expect(p.await(ctx).value).To(Equal([]string{"list", fmt.Sprint(i)}), "waiter %d", i)
		}
	})

	It("serves several waiters from one push, in their order", command("blpop", "brpop"), func(ctx SpecContext) {
		var waiters []promise
		for i, call := range []func(r *redis.Client) result{
			func(r *redis.Client) result { return got(r.BLPop(ctx, 0, "list")) },
			func(r *redis.Client) result { return got(r.BRPop(ctx, 0, "list")) },
			func(r *redis.Client) result { return got(r.BLPop(ctx, 0, "list")) },
		} {
			waiter := s.another()
			waiters = append(waiters, async(func() result { return call(waiter) }))
			awaitBlocked(ctx, s.Client, i+1)
		}
		Expect(s.RPush(ctx, "list", "a", "b", "c", "d").Val()).To(BeEquivalentTo(4))
		Expect(waiters[0].await(ctx).value).To(Equal([]string{"list", "a"}))
		Expect(waiters[1].await(ctx).value).To(Equal([]string{"list", "d"}))
		Expect(waiters[2].await(ctx).value).To(Equal([]string{"list", "b"}))
		Expect(s.LRange(ctx, "list", 0, -1).Val()).To(Equal([]string{"c"}))
	})

	It("hands each element to exactly one of several workers", Label("slow"), command("blpop", "brpop", "blmpop", "rpush"), func(ctx SpecContext) {
		const workers, elements = 8, 2000
		var mu sync.Mutex
		var taken []string
		enough := func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(taken)
		}
		work, stop := context.WithCancel(ctx)
		var group sync.WaitGroup
		for i := range workers {
			waiter := s.another()
			group.Go(func() {
				for work.Err() == nil {
					values := takeSome(ctx, waiter, i)
					mu.Lock()
					taken = append(taken, values...)
					mu.Unlock()
				}
			})
		}
		var want []string
		for i := range elements {
			want = append(want, fmt.Sprint(i))
			must(s.RPush(ctx, "list", i).Err())
		}
		Eventually(ctx, enough).WithTimeout(patience).WithPolling(polling).Should(Equal(elements))
		stop()
		group.Wait()
		slices.Sort(taken)
		slices.Sort(want)
		Expect(taken).To(Equal(want))
	})

	It("passes elements along a chain of BLMOVE", command("blmove"), func(ctx SpecContext) {
		const length = 5
		var links []promise
		for i := range length {
			waiter := s.another()
			links = append(links, async(func() result {
				return got(waiter.BLMove(ctx, fmt.Sprint(i), fmt.Sprint(i+1), "LEFT", "RIGHT", 0))
			}))
			awaitBlocked(ctx, s.Client, i+1)
		}
		must(s.RPush(ctx, "0", "x").Err())
		for _, p := range links {
			Expect(p.await(ctx).value).To(Equal("x"))
		}
		Expect(s.LRange(ctx, fmt.Sprint(length), 0, -1).Val()).To(Equal([]string{"x"}))
	})

	It("does not wake a waiter for a key of another type", command("blpop", "set"), func(ctx SpecContext) {
		waiter := s.another()
		p := async(func() result { return got(waiter.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		must(s.Set(ctx, "list", "v", 0).Err())
		must(s.Del(ctx, "list").Err())
		awaitBlocked(ctx, s.Client, 1)
		must(s.LPush(ctx, "list", "a").Err())
		Expect(p.await(ctx).value).To(Equal([]string{"list", "a"}))
	})

	DescribeTable("wakes a waiter when a list comes into being", func(ctx SpecContext, create func(ctx ctxt) error) {
		waiter := s.another()
		must(s.RPush(ctx, "from", "a").Err())
		p := async(func() result { return got(waiter.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		must(create(ctx))
		Expect(p.await(ctx).value).To(Equal([]string{"list", "a"}))
		Expect(s.Exists(ctx, "list").Val()).To(BeZero())
	},
		Entry("by RENAME", command("rename"), func(ctx ctxt) error { return s.Rename(ctx, "from", "list").Err() }),
		Entry("by COPY", command("copy"), func(ctx ctxt) error { return s.Copy(ctx, "from", "list", server.DB, false).Err() }),
		Entry("by LMOVE", command("lmove"), func(ctx ctxt) error { return s.LMove(ctx, "from", "list", "LEFT", "LEFT").Err() }),
		Entry("by SORT STORE", command("sort"), func(ctx ctxt) error {
			return s.SortStore(ctx, "from", "list", &redis.Sort{Alpha: true}).Err()
		}),
	)

	It("gives nothing to a waiter whose deadline has passed", command("blpop"), func(ctx SpecContext) {
		waiter := s.another(func(o *redis.Options) { o.ContextTimeoutEnabled, o.MaxRetries = true, -1 })
		must(waiter.Ping(ctx).Err())
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		p := async(func() result { return got(waiter.BLPop(short, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		Expect(p.await(ctx).err).To(HaveOccurred())
		awaitBlocked(ctx, s.Client, 0)
		must(s.RPush(ctx, "list", "a").Err())
		Expect(s.LRange(ctx, "list", 0, -1).Val()).To(Equal([]string{"a"}))
		Expect(waiter.LPop(ctx, "list").Val()).To(Equal("a"), "the client must work after its deadline")
	})

	It("gives nothing to a waiter that has gone, but to the next one", command("blpop"), func(ctx SpecContext) {
		gone, next := s.another(dialOnce()), s.another()
		first := async(func() result { return got(gone.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		second := async(func() result { return got(next.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 2)
		must(gone.Close())
		Expect(first.await(ctx).err).To(HaveOccurred())
		awaitBlocked(ctx, s.Client, 1)
		must(s.RPush(ctx, "list", "a").Err())
		Expect(second.await(ctx).value).To(Equal([]string{"list", "a"}))
	})
})

// takeSome pops once in one of three ways, and returns what came within a
// moment, if anything did.
func takeSome(ctx context.Context, r *redis.Client, way int) []string {
	// The typed methods know whole seconds only.
	const moment = "0.1"
	switch way % 3 {
	case 0:
		return tail(r.Do(ctx, "BLPOP", "list", moment).StringSlice())
	case 1:
		return tail(r.Do(ctx, "BRPOP", "list", moment).StringSlice())
	}
	c := redis.NewKeyValuesCmd(ctx, "BLMPOP", moment, 1, "list", "LEFT", "COUNT", 3)
	if r.Process(ctx, c) != nil {
		return nil
	}
	_, values := c.Val()
	return values
}

// tail drops the name of the key from a reply of key and element.
func tail(reply []string, err error) []string {
	if err != nil || len(reply) != 2 {
		return nil
	}
	return reply[1:]
}

func gotRaw(ctx context.Context, r *redis.Client, args ...any) result { return got(r.Do(ctx, args...)) }

// dialOnce lets a client connect once: it cannot repeat a command over a new
// connection after it lost the first.
func dialOnce() func(*redis.Options) {
	return func(o *redis.Options) {
		o.MaxRetries = -1
		o.PoolSize = 1
		o.Dialer = func(ctx context.Context, _, _ string) (net.Conn, error) { return server.Dial(ctx) }
	}
}
