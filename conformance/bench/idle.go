package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"syscall"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// idleConnections is how many connections are open without asking for anything.
const idleConnections = 10_000

// errMachine means that the machine does not let a measurement take place.
var errMachine = errors.New("the machine does not allow it")

// runIdle measures what connections cost that are open and silent, and how other
// clients are served beside them. The servers run one after the other: both ends of so
// many connections are open files.
func (b *bench) runIdle(ctx context.Context) error {
	if !slices.Contains(b.extras, extraIdle) {
		return nil
	}
	name := fmt.Sprintf("%d idle connections", idleConnections)
	progress("%s", name)
	rps := newResult("GET beside "+name, "throughput", "requests/s", aim{})
	cpu := newResult("GET beside "+name, "cpu per request", "µs", aim{atMost: 1})
	p50 := newResult("GET beside "+name, "median latency", "µs", aim{})
	p99 := newResult("GET beside "+name, "latency of 99 %", "µs", aim{})
	memory := newResult(name, "resident memory", "bytes/connection", aim{atMost: 1})
	err := b.inTurn(func(server string) error {
		m, err := b.idleOnce(ctx, server)
		rps.add(server, m.report["rps"])
		cpu.add(server, m.cpu)
		p50.add(server, m.report["p50_latency_ms"]*1e3)
		p99.add(server, m.report["p99_latency_ms"]*1e3)
		memory.add(server, m.memory)
		return err
	})
	if errors.Is(err, errMachine) {
		progress("%s: skipped: %v", name, err)
		return nil
	}
	b.results = append(b.results, rps, cpu, p50, p99, memory)
	return err
}

// idleRun is what one server did beside idle connections.
type idleRun struct {
	memory float64            // bytes for each of them
	cpu    float64            // microseconds for each request of GET
	report map[string]float64 // of redis-benchmark
}

func (b *bench) idleOnce(ctx context.Context, name string) (m idleRun, err error) {
	const spare = 1000 // connections for everything else
	s, err := b.startServer(ctx, name, target.Param{Name: "maxclients", Value: strconv.Itoa(idleConnections + spare)})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.fillKeys(keyspan, "xxx"); err != nil {
		return m, err
	}
	v, err := s.do("CONFIG", "GET", "maxclients")
	if err != nil {
		return m, err
	}
	if n, err := strconv.Atoi(string(v.Elems[1].Text)); err != nil || n < idleConnections+spare {
		return m, fmt.Errorf("%w: %s takes only %s clients", errMachine, name, v.Elems[1].Text)
	}
	before, err := settledMemory(ctx, s.pid)
	if err != nil {
		return m, err
	}
	conns, err := openIdle(ctx, s)
	defer func() {
		for _, conn := range conns {
			_ = conn.Close() // nothing is lost with it
		}
	}()
	if err != nil {
		return m, err
	}
	after, err := settledMemory(ctx, s.pid)
	if err != nil {
		return m, err
	}
	m.memory = float64(after-before) / idleConnections
	get := workload{name: "GET", command: words("GET key:" + placeholder), pipeline: 1}
	m.cpu, err = s.cpuPerRequest(b.requests, func() (err error) {
		m.report, err = b.benchmark(ctx, s.Addr, get, b.requests)
		return err
	})
	return m, err
}

// openIdle opens the connections. Each asks once for something, as those of a pool
// have.
func openIdle(ctx context.Context, s *server) (conns []net.Conn, err error) {
	ping := resp.Request("PING")
	pong := make([]byte, len("+PONG\r\n"))
	for range idleConnections {
		conn, err := s.Dial(ctx)
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.EADDRNOTAVAIL) {
			return conns, fmt.Errorf("%w: after %d connections: %w", errMachine, len(conns), err)
		}
		if err != nil {
			return conns, err
		}
		conns = append(conns, conn)
		if _, err := conn.Write(ping); err != nil {
			return conns, err
		}
		if n, err := io.ReadFull(conn, pong); err != nil || string(pong) != "+PONG\r\n" {
			return conns, fmt.Errorf("%s answers PING with %q: %w", s.name, pong[:n], err)
		}
	}
	return conns, nil
}
