package conformance_test

import (
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// What the commands of these specs say when they refuse.
const (
	badBitOffset = "ERR bit offset is not an integer or out of range"
	badBitfield  = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
)

var _ = eachProtocol("bitmaps", Label("group:bitmap"), func(s *session) {
	describeOutcomes("single bits", s,
		Entry("SETBIT tells what was", command("setbit"), outcome{given: []string{"SETBIT k 7 1"}, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetBit(ctx, "k", 7, 0)) }}),
		Entry("SETBIT grows the value to the byte", command("setbit", "strlen"), outcome{want: int64(126),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SetBit(ctx, "k", 1001, 1).Err())
				return got(r.StrLen(ctx, "k"))
			}}),
		Entry("SETBIT of a number", command("setbit", "get"), outcome{given: []string{"SET k 12"}, want: "32",
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.SetBit(ctx, "k", 6, 1).Err())
				return got(r.Get(ctx, "k"))
			}}),
		Entry("SETBIT beyond 512 MiB", command("setbit"), outcome{err: badBitOffset,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetBit(ctx, "k", 1<<32, 1)) }}),
		Entry("SETBIT of a set", command("setbit"), outcome{given: []string{"SADD k a"}, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.SetBit(ctx, "k", 1, 1)) }}),
		Entry("GETBIT", command("getbit"), outcome{given: []string{"SET k a"}, want: int64(1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetBit(ctx, "k", 7)) }}),
		Entry("GETBIT behind the end", command("getbit"), outcome{given: []string{"SET k a"}, want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetBit(ctx, "k", 1<<31)) }}),
		Entry("GETBIT of a negative offset", command("getbit"), outcome{err: badBitOffset,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.GetBit(ctx, "k", -1)) }}),
	)

	describeOutcomes("counting and searching", s,
		Entry("BITCOUNT", command("bitcount"), outcome{given: []string{"SET k foobar"}, want: int64(26),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitCount(ctx, "k", nil)) }}),
		Entry("BITCOUNT of bytes", command("bitcount"), outcome{given: []string{"SET k foobar"}, want: int64(6),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.BitCount(ctx, "k", &redis.BitCount{Start: 1, End: 1}))
			}}),
		Entry("BITCOUNT of bits", command("bitcount"), outcome{given: []string{"SET k foobar"}, want: int64(17),
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.BitCount(ctx, "k", &redis.BitCount{Start: 5, End: 30, Unit: redis.BitCountIndexBit}))
			}}),
		Entry("BITCOUNT of nothing", command("bitcount"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitCount(ctx, "k", nil)) }}),
		Entry("BITPOS", command("bitpos"), outcome{given: []string{"SETBIT k 4711 1"}, want: int64(4711),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitPos(ctx, "k", 1)) }}),
		Entry("BITPOS of a zero behind ones", command("bitpos"), outcome{given: []string{`SETBIT k 0 1`, "BITFIELD k SET u8 0 255"}, want: int64(8),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitPos(ctx, "k", 0)) }}),
		Entry("BITPOS of a zero among ones", command("bitpos"), outcome{given: []string{"BITFIELD k SET u8 0 255"}, want: int64(-1),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitPos(ctx, "k", 0, 0, -1)) }}),
		Entry("BITPOS of bits", command("bitpos"), outcome{given: []string{"SETBIT k 10 1", "SETBIT k 20 1"}, want: int64(20),
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitPosSpan(ctx, "k", 1, 11, -1, "BIT")) }}),
	)

	describeOutcomes("combining", s,
		Entry("BITOP AND", command("bitop", "get"), outcome{given: []string{"SET a abc", "SET b aB"}, want: "aB\x00",
			call: combined(func(ctx ctxt, r *redis.Client) *redis.IntCmd { return r.BitOpAnd(ctx, "d", "a", "b") })}),
		Entry("BITOP OR", command("bitop", "get"), outcome{given: []string{"SET a abc", "SET b aB"}, want: "abc",
			call: combined(func(ctx ctxt, r *redis.Client) *redis.IntCmd { return r.BitOpOr(ctx, "d", "a", "b") })}),
		Entry("BITOP XOR", command("bitop", "get"), outcome{given: []string{"SET a abc", "SET b aB"}, want: "\x00 c",
			call: combined(func(ctx ctxt, r *redis.Client) *redis.IntCmd { return r.BitOpXor(ctx, "d", "a", "b") })}),
		Entry("BITOP NOT", command("bitop", "get"), outcome{given: []string{"SET a abc"}, want: "\x9e\x9d\x9c",
			call: combined(func(ctx ctxt, r *redis.Client) *redis.IntCmd { return r.BitOpNot(ctx, "d", "a") })}),
		Entry("BITOP of nothing deletes", command("bitop", "get"), outcome{given: []string{"SET d old"}, err: nilText,
			call: combined(func(ctx ctxt, r *redis.Client) *redis.IntCmd { return r.BitOpOr(ctx, "d", "a", "b") })}),
		Entry("BITOP of a list", command("bitop"), outcome{given: aList, err: wrongType,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitOpOr(ctx, "d", "list")) }}),
	)

	describeOutcomes("integers", s,
		Entry("BITFIELD", command("bitfield"), outcome{want: []int64{0, 1, 255, -1},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.BitField(ctx, "k", "SET", "u8", "#1", 255, "INCRBY", "u4", 100, 1, "GET", "u8", 8, "GET", "i8", 8))
			}}),
		Entry("BITFIELD OVERFLOW FAIL", command("bitfield"), outcome{given: []string{"BITFIELD k SET u2 0 3"}, want: any([]any{nil, int64(3)}),
			call: func(ctx ctxt, r *redis.Client) result {
				return gotRaw(ctx, r, "BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", 0, 1, "GET", "u2", 0)
			}}),
		Entry("BITFIELD that only reads creates nothing", command("bitfield", "exists"), outcome{want: int64(0),
			call: func(ctx ctxt, r *redis.Client) result {
				must(r.BitField(ctx, "k", "GET", "u8", 0).Err())
				return got(r.Exists(ctx, "k"))
			}}),
		Entry("BITFIELD of u64", command("bitfield"), outcome{err: badBitfield,
			call: func(ctx ctxt, r *redis.Client) result { return got(r.BitField(ctx, "k", "GET", "u64", 0)) }}),
		Entry("BITFIELD_RO", command("bitfield_ro"), outcome{given: []string{"SET k ab"}, want: []int64{97, -31, 98},
			call: func(ctx ctxt, r *redis.Client) result {
				return got(r.BitFieldRO(ctx, "k", "u8", 0, "i6", "2", "i8", "#1"))
			}}),
		Entry("BITFIELD_RO of SET", command("bitfield_ro"), outcome{err: "ERR BITFIELD_RO only supports the GET subcommand",
			call: func(ctx ctxt, r *redis.Client) result {
				return gotRaw(ctx, r, "BITFIELD_RO", "k", "SET", "u8", 0, 1)
			}}),
	)

	It("counts who was there on several days", command("setbit", "bitop", "bitcount", "bitpos"), func(ctx SpecContext) {
		// User n was there on day d if d+1 divides n.
		const users = 10_000
		for day := range 3 {
			pipe := s.Pipeline()
			for user := 0; user < users; user += day + 1 {
				pipe.SetBit(ctx, "day:"+strconv.Itoa(day), int64(user), 1)
			}
			_, err := pipe.Exec(ctx)
			must(err)
		}
		Expect(s.BitCount(ctx, "day:2", nil).Val()).To(BeEquivalentTo(3334))
		Expect(s.BitOpAnd(ctx, "every", "day:0", "day:1", "day:2").Val()).To(BeEquivalentTo(1250))
		Expect(s.BitCount(ctx, "every", nil).Val()).To(BeEquivalentTo(1667))
		Expect(s.BitPosSpan(ctx, "every", 1, 1, -1, "BIT").Val()).To(BeEquivalentTo(6))
		Expect(s.BitOpOr(ctx, "any", "day:1", "day:2").Err()).NotTo(HaveOccurred())
		Expect(s.BitCount(ctx, "any", nil).Val()).To(BeEquivalentTo(6667))
		Expect(s.BitOpXor(ctx, "changed", "day:1", "day:2").Err()).NotTo(HaveOccurred())
		Expect(s.BitCount(ctx, "changed", nil).Val()).To(BeEquivalentTo(5000))
	})

	It("keeps the switches of a user in one value", command("bitfield", "getbit"), func(ctx SpecContext) {
		const dark, beta = 0, 3
		must(s.SetBit(ctx, "switches", beta, 1).Err())
		Expect(s.GetBit(ctx, "switches", dark).Val()).To(BeZero())
		Expect(s.BitFieldRO(ctx, "switches", "u1", "0", "u1", "3").Val()).To(Equal([]int64{0, 1}))
		// Beside them, a counter of attempts that stops at 7.
		for range 9 {
			must(s.BitField(ctx, "switches", "OVERFLOW", "SAT", "INCRBY", "u3", 8, 1).Err())
		}
		Expect(s.BitField(ctx, "switches", "GET", "u3", 8, "GET", "u8", 0).Val()).To(Equal([]int64{7, 0x10}))
	})

	It("combines values of several MiB", Label("slow"), command("bitop", "bitcount", "bitpos"), func(ctx SpecContext) {
		a, b := pattern(3<<20), pattern(2<<20+5)
		must(s.MSet(ctx, "a", a, "b", b).Err())
		Expect(s.BitOpXor(ctx, "d", "a", "b").Val()).To(BeEquivalentTo(len(a)))
		want := []byte(a)
		for i := range len(b) {
			want[i] ^= b[i]
		}
		Expect(s.Get(ctx, "d").Val()).To(sameBytes(string(want)))
		must(s.BitOpXor(ctx, "none", "a", "a").Err())
		Expect(s.BitCount(ctx, "none", nil).Val()).To(BeZero())
		Expect(s.BitPos(ctx, "none", 1).Val()).To(BeEquivalentTo(-1))
		must(s.BitOpNot(ctx, "all", "none").Err())
		Expect(s.BitCount(ctx, "all", nil).Val()).To(BeEquivalentTo(len(a) * 8))
		Expect(s.BitPos(ctx, "all", 0).Val()).To(BeEquivalentTo(len(a) * 8))
	})
})

// combined returns a call that stores something under d and then reads it.
func combined(store func(ctx ctxt, r *redis.Client) *redis.IntCmd) func(ctx ctxt, r *redis.Client) result {
	return func(ctx ctxt, r *redis.Client) result {
		GinkgoHelper()
		must(store(ctx, r).Err())
		return got(r.Get(ctx, "d"))
	}
}
