package faults

import (
	"strings"

	"respect/conformance/resp"
)

var transactionFaults = []Fault{
	{
		Name: "EXEC short by one", Area: "transactions", Breaks: "the reply of the last command is left out",
		File: "transactions/multi-exec.txt", Case: "some commands", New: onReply("EXEC", dropLast),
	},
	{
		Name: "EXEC stops at an error", Area: "transactions", Breaks: "what stands behind an error has no reply",
		File: "transactions/multi-exec.txt", Case: "an error does not stop the others",
		New: onReply("EXEC", func(v *resp.Value) {
			for i := range v.Elems {
				if v.Elems[i].Type == resp.Error {
					v.Elems = v.Elems[:i+1]
					return
				}
			}
		}),
	},
	{
		Name: "WATCH without effect", Area: "transactions", Breaks: "EXEC executes although a key was changed",
		File: "transactions/watch.txt", Case: "changed by another client", New: instead("WATCH", "EXISTS"),
	},
	{
		Name: "WATCH of one key", Area: "transactions", Breaks: "of several keys only the first is watched",
		File: "transactions/watch.txt", Case: "several keys, one of them changed",
		New: onRequest("WATCH", func(words []string) []string { return words[:2] }),
	},
	{
		Name: "FLUSHALL forgets WATCH", Area: "transactions", Breaks: "flushed keys count as unchanged",
		File: "transactions/watch-changes.txt", Case: "FLUSHALL", New: forgets("FLUSHALL"),
	},
	{
		Name: "an unknown command spoils nothing", Area: "transactions", Breaks: "EXEC executes the rest",
		File: "transactions/abort.txt", Case: "unknown command",
		New: onRequest("NOSUCH", func([]string) []string { return []string{"GET", "nothing"} }),
	},
}

// forgets answers OK to a command that the server does not get.
func forgets(name string) func() Hooks {
	return onRequest(name, func(words []string) []string {
		return []string{"CLIENT", "SETNAME", strings.ToLower(words[0])}
	})
}
