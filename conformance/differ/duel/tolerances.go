package duel

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// A tolerance is a difference between releases or flavours: both are right, each
// for itself.
type tolerance struct {
	name    string
	reason  string
	between func(a, b target.Info) bool
	// accepts reports whether the replies may differ in this way.
	accepts func(x *exchange) bool
	// skips reports whether the request is not sent at all, because it would leave
	// different values behind; in place of accepts.
	skips func(words []string) bool
	// skipsAmongSeveral is skips for streams with several connections, in which somebody may
	// be told of what differs.
	skipsAmongSeveral func(words []string) bool
	// ends tells that the servers may hold different values from here on: the rest
	// of the stream is not compared.
	ends bool
}

var tolerances = slices.Concat(toleratedAnywhere, toleratedAmongSeveral)

var toleratedAnywhere = []tolerance{
	{
		name: "the sign of zero", reason: "valkey 8.0 makes a skiplist before it adds a long member, others when they add it; only that keeps the sign",
		between: valkeyOnly,
		accepts: func(x *exchange) bool { return sameButSignOfZero(&x.replies[0], &x.replies[1]) },
		ends:    true,
	},
	{
		name: "shortest double", reason: "since 7.2 a double has the fewest digits that tell it, before, 17; a listpack forgets the sign of zero",
		between: before72,
		accepts: func(x *exchange) bool {
			if x.is("zscan") { // a skiplist has another order, too
				a, b := inOrder(&x.replies[0]), inOrder(&x.replies[1])
				return sameNumbers(&a, &b)
			}
			return sameNumbers(&x.replies[0], &x.replies[1])
		},
	},
	{
		name: "small encodings", reason: "since 7.2 small sets and lists are listpacks, and what is added decides what a new set begins as",
		between: before72,
		accepts: func(x *exchange) bool {
			small, large := oneIs(x, "listpack") || oneIs(x, "intset"), oneIs(x, "hashtable") || oneIs(x, "quicklist") || oneIs(x, "skiplist")
			return x.is("object") && (small && large || oneIs(x, "listpack") && oneIs(x, "intset"))
		},
	},
	{
		name: "a command that cannot be queued", reason: "a release that does not know an option by the number of arguments executes nothing of the transaction",
		between: before72, ends: true,
		accepts: func(x *exchange) bool { return oneIs(x, "QUEUED") && oneFails(x, "ERR wrong number of arguments") },
	},
	{
		name: "XSETID below a deleted ID", reason: "since 7.2 it is refused",
		between: before72,
		accepts: func(x *exchange) bool {
			return x.is("xsetid") && oneFails(x, "ERR The ID specified in XSETID is smaller than current ")
		},
		ends: true,
	},
	{
		name: "unbalanced lists of streams", reason: "since 7.2 the error names the command",
		between: before72,
		accepts: func(x *exchange) bool { return x.is("xread", "xreadgroup") && oneFails(x, "ERR Unbalanced XREAD list") },
	},
	{
		name: "the last entry in XREAD", reason: "redis 7.0 does not know + in the place of an ID",
		between: before72,
		accepts: func(x *exchange) bool {
			return x.is("xread", "xreadgroup") && contains(x.words, "+") && oneFails(x, errNoStreamID)
		},
	},
	{
		name: "what the last entry in XREAD is", reason: "valkey 8.0 goes by the last ID, redis 8.0 by the last entry that is there",
		between: valkeyOnly,
		accepts: func(x *exchange) bool { return x.is("xread") && contains(x.words, "+") },
	},
	{
		name: "active times of consumers", reason: "new in 7.2",
		between: before72,
		accepts: func(x *exchange) bool {
			return x.is("xinfo") && aboutSame(withoutActive(&x.replies[0]), withoutActive(&x.replies[1]))
		},
	},
	{
		name: "ZRANK WITHSCORE", reason: "new in 7.2",
		between: before72,
		accepts: func(x *exchange) bool {
			return x.is("zrank", "zrevrank") && len(x.words) == 4 && oneFails(x, "ERR wrong number of arguments")
		},
		skipsAmongSeveral: func(words []string) bool { return isCommand(words, "zrank", "zrevrank") && len(words) > 3 },
	},
	{
		name: "arguments of BITCOUNT and BITPOS", reason: "since 7.2 they are read before the key; valkey 8.0 needs no end, and reads the last one first",
		between: func(a, b target.Info) bool { return before72(a, b) || valkeyOnly(a, b) },
		accepts: func(x *exchange) bool {
			return x.is("bitcount", "bitpos") && (oneFails(x, "ERR syntax error") || oneFails(x, "ERR value is not an integer"))
		},
		skipsAmongSeveral: func(words []string) bool { return isCommand(words, "bitcount", "bitpos") },
	},
	{
		name: "infinite timeouts", reason: "since 7.2 they are out of range; before, they were taken for negative",
		between: before72,
		accepts: func(x *exchange) bool {
			return oneFails(x, "ERR timeout is negative") && oneFails(x, "ERR timeout is out of range")
		},
	},
	{
		name: "invalid cursors", reason: "valkey 8.0 refuses cursors that are no numbers more strictly",
		between: valkeyOnly,
		accepts: func(x *exchange) bool {
			return strings.HasSuffix(x.name(), "SCAN") && oneFails(x, "ERR invalid cursor")
		},
	},
	{
		name: "unknown type of SCAN", reason: "valkey 8.0 has an error for it",
		between: valkeyOnly,
		accepts: func(x *exchange) bool { return x.is("scan") && oneFails(x, "ERR unknown type name") },
	},
	{
		name: "damaged payloads", reason: "the reference takes scores that are no numbers, and lengths in forms that no server writes; ours does not",
		between: oursOnly, ends: true,
		accepts: func(x *exchange) bool {
			return x.is("restore") && len(x.words) > 3 && !x.intact[x.words[3]] && oneFails(x, "ERR Bad data format") && oneIs(x, "OK")
		},
	},
	{
		name: "damaged HyperLogLogs", reason: "a fix that valkey 8.0.1 does not have finds more of them",
		between: valkeyOnly,
		accepts: func(x *exchange) bool {
			return x.is("pfadd", "pfcount", "pfmerge") && oneFails(x, "INVALIDOBJ Corrupted HLL object detected")
		},
		ends: true,
	},
	{
		name: "an error that is left over", reason: "SORT takes a number that was out of range in an earlier request for one of its own",
		between: func(a, b target.Info) bool { return a.Flavour != b.Flavour },
		accepts: func(x *exchange) bool {
			return x.is("sort", "sort_ro") && oneFails(x, "ERR One or more scores can't be converted into double")
		},
		ends: true,
	},
	{
		name: "length of members that are not added", reason: "valkey 8.0 turns a small sorted set into a big one for it",
		between: valkeyOnly,
		skips: func(words []string) bool {
			return isCommand(words, "zadd", "geoadd") && contains(words, "XX")
		},
	},
	{
		name: "negative offset of LIMIT", reason: "valkey 8.0 counts it from the start of a skiplist; before, nothing was found",
		between: valkeyOnly,
		skips: func(words []string) bool {
			for i := 4; i < len(words)-1; i++ {
				if strings.EqualFold(words[i], "LIMIT") && strings.HasPrefix(words[i+1], "-") {
					return strings.HasPrefix(strings.ToLower(words[0]), "z")
				}
			}
			return false
		},
	},
	{
		name: "huge indexes of LSET", reason: "since 7.2 an index is cut to 32 bits for a small list",
		between: before72,
		skips: func(words []string) bool {
			if !isCommand(words, "lset") || len(words) < 3 {
				return false
			}
			n, err := strconv.ParseInt(words[2], 10, 64)
			return err == nil && int64(int32(n)) != n
		},
	},
	{
		name: "LREM of the smallest integer", reason: "valkey 8.0 refuses it; before, it removed what is found first",
		between: valkeyOnly,
		skips: func(words []string) bool {
			return isCommand(words, "lrem") && slices.Contains(words, "-9223372036854775808")
		},
	},
	{
		name: "LPOS of the smallest integer", reason: "since 7.2 LPOS refuses it, because it cannot be negated",
		between: before72,
		skipsAmongSeveral: func(words []string) bool {
			return isCommand(words, "lpos") && slices.Contains(words, "-9223372036854775808")
		},
		accepts: func(x *exchange) bool {
			return x.is("lpos") && oneFails(x, "ERR value is out of range, value must between")
		},
	},
}

