package conformance_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// How servers end: by SHUTDOWN and by signals, with files that can and cannot be written; their
// exit status, what they leave behind, and what they log.
var _ = Describe("shutdown", Label("group:server"), func() {
	const (
		refused = "ERR Errors trying to SHUTDOWN. Check logs."
		points  = "3600 1000"
	)
	on := func(words ...string) []string { return append([]string{}, words...) }
	DescribeTable("by a request", endsByRequest,
		Entry("without save points", on(), intact, "SHUTDOWN", "", on()),
		Entry("without save points, SAVE", on(), intact, "SHUTDOWN SAVE", "", on("dump.rdb")),
		Entry("with save points", on("save", points), intact, "SHUTDOWN", "", on("dump.rdb")),
		Entry("with save points, NOSAVE", on("save", points), intact, "SHUTDOWN NOSAVE", "", on()),
		Entry("with save points, NOW FORCE", on("save", points), intact, "SHUTDOWN NOW FORCE", "", on("dump.rdb")),
		Entry("with an AOF", on("appendonly", "yes"), intact, "SHUTDOWN", "", on("appendonlydir")),
		Entry("with an AOF, SAVE", on("appendonly", "yes"), intact, "SHUTDOWN SAVE", "", on("appendonlydir", "dump.rdb")),
		Entry("with an AOF and save points", on("appendonly", "yes", "save", points), intact, "SHUTDOWN", "", on("appendonlydir", "dump.rdb")),
		Entry("without its directory", on("save", points), removed, "SHUTDOWN", refused, on()),
		Entry("without its directory, SAVE NOW", on("save", points), removed, "SHUTDOWN SAVE NOW", refused, on()),
		Entry("without its directory, NOSAVE", on("save", points), removed, "SHUTDOWN NOSAVE", "", on()),
		Entry("without its directory, FORCE", on("save", points), removed, "SHUTDOWN FORCE", "", on()),
		Entry("with a directory in place of the file", on("save", points), occupied, "SHUTDOWN", refused, on("dump.rdb")),
		Entry("with a directory in place of the file, SAVE FORCE", on(), occupied, "SHUTDOWN SAVE FORCE", "", on("dump.rdb")),
	)
	DescribeTable("by a signal", endsBySignal,
		Entry("SIGTERM without save points", on(), intact, syscall.SIGTERM, true, on()),
		Entry("SIGTERM with save points", on("save", points), intact, syscall.SIGTERM, true, on("dump.rdb")),
		Entry("SIGINT with save points", on("save", points), intact, syscall.SIGINT, true, on("dump.rdb")),
		Entry("SIGTERM that saves", on("shutdown-on-sigterm", "save"), intact, syscall.SIGTERM, true, on("dump.rdb")),
		Entry("SIGINT that saves", on("shutdown-on-sigint", "save now"), intact, syscall.SIGINT, true, on("dump.rdb")),
		Entry("SIGINT where SIGTERM saves", on("shutdown-on-sigterm", "save"), intact, syscall.SIGINT, true, on()),
		Entry("SIGTERM that does not save", on("save", points, "shutdown-on-sigterm", "nosave"), intact, syscall.SIGTERM, true, on()),
		Entry("SIGINT that does not save", on("save", points, "shutdown-on-sigint", "nosave force"), intact, syscall.SIGINT, true, on()),
		Entry("SIGTERM, now", on("save", points, "shutdown-on-sigterm", "now"), intact, syscall.SIGTERM, true, on("dump.rdb")),
		Entry("SIGTERM without its directory", on("save", points), removed, syscall.SIGTERM, false, on()),
		Entry("SIGINT without its directory", on("save", points), removed, syscall.SIGINT, false, on()),
		Entry("SIGTERM by force, without its directory", on("save", points, "shutdown-on-sigterm", "force"), removed, syscall.SIGTERM, true, on()),
		Entry("SIGTERM that does not save, without its directory", on("save", points, "shutdown-on-sigterm", "nosave"), removed, syscall.SIGTERM, true, on()),
		Entry("SIGINT with a directory in place of the file", on("save", points), occupied, syscall.SIGINT, false, on("dump.rdb")),
	)
	DescribeTable("gives up what goes on in the background", endsBusy,
		Entry("BGSAVE", on(), "BGSAVE", "There is a child saving an .rdb. Killing it!", on()),
		Entry("BGSAVE, and saves itself", on("shutdown-on-sigterm", "save"), "BGSAVE", "There is a child saving an .rdb. Killing it!", on("dump.rdb")),
		Entry("BGREWRITEAOF", on("appendonly", "yes"), "BGREWRITEAOF", "There is a child rewriting the AOF. Killing it!",
			on("appendonlydir/appendonly.aof.1.base.rdb", "appendonlydir/appendonly.aof.1.incr.aof", "appendonlydir/appendonly.aof.2.incr.aof", "appendonlydir/appendonly.aof.manifest")),
	)
	It("closes the connections of those who wait, are paused and watch", endsForAll)
})

// hinder is what is done to the directory of a server.
type hinder func(dir string)

func intact(string) {}

func removed(dir string) { must(os.RemoveAll(dir)) }

func occupied(dir string) { must(os.Mkdir(filepath.Join(dir, "dump.rdb"), 0o755)) }

