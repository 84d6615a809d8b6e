package faults

import (
	"slices"
	"strings"

	"respect/conformance/resp"
)

var stringFaults = []Fault{
	{
		Name: "INCR off by one", Area: "string", Breaks: "the reply is one too high",
		File: "string/incr.txt", Case: "INCR", New: onReply("INCR", plus(1)),
	},
	{
		Name: "WRONGTYPE missing", Area: "string", Breaks: "INCR of a list is null",
		File: "string/incr.txt", Case: "wrong type",
		New: onReply("INCR", func(v *resp.Value) {
			if v.Type == resp.Error {
				*v = resp.Value{Type: resp.BulkString, IsNull: true}
			}
		}),
	},
	{
		Name: "expiry dropped", Area: "string", Breaks: "SET ignores KEEPTTL",
		File: "string/set.txt", Case: "KEEPTTL", New: withoutWord("SET", "KEEPTTL"),
	},
	{
		Name: "expiry kept", Area: "string", Breaks: "SET without options keeps the expiry",
		File: "string/set.txt", Case: "overwrites any type and drops the expiry",
		New: onRequest("SET", func(words []string) []string {
			if len(words) == 3 {
				words = append(words, "KEEPTTL")
			}
			return words
		}),
	},
	{
		Name: "NX ignored", Area: "string", Breaks: "SET NX overwrites",
		File: "string/set.txt", Case: "NX and XX", New: withoutWord("SET", "NX"),
	},
	{
		Name: "MSETNX in part", Area: "string", Breaks: "MSETNX sets what is not there and says that it did",
		File: "string/mset.txt", Case: "MSETNX", New: onReply("MSETNX", func(v *resp.Value) { *v = integer(1) }),
	},
	{
		Name: "encoding", Area: "string", Breaks: "a string of 44 bytes is raw",
		File: "string/encodings.txt", Case: "embstr ends at 44 bytes",
		New: onReply("OBJECT ENCODING", replaced(resp.BulkString, "embstr", "raw")),
	},
}

var listFaults = []Fault{
	{
		Name: "LRANGE off by one", Area: "list", Breaks: "the last element is left out",
		File: "list/lrange.txt", Case: "inside", New: onReply("LRANGE", dropLast),
	},
	{
		Name: "wrong end", Area: "list", Breaks: "LPUSH pushes to the right",
		File: "list/push.txt", Case: "LPUSH", New: instead("LPUSH", "RPUSH"),
	},
	{
		Name: "empty list kept", Area: "list", Breaks: "a list that was emptied exists",
		File: "list/pop.txt", Case: "one",
		New: onReply("EXISTS", func(v *resp.Value) { *v = integer(1) }),
	},
	{
		Name: "LINSERT on the wrong side", Area: "list", Breaks: "BEFORE inserts after",
		File: "list/linsert.txt", Case: "before and after",
		New: onRequest("LINSERT", func(words []string) []string {
			if len(words) == 5 && strings.EqualFold(words[2], "BEFORE") {
				words[2] = "AFTER"
			}
			return words
		}),
	},
	{
		Name: "unfair", Area: "blocking", Breaks: "of two waiters the second is served first",
		File: "list/blpop.txt", Case: "first come first served", New: lastComeFirstServed,
	},
	{
		Name: "short timeout", Area: "blocking", Breaks: "a timeout of some milliseconds is taken for none, which waits for ever",
		File: "list/blocking-timeout.txt", Case: "BLPOP and BRPOP",
		New: onRequest("BLPOP", func(words []string) []string {
			if t := words[len(words)-1]; strings.HasPrefix(t, "0.0") {
				words[len(words)-1] = "0"
			}
			return words
		}),
	},
	{
		Name: "served after it left", Area: "blocking", Breaks: "a waiter that disconnected takes an element",
		File: "list/blocking-clients.txt", Case: "gone",
		New: func() Hooks { return Hooks{KeepServer: true} },
	},
	{
		Name: "order of the keys", Area: "blocking", Breaks: "BLPOP takes from the last key that has a list",
		File: "list/blpop-keys.txt", Case: "the first key that has a list",
		New: onRequest("BLPOP", func(words []string) []string {
			slices.Reverse(words[1 : len(words)-1])
			return words
		}),
	},
}

