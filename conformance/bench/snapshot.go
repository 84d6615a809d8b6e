package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"respect/conformance/resp"
)

// What is done to a server while it saves in the background.
const (
	snapshotFactor  = 2 // times -keys
	snapshotWriters = 2 // connections that set keys, in pipelines
	snapshotProbes  = 4 // connections that get and set one key after the other
)

// snapshotUse is what one BGSAVE under load comes to.
type snapshotUse struct {
	grown   float64 // memory, in percent of what there was
	p999    float64 // of a request, in ms
	elapsed time.Duration
}

// runSnapshot measures BGSAVE while all keys are being overwritten: how much more memory is
// used, which is what Redis copies on write, and how long others wait.
func (b *bench) runSnapshot(ctx context.Context) error {
	if !slices.Contains(b.extras, extraSnapshot) {
		return nil
	}
	progress("bgsave under load")
	memory := newResult("BGSAVE under load", "memory growth", "%", aim{})
	latency := newResult("BGSAVE under load", "p99.9 of GET and SET", "ms", aim{atMost: 1.0})
	elapsed := newResult("BGSAVE under load", "time", "ms", aim{})
	err := b.inTurn(func(name string) error {
		use, err := b.snapshotOnce(ctx, name)
		memory.add(name, use.grown)
		latency.add(name, use.p999)
		elapsed.add(name, milliseconds(use.elapsed))
		return err
	})
	b.results = append(b.results, memory, latency, elapsed)
	return err
}

func (b *bench) snapshotOnce(ctx context.Context, name string) (use snapshotUse, err error) {
	s, err := b.startServer(ctx, name)
	if err != nil {
		return use, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	keys := b.keys * snapshotFactor
	if err := s.fillKeys(keys, strings.Repeat("x", 32)); err != nil {
		return use, err
	}
	before, err := settledMemory(ctx, s.pid)
	if err != nil {
		return use, err
	}
	load := &snapshotLoad{bench: b, server: s, keys: keys}
	load.start(ctx)
	began := time.Now()
	peak, err := s.saveAndWatch(ctx)
	use.elapsed = time.Since(began)
	latencies, loadErr := load.end()
	if err = errors.Join(err, loadErr); err != nil {
		return use, err
	}
	copied, err := s.infoNumber("persistence", "rdb_last_cow_size")
	if err != nil {
		return use, err
	}
	use.grown = 100 * float64(max(peak-before, copied)) / float64(before)
	slices.Sort(latencies)
	use.p999 = milliseconds(latencies[len(latencies)*999/1000])
	return use, nil
}

// saveAndWatch saves in the background and returns the most memory that was resident.
func (s *server) saveAndWatch(ctx context.Context) (peak int64, err error) {
	if _, err := s.do("BGSAVE"); err != nil {
		return 0, err
	}
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for {
		u, err := usageOf(s.pid)
		if err != nil {
			return 0, err
		}
		peak = max(peak, u.resident)
		if saving, err := s.infoNumber("persistence", "rdb_bgsave_in_progress"); err != nil || saving == 0 {
			return peak, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-every.C:
		}
	}
}

// infoNumber reads a field of INFO.
func (s *server) infoNumber(section, field string) (int64, error) {
	info, err := s.do("INFO", section)
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^` + field + `:(\d+)`).FindSubmatch(info.Text)
	if found == nil {
		return 0, fmt.Errorf("%s: INFO has no number %s", s.name, field)
	}
	return strconv.ParseInt(string(found[1]), 10, 64)
}

// snapshotLoad is what goes on while a server saves.
type snapshotLoad struct {
	*bench
	server *server
	keys   int

	stop      atomic.Bool
	clients   sync.WaitGroup
	mu        sync.Mutex
	latencies []time.Duration
	err       error
}

func (l *snapshotLoad) start(ctx context.Context) {
	for range snapshotWriters {
		l.clients.Go(func() { l.note(nil, l.client(ctx, pipelineDepth, nil)) })
	}
	for range snapshotProbes {
		l.clients.Go(func() {
			var seen []time.Duration
			err := l.client(ctx, 1, &seen)
			l.note(seen, err)
		})
	}
}

func (l *snapshotLoad) note(latencies []time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latencies = append(l.latencies, latencies...)
	l.err = errors.Join(l.err, err)
}

// client sends requests for random keys until the load ends, so many at a time.
func (l *snapshotLoad) client(ctx context.Context, depth int, latencies *[]time.Duration) error {
	conn, err := l.server.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return err
	}
	in := resp.NewDecoder(conn)
	value := strings.Repeat("y", 32)
	var out []byte
	for i := 0; !l.stop.Load(); i++ {
		out = out[:0]
		for range depth {
			key := memoryKey(rand.IntN(l.keys))
			if depth == 1 && i%2 == 0 {
				out = append(out, resp.Request("GET", key)...)
			} else {
				out = append(out, resp.Request("SET", key, value)...)
			}
		}
		began := time.Now()
		if _, err := conn.Write(out); err != nil {
			return err
		}
		for range depth {
			if _, err := in.Decode(); err != nil {
				return err
			}
		}
		if latencies != nil {
			*latencies = append(*latencies, time.Since(began))
		}
	}
	return nil
}

// end ends the load and returns how long the single requests took.
func (l *snapshotLoad) end() ([]time.Duration, error) {
	l.stop.Store(true)
	l.clients.Wait()
	if l.err == nil && len(l.latencies) == 0 {
		l.err = errors.New("no request was answered while the server saved")
	}
	return l.latencies, l.err
}
