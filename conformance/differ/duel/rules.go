package duel

import (
	"slices"
	"strings"

	"respect/conformance/resp"
)

// A rule says how far the replies to a command may differ although both
// servers are right. Errors are always compared exactly.
type rule struct {
	name     string
	reason   string
	commands []string // in lower case, subcommands with a space
	// before are requests that are sent in front of the command, for check to
	// look at their replies.
	before func(words []string) [][]string
	// after are requests that are sent behind the command to make the states of
	// the servers equal again.
	after func(words []string) [][]string
	// makesConsumers tells that before may also be sent as ordinary requests.
	makesConsumers bool
	// check tells what is wrong with two replies that are no errors, if anything is.
	check func(x *exchange) string
}

var rules = []rule{
	{
		name: "order of a hash table", reason: "the order of what is in a hash table depends on the table's secret; small encodings keep theirs",
		commands: []string{"smembers", "hkeys", "hvals", "hgetall"},
		before:   askEncoding,
		check:    checkOrder,
	},
	{
		name: "order of a result", reason: "sets and the database's table have no order",
		commands: []string{"sinter", "sunion", "sdiff", "keys", "pubsub channels", "pubsub shardchannels"},
		check:    func(x *exchange) string { return sameMembers(x.replies, 1) },
	},
	{
		name: "encoding of a stored set", reason: "made of a hash table, it depends on the order when an intset becomes too long",
		commands: []string{"object encoding"},
		check:    checkEncoding,
	},
	{
		name: "random members", reason: "which members are drawn is chance; they must exist, and as many be drawn",
		commands: []string{"srandmember", "hrandfield", "zrandmember", "randomkey"},
		before:   askMembers,
		check:    checkDrawn,
	},
	{
		name: "random members taken", reason: "as for random members; what is left differs, and is deleted",
		commands: []string{"spop"},
		before:   askMembers,
		after:    deleteFirstKey,
		check:    checkTaken,
	},
	{
		name: "scans", reason: "cursors are the server's own; what a single call returns is compared if it was everything",
		commands: []string{"scan", "sscan", "hscan", "zscan"},
		before:   askEncodingOfScanned,
		check:    checkScan,
	},
	{
		name: "text of help", reason: "each server has words of its own",
		commands: []string{"object help", "xgroup help", "xinfo help"},
		check: func(x *exchange) string {
			return unless(x.replies[0].Type == x.replies[1].Type, "not of the same type")
		},
	},
	{
		name: "count of references", reason: "which values are shared is the server's own affair",
		commands: []string{"object refcount"},
		check: func(x *exchange) string {
			return unless(x.replies[0].Type == x.replies[1].Type, "not of the same type")
		},
	},
	{
		name: "count of keys", reason: "a key whose time has come counts until somebody notices",
		commands: []string{"dbsize"},
		before:   func([]string) [][]string { return [][]string{{"KEYS", "*"}} },
		check:    checkCount,
	},
	{
		name: "time left", reason: "the servers execute a command at different moments",
		commands: []string{"ttl", "expiretime"},
		check:    func(x *exchange) string { return about(x.replies, 5) },
	},
	{
		name: "idle times", reason: "the reference shares the objects of small integers among keys, and so their last access",
		commands: []string{"object idletime"},
		check: func(x *exchange) string {
			if idle, ok := x.replies[0].Int(); ok && idle >= 0 && x.replies[1].Type == resp.Integer {
				if other, _ := x.replies[1].Int(); other > idle {
					return ""
				}
			}
			return about(x.replies, 5)
		},
	},
	{
		name: "milliseconds left", reason: "as for time left",
		commands: []string{"pttl", "pexpiretime"},
		check:    func(x *exchange) string { return about(x.replies, 5000) },
	},
	{
		name: "payloads", reason: "a payload holds the version of the file format and the release's own choice of encodings",
		commands: []string{"dump"},
		check: func(x *exchange) string {
			return unless(x.replies[0].IsNull == x.replies[1].IsNull && x.replies[0].Type == x.replies[1].Type, "only one is null")
		},
	},
	{
		name: "sorting what is equal", reason: "the order of ties is the algorithm's, and for sets and sorted sets that of a hash table; what was stored is deleted",
		commands: []string{"sort", "sort_ro"},
		after:    deleteSorted,
		check:    checkSort,
	},
	{
		name: "lexicographic ranges", reason: "among members of different scores a skiplist finds the ends by chance; what was changed is deleted",
		commands: []string{"zrange", "zrangebylex", "zrevrangebylex", "zlexcount", "zrangestore", "zremrangebylex"},
		before:   askScores,
		after:    deleteRange,
		check:    checkRange,
	},
	{
		name: "clients", reason: "memory, ages and addresses are each server's own; the other fields are compared",
		commands: []string{"client list", "client info"},
		check:    checkClients,
	},
	{
		name: "introduction", reason: "each server has a name and a version of its own",
		commands: []string{"hello"},
		check:    checkHello,
	},
	{
		name: "distances to the last bit", reason: "a sine of the C library may err in its last bit, which depends on the processor; what was stored is compared and deleted",
		commands: []string{"geosearchstore", "georadius", "georadiusbymember"},
		after:    takeDistances,
		check:    checkDistances,
	},
}

