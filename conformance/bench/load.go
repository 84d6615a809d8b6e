package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"respect/conformance/target"
)

// runLoad measures the start of a server on an RDB file that a real one has written.
func (b *bench) runLoad(ctx context.Context) error {
	if !slices.Contains(b.extras, extraLoad) {
		return nil
	}
	progress("load")
	dir := filepath.Join(b.dir, "rdb")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := b.writeRDB(ctx, dir); err != nil {
		return fmt.Errorf("writing the RDB file: %w", err)
	}
	elapsed := newResult("load RDB file", "time until PONG", "ms", aim{})
	cpu := newResult("load RDB file", "cpu time", "ms", aim{})
	err := b.inTurn(func(name string) error {
		e, c, err := b.loadOnce(ctx, name, dir)
		elapsed.add(name, milliseconds(e))
		cpu.add(name, milliseconds(c))
		return err
	})
	b.results = append(b.results, elapsed, cpu)
	return err
}

// writeRDB lets a real server write dump.rdb: the reference, unless that is ours.
func (b *bench) writeRDB(ctx context.Context, dir string) (err error) {
	author := b.servers[slices.IndexFunc(b.servers, func(name string) bool { return name != target.Respect })]
	s, err := b.startServer(ctx, author, target.Param{Name: "dir", Value: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.fillKeys(b.keys, strings.Repeat("x", 32)); err != nil {
		return err
	}
	_, err = s.do("SAVE")
	return err
}

// loadOnce returns the time from the start of a server until it answers PING, and
// the CPU time that it used.
func (b *bench) loadOnce(ctx context.Context, name, dir string) (elapsed, cpu time.Duration, err error) {
	start := time.Now()
	s, err := b.startServer(ctx, name, target.Param{Name: "dir", Value: dir})
	elapsed = time.Since(start)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.Info.Keys != int64(b.keys) {
		return 0, 0, fmt.Errorf("%s loaded %d of %d keys", name, s.Info.Keys, b.keys)
	}
	u, err := usageOf(s.pid)
	return elapsed, u.cpu, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
