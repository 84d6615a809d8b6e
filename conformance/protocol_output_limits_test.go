package conformance_test

import (
	"io"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"

	"respect/conformance/target"
)

// Clients that do not read, too many of them, and silent ones. What a socket buffer takes
// on loopback, a few MiB, is the system's: what is asked for is a multiple of it.

var _ = Describe("protocol: clients that do not read", Label("group:connection", "proto:2", "slow"), func() {
	const (
		mib     = 1 << 20
		allowed = 64 * mib // growth of the server's memory, whatever is asked for
	)
	var r *redis.Client
	var w *wire

	BeforeEach(func(ctx SpecContext) {
		needsOwned("floods it")
		r, w = clientOf(server, 2), dialWire(ctx)
		must(r.Set(ctx, "long", strings.Repeat("x", mib), 0).Err())
		DeferCleanup(func(ctx SpecContext) { must(r.Del(ctx, "long").Err()) })
	})

	// reader opens a connection whose number is returned too.
	reader := func(ctx ctxt) (*wire, string) {
		GinkgoHelper()
		c := dialWire(ctx)
		c.request("CLIENT", "ID")
		return c, string(c.reply().Text)
	}
	// ask sends requests for so many MiB, and reads nothing.
	ask := func(c *wire, n int) {
		GinkgoHelper()
		c.send(strings.Repeat("GET long\r\n", n))
	}
	// state is the client's line in CLIENT LIST, "" once it is gone.
	state := func(ctx ctxt, id string) string {
		GinkgoHelper()
		line, err := r.Do(ctx, "CLIENT", "LIST", "ID", id).Text()
		must(err)
		return line
	}
	gone := func(ctx ctxt, id string) {
		GinkgoHelper()
		Eventually(ctx, func() string { return state(ctx, id) }).WithTimeout(2*patience).WithPolling(polling).
			Should(BeEmpty(), "the client should have been disconnected")
	}
	// waits returns the bytes that wait for a client.
	waits := func(ctx ctxt, id string) int {
		GinkgoHelper()
		_, rest, _ := strings.Cut(state(ctx, id), " omem=")
		word, _, _ := strings.Cut(rest, " ")
		n, _ := strconv.Atoi(word)
		return n
	}

	It("are dropped at the hard limit, and others are served", command("config-set", "client-list"), func(ctx SpecContext) {
		setConfig(ctx, r, "client-output-buffer-limit", "normal 4mb 0 0")
		before := w.resident(ctx)
		var ids []string
		for range 4 {
			c, id := reader(ctx)
			ask(c, 1000)
			must(r.Ping(ctx).Err())
			ids = append(ids, id)
		}
		for _, id := range ids {
			gone(ctx, id)
		}
		Expect(w.resident(ctx)-before).To(BeNumerically("<", allowed), "growth in bytes")
		w.nothingMore()
	})

	It("may be beyond the soft limit for a while", command("config-set", "client-list"), func(ctx SpecContext) {
		setConfig(ctx, r, "client-output-buffer-limit", "normal 0 1mb 1")
		c, id := reader(ctx)
		begun := time.Now()
		ask(c, 24)
		Eventually(ctx, func() int { return waits(ctx, id) }).WithTimeout(patience).WithPolling(polling).Should(BeNumerically(">", mib))
		gone(ctx, id)
		Expect(time.Since(begun)).To(BeNumerically(">", time.Second))
		must(r.Ping(ctx).Err())
	})

	It("are not dropped if they catch up in time", command("config-set", "client-list"), func(ctx SpecContext) {
		setConfig(ctx, r, "client-output-buffer-limit", "normal 0 1mb 60")
		c, id := reader(ctx)
		ask(c, 24)
		Eventually(ctx, func() int { return waits(ctx, id) }).WithTimeout(patience).WithPolling(polling).Should(BeNumerically(">", mib))
		Expect(state(ctx, id)).To(ContainSubstring(" events=rw "))
		must(c.SetReadDeadline(time.Now().Add(patience)))
		_, err := io.CopyN(io.Discard, c, 24*(mib+int64(len("$1048576\r\n\r\n"))))
		must(err)
		c.nothingMore()
		Expect(waits(ctx, id)).To(BeZero())
		Expect(state(ctx, id)).To(ContainSubstring(" events=r "))
	})

	It("as monitors are dropped, and others are served", command("config-set", "monitor"), func(ctx SpecContext) {
		setConfig(ctx, r, "client-output-buffer-limit", "normal 1mb 0 0")
		before := w.resident(ctx)
		c, id := reader(ctx)
		c.request("MONITOR")
		c.expect("+OK\r\n")
		text := strings.Repeat("y", 100<<10)
		for range 200 {
			must(r.Echo(ctx, text).Err())
		}
		gone(ctx, id)
		Expect(w.resident(ctx)-before).To(BeNumerically("<", allowed), "growth in bytes")
	})

	DescribeTable("are dropped for maxmemory-clients, those first that take most", command("config-set", "client-no-evict"),
		func(ctx SpecContext, parameters ...string) {
			for i := 0; i < len(parameters); i += 2 {
				setConfig(ctx, r, parameters[i], parameters[i+1])
			}
			before := w.resident(ctx)
			spared, sparedID := reader(ctx)
			spared.send("CLIENT NO-EVICT ON\r\n")
			spared.expect("+OK\r\n")
			ask(spared, 20)
			small, smallID := reader(ctx)
			small.send("GET long\r\n")
			var ids []string
			for range 4 {
				c, id := reader(ctx)
				ask(c, 200)
				ids = append(ids, id)
			}
			for _, id := range ids {
				gone(ctx, id)
			}
			Expect(state(ctx, sparedID)).To(ContainSubstring(" flags=e "))
			Expect(state(ctx, smallID)).NotTo(BeEmpty())
			Expect(infoNumber(ctx, r, "stats", "evicted_clients")).To(BeNumerically(">=", 4))
			must(r.Ping(ctx).Err())
			Expect(w.resident(ctx)-before).To(BeNumerically("<", 4*allowed), "growth in bytes") // without limit it were 800 MiB
		},
		Entry("in bytes", "maxmemory-clients", "40mb"),
		Entry("as a part of maxmemory", "maxmemory", "400mb", "maxmemory-clients", "10%"),
	)
})

