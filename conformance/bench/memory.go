package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
