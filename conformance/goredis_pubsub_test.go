package conformance_test

import (
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// subscription subscribes with a client of its own and waits until the server has
// confirmed it.
func subscription(ctx ctxt, s *session, subscribe func(r *redis.Client) *redis.PubSub) *redis.PubSub {
	ps := subscribe(s.another())
	DeferCleanup(ps.Close)
	_, err := ps.Receive(ctx)
	must(err)
	return ps
}

// next returns the next message as "channel: payload", with the pattern in front
// if there is one.
func next(ctx ctxt, ps *redis.PubSub) string {
	m, err := ps.ReceiveMessage(ctx)
	must(err)
	if m.Pattern != "" {
		return fmt.Sprintf("%s %s: %s", m.Pattern, m.Channel, m.Payload)
	}
	return fmt.Sprintf("%s: %s", m.Channel, m.Payload)
}

var _ = eachProtocol("pub/sub", Label("group:pubsub"), func(s *session) {
	It("delivers messages of channels and patterns", command("subscribe", "psubscribe", "publish"), func(ctx SpecContext) {
		ps := subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.Subscribe(ctx, "news") })
		must(ps.PSubscribe(ctx, "w*"))
		_, err := ps.Receive(ctx)
		must(err)
		Expect(s.Publish(ctx, "news", "one").Val()).To(BeEquivalentTo(1))
		Expect(s.Publish(ctx, "weather", "two").Val()).To(BeEquivalentTo(1))
		Expect(s.Publish(ctx, "other", "three").Val()).To(BeZero())
		Expect(next(ctx, ps)).To(Equal("news: one"))
		Expect(next(ctx, ps)).To(Equal("w* weather: two"))
		must(ps.Ping(ctx, "hello"))
		pong, err := ps.Receive(ctx)
		must(err)
		Expect(pong).To(Equal(&redis.Pong{Payload: "hello"}))
	})

	It("delivers messages of shard channels", command("ssubscribe", "spublish"), func(ctx SpecContext) {
		ps := subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.SSubscribe(ctx, "news") })
		Expect(s.SPublish(ctx, "news", "one").Val()).To(BeEquivalentTo(1))
		Expect(s.Publish(ctx, "news", "two").Val()).To(BeZero())
		Expect(next(ctx, ps)).To(Equal("news: one"))
		Expect(s.PubSubShardChannels(ctx, "*").Val()).To(Equal([]string{"news"}))
		Expect(s.PubSubShardNumSub(ctx, "news", "none").Val()).To(Equal(map[string]int64{"news": 1, "none": 0}))
	})

	It("tells who listens", command("pubsub-channels", "pubsub-numsub", "pubsub-numpat"), func(ctx SpecContext) {
		subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.Subscribe(ctx, "a") })
		subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.Subscribe(ctx, "a") })
		subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.PSubscribe(ctx, "a*") })
		Expect(s.PubSubChannels(ctx, "*").Val()).To(Equal([]string{"a"}))
		Expect(s.PubSubNumSub(ctx, "a", "b").Val()).To(Equal(map[string]int64{"a": 2, "b": 0}))
		Expect(s.PubSubNumPat(ctx).Val()).To(BeEquivalentTo(1))
	})

	It("loses no message of several publishers and keeps the order of each", Label("slow"), command("subscribe", "publish"), func(ctx SpecContext) {
		const publishers, messages = 4, 500
		ps := subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.Subscribe(ctx, "news") })
		var group sync.WaitGroup
		for p := range publishers {
			r := s.another()
			group.Go(func() {
				for i := range messages {
					r.Publish(ctx, "news", fmt.Sprintf("%d %d", p, i))
				}
			})
		}
		last := map[int]int{}
		for range publishers * messages {
			m, err := ps.ReceiveMessage(ctx)
			must(err)
			var p, i int
			_, err = fmt.Sscanf(m.Payload, "%d %d", &p, &i)
			must(err)
			Expect(i).To(Equal(last[p]), "publisher %d", p)
			last[p]++
		}
		group.Wait()
	})

	It("tells of keys that expire, on time", command("config-set"), func(ctx SpecContext) {
		setConfig(ctx, s.Client, "notify-keyspace-events", "Ex")
		ps := subscription(ctx, s, func(r *redis.Client) *redis.PubSub { return r.PSubscribe(ctx, "__keyevent@*__:expired") })
		start := time.Now()
		must(s.Set(ctx, "k", "v", 50*time.Millisecond).Err())
		m, err := ps.ReceiveMessage(ctx)
		must(err)
		Expect(m.Payload).To(Equal("k"))
		Expect(time.Since(start)).To(BeNumerically(">=", 50*time.Millisecond))
	})
})
