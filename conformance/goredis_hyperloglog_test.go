package conformance_test

import (
	"math"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

const notHyperLogLog = "WRONGTYPE Key is not a valid HyperLogLog string value."

var _ = eachProtocol("HyperLogLogs", Label("group:hyperloglog"), func(s *session) {
	describeOutcomes("adding, counting and merging", s,
		Entry("PFADD to a new key", command("pfadd"), outcome{want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFAdd(ctx, "k", "a", 2, 2.5)) }}),
		Entry("PFADD of nothing new", command("pfadd"), outcome{given: []string{"PFADD k a b c"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFAdd(ctx, "k", "c", "a")) }}),
		Entry("PFADD of no element creates the key", command("pfadd", "exists"), outcome{want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.PFAdd(ctx, "k").Err())
				return got(r.Exists(ctx, "k"))
			}}),
		Entry("PFADD to a text", command("pfadd"), outcome{given: []string{"SET k text"}, err: notHyperLogLog,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFAdd(ctx, "k", "a")) }}),
		Entry("PFADD to a list", command("pfadd"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFAdd(ctx, "list", "a")) }}),
		Entry("PFCOUNT", command("pfcount"), outcome{given: []string{"PFADD k a b c a b c"}, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFCount(ctx, "k")) }}),
		Entry("PFCOUNT of several keys", command("pfcount"), outcome{given: []string{"PFADD k a b c", "PFADD l c d"}, want: int64(4),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFCount(ctx, "k", "none", "l")) }}),
		Entry("PFCOUNT of nothing", command("pfcount"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFCount(ctx, "none")) }}),
		Entry("PFCOUNT of a number", command("pfcount"), outcome{given: []string{"SET k 1234567890123456"}, err: notHyperLogLog,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFCount(ctx, "k")) }}),
		Entry("PFMERGE", command("pfmerge", "pfcount"), outcome{given: []string{"PFADD a 1 2 3", "PFADD b 3 4", "PFADD d x"}, want: int64(5),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.PFMerge(ctx, "d", "a", "b", "none").Err())
				return got(r.PFCount(ctx, "d"))
			}}),
		Entry("PFMERGE of a list", command("pfmerge"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.PFMerge(ctx, "d", "list")) }}),
	)

	It("counts visitors by the day and by the week", command("pfadd", "pfcount", "pfmerge"), func(ctx SpecContext) {
		var days []string
		for day := range 7 {
			key := "visitors:" + strconv.Itoa(day)
			days = append(days, key)
			var visitors []any
			for i := range 1000 {
				visitors = append(visitors, "visitor-"+strconv.Itoa(day*500+i))
			}
			must(s.PFAdd(ctx, key, visitors...).Err())
			Expect(s.PFCount(ctx, key).Val()).To(BeNumerically("~", 1000, 40))
		}
		week := s.PFCount(ctx, days...).Val()
		Expect(week).To(BeNumerically("~", 4000, 160))
		must(s.PFMerge(ctx, "week", days...).Err())
		Expect(s.PFCount(ctx, "week").Val()).To(Equal(week))
	})

	It("stays within a few percent up to 100,000 elements, in 12 KiB", Label("slow"), command("pfadd", "pfcount", "strlen"), func(ctx SpecContext) {
		for n := 0; n < 100_000; {
			var batch []any
			for range 5000 {
				batch = append(batch, n*7919)
				n++
			}
			must(s.PFAdd(ctx, "k", batch...).Err())
			off := math.Abs(float64(s.PFCount(ctx, "k").Val())/float64(n) - 1)
			Expect(off).To(BeNumerically("<", 0.04), "after %d elements", n)
		}
		Expect(s.StrLen(ctx, "k").Val()).To(BeEquivalentTo(12304))
	})

	It("is a string that can be read, stored elsewhere and written back", command("pfadd", "pfcount", "get", "set"), func(ctx SpecContext) {
		for i, n := range []int{5, 500, 5000} {
			from, to := "from:"+strconv.Itoa(i), "to:"+strconv.Itoa(i)
			var elements []any
			for e := range n {
				elements = append(elements, e)
			}
			must(s.PFAdd(ctx, from, elements...).Err())
			must(s.Set(ctx, to, s.Get(ctx, from).Val(), 0).Err())
			Expect(s.PFCount(ctx, to).Val()).To(Equal(s.PFCount(ctx, from).Val()))
			Expect(s.PFAdd(ctx, to, elements...).Val()).To(BeZero())
			Expect(s.Get(ctx, to).Val()).To(sameBytes(s.Get(ctx, from).Val()))
		}
	})
})
