package faults

import (
	"slices"

	"respect/conformance/resp"
)

// What a tool asks a server.
var observeFaults = []Fault{
	{
		Name: "slow log upside down", Area: "server", Breaks: "the oldest entries come first",
		File: "server/slowlog.txt", Case: "the latest come first",
		New: onReply("SLOWLOG GET", func(v *resp.Value) { slices.Reverse(v.Elems) }),
	},
	{
		Name: "slow log never forgets", Area: "server", Breaks: "SLOWLOG RESET keeps the entries",
		File: "server/slowlog.txt", Case: "reset",
		New: onRequest("SLOWLOG RESET", func([]string) []string { return []string{"CONFIG", "SET", "timeout", "0"} }),
	},
	{
		Name: "LATENCY RESET counts arguments", Area: "server", Breaks: "events that were not there are counted",
		File: "server/latency.txt", Case: "reset counts events",
		New: onReply("LATENCY RESET", func(v *resp.Value) { *v = integer(1) }),
	},
	{
		Name: "digest of the names only", Area: "server", Breaks: "DEBUG DIGEST does not change with a value",
		File: "server/debug-digest.txt", Case: "strings",
		New: func() Hooks {
			told := resp.Value{}
			return onReply("DEBUG DIGEST", func(v *resp.Value) {
				if told.Type == 0 {
					told = *v
				}
				*v = told
			})()
		},
	},
}
