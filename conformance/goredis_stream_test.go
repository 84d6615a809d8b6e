package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// The specs are those of an application: a pool of workers that share a stream of
// jobs through a group, where workers die, and where the stream is trimmed meanwhile.

const (
	jobs    = "jobs"
	workers = "workers"
)

// addJobs adds jobs with the numbers from first to last.
func addJobs(ctx context.Context, r *redis.Client, first, last int) {
	GinkgoHelper()
	_, err := r.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := first; i <= last; i++ {
			p.XAdd(ctx, &redis.XAddArgs{Stream: jobs, Values: map[string]any{"n": i}})
		}
		return nil
	})
	must(err)
}

// numbers are those of jobs.
func numbers(messages []redis.XMessage) []string {
	var out []string
	for _, m := range messages {
		out = append(out, fmt.Sprint(m.Values["n"]))
	}
	return out
}

// readJobs delivers up to count new jobs to a worker.
func readJobs(ctx context.Context, r *redis.Client, worker string, count int64, block time.Duration) ([]redis.XMessage, error) {
	streams, err := r.XReadGroup(ctx, &redis.XReadGroupArgs{Group: workers, Consumer: worker, Streams: []string{jobs, ">"}, Count: count, Block: block}).Result()
	if err != nil || len(streams) == 0 {
		return nil, err
	}
	return streams[0].Messages, nil
}

