package main

import (
	"fmt"
	"strconv"
	"strings"
)

// data is what a workload finds in the database besides the keys that are always
// there.
type data struct {
	name string
	// fill puts it there. n is the number of requests of the run.
	fill func(s *server, n int) error
	// again says that each run uses it up, so that it is filled before each.
	again bool
}

// What the workloads work on.
var (
	emptyList = &data{"an empty list", func(s *server, _ int) error { return s.fillList(0) }, true}
	shortList = &data{"a list of 1000", func(s *server, _ int) error { return s.fillList(1000) }, true}
	fullList  = &data{"a list with an element for each request", (*server).fillList, true}
	fullSet   = &data{"a set with a member for each request", func(s *server, n int) error {
		return s.fillNew("popped", n, func(i int) []string { return []string{"SADD", "popped", element(i)} })
	}, true}
	fullZSet = &data{"a sorted set with a member for each request", func(s *server, n int) error {
		return s.fillNew("zpopped", n, func(i int) []string { return []string{"ZADD", "zpopped", strconv.Itoa(i), element(i)} })
	}, true}
	bigHash = &data{"a hash of 100 000 fields", func(s *server, _ int) error {
		return s.fill(keyspan, func(i int) []string { return []string{"HSET", "bighash", element(i), "xxx"} })
	}, false}
	bigZSet = &data{"a sorted set of a million members", func(s *server, _ int) error {
		return s.fill(1_000_000, func(i int) []string { return []string{"ZADD", "bigzset", strconv.Itoa(i), element(i)} })
	}, false}
	twoSets = &data{"two sets of 100 000 members, of which they share 1000", func(s *server, _ int) error {
		return s.fill(2*keyspan, func(i int) []string {
			if i < keyspan {
				return []string{"SADD", "set1", element(i)}
			}
			return []string{"SADD", "set2", element(i - 1000)}
		})
	}, false}
	points = &data{"100 000 points around the Mediterranean", func(s *server, _ int) error {
		return s.fill(keyspan, func(i int) []string {
			lon, lat := float64(i%400)/10-5, 30+float64(i/400)/17
			return []string{"GEOADD", "geo", fmt.Sprint(lon), fmt.Sprint(lat), element(i)}
		})
	}, false}
	emptyLog = &data{"no stream", func(s *server, _ int) error {
		_, err := s.do("DEL", "log")
		return err
	}, true}
	bigLog = &data{"a stream of a million entries", func(s *server, _ int) error {
		return s.fill(1_000_000, func(i int) []string { return logEntry("biglog", i) })
	}, false}
	fullQueue = &data{"a stream with an entry for each request", func(s *server, n int) error { return s.fillQueue("queue", n) }, true}
	bitmaps   = &data{"strings of 16 MiB", (*server).fillBitmaps, false}
)

func element(i int) string { return fmt.Sprintf("element:%012d", i) }

// prepare puts data into the database, if it is not there.
func (s *server) prepare(d *data, n int) error {
	if d == nil || s.filled[d] {
		return nil
	}
	if !d.again {
		progress("%s gets %s", s.name, d.name)
	}
	if err := d.fill(s, n); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	s.filled[d] = !d.again
	return nil
}

// fillNew is fill for a key that may still hold what the last run has left.
func (s *server) fillNew(key string, n int, request func(i int) []string) error {
	if _, err := s.do("DEL", key); err != nil {
		return err
	}
	return s.fill(n, request)
}

// logEntry adds an entry of five fields to a stream. IDs are as far apart as numbers.
func logEntry(key string, i int) []string {
	return []string{"XADD", key, strconv.Itoa(i+1) + "-0", "name", "somebody", "age", "42", "city", "Berlin", "visits", strconv.Itoa(i), "flag", "yes"}
}

// fillQueue makes a stream of n entries with a group that has got none of them.
func (s *server) fillQueue(key string, n int) error {
	if err := s.fillNew(key, n, func(i int) []string { return logEntry(key, i) }); err != nil {
		return err
	}
	_, err := s.do("XGROUP", "CREATE", key, "g", "0")
	return err
}

// fillBitmaps makes two bitmaps that are half ones, and one whose only one is its last
// bit.
func (s *server) fillBitmaps(int) error {
	const size = 16 << 20
	for key, pattern := range map[string]string{"bits1": "\x0f", "bits2": "\x3c"} {
		if _, err := s.do("SET", key, strings.Repeat(pattern, size)); err != nil {
			return err
		}
	}
	_, err := s.do("SETBIT", "zeros", strconv.Itoa(size*8-1), "1")
	return err
}
