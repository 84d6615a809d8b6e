package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"respect/conformance/target"
)

// The append only file: what keeping it costs, by appendfsync, and loading it.

// policies are the values of appendfsync, and by how much the requests of a run are divided,
// as a disk may take a millisecond for each fsync.
var policies = []struct {
	name   string
	weight int
}{{"no", 1}, {"everysec", 1}, {"always", 10}}

// keepsFile are the parameters of a server that keeps an append only file, which is not
// rewritten meanwhile.
func keepsFile(dir, policy string) []target.Param {
	return []target.Param{
		{Name: "dir", Value: dir}, {Name: "appendonly", Value: "yes"}, {Name: "appendfsync", Value: policy},
		{Name: "auto-aof-rewrite-percentage", Value: "0"},
	}
}

// appendCases are the commands of the files that are loaded.
var appendCases = []int{0, 1} // of fileCases

// runAppend measures SET with each policy, and the start of a server on a file.
func (b *bench) runAppend(ctx context.Context) error {
	if !slices.Contains(b.extras, extraAppend) {
		return nil
	}
	for _, p := range policies {
		for _, depth := range []int{1, pipelineDepth} {
			w := workload{name: "SET, appendfsync " + p.name, command: words("SET key:" + placeholder + " xxx"),
				weight: p.weight, aims: plainAims, pipeline: depth}
			if err := b.runPolicy(ctx, p.name, w); err != nil {
				return err
			}
		}
	}
	for _, i := range appendCases {
		if err := b.runAppendLoad(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) runPolicy(ctx context.Context, policy string, w workload) error {
	progress("%s", w)
	rps := newResult(w.String(), "throughput", "requests/s", aim{atLeast: 1.0})
	cpu := newResult(w.String(), "cpu per request", "µs", w.cpuAim())
	err := b.inTurn(func(name string) (err error) {
		dir, err := os.MkdirTemp(b.dir, "aof-")
		if err != nil {
			return err
		}
		s, err := b.startServer(ctx, name, keepsFile(dir, policy)...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close(), os.RemoveAll(dir)) }()
		r, c, err := b.runOnce(ctx, s, w)
		rps.add(name, r)
		cpu.add(name, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", w, err)
	}
	b.results = append(b.results, rps, cpu)
	return nil
}

// runAppendLoad measures the start on a file of one command for each element, as a real
// server has written it.
func (b *bench) runAppendLoad(ctx context.Context, i int) error {
	c := fileCases[i]
	what := "load AOF of " + c.name
	progress("%s", what)
	f := fileBench{bench: b, dir: filepath.Join(b.dir, fmt.Sprintf("append%d", i)), elements: b.keys}
	f.params = keepsFile(f.dir, "no")
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		return err
	}
	if err := f.write(ctx, c.request); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	elapsed := newResult(what, "time", "ms", fileAim)
	cpu := newResult(what, "cpu time", "ms", fileAim)
	err := b.inTurn(func(name string) error {
		e, c, err := f.loadOnce(ctx, name)
		elapsed.add(name, milliseconds(e))
		cpu.add(name, milliseconds(c))
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	b.results = append(b.results, elapsed, cpu)
	return os.RemoveAll(f.dir)
}
