package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/target"
)

// bench holds what is known so far.
type bench struct {
	options
	client   string            // path of redis-benchmark
	dir      string            // for our program and the RDB file
	programs map[string]string // path by server
	versions map[string]string // by server
	results  []result
}

// clientTimeout bounds one run of redis-benchmark, which does not give up by itself
// when its server has gone.
const clientTimeout = 2 * time.Minute

// inTurn calls measure for each server in each round, and turns their order round
// after round, so that none always comes first.
func (b *bench) inTurn(measure func(server string) error) error {
	for round := range b.rounds {
		order := slices.Clone(b.servers)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, name := range order {
			if err := measure(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// runWorkloads drives the servers with redis-benchmark. They all run all the time,
// idle except for the one that is measured.
func (b *bench) runWorkloads(ctx context.Context) (err error) {
	if len(b.workloads) == 0 {
		return nil
	}
	running := map[string]*server{}
	for _, name := range b.servers {
		s, err := b.startServer(ctx, name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
		if err := s.fillKeys(keyspan, "xxx"); err != nil {
			return err
		}
		running[name] = s
	}
	for _, w := range b.workloads {
		progress("%s", w)
		rps := newResult(w.String(), "throughput", "requests/s", w.throughputAim())
		cpu := newResult(w.String(), "cpu per request", "µs", w.cpuAim())
		err := b.inTurn(func(name string) error {
			r, c, err := b.runOnce(ctx, running[name], w)
			rps.add(name, r)
			cpu.add(name, c)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", w, err)
		}
		b.results = append(b.results, rps, cpu)
	}
	return nil
}

// runOnce returns the requests per second of one run, and the CPU time that the
// server used for each, in microseconds.
func (b *bench) runOnce(ctx context.Context, s *server, w workload) (rps, cpu float64, err error) {
	n := w.requests(b.requests)
	switch w.lists {
	case listEmpty:
		err = s.fillList(0)
	case listShort:
		err = s.fillList(shortList)
	case listFull:
		err = s.fillList(n)
	}
	if err != nil {
		return 0, 0, err
	}
	before, err := usageOf(s.pid)
	if err != nil {
		return 0, 0, err
	}
	if rps, err = b.drive(ctx, s.Addr, w, n); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", s.name, err)
	}
	after, err := usageOf(s.pid)
	if err != nil {
		return 0, 0, err
	}
	// Less than a tick cannot be told from nothing, and must not be divided by.
	used := max(after.cpu-before.cpu, tick)
	return rps, float64(used.Nanoseconds()) / 1e3 / float64(n), nil
}

// drive runs redis-benchmark and returns the requests per second that it reports.
func (b *bench) drive(ctx context.Context, addr string, w workload, n int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	host, port, _ := strings.Cut(addr, ":")
	args := []string{"-h", host, "-p", port, "--csv", "-c", "50",
		"-n", strconv.Itoa(n), "-r", strconv.Itoa(keyspan), "-P", strconv.Itoa(w.pipeline)}
	cmd := exec.CommandContext(ctx, b.client, append(args, w.command...)...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", err, complaints.String())
	}
	return parseBenchmark(string(out))
}

// parseBenchmark reads what redis-benchmark prints with --csv: a head line, and a
// line whose second field is the number of requests per second.
func parseBenchmark(out string) (float64, error) {
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w", err)
	}
	if len(rows) != 2 || len(rows[0]) < 2 || rows[0][1] != "rps" {
		return 0, fmt.Errorf("unexpected output of redis-benchmark: %q", out)
	}
	rps, err := strconv.ParseFloat(rows[1][1], 64)
	if err != nil || !(rps > 0) {
		return 0, fmt.Errorf("redis-benchmark reports %q requests per second", rows[1][1])
	}
	return rps, nil
}

// runMemory measures the resident memory per key of strings.
func (b *bench) runMemory(ctx context.Context) error {
	if !slices.Contains(b.extras, extraMemory) {
		return nil
	}
	for _, size := range []int{3, 32} {
		what := fmt.Sprintf("memory, %d-byte values", size)
		progress("%s", what)
		r := newResult(what, "resident memory", "bytes/key", aim{atMost: 1.1})
		// It hardly varies, so one round is enough.
		for _, name := range b.servers {
			perKey, err := b.memoryOnce(ctx, name, strings.Repeat("x", size))
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			r.add(name, perKey)
		}
		b.results = append(b.results, r)
	}
	return nil
}

func (b *bench) memoryOnce(ctx context.Context, name, value string) (perKey float64, err error) {
	s, err := b.startServer(ctx, name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	before, err := settledMemory(ctx, s.pid)
	if err != nil {
		return 0, err
	}
	if err := s.fillKeys(b.keys, value); err != nil {
		return 0, err
	}
	after, err := settledMemory(ctx, s.pid)
	return float64(after-before) / float64(b.keys), err
}

// Resident memory counts as settled once it stays within one part in settledPart
// for settledFor; whatever it is after settledLimit counts too.
const (
	settledPart  = 200
	settledFor   = 1500 * time.Millisecond
	settledLimit = 15 * time.Second
	settledEvery = 100 * time.Millisecond
)

// settledMemory waits until a server has given back what it only needed for a while,
// and returns its resident memory in bytes.
func settledMemory(ctx context.Context, pid int) (int64, error) {
	every := time.NewTicker(settledEvery)
	defer every.Stop()
	limit := time.After(settledLimit)
	var level int64
	since := time.Now()
	for {
		u, err := usageOf(pid)
		if err != nil {
			return 0, err
		}
		if moved := max(u.resident-level, level-u.resident); moved > level/settledPart {
			level, since = u.resident, time.Now()
		}
		if time.Since(since) >= settledFor {
			return u.resident, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-limit:
			return u.resident, nil
		case <-every.C:
		}
	}
}

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

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
