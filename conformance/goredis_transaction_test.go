package conformance_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var _ = eachProtocol("transactions", Label("group:transactions"), func(s *session) {
	It("returns the typed results of a transaction", command("multi", "exec"), func(ctx SpecContext) {
		var incr *redis.IntCmd
		var list *redis.StringSliceCmd
		var score *redis.FloatCmd
		cmds, err := s.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "n", 41, 0)
			incr = p.Incr(ctx, "n")
			p.RPush(ctx, "list", "a", "b")
			list = p.LRange(ctx, "list", 0, -1)
			p.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: "m"})
			score = p.ZScore(ctx, "z", "m")
			return nil
		})
		must(err)
		Expect(cmds).To(HaveLen(6))
		Expect(incr.Val()).To(BeEquivalentTo(42))
		Expect(list.Val()).To(Equal([]string{"a", "b"}))
		Expect(score.Val()).To(Equal(1.5))
	})

	It("executes what is behind a failure", command("multi", "exec"), func(ctx SpecContext) {
		cmds, err := s.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "k", "text", 0)
			p.Incr(ctx, "k")
			p.Get(ctx, "none")
			p.Append(ctx, "k", "!")
			return nil
		})
		Expect(err).To(MatchError(notInteger), "the first error")
		Expect(cmds).To(HaveLen(4))
		Expect(cmds[2].Err()).To(Equal(redis.Nil))
		Expect(cmds[3].(*redis.IntCmd).Val()).To(BeEquivalentTo(5))
		Expect(s.Get(ctx, "k").Val()).To(Equal("text!"))
	})

	It("executes nothing of a transaction with an unknown command", command("multi", "exec"), func(ctx SpecContext) {
		_, err := s.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "k", "v", 0)
			p.Do(ctx, "NOSUCHCOMMAND")
			return nil
		})
		Expect(err).To(HaveOccurred())
		Expect(s.Exists(ctx, "k").Val()).To(BeZero())
	})

	It("lets a transaction fail whose key was changed", command("watch", "multi", "exec"), func(ctx SpecContext) {
		other := s.another()
		err := s.Watch(ctx, func(tx *redis.Tx) error {
			must(other.Set(ctx, "k", "theirs", 0).Err())
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
				p.Set(ctx, "k", "mine", 0)
				return nil
			})
			return err
		}, "k")
		Expect(err).To(Equal(redis.TxFailedErr))
		Expect(s.Get(ctx, "k").Val()).To(Equal("theirs"))
	})

	It("loses no increment of several clients that read, watch and write", Label("slow"), command("watch", "multi", "exec"), func(ctx SpecContext) {
		const clients, increments = 8, 50
		var failed atomic.Int64
		var group sync.WaitGroup
		for range clients {
			r := s.another()
			group.Go(func() {
				for range increments {
					for !increment(ctx, r, "n") {
						failed.Add(1)
					}
				}
			})
		}
		group.Wait()
		Expect(s.Get(ctx, "n").Val()).To(Equal(strconv.Itoa(clients * increments)))
		AddReportEntry("attempts that failed", failed.Load())
	})

	It("shows no state within a transaction to others", Label("slow"), command("multi", "exec"), func(ctx SpecContext) {
		const rounds = 300
		writer := s.another()
		var group sync.WaitGroup
		group.Go(func() {
			for i := range rounds {
				_, err := writer.TxPipelined(ctx, func(p redis.Pipeliner) error {
					p.Set(ctx, "a", i, 0)
					p.Set(ctx, "b", i, 0)
					return nil
				})
				if err != nil {
					return
				}
			}
		})
		var torn []string
		for range rounds {
			pair := s.MGet(ctx, "a", "b").Val()
			if len(pair) == 2 && pair[0] != pair[1] {
				torn = append(torn, fmt.Sprint(pair))
			}
		}
		group.Wait()
		Expect(torn).To(BeEmpty())
		Expect(s.MGet(ctx, "a", "b").Val()).To(Equal([]any{strconv.Itoa(rounds - 1), strconv.Itoa(rounds - 1)}))
	})

	It("carries a transaction of 10,000 commands", Label("slow"), command("multi", "exec"), func(ctx SpecContext) {
		const n = 10_000
		cmds, err := s.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for i := range n {
				p.RPush(ctx, "list", i)
			}
			return nil
		})
		must(err)
		for i, c := range cmds {
			if c.(*redis.IntCmd).Val() != int64(i+1) {
				Fail(fmt.Sprintf("reply %d is %v", i, c))
			}
		}
	})

	It("answers a waiting command in a transaction at once", command("blpop", "multi", "exec"), func(ctx SpecContext) {
		start := time.Now()
		cmds, err := s.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.BLPop(ctx, time.Minute, "list")
			p.Ping(ctx)
			return nil
		})
		Expect(errors.Is(err, redis.Nil)).To(BeTrue())
		Expect(cmds[1].(*redis.StatusCmd).Val()).To(Equal("PONG"))
		Expect(time.Since(start)).To(BeNumerically("<", patience))
	})
})

// increment adds one to a number with WATCH, and tells whether nobody came in
// between.
func increment(ctx ctxt, r *redis.Client, key string) bool {
	defer GinkgoRecover()
	err := r.Watch(ctx, func(tx *redis.Tx) error {
		n, err := tx.Get(ctx, key).Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, key, n+1, 0)
			return nil
		})
		return err
	}, key)
	if !errors.Is(err, redis.TxFailedErr) {
		must(err)
	}
	return err == nil
}
