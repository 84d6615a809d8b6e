package duel

import (
	"slices"
	"strings"
	"testing"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// decoded reads the replies of a test, in which a line ends with a blank, and a
// blank is an underline.
func decoded(t *testing.T, text string) []resp.Value {
	t.Helper()
	b := []byte(strings.NewReplacer(" ", "\r\n", "_ ", "_\r\n", "_", " ").Replace(text))
	var out []resp.Value
	for len(b) > 0 {
		v, rest, err := resp.Decode(b)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		out, b = append(out, v), rest
	}
	return out
}

// judged compares the replies that two servers give to a request and to what its
// rule asks in addition.
func judged(t *testing.T, c *comparer, request, a, b string) string {
	t.Helper()
	p := newPlan(stream.Requests(strings.Fields(request)))
	for i, text := range []string{a, b} {
		replies := decoded(t, text)
		if len(replies) != p.requests {
			t.Fatalf("%s: %d requests and %d replies", request, p.requests, len(replies))
		}
		p.fill(i, replies)
	}
	return c.compare(&p.exchanges[0])
}

var (
	redis70  = target.Info{Flavour: target.Redis, Release: target.Release{Major: 7}}
	valkey80 = target.Info{Flavour: target.Valkey, Release: release72}
	ours     = target.Info{Flavour: target.Respect, Release: release72}
)

// ruleCases have at least one pair for each rule that is accepted although it is
// not the same, and one that is not.
var ruleCases = []struct {
	request, a, b string
	ok            bool
}{
	{"GET s", "$1 a ", "$1 a ", true},
	{"GET s", "$1 a ", "$1 b ", false},
	{"GET s", "$-1 ", "_ ", false},
	{"GET s", "-ERR_a ", "-ERR_b ", false},

	{"SMEMBERS e", "$9 hashtable *2 $1 a $1 b ", "$9 hashtable *2 $1 b $1 a ", true},
	{"SMEMBERS e", "$9 hashtable *2 $1 a $1 b ", "$9 hashtable *2 $1 b $1 b ", false},
	{"SMEMBERS e", "$6 intset *2 $1 1 $1 2 ", "$6 intset *2 $1 2 $1 1 ", false},
	{"SMEMBERS e", "$8 listpack *2 $1 a $1 b ", "$8 listpack *2 $1 b $1 a ", true},
	{"HKEYS h", "$8 listpack *2 $1 a $1 b ", "$8 listpack *2 $1 b $1 a ", false},
	{"SMEMBERS e", "$8 listpack *2 $1 a $1 b ", "$9 hashtable *2 $1 b $1 a ", true},
	{"HGETALL h", "$9 hashtable %2 $1 a $1 1 $1 b $1 2 ", "$9 hashtable %2 $1 b $1 2 $1 a $1 1 ", true},
	{"HGETALL h", "$9 hashtable *4 $1 a $1 1 $1 b $1 2 ", "$9 hashtable *4 $1 a $1 2 $1 b $1 1 ", false},
	{"SUNION e f", "~2 $1 a $1 b ", "~2 $1 b $1 a ", true},
	{"SUNION e f", "~2 $1 a $1 b ", "*2 $1 b $1 a ", false},
	{"KEYS *", "*2 $1 a $1 b ", "*1 $1 a ", false},

	{"SRANDMEMBER e", "*2 $1 a $1 b $1 a ", "*2 $1 b $1 a $1 b ", true},
	{"SRANDMEMBER e", "*2 $1 a $1 b $1 a ", "*2 $1 b $1 a $1 c ", false},
	{"SRANDMEMBER e 2", "*2 $1 a $1 b *2 $1 a $1 b ", "*2 $1 a $1 b *2 $1 b $1 b ", false},
	{"SRANDMEMBER e -2", "*2 $1 a $1 b *2 $1 a $1 b ", "*2 $1 a $1 b *2 $1 b $1 b ", true},
	{"HRANDFIELD h 1 WITHVALUES", "*4 $1 a $1 1 $1 b $1 2 *2 $1 a $1 1 ", "*4 $1 a $1 1 $1 b $1 2 *2 $1 b $1 2 ", true},
	{"HRANDFIELD h 1 WITHVALUES", "*4 $1 a $1 1 $1 b $1 2 *2 $1 a $1 1 ", "*4 $1 a $1 1 $1 b $1 2 *2 $1 b $1 1 ", false},
	{"HRANDFIELD h 1", "*4 $1 a $1 1 $1 b $1 2 *1 $1 a ", "*4 $1 a $1 1 $1 b $1 2 *1 $1 1 ", false},
	{"RANDOMKEY", "*1 $0  _ ", "*1 $0  $0  ", false},
	{"SPOP e", "*2 $1 a $1 b $1 a :1 ", "*2 $1 a $1 b $1 b :1 ", true},
	{"SPOP e", "*2 $1 a $1 b $1 a :1 ", "*2 $1 a $1 b $1 b :0 ", false},

	{"SCAN 0", "*2 $1 0 *2 $1 a $1 b ", "*2 $1 0 *2 $1 b $1 a ", true},
	{"SCAN 0", "*2 $1 0 *2 $1 a $1 b ", "*2 $1 0 *1 $1 b ", false},
	{"SCAN 0", "*2 $1 0 *2 $1 a $1 b ", "*2 $1 4 *1 $1 b ", true},
	{"SCAN 0", "*2 $1 0 *0 ", "*0 ", false},
	{"ZSCAN z 0", "$8 skiplist *2 $1 0 *4 $1 a $1 1 $1 b $1 2 ", "$8 skiplist *2 $1 0 *4 $1 b $1 2 $1 a $1 1 ", true},
	{"ZSCAN z 0", "$8 listpack *2 $1 0 *4 $1 a $1 1 $1 b $1 2 ", "$8 listpack *2 $1 0 *4 $1 b $1 2 $1 a $1 1 ", false},

	{"DBSIZE", "*1 $1 a :1 ", "*1 $1 a :2 ", true},
	{"DBSIZE", "*1 $1 a :1 ", "*1 $1 a :0 ", false},

	{"TTL k", ":100 ", ":99 ", true},
	{"TTL k", ":100 ", ":10 ", false},
	{"TTL k", ":-1 ", ":1 ", false},
	{"PTTL k", ":100000 ", ":100400 ", true},
	{"PTTL k", ":-1 ", ":-2 ", false},
	{"OBJECT IDLETIME k", ":0 ", ":1 ", true},
	{"OBJECT IDLETIME k", ":0 ", ":166 ", true},
	{"OBJECT IDLETIME k", ":166 ", ":0 ", false},
	{"OBJECT IDLETIME k", "$-1 ", ":166 ", false},
	{"OBJECT REFCOUNT k", ":1 ", ":2147483647 ", true},
	{"OBJECT REFCOUNT k", ":1 ", "$1 1 ", false},
	{"OBJECT HELP", "*1 +a ", "*2 +b +c ", true},
	{"OBJECT ENCODING k", "$3 int ", "$3 raw ", false},
	{"DUMP k", "$1 a ", "$2 bc ", true},
	{"DUMP k", "$1 a ", "$-1 ", false},

	{"SORT l BY * STORE d", ":1 :1 ", ":1 :1 ", true},
	{"SORT l BY *", "*2 $1 a $1 b ", "*2 $1 b $1 a ", true},
	{"SORT l BY * LIMIT 0 1", "*1 $1 a ", "*1 $1 b ", true},
	{"SORT l ALPHA", "*2 $1 a $1 b ", "*2 $1 b $1 a ", false},

	{"ZRANGEBYLEX z [a [b", "$8 skiplist *2 $1 a $1 1 *2 $1 b $1 2 *1 $1 a ", "$8 skiplist *2 $1 a $1 1 *2 $1 b $1 2 *0 ", true},
	{"ZRANGEBYLEX z [a [b", "$8 skiplist *2 $1 a $1 1 *2 $1 b $1 1 *1 $1 a ", "$8 skiplist *2 $1 a $1 1 *2 $1 b $1 1 *0 ", false},
	{"GEORADIUS z 1 1 9 km STOREDIST d", ":1 *2 $1 a $18 9144.1439299196281 :1 ", ":1 *2 $1 a $17 9144.143929919632 :1 ", true},
	{"CLIENT LIST ID 1", "$20 id=1_age=1_flags=N\r\n ", "$20 id=1_age=2_flags=N\r\n ", true},
	{"CLIENT LIST ID 1", "$20 id=1_age=1_flags=N\r\n ", "$20 id=1_age=1_flags=P\r\n ", false},
	{"CLIENT LIST", "$4 id=1 ", "$4 id=2 ", true},
	{"HELLO", "*4 $6 server $5 redis $2 id :1 ", "*4 $6 server $6 valkey $2 id :1 ", true},
	{"HELLO", "*4 $6 server $5 redis $2 id :1 ", "*4 $6 server $6 valkey $2 id :2 ", false},
	{"GEORADIUS z 1 1 9 km STOREDIST d", ":1 *2 $1 a $18 9144.1439299196281 :1 ", ":1 *2 $1 a $17 9144.143929929632 :1 ", false},
	{"GEORADIUS z 1 1 9 km STOREDIST d", ":2 *4 $1 a $3 9.1 $1 b $3 9.2 :1 ", ":2 *4 $1 a $3 9.2 $1 b $3 9.1 :1 ", false},
	{"GEOSEARCHSTORE d z FROMMEMBER a BYRADIUS 9 km STOREDIST", ":1 *1 *2 $1 a ,9144.1439299196281 :1 ", ":1 *1 *2 $1 a ,9144.143929919632 :1 ", true},
	{"GEOSEARCHSTORE d z FROMMEMBER a BYRADIUS 9 km STOREDIST", ":1 *1 *2 $1 a ,1 :1 ", ":2 *1 *2 $1 a ,1 :1 ", false},
	{"GEOSEARCHSTORE d z FROMMEMBER a BYRADIUS 9 km", ":1 ", ":2 ", false},
	{"ZRANGE z 0 1", "*1 $1 a ", "*1 $1 b ", false},

	{"XADD x * a 1", "$15 1795797676758-0 :1 ", "$15 1795797676790-0 :1 ", true},
	{"XADD x * a 1", "$15 1795797676758-0 :1 ", "$15 1795797696790-0 :1 ", false},
	{"XADD x 1 a 1", "$3 1-0 ", "$3 1-1 ", false},
	{"XCLAIM x g c 0 1", ":1 *0 ", ":0 *0 ", true},
	{"XCLAIM x g c 0 1", ":1 *0 ", ":0 *1 $3 1-0 ", false},
	{"XREADGROUP GROUP g c STREAMS x y > >", ":1 :0 *-1 ", ":1 :0 *0 ", false},
	{"XPENDING x g - + 1", "*1 *4 $3 1-0 $1 c :5 :1 ", "*1 *4 $3 1-0 $1 c :8 :1 ", true},
	{"XPENDING x g - + 1", "*1 *4 $3 1-0 $1 c :5 :1 ", "*1 *4 $3 1-0 $1 c :5 :2 ", false},
	{"XPENDING x g - + 1", "*1 *4 $3 1-0 $1 c :5 :1 ", "*1 *4 $3 1-0 $1 c :60005 :1 ", false},
	{"XPENDING x g", "*4 :1 $3 1-0 $3 1-0 *0 ", "*4 :2 $3 1-0 $3 1-0 *0 ", false},
	{"XINFO CONSUMERS x g", "*1 %2 $7 pending :1 $4 idle :7 ", "*1 %2 $7 pending :1 $4 idle :9 ", true},
	{"XINFO CONSUMERS x g", "*1 %2 $7 pending :1 $4 idle :7 ", "*1 %2 $7 pending :2 $4 idle :7 ", false},
	{"XINFO CONSUMERS x g", "*1 %1 $8 inactive :-1 ", "*1 %1 $8 inactive :0 ", false},
}

func TestRules(t *testing.T) {
	c := newComparer(ours, ours)
	if len(c.tolerances) > 0 {
		t.Fatalf("%d tolerances between two of the same", len(c.tolerances))
	}
	accepted := map[string]bool{}
	for _, rc := range ruleCases {
		problem := judged(t, c, rc.request, rc.a, rc.b)
		if (problem == "") != rc.ok {
			t.Errorf("%s: %q and %q: %q", rc.request, rc.a, rc.b, problem)
		}
		if rc.ok && rc.a != rc.b {
			accepted[ruleOf(strings.Fields(rc.request)).name] = true
		}
	}
	for _, r := range slices.Concat(rules, streamRules) {
		if !accepted[r.name] && r.name != "encoding of a stored set" {
			t.Errorf("no case for the rule %q", r.name)
		}
		if r.reason == "" {
			t.Errorf("no reason for the rule %q", r.name)
		}
	}
}

// TestEncodingsByChance accepts another encoding of a set only in a stream in
// which one was made of a hash table.
func TestEncodingsByChance(t *testing.T) {
	for encoding, ok := range map[string]bool{"$9 hashtable ": true, "$8 listpack ": false} {
		c := newComparer(ours, ours)
		if problem := judged(t, c, "SUNIONSTORE d e", encoding+":2 ", encoding+":2 "); problem != "" {
			t.Error(problem)
		}
		if (judged(t, c, "OBJECT ENCODING d", "$8 listpack ", "$9 hashtable ") == "") != ok {
			t.Errorf("made of %q: accepted is not %v", encoding, ok)
		}
		if judged(t, c, "OBJECT ENCODING d", "$3 raw ", "$9 hashtable ") == "" || judged(t, c, "SUNIONSTORE d e", encoding+":2 ", encoding+":3 ") == "" {
			t.Error("anything is accepted")
		}
	}
}

func TestErrorsAreComparedExactly(t *testing.T) {
	c := newComparer(ours, ours)
	for _, r := range slices.Concat(rules, streamRules) {
		request := strings.ToUpper(r.commands[0]) + " x y"
		p := newPlan(stream.Requests(strings.Fields(request)))
		more := strings.Repeat(":0 ", p.after[0])
		asked := strings.Repeat("$1 x ", p.before[0])
		for _, b := range []string{"-ERR_b ", "*0 ", ":1 "} {
			if judged(t, c, request, asked+"-ERR_a "+more, asked+b+more) == "" {
				t.Errorf("%s: an error is taken for %q", request, b)
			}
		}
	}
}

// toleranceCases have one pair for each tolerance that accepts something.
var toleranceCases = []struct{ name, request, a, b string }{
	{"shortest double", "ZSCORE z a", "$19 0.10000000000000001 ", "$3 0.1 "},
	{"shortest double", "ZSCORE z a", ",0.10000000000000001 ", ",0.1 "},
	{"small encodings", "OBJECT ENCODING k", "$9 quicklist ", "$8 listpack "},
	{"a command that cannot be queued", "ZRANK z a WITHSCORE", "-ERR_wrong_number_of_arguments ", "+QUEUED "},
	{"arguments of BITCOUNT and BITPOS", "BITCOUNT k x y", ":0 ", "-ERR_value_is_not_an_integer "},
	{"infinite timeouts", "BLPOP l inf", "-ERR_timeout_is_negative ", "-ERR_timeout_is_out_of_range "},
	{"invalid cursors", "SCAN -1", "*2 $1 0 *0 ", "-ERR_invalid_cursor "},
	{"unknown type of SCAN", "SCAN 0 TYPE x", "*2 $1 0 *0 ", "-ERR_unknown_type_name_'x' "},
	{"damaged HyperLogLogs", "PFCOUNT p", "-INVALIDOBJ_Corrupted_HLL_object_detected ", ":0 "},
	{"an error that is left over", "SORT l", "*1 $1 1 ", "-ERR_One_or_more_scores_can't_be_converted_into_double "},
	{"XSETID below a deleted ID", "XSETID x 1", "+OK ", "-ERR_The_ID_specified_in_XSETID_is_smaller_than_current_one "},
	{"unbalanced lists of streams", "XREAD STREAMS x", "-ERR_Unbalanced_XREAD_list_of_streams ", "-ERR_Unbalanced_'xread'_list_of_streams "},
	{"the last entry in XREAD", "XREAD STREAMS x +", "-ERR_Invalid_stream_ID_specified_as_stream_command_argument ", "*-1 "},
	{"what the last entry in XREAD is", "XREAD STREAMS x +", "*-1 ", "-ERR_the_stream_last_element_ID_is_0-0 "},
	{"active times of consumers", "XINFO CONSUMERS x g", "*1 %2 $7 pending :1 $4 idle :7 ", "*1 %3 $7 pending :1 $4 idle :7 $8 inactive :-1 "},
	{"streams that go while somebody waits", "XREADGROUP GROUP g c STREAMS x >", ":1 -UNBLOCKED_the_stream_key_no_longer_exists ", ":1 -NOGROUP_No_such_key_'x' "},
	{"keys that are served from", "(message)", ">2 +invalidate *1 $1 a ", ">2 +invalidate *2 $1 a $1 b "},
	{"another key of a wrong type", "BLMPOP 0 2 l1 l2 LEFT", "-WRONGTYPE_x ", "*2 $2 l2 *0 "},
	{"several keys at once", "BLPOP l1 l2 0", "*2 $2 l1 $1 a ", "*2 $2 l2 $1 a "},
	{"consumers who waited", "XINFO STREAM x FULL", "*4 $6 length :0 $9 consumers *0 ", "*4 $6 length :0 $9 consumers *1 *2 $4 name $1 c "},
	{"moments of expiry", "(message)", ">3 $7 message $22 __keyevent@0__:expired $1 k ", ">3 $7 message $18 __keyevent@0__:set $1 k "},
	{"consumers who waited", "XGROUP CREATECONSUMER x g c", ":1 ", ":0 "},
	{"queues of transactions that cannot succeed", "CLIENT LIST ID 1", "$12 id=1_multi=1 ", "$12 id=1_multi=0 "},
	{"UNSUBSCRIBE without subscriptions", "UNSUBSCRIBE a", "-NOSUB_x ", "*3 $11 unsubscribe $1 a :0 "},
	{"ZRANK WITHSCORE", "ZRANK z a WITHSCORE", "-ERR_wrong_number_of_arguments ", "*-1 "},
	{"the sign of zero", "ZDIFF 1 z WITHSCORES", "*2 $1 a $2 -0 ", "*2 $1 a $1 0 "},
	{"LPOS of the smallest integer", "LPOS l a RANK -9223372036854775808", "$-1 ", "-ERR_value_is_out_of_range,_value_must_between "},
}

// skipCases are requests that tolerances leave out, and others that they do not.
var skipCases = []struct {
	name, request string
	skipped       bool
}{
	{"CLIENT NO-TOUCH", "CLIENT NO-TOUCH ON", true},
	{"CLIENT NO-EVICT and RESET", "CLIENT NO-EVICT ON", true},
	{"CLIENT NO-EVICT and RESET", "CLIENT ID", false},
	{"overlapping prefixes", "CLIENT TRACKING ON BCAST PREFIX a PREFIX b PREFIX bc", true},
	{"overlapping prefixes", "CLIENT TRACKING ON BCAST PREFIX a PREFIX ab PREFIX c", false},
	{"keys of XREAD that is refused", "XREAD NOBLOCK STREAMS x $", true},
	{"keys of XREAD that is refused", "XREAD COUNT 1 STREAMS x y $", true},
	{"keys of XREAD that is refused", "XREAD COUNT x BLOCK 0 STREAMS x $", false},
	{"length of members that are not added", "ZADD z XX 1 a", true},
	{"length of members that are not added", "ZADD z NX 1 a", false},
	{"negative offset of LIMIT", "ZRANGEBYSCORE z 0 1 LIMIT -1 2", true},
	{"negative offset of LIMIT", "ZRANGESTORE d z 0 1 BYSCORE limit -1 2", true},
	{"negative offset of LIMIT", "ZRANGEBYSCORE z 0 1 LIMIT 1 -2", false},
	{"negative offset of LIMIT", "SORT l ASC ALPHA LIMIT -1 2", false},
	{"huge indexes of LSET", "LSET l 4294967296 v", true},
	{"huge indexes of LSET", "LSET l 100 v", false},
	{"LREM of the smallest integer", "LREM l -9223372036854775808 v", true},
	{"LREM of the smallest integer", "LREM l -9223372036854775807 v", false},
}

func TestTolerances(t *testing.T) {
	c := newComparer(redis70, valkey80)
	covered := map[string]bool{ownMessages: true, "messages within a reply": true, "damaged payloads": true, "QUIT of those who want no reply": true, "messages to those who have quit and want no reply": true, "order of those who broadcast": true} // tested by themselves
	for _, tc := range toleranceCases {
		covered[tc.name] = true
		c.usage = Usage{}
		if problem := judged(t, c, tc.request, tc.a, tc.b); problem != "" || c.usage[tc.name] != 1 {
			t.Errorf("%s: %q and %q: %q, used %v", tc.request, tc.a, tc.b, problem, c.usage)
		}
		if judged(t, newComparer(ours, ours), tc.request, tc.a, tc.b) == "" {
			t.Errorf("%s: %q and %q: accepted between two of the same", tc.request, tc.a, tc.b)
		}
	}
	for _, sc := range skipCases { // among several connections, where all are skipped that are anywhere
		covered[sc.name] = true
		if c = newComparer(redis70, valkey80); !c.tolerates(sc.name) {
			c = newComparer(ours, valkey80)
		}
		kept := c.sent(stream.Requests(strings.Fields(sc.request)), true)
		if (len(kept) == 0) != sc.skipped || (c.usage[sc.name] == 1) != sc.skipped {
			t.Errorf("%s: kept %v, used %v", sc.request, kept, c.usage)
		}
	}
	for _, tol := range tolerances {
		if !covered[tol.name] {
			t.Errorf("no case for the tolerance %q", tol.name)
		}
		if tol.reason == "" {
			t.Errorf("no reason for the tolerance %q", tol.name)
		}
	}
}

func TestNumbersAreTheSameOnlyIfWrittenWith17Digits(t *testing.T) {
	c := newComparer(redis70, valkey80)
	for _, pair := range [][2]string{{"$3 1.0 ", "$1 1 "}, {"$2 01 ", "$1 1 "}, {"$3 abc ", "$3 abd "}, {",0.1 ", ",0.2 "}, {"$19 0.10000000000000001 ", ",0.1 "}} {
		if judged(t, c, "ZSCORE z a", pair[0], pair[1]) == "" {
			t.Errorf("%q is taken for %q", pair[0], pair[1])
		}
	}
}

// TestIntactPayloadsAreTaken tolerates that ours refuses a payload only if it was damaged.
func TestIntactPayloadsAreTaken(t *testing.T) {
	c := newComparer(ours, valkey80)
	c.intact = map[string]bool{"good": true}
	for payload, want := range map[string]string{"good": "not the same", "bad": ""} {
		c.ended = false
		if judged(t, c, "RESTORE k 0 "+payload, "+OK ", "+OK ") != "" || c.ended != (payload == "bad") {
			t.Errorf("%s: ended %v", payload, c.ended)
		}
		if got := judged(t, c, "RESTORE k 0 "+payload, "-ERR_Bad_data_format ", "+OK "); got != want {
			t.Errorf("%s: %q", payload, got)
		}
	}
}

// TestSomeTolerancesEndAStream requires that nothing is compared behind one after
// which the servers hold different values.
func TestSomeTolerancesEndAStream(t *testing.T) {
	for first, want := range map[string]string{"-INVALIDOBJ_Corrupted_HLL_object_detected ": "", ":0 ": "not the same"} {
		d := &Duel{compare: newComparer(redis70, valkey80)}
		p := newPlan(stream.Requests([]string{"PFCOUNT", "p"}, []string{"GET", "s"}))
		p.fill(0, decoded(t, first+"$1 a "))
		p.fill(1, decoded(t, ":0 $1 b "))
		if _, problem := d.first(p, len(p.exchanges)); problem != want {
			t.Errorf("behind %q: %q, want %q", first, problem, want)
		}
	}
}
