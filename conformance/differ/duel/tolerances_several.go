package duel

import (
	"bytes"
	"slices"
	"strings"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// ownMessages is about what streams with several connections hear.
const ownMessages = "messages to oneself"

// toleratedAmongSeveral are about what only several connections can see.
var toleratedAmongSeveral = []tolerance{
	{
		name: ownMessages, reason: "since 7.2 what a client is told because of its own command comes behind the reply; the reply is put first",
		between: before72,
	},
	{
		name: "CLIENT NO-TOUCH", reason: "new in 7.2",
		between: before72,
		skipsAmongSeveral: func(words []string) bool {
			return isCommand(words, "client") && len(words) > 1 && strings.EqualFold(words[1], "no-touch")
		},
	},
	{
		name: "streams that go while somebody waits", reason: "since 7.2 the request is executed again, and finds no group",
		between: before72, ends: true,
		accepts: func(x *exchange) bool {
			one := &x.replies[0]
			if one.Type == 0 {
				one = &x.replies[1]
			}
			if x.replies[0].Type == 0 || x.replies[1].Type == 0 { // a miss is told; 7.0 may answer with no entries
				return x.is("xread", "xreadgroup") || bytes.Contains(one.Append(nil), []byte("keymiss"))
			}
			gone := oneFails(x, "UNBLOCKED the stream key no longer exists") || oneFails(x, "NOGROUP the consumer group this client was blocked on no longer exists")
			return gone && oneFails(x, "NOGROUP No such key")
		},
	},
	{
		name: "CLIENT NO-EVICT and RESET", reason: "since 7.2 RESET ends it",
		between: before72,
		skipsAmongSeveral: func(words []string) bool {
			return isCommand(words, "client") && len(words) > 1 && strings.EqualFold(words[1], "no-evict")
		},
	},
	{
		name: "keys that are served from", reason: "before 7.2 the key that BLMOVE takes from is not told to caches when it had to wait",
		between: before72, ends: true,
		accepts: func(x *exchange) bool {
			a, b := invalid(&x.replies[0]), invalid(&x.replies[1])
			if x.is("(message)") && (a == nil) != (b == nil) {
				return true // and so it is another message's turn
			}
			return (a != nil || x.replies[0].Type == 0) && (b != nil || x.replies[1].Type == 0) && (contained(a, b) || contained(b, a))
		},
	},
	{
		name: "another key of a wrong type", reason: "since 7.2 a request that had to wait is executed again, and fails at the first such key",
		between: before72, ends: true,
		accepts: func(x *exchange) bool { return oneFails(x, "WRONGTYPE ") },
	},
	{
		name: "several keys at once", reason: "since 7.2 the first key of the request that has something serves, before, the first that is looked at",
		between: before72, ends: true,
		accepts: func(x *exchange) bool {
			if x.is("(message)") && len(x.cause) > 0 && isCommand(x.cause, "swapdb", "exec") {
				return true // of the key that served
			}
			return x.is("blpop", "brpop", "blmpop", "bzmpop", "bzpopmin", "bzpopmax") && len(x.replies[0].Elems) > 1 && len(x.replies[1].Elems) > 1 &&
				!same(&x.replies[0].Elems[0], &x.replies[1].Elems[0])
		},
	},
	{
		name: "consumers who waited", reason: "before 7.2 a consumer is made when it is served",
		between: before72, ends: true,
		accepts: func(x *exchange) bool {
			made := func(v *resp.Value) bool {
				return bytes.Contains(v.Append(nil), []byte("xgroup-createconsumer"))
			}
			if x.replies[0].Type == resp.Integer && x.replies[1].Type == resp.Integer { // CREATECONSUMER behind the wait
				return x.is("xgroup", "xreadgroup") && (oneIs(x, "0") && oneIs(x, "1"))
			}
			return x.replies[0].Type == 0 && made(&x.replies[1]) || x.replies[1].Type == 0 && made(&x.replies[0]) ||
				x.is("xinfo") && aboutSame(withoutIdle(&x.replies[0]), withoutIdle(&x.replies[1]))
		},
	},
	{
		name: "moments of expiry", reason: "a key whose deadline has passed goes when somebody notices: in the reference the next time that it looks",
		between: func(a, b target.Info) bool { return a.Flavour != b.Flavour }, ends: true,
		accepts: func(x *exchange) bool { return expiryTold(&x.replies[0]) || expiryTold(&x.replies[1]) },
	},
	{
		name: "order of those who broadcast", reason: "those of one prefix are told in the order of their addresses in memory; one may have lost its redirection",
		between: oursOnly, ends: true,
		accepts: func(x *exchange) bool {
			a, b := invalid(&x.replies[0]), invalid(&x.replies[1])
			return a != nil && b != nil && (len(a) == 0) != (len(b) == 0)
		},
	},
	{
		name: "messages within a reply", reason: "redis 7.0 tells a client of its own changes in the middle of some replies",
		between: before72, ends: true,
		accepts: func(x *exchange) bool {
			return (x.replies[0].Type == brokenType) != (x.replies[1].Type == brokenType)
		},
	},
	{
		name: "QUIT of those who want no reply", reason: "the reference closes a connection behind the last reply, and does not when there is none; ours does",
		between: oursOnly, ends: true,
		accepts: oneCloses,
	},
	{
		name: "messages to those who have quit and want no reply", reason: "redis 7.0 closes the connection, which QUIT has left open, with the next message to it; valkey 8.0 leaves it open",
		between: valkeyOnly, ends: true,
		accepts: func(x *exchange) bool { return x.is("(message)") && oneCloses(x) },
	},
	{
		name: "overlapping prefixes", reason: "the reference answers with an error and OK, and tracks, if it is not the first of those given that overlaps",
		between: oursOnly,
		skipsAmongSeveral: func(words []string) bool {
			return isCommand(words, "client") && len(words) > 2 && strings.EqualFold(words[1], "tracking") && overlapsLate(words)
		},
	},
	{
		name: "keys of XREAD that is refused", reason: "the reference does not track them if an option is unknown or the list is unbalanced; ours does",
		between:           oursOnly,
		skipsAmongSeveral: func(words []string) bool { return isCommand(words, "xread") && !wellFormedXread(words) },
	},
	{
		name: "queues of transactions that cannot succeed", reason: "valkey 8.0 empties them at once",
		between: valkeyOnly,
		accepts: func(x *exchange) bool {
			return x.is("client") && sameClients(x, "id", "name", "flags", "db", "cmd", "user", "redir", "resp")
		},
	},
	{
		name: "UNSUBSCRIBE without subscriptions", reason: "valkey 8.0 refuses it",
		between: valkeyOnly, ends: true,
		accepts: func(x *exchange) bool {
			return oneFails(x, "NOSUB ") || x.replies[0].Type == 0 && unsubscribed(&x.replies[1]) || x.replies[1].Type == 0 && unsubscribed(&x.replies[0])
		},
	},
}

// expiryTold reports whether the value is a message that a key has expired.
func expiryTold(v *resp.Value) bool {
	n := len(v.Elems)
	return n >= 3 && isMessage(v) && (string(v.Elems[n-1].Text) == "expired" || strings.HasSuffix(string(v.Elems[n-2].Text), ":expired"))
}

// unsubscribed reports whether the value confirms the end of a subscription.
func unsubscribed(v *resp.Value) bool {
	return len(v.Elems) == 3 && strings.HasSuffix(string(v.Elems[0].Text), "unsubscribe")
}

// invalid returns the keys that a message tells to caches, nil if it is none.
func invalid(v *resp.Value) []string {
	elems := v.Elems
	if len(elems) == 2 && string(elems[0].Text) == "tracking-redir-broken" {
		return []string{}
	}
	if len(elems) == 3 && string(elems[1].Text) == "__redis__:invalidate" {
		elems = elems[1:]
	} else if len(elems) != 2 || string(elems[0].Text) != "invalidate" {
		return nil
	}
	keys := []string{}
	for _, e := range elems[1].Elems {
		keys = append(keys, string(e.Text))
	}
	return keys
}

func contained(a, b []string) bool {
	return !slices.ContainsFunc(a, func(key string) bool { return !slices.Contains(b, key) })
}

// overlapsLate reports whether of the prefixes of CLIENT TRACKING two overlap of which
// neither is the first.
func overlapsLate(words []string) bool {
	var prefixes []string
	for i := 3; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], "prefix") {
			i++
			prefixes = append(prefixes, words[i])
		}
	}
	for i := 1; i < len(prefixes); i++ {
		for _, other := range prefixes[i+1:] {
			if strings.HasPrefix(prefixes[i], other) || strings.HasPrefix(other, prefixes[i]) {
				return true
			}
		}
	}
	return false
}

// wellFormedXread reports whether XREAD has no unknown option and as many IDs as keys.
func wellFormedXread(words []string) bool {
	for i := 1; i < len(words); i++ {
		switch strings.ToLower(words[i]) {
		case "count", "block":
			i++
		case "streams":
			return (len(words)-i-1)%2 == 0
		default:
			return false
		}
	}
	return false
}

// oneCloses reports whether exactly one of the servers closes the connection, and the other
// sends nothing.
func oneCloses(x *exchange) bool {
	a, b := x.replies[0].Type, x.replies[1].Type
	return a == closedType && b == 0 || b == closedType && a == 0
}