// dropLast leaves out the last child of an array.
func dropLast(v *resp.Value) {
	if n := len(v.Elems); n > 0 {
		v.Elems = v.Elems[:n-1]
	}
}

// lastComeFirstServed swaps the replies of two connections that wait.
func lastComeFirstServed() Hooks {
	var waiting []*Link
	partner := map[*Link]*Link{}
	return Hooks{
		Request: func(l *Link, words []string) []string {
			if is(words, "BLPOP") || is(words, "BRPOP") {
				waiting = append(waiting, l)
			}
			if len(waiting) == 2 {
				partner[waiting[0]], partner[waiting[1]] = waiting[1], waiting[0]
				waiting = nil
			}
			return words
		},
		Reply: func(l *Link, _ []string, v resp.Value) []byte {
			other := partner[l]
			if other == nil {
				return v.Append(nil)
			}
			delete(partner, l)
			other.Answer(v.Append(nil))
			return nil
		},
	}
}

var genericFaults = []Fault{
	{
		Name: "KEYS ignores case", Area: "generic", Breaks: "a pattern matches letters of both cases",
		File: "generic/keys.txt", Case: "bytes and case",
		New: onRequest("KEYS ABC", func([]string) []string { return []string{"KEYS", "[aA][bB][cC]"} }),
	},
	{
		Name: "SCAN drops a key", Area: "generic", Breaks: "one key of those found is not told",
		File: "generic/scan.txt", Case: "a few keys in one call",
		New: onReply("SCAN", func(v *resp.Value) {
			if len(v.Elems) == 2 {
				dropLast(&v.Elems[1])
			}
		}),
	},
	{
		Name: "stale SCAN", Area: "generic", Breaks: "what was told once is told again, whatever has become of the keys",
		File: "generic/scan.txt", Case: "the selected database only",
		New: firstReplyForEver(func(words []string) bool { return is(words, "SCAN 0") }),
	},
	{
		Name: "SCAN never ends", Area: "generic", Breaks: "the last cursor is not 0",
		File: "generic/scan.txt", Case: "many keys in one call",
		New: onReply("SCAN", func(v *resp.Value) {
			if len(v.Elems) == 2 && string(v.Elems[0].Text) == "0" {
				v.Elems[0].Text = []byte("1")
			}
		}),
	},
	{
		Name: "EXPIRE NX ignored", Area: "generic", Breaks: "EXPIREAT NX replaces an expiry",
		File: "generic/expire-options.txt", Case: "NX", New: withoutWord("EXPIREAT", "NX"),
	},
	{
		Name: "PERSIST without effect", Area: "generic", Breaks: "the expiry stays, the reply says that it went",
		File: "generic/ttl.txt", Case: "persist", New: instead("PERSIST", "EXISTS"),
	},
	{
		Name: "expiry off by a millisecond", Area: "generic", Breaks: "PEXPIRETIME is one too high",
		File: "generic/ttl.txt", Case: "exact times", New: onReply("PEXPIRETIME", plus(1)),
	},
	{
		Name: "DUMP of another release", Area: "generic", Breaks: "the payload of a short string has another version",
		File: "generic/dump.txt", Case: "embstr",
		New: onReply("DUMP", func(v *resp.Value) {
			if rest, ok := strings.CutPrefix(string(v.Text), "\x00\x05hello"); ok {
				v.Text = []byte("\x00\x05hello\x01" + rest[1:])
			}
		}),
	},
	{
		Name: "RESTORE ignores ABSTTL", Area: "generic", Breaks: "the ttl always counts from now",
		File: "generic/restore.txt", Case: "ABSTTL", New: withoutWord("RESTORE", "ABSTTL"),
	},
	{
		Name: "MIGRATE of nothing succeeds", Area: "generic", Breaks: "OK in place of NOKEY",
		File: "generic/migrate.txt", Case: "no key",
		New: onReply("MIGRATE", replaced(resp.SimpleString, "NOKEY", "OK")),
	},
	{
		Name: "MIGRATE names the wrong step", Area: "generic", Breaks: "a target that takes nothing is said not to answer",
		File: "generic/migrate.txt", Case: "no server",
		New: onReply("MIGRATE", replaced(resp.Error, "writing", "reading")),
	},
	{
		Name: "DEL counts requests", Area: "generic", Breaks: "the reply counts keys that were not there",
		File: "generic/del.txt", Case: "del", New: onReply("DEL", func(v *resp.Value) { *v = integer(1) }),
	},
	{
		Name: "RENAME copies", Area: "generic", Breaks: "the old key stays",
		File: "generic/rename.txt", Case: "rename",
		New: func() Hooks {
			h := onRequest("RENAME", func(words []string) []string { return append(append([]string{"COPY"}, words[1:]...), "REPLACE") })()
			h.Reply = onReply("RENAME", func(v *resp.Value) {
				if v.Type == resp.Integer {
					*v = resp.Value{Type: resp.SimpleString, Text: []byte("OK")}
				}
			})().Reply
			return h
		},
	},
}