var _ = Describe("protocol: number and silence of clients", Label("group:connection", "proto:2"), func() {
	It("more than maxclients are refused, and those that are there served", command("config-set"), func(ctx SpecContext) {
		r := clientOf(server, 2)
		w := dialWire(ctx)
		setConfig(ctx, r, "maxclients", "40")
		refused := 0
		var served []*wire
		for range 60 {
			c := dialSilent(ctx, server)
			c.send("PING\r\n")
			// What was sent may be unread when a refused connection is closed: the error
			// may be lost by that.
			must(c.SetReadDeadline(time.Now().Add(patience)))
			answer := make([]byte, 7)
			switch n, _ := io.ReadFull(c, answer); {
			case string(answer[:n]) == "+PONG\r\n":
				served = append(served, c)
			default:
				Expect("-ERR ma").To(HavePrefix(string(answer[:n])))
				refused++
			}
		}
		Expect(refused).To(BeNumerically(">=", 20))
		Expect(infoNumber(ctx, r, "stats", "rejected_connections")).To(BeNumerically(">=", refused))
		w.nothingMore()
		for _, c := range served {
			c.nothingMore()
			must(c.Close())
		}
		Eventually(ctx, func() int64 { return infoNumber(ctx, r, "clients", "connected_clients") }).
			WithTimeout(patience).WithPolling(polling).Should(BeNumerically("<", 30))
		dialWire(ctx).nothingMore()
	})

	It("silence ends after timeout, but not that of a client that waits", command("config-set", "blpop"), Label("slow"), func(ctx SpecContext) {
		needsOwned("has a timeout")
		own, err := start(ctx, target.Param{Name: "timeout", Value: "1"})
		must(err)
		DeferCleanup(own.Close)
		r := clientOf(own, 2)
		silent, waiting := dialSilent(ctx, own), dialSilent(ctx, own)
		waiting.send("BLPOP none 0\r\n")
		awaitBlocked(ctx, r, 1)
		silent.nothingMore()
		silent.closed()
		must(r.RPush(ctx, "none", "x").Err())
		waiting.expect("*2\r\n$4\r\nnone\r\n$1\r\nx\r\n")
	})
})
