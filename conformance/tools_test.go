package conformance_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/redis/go-redis/v9"
)

// Programs that people use: they are run against the server as they are, and have to do
// their work without a complaint. What is not installed is skipped.

// toolTime is how long a tool may take.
const toolTime = 30 * time.Second

// tool returns the command that runs a program.
func tool(ctx context.Context, name string, args ...string) *exec.Cmd {
	GinkgoHelper()
	path, err := exec.LookPath(name)
	if err != nil {
		Skip(name + " is not installed")
	}
	ctx, cancel := context.WithTimeout(ctx, toolTime)
	DeferCleanup(cancel)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), "HOME="+GinkgoT().TempDir(), "LC_ALL=C.UTF-8", "NO_COLOR=1")
	return cmd
}

// address is where the server listens, for the options of tools.
func address() (host, port string) {
	GinkgoHelper()
	needsOwned("runs tools on it")
	host, port, err := net.SplitHostPort(server.Addr)
	must(err)
	return host, port
}

// output runs a tool to its end and returns what it printed. It must not complain.
func output(cmd *exec.Cmd, input string) string {
	GinkgoHelper()
	var complaints strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		Fail(fmt.Sprintf("%v: %v\n%s\n%s", cmd.Args, err, out, complaints.String()))
	}
	return string(out)
}

// running is a tool that goes on until it is ended.
type runningTool struct{ lines *bufio.Scanner }

// launch starts a tool that does not end by itself. It ends with the spec.
func launch(cmd *exec.Cmd) *runningTool {
	GinkgoHelper()
	out, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	DeferCleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	return &runningTool{bufio.NewScanner(out)}
}

// until reads lines up to one that matches, and returns that one.
func (t *runningTool) until(pattern string) string {
	GinkgoHelper()
	re := regexp.MustCompile(pattern)
	seen := ""
	for t.lines.Scan() {
		if re.MatchString(t.lines.Text()) {
			return t.lines.Text()
		}
		seen += t.lines.Text() + "\n"
	}
	Fail(fmt.Sprintf("no line that matches %s in\n%s", pattern, seen))
	return ""
}

// cli is redis-cli for the server.
func cli(ctx context.Context, args ...string) *exec.Cmd {
	GinkgoHelper()
	host, port := address()
	return tool(ctx, "redis-cli", append([]string{"-h", host, "-p", port}, args...)...)
}

