package conformance_test

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("protocol: memory", Label("group:connection", "proto:2", "slow"), func() {
	const mib = 1 << 20

	// The real servers reserve address space for a long string as soon as it is
	// announced and count it as used; what must not grow is the memory that is
	// really taken.
	DescribeTable("what is only announced takes none", func(ctx SpecContext, connections int, announcement string) {
		w := dialWire(ctx)
		before := w.resident(ctx)
		if before == 0 {
			Skip("the server does not tell its resident memory")
		}
		for range connections {
			dialWire(ctx).send(announcement)
		}
		w.processed()
		Expect(w.resident(ctx)-before).To(BeNumerically("<", 64*mib), "growth in bytes")
		w.nothingMore()
	},
		Entry("strings of 512 MiB", 16, "*1\r\n$536870912\r\n"),
		Entry("strings of 512 MiB of which a little has come", 16, "*2\r\n$4\r\nECHO\r\n$536870912\r\n"+strings.Repeat("a", 1000)),
		Entry("requests of many words", 200, "*1048576\r\n"),
		Entry("requests of as many words as can be", 200, "*2147483647\r\n$4\r\nECHO\r\n"),
	)

	It("a client that sends more than client-query-buffer-limit is dropped", command("config-set"), func(ctx SpecContext) {
		r := clientOf(server, 2)
		setConfig(ctx, r, "client-query-buffer-limit", "1mb")
		w := dialWire(ctx)
		must(w.SetDeadline(time.Now().Add(patience)))
		// Part of it may be unread when the connection ends: either end of it
		// may be reported as a reset.
		_, sent := io.WriteString(w, "*2\r\n$4\r\nECHO\r\n$4194304\r\n"+strings.Repeat("a", 3*mib))
		rest, received := io.ReadAll(w)
		Expect(rest).To(BeEmpty())
		Expect(errors.Is(errors.Join(sent, received), os.ErrDeadlineExceeded)).To(BeFalse(), "the connection should have ended")
		must(r.Ping(ctx).Err())
	})
})

// resident is the memory that the server takes, in bytes. The server measures
// it ten times a second or so: it is read until a second measurement must have
// taken place, and the largest value counts.
func (w *wire) resident(ctx ctxt) int64 {
	GinkgoHelper()
	const measured = 250 * time.Millisecond
	var largest int64
	start := time.Now()
	Eventually(ctx, func() time.Duration {
		n, _ := strconv.ParseInt(w.infoField("memory", "used_memory_rss"), 10, 64)
		largest = max(largest, n)
		return time.Since(start)
	}).WithTimeout(patience).WithPolling(polling).Should(BeNumerically(">", measured))
	return largest
}
