package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// memoryCases are what is stored, request by request, and what each is counted as.
var memoryCases = []struct {
	what, unit string
	request    func(i int) []string
}{
	{"memory, 3-byte values", "bytes/key", func(i int) []string { return []string{"SET", memoryKey(i), "xxx"} }},
	{"memory, 32-byte values", "bytes/key", func(i int) []string { return []string{"SET", memoryKey(i), strings.Repeat("x", 32)} }},
	{"memory, small hashes of 5 fields", "bytes/hash", func(i int) []string {
		return []string{"HSET", memoryKey(i), "name", "somebody", "age", "42", "city", "Berlin", "visits", "1234", "flag", "yes"}
	}},
	{"memory, one hash", "bytes/field", func(i int) []string { return []string{"HSET", "hash", element(i), "xxx"} }},
	{"memory, one set", "bytes/member", func(i int) []string { return []string{"SADD", "set", element(i)} }},
	{"memory, one stream, entries of 5 fields", "bytes/entry", func(i int) []string { return logEntry("stream", i) }},
	{"memory, one sorted set", "bytes/member", func(i int) []string { return []string{"ZADD", "zset", strconv.Itoa(i * 7), element(i)} }},
}

func memoryKey(i int) string { return fmt.Sprintf("key:%012d", i) }

// runMemory measures the resident memory per key, or per element of one big value.
func (b *bench) runMemory(ctx context.Context) error {
	if !slices.Contains(b.extras, extraMemory) {
		return nil
	}
	for _, c := range memoryCases {
		progress("%s", c.what)
		r := newResult(c.what, "resident memory", c.unit, aim{atMost: 1.1})
		// It hardly varies, so one round is enough.
		for _, name := range b.servers {
			each, err := b.memoryOnce(ctx, name, c.request)
			if err != nil {
				return fmt.Errorf("%s: %w", c.what, err)
			}
			r.add(name, each)
		}
		b.results = append(b.results, r)
	}
	return nil
}

func (b *bench) memoryOnce(ctx context.Context, name string, request func(i int) []string) (each float64, err error) {
	s, err := b.startServer(ctx, name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	before, err := settledMemory(ctx, s.pid)
	if err != nil {
		return 0, err
	}
	if err := s.fill(b.keys, request); err != nil {
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
