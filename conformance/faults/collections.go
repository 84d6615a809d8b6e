package faults

import (
	"slices"
	"strings"

	"respect/conformance/resp"
)

// Hashes, sets and sorted sets: what is counted, what is left, and in which order it comes.

var hashFaults = []Fault{
	{
		Name: "HSET counts all fields", Area: "hash", Breaks: "the reply counts fields that were there",
		File: "hash/hset.txt", Case: "new and old fields",
		New: onAnswer("HSET", func(words []string, v *resp.Value) {
			if v.Type == resp.Integer {
				*v = integer(int64(len(words)-2) / 2)
			}
		}),
	},
	{
		Name: "HMSET counts", Area: "hash", Breaks: "HMSET is answered as HSET, with a number",
		File: "hash/hset.txt", Case: "HMSET", New: instead("HMSET", "HSET"),
	},
	{
		Name: "HGETALL as array", Area: "hash", Breaks: "RESP3 clients get a flat array in place of a map",
		File: "hash/hgetall.txt", Case: "a small hash, in the order in which its fields came", Proto: 3,
		New: onReply("HGETALL", func(v *resp.Value) { v.Type = resp.Array }),
	},
	{
		Name: "empty hash kept", Area: "hash", Breaks: "a hash whose fields are gone has still a type",
		File: "hash/hdel.txt", Case: "a hash without fields is gone",
		New: onReply("TYPE", replaced(resp.SimpleString, "none", "hash")),
	},
}

var setFaults = []Fault{
	{
		Name: "SADD counts all members", Area: "set", Breaks: "the reply counts members that were there",
		File: "set/sadd.txt", Case: "members that are new, old and twice in the request",
		New: onAnswer("SADD", func(words []string, v *resp.Value) {
			if v.Type == resp.Integer {
				*v = integer(int64(len(words) - 2))
			}
		}),
	},
	{
		Name: "SPOP takes nothing", Area: "set", Breaks: "the member that is told stays in the set",
		File: "set/spop.txt", Case: "the only one", New: instead("SPOP", "SRANDMEMBER"),
	},
	{
		Name: "SMOVE copies", Area: "set", Breaks: "the member stays in the set that it was moved from",
		File: "set/smove.txt", Case: "moves",
		New: onRequest("SMOVE", func(words []string) []string {
			if len(words) != 4 {
				return words
			}
			return []string{"SADD", words[2], words[3]}
		}),
	},
	{
		Name: "SINTER as a union", Area: "set", Breaks: "members of one set alone are in the intersection",
		File: "set/sinter.txt", Case: "of integers", New: instead("SINTER", "SUNION"),
	},
	{
		Name: "LIMIT of SINTERCARD ignored", Area: "set", Breaks: "all members are counted, whatever the limit",
		File: "set/sintercard.txt", Case: "LIMIT", New: withoutPair("SINTERCARD", "LIMIT"),
	},
	{
		Name: "set as array", Area: "set", Breaks: "RESP3 clients get an array in place of a set",
		File: "set/smembers.txt", Case: "integers in order", Proto: 3,
		New: onReply("SMEMBERS", func(v *resp.Value) { v.Type = resp.Array }),
	},
	{
		Name: "intset upside down", Area: "set", Breaks: "integers come from the greatest to the smallest",
		File: "set/smembers.txt", Case: "integers in order",
		New: onReply("SMEMBERS", func(v *resp.Value) { slices.Reverse(v.Elems) }),
	},
}

var sortedSetFaults = []Fault{
	{
		Name: "score as text", Area: "sorted-set", Breaks: "RESP3 clients get a string in place of a double",
		File: "sorted-set/zscore.txt", Case: "a sorted set", Proto: 3,
		New: onReply("ZSCORE", func(v *resp.Value) {
			if v.Type == resp.Double {
				v.Type = resp.BulkString
			}
		}),
	},
	{
		Name: "GT ignored", Area: "sorted-set", Breaks: "ZADD GT lowers a score",
		File: "sorted-set/zadd.txt", Case: "GT", New: withoutWord("ZADD", "GT"),
	},
	{
		Name: "CH ignored", Area: "sorted-set", Breaks: "ZADD CH counts new members only",
		File: "sorted-set/zadd.txt", Case: "CH", New: withoutWord("ZADD", "CH"),
	},
	{
		Name: "exclusive end included", Area: "sorted-set", Breaks: "a score at an end that is excluded is in the range",
		File: "sorted-set/zrangebyscore.txt", Case: "ranges",
		New: onRequest("ZRANGEBYSCORE", func(words []string) []string {
			for i := 2; i < len(words); i++ {
				words[i] = strings.TrimPrefix(words[i], "(")
			}
			return words
		}),
	},
	{
		Name: "rank from the other end", Area: "sorted-set", Breaks: "ZRANK counts from the greatest score",
		File: "sorted-set/zrank.txt", Case: "ranks", New: instead("ZRANK", "ZREVRANK"),
	},
	{
		Name: "ZPOPMIN pops the greatest", Area: "sorted-set", Breaks: "members go from the wrong end",
		File: "sorted-set/zpop.txt", Case: "one member", New: instead("ZPOPMIN", "ZPOPMAX"),
	},
	{
		Name: "AGGREGATE ignored", Area: "sorted-set", Breaks: "ZUNION always adds scores up",
		File: "sorted-set/zunion.txt", Case: "AGGREGATE", New: withoutPair("ZUNION", "AGGREGATE"),
	},
	{
		Name: "infinity written out", Area: "sorted-set", Breaks: "an infinite score is told as Infinity",
		File: "sorted-set/scores.txt", Case: "infinities", Proto: 2,
		New: onReply("ZRANGE", func(v *resp.Value) {
			for i := range v.Elems {
				if e := &v.Elems[i]; string(e.Text) == "inf" {
					e.Text = []byte("Infinity")
				}
			}
		}),
	},
}

// onAnswer changes the replies to a command, knowing the request.
func onAnswer(name string, change func(words []string, v *resp.Value)) func() Hooks {
	return func() Hooks {
		return Hooks{Reply: func(_ *Link, words []string, v resp.Value) []byte {
			if is(words, name) {
				change(words, &v)
			}
			return v.Append(nil)
		}}
	}
}

// withoutPair ignores an option of a command with the word that follows it.
func withoutPair(name, option string) func() Hooks {
	return onRequest(name, func(words []string) []string {
		for {
			i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, option) })
			if i < 0 || i+2 > len(words) {
				return words
			}
			words = slices.Delete(words, i, i+2)
		}
	})
}
