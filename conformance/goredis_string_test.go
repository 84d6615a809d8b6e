package conformance_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

const (
	wrongType  = "WRONGTYPE Operation against a key holding the wrong kind of value"
	notInteger = "ERR value is not an integer or out of range"
)

type ctxt = context.Context

var aList = []string{"RPUSH list a b c"}

var _ = eachProtocol("strings", Label("group:string"), func(s *session) {
	describeOutcomes("reading", s,
		Entry("GET of a value", command("get"), outcome{given: []string{"SET k v"}, want: "v",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Get(ctx, "k")) }}),
		Entry("GET as a number", command("get"), outcome{given: []string{"SET k -12"}, want: int64(-12),
			call: func(ctx ctxt, r *redis.Client) result {
				n, err := r.Get(ctx, "k").Int64()
				return result{n, err}
			}}),
		Entry("GET of nothing", command("get"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Get(ctx, "k")) }}),
		Entry("GET of a list", command("get"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Get(ctx, "list")) }}),
		Entry("MGET with gaps", command("mget"), outcome{given: append([]string{"MSET a 1 b 2"}, aList...),
			want: []any{"1", nil, "2", nil},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.MGet(ctx, "a", "none", "b", "list")) }}),
		Entry("STRLEN", command("strlen"), outcome{given: []string{"SET k hello"}, want: int64(5),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.StrLen(ctx, "k")) }}),
		Entry("STRLEN of nothing", command("strlen"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.StrLen(ctx, "k")) }}),
		Entry("GETRANGE from the end", command("getrange"), outcome{given: []string{"SET k hello"}, want: "llo",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetRange(ctx, "k", -3, -1)) }}),
		Entry("GETRANGE beyond the end", command("getrange"), outcome{given: []string{"SET k hello"}, want: "",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetRange(ctx, "k", 9, 12)) }}),
		Entry("SUBSTR", command("substr"), outcome{given: []string{"SET k hello"}, want: any("ell"),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Do(ctx, "SUBSTR", "k", 1, 3)) }}),
		Entry("GETDEL", command("getdel"), outcome{given: []string{"SET k v"}, want: "v",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetDel(ctx, "k")) }}),
		Entry("GETDEL of nothing", command("getdel"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetDel(ctx, "k")) }}),
		Entry("GETEX", command("getex"), outcome{given: []string{"SET k v"}, want: "v",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetEx(ctx, "k", time.Minute)) }}),
		Entry("GETEX PERSIST", command("getex", "ttl"), outcome{given: []string{"SET k v EX 100"}, want: time.Duration(-1),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.GetEx(ctx, "k", 0).Err())
				return got(r.TTL(ctx, "k"))
			}}),
	)

	describeOutcomes("writing", s,
		Entry("SET", command("set"), outcome{want: "OK",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Set(ctx, "k", "v", 0)) }}),
		Entry("SET with an expiry in seconds", command("set", "ttl"), outcome{want: 100 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Set(ctx, "k", "v", 100*time.Second).Err())
				return got(r.TTL(ctx, "k"))
			}}),
		Entry("SET KEEPTTL", command("set", "ttl"), outcome{given: []string{"SET k v EX 100"}, want: 100 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Set(ctx, "k", "w", redis.KeepTTL).Err())
				return got(r.TTL(ctx, "k"))
			}}),
		Entry("SET without KEEPTTL", command("set", "ttl"), outcome{given: []string{"SET k v EX 100"}, want: time.Duration(-1),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Set(ctx, "k", "w", 0).Err())
				return got(r.TTL(ctx, "k"))
			}}),
		Entry("SET NX on nothing", command("set"), outcome{want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetNX(ctx, "k", "v", time.Minute)) }}),
		Entry("SET NX on a value", command("set"), outcome{given: []string{"SET k v"}, want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetNX(ctx, "k", "v", time.Minute)) }}),
		Entry("SET XX on a value", command("set"), outcome{given: []string{"SET k v"}, want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetXX(ctx, "k", "v", 0)) }}),
		Entry("SET XX on nothing", command("set"), outcome{want: false,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetXX(ctx, "k", "v", 0)) }}),
		Entry("SET GET", command("set"), outcome{given: []string{"SET k old"}, want: "old",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.SetArgs(ctx, "k", "new", redis.SetArgs{Get: true}))
			}}),
		Entry("SET GET on nothing", command("set"), outcome{err: nilText,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.SetArgs(ctx, "k", "new", redis.SetArgs{Get: true}))
			}}),
		Entry("SET NX GET on a value", command("set"), outcome{given: []string{"SET k old"}, want: "old",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.SetArgs(ctx, "k", "new", redis.SetArgs{Mode: "NX", Get: true}))
			}}),
		Entry("SET GET on a list", command("set"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.SetArgs(ctx, "list", "new", redis.SetArgs{Get: true}))
			}}),
		Entry("SET over a list", command("set", "type"), outcome{given: aList, want: "string",
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Set(ctx, "list", "v", 0).Err())
				return got(r.Type(ctx, "list"))
			}}),
		Entry("SET EXAT", command("set", "expiretime"), outcome{want: 4102444800 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SetArgs(ctx, "k", "v", redis.SetArgs{ExpireAt: time.Unix(4102444800, 0)}).Err())
				return got(r.ExpireTime(ctx, "k"))
			}}),
		Entry("SETNX", command("setnx"), outcome{want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetNX(ctx, "k", "v", 0)) }}),
		Entry("SETEX", command("setex"), outcome{want: "OK",
			call: func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "SETEX", "k", 60, "v") }}),
		Entry("SETEX of no time", command("setex"), outcome{err: "ERR invalid expire time in 'setex' command",
			call: func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "SETEX", "k", 0, "v") }}),
		Entry("PSETEX", command("psetex"), outcome{want: any("OK"),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Do(ctx, "PSETEX", "k", 60000, "v")) }}),
		Entry("GETSET", command("getset"), outcome{given: []string{"SET k old"}, want: "old",
			call: func(ctx ctxt, r *redis.Client) result { return gotRaw(ctx, r, "GETSET", "k", "new") }}),
		Entry("MSET from a map", command("mset"), outcome{want: "OK",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.MSet(ctx, map[string]any{"a": 1, "b": 2.5})) }}),
		Entry("MSETNX on free keys", command("msetnx"), outcome{want: true,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.MSetNX(ctx, "a", 1, "b", 2)) }}),
		Entry("MSETNX with one key taken writes none", command("msetnx", "exists"), outcome{given: []string{"SET b 0"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				if r.MSetNX(ctx, "a", 1, "b", 2).Val() {
					Fail("MSETNX wrote over a key")
				}
				return got(r.Exists(ctx, "a"))
			}}),
		Entry("APPEND", command("append"), outcome{given: []string{"SET k ab"}, want: int64(5),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Append(ctx, "k", "cde")) }}),
		Entry("SETRANGE beyond the end pads with zeros", command("setrange", "get"), outcome{given: []string{"SET k ab"}, want: "ab\x00\x00x",
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SetRange(ctx, "k", 4, "x").Err())
				return got(r.Get(ctx, "k"))
			}}),
		Entry("SETRANGE before the start", command("setrange"), outcome{err: "ERR offset is out of range",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetRange(ctx, "k", -1, "x")) }}),
	)

	describeOutcomes("counting", s,
		Entry("INCR from nothing", command("incr"), outcome{want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Incr(ctx, "n")) }}),
		Entry("DECR from nothing", command("decr"), outcome{want: int64(-1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Decr(ctx, "n")) }}),
		Entry("INCRBY", command("incrby"), outcome{given: []string{"SET n 40"}, want: int64(42),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.IncrBy(ctx, "n", 2)) }}),
		Entry("DECRBY", command("decrby"), outcome{given: []string{"SET n 40"}, want: int64(38),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.DecrBy(ctx, "n", 2)) }}),
		Entry("INCR of text", command("incr"), outcome{given: []string{"SET n x"}, err: notInteger,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Incr(ctx, "n")) }}),
		Entry("INCR at the upper end", command("incr"), outcome{given: []string{"SET n 9223372036854775807"},
			err:  "ERR increment or decrement would overflow",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Incr(ctx, "n")) }}),
		Entry("DECRBY of the lowest number", command("decrby"), outcome{err: "ERR decrement would overflow",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.DecrBy(ctx, "n", -1<<63)) }}),
		Entry("INCR of a list", command("incr"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.Incr(ctx, "list")) }}),
		Entry("INCR keeps the expiry", command("incr", "ttl"), outcome{given: []string{"SET n 1 EX 100"}, want: 100 * time.Second,
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.Incr(ctx, "n").Err())
				return got(r.TTL(ctx, "n"))
			}}),
		Entry("INCRBYFLOAT", command("incrbyfloat"), outcome{given: []string{"SET n 10.50"}, want: 10.6,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.IncrByFloat(ctx, "n", 0.1)) }}),
		Entry("INCRBYFLOAT of an exponent", command("incrbyfloat", "get"), outcome{given: []string{"SET n 5.0e3"}, want: "5200",
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.IncrByFloat(ctx, "n", 2.0e2).Err())
				return got(r.Get(ctx, "n"))
			}}),
		Entry("INCRBYFLOAT of text", command("incrbyfloat"), outcome{given: []string{"SET n x"}, err: "ERR value is not a valid float",
			call: func(ctx ctxt, r *redis.Client) result { return got(r.IncrByFloat(ctx, "n", 1)) }}),
	)

	texts := []string{"MSET a ohmytext b mynewtext"}
	describeOutcomes("LCS", s,
		Entry("string", command("lcs"), outcome{given: texts, want: &redis.LCSMatch{MatchString: "mytext"},
			call: func(ctx ctxt, r *redis.Client) result { return got(r.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "b"})) }}),
		Entry("length", command("lcs"), outcome{given: texts, want: &redis.LCSMatch{Len: 6},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "b", Len: true}))
			}}),
		Entry("positions", command("lcs"), outcome{given: texts,
			want: &redis.LCSMatch{Len: 6, Matches: []redis.LCSMatchedPosition{
				{Key1: redis.LCSPosition{Start: 4, End: 7}, Key2: redis.LCSPosition{Start: 5, End: 8}, MatchLen: 4},
				{Key1: redis.LCSPosition{Start: 2, End: 3}, Key2: redis.LCSPosition{Start: 0, End: 1}, MatchLen: 2},
			}},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "b", Idx: true, WithMatchLen: true}))
			}}),
		Entry("positions of long matches", command("lcs"), outcome{given: texts,
			want: &redis.LCSMatch{Len: 6, Matches: []redis.LCSMatchedPosition{
				{Key1: redis.LCSPosition{Start: 4, End: 7}, Key2: redis.LCSPosition{Start: 5, End: 8}},
			}},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "b", Idx: true, MinMatchLen: 4}))
			}}),
		Entry("of a list", command("lcs"), outcome{given: append([]string{"SET a x"}, aList...),
			err: "ERR The specified keys must contain string values",
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.LCS(ctx, &redis.LCSQuery{Key1: "a", Key2: "list"}))
			}}),
	)

	DescribeTable("values survive byte for byte", command("set", "get"), func(ctx SpecContext, key, value string) {
		must(s.Set(ctx, key, value, 0).Err())
		Expect(s.Get(ctx, key).Val() == value).To(BeTrue(), "value of %d bytes changed", len(value))
		Expect(s.Keys(ctx, "*").Val()).To(Equal([]string{key}))
	},
		Entry("every byte in key and value", everyByte(), everyByte()),
		Entry("line endings", "a\r\nb", "\r\n$5\r\n"),
		Entry("an empty key and an empty value", "", ""),
		Entry("a number with a leading zero", "k", "007"),
		Entry("the largest integer", "k", "9223372036854775807"),
		Entry("one more than the largest integer", "k", "9223372036854775808"),
		Entry("44 bytes", "k", pattern(44)),
		Entry("45 bytes", "k", pattern(45)),
		Entry("a value of 64 KiB less one", "k", pattern(1<<16-1)),
		Entry("a value of 8 MiB", Label("slow"), "k", pattern(8<<20)),
		Entry("a key of 1 MiB", Label("slow"), pattern(1<<20), "v"),
	)

	It("appends to and cuts from a value of several MiB", Label("slow"), command("append", "getrange", "setrange", "strlen"), func(ctx SpecContext) {
		const size = 3 << 20
		must(s.Set(ctx, "k", pattern(size), 0).Err())
		Expect(s.Append(ctx, "k", pattern(size)).Val()).To(BeEquivalentTo(2 * size))
		Expect(s.SetRange(ctx, "k", size-1, "<>").Val()).To(BeEquivalentTo(2 * size))
		Expect(s.GetRange(ctx, "k", size-1, size).Val()).To(Equal("<>"))
		want := pattern(size)[:size-1] + "<>" + pattern(size)[1:]
		Expect(s.Get(ctx, "k").Val() == want).To(BeTrue())
	})
})

func everyByte() string {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}

// pattern is text of n bytes in which a shift or a lost piece is noticed.
func pattern(n int) string {
	b := make([]byte, n)
	state := uint32(n)
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return string(b)
}
