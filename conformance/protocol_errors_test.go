package conformance_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/target"
)

// inlineLimit is the length from which on a line without end is refused.
const inlineLimit = 64 << 10

var _ = Describe("protocol: errors", Label("group:connection", "proto:2"), func() {
	const (
		count   = "-ERR Protocol error: invalid multibulk length\r\n"
		length  = "-ERR Protocol error: invalid bulk length\r\n"
		quotes  = "-ERR Protocol error: unbalanced quotes in request\r\n"
		tooLong = "-ERR Protocol error: too big inline request\r\n"
	)
	DescribeTable("are answered, then the connection is closed", func(ctx SpecContext, x exchange) {
		w := dialWire(ctx)
		w.send(x.send)
		w.expect(x.want)
		w.closed()
	},
		Entry("a count that is no number", exchange{"*abc\r\n", count}),
		Entry("no count", exchange{"*\r\n", count}),
		Entry("a count with a sign", exchange{"*+1\r\n", count}),
		Entry("a count with a leading zero", exchange{"*01\r\n", count}),
		Entry("a count with a blank", exchange{"* 1\r\n", count}),
		Entry("a count beyond 2^31-1", exchange{"*2147483648\r\n", count}),
		Entry("a negative length", exchange{"*1\r\n$-1\r\n", length}),
		Entry("a length that is no number", exchange{"*1\r\n$abc\r\n", length}),
		Entry("no length", exchange{"*1\r\n$\r\n", length}),
		Entry("a length followed by rubbish", exchange{"*1\r\n$4x\r\n", length}),
		Entry("a length beyond proto-max-bulk-len", exchange{"*1\r\n$536870913\r\n", length}),
		Entry("an integer in place of a string", exchange{"*1\r\n:4\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"}),
		Entry("a word in place of a string", exchange{"*2\r\n$4\r\nECHO\r\nhello\r\n", "-ERR Protocol error: expected '$', got 'h'\r\n"}),
		Entry("an empty line in place of a string", exchange{"*1\r\n\r\n", "-ERR Protocol error: expected '$', got ' '\r\n"}),
		Entry("a byte beyond ASCII in place of a string", exchange{"*1\r\n\xff\r\n", "-ERR Protocol error: expected '$', got '\xff'\r\n"}),
		Entry("a line without end", exchange{strings.Repeat("a", inlineLimit+1), tooLong}),
		Entry("a count without end", exchange{"*" + strings.Repeat("1", inlineLimit+1), "-ERR Protocol error: too big mbulk count string\r\n"}),
		Entry("a length without end", exchange{"*1\r\n$" + strings.Repeat("1", inlineLimit+1), "-ERR Protocol error: too big bulk count string\r\n"}),
		Entry("an open double quote", exchange{"ECHO \"abc\r\n", quotes}),
		Entry("an open single quote", exchange{"ECHO 'abc\r\n", quotes}),
		Entry("text right behind a quote", exchange{"ECHO \"a\"b\r\n", quotes}),
		Entry("requests before are answered, requests behind are not", exchange{"PING\r\nECHO a\r\n*1\r\n$x\r\nPING\r\n", "+PONG\r\n$1\r\na\r\n" + length}),
	)

	It("are the same in RESP3", Label("proto:3"), func(ctx SpecContext) {
		w := dialWire3(ctx)
		w.send("*1\r\n$x\r\n")
		w.expect(length)
		w.closed()
	})

	It("leave other connections alone", func(ctx SpecContext) {
		other, w := dialWire(ctx), dialWire(ctx)
		w.send("*x\r\n")
		w.expect(count)
		w.closed()
		other.nothingMore()
	})

	It("begin at the limits and not before", func(ctx SpecContext) {
		w, other := dialWire(ctx), dialWire(ctx)
		w.send("ECHO " + strings.Repeat("a", inlineLimit-5))
		other.processed()
		w.send("\r\n")
		w.expect("$65531\r\n" + strings.Repeat("a", inlineLimit-5) + "\r\n")
		w.nothingMore()
	})

	It("follow proto-max-bulk-len", command("config-set"), func(ctx SpecContext) {
		setConfig(ctx, clientOf(server, 2), "proto-max-bulk-len", "1mb")
		w := dialWire(ctx)
		value := strings.Repeat("a", 1<<20)
		w.request("ECHO", value)
		w.expect("$1048576\r\n" + value + "\r\n")
		w.send("*2\r\n$4\r\nECHO\r\n$1048577\r\n")
		w.expect(length)
		w.closed()
	})
})