// unbuffered is a command whose output comes line by line.
func unbuffered(cmd *exec.Cmd) *exec.Cmd {
	GinkgoHelper()
	path, err := exec.LookPath("stdbuf")
	if err != nil {
		Skip("stdbuf is not installed")
	}
	cmd.Args = append([]string{path, "-oL", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = path
	return cmd
}

// someKeys fills the database with values of all types.
func someKeys(ctx context.Context, r *redis.Client) {
	GinkgoHelper()
	must(r.FlushAll(ctx).Err())
	for i := range 200 {
		must(r.Set(ctx, fmt.Sprint("k:", i), strings.Repeat("v", 20), 0).Err())
	}
	must(r.RPush(ctx, "l", "a", "b", "c").Err())
	must(r.HSet(ctx, "h", "f", "1").Err())
	must(r.SAdd(ctx, "s", "m", "n").Err())
	must(r.ZAdd(ctx, "z", redis.Z{Score: 1, Member: "m"}).Err())
	must(r.Set(ctx, "biggest", strings.Repeat("x", 5000), time.Hour).Err())
}

var _ = Describe("tools: redis-cli", Label("group:server", "slow"), func() {
	var r *redis.Client

	BeforeEach(func(ctx SpecContext) {
		needsOwned("runs tools on it")
		r = clientOf(server, 2)
		someKeys(ctx, r)
	})

	It("takes commands as arguments and from its input", func(ctx SpecContext) {
		Expect(output(cli(ctx, "LRANGE", "l", "0", "-1"), "")).To(Equal("a\nb\nc\n"))
		Expect(output(cli(ctx), "SET n 1\nINCR n\nGET none\nLLEN k:1\n")).To(Equal(
			"OK\n2\n\nWRONGTYPE Operation against a key holding the wrong kind of value\n\n"))
		Expect(output(cli(ctx, "-3", "HGETALL", "h"), "")).To(Equal("f 1\n"))
		Expect(output(cli(ctx, "--no-raw", "GET", "none"), "")).To(Equal("(nil)\n"))
		Expect(output(cli(ctx, "-n", "3", "DBSIZE"), "")).To(Equal("0\n"))
		Expect(output(cli(ctx, "-x", "SET", "fromstdin"), "text")).To(Equal("OK\n"))
		Expect(r.Get(ctx, "fromstdin").Val()).To(Equal("text"))
		Expect(output(cli(ctx, "-r", "3", "INCR", "n"), "")).To(Equal("3\n4\n5\n"))
	})

	It("writes CSV and JSON", func(ctx SpecContext) {
		Expect(output(cli(ctx, "--csv", "LRANGE", "l", "0", "-1"), "")).To(Equal("\"a\",\"b\",\"c\"\n"))
		if !strings.Contains(output(cli(ctx, "--version"), ""), " 7.") {
			Skip("this version has no JSON")
		}
		Expect(output(cli(ctx, "-3", "--json", "HGETALL", "h"), "")).To(Equal("{\"f\":\"1\"}\n"))
		Expect(output(cli(ctx, "--json", "LRANGE", "l", "0", "-1"), "")).To(Equal("[\"a\",\"b\",\"c\"]\n"))
	})

	It("--pipe", func(ctx SpecContext) {
		var requests strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&requests, "SET p:%d %d\r\n", i, i)
		}
		Expect(output(cli(ctx, "--pipe"), requests.String())).To(ContainSubstring("errors: 0, replies: 2000"))
		Expect(r.Get(ctx, "p:1999").Val()).To(Equal("1999"))
	})

	It("--scan", func(ctx SpecContext) {
		Expect(strings.Fields(output(cli(ctx, "--scan", "--pattern", "k:*"), ""))).To(HaveLen(200))
		Expect(strings.Fields(output(cli(ctx, "--scan"), ""))).To(HaveLen(205))
	})

	It("--bigkeys and --memkeys", func(ctx SpecContext) {
		big := output(cli(ctx, "--bigkeys"), "")
		Expect(big).To(ContainSubstring("Sampled 205 keys in the keyspace!"))
		Expect(big).To(MatchRegexp(`Biggest string found '"biggest"' has 5000 bytes`))
		Expect(big).To(MatchRegexp(`Biggest +list found '"l"' has 3 items`))
		mem := output(cli(ctx, "--memkeys"), "")
		Expect(mem).To(ContainSubstring("Sampled 205 keys in the keyspace!"))
		Expect(mem).To(MatchRegexp(`Biggest string found '"biggest"' has [5-9][0-9]{3} bytes`))
	})

	It("--hotkeys", func(ctx SpecContext) {
		setConfig(ctx, r, "maxmemory-policy", "allkeys-lfu")
		someKeys(ctx, r)
		for range 2000 {
			must(r.Get(ctx, "k:7").Err())
		}
		Expect(output(cli(ctx, "--hotkeys"), "")).To(MatchRegexp(`hot key found with counter: [0-9]+\s+keyname: "?k:7"?\n`))
	})

	It("--latency and --latency-history", func(ctx SpecContext) {
		Expect(output(cli(ctx, "--latency", "-i", "0.2"), "")).To(MatchRegexp(`^[0-9]+ [0-9]+ [0-9.]+ [0-9]+\n`))
		launch(unbuffered(cli(ctx, "--latency-history", "-i", "0.2"))).until(`^[0-9]+ [0-9]+ [0-9.]+ [0-9]+`)
	})

	It("--stat", func(ctx SpecContext) {
		stat := launch(unbuffered(cli(ctx, "--stat", "-i", "0.1")))
		stat.until(`keys +mem +clients +blocked +requests +connections`)
		stat.until(`^205 +[0-9.]+[KMG] +[0-9]+ +0 +[0-9]+ \(\+0\) +[0-9]+`)
		stat.until(`^205 +[0-9.]+[KMG] +[0-9]+ +0 +[0-9]+ \(\+[1-9][0-9]*\) +[0-9]+`)
	})

	It("MONITOR", func(ctx SpecContext) {
		monitor := launch(unbuffered(cli(ctx, "MONITOR")))
		monitor.until(`^OK$`)
		must(r.Set(ctx, "seen", "by monitor", 0).Err())
		monitor.until(`^[0-9.]+ \[[0-9]+ [^ ]+\] "set" "seen" "by monitor"$`)
	})

	It("subscribed mode", func(ctx SpecContext) {
		for _, command := range []string{"SUBSCRIBE", "PSUBSCRIBE"} {
			kind, channel := map[string]string{"SUBSCRIBE": "message", "PSUBSCRIBE": "pmessage"}[command], "news-"+command
			subscriber := launch(unbuffered(cli(ctx, command, channel)))
			for _, line := range []string{strings.ToLower(command), channel, "1"} {
				subscriber.until("^" + line + "$")
			}
			must(r.Publish(ctx, channel, "hello").Err())
			for _, line := range []string{kind, channel, "hello"} {
				subscriber.until("^" + line + "$")
			}
		}
	})

	It("HELP of every container", func(ctx SpecContext) {
		for _, container := range []string{"CLIENT", "CONFIG", "DEBUG", "LATENCY", "MEMORY", "OBJECT", "SLOWLOG"} {
			Expect(output(cli(ctx, container, "HELP"), "")).To(HavePrefix(container + " <subcommand>"))
		}
	})
})

