package conformance_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
)

// shapes is a request and its reply in either protocol.
type shapes struct {
	given, send  string
	resp2, resp3 string
}

var _ = Describe("protocol: versions", Label("group:connection"), func() {
	BeforeEach(func(ctx SpecContext) { emptyServer(ctx) })

	replies := []TableEntry{
		Entry("no value", command("get"), shapes{"", "GET none\r\n", "$-1\r\n", "_\r\n"}),
		Entry("no name", command("client-getname"), shapes{"", "CLIENT GETNAME\r\n", "$-1\r\n", "_\r\n"}),
		Entry("values and none", command("mget"), shapes{"SET k v\r\n", "MGET k none\r\n", "*2\r\n$1\r\nv\r\n$-1\r\n", "*2\r\n$1\r\nv\r\n_\r\n"}),
		Entry("no array", command("lpop"), shapes{"", "LPOP none 2\r\n", "*-1\r\n", "_\r\n"}),
		Entry("no element", command("lpop"), shapes{"", "LPOP none\r\n", "$-1\r\n", "_\r\n"}),
		Entry("a time that is over", command("blpop"), shapes{"", "BLPOP none 0.01\r\n", "*-1\r\n", "_\r\n"}),
		Entry("a move whose time is over", command("blmove"), shapes{"", "BLMOVE none x LEFT LEFT 0.01\r\n", "*-1\r\n", "_\r\n"}),
		Entry("nothing to pop", command("lmpop"), shapes{"", "LMPOP 1 none LEFT\r\n", "*-1\r\n", "_\r\n"}),
		Entry("no position", command("lpos"), shapes{"", "LPOS none x\r\n", "$-1\r\n", "_\r\n"}),
		Entry("an empty array", command("lrange"), shapes{"", "LRANGE none 0 -1\r\n", "*0\r\n", "*0\r\n"}),
		Entry("a float", command("incrbyfloat"), shapes{"", "INCRBYFLOAT n 1.5\r\n", "$3\r\n1.5\r\n", "$3\r\n1.5\r\n"}),
		Entry("a map", command("config-get"), shapes{"", "CONFIG GET databases\r\n", "*2\r\n$9\r\ndatabases\r\n$2\r\n16\r\n", "%1\r\n$9\r\ndatabases\r\n$2\r\n16\r\n"}),
		Entry("an empty map", command("config-get"), shapes{"", "CONFIG GET none\r\n", "*0\r\n", "%0\r\n"}),
		Entry("a map in which arrays are", command("lcs"), shapes{"MSET a xyz b xy\r\n", "LCS a b IDX\r\n",
			"*4\r\n$7\r\nmatches\r\n*1\r\n*2\r\n*2\r\n:0\r\n:1\r\n*2\r\n:0\r\n:1\r\n$3\r\nlen\r\n:2\r\n",
			"%2\r\n$7\r\nmatches\r\n*1\r\n*2\r\n*2\r\n:0\r\n:1\r\n*2\r\n:0\r\n:1\r\n$3\r\nlen\r\n:2\r\n"}),
		Entry("no command", command("command-info"), shapes{"", "COMMAND INFO none\r\n", "*1\r\n$-1\r\n", "*1\r\n_\r\n"}),
		Entry("no documentation", command("command-docs"), shapes{"", "COMMAND DOCS none\r\n", "*0\r\n", "%0\r\n"}),
		Entry("a status", command("ping"), shapes{"", "PING\r\n", "+PONG\r\n", "+PONG\r\n"}),
		Entry("an error", command("get"), shapes{"", "GET\r\n", "-ERR wrong number of arguments for 'get' command\r\n", "-ERR wrong number of arguments for 'get' command\r\n"}),
		Entry("a number", command("incr"), shapes{"", "INCR n\r\n", ":1\r\n", ":1\r\n"}),
		Entry("SORT with a missing value", command("sort"), shapes{"RPUSH l 1\r\n", "SORT l GET x_*\r\n", "*1\r\n$-1\r\n", "*1\r\n_\r\n"}),
	}

	DescribeTable("replies in RESP2", Label("proto:2"), func(ctx SpecContext, x shapes) {
		w := dialWire(ctx)
		x.prepare(w)
		w.send(x.send)
		w.expect(x.resp2)
		w.nothingMore()
	}, replies)

	DescribeTable("replies in RESP3", Label("proto:3"), func(ctx SpecContext, x shapes) {
		w := dialWire3(ctx)
		x.prepare(w)
		w.send(x.send)
		w.expect(x.resp3)
		w.nothingMore()
	}, replies)

	It("verbatim text in RESP3", Label("proto:3"), command("info", "client-list", "client-info", "lolwut"), func(ctx SpecContext) {
		two, three := dialWire(ctx), dialWire3(ctx)
		for _, request := range []string{"INFO server\r\n", "CLIENT LIST\r\n", "CLIENT INFO\r\n", "LOLWUT\r\n"} {
			two.send(request)
			Expect(two.reply().Type).To(BeEquivalentTo(resp.BulkString), request)
			three.send(request)
			v := three.reply()
			Expect(v.Type).To(BeEquivalentTo(resp.Verbatim), request)
			Expect(string(v.Text)).To(HavePrefix("txt:"), request)
		}
		two.nothingMore()
		three.nothingMore()
	})

	DescribeTable("HELLO refuses, and the connection goes on as before", command("hello"), func(ctx SpecContext, x exchange) {
		w := dialWire(ctx)
		w.send(x.send + "GET none\r\n")
		w.expect(x.want + "$-1\r\n")
		w.nothingMore()
	},
		Entry("protocol 1", exchange{"HELLO 1\r\n", "-NOPROTO unsupported protocol version\r\n"}),
		Entry("protocol 4", exchange{"HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n"}),
		Entry("a negative protocol", exchange{"HELLO -1\r\n", "-NOPROTO unsupported protocol version\r\n"}),
		Entry("a word", exchange{"HELLO abc\r\n", "-ERR Protocol version is not an integer or out of range\r\n"}),
		Entry("a fraction", exchange{"HELLO 3.0\r\n", "-ERR Protocol version is not an integer or out of range\r\n"}),
		Entry("an unknown option", exchange{"HELLO 3 FOO\r\n", "-ERR Syntax error in HELLO option 'FOO'\r\n"}),
		Entry("SETNAME without a name", exchange{"HELLO 3 SETNAME\r\n", "-ERR Syntax error in HELLO option 'SETNAME'\r\n"}),
		Entry("AUTH without a password", exchange{"HELLO 3 AUTH x\r\n", "-ERR Syntax error in HELLO option 'AUTH'\r\n"}),
		Entry("a name with a blank", exchange{"HELLO 3 SETNAME \"a b\"\r\n", "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"}),
	)

	It("HELLO switches back and forth in one pipeline", command("hello"), Label("proto:2", "proto:3"), func(ctx SpecContext) {
		w := dialWire(ctx)
		w.send("GET none\r\nHELLO 3\r\nGET none\r\nHELLO\r\nGET none\r\nHELLO 2\r\nGET none\r\n")
		w.expect("$-1\r\n")
		Expect(greeting(w.reply(), resp.Map)).To(Equal("3"))
		w.expect("_\r\n")
		Expect(greeting(w.reply(), resp.Map)).To(Equal("3"))
		w.expect("_\r\n")
		Expect(greeting(w.reply(), resp.Array)).To(Equal("2"))
		w.expect("$-1\r\n")
		w.nothingMore()
	})

	It("no push comes unasked", Label("proto:3"), func(ctx SpecContext) {
		w, other := dialWire3(ctx), dialWire3(ctx)
		w.send("BLPOP list 0\r\n")
		other.awaitField(ctx, "clients", "blocked_clients", "1")
		for _, request := range []string{"SET k v PX 1", "GET k", "RPUSH list a b", "LMOVE list x LEFT LEFT", "DEL x", "CONFIG GET *", "COMMAND", "FLUSHALL"} {
			other.send(request + "\r\n")
			Expect(hasPush(other.reply())).To(BeFalse(), request)
		}
		w.expect("*2\r\n$4\r\nlist\r\n$1\r\na\r\n")
		w.nothingMore()
		other.nothingMore()
	})
})

func (x shapes) prepare(w *wire) {
	GinkgoHelper()
	if x.given != "" {
		w.send(x.given)
		w.reply()
	}
}

// greeting checks the reply to HELLO, and returns the protocol in it.
func greeting(v resp.Value, typ byte) string {
	GinkgoHelper()
	Expect(v.Type).To(Equal(typ))
	var names []string
	proto := ""
	for i := 0; i+1 < len(v.Elems); i += 2 {
		names = append(names, string(v.Elems[i].Text))
		if names[i/2] == "proto" {
			proto = string(v.Elems[i+1].Text)
		}
	}
	Expect(names).To(Equal([]string{"server", "version", "proto", "id", "mode", "role", "modules"}), fmt.Sprint(v))
	return proto
}

func hasPush(v resp.Value) bool {
	return v.Type == resp.Push || slices.ContainsFunc(v.Elems, hasPush)
}
