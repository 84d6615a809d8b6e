package faults

// What only shows in what is told to those who keep a copy: the replies are the right ones.
var propagationFaults = []Fault{
	{
		Name: "GETEX without effect", Area: "propagation", Proto: 2, Breaks: "GETEX leaves the deadline as it is",
		File: "propagation/expiry.txt", Case: "GETEX",
		New: onRequest("GETEX", func(words []string) []string { return words[:2] }),
	},
	{
		Name: "DEL told as UNLINK", Area: "propagation", Proto: 2, Breaks: "a deletion is told by another name",
		File: "propagation/verbatim.txt", Case: "keys", New: instead("DEL", "UNLINK"),
	},
	{
		Name: "FLUSHALL of one database", Area: "propagation", Proto: 2, Breaks: "only the database is flushed, and only that is told",
		File: "propagation/transactions.txt", Case: "FLUSHALL and FLUSHDB", New: instead("FLUSHALL", "FLUSHDB"),
	},
}
