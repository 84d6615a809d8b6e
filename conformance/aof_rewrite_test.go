package conformance_test

import (
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// When servers rewrite the append only file by themselves, and how they end before it is
// complete.
var _ = Describe("rewriting the append only file", Label("group:aof"), func() {
	It("begins by itself when it has grown enough", rewritesGrown)
	It("does not begin by itself while it is small, or has not grown enough", leavesSmall)
	It("tells how many keys there are", tellsKeys)
	It("for the first time keeps SHUTDOWN from ending the server", refusesShutdown)
	It("for the first time does not keep SHUTDOWN FORCE from ending the server", forcesShutdown)
})

// startAppending starts a server with an append only file and the given parameters.
func startAppending(ctx SpecContext, dir string, words ...string) (*target.Target, *dialogue) {
	GinkgoHelper()
	if !server.Owned {
		Skip("needs a server of its own")
	}
	params := []target.Param{{Name: "dir", Value: dir}}
	for i := 0; i < len(words); i += 2 {
		params = append(params, target.Param{Name: words[i], Value: words[i+1]})
	}
	t, err := start(ctx, params...)
	must(err)
	DeferCleanup(t.Kill)
	return t, ask(t)
}

// persistence reads fields of INFO.
func (d *dialogue) persistence(names ...string) (values []string) {
	GinkgoHelper()
	info := string(d.ask("INFO", "persistence").Text)
	for _, name := range names {
		_, rest, found := strings.Cut(info, "\r\n"+name+":")
		Expect(found).To(BeTrue(), "%s in %s", name, info)
		value, _, _ := strings.Cut(rest, "\r\n")
		values = append(values, value)
	}
	return values
}

func (d *dialogue) set(key string, size int) {
	GinkgoHelper()
	Expect(string(d.ask("SET", key, strings.Repeat("x", size)).Text)).To(Equal("OK"))
}

func rewritesGrown(ctx SpecContext) {
	dir := GinkgoT().TempDir()
	params := []string{"appendonly", "yes", "auto-aof-rewrite-percentage", "100", "auto-aof-rewrite-min-size", "10000", "rdbcompression", "no"}
	t, d := startAppending(ctx, dir, params...)
	rewrites := func() string { return d.persistence("aof_rewrites")[0] }
	d.set("k", 12000)
	Eventually(rewrites).WithTimeout(10 * time.Second).Should(Equal("1"))
	Eventually(t.Log).Should(ContainSubstring("Starting automatic rewriting of AOF on "))
	Eventually(func() string { return d.persistence("aof_rewrite_in_progress")[0] }).Should(Equal("0"))
	sizes := d.persistence("aof_base_size", "aof_current_size")
	Expect(sizes[0]).To(Equal(sizes[1]))
	d.set("k", 8000) // not yet twice as long
	Expect(string(d.ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "50").Text)).To(Equal("OK"))
	Eventually(rewrites).WithTimeout(10 * time.Second).Should(Equal("2"))
	Eventually(func() string { return d.persistence("aof_rewrite_in_progress")[0] }).Should(Equal("0"))
	Expect(filepath.Glob(filepath.Join(dir, "appendonlydir", "*.3.base.rdb"))).To(HaveLen(1))
	Expect(string(d.ask("GET", "k").Text)).To(HaveLen(8000))
}

func leavesSmall(ctx SpecContext) {
	_, d := startAppending(ctx, GinkgoT().TempDir(), "appendonly", "yes", "auto-aof-rewrite-percentage", "100", "auto-aof-rewrite-min-size", "10000")
	never := func() {
		GinkgoHelper()
		Consistently(func() string { return d.persistence("aof_rewrites")[0] }).WithTimeout(400 * time.Millisecond).Should(Equal("0"))
	}
	d.set("k", 9000)
	never()
	Expect(string(d.ask("CONFIG", "SET", "auto-aof-rewrite-percentage", "0").Text)).To(Equal("OK"))
	d.set("k", 9000)
	never()
}

// beginsFirst switches the append only file on, with a first rewrite that takes long.
func beginsFirst(ctx SpecContext, dir string) (*target.Target, *dialogue) {
	GinkgoHelper()
	t, d := startAppending(ctx, dir, "appendonly", "no", "rdb-key-save-delay", "100000000")
	d.set("a", 1)
	d.set("b", 1)
	Expect(string(d.ask("CONFIG", "SET", "appendonly", "yes").Text)).To(Equal("OK"))
	return t, d
}

func tellsKeys(ctx SpecContext) {
	_, d := beginsFirst(ctx, GinkgoT().TempDir())
	DeferCleanup(func() { d.ask("CONFIG", "SET", "appendonly", "no") }) // as below
	Expect(d.persistence("aof_rewrite_in_progress", "current_save_keys_total", "rdb_current_bgsave_time_sec")).To(Equal([]string{"1", "2", "-1"}))
}

func refusesShutdown(ctx SpecContext) {
	t, d := beginsFirst(ctx, GinkgoT().TempDir())
	DeferCleanup(func() { d.ask("CONFIG", "SET", "appendonly", "no") }) // the children of real servers would live on
	for _, request := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE", "SHUTDOWN SAVE", "SHUTDOWN NOW"} {
		Expect(string(d.ask(strings.Fields(request)...).Text)).To(Equal("ERR Errors trying to SHUTDOWN. Check logs."), request)
	}
	Expect(string(d.ask("SHUTDOWN", "ABORT").Text)).To(Equal("ERR No shutdown in progress."))
	d.set("c", 1)
	Eventually(t.Log).Should(ContainSubstring("Writing initial AOF, can't exit."))
}

func forcesShutdown(ctx SpecContext) {
	dir := GinkgoT().TempDir()
	t, _ := beginsFirst(ctx, dir)
	c, err := t.Dial(ctx)
	must(err)
	defer c.Close()
	_, err = c.Write(resp.Request("SHUTDOWN", "FORCE"))
	must(err)
	Expect(t.Ended(20 * time.Second)).To(BeTrue())
	Eventually(t.Log).Should(ContainSubstring("Writing initial AOF. Exit anyway."))
	Expect(filepath.Glob(filepath.Join(dir, "appendonlydir", "temp-rewriteaof-*"))).To(BeEmpty(), "left behind")
	_, d := startAppending(ctx, dir, "appendonly", "yes")
	Expect(string(d.ask("DBSIZE").Text)).To(Equal("0"))
}
