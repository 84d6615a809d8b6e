package faults

import (
	"strings"

	"respect/conformance/resp"
)

// What happens when memory is short.
var evictionFaults = []Fault{
	{
		Name: "no limit of memory", Area: "eviction", Breaks: "what needs memory is not refused",
		File: "eviction/refused.txt", Case: "other errors before and behind",
		New: onReply("SET", func(v *resp.Value) {
			if v.Type == resp.Error && strings.HasPrefix(string(v.Text), "OOM ") {
				*v = resp.Value{Type: resp.SimpleString, Text: []byte("OK")}
			}
		}),
	},
	{
		Name: "volatile policies take all keys", Area: "eviction", Breaks: "keys without expiry are evicted",
		File: "eviction/policies.txt", Case: "volatile-lru",
		New: onRequest("CONFIG SET maxmemory-policy", func(words []string) []string {
			return append(words[:3:3], strings.Replace(words[3], "volatile", "allkeys", 1))
		}),
	},
	{
		Name: "evicted keys stay valid", Area: "eviction", Breaks: "clients that track are not told of evictions",
		File: "eviction/events.txt", Case: "an evicted key becomes invalid", Proto: 3,
		New: func() Hooks { return Hooks{Reply: withoutMessage("invalidate")} },
	},
	{
		Name: "transactions need no memory", Area: "eviction", Breaks: "EXEC is not refused",
		File: "eviction/transactions.txt", Case: "EXEC of what needs memory",
		New: onRequest("CONFIG SET maxmemory 1", func([]string) []string { return []string{"CONFIG", "SET", "maxmemory", "0"} }),
	},
}