// rulesByCommand is made of the table.
var rulesByCommand = func() map[string]*rule {
	out := map[string]*rule{}
	for _, r := range slices.Concat(rules, streamRules) {
		for _, c := range r.commands {
			out[c] = &r
		}
	}
	for _, c := range storesSet.commands {
		out[c] = &storesSet
	}
	return out
}()

// ruleOf returns the rule for the request, nil if there is none.
func ruleOf(words []string) *rule {
	if len(words) == 0 {
		return nil
	}
	name := strings.ToLower(words[0])
	if slices.Contains([]string{"object", "xgroup", "xinfo", "client", "pubsub"}, name) && len(words) > 1 {
		name += " " + strings.ToLower(words[1])
	}
	return rulesByCommand[name]
}

// withFirstKey is a request about the key of the request, if it has one.
func withFirstKey(words []string, request ...string) [][]string {
	if len(words) < 2 {
		return nil
	}
	return [][]string{append(request, words[1])}
}

func askEncoding(words []string) [][]string { return withFirstKey(words, "OBJECT", "ENCODING") }

// storesSet are the commands that make a set of others. The encodings of these are
// asked for, for the rule about OBJECT ENCODING.
var storesSet = rule{
	commands: []string{"sunionstore", "sinterstore", "sdiffstore"},
	before: func(words []string) [][]string {
		var out [][]string
		for _, key := range words[min(2, len(words)):] {
			out = append(out, []string{"OBJECT", "ENCODING", key})
		}
		return out
	},
	check: func(x *exchange) string { return unless(same(&x.replies[0], &x.replies[1]), "not the same") },
}

// makesByChance reports whether the request may have made a set of which the
// encoding is chance.
func (x *exchange) makesByChance() bool {
	return x.rule == &storesSet && slices.ContainsFunc(slices.Concat(x.asked[0], x.asked[1]), func(v resp.Value) bool { return string(v.Text) == "hashtable" })
}

func checkEncoding(x *exchange) string {
	if x.chance && isSetEncoding(&x.replies[0]) && isSetEncoding(&x.replies[1]) {
		return ""
	}
	return unless(same(&x.replies[0], &x.replies[1]), "not the same")
}

func isSetEncoding(v *resp.Value) bool {
	return slices.Contains([]string{"intset", "listpack", "hashtable"}, string(v.Text))
}

func askEncodingOfScanned(words []string) [][]string {
	if strings.EqualFold(words[0], "scan") {
		return nil
	}
	return askEncoding(words)
}

func deleteFirstKey(words []string) [][]string { return withFirstKey(words, "DEL") }

// askMembers asks for all that can be drawn.
func askMembers(words []string) [][]string {
	switch strings.ToLower(words[0]) {
	case "randomkey":
		return [][]string{{"KEYS", "*"}}
	case "hrandfield":
		return withFirstKey(words, "HGETALL")
	case "zrandmember":
		if len(words) < 2 {
			return nil
		}
		return [][]string{{"ZRANGE", words[1], "0", "-1", "WITHSCORES"}}
	}
	return withFirstKey(words, "SMEMBERS")
}

// keepsOrder reports whether both servers told the same encoding, and one that
// keeps an order. The listpack of a set may have been made of a hash table.
func keepsOrder(x *exchange) bool {
	if len(x.asked[0]) == 0 || len(x.asked[1]) == 0 || !same(&x.asked[0][0], &x.asked[1][0]) {
		return false
	}
	e := string(x.asked[0][0].Text)
	return e == "intset" || e == "listpack" && !x.is("smembers", "sscan")
}

func checkOrder(x *exchange) string {
	if keepsOrder(x) {
		return unless(same(&x.replies[0], &x.replies[1]), "not the same")
	}
	group := 1
	if x.name() == "HGETALL" {
		group = 2
	}
	return sameMembers(x.replies, group)
}

// checkDrawn requires as many members of both, each of which exists, and none
// twice unless that was asked for.
func checkDrawn(x *exchange) string {
	a, b := &x.replies[0], &x.replies[1]
	if a.Type != b.Type || a.IsNull != b.IsNull || len(a.Elems) != len(b.Elems) {
		return "not of the same type or length"
	}
	group := 1
	last := x.words[len(x.words)-1]
	if strings.EqualFold(last, "WITHVALUES") || strings.EqualFold(last, "WITHSCORES") {
		group = 2
	}
	pairs := group
	if n := x.name(); n == "HRANDFIELD" || n == "ZRANDMEMBER" {
		pairs = 2
	}
	repeated := len(x.words) > 2 && strings.HasPrefix(x.words[2], "-")
	for which := range 2 {
		if len(x.asked[which]) == 0 {
			continue
		}
		exists := map[string]bool{}
		for _, member := range grouped(&x.asked[which][0], pairs) {
			exists[strings.Join(member[:group], "\x00")] = true
		}
		for _, member := range grouped(&x.replies[which], group) {
			m := strings.Join(member, "\x00")
			if !exists[m] {
				return "a member that does not exist"
			}
			if !repeated {
				exists[m] = false
			}
		}
	}
	return ""
}

