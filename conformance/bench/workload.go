package main

import (
	"fmt"
	"slices"
	"strings"
)

// keyspan is how many different keys the placeholder of redis-benchmark stands for.
const keyspan = 100_000

// placeholder is what redis-benchmark replaces by a random number of 12 digits.
const placeholder = "__rand_int__"

// pipelineDepth is that of the pipelined form of each workload, and pipelineFactor
// how many times more requests it has, so that a run is long enough to be measured.
const (
	pipelineDepth  = 32
	pipelineFactor = 8
)

// workload is one command that redis-benchmark sends again and again. These are the
// requests of its own tests of the same names, where it has such a test, except that
// what a test needs in the database is put there before the measurement instead of
// within it (data.go). What is more than one command is said by connections of ours
// (converse.go).
type workload struct {
	name     string
	command  []string // nil for redis-benchmark's own test of this name
	data     *data    // nil for the keys that are always there
	weight   int      // the requests are divided by it, for what takes longer
	aims     aimSet
	plain    bool // without the pipelined form
	pipeline int  // 1 for none

	// turn is what a connection says instead of sending command; a request is a turn.
	turn turn
	// subscribers is how many connections get messages meanwhile.
	subscribers int
	// conns is how many connections send requests, 0 for the usual number.
	conns int
}

// aimSet tells what our server is to reach beside Redis.
type aimSet int

const (
	noAims    aimSet = iota
	bothAims         // throughput 1.0 and CPU time 1.0; pipelined 1.3 and 0.6
	cpuAims          // CPU time 1.0; pipelined 0.7
	plainAims        // CPU time 1.0, as there is no other form
)

var workloads = bothForms([]workload{
	// name, command, data, weight, aims
	{name: "PING", command: words("PING"), weight: 1},
	{name: "GET", command: words("GET key:" + placeholder), weight: 1, aims: bothAims},
	{name: "SET", command: words("SET key:" + placeholder + " xxx"), weight: 1, aims: bothAims},
	{name: "INCR", command: words("INCR counter:" + placeholder), weight: 1, aims: bothAims},
	{name: "LPUSH", command: words("LPUSH mylist xxx"), data: emptyList, weight: 1, aims: bothAims},
	{name: "RPUSH", command: words("RPUSH mylist xxx"), data: emptyList, weight: 1, aims: cpuAims},
	{name: "LPOP", command: words("LPOP mylist"), data: fullList, weight: 1, aims: bothAims},
	{name: "RPOP", command: words("RPOP mylist"), data: fullList, weight: 1, aims: cpuAims},
	{name: "LRANGE_100", command: words("LRANGE mylist 0 99"), data: shortList, weight: 4, aims: cpuAims},
	{name: "LRANGE_300", command: words("LRANGE mylist 0 299"), data: shortList, weight: 8, aims: cpuAims},
	{name: "LRANGE_500", command: words("LRANGE mylist 0 499"), data: shortList, weight: 12, aims: cpuAims},
	{name: "LRANGE_600", command: words("LRANGE mylist 0 599"), data: shortList, weight: 16, aims: cpuAims},
	{name: "MSET", command: msetCommand(10), weight: 4, aims: cpuAims},
	{name: "PING_INLINE", weight: 1, aims: cpuAims},
	{name: "SADD", command: words("SADD myset element:" + placeholder), weight: 1, aims: cpuAims},
	{name: "SPOP", command: words("SPOP popped"), data: fullSet, weight: 2, aims: cpuAims},
	{name: "HSET", command: words("HSET myhash element:" + placeholder + " xxx"), weight: 1, aims: cpuAims},
	{name: "HGET", command: words("HGET bighash element:" + placeholder), data: bigHash, weight: 1, aims: cpuAims},
	{name: "ZPOPMIN", command: words("ZPOPMIN zpopped"), data: fullZSet, weight: 2, aims: cpuAims},
	{name: "ZADD", command: words("ZADD bigzset " + placeholder + " element:" + placeholder), data: bigZSet, weight: 2, aims: cpuAims},
	{name: "ZRANGE", command: words("ZRANGE bigzset 500000 500009"), data: bigZSet, weight: 2, aims: cpuAims},
	{name: "PFADD", command: words("PFADD hll element:" + placeholder), weight: 1, aims: cpuAims},
	{name: "GEOSEARCH", command: words("GEOSEARCH geo FROMLONLAT 15 37 BYRADIUS 100 km"), data: points, weight: 20, aims: cpuAims},
	{name: "XADD", command: words("XADD log * a 1 b 2 c 3 d 4 e 5"), data: emptyLog, weight: 1, aims: cpuAims},
	{name: "XADD_MAXLEN", command: words("XADD capped MAXLEN ~ 1000 * a 1 b 2 c 3 d 4 e 5"), weight: 1, aims: cpuAims},
	{name: "XREAD_100", command: words("XREAD COUNT 100 STREAMS biglog 500000"), data: bigLog, weight: 50, aims: cpuAims},
	{name: "XRANGE_10", command: words("XRANGE biglog 500000 + COUNT 10"), data: bigLog, weight: 10, aims: cpuAims},
	{name: "XREADGROUP", command: words("XREADGROUP GROUP g c COUNT 1 STREAMS queue >"), data: fullQueue, weight: 8, aims: cpuAims},
	{name: "XREADGROUP_XACK", turn: readAndAcknowledge, data: fullQueue, weight: 8, aims: cpuAims},
	{name: "PUBLISH_100", command: words("PUBLISH news xxx"), subscribers: 100, weight: 16, aims: cpuAims},
	{name: "PUBLISH_100_BY_1", command: words("PUBLISH news xxx"), subscribers: 100, conns: 1, weight: 100, aims: plainAims, plain: true},
	{name: "MULTI_EXEC_10", turn: transact, weight: 8, aims: cpuAims},
	{name: "SINTER", command: words("SINTER set1 set2"), data: twoSets, weight: 1000, aims: plainAims, plain: true},
	{name: "BITCOUNT", command: words("BITCOUNT bits1"), data: bitmaps, weight: 1000, aims: plainAims, plain: true},
	{name: "BITPOS", command: words("BITPOS zeros 1"), data: bitmaps, weight: 1000, aims: plainAims, plain: true},
	{name: "BITOP", command: words("BITOP AND bits bits1 bits2"), data: bitmaps, weight: 4000, aims: plainAims, plain: true},
})