var release72 = target.Release{Major: 7, Minor: 2}

// before72 reports whether one of the servers is older than 7.2 and the other is not.
func before72(a, b target.Info) bool {
	return a.Release.Less(release72) != b.Release.Less(release72)
}

// valkeyOnly reports whether one of the servers is Valkey and the other is not.
func valkeyOnly(a, b target.Info) bool {
	return (a.Flavour == target.Valkey) != (b.Flavour == target.Valkey)
}

// oursOnly reports whether one of the servers is Respect and the other is not.
func oursOnly(a, b target.Info) bool {
	return (a.Flavour == target.Respect) != (b.Flavour == target.Respect)
}

// is reports whether the request is one of the commands.
func (x *exchange) is(names ...string) bool { return isCommand(x.words, names...) }

func isCommand(words []string, names ...string) bool {
	return slices.Contains(names, strings.ToLower(words[0]))
}

// oneFails reports whether exactly one of the replies is an error that begins in
// this way.
func oneFails(x *exchange, prefix string) bool {
	fails := func(v *resp.Value) bool { return isError(v) && bytes.HasPrefix(v.Text, []byte(prefix)) }
	return fails(&x.replies[0]) != fails(&x.replies[1])
}

// oneIs reports whether one of the replies is this text.
func oneIs(x *exchange, text string) bool {
	return string(x.replies[0].Text) == text || string(x.replies[1].Text) == text
}

