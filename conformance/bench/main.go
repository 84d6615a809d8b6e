package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"respect/conformance/target"
)

// options are what the flags say.
type options struct {
	requests  int // of one run without pipelining
	rounds    int
	keys      int // for memory and loading
	servers   []string
	workloads []workload
	extras    []string // of idle, memory, load, bgsave and aof
	jsonFile  string
}

// The names by which -workloads asks for what is not driven by redis-benchmark.
const (
	extraIdle     = "idle"
	extraMemory   = "memory"
	extraLoad     = "load"
	extraSnapshot = "bgsave"
	extraAppend   = "aof"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o, err := parseFlags()
	if err == nil {
		err = run(ctx, o)
	}
	stop()
	switch {
	case errors.Is(err, errMissing), errors.Is(err, target.ErrNotInstalled):
		fmt.Fprintln(os.Stderr, "bench: skipped:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags() (options, error) {
	var o options
	flag.IntVar(&o.requests, "n", 200_000, "requests per run; a pipelined run has eight times as many")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds, in each of which every server is measured")
	flag.IntVar(&o.keys, "keys", 1_000_000, "keys for memory and loading")
	flag.StringVar(&o.jsonFile, "json", "", "write the results to this `file` too")
	servers := flag.String("servers", target.Redis+","+target.Respect, "redis, valkey, respect; the first is the reference")
	names := flag.String("workloads", "", "names of the table's first column, 'idle', 'memory', 'load', 'bgsave' and 'aof'; a name without -P means both forms")
	quick := flag.Bool("quick", false, "a look of half a minute: one round, few requests and keys")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if *quick {
		o.requests, o.rounds, o.keys = min(o.requests, 40_000), 1, min(o.keys, 200_000)
	}
	if o.requests < 1 || o.rounds < 1 || o.keys < 1 {
		return o, errors.New("-n, -rounds and -keys must be positive")
	}
	o.servers = splitList(*servers)
	for i, name := range o.servers {
		if !slices.Contains([]string{target.Redis, target.Valkey, target.Respect}, name) || slices.Contains(o.servers[:i], name) {
			return o, fmt.Errorf("-servers: %q is unknown or named twice", name)
		}
	}
	if len(o.servers) < 2 {
		return o, errors.New("-servers: a reference and another server are needed")
	}
	var err error
	o.workloads, o.extras, err = selectWorkloads(splitList(*names))
	return o, err
}

func splitList(s string) []string {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// errMissing means that the machine lacks something that the program needs.
var errMissing = errors.New("missing")

// findTools returns the path of redis-benchmark.
func findTools() (string, error) {
	path, err := exec.LookPath("redis-benchmark")
	if err != nil {
		return "", fmt.Errorf("%w: redis-benchmark (Debian: redis-tools)", errMissing)
	}
	if _, err := usageOf(os.Getpid()); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: /proc of Linux", errMissing)
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// run measures everything and prints it. What it started has ended, and what it
// wrote is removed, when it returns.
func run(ctx context.Context, o options) (err error) {
	b := &bench{options: o, programs: map[string]string{}, versions: map[string]string{}}
	if b.client, err = findTools(); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	for _, name := range o.servers {
		if b.programs[name], err = program(ctx, name, b.dir); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{b.runWorkloads, b.runIdle, b.runMemory, b.runFiles, b.runSnapshot, b.runAppend} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			return err
		}
	}
	r := b.report()
	fmt.Print(r.markdown())
	return r.writeJSON(o.jsonFile)
}

// program returns the path of a server's program; ours is built into dir.
func program(ctx context.Context, name, dir string) (string, error) {
	if name == target.Respect {
		return target.Build(ctx, dir)
	}
	return target.Find(name)
}

// writeJSON writes the report to the file, if there is one.
func (r report) writeJSON(file string) error {
	if file == "" {
		return nil
	}
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(out, '\n'), 0o644)
}
