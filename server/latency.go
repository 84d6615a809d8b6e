package server

import (
	"maps"
	"slices"
	"time"

	"respect/server/command"
)

// LATENCY: when the server was held up, and by what. Each kind of event keeps its
// latest spikes of latency-monitor-threshold or more, at most one for each second.
// The events of this server are the execution of commands, the deletion of what has
// expired or is evicted, and, with the append only file, its writes, renames and fsyncs;
// it has no forks. The distribution of run times (HISTOGRAM) is kept for each command by
// latencystats.go. What is written for people to read is in latency_report.go.

var latencyCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{Spec: command.New("latency", -2, "", "", "server 2.8.13", "",
		"",
		"Looks at slow events.")},
	{handler: latencyDoctorCommand, Spec: command.New("latency|doctor", 2, "admin noscript loading stale tip:nondeterministic_output tip:request_policy:all_nodes tip:response_policy:special",
		"", "server 2.8.13", "O(1)",
		"",
		"Reports on latency for people to read.")},
	{handler: latencyGraphCommand, Spec: command.New("latency|graph", 3, "admin noscript loading stale tip:nondeterministic_output tip:request_policy:all_nodes tip:response_policy:special",
		"", "server 2.8.13", "O(1)",
		"event:string",
		"Draws the latency of an event over time.")},
	{handler: latencyHelpCommand, Spec: command.New("latency|help", 2, "loading stale", "", "server 2.8.13", "O(1)",
		"",
		"Lists the subcommands of LATENCY.")},
	{handler: latencyHistogramCommand, Spec: command.New("latency|histogram", -2, "admin noscript loading stale tip:nondeterministic_output tip:request_policy:all_nodes tip:response_policy:special",
		"", "server 7.0.0", "O(N)",
		"[command:string...]",
		"Returns how the run times of commands are distributed.")},
	{handler: latencyHistoryCommand, Spec: command.New("latency|history", 3, "admin noscript loading stale tip:nondeterministic_output tip:request_policy:all_nodes tip:response_policy:special",
		"", "server 2.8.13", "O(1)",
		"event:string",
		"Returns the latency of an event over time.")},
	{handler: latencyLatestCommand, Spec: command.New("latency|latest", 2, "admin noscript loading stale tip:nondeterministic_output tip:request_policy:all_nodes tip:response_policy:special",
		"", "server 2.8.13", "O(1)",
		"",
		"Returns the latest latency of every event.")},
	{handler: latencyResetCommand, Spec: command.New("latency|reset", -2, "admin noscript loading stale tip:request_policy:all_nodes tip:response_policy:agg_sum", "", "server 2.8.13", "O(1)",
		"[event:string...]",
		"Forgets the latency of events.")},
}

// The events of this server.
const (
	eventCommand       = "command"        // a command that is not flagged as fast
	eventFastCommand   = "fast-command"   // one that is
	eventExpireCycle   = "expire-cycle"   // the timer deletes what has expired
	eventEvictionCycle = "eviction-cycle" // keys are evicted
	eventEvictionDel   = "eviction-del"   // one of them is
)

// latencyEvents are the spikes by event. There are none of an event that has had none.
type latencyEvents map[string]*latencyEvent

// latencyEvent holds the latest spikes of an event, the oldest first.
type latencyEvent struct {
	samples []latencySample
	maxMs   int64 // of all, also of those that are not kept any more
}

type latencySample struct{ unix, ms int64 }

// maxLatencySamples is how many spikes are kept of an event.
const maxLatencySamples = 160

// note keeps a spike, if it is one.
func (l *latencyEvents) note(s *Server, event string, nsec int64) {
	ms := nsec / int64(time.Millisecond)
	if threshold := s.cfg.LatencyMonitorThreshold; threshold <= 0 || ms < threshold {
		return
	}
	if *l == nil {
		*l = latencyEvents{}
	}
	e := (*l)[event]
	if e == nil {
		e = &latencyEvent{}
		(*l)[event] = e
	}
	e.add(latencySample{s.nowMs / 1000, ms})
}

func (e *latencyEvent) add(x latencySample) {
	e.maxMs = max(e.maxMs, x.ms)
	if n := len(e.samples); n > 0 && e.samples[n-1].unix == x.unix {
		e.samples[n-1].ms = max(e.samples[n-1].ms, x.ms)
		return
	}
	if len(e.samples) == maxLatencySamples {
		e.samples = append(e.samples[:0], e.samples[1:]...)
	}
	e.samples = append(e.samples, x)
}

// latencyHelpCommand lists the subcommands.
//
//	LATENCY HELP
func latencyHelpCommand(c *client, a *args) error { return c.help("latency") }

// latencyHistogramCommand tells how the run times of commands are distributed.
//
//	LATENCY HISTOGRAM [command [command ...]]
//
// O(N) with N the number of commands. Reply: a map of the commands that were called;
// each a map of the number of calls, and of how many took up to so many microseconds,
// in steps of powers of two. Without latency-tracking nothing is counted.
func latencyHistogramCommand(c *client, a *args) error {
	var rows []*row
	for r := range allRows(c.srv.commands) {
		if !a.more() {
			rows = append(rows, r)
		}
	}
	for a.more() {
		r, ok := c.srv.commands.LookupFull(a.next())
		if !ok {
			continue
		}
		rows = append(append(rows, r), c.srv.commands.Subs(r)...)
	}
	w := &c.out
	m, n := w.DeferMap(), 0
	for _, r := range rows {
		if r.stats.latency != nil {
			w.BulkString(r.FullName)
			r.stats.appendHistogram(w)
			n++
		}
	}
	w.EndMap(m, n)
	return nil
}

// latencyHistoryCommand tells the spikes of an event.
//
//	LATENCY HISTORY event
//
// O(N) with N the number of spikes, at most 160. Reply: an array of pairs, Unix time
// and milliseconds, the oldest first.
func latencyHistoryCommand(c *client, a *args) error {
	var samples []latencySample
	if e := c.srv.latency[string(a.next())]; e != nil {
		samples = e.samples
	}
	c.out.Array(len(samples))
	for _, x := range samples {
		c.out.Array(2)
		c.out.Int(x.unix)
		c.out.Int(x.ms)
	}
	return nil
}

// latencyLatestCommand tells the latest spike of each event.
//
//	LATENCY LATEST
//
// O(1). Reply: an array of name, Unix time and milliseconds of the latest spike,
// milliseconds of the worst one.
func latencyLatestCommand(c *client, a *args) error {
	events := c.srv.latency
	c.out.Array(len(events))
	for _, name := range slices.Sorted(maps.Keys(events)) {
		e := events[name]
		last := e.samples[len(e.samples)-1]
		c.out.Array(4)
		c.out.BulkString(name)
		c.out.Int(last.unix)
		c.out.Int(last.ms)
		c.out.Int(e.maxMs)
	}
	return nil
}

// latencyResetCommand forgets the spikes of some events, or of all.
//
//	LATENCY RESET [event [event ...]]
//
// O(1). Reply: how many events were forgotten.
func latencyResetCommand(c *client, a *args) error {
	events := c.srv.latency
	n := len(events)
	if a.more() {
		for a.more() {
			delete(events, string(a.next()))
		}
		n -= len(events)
	} else {
		clear(events)
	}
	c.out.Int(int64(n))
	return nil
}
