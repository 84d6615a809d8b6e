package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzzall:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	fuzzTime := flag.Duration("time", 5*time.Second, "how long each target runs")
	skip := flag.String("skip", "", "leave out the targets whose package.Name matches this `regexp`")
	flag.Parse()
	if *fuzzTime <= 0 {
		return errors.New("-time must be positive")
	}
	skipped, err := regexp.Compile(*skip)
	if err != nil {
		return fmt.Errorf("-skip: %w", err)
	}
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	packages, err := findTargets(ctx, patterns)
	if err != nil {
		return err
	}
	f := &fuzzer{time: *fuzzTime}
	if *skip != "" {
		f.skip = skipped
	}
	if f.cache, err = cacheDir(ctx); err != nil {
		return err
	}
	if f.dir, err = os.MkdirTemp("", "fuzzall-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(f.dir)) }()
	for _, p := range packages {
		if err := f.runPackage(ctx, p); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			return err
		}
	}
	if f.count == 0 {
		return errors.New("no fuzz target")
	}
	return nil
}
