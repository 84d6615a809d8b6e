package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// execute sends a pipeline; a missing value is no failure of it.
func execute(ctx context.Context, p redis.Pipeliner) error {
	_, err := p.Exec(ctx)
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

var _ = eachProtocol("pipelines and pools", Label("group:connection"), func(s *session) {
	It("returns the typed results of a pipeline", func(ctx SpecContext) {
		var set *redis.StatusCmd
		var incr *redis.IntCmd
		var list *redis.StringSliceCmd
		cmds, err := s.Pipelined(ctx, func(p redis.Pipeliner) error {
			set = p.Set(ctx, "n", 41, 0)
			incr = p.Incr(ctx, "n")
			p.RPush(ctx, "list", "a", "b")
			list = p.LRange(ctx, "list", 0, -1)
			return nil
		})
		must(err)
		Expect(cmds).To(HaveLen(4))
		Expect(set.Val()).To(Equal("OK"))
		Expect(incr.Val()).To(BeEquivalentTo(42))
		Expect(list.Val()).To(Equal([]string{"a", "b"}))
	})

	It("carries out the other commands of a pipeline that fails in part", func(ctx SpecContext) {
		cmds, err := s.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "k", "text", 0)
			p.Incr(ctx, "k")
			p.LPush(ctx, "k", "x")
			p.Get(ctx, "none")
			p.Do(ctx, "NOSUCHCOMMAND", "a")
			p.Append(ctx, "k", "!")
			return nil
		})
		Expect(err).To(MatchError(notInteger), "the first error")
		var texts []string
		for _, c := range cmds {
			text := ""
			if c.Err() != nil {
				text = c.Err().Error()
			}
			texts = append(texts, text)
		}
		Expect(texts).To(Equal([]string{"", notInteger, wrongType, nilText,
			"ERR unknown command 'NOSUCHCOMMAND', with args beginning with: 'a' ", ""}))
		Expect(s.Get(ctx, "k").Val()).To(Equal("text!"))
	})

	It("keeps replies in order in a pipeline of 10,000 commands", Label("slow"), func(ctx SpecContext) {
		const n = 10_000
		cmds, err := s.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				p.Echo(ctx, fmt.Sprint(i))
			}
			return nil
		})
		must(err)
		for i, c := range cmds {
			if c.(*redis.StringCmd).Val() != fmt.Sprint(i) {
				Fail(fmt.Sprintf("reply %d is %v", i, c))
			}
		}
	})

	It("counts each INCR of 50 goroutines once", Label("slow"), command("incr"), func(ctx SpecContext) {
		const goroutines, each = 50, 100
		seen := make([]bool, goroutines*each+1)
		var mu sync.Mutex
		var group sync.WaitGroup
		var failure error
		for range goroutines {
			group.Go(func() {
				for range each {
					n, err := s.Incr(ctx, "n").Result()
					mu.Lock()
					if err != nil || n < 1 || n > goroutines*each || seen[n] {
						failure = fmt.Errorf("INCR returned %d twice or wrongly: %w", n, err)
					} else {
						seen[n] = true
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		must(failure)
		Expect(s.Get(ctx, "n").Int()).To(Equal(goroutines * each))
		Expect(s.PoolStats().TotalConns).To(BeNumerically("<=", 10))
	})

	It("does not mix replies of goroutines that share a pool", Label("slow"), func(ctx SpecContext) {
		var group sync.WaitGroup
		failures := make(chan string, 20)
		for g := range cap(failures) {
			group.Go(func() {
				for i := range 100 {
					want := fmt.Sprintf("%d:%d:%s", g, i, pattern(g*i))
					if got := s.Echo(ctx, want).Val(); got != want {
						failures <- fmt.Sprintf("goroutine %d got %.40q", g, got)
						return
					}
				}
			})
		}
		group.Wait()
		close(failures)
		Expect(failures).NotTo(Receive())
	})

	It("lets a pool run dry while its only connection is blocked", command("blpop"), func(ctx SpecContext) {
		small := s.another(func(o *redis.Options) { o.PoolSize, o.PoolTimeout = 1, 50*time.Millisecond })
		p := async(func() result { return got(small.BLPop(ctx, 0, "list")) })
		awaitBlocked(ctx, s.Client, 1)
		Expect(small.Ping(ctx).Err()).To(MatchError(redis.ErrPoolTimeout))
		must(s.RPush(ctx, "list", "a").Err())
		must(p.await(ctx).err)
		must(small.Ping(ctx).Err())
	})

	It("times out reading from a paused server and recovers", command("client-pause", "client-unpause"), func(ctx SpecContext) {
		hasty := s.another(func(o *redis.Options) { o.ReadTimeout, o.MaxRetries = 100*time.Millisecond, -1 })
		must(hasty.Ping(ctx).Err())
		pause(ctx, s.Client, "WRITE")
		err := hasty.Set(ctx, "k", "v", 0).Err()
		var timeout net.Error
		Expect(errors.As(err, &timeout) && timeout.Timeout()).To(BeTrue(), "%v", err)
		must(s.ClientUnpause(ctx).Err())
		must(hasty.Set(ctx, "other", "v", 0).Err())
		Expect(hasty.Get(ctx, "other").Val()).To(Equal("v"))
	})

	It("obeys a deadline of the context", command("client-pause"), func(ctx SpecContext) {
		r := s.another(func(o *redis.Options) { o.ContextTimeoutEnabled, o.MaxRetries = true, -1 })
		must(r.Ping(ctx).Err())
		pause(ctx, s.Client, "WRITE")
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		Expect(r.Incr(short, "n").Err()).To(HaveOccurred())
		Expect(time.Since(start)).To(BeNumerically("<", patience))
		must(s.ClientUnpause(ctx).Err())
		must(r.Ping(ctx).Err())
	})

	It("connects again after the server closed the connection", command("client-kill"), func(ctx SpecContext) {
		r := s.another(func(o *redis.Options) { o.PoolSize = 1 })
		id := r.ClientID(ctx).Val()
		Expect(s.ClientKillByFilter(ctx, "ID", fmt.Sprint(id)).Val()).To(BeEquivalentTo(1))
		must(r.Set(ctx, "k", "v", 0).Err())
		Expect(r.ClientID(ctx).Val()).To(BeNumerically(">", id))
	})
})

// pause stops commands until CLIENT UNPAUSE, which the end of the spec sends.
func pause(ctx context.Context, r *redis.Client, mode string) {
	GinkgoHelper()
	must(r.Do(ctx, "CLIENT", "PAUSE", 60_000, mode).Err())
	c := clientOf(server, 2)
	DeferCleanup(func(ctx SpecContext) { must(c.ClientUnpause(ctx).Err()) })
}
