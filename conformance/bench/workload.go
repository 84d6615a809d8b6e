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
// requests of its own tests of the same names, except that what a test needs in the
// database is put there before the measurement instead of within it.
type workload struct {
	name     string
	command  []string
	lists    listFill
	weight   int // the requests are divided by it, for what takes longer
	aimed    bool
	pipeline int // 1 for none
}

// listFill tells what mylist holds before a run.
type listFill int

const (
	listUnused listFill = iota
	listEmpty
	listShort // as many elements as an LRANGE may ask for
	listFull  // an element for every request
)

const shortList = 1000

var workloads = bothForms([]workload{
	// name, command, list, weight, has an aim
	{name: "PING", command: []string{"PING"}, weight: 1},
	{name: "GET", command: []string{"GET", "key:" + placeholder}, weight: 1, aimed: true},
	{name: "SET", command: []string{"SET", "key:" + placeholder, "xxx"}, weight: 1, aimed: true},
	{name: "INCR", command: []string{"INCR", "counter:" + placeholder}, weight: 1, aimed: true},
	{name: "LPUSH", command: []string{"LPUSH", "mylist", "xxx"}, lists: listEmpty, weight: 1, aimed: true},
	{name: "RPUSH", command: []string{"RPUSH", "mylist", "xxx"}, lists: listEmpty, weight: 1},
	{name: "LPOP", command: []string{"LPOP", "mylist"}, lists: listFull, weight: 1, aimed: true},
	{name: "RPOP", command: []string{"RPOP", "mylist"}, lists: listFull, weight: 1},
	{name: "LRANGE_100", command: []string{"LRANGE", "mylist", "0", "99"}, lists: listShort, weight: 4},
	{name: "MSET", command: msetCommand(10), weight: 4},
})

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
			out = append(out, w)
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

// requests is the number of requests of a run, given that of a plain one.
func (w workload) requests(base int) int {
	n := base / w.weight
	if w.pipeline > 1 {
		n *= pipelineFactor
	}
	return max(n, 1)
}

// throughputAim and cpuAim are what our server is to reach of the reference.
func (w workload) throughputAim() aim {
	switch {
	case !w.aimed:
		return aim{}
	case w.pipeline > 1:
		return aim{atLeast: 1.3}
	}
	return aim{atLeast: 1.0}
}

func (w workload) cpuAim() aim {
	switch {
	case !w.aimed:
		return aim{}
	case w.pipeline > 1:
		return aim{atMost: 0.6}
	}
	return aim{atMost: 1.0}
}

// selectWorkloads returns what is meant by the names; no name means everything.
func selectWorkloads(names []string) ([]workload, []string, error) {
	everything := []string{extraMemory, extraLoad}
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
