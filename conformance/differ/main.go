package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"respect/conformance/differ/duel"
	"respect/conformance/differ/stream"
	"respect/conformance/target"
)

// options are what the flags say.
type options struct {
	servers     []string
	groups      []string
	commands    []string
	seed        uint64
	stream      int
	requests    int
	length      int
	several     int
	duration    time.Duration
	keepGoing   bool
	limit       int
	transcripts string
}

func main() {
	// A reader of the output that leaves must not leave the servers behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	o, err := parseFlags()
	found := false
	if err == nil {
		found, err = run(ctx, o)
	}
	stop()
	switch {
	case errors.Is(err, target.ErrNotInstalled):
		fmt.Fprintln(os.Stderr, "differ: skipped:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "differ:", err)
		os.Exit(2)
	case found:
		os.Exit(1)
	}
}

func parseFlags() (options, error) {
	var o options
	servers := flag.String("servers", target.Respect+","+target.Redis, "the two `servers`: redis, valkey, respect, host:port, or the path of a program")
	groups := flag.String("groups", "", "only commands of these `groups`")
	commands := flag.String("commands", "", "half of all requests are these `commands`")
	flag.Uint64Var(&o.seed, "seed", 0, "of the random streams; 0 for a fresh one")
	flag.IntVar(&o.stream, "stream", -1, "the only stream, or the first one with -n or -duration")
	flag.IntVar(&o.requests, "n", 0, "stop after so many requests")
	flag.IntVar(&o.length, "length", stream.DefaultLength, "requests of a stream")
	flag.IntVar(&o.several, "several", stream.DefaultSeveral, "one in so many streams has several connections; 0 for none")
	flag.DurationVar(&o.duration, "duration", 0, "stop after so long")
	flag.BoolVar(&o.keepGoing, "keep-going", false, "collect distinct differences")
	flag.IntVar(&o.limit, "limit", 20, "how many differences to collect")
	flag.StringVar(&o.transcripts, "transcripts", "", "write each difference to a file in this `directory`")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	o.servers, o.groups, o.commands = splitList(*servers), splitList(*groups), splitList(strings.ToLower(*commands))
	if len(o.servers) != 2 {
		return o, errors.New("-servers: two servers are needed")
	}
	for _, g := range o.groups {
		if !slices.Contains(stream.Groups, g) {
			return o, fmt.Errorf("-groups: %q is none of %s", g, strings.Join(stream.Groups, ", "))
		}
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1 << 32)
	}
	if o.requests == 0 && o.duration == 0 && o.stream < 0 {
		o.duration = 10 * time.Second
	}
	return o, nil
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

// run compares the servers and prints what it finds. What it started has ended when
// it returns.
func run(ctx context.Context, o options) (found bool, err error) {
	builds, err := os.MkdirTemp("", "differ-")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(builds)) }()
	var opponents []duel.Opponent
	for _, name := range o.servers {
		p, err := opponent(ctx, name, builds)
		if err != nil {
			return false, errors.Join(err, closeAll(opponents))
		}
		opponents = append(opponents, p)
	}
	d, err := duel.New(ctx, opponents[0], opponents[1])
	if err != nil {
		return false, errors.Join(err, closeAll(opponents))
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	all, err := stream.Commands(d.Release())
	if err != nil {
		return false, err
	}
	commands := stream.Select(all, d.Has, o.groups)
	all = stream.Select(all, d.Has, nil)
	fmt.Printf("%v against %v: seed %d, %d commands\n", opponents[0].Info, opponents[1].Info, o.seed, len(commands))
	generator := stream.Options{
		Seed: o.seed, Commands: commands, Focus: o.commands, Config: d.Config(), Length: o.length,
		Transactions: d.Has("multi"), Several: o.several,
	}
	if generator.Payloads, err = d.Payloads(ctx, stream.New(stream.Options{Seed: 1, Commands: all, Config: d.Config()})); err != nil {
		return false, err
	}
	result, err := d.Run(ctx, o.duel(generator))
	if result != nil {
		found = o.summarize(result)
	}
	return found, err
}