func words(command string) []string { return strings.Fields(command) }

func msetCommand(pairs int) []string {
	command := []string{"MSET"}
	for range pairs {
		command = append(command, "key:"+placeholder, "xxx")
	}
	return command
}

// bothForms returns the workloads without pipelining, then those with it.
func bothForms(plain []workload) []workload {
	var out []workload
	for _, depth := range []int{1, pipelineDepth} {
		for _, w := range plain {
			w.pipeline = depth
			if depth == 1 || !w.plain {
				out = append(out, w)
			}
		}
	}
	return out
}

// String is the name under which the workload is reported, such as "GET -P 32".
func (w workload) String() string {
	if w.pipeline == 1 {
		return w.name
	}
	return fmt.Sprintf("%s -P %d", w.name, w.pipeline)
}

// clients is how many connections send requests at the same time.
func (w workload) clients() int {
	if w.conns > 0 {
		return w.conns
	}
	return 50
}

// requests is the number of requests of a run, given that of a plain one: full
// pipelines, as redis-benchmark sends no others.
func (w workload) requests(base int) int {
	n := base / w.weight
	if w.pipeline > 1 {
		n *= pipelineFactor
	}
	return max(n-n%w.pipeline, w.pipeline)
}

// throughputAim and cpuAim are what our server is to reach of the reference.
func (w workload) throughputAim() aim {
	switch {
	case w.aims != bothAims:
		return aim{}
	case w.pipeline > 1:
		return aim{atLeast: 1.3}
	}
	return aim{atLeast: 1.0}
}

func (w workload) cpuAim() aim {
	switch {
	case w.aims == noAims:
		return aim{}
	case w.pipeline > 1 && w.aims == bothAims:
		return aim{atMost: 0.6}
	case w.pipeline > 1:
		return aim{atMost: 0.7}
	}
	return aim{atMost: 1.0}
}

// selectWorkloads returns what is meant by the names; no name means everything.
func selectWorkloads(names []string) ([]workload, []string, error) {
	everything := []string{extraIdle, extraMemory, extraLoad, extraSnapshot, extraAppend}
	if len(names) == 0 {
		return workloads, everything, nil
	}
	var picked []workload
	var extras []string
	for _, w := range workloads {
		if slices.ContainsFunc(names, w.isCalled) {
			picked = append(picked, w)
		}
	}
	for _, name := range names {
		if slices.Contains(everything, name) {
			extras = append(extras, name)
			continue
		}
		known := func(w workload) bool { return w.isCalled(name) }
		if !slices.ContainsFunc(workloads, known) {
			return nil, nil, fmt.Errorf("-workloads: %q is unknown", name)
		}
	}
	return picked, extras, nil
}

// isCalled reports whether the name means the workload, alone or with its other form.
func (w workload) isCalled(name string) bool {
	return strings.EqualFold(name, w.name) || strings.EqualFold(name, w.String())
}