// checkTaken is checkDrawn, and requires that both or none have members left.
func checkTaken(x *exchange) string {
	if problem := checkDrawn(x); problem != "" {
		return problem
	}
	return unless(sameAll(x.mended[0], x.mended[1]), "only one set is empty now")
}

// checkCount requires that all keys that can be seen are counted.
func checkCount(x *exchange) string {
	for which, r := range x.replies {
		if n, ok := r.Int(); !ok || len(x.asked[which]) == 0 || n < int64(len(x.asked[which][0].Elems)) {
			return "fewer than there are"
		}
	}
	return ""
}

// checkScan compares what was found if one call found everything.
func checkScan(x *exchange) string {
	a, b := &x.replies[0], &x.replies[1]
	if len(a.Elems) != 2 || len(b.Elems) != 2 || a.Type != b.Type || a.Elems[0].Type != b.Elems[0].Type || a.Elems[1].Type != b.Elems[1].Type {
		return unless(same(a, b), "not of the same shape")
	}
	if keepsOrder(x) {
		return unless(same(a, b), "not the same")
	}
	name := x.name()
	cursor := 2
	if name == "SCAN" {
		cursor = 1
	}
	if x.words[cursor] != "0" || string(a.Elems[0].Text) != "0" || string(b.Elems[0].Text) != "0" {
		return ""
	}
	group := 1
	if name == "HSCAN" || name == "ZSCAN" {
		group = 2
	}
	return sameMembers([2]resp.Value{a.Elems[1], b.Elems[1]}, group)
}

// sortsByTies reports whether the request may sort by what is the same for several
// elements.
func sortsByTies(words []string) bool { return contains(words, "BY") }

func contains(words []string, word string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

func checkSort(x *exchange) string {
	if same(&x.replies[0], &x.replies[1]) {
		return ""
	}
	if !sortsByTies(x.words) || x.replies[0].Type != x.replies[1].Type {
		return "not the same"
	}
	if contains(x.words, "LIMIT") || contains(x.words, "GET") {
		return unless(len(x.replies[0].Elems) == len(x.replies[1].Elems), "not as many")
	}
	return sameMembers(x.replies, 1)
}

// deleteSorted deletes what SORT may have stored in an order of its choice.
func deleteSorted(words []string) [][]string {
	var out [][]string
	for i := 1; i < len(words) && sortsByTies(words); i++ {
		if strings.EqualFold(words[i-1], "STORE") {
			out = append(out, []string{"DEL", words[i]})
		}
	}
	return out
}

// sameMembers compares two replies as collections of groups without order.
func sameMembers(replies [2]resp.Value, group int) string {
	a, b := &replies[0], &replies[1]
	if same(a, b) {
		return ""
	}
	if a.Type != b.Type || a.IsNull != b.IsNull || len(a.Elems) != len(b.Elems) || !resp.IsAggregate(a.Type) || len(a.Elems)%group != 0 {
		return "not of the same type or length"
	}
	return unless(slices.Equal(encoded(a, group), encoded(b, group)), "not the same members")
}

// encoded are the encodings of the groups of children, sorted.
func encoded(v *resp.Value, group int) []string {
	var out []string
	for i := 0; i+group <= len(v.Elems); i += group {
		var b []byte
		for _, e := range v.Elems[i : i+group] {
			b = e.Append(b)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

// grouped are the texts of all scalars within v, in groups.
func grouped(v *resp.Value, group int) [][]string {
	var texts []string
	var walk func(v *resp.Value)
	walk = func(v *resp.Value) {
		for i := range v.Elems {
			walk(&v.Elems[i])
		}
		if !resp.IsAggregate(v.Type) && !v.IsNull && v.Type != resp.Null {
			texts = append(texts, string(v.Text))
		}
	}
	walk(v)
	var out [][]string
	for i := 0; i+group <= len(texts); i += group {
		out = append(out, texts[i:i+group])
	}
	return out
}

// about compares integers; negative ones have a meaning of their own.
func about(replies [2]resp.Value, tolerance int64) string {
	a, okA := replies[0].Int()
	b, okB := replies[1].Int()
	if replies[0].Type != resp.Integer || replies[1].Type != resp.Integer || !okA || !okB {
		return unless(same(&replies[0], &replies[1]), "not the same")
	}
	if a == b || a >= 0 && b >= 0 && max(a, b)-min(a, b) <= tolerance {
		return ""
	}
	return "too far apart"
}

func unless(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}
