package duel

import (
	"slices"
	"strings"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
)

// Transactions: what is queued is answered by EXEC. A request that needs a rule
// cannot be queued, as nothing can be asked in between, and is left out.

// comparable leaves out what cannot be compared within a transaction.
func comparable(requests []stream.Request) []stream.Request {
	queueing := map[int]bool{}
	return slices.DeleteFunc(slices.Clone(requests), func(r stream.Request) bool {
		queueing[r.On] = queues(queueing[r.On], r.Words)
		return queueing[r.On] && (ruleOf(r.Words) != nil || unqueueable(r.Words))
	})
}

// unqueueable reports whether the reply to the command is no single value that can stand
// among those of a transaction: subscriptions are told by messages, and who is closed or
// wants no replies gets no more.
func unqueueable(words []string) bool {
	return subscribes(words) ||
		isCommand(words, "client") && len(words) > 1 && (strings.EqualFold(words[1], "kill") || strings.EqualFold(words[1], "reply"))
}

// queues tells whether commands are queued after a request.
func queues(queueing bool, words []string) bool {
	switch {
	case len(words) == 0: // the connection is closed
		return false
	case isCommand(words, "multi"):
		return queueing || len(words) == 1
	case isCommand(words, "discard"):
		return queueing && len(words) > 1
	case isCommand(words, "exec", "reset", "quit"):
		return false
	}
	return queueing
}

// queue notes for each EXEC what it executes, and ends a transaction that is left
// open behind the last request.
func (p *plan) queue() {
	queueing := false
	var queued [][]string
	for i := range p.exchanges {
		x := &p.exchanges[i]
		was := queueing
		queueing = queues(was, x.words)
		switch {
		case isCommand(x.words, "exec"):
			x.queued, queued = queued, nil
		case !queueing:
			queued = nil
		case was && !isCommand(x.words, "multi", "discard", "watch"):
			queued = append(queued, x.words)
		}
	}
	if queueing {
		p.add([]string{"DISCARD"})
		p.after[len(p.after)-1]++
	}
}

// compareQueued compares the replies of a transaction one by one.
func (c *comparer) compareQueued(x *exchange) string {
	a, b := x.replies[0].Elems, x.replies[1].Elems
	if len(a) != len(x.queued) || len(b) != len(x.queued) {
		return "not as many replies as commands"
	}
	for i, words := range x.queued {
		one := exchange{words: words, replies: [2]resp.Value{a[i], b[i]}}
		if problem := c.compare(&one); problem != "" {
			return problem + ", " + words[0]
		}
	}
	return ""
}
