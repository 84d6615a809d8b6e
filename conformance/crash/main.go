package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"respect/conformance/crash/life"
	"respect/conformance/target"
)

// options are what the flags say.
type options struct {
	server   string
	policies []life.Policy
	lives    int
	duration time.Duration
	longest  time.Duration
	writers  int
	seed     uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o, err := parseFlags()
	if err == nil {
		err = run(ctx, o)
	}
	stop()
	switch {
	case errors.Is(err, target.ErrNotInstalled):
		fmt.Fprintln(os.Stderr, "crash: skipped:", err)
	case err != nil:
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

func parseFlags() (options, error) {
	var o options
	flag.StringVar(&o.server, "server", target.Respect, "`server` to kill: redis, valkey, respect, or the path of a program")
	policies := flag.String("policies", "always,everysec,no,rdb", "values of appendfsync, and rdb for no append only file")
	flag.IntVar(&o.lives, "lives", 0, "how often to kill with each policy; 0 for as often as the time allows")
	flag.DurationVar(&o.duration, "duration", 30*time.Second, "for all policies together")
	flag.DurationVar(&o.longest, "longest", 400*time.Millisecond, "`time` that a life lasts")
	flag.IntVar(&o.writers, "writers", 8, "clients that write")
	flag.Uint64Var(&o.seed, "seed", 0, "of what is random; 0 for a fresh one")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1 << 32)
	}
	for name := range strings.SplitSeq(*policies, ",") {
		switch p := life.Policy(name); p {
		case life.Always, life.Everysec, life.No, life.RDB:
			o.policies = append(o.policies, p)
		default:
			return o, fmt.Errorf("-policies: %q is none of always, everysec, no, rdb", name)
		}
	}
	return o, nil
}

func run(ctx context.Context, o options) (err error) {
	builds, err := os.MkdirTemp("", "crash-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(builds)) }()
	var program string
	if o.server == target.Respect {
		program, err = target.Build(ctx, builds)
	} else {
		program, err = target.Find(o.server)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s, seed %d\n", filepath.Base(program), o.seed)
	for _, p := range o.policies {
		if err := runPolicy(ctx, program, p, o); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

// runPolicy kills with one policy.
func runPolicy(ctx context.Context, program string, p life.Policy, o options) error {
	server, err := target.StartProgram(ctx, program, p.Params()...)
	if err != nil {
		return err
	}
	r := life.New(server, life.Options{Policy: p, Seed: o.seed, Writers: o.writers, Longest: o.longest})
	began := time.Now()
	for ctx.Err() == nil && (o.lives == 0 || r.Stats.Lives < o.lives) && time.Since(began) < o.duration/time.Duration(len(o.policies)) {
		if err := r.Life(ctx); err != nil {
			return fmt.Errorf("%w\nkilled %d times before; the files are in %s", err, r.Stats.Lives, r.Abandon())
		}
	}
	s := r.Stats
	fmt.Printf("%-8s  killed %d times, %d of them when files changed; %d changes acknowledged, %d rewrites and %d foreground saves begun; nothing lost that was promised\n",
		p, s.Lives, s.AtFiles, s.Acknowledged, s.Rewrites, s.Saves)
	return r.Close()
}
