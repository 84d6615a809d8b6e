package faults

import "respect/conformance/resp"

var trackingFaults = []Fault{
	{
		Name: "not invalidated", Area: "tracking", Breaks: "nobody is told of a key that was changed",
		File: "tracking/invalidate.txt", Case: "a key that was read is changed", Proto: 3,
		New: func() Hooks { return Hooks{Reply: withoutMessage("invalidate")} },
	},
	{
		Name: "prefixes ignored", Area: "tracking", Breaks: "all keys are broadcast",
		File: "tracking/bcast.txt", Case: "prefixes", Proto: 3,
		New: onRequest("CLIENT TRACKING ON BCAST", func([]string) []string { return []string{"CLIENT", "TRACKING", "ON", "BCAST"} }),
	},
	{
		Name: "NOLOOP ignored", Area: "tracking", Breaks: "a client is told of what it has changed itself",
		File: "tracking/invalidate.txt", Case: "NOLOOP", Proto: 3, New: withoutWord("CLIENT", "NOLOOP"),
	},
	{
		Name: "OPTIN ignored", Area: "tracking", Breaks: "all keys that are read are tracked",
		File: "tracking/invalidate.txt", Case: "OPTIN", Proto: 3, New: withoutWord("CLIENT", "OPTIN"),
	},
	{
		Name: "redirection not told", Area: "tracking", Breaks: "GETREDIR says that messages go nowhere else",
		File: "tracking/options.txt", Case: "redirecting",
		New: onReply("CLIENT GETREDIR", func(v *resp.Value) {
			if v.Type == resp.Integer {
				*v = integer(0)
			}
		}),
	},
}

// withoutMessage drops the messages whose first word is this.
func withoutMessage(word string) func(*Link, []string, resp.Value) []byte {
	return func(_ *Link, _ []string, v resp.Value) []byte {
		if v.Type == resp.Push && len(v.Elems) > 0 && string(v.Elems[0].Text) == word {
			return nil
		}
		return v.Append(nil)
	}
}
