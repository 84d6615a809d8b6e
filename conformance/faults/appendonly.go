package faults

import "respect/conformance/resp"

var appendOnlyFaults = []Fault{
	{
		Name: "rewrite within a transaction", Area: "server", Breaks: "BGREWRITEAOF claims to begin at once within EXEC",
		File: "server/bgrewriteaof.txt", Case: "within a transaction",
		New: onReply("EXEC", func(v *resp.Value) {
			if len(v.Elems) == 1 {
				replaced(resp.SimpleString, "scheduled", "started")(&v.Elems[0])
			}
		}),
	},
	{
		Name: "rewrite with words", Area: "server", Breaks: "the error for words behind BGREWRITEAOF is another one",
		File: "server/bgrewriteaof.txt", Case: "arguments",
		New: onReply("BGREWRITEAOF", replaced(resp.Error, "wrong number of arguments", "syntax error")),
	},
}