// startHindered starts a server with a key, and then does something to its directory.
func startHindered(ctx SpecContext, words []string, h hinder) (t *target.Target, d *dialogue, dir string) {
	GinkgoHelper()
	dir = filepath.Join(GinkgoT().TempDir(), "data")
	must(os.Mkdir(dir, 0o755))
	t, d = startAppending(ctx, dir, words...)
	d.set("k", 1)
	h(dir)
	return t, d, dir
}

// left lists what is in a directory, as paths; of directories what is in them if deep.
func left(dir string, deep bool) []string {
	GinkgoHelper()
	names := []string{}
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return names
	}
	must(err)
	for _, e := range entries {
		if !deep || !e.IsDir() {
			names = append(names, e.Name())
			continue
		}
		for _, name := range left(filepath.Join(dir, e.Name()), true) {
			names = append(names, e.Name()+"/"+name)
		}
	}
	slices.Sort(names)
	return names
}

// request sends a request after which the server may end.
func request(t *target.Target, text string) *dialogue {
	GinkgoHelper()
	d := ask(t)
	_, err := d.write(resp.Request(strings.Fields(text)...))
	must(err)
	return d
}

func signal(t *target.Target, sig syscall.Signal) {
	GinkgoHelper()
	if runtime.GOOS == "windows" {
		Skip("there are no signals")
	}
	must(t.Signal(sig))
}

func endsByRequest(ctx SpecContext, words []string, h hinder, text, refusal string, files []string) {
	t, d, dir := startHindered(ctx, words, h)
	if refusal != "" {
		Expect(string(d.ask(strings.Fields(text)...).Text)).To(Equal(refusal))
		Expect(string(d.ask("PING").Text)).To(Equal("PONG"))
		Eventually(t.Log).Should(ContainSubstring("Errors trying to shut down the server. Check the logs for more information."))
	} else {
		request(t, text)
		Expect(t.Ended(20 * time.Second)).To(BeTrue())
		Expect(t.ExitStatus()).To(Equal(0))
		Expect(t.Log()).To(ContainSubstring("is now ready to exit, bye bye..."))
	}
	Expect(strings.Count(t.Log(), "User requested shutdown...")).To(Equal(1))
	Expect(left(dir, false)).To(Equal(files))
}

func endsBySignal(ctx SpecContext, words []string, h hinder, sig syscall.Signal, ends bool, files []string) {
	t, d, dir := startHindered(ctx, words, h)
	signal(t, sig)
	name := map[syscall.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGINT: "SIGINT"}[sig]
	if ends {
		Expect(t.Ended(20 * time.Second)).To(BeTrue())
		Expect(t.ExitStatus()).To(Equal(0))
	} else {
		Eventually(t.Log).Should(ContainSubstring("Errors trying to shut down the server. Check the logs for more information."))
		Expect(string(d.ask("PING").Text)).To(Equal("PONG"))
		Expect(t.Ended(0)).To(BeFalse())
	}
	Expect(t.Log()).To(ContainSubstring("Received " + name + " scheduling shutdown..."))
	Expect(left(dir, false)).To(Equal(files))
}

// endsBusy ends a server while its disk has much to do for a few keys.
func endsBusy(ctx SpecContext, words []string, text, line string, files []string) {
	t, d, dir := startHindered(ctx, words, intact)
	d.set("l", 1)
	Expect(string(d.ask("CONFIG", "SET", "rdb-key-save-delay", "100000000").Text)).To(Equal("OK"))
	d.ask(text)
	Expect(d.persistence("rdb_bgsave_in_progress", "aof_rewrite_in_progress")).To(ContainElement("1"))
	Expect(string(d.ask("CONFIG", "SET", "rdb-key-save-delay", "0").Text)).To(Equal("OK"))
	signal(t, syscall.SIGTERM)
	Expect(t.Ended(20 * time.Second)).To(BeTrue())
	Expect(t.ExitStatus()).To(Equal(0))
	Expect(t.Log()).To(ContainSubstring(line))
	Eventually(func() []string { return left(dir, true) }).Should(Equal(files))
}

func endsForAll(ctx SpecContext) {
	t, d, _ := startHindered(ctx, nil, intact)
	requests := []string{"BLPOP l 0", "MONITOR", "SUBSCRIBE c", "XREAD BLOCK 0 STREAMS s $"}
	var all []*dialogue
	for _, text := range requests {
		all = append(all, request(t, text))
	}
	Eventually(func() string { return string(d.ask("CLIENT", "LIST").Text) }).Should(SatisfyAll(
		ContainSubstring("cmd=blpop"), ContainSubstring("cmd=monitor"), ContainSubstring("cmd=subscribe"), ContainSubstring("cmd=xread")))
	Expect(string(d.ask("CLIENT", "PAUSE", "1000000", "WRITE").Text)).To(Equal("OK"))
	all = append(all, request(t, "SET k 2"))
	request(t, "SHUTDOWN")
	Expect(t.Ended(20 * time.Second)).To(BeTrue())
	Expect(t.ExitStatus()).To(Equal(0))
	for i, d := range all {
		for {
			reply, err := d.dec.Decode()
			if err != nil {
				break
			}
			Expect(string(reply.Text)).NotTo(HavePrefix("UNBLOCKED"), "%d", i)
			Expect(i).To(Or(Equal(1), Equal(2)), "only who monitors and who has subscribed has a reply")
		}
	}
}
