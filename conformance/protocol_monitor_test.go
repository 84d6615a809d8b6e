package conformance_test

import (
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// monitorLine is a line of MONITOR: time, database, client, arguments.
var monitorLine = regexp.MustCompile(`^[0-9]+\.[0-9]{6} \[([0-9]+) ([^\]]+)\] (.*)$`)

// shownOf reads what a monitor is shown up to a call with the given arguments, and
// returns what came from one client, each as database and arguments.
func (w *wire) shownOf(addr, last string) (calls []string) {
	GinkgoHelper()
	for {
		v := w.reply()
		Expect(string(v.Type)).To(Equal("+"))
		parts := monitorLine.FindStringSubmatch(string(v.Text))
		Expect(parts).NotTo(BeNil(), "%q", v.Text)
		if parts[2] != addr {
			continue
		}
		if parts[3] == last {
			return calls
		}
		calls = append(calls, parts[1]+" "+parts[3])
	}
}

var _ = Describe("protocol: MONITOR", Label("group:server", "proto:2"), command("monitor"), func() {
	var monitor, other *wire
	var addr string

	BeforeEach(func(ctx SpecContext) {
		monitor, other = dialWire(ctx), dialWire(ctx)
		addr = other.LocalAddr().String()
		other.request("DEL", "k", "l")
		other.reply()
		monitor.request("MONITOR")
		monitor.expect("+OK\r\n")
	})

	It("shows the calls of others in their order, with database and arguments", func(ctx SpecContext) {
		other.send("SET k \"a\\\"b\\x00\\n\"\r\nGET k\r\nSELECT 1\r\nget k\r\nSELECT 0\r\nPING end\r\n")
		for range 6 {
			other.reply()
		}
		Expect(monitor.shownOf(addr, `"PING" "end"`)).To(Equal([]string{
			`0 "SET" "k" "a\"b\x00\n"`, `0 "GET" "k"`, `1 "SELECT" "1"`, `1 "get" "k"`, `0 "SELECT" "0"`,
		}))
	})

	It("leaves out what is administrative or refused", func(ctx SpecContext) {
		other.send("CONFIG GET hz\r\nCLIENT LIST\r\nGET\r\nNOSUCH x\r\nINCR k\r\nPING end\r\n")
		for range 6 {
			other.reply()
		}
		Expect(monitor.shownOf(addr, `"PING" "end"`)).To(Equal([]string{`0 "INCR" "k"`}))
	})

	It("shows a call that waits when it begins, and not again when it is served", func(ctx SpecContext) {
		needs(7, 2, "what is executed again")
		pusher := dialWire(ctx)
		other.send("BLPOP l 0\r\n")
		Expect(monitor.shownOf(addr, `"BLPOP" "l" "0"`)).To(BeEmpty())
		pusher.send("RPUSH l x\r\n")
		pusher.reply()
		other.reply()
		other.send("PING end\r\n")
		other.reply()
		Expect(monitor.shownOf(addr, `"PING" "end"`)).To(BeEmpty())
	})

	It("shows all monitors the same", func(ctx SpecContext) {
		second := dialWire(ctx)
		second.request("MONITOR")
		second.expect("+OK\r\n")
		other.send("ECHO " + strings.Repeat("x", 5000) + "\r\nPING end\r\n")
		other.reply()
		other.reply()
		want := []string{`0 "ECHO" "` + strings.Repeat("x", 5000) + `"`}
		Expect(monitor.shownOf(addr, `"PING" "end"`)).To(Equal(want))
		Expect(second.shownOf(addr, `"PING" "end"`)).To(Equal(want))
	})

	It("ends with RESET and with the connection", func(ctx SpecContext) {
		monitor.request("RESET")
		for {
			if v := monitor.reply(); string(v.Text) == "RESET" {
				break
			}
		}
		gone := dialWire(ctx)
		gone.request("MONITOR")
		gone.expect("+OK\r\n")
		must(gone.Close())
		for range 100 {
			other.send("PING\r\n")
			other.expect("+PONG\r\n")
		}
		monitor.nothingMore()
	})
})
