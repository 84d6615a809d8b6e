package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
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
	defer func() {
		for _, s := range running {
			err = errors.Join(err, s.close())
		}
	}()
	for _, name := range b.servers {
		s, err := b.startServer(ctx, name)
		if err != nil {
			return err
		}
		running[name] = s
		if err := s.fillKeys(keyspan, "xxx"); err != nil {
			return err
		}
	}
	for _, w := range b.workloads {
		err := b.runWorkload(w, w.throughputAim(), func(name string) (rps, cpu float64, err error) {
			return b.runOnce(ctx, running[name], w)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// runWorkload measures the throughput of a workload and the CPU time for each request.
func (b *bench) runWorkload(w workload, throughput aim, once func(server string) (rps, cpu float64, err error)) error {
	progress("%s", w)
	rps := newResult(w.String(), "throughput", "requests/s", throughput)
	cpu := newResult(w.String(), "cpu per request", "µs", w.cpuAim())
	return b.runPair(rps, cpu, once)
}

// runPair measures two things at once and keeps the results.
func (b *bench) runPair(first, second result, once func(server string) (x, y float64, err error)) error {
	err := b.inTurn(func(name string) error {
		x, y, err := once(name)
		first.add(name, x)
		second.add(name, y)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", first.workload, err)
	}
	b.results = append(b.results, first, second)
	return nil
}

// runOnce returns the requests per second of one run, and the CPU time that the
// server used for each, in microseconds.
func (b *bench) runOnce(ctx context.Context, s *server, w workload) (rps, cpu float64, err error) {
	n := w.requests(b.requests)
	if err := s.prepare(w.data, n); err != nil {
		return 0, 0, err
	}
	cpu, err = s.cpuPerRequest(n, func() (err error) {
		switch {
		case w.turn != nil:
			rps, err = converse(ctx, s.Target, w, n)
		case w.subscribers > 0:
			rps, err = b.publish(ctx, s, w, n)
		default:
			rps, err = b.drive(ctx, s.Addr, w, n)
		}
		return err
	})
	return rps, cpu, err
}

// cpuPerRequest returns the CPU time in microseconds that the server uses for each of
// the n requests of a run.
func (s *server) cpuPerRequest(n int, run func() error) (float64, error) {
	before, err := usageOf(s.pid)
	if err != nil {
		return 0, err
	}
	if err := run(); err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	after, err := usageOf(s.pid)
	if err != nil {
		return 0, err
	}
	// Less than a tick cannot be told from nothing, and must not be divided by.
	used := max(after.cpu-before.cpu, tick)
	return float64(used.Nanoseconds()) / 1e3 / float64(n), nil
}

// drive runs redis-benchmark and returns the requests per second that it reports.
func (b *bench) drive(ctx context.Context, addr string, w workload, n int) (float64, error) {
	report, err := b.benchmark(ctx, addr, w, n)
	return report["rps"], err
}

// benchmark runs redis-benchmark and returns what it reports.
func (b *bench) benchmark(ctx context.Context, addr string, w workload, n int) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	host, port, _ := strings.Cut(addr, ":")
	args := []string{"-h", host, "-p", port, "--csv", "-c", strconv.Itoa(w.clients()),
		"-n", strconv.Itoa(n), "-r", strconv.Itoa(keyspan), "-P", strconv.Itoa(w.pipeline)}
	if w.command == nil {
		args = append(args, "-t", strings.ToLower(w.name))
	}
	cmd := exec.CommandContext(ctx, b.client, append(args, w.command...)...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("redis-benchmark: %w: %s", err, complaints.String())
	}
	return parseBenchmark(string(out))
}

// parseBenchmark reads what redis-benchmark prints with --csv: a head line, and a
// line with the name of the test and numbers: requests per second, and latencies in
// milliseconds.
func parseBenchmark(out string) (map[string]float64, error) {
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("redis-benchmark: %w", err)
	}
	if len(rows) != 2 || len(rows[0]) < 2 || rows[0][1] != "rps" {
		return nil, fmt.Errorf("unexpected output of redis-benchmark: %q", out)
	}
	report := map[string]float64{}
	for i, name := range rows[0][1:] {
		text := rows[1][i+1]
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || !(n >= 0) || name == "rps" && n == 0 {
			return nil, fmt.Errorf("redis-benchmark reports %q as %s", text, name)
		}
		report[name] = n
	}
	return report, nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