var _ = Describe("tools: redis-benchmark", Label("group:server", "slow"), func() {
	It("runs all its tests", func(ctx SpecContext) {
		host, port := address()
		out := output(tool(ctx, "redis-benchmark", "-h", host, "-p", port, "-n", "300", "-c", "10", "--csv"), "")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for _, name := range []string{
			"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "LPUSH", "RPUSH", "LPOP", "RPOP", "SADD", "HSET", "SPOP",
			"ZADD", "ZPOPMIN", "LRANGE_100 (first 100 elements)", "LRANGE_600 (first 600 elements)", "MSET (10 keys)",
		} {
			Expect(lines).To(ContainElement(HavePrefix(`"` + name + `",`)))
		}
		Expect(out).NotTo(ContainSubstring("WARNING"))
		out = output(tool(ctx, "redis-benchmark", "-h", host, "-p", port, "-n", "2000", "-c", "10", "-P", "16", "-r", "100", "-q", "-t", "set,get"), "")
		Expect(out).NotTo(Or(ContainSubstring("WARNING"), ContainSubstring("Error")))
	})
})

var _ = Describe("tools: prometheus-redis-exporter", Label("group:server", "slow"), func() {
	It("finds its metrics", func(ctx SpecContext) {
		address() // skips
		r := clientOf(server, 2)
		someKeys(ctx, r)
		Expect(r.Do(ctx, "NOSUCH").Err()).To(HaveOccurred())
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		web := l.Addr().String()
		must(l.Close()) // for the exporter
		cmd := tool(ctx, "prometheus-redis-exporter", "-redis.addr", "redis://"+server.Addr, "-web.listen-address", web,
			"-export-client-list", "-include-system-metrics", "-include-config-metrics", "-check-keys", "k:1*", "-check-single-keys", "l", "-count-keys", "db0=k:*")
		var log strings.Builder
		cmd.Stderr = &log
		launch(cmd)
		metrics := ""
		Eventually(ctx, func() error {
			answer, err := http.Get("http://" + web + "/metrics")
			if err != nil {
				return err
			}
			defer answer.Body.Close()
			b, err := io.ReadAll(answer.Body)
			metrics = string(b)
			return err
		}).WithTimeout(toolTime).WithPolling(polling).Should(Succeed())
		var missing []string
		for _, pattern := range []string{
			`redis_up 1`, `redis_exporter_last_scrape_error\{err=""\} 0`,
			`redis_instance_info\{.*role="master".*\} 1`, `redis_uptime_in_seconds [0-9]+`,
			`redis_connected_clients [1-9][0-9]*`, `redis_blocked_clients 0`, `redis_config_maxclients [0-9.e+]+`,
			`redis_memory_used_bytes [0-9.e+]+`, `redis_memory_used_rss_bytes [0-9.e+]+`, `redis_memory_max_bytes 0`,
			`redis_mem_fragmentation_ratio [0-9.]+`, `redis_allocator_active_bytes [0-9.e+]+`,
			`redis_commands_total\{cmd="set"\} [0-9]+`, `redis_commands_duration_seconds_total\{cmd="set"\} [0-9.e-]+`,
			`redis_commands_failed_calls_total\{cmd="set"\} [0-9]+`, `redis_errors_total\{err="ERR"\} [0-9]+`,
			`redis_db_keys\{db="db0"\} 205`, `redis_db_keys_expiring\{db="db0"\} 1`,
			`redis_keyspace_hits_total [0-9.e+]+`, `redis_evicted_keys_total [0-9]+`, `redis_expired_keys_total [0-9]+`,
			`redis_slowlog_length [0-9]+`, `redis_slowlog_last_id [0-9]+`, `redis_connected_client_idle_seconds.*|redis_connected_clients_details\{.*\} 1`,
			`redis_cpu_sys_seconds_total [0-9.]+`, `redis_net_output_bytes_total [0-9.e+]+`, `redis_rejected_connections_total [0-9]+`,
			`redis_rdb_last_bgsave_status 1`, `redis_aof_enabled 0`, `redis_loading_dump_file 0`, `redis_total_system_memory_bytes [0-9.e+]+`,
			`redis_key_size\{db="db0",key="k:1"\} 20`, `redis_key_size\{db="db0",key="l"\} 3`, `redis_keys_count\{db="db0",key="k:\*"\} 200`,
			`redis_config_value\{key="slowlog-max-len"\} 128`,
		} {
			if !regexp.MustCompile(`(?m)^(` + pattern + `)$`).MatchString(metrics) {
				missing = append(missing, pattern)
			}
		}
		Expect(missing).To(BeEmpty())
		Expect(log.String()).NotTo(ContainSubstring("level=err"))
	})
})

var _ = Describe("tools: iredis", Label("group:server", "slow"), func() {
	It("executes commands", func(ctx SpecContext) {
		host, port := address()
		r := clientOf(server, 2)
		someKeys(ctx, r)
		out := output(tool(ctx, "iredis", "-h", host, "-p", port),
			"PING\nSET i \"some text\"\nGET i\nLRANGE l 0 -1\nHGETALL h\nCLIENT LIST\nSLOWLOG LEN\nNOSUCH\n")
		Expect(out).To(MatchRegexp(`(?s)^PONG\nOK\nsome text\na\nb\nc\nf\n1\nid=.* laddr=.*\n[0-9]+\nERROR unknown command 'NOSUCH'`))
	})
})