// sameNumbers reports whether the values are the same but for how their doubles are
// written. The texts of RESP2 count as doubles if they are, with 17 digits.
func sameNumbers(a, b *resp.Value) bool {
	if a.Type != b.Type || len(a.Elems) != len(b.Elems) || a.IsNull != b.IsNull {
		return false
	}
	for i := range a.Elems {
		if !sameNumbers(&a.Elems[i], &b.Elems[i]) {
			return false
		}
	}
	if bytes.Equal(a.Text, b.Text) {
		return true
	}
	x, errX := strconv.ParseFloat(string(a.Text), 64)
	y, errY := strconv.ParseFloat(string(b.Text), 64)
	written := x == 0 || a.Type == resp.Double || a.Type == resp.BulkString && (with17Digits(x, a.Text) || with17Digits(y, b.Text))
	return errX == nil && errY == nil && x == y && written
}

// sameButSignOfZero reports whether the values are the same but for which zeros are
// negative.
func sameButSignOfZero(a, b *resp.Value) bool {
	if a.Type != b.Type || len(a.Elems) != len(b.Elems) || a.IsNull != b.IsNull {
		return false
	}
	for i := range a.Elems {
		if !sameButSignOfZero(&a.Elems[i], &b.Elems[i]) {
			return false
		}
	}
	text := func(v *resp.Value) string {
		if string(v.Text) == "-0" {
			return "0"
		}
		return string(v.Text)
	}
	return text(a) == text(b)
}

// inOrder returns the members and scores of a reply to ZSCAN in the members' order.
func inOrder(reply *resp.Value) resp.Value {
	if len(reply.Elems) != 2 || len(reply.Elems[1].Elems)%2 != 0 {
		return *reply
	}
	sorted := reply.Elems[1]
	pairs := slices.Collect(slices.Chunk(sorted.Elems, 2))
	slices.SortFunc(pairs, func(a, b []resp.Value) int { return bytes.Compare(a[0].Text, b[0].Text) })
	sorted.Elems = slices.Concat(pairs...)
	return sorted
}

func with17Digits(f float64, text []byte) bool {
	digits := strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.SplitN(strings.ToLower(string(text)), "e", 2)[0]), "0")
	return !math.IsInf(f, 0) && (len(digits) == 17 || bytes.ContainsRune(text, 'e'))
}
