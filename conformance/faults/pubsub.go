package faults

import (
	"bytes"

	"respect/conformance/resp"
)

var pubsubFaults = []Fault{
	{
		Name: "patterns ignored", Area: "pubsub", Breaks: "PSUBSCRIBE takes the pattern for a channel",
		File: "pubsub/psubscribe.txt", Case: "a pattern", Proto: 3,
		New: func() Hooks {
			h := instead("PSUBSCRIBE", "SUBSCRIBE")()
			h.Reply = onMessage("subscribe", func(v *resp.Value) { v.Elems[0].Text = []byte("psubscribe") })
			return h
		},
	},
	{
		Name: "receivers not counted", Area: "pubsub", Breaks: "PUBLISH tells one too many",
		File: "pubsub/subscribe.txt", Case: "a message", New: onReply("PUBLISH", plus(1)),
	},
	{
		Name: "message lost", Area: "pubsub", Breaks: "an empty message is not delivered",
		File: "pubsub/subscribe.txt", Case: "a message",
		New: func() Hooks {
			return Hooks{Reply: func(_ *Link, _ []string, v resp.Value) []byte {
				if len(v.Elems) == 3 && string(v.Elems[0].Text) == "message" && len(v.Elems[2].Text) == 0 {
					return nil
				}
				return v.Append(nil)
			}}
		},
	},
	{
		Name: "push in front of the reply", Area: "pubsub", Breaks: "a message to oneself comes before PUBLISH is answered",
		File: "pubsub/subscribed-mode.txt", Case: "to itself, behind the reply", Proto: 3, New: pushFirst,
	},
	{
		Name: "push within EXEC", Area: "pubsub", Breaks: "a message to oneself comes in the middle of the reply",
		File: "pubsub/subscribed-mode.txt", Case: "to itself, behind EXEC", Proto: 3, New: pushWithin,
	},
	{
		Name: "push as an array", Area: "pubsub", Breaks: "messages to clients of RESP3 are arrays",
		File: "pubsub/subscribe.txt", Case: "a message", Proto: 3,
		New: func() Hooks {
			return Hooks{Reply: onMessage("message", func(v *resp.Value) { v.Type = resp.Array })}
		},
	},
	{
		Name: "subscribed and free", Area: "pubsub", Breaks: "a subscribed client of RESP2 can do everything",
		File: "pubsub/subscribed-mode.txt", Case: "RESP2: little", Proto: 2,
		New: onReply("GET", func(v *resp.Value) {
			if v.Type == resp.Error {
				*v = resp.Value{Type: resp.BulkString, IsNull: true}
			}
		}),
	},
}

var eventFaults = []Fault{
	{
		Name: "event misnamed", Area: "events", Breaks: "LPOP is told as rpop",
		File: "events/lists.txt", Case: "push and pop",
		New: func() Hooks { return Hooks{Reply: onEvent(":lpop", ":rpop")} },
	},
	{
		Name: "expired in another database", Area: "events", Breaks: "events of all databases are told as of the first",
		File: "events/expired.txt", Case: "in another database",
		New: func() Hooks { return Hooks{Reply: onEvent("@3__:", "@0__:")} },
	},
	{
		Name: "deletion not told", Area: "events", Breaks: "a list that was emptied goes without a word",
		File: "events/lists.txt", Case: "push and pop",
		New: func() Hooks {
			return Hooks{Reply: func(_ *Link, _ []string, v resp.Value) []byte {
				if len(v.Elems) == 4 && bytes.HasSuffix(v.Elems[2].Text, []byte(":del")) {
					return nil
				}
				return v.Append(nil)
			}}
		},
	},
}

// onMessage changes the messages whose first word is this.
func onMessage(word string, change func(v *resp.Value)) func(*Link, []string, resp.Value) []byte {
	return func(_ *Link, _ []string, v resp.Value) []byte {
		if len(v.Elems) > 1 && string(v.Elems[0].Text) == word {
			change(&v)
		}
		return v.Append(nil)
	}
}

// onEvent changes the channels of messages that came by a pattern or not.
func onEvent(old, text string) func(*Link, []string, resp.Value) []byte {
	return func(_ *Link, _ []string, v resp.Value) []byte {
		for i := 1; i < len(v.Elems)-1; i++ {
			if e := &v.Elems[i]; resp.IsBulk(e.Type) && bytes.HasPrefix(e.Text, []byte("__key")) && !bytes.Contains(e.Text, []byte("*")) {
				e.Text = bytes.Replace(e.Text, []byte(old), []byte(text), 1)
			}
		}
		return v.Append(nil)
	}
}

// pushFirst holds the reply of PUBLISH back until the message has gone.
func pushFirst() Hooks {
	var held []byte
	return Hooks{Reply: func(_ *Link, _ []string, v resp.Value) []byte {
		b := v.Append(nil)
		switch {
		case v.Type == resp.Integer && string(v.Text) == "1":
			held = b
			return nil
		case v.Type == resp.Push && held != nil:
			b, held = append(b, held...), nil
		}
		return b
	}}
}

// pushWithin puts the messages that come behind EXEC into its reply.
func pushWithin() Hooks {
	var held *resp.Value
	return Hooks{Reply: func(_ *Link, _ []string, v resp.Value) []byte {
		switch {
		case v.Type == resp.Array && len(v.Elems) == 3: // of the three commands
			held = &v
			return nil
		case v.Type == resp.Push && held != nil:
			at := len(held.Append(nil)) - len(held.Elems[len(held.Elems)-1].Append(nil))
			reply := held.Append(nil)
			held = nil
			return append(append(append([]byte(nil), reply[:at]...), v.Append(nil)...), reply[at:]...)
		}
		return v.Append(nil)
	}}
}