func closeAll(list []duel.Opponent) error {
	var err error
	for _, p := range list {
		err = errors.Join(err, p.Close())
	}
	return err
}

// opponent starts a server, or connects to one that is there.
func opponent(ctx context.Context, name, builds string) (duel.Opponent, error) {
	start := func(ctx context.Context) (*target.Target, error) { return target.StartProgram(ctx, name, duel.Socket) }
	switch {
	case name == target.Redis || name == target.Valkey:
		start = func(ctx context.Context) (*target.Target, error) { return target.Start(ctx, name, duel.Socket) }
	case name == target.Respect:
		path, err := target.Build(ctx, builds)
		if err != nil {
			return duel.Opponent{}, err
		}
		start = func(ctx context.Context) (*target.Target, error) { return target.StartProgram(ctx, path, duel.Socket) }
	case strings.Contains(name, "/"):
	default:
		t, err := target.Connect(ctx, target.Access{Addr: name})
		if err == nil && t.Info.Keys > 0 {
			err = fmt.Errorf("the server at %s holds %d keys, which would be deleted", name, t.Info.Keys)
		}
		return duel.Opponent{Target: t}, err
	}
	t, err := start(ctx)
	return duel.Opponent{Target: t, Restart: start}, err
}

// duel translates the options.
func (o *options) duel(generator stream.Options) duel.Options {
	out := duel.Options{
		Generator: stream.New(generator),
		First:     uint64(max(o.stream, 0)), Requests: o.requests, Duration: o.duration,
		Found: o.report,
	}
	if o.stream >= 0 && o.requests == 0 && o.duration == 0 {
		out.Streams = 1
	}
	if o.keepGoing {
		out.Limit = o.limit
	}
	return out
}

// again are the flags that show a difference again.
func (o *options) again(d *duel.Difference) string {
	s := fmt.Sprintf("-servers %s -seed %d -stream %d", strings.Join(o.servers, ","), o.seed, d.Stream.Number)
	if len(o.groups) > 0 {
		s += " -groups " + strings.Join(o.groups, ",")
	}
	if len(o.commands) > 0 {
		s += " -commands " + strings.Join(o.commands, ",")
	}
	if o.several != stream.DefaultSeveral {
		s += fmt.Sprintf(" -several %d", o.several)
	}
	if o.length != stream.DefaultLength {
		s += fmt.Sprintf(" -length %d", o.length)
	}
	return s
}

// report prints a difference, or writes it to a file.
func (o *options) report(d *duel.Difference) {
	text := d.Transcript(o.again(d))
	if d.Log != "" {
		text += "\n" + d.Log
	}
	fmt.Printf("\n%s\n", text)
	if o.transcripts == "" {
		return
	}
	path, err := fileFor(o.transcripts, d.Command())
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "differ:", err)
	}
}

// fileFor returns a path that does not exist yet.
func fileFor(dir, command string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	command = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, command)
	for n := 1; ; n++ {
		path := fmt.Sprintf("%s/%s-%d.txt", dir, command, n)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", err
		}
	}
}

// summarize prints what was done, which rules and tolerances were needed, and last, where
// nobody cuts it off, what was found. A difference among several connections that does not
// come again may be one of the moment in which something arrived; it is printed, and that
// is all.
func (o *options) summarize(r *duel.Result) (found bool) {
	rate := float64(r.Requests) / r.Elapsed.Seconds()
	fmt.Printf("%d requests in %d streams, %.0f per second; %d differences, %d seen again\n",
		r.Requests, r.Streams, rate, len(r.Differences), r.Repeated)
	for _, line := range r.Usage.Lines() {
		fmt.Println(line)
	}
	for _, d := range r.Differences {
		kind := "difference"
		if !d.Shrunk && d.Failed == nil && d.Stream.Connections > 0 {
			kind = "seen once"
		} else {
			found = true
		}
		fmt.Printf("%s: %s: %s; %s\n", kind, d.Key(), d.Problem, o.again(d))
	}
	return found
}