var _ = Describe("protocol: before authentication", Ordered, Label("group:connection", "proto:2"), command("auth", "hello"), func() {
	const (
		denied   = "-NOAUTH Authentication required.\r\n"
		rejected = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
	)
	var locked *target.Target
	BeforeAll(func(ctx SpecContext) {
		needsOwned("starts one with requirepass")
		var err error
		locked, err = start(ctx, target.Param{Name: "requirepass", Value: "sesame"})
		must(err)
		DeferCleanup(func() error { return locked.Close() })
	})

	DescribeTable("tighter limits", func(ctx SpecContext, x exchange) {
		w := dialSilent(ctx, locked)
		w.send(x.send)
		w.expect(x.want)
		w.closed()
	},
		Entry("eleven words", exchange{"*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n"}),
		Entry("a long string", exchange{"*2\r\n$16385\r\n", "-ERR Protocol error: unauthenticated bulk length\r\n"}),
		Entry("behind a refused request", exchange{"PING\r\n*11\r\n", denied + "-ERR Protocol error: unauthenticated multibulk length\r\n"}),
	)

	DescribeTable("requests", func(ctx SpecContext, x exchange) {
		w := dialSilent(ctx, locked)
		w.send(x.send)
		w.expect(x.want)
		w.send("AUTH sesame\r\n*2\r\n$4\r\nECHO\r\n$5\r\nfence\r\n")
		w.expect("+OK\r\n$5\r\nfence\r\n")
	},
		Entry("none", exchange{"", ""}),
		Entry("a command", exchange{"GET k\r\n", denied}),
		Entry("an unknown command", exchange{"NOSUCH\r\n", "-ERR unknown command 'NOSUCH', with args beginning with: \r\n"}),
		Entry("too few words", exchange{"GET\r\n", "-ERR wrong number of arguments for 'get' command\r\n"}),
		Entry("ten words", exchange{"*10\r\n" + strings.Repeat("$4\r\nPING\r\n", 10), denied}),
		Entry("a string of 16 KiB", exchange{"*2\r\n$3\r\nGET\r\n$16384\r\n" + strings.Repeat("a", 16384) + "\r\n", denied}),
		Entry("another password", exchange{"AUTH x\r\n", rejected}),
		Entry("another user", exchange{"AUTH nobody sesame\r\n", rejected}),
		Entry("RESET", exchange{"RESET\r\n", "+RESET\r\n"}),
		Entry("HELLO with another password", exchange{"HELLO 3 AUTH default x\r\n", rejected}),
		Entry("HELLO of a protocol that is not there", exchange{"HELLO 4\r\n", "-NOPROTO unsupported protocol version\r\n"}),
	)

	It("the limits end with the password", func(ctx SpecContext) {
		w := dialSilent(ctx, locked)
		words := append([]string{"DEL"}, strings.Fields(strings.Repeat("k ", 30))...)
		w.send("AUTH sesame\r\n")
		w.request(words...)
		w.request("ECHO", strings.Repeat("a", 20_000))
		w.expect("+OK\r\n:0\r\n$20000\r\n" + strings.Repeat("a", 20_000) + "\r\n")
	})

	It("HELLO lets in and greets", Label("proto:3"), func(ctx SpecContext) {
		w := dialSilent(ctx, locked)
		w.send("HELLO 3 AUTH default sesame SETNAME me\r\n")
		Expect(w.reply().Elems).To(HaveLen(14))
		w.send("CLIENT GETNAME\r\nGET none\r\n")
		w.expect("$2\r\nme\r\n_\r\n")
	})

	It("QUIT needs no password", command("quit"), func(ctx SpecContext) {
		w := dialSilent(ctx, locked)
		w.send("QUIT\r\n")
		w.expect("+OK\r\n")
		w.closed()
	})
})