var _ = eachProtocol("a pool of workers", Label("group:stream"), func(s *session) {
	BeforeEach(func(ctx SpecContext) { must(s.XGroupCreateMkStream(ctx, jobs, workers, "$").Err()) })

	It("gives each job to one worker, in order", NodeTimeout(4*patience), command("xreadgroup", "xadd", "xack"), func(ctx SpecContext) {
		const pool, total = 4, 400
		var mu sync.Mutex
		done := map[string]int{}
		jobsDone := func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(done)
		}
		var wait sync.WaitGroup
		for i := range pool {
			r, name := s.another(), fmt.Sprint("worker", i)
			wait.Go(func() {
				defer GinkgoRecover()
				last := ""
				for jobsDone() < total {
					messages, err := readJobs(ctx, r, name, 3, 20*time.Millisecond)
					if errors.Is(err, redis.Nil) {
						continue
					}
					must(err)
					for _, m := range messages {
						mu.Lock()
						done[fmt.Sprint(m.Values["n"])]++
						mu.Unlock()
						Expect(newer(m.ID, last)).To(BeTrue(), "%s after %s", m.ID, last)
						last = m.ID
						must(r.XAck(ctx, jobs, workers, m.ID).Err())
					}
				}
			})
		}
		for i := 0; i < total; i += 20 {
			addJobs(ctx, s.Client, i, i+19)
		}
		wait.Wait()
		Expect(done).To(HaveLen(total))
		for n, times := range done {
			Expect(times).To(Equal(1), "job %s", n)
		}
		Expect(s.XPending(ctx, jobs, workers).Val().Count).To(BeZero())
		group := s.XInfoGroups(ctx, jobs).Val()[0]
		Expect([]int64{group.Consumers, group.Pending, group.EntriesRead, group.Lag}).To(Equal([]int64{pool, 0, total, 0}))
	})

	It("lets the jobs of a dead worker be claimed", command("xautoclaim", "xpending", "xclaim"), func(ctx SpecContext) {
		addJobs(ctx, s.Client, 1, 5)
		lost, err := readJobs(ctx, s.Client, "dead", 3, -1)
		must(err)
		Expect(numbers(lost)).To(Equal([]string{"1", "2", "3"}))

		pending := s.XPending(ctx, jobs, workers).Val()
		Expect(*pending).To(BeComparableTo(redis.XPending{Count: 3, Lower: lost[0].ID, Higher: lost[2].ID, Consumers: map[string]int64{"dead": 3}}))
		none, _, err := s.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: jobs, Group: workers, Consumer: "alive", MinIdle: time.Hour, Start: "0"}).Result()
		must(err)
		Expect(none).To(BeEmpty(), "it may still be alive")

		claimed, next, err := s.XAutoClaim(ctx, &redis.XAutoClaimArgs{Stream: jobs, Group: workers, Consumer: "alive", Start: "0", Count: 2}).Result()
		must(err)
		Expect(numbers(claimed)).To(Equal([]string{"1", "2"}))
		Expect(next).To(Equal(lost[2].ID))
		Expect(numbers(s.XClaim(ctx, &redis.XClaimArgs{Stream: jobs, Group: workers, Consumer: "alive", Messages: []string{next}}).Val())).To(Equal([]string{"3"}))

		var facts []string
		for _, p := range s.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: jobs, Group: workers, Start: "-", End: "+", Count: 10}).Val() {
			facts = append(facts, fmt.Sprintf("%v %s %d", p.ID == lost[len(facts)].ID, p.Consumer, p.RetryCount))
		}
		Expect(facts).To(Equal([]string{"true alive 2", "true alive 2", "true alive 2"}))
		Expect(s.XGroupDelConsumer(ctx, jobs, workers, "dead").Val()).To(BeZero())
		rest, err := readJobs(ctx, s.Client, "alive", 10, -1)
		must(err)
		Expect(numbers(rest)).To(Equal([]string{"4", "5"}))
	})

	It("shows a worker that comes back what it has not done", command("xreadgroup"), func(ctx SpecContext) {
		addJobs(ctx, s.Client, 1, 4)
		got, err := readJobs(ctx, s.Client, "w", 3, -1)
		must(err)
		must(s.XAck(ctx, jobs, workers, got[0].ID).Err())
		must(s.XDel(ctx, jobs, got[1].ID).Err())
		again := s.another()
		streams, err := again.XReadGroup(ctx, &redis.XReadGroupArgs{Group: workers, Consumer: "w", Streams: []string{jobs, "0"}}).Result()
		must(err)
		Expect(streams).To(HaveLen(1))
		messages := streams[0].Messages
		Expect(messages).To(HaveLen(2))
		Expect(messages[0].Values).To(BeEmpty(), "it was deleted")
		Expect(messages[0].ID).To(Equal(got[1].ID))
		Expect(messages[1].Values).To(HaveKeyWithValue("n", "3"))
	})

	It("goes on while the stream is trimmed", command("xadd", "xread", "xtrim"), func(ctx SpecContext) {
		const total = 500
		reader := s.another()
		read := async(func() result {
			var all []string
			last := "0"
			for {
				streams, err := reader.XRead(ctx, &redis.XReadArgs{Streams: []string{jobs, last}, Count: 7, Block: time.Second}).Result()
				if err != nil {
					return result{all, err}
				}
				for _, m := range streams[0].Messages {
					if !newer(m.ID, last) {
						return result{all, fmt.Errorf("%s after %s", m.ID, last)}
					}
					last = m.ID
					all = append(all, fmt.Sprint(m.Values["n"]))
				}
				if all[len(all)-1] == fmt.Sprint(total) {
					return result{all, nil}
				}
			}
		})
		for i := 1; i <= total; i++ {
			must(s.XAdd(ctx, &redis.XAddArgs{Stream: jobs, MaxLen: 50, Approx: i%2 == 0, Values: []any{"n", i, "text", "some text"}}).Err())
			if i%100 == 0 {
				must(s.XTrimMaxLen(ctx, jobs, 5).Err())
			}
		}
		r := read.await(ctx)
		must(r.err)
		all := r.value.([]string)
		Expect(all[len(all)-1]).To(Equal(fmt.Sprint(total)))
		Expect(s.XLen(ctx, jobs).Val()).To(BeNumerically("<=", 150))
	})

	It("ends the wait of workers whose group goes", command("xgroup-destroy"), func(ctx SpecContext) {
		waiter := s.another()
		p := async(func() result {
			m, err := readJobs(ctx, waiter, "w", 1, 0)
			return result{m, err}
		})
		awaitBlocked(ctx, s.Client, 1)
		must(s.XGroupDestroy(ctx, jobs, workers).Err())
		Expect(p.await(ctx).err).To(MatchError(HavePrefix("NOGROUP ")))
		Expect(s.XGroupCreate(ctx, jobs, workers, "0").Err()).NotTo(HaveOccurred())
		Expect(s.XGroupCreate(ctx, jobs, workers, "0").Err()).To(MatchError("BUSYGROUP Consumer Group name already exists"))
	})

	It("returns redis.Nil when nothing came", command("xread", "xreadgroup"), func(ctx SpecContext) {
		start := time.Now()
		_, err := readJobs(ctx, s.Client, "w", 1, 60*time.Millisecond)
		Expect(err).To(Equal(redis.Nil))
		Expect(time.Since(start)).To(BeNumerically(">=", 60*time.Millisecond))
		Expect(s.XRead(ctx, &redis.XReadArgs{Streams: []string{jobs, "$"}, Block: -1}).Err()).To(Equal(redis.Nil))
	})

	It("describes stream, groups and consumers", command("xinfo-stream", "xinfo-groups", "xinfo-consumers"), func(ctx SpecContext) {
		addJobs(ctx, s.Client, 1, 3)
		got, err := readJobs(ctx, s.Client, "w", 2, -1)
		must(err)
		info := s.XInfoStream(ctx, jobs).Val()
		Expect([]int64{info.Length, info.RadixTreeKeys, info.Groups, info.EntriesAdded}).To(Equal([]int64{3, 1, 1, 3}))
		Expect([]string{info.FirstEntry.ID, info.RecordedFirstEntryID, info.MaxDeletedEntryID}).To(Equal([]string{got[0].ID, got[0].ID, "0-0"}))
		Expect(info.LastEntry.ID).To(Equal(info.LastGeneratedID))
		groups := s.XInfoGroups(ctx, jobs).Val()
		Expect(groups).To(BeComparableTo([]redis.XInfoGroup{{Name: workers, Consumers: 1, Pending: 2, LastDeliveredID: got[1].ID, EntriesRead: 2, Lag: 1}}))
		consumers := s.XInfoConsumers(ctx, jobs, workers).Val()
		Expect(consumers).To(HaveLen(1))
		Expect(consumers[0].Name).To(Equal("w"))
		Expect(consumers[0].Pending).To(BeEquivalentTo(2))
		Expect(consumers[0].Idle).To(BeNumerically("<", patience))
	})

	It("reads ranges in both directions", command("xrange", "xrevrange", "xdel", "xlen"), func(ctx SpecContext) {
		addJobs(ctx, s.Client, 1, 4)
		all := s.XRange(ctx, jobs, "-", "+").Val()
		Expect(numbers(all)).To(Equal([]string{"1", "2", "3", "4"}))
		Expect(numbers(s.XRangeN(ctx, jobs, "("+all[0].ID, "+", 2).Val())).To(Equal([]string{"2", "3"}))
		back := s.XRevRange(ctx, jobs, "+", "-").Val()
		slices.Reverse(back)
		Expect(back).To(Equal(all))
		Expect(s.XDel(ctx, jobs, all[1].ID, "1-1").Val()).To(BeEquivalentTo(1))
		Expect(s.XLen(ctx, jobs).Val()).To(BeEquivalentTo(3))
	})
})

// newer reports whether an ID of the server's choice comes after another, "" being
// before all.
func newer(id, than string) bool {
	var a, b [2]uint64
	_, _ = fmt.Sscanf(id, "%d-%d", &a[0], &a[1])
	_, _ = fmt.Sscanf(than, "%d-%d", &b[0], &b[1])
	return slices.Compare(a[:], b[:]) > 0
}
