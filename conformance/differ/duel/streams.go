package duel

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"respect/conformance/resp"
)

const errNoStreamID = "ERR Invalid stream ID specified as stream command argument"

// streamRules are the rules for streams of Redis: logs of entries.
var streamRules = []rule{
	{
		name: "automatic IDs", reason: "an ID that the server chooses is the time; the stream is deleted, so that the IDs of others stay the same",
		commands: []string{"xadd"},
		after: func(words []string) [][]string {
			if slices.Contains(words, "*") {
				return deleteFirstKey(words)
			}
			return nil
		},
		check: checkAutomaticID,
	},
	{
		name: "consumers that get nothing", reason: "before 7.2 they are not made; here they are made before",
		commands: []string{"xclaim", "xautoclaim", "xreadgroup"},
		before:   makeConsumers, makesConsumers: true,
		check: func(x *exchange) string { return unless(same(&x.replies[0], &x.replies[1]), "not the same") },
	},
	{
		name: "times of pending entries", reason: "the servers execute a command at different moments",
		commands: []string{"xpending", "xinfo consumers", "xinfo stream"},
		check:    func(x *exchange) string { return unless(aboutSame(&x.replies[0], &x.replies[1]), "not the same") },
	},
}

// makeConsumers makes the consumer for whom the request is, in all groups that it names.
func makeConsumers(words []string) [][]string {
	if !isCommand(words, "xreadgroup") {
		if len(words) < 4 {
			return nil
		}
		return [][]string{{"XGROUP", "CREATECONSUMER", words[1], words[2], words[3]}}
	}
	group, keys := place(words, "GROUP"), place(words, "STREAMS")
	if group < 0 || group+2 >= len(words) || keys < 0 {
		return nil
	}
	var out [][]string
	for _, key := range words[keys+1 : keys+1+(len(words)-keys-1)/2] {
		out = append(out, []string{"XGROUP", "CREATECONSUMER", key, words[group+1], words[group+2]})
	}
	return out
}

// place returns where a word is, or -1.
func place(words []string, word string) int {
	return slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

func checkAutomaticID(x *exchange) string {
	a, b := &x.replies[0], &x.replies[1]
	if same(a, b) {
		return ""
	}
	if !slices.Contains(x.words, "*") {
		return "not the same"
	}
	msA, _, _ := strings.Cut(string(a.Text), "-")
	msB, _, _ := strings.Cut(string(b.Text), "-")
	m, errA := strconv.ParseInt(msA, 10, 64)
	n, errB := strconv.ParseInt(msB, 10, 64)
	return unless(a.Type == b.Type && errA == nil && errB == nil && near(m, n), "too far apart")
}

// nearMs is how far from each other the servers do the same.
const nearMs = 5000

func near(m, n int64) bool { return max(m, n)-min(m, n) <= nearMs }

// timed are the members of maps that hold a moment, or how long ago it was; -1 is
// never.
var timed = []string{"seen-time", "idle", "active-time", "inactive"}

// aboutSame compares replies. The values of timed members may differ a little, and so
// may the times of pending entries: in rows of ID, consumer or not, time and count.
func aboutSame(a, b *resp.Value) bool {
	if a.Type != b.Type || a.IsNull != b.IsNull || len(a.Elems) != len(b.Elems) || !bytes.Equal(a.Text, b.Text) {
		return false
	}
	n := len(a.Elems)
	row := (n == 3 || n == 4) && a.Elems[0].Type == resp.BulkString && a.Elems[n-2].Type == resp.Integer && a.Elems[n-1].Type == resp.Integer
	for i := range a.Elems {
		x, y := &a.Elems[i], &b.Elems[i]
		isTime := row && i == n-2 || i%2 == 1 && slices.Contains(timed, string(a.Elems[i-1].Text))
		if isTime && about([2]resp.Value{*x, *y}, nearMs) == "" {
			continue
		}
		if !aboutSame(x, y) {
			return false
		}
	}
	return true
}

// withoutIdle returns a copy of a reply of XINFO without consumers.
func withoutIdle(v *resp.Value) *resp.Value {
	out := *withoutActive(v)
	for i := range out.Elems {
		out.Elems[i] = *withoutIdle(&out.Elems[i])
		if i > 0 && string(out.Elems[i-1].Text) == "consumers" {
			out.Elems[i] = resp.Value{Type: out.Elems[i].Type}
		}
	}
	return &out
}

// withoutActive returns a copy of a reply of XINFO without what 7.2 has added to
// consumers.
func withoutActive(v *resp.Value) *resp.Value {
	out := *v
	out.Elems = nil
	for i := 0; i < len(v.Elems); i++ {
		if name := string(v.Elems[i].Text); i%2 == 0 && (name == "active-time" || name == "inactive") {
			i++
			continue
		}
		out.Elems = append(out.Elems, *withoutActive(&v.Elems[i]))
	}
	return &out
}
