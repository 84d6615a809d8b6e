package conformance_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

var aHash = []string{"HSET hash a 1 b two c 3.5"}

// afterHash returns a call that changes something and then reads a whole hash.
func afterHash(change func(ctx ctxt, r *redis.Client) error, key string) func(ctx ctxt, r *redis.Client) result {
	return func(ctx ctxt, r *redis.Client) result {
		GinkgoHelper()
		must(change(ctx, r))
		return got(r.HGetAll(ctx, key))
	}
}

var _ = eachProtocol("hashes", Label("group:hash"), func(s *session) {
	type account struct {
		Name   string  `redis:"name"`
		Visits int64   `redis:"visits"`
		Score  float64 `redis:"score"`
		Active bool    `redis:"active"`
	}

	describeOutcomes("reading", s,
		Entry("HGET", command("hget"), outcome{given: aHash, want: "two",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGet(ctx, "hash", "b")) }}),
		Entry("HGET of no field", command("hget"), outcome{given: aHash, err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGet(ctx, "hash", "x")) }}),
		Entry("HGET of nothing", command("hget"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGet(ctx, "none", "a")) }}),
		Entry("HGET of a string", command("hget"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGet(ctx, "k", "a")) }}),
		Entry("HMGET", command("hmget"), outcome{given: aHash, want: []any{"1", nil, "3.5"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HMGet(ctx, "hash", "a", "x", "c")) }}),
		Entry("HMGET of nothing", command("hmget"), outcome{want: []any{nil, nil},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HMGet(ctx, "none", "a", "b")) }}),
		Entry("HGETALL", command("hgetall"), outcome{given: aHash, want: map[string]string{"a": "1", "b": "two", "c": "3.5"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGetAll(ctx, "hash")) }}),
		Entry("HGETALL of nothing", command("hgetall"), outcome{want: map[string]string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HGetAll(ctx, "none")) }}),
		Entry("HKEYS", command("hkeys"), outcome{given: aHash, want: []string{"a", "b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HKeys(ctx, "hash")) }}),
		Entry("HVALS", command("hvals"), outcome{given: aHash, want: []string{"1", "two", "3.5"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HVals(ctx, "hash")) }}),
		Entry("HVALS of nothing", command("hvals"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HVals(ctx, "none")) }}),
		Entry("HEXISTS", command("hexists"), outcome{given: aHash, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HExists(ctx, "hash", "a")) }}),
		Entry("HEXISTS of no field", command("hexists"), outcome{given: aHash, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HExists(ctx, "hash", "x")) }}),
		Entry("HLEN", command("hlen"), outcome{given: aHash, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HLen(ctx, "hash")) }}),
		Entry("HSTRLEN", command("hstrlen"), outcome{given: aHash, want: int64(3),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HStrLen(ctx, "hash", "b")) }}),
		Entry("HRANDFIELD of all", command("hrandfield"), outcome{given: aHash, want: []string{"a", "b", "c"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HRandField(ctx, "hash", 10)) }}),
		Entry("HRANDFIELD again and again", command("hrandfield"), outcome{given: []string{"HSET one f v"}, want: []string{"f", "f"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HRandField(ctx, "one", -2)) }}),
		Entry("HRANDFIELD of nothing", command("hrandfield"), outcome{want: []string{},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HRandField(ctx, "none", 2)) }}),
		Entry("HRANDFIELD WITHVALUES", command("hrandfield"), outcome{given: []string{"HSET one f v"}, want: []redis.KeyValue{{Key: "f", Value: "v"}},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HRandFieldWithValues(ctx, "one", 3)) }}),
	)

	describeOutcomes("writing", s,
		Entry("HSET of pairs", command("hset"), outcome{given: aHash, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HSet(ctx, "hash", "a", 2, "d", 4)) }}),
		Entry("HSET of a map", command("hset", "hgetall"), outcome{want: map[string]string{"x": "1", "y": "2.5"},
			call: afterHash(func(ctx ctxt, r *redis.Client) error {
				return r.HSet(ctx, "h", map[string]any{"x": 1, "y": 2.5}).Err()
			}, "h")}),
		Entry("HSET on a string", command("hset"), outcome{given: []string{"SET k v"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HSet(ctx, "k", "a", 1)) }}),
		Entry("HMSET", command("hmset"), outcome{want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HMSet(ctx, "h", "a", 1)) }}),
		Entry("HSETNX on a new field", command("hsetnx"), outcome{given: aHash, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HSetNX(ctx, "hash", "x", 1)) }}),
		Entry("HSETNX on an old field", command("hsetnx", "hgetall"), outcome{given: []string{"HSET h a 1"}, want: map[string]string{"a": "1"},
			call: afterHash(func(ctx ctxt, r *redis.Client) error { return r.HSetNX(ctx, "h", "a", 2).Err() }, "h")}),
		Entry("HDEL", command("hdel"), outcome{given: aHash, want: int64(2),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HDel(ctx, "hash", "a", "x", "c")) }}),
		Entry("HDEL of all fields", command("hdel", "exists"), outcome{given: aHash, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.HDel(ctx, "hash", "a", "b", "c").Err())
				return got(r.Exists(ctx, "hash"))
			}}),
		Entry("HINCRBY", command("hincrby"), outcome{given: aHash, want: int64(-4),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HIncrBy(ctx, "hash", "a", -5)) }}),
		Entry("HINCRBY of a word", command("hincrby"), outcome{given: aHash, err: "ERR hash value is not an integer",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HIncrBy(ctx, "hash", "b", 1)) }}),
		Entry("HINCRBYFLOAT", command("hincrbyfloat"), outcome{given: aHash, want: 3.75,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HIncrByFloat(ctx, "hash", "c", 0.25)) }}),
		Entry("HINCRBYFLOAT of a word", command("hincrbyfloat"), outcome{given: aHash, err: "ERR hash value is not a float",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.HIncrByFloat(ctx, "hash", "b", 1)) }}),
	)

	It("stores a struct and reads it back", command("hset", "hgetall", "hmget"), func(ctx SpecContext) {
		in := account{Name: "a name", Visits: 12, Score: 1.5, Active: true}
		must(s.HSet(ctx, "account", in).Err())
		var out, part account
		must(s.HGetAll(ctx, "account").Scan(&out))
		Expect(out).To(Equal(in))
		must(s.HMGet(ctx, "account", "name", "none").Scan(&part))
		Expect(part).To(Equal(account{Name: "a name"}))
	})

	DescribeTable("a hash of any size", command("hset", "hscan", "hlen", "hdel"), func(ctx SpecContext, fields int) {
		want := map[string]string{}
		pipe := s.Pipeline()
		for i := range fields {
			field := fmt.Sprintf("field:%d", i)
			want[field] = fmt.Sprint(i)
			pipe.HSet(ctx, "h", field, i)
		}
		_, err := pipe.Exec(ctx)
		must(err)
		Expect(s.HLen(ctx, "h").Val()).To(BeEquivalentTo(fields))
		Expect(s.HGetAll(ctx, "h").Val()).To(Equal(want))
		seen := map[string]string{}
		scan := s.HScan(ctx, "h", 0, "field:*", 100).Iterator()
		for scan.Next(ctx) {
			field := scan.Val()
			Expect(scan.Next(ctx)).To(BeTrue())
			seen[field] = scan.Val()
		}
		must(scan.Err())
		Expect(seen).To(Equal(want))
		sample := s.HRandField(ctx, "h", 10).Val()
		slices.Sort(sample)
		Expect(slices.Compact(sample)).To(HaveLen(10))
		for field := range want {
			pipe.HDel(ctx, "h", field)
		}
		_, err = pipe.Exec(ctx)
		must(err)
		Expect(s.Exists(ctx, "h").Val()).To(BeZero())
	},
		Entry("small", 20),
		Entry("at the limit", 512),
		Entry("beyond it", 513),
		Entry("big", 5000),
	)

	It("scans without values", command("hscan"), func(ctx SpecContext) {
		given(ctx, s.Client, aHash...)
		fields, cursor, err := s.HScanNoValues(ctx, "hash", 0, "", 0).Result()
		if err != nil && err.Error() == "ERR syntax error" {
			Skip("the server does not know NOVALUES")
		}
		must(err)
		Expect(cursor).To(BeZero())
		Expect(fields).To(Equal([]string{"a", "b", "c"}))
	})
})
