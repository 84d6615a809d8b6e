package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/target"
)

// fileCases are the data sets that are saved and loaded: what each is made of, how it is
// filled, and by what its size is divided.
var fileCases = []struct {
	name    string
	request func(i int) []string
	part    int // the number of requests is divided by it
}{
	{"small strings", func(i int) []string { return []string{"SET", memoryKey(i), strings.Repeat("x", 32)} }, 1},
	{"small hashes", func(i int) []string {
		return []string{"HSET", memoryKey(i), "name", element(i), "age", strconv.Itoa(i % 100), "city", "Berlin"}
	}, 1},
	{"one sorted set", func(i int) []string { return []string{"ZADD", "zset", strconv.Itoa(i * 7 % 1_000_003), element(i)} }, 1},
	{"one stream", func(i int) []string { return logEntry("stream", i) }, 10},
}

// fileAim is what our server is to reach of the time and of the CPU time of the reference.
var fileAim = aim{atMost: 1.0}

// runFiles measures SAVE, and the start of a server on an RDB file that a real one has
// written, with several data sets.
func (b *bench) runFiles(ctx context.Context) error {
	if !slices.Contains(b.extras, extraLoad) {
		return nil
	}
	for i, c := range fileCases {
		progress("files of %s", c.name)
		dir := filepath.Join(b.dir, fmt.Sprintf("rdb%d", i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		f := fileBench{bench: b, dir: dir, elements: b.keys / c.part}
		if err := f.write(ctx, c.request); err != nil {
			return fmt.Errorf("writing an RDB file of %s: %w", c.name, err)
		}
		for _, m := range []struct {
			verb string
			once timing
		}{{"save ", f.saveOnce}, {"load ", f.loadOnce}} {
			if err := f.measure(ctx, m.verb+c.name, m.once); err != nil {
				return err
			}
		}
	}
	return nil
}

// fileBench measures with one file.
type fileBench struct {
	*bench
	dir      string
	params   []target.Param // of each server, besides dir
	elements int
	keys     int64 // in the file
}

// timing does something once with a server, and tells how long it took.
type timing func(ctx context.Context, name string) (elapsed, cpu time.Duration, err error)

// measure times what once does with each server.
func (f *fileBench) measure(ctx context.Context, what string, once timing) error {
	elapsed, cpu := newResult(what, "time", "ms", fileAim), newResult(what, "cpu time", "ms", fileAim)
	return f.runPair(elapsed, cpu, func(name string) (float64, float64, error) {
		e, c, err := once(ctx, name)
		return milliseconds(e), milliseconds(c), err
	})
}

// start starts a server on the file.
func (f *fileBench) start(ctx context.Context, name string, more ...target.Param) (*server, error) {
	params := slices.Concat([]target.Param{{Name: "dir", Value: f.dir}}, f.params, more)
	return f.startServer(ctx, name, params...)
}

// write lets a real server write the file: the reference, unless that is ours.
func (f *fileBench) write(ctx context.Context, request func(i int) []string) (err error) {
	author := f.servers[slices.IndexFunc(f.servers, func(name string) bool { return name != target.Respect })]
	s, err := f.start(ctx, author)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.fill(f.elements, request); err != nil {
		return err
	}
	keys, err := s.do("DBSIZE")
	if err != nil {
		return err
	}
	f.keys, _ = keys.Int()
	_, err = s.do("SAVE")
	return err
}

// loadOnce returns the time from the start of a server until it answers PING, and
// the CPU time that it used.
func (f *fileBench) loadOnce(ctx context.Context, name string) (elapsed, cpu time.Duration, err error) {
	start := time.Now()
	s, err := f.start(ctx, name)
	elapsed = time.Since(start)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.Info.Keys != f.keys {
		return 0, 0, fmt.Errorf("%s loaded %d of %d keys", name, s.Info.Keys, f.keys)
	}
	u, err := usageOf(s.pid)
	return elapsed, u.cpu, err
}

// saveOnce returns the time that SAVE takes, and the CPU time of the server meanwhile. The
// file stands beside the one that is loaded.
func (f *fileBench) saveOnce(ctx context.Context, name string) (elapsed, cpu time.Duration, err error) {
	s, err := f.start(ctx, name, target.Param{Name: "enable-protected-configs", Value: "yes"})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := s.do("CONFIG", "SET", "dbfilename", "saved.rdb"); err != nil {
		return 0, 0, err
	}
	before, err := usageOf(s.pid)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if _, err := s.do("SAVE"); err != nil {
		return 0, 0, err
	}
	elapsed = time.Since(start)
	after, err := usageOf(s.pid)
	return elapsed, after.cpu - before.cpu, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }
