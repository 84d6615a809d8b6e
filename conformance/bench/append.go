package main

import (
	"context"
	"errors"
	"fmt"
	"os"
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

// appendCases are the data sets of the files that are loaded: those of many small commands.
var appendCases = fileCases[:2]

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
	for _, c := range appendCases {
		if err := b.runAppendLoad(ctx, "load AOF of "+c.name, c.request); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) runPolicy(ctx context.Context, policy string, w workload) error {
	return b.runWorkload(w, aim{atLeast: 1.0}, func(name string) (rps, cpu float64, err error) {
		dir, err := os.MkdirTemp(b.dir, "aof-")
		if err != nil {
			return 0, 0, err
		}
		s, err := b.startServer(ctx, name, keepsFile(dir, policy)...)
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, s.close(), os.RemoveAll(dir)) }()
		return b.runOnce(ctx, s, w)
	})
}

// runAppendLoad measures the start on a file of one command for each element, as a real
// server has written it.
func (b *bench) runAppendLoad(ctx context.Context, what string, request func(i int) []string) error {
	progress("%s", what)
	dir, err := os.MkdirTemp(b.dir, "aof-")
	if err != nil {
		return err
	}
	f := fileBench{bench: b, dir: dir, params: keepsFile(dir, "no"), elements: b.keys}
	if err := f.write(ctx, request); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := f.measure(ctx, what, f.loadOnce); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
