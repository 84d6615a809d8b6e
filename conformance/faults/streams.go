package faults

import "respect/conformance/resp"

var streamFaults = []Fault{
	{
		Name: "XRANGE off by one", Area: "stream", Breaks: "the last entry is left out",
		File: "stream/xrange.txt", Case: "ends of the range", New: onReply("XRANGE", dropLast),
	},
	{
		Name: "NOMKSTREAM ignored", Area: "stream", Breaks: "XADD makes the stream all the same",
		File: "stream/xadd.txt", Case: "NOMKSTREAM", New: withoutWord("XADD", "NOMKSTREAM"),
	},
	{
		Name: "exact trimming", Area: "stream", Breaks: "XADD with ~ trims within a node",
		File: "stream/xadd-trim.txt", Case: "MAXLEN ~ keeps nodes whole", New: withoutWord("XADD", "~"),
	},
	{
		Name: "NOACK ignored", Area: "stream", Breaks: "what is read with NOACK is pending",
		File: "stream/xreadgroup.txt", Case: "NOACK", New: withoutWord("XREADGROUP", "NOACK"),
	},
	{
		Name: "idle time ignored", Area: "stream", Breaks: "XCLAIM takes entries that were delivered just now",
		File: "stream/xclaim.txt", Case: "only what has been idle",
		New: onRequest("XCLAIM", func(words []string) []string {
			if len(words) > 4 {
				words[4] = "0"
			}
			return words
		}),
	},
	{
		Name: "deleted entries not told", Area: "stream", Breaks: "XAUTOCLAIM hides the entries that are gone",
		File: "stream/xautoclaim.txt", Case: "deleted entries",
		New: onReply("XAUTOCLAIM", func(v *resp.Value) {
			if len(v.Elems) == 3 {
				v.Elems[2].Elems = nil
			}
		}),
	},
	{
		Name: "lag off by one", Area: "stream", Breaks: "XINFO GROUPS tells one entry too many",
		File: "stream/lag.txt", Case: "read one after the other",
		New: onReply("XINFO GROUPS", func(v *resp.Value) {
			for i := range v.Elems {
				if n := len(v.Elems[i].Elems); n > 0 {
					plus(1)(&v.Elems[i].Elems[n-1])
				}
			}
		}),
	},
	{
		Name: "short wait of XREAD", Area: "blocking", Breaks: "a reader that waits for ever is told at once that there is nothing",
		File: "stream/xread-block.txt", Case: "waits for an entry", New: withoutBlock,
	},
}

// withoutBlock takes BLOCK and its time out of XREAD.
func withoutBlock() Hooks {
	return onRequest("XREAD", func(words []string) []string {
		if len(words) > 2 && words[1] == "BLOCK" {
			words = append(words[:1], words[3:]...)
		}
		return words
	})()
}
