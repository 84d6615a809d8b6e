package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
)

// exchange is what is sent, and all that must come back.
type exchange struct{ send, want string }

var _ = Describe("protocol: framing", Label("group:connection", "proto:2"), func() {
	BeforeEach(func(ctx SpecContext) { emptyServer(ctx) })

	fragments := []TableEntry{
		Entry("an array", exchange{"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nhello\r\n", "+OK\r\n"}),
		Entry("line endings inside strings", exchange{"*2\r\n$4\r\nECHO\r\n$6\r\n\r\n*1\r\n\r\n", "$6\r\n\r\n*1\r\n\r\n"}),
		Entry("an empty string", exchange{"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", "$0\r\n\r\n"}),
		Entry("an inline request", exchange{"ECHO \"a b\"\r\n", "$3\r\na b\r\n"}),
		Entry("several requests", exchange{"*1\r\n$4\r\nPING\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", "+PONG\r\n+PONG\r\n$2\r\nhi\r\n"}),
		Entry("empty requests between", exchange{"*0\r\n\r\n*-1\r\nPING\r\n\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n+PONG\r\n"}),
		Entry("an unknown command", exchange{"*1\r\n$5\r\nno\r\nx\r\n", "-ERR unknown command 'no  x', with args beginning with: \r\n"}),
	}

	DescribeTable("a request cut in two at any byte", func(ctx SpecContext, x exchange) {
		w, other := dialWire(ctx), dialWire(ctx)
		for cut := 1; cut < len(x.send); cut++ {
			w.send(x.send[:cut])
			other.processed()
			w.send(x.send[cut:])
			w.expect(x.want)
		}
		w.nothingMore()
	}, fragments)

	DescribeTable("a request that comes byte by byte", func(ctx SpecContext, x exchange) {
		w, other := dialWire(ctx), dialWire(ctx)
		for _, b := range []byte(x.send) {
			w.send(string(b))
			other.processed()
		}
		w.expect(x.want)
		w.nothingMore()
	}, fragments)

	It("a string of many pieces", Label("slow"), func(ctx SpecContext) {
		w := dialWire(ctx)
		value := pattern(1<<20 + 3)
		request := string(resp.Request("SET", "k", value)) + string(resp.Request("GET", "k"))
		for len(request) > 0 {
			n := min(len(request), 4093)
			w.send(request[:n])
			request = request[n:]
		}
		w.expect("+OK\r\n" + fmt.Sprintf("$%d\r\n%s\r\n", len(value), value))
		w.nothingMore()
	})

	It("a pipeline of 100,000 requests that is read while it is written", Label("slow"), command("incr"), func(ctx SpecContext) {
		const n = 100_000
		w := dialWire(ctx)
		request := bytes.Repeat(resp.Request("INCR", "n"), n)
		must(w.SetDeadline(time.Now().Add(4 * patience)))
		wrote := make(chan error, 1)
		go func() {
			_, err := w.Write(request)
			wrote <- err
		}()
		var want bytes.Buffer
		for i := range n {
			fmt.Fprintf(&want, ":%d\r\n", i+1)
		}
		got := make([]byte, want.Len())
		_, err := io.ReadFull(w, got)
		must(err)
		Expect(bytes.Equal(got, want.Bytes())).To(BeTrue(), "replies out of order")
		must(<-wrote)
		w.nothingMore()
	})

	It("a pipeline of 100,000 requests that is read afterwards", Label("slow"), command("ping"), func(ctx SpecContext) {
		const n = 100_000
		w := dialWire(ctx)
		w.send(strings.Repeat("PING\r\n", n))
		w.expect(strings.Repeat("+PONG\r\n", n))
		w.nothingMore()
	})

	It("replies of several MiB to a slow reader, while others are served", Label("slow"), command("get"), func(ctx SpecContext) {
		const size, times = 1 << 20, 32
		slow, other := dialWire(ctx), dialWire(ctx)
		value := pattern(size)
		other.request("SET", "k", value)
		other.expect("+OK\r\n")
		slow.send(strings.Repeat("GET k\r\n", times))
		other.nothingMore()
		must(slow.SetReadDeadline(time.Now().Add(patience)))
		one := fmt.Sprintf("$%d\r\n%s\r\n", size, value)
		for range times {
			slow.expect(one)
			other.nothingMore()
		}
		slow.nothingMore()
	})

	It("answers what came before the sending direction was closed", func(ctx SpecContext) {
		w := dialWire(ctx)
		w.send(strings.Repeat("PING\r\n", 1000) + "ECHO last\r\n*1\r\n$4\r\nPI")
		w.halfClose()
		w.expect(strings.Repeat("+PONG\r\n", 1000) + "$4\r\nlast\r\n")
		w.closed()
	})

	It("takes nothing for a waiter whose sending direction was closed", command("blpop"), func(ctx SpecContext) {
		w, other := dialWire(ctx), dialWire(ctx)
		w.request("BLPOP", "list", "0")
		other.awaitField(ctx, "clients", "blocked_clients", "1")
		w.halfClose()
		w.closed()
		other.awaitField(ctx, "clients", "blocked_clients", "0")
		other.request("RPUSH", "list", "a")
		other.request("LLEN", "list")
		other.expect(":1\r\n:1\r\n")
	})

	It("answers requests behind a blocking one after that one", command("blpop"), func(ctx SpecContext) {
		w, other := dialWire(ctx), dialWire(ctx)
		w.send("SET k v\r\nBLPOP list 0\r\nGET k\r\nBLPOP list 0\r\nPING\r\n")
		w.expect("+OK\r\n")
		other.awaitField(ctx, "clients", "blocked_clients", "1")
		other.send("SET k w\r\nRPUSH list a\r\n")
		other.expect("+OK\r\n:1\r\n")
		w.expect("*2\r\n$4\r\nlist\r\n$1\r\na\r\n$1\r\nw\r\n")
		other.awaitField(ctx, "clients", "blocked_clients", "1")
		other.send("RPUSH list b\r\n")
		other.expect(":1\r\n")
		w.expect("*2\r\n$4\r\nlist\r\n$1\r\nb\r\n+PONG\r\n")
		w.nothingMore()
	})

	DescribeTable("inline requests", func(ctx SpecContext, x exchange) {
		w := dialWire(ctx)
		w.send(x.send)
		w.expect(x.want)
		w.nothingMore()
	},
		Entry("escapes in double quotes", exchange{`ECHO "a\x41\n\"b\\"` + "\r\n", "$6\r\naA\n\"b\\\r\n"}),
		Entry("control characters", exchange{`ECHO "\r\t\b\a\q"` + "\r\n", "$5\r\n\r\t\b\aq\r\n"}),
		Entry("bytes in hexadecimal, and what only looks so", exchange{`ECHO "\x0g\xff\xFf"` + "\r\n", "$5\r\nx0g\xff\xff\r\n"}),
		Entry("single quotes", exchange{`ECHO 'it\'s \n'` + "\r\n", "$7\r\nit's \\n\r\n"}),
		Entry("an empty word", exchange{"ECHO \"\"\r\n", "$0\r\n\r\n"}),
		Entry("blanks and tabs", exchange{"  ECHO\t hi\t\r\n", "$2\r\nhi\r\n"}),
		Entry("a lone line feed", exchange{"PING\nPING\n", "+PONG\r\n+PONG\r\n"}),
		Entry("any case", exchange{"eChO hi\r\n", "$2\r\nhi\r\n"}),
		Entry("nothing but blanks", exchange{"   \r\n\t\r\nPING\r\n", "+PONG\r\n"}),
		Entry("a quote within a word", exchange{"ECHO a\"b\"\r\n", "$2\r\nab\r\n"}),
	)

	DescribeTable("strings whose line ending is not looked at", func(ctx SpecContext, x exchange) {
		w := dialWire(ctx)
		w.send(x.send)
		w.expect(x.want)
		w.nothingMore()
	},
		Entry("two other bytes", exchange{"*1\r\n$4\r\nPINGxyPING\r\n", "+PONG\r\n+PONG\r\n"}),
	)

	It("ends with QUIT, and ignores what comes behind it", command("quit"), func(ctx SpecContext) {
		w, other := dialWire(ctx), dialWire(ctx)
		w.send("SET k v\r\nQUIT\r\nSET k w\r\n")
		w.expect("+OK\r\n+OK\r\n")
		w.closed()
		other.send("GET k\r\n")
		other.expect("$1\r\nv\r\n")
	})

	It("begins anew with RESET", command("reset"), func(ctx SpecContext) {
		w := dialWire3(ctx)
		w.send("CLIENT SETNAME x\r\nSET k v\r\nSELECT 1\r\nRESET\r\n")
		w.expect("+OK\r\n+OK\r\n+OK\r\n+RESET\r\n")
		if server.Password == "" {
			w.send("GET none\r\nCLIENT GETNAME\r\n")
			w.expect("$-1\r\n$-1\r\n")
		}
	})

	It("sends the replies that CLIENT REPLY asks for", command("client-reply"), func(ctx SpecContext) {
		w := dialWire(ctx)
		w.send("CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n")
		w.expect("$1\r\na\r\n")
		w.send("CLIENT REPLY OFF\r\nPING\r\nNOSUCH\r\nSET k v\r\nCLIENT REPLY SKIP\r\nPING\r\nCLIENT REPLY ON\r\nGET k\r\n")
		w.expect("+OK\r\n$1\r\nv\r\n")
		w.nothingMore()
	})
})