var connectionFaults = []Fault{
	{
		Name: "SELECT without effect", Area: "connection", Breaks: "all databases are the same",
		File: "connection/select.txt", Case: "select",
		New: onRequest("SELECT", func(words []string) []string { return []string{"SELECT", "0"} }),
	},
	{
		Name: "name not kept", Area: "connection", Breaks: "CLIENT GETNAME is empty",
		File: "connection/client-name.txt", Case: "names",
		New: onRequest("CLIENT SETNAME", func([]string) []string { return []string{"CLIENT", "SETNAME", ""} }),
	},
	{
		Name: "ECHO stops at NUL", Area: "connection", Breaks: "strings end at a zero byte",
		File: "connection/ping-echo.txt", Case: "echo",
		New: onRequest("ECHO", func(words []string) []string {
			for i := range words {
				words[i], _, _ = strings.Cut(words[i], "\x00")
			}
			return words
		}),
	},
	{
		Name: "HELLO does not switch", Area: "connection", Breaks: "HELLO 2 leaves the connection in RESP3",
		File: "connection/hello.txt", Case: "there and back",
		New: onRequest("HELLO 2", func([]string) []string { return []string{"HELLO", "3"} }),
	},
	{
		Name: "QUIT does not close", Area: "connection", Breaks: "the connection stays open",
		File: "connection/quit-reset.txt", Case: "quit",
		New: func() Hooks { return Hooks{KeepClient: true} },
	},
}

var serverFaults = []Fault{
	{
		Name: "CONFIG GET stale", Area: "server", Breaks: "a parameter keeps the value that was told first",
		File: "server/config-set.txt", Case: "integers",
		New: firstReplyForEver(func(words []string) bool { return is(words, "CONFIG GET") && words[2] != "*" }),
	},
	{
		Name: "DBSIZE off by one", Area: "server", Breaks: "one key too many is counted",
		File: "server/dbsize-flush.txt", Case: "dbsize", New: onReply("DBSIZE", plus(1)),
	},
	{
		Name: "FLUSHDB goes too far", Area: "server", Breaks: "FLUSHDB empties all databases",
		File: "server/dbsize-flush.txt", Case: "flushdb", New: instead("FLUSHDB", "FLUSHALL"),
	},
	{
		Name: "SWAPDB without effect", Area: "server", Breaks: "the databases stay where they are",
		File: "server/swapdb.txt", Case: "swap",
		New: onRequest("SWAPDB", func([]string) []string { return []string{"SWAPDB", "0", "0"} }),
	},
	{
		Name: "COMMAND INFO", Area: "server", Breaks: "an arity is off by one",
		File: "server/command-info.txt", Case: "strings",
		New: onReply("COMMAND INFO", func(v *resp.Value) {
			if len(v.Elems) > 0 && len(v.Elems[0].Elems) > 1 {
				plus(1)(&v.Elems[0].Elems[1])
			}
		}),
	},
	{
		Name: "unknown command", Area: "server", Breaks: "the error does not quote the arguments",
		File: "server/unknown-command.txt", Case: "names and arguments",
		New: onReply("NOSUCH", replaced(resp.Error, "'a' ", "a ")),
	},
}

// firstReplyForEver answers the requests that are chosen always alike.
func firstReplyForEver(chosen func(words []string) bool) func() Hooks {
	return func() Hooks {
		told := map[string][]byte{}
		return Hooks{Reply: func(_ *Link, words []string, v resp.Value) []byte {
			b := v.Append(nil)
			if !chosen(words) {
				return b
			}
			request := strings.ToLower(strings.Join(words, " "))
			if told[request] == nil {
				told[request] = b
			}
			return told[request]
		}}
	}
}
