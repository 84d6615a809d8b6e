package server

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"respect/protocol"
)

// What LATENCY draws and writes, and the distributions of run times.

// latencyDoctorCommand reports on the spikes for people to read.
//
//	LATENCY DOCTOR
//
// O(N) with N the number of spikes. Reply: a text.
func latencyDoctorCommand(c *client, a *args) error {
	c.out.Verbatim("txt", c.srv.latencyReport())
	return nil
}

func (s *Server) latencyReport() string {
	threshold := s.cfg.LatencyMonitorThreshold
	if threshold <= 0 {
		return "The latency monitor is off. CONFIG SET latency-monitor-threshold <milliseconds> switches it on.\n"
	}
	if len(s.latency) == 0 {
		return fmt.Sprintf("Nothing has taken %d ms or longer since the latency monitor was switched on or reset.\n", threshold)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "What has taken %d ms or longer:\n\n", threshold)
	for _, name := range slices.Sorted(maps.Keys(s.latency)) {
		e := s.latency[name]
		sum, worst := int64(0), int64(0)
		for _, x := range e.samples {
			sum += x.ms
			worst = max(worst, x.ms)
		}
		n := int64(len(e.samples))
		first := e.samples[0].unix
		fmt.Fprintf(&b, "%s: %d spikes in the last %d seconds, %d ms on average, %d ms at worst, %d ms the worst ever.\n",
			name, n, max(1, s.nowMs/1000-first), sum/n, worst, e.maxMs)
	}
	b.WriteString("\nWhat can be done:\n")
	if s.latency[eventCommand] != nil || s.latency[eventFastCommand] != nil {
		b.WriteString("- SLOWLOG GET tells which commands take long; slowlog-log-slower-than should not be above the threshold.\n")
		b.WriteString("- Commands that go through big values or all keys, like KEYS, hold up all clients: SCAN and its kin do not.\n")
	}
	if s.latency[eventFastCommand] != nil {
		b.WriteString("- Where even fast commands take long, the machine is short of processors or of memory.\n")
	}
	if s.latency[eventExpireCycle] != nil {
		b.WriteString("- Many keys expire at the same moment: deadlines that differ by some seconds spread the work.\n")
	}
	return b.String()
}

const (
	graphColumns = 80
	graphRows    = 4

	// What a column of the graph ends in above full height, by how much of its
	// topmost row it takes.
	graphLevels = "_o#"
)

// latencyGraphCommand draws the spikes of an event.
//
//	LATENCY GRAPH event
//
// O(N) with N the number of spikes. Reply: a text.
func latencyGraphCommand(c *client, a *args) error {
	name := a.next()
	e := c.srv.latency[string(name)]
	if e == nil {
		return replyError("ERR No samples available for event '" + string(text(name)) + "'")
	}
	c.out.Verbatim("txt", e.graph(string(name), c.srv.nowMs/1000))
	return nil
}

// graph draws the latest samples as columns, with their age written downwards below.
func (e *latencyEvent) graph(name string, now int64) string {
	samples := e.samples[max(0, len(e.samples)-graphColumns):]
	low, high := samples[0].ms, samples[0].ms
	for _, x := range samples {
		low, high = min(low, x.ms), max(high, x.ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", name, high, low, e.maxMs)
	b.WriteString(strings.Repeat("-", graphColumns) + "\n")
	var ages []string
	longest := 0
	for _, x := range samples {
		age := shortAge(now - x.unix)
		ages = append(ages, age)
		longest = max(longest, len(age))
	}
	const steps = graphRows * len(graphLevels)
	for row := graphRows - 1; row >= 0; row-- {
		for _, x := range samples {
			step := min((x.ms-low)*int64(steps)/max(1, high-low), int64(steps-1))
			b.WriteByte(graphCell(int(step) - row*len(graphLevels)))
		}
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat(" ", len(samples)) + "\n")
	for i := range longest {
		for _, age := range ages {
			if i < len(age) {
				b.WriteByte(age[i])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// graphCell is the character of a column in a row, in which it takes so much.
func graphCell(level int) byte {
	switch {
	case level < 0:
		return ' '
	case level < len(graphLevels):
		return graphLevels[level]
	}
	return '|'
}

func shortAge(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 86400:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/86400)
}

// appendHistogram appends a command's part of LATENCY HISTOGRAM: the limits that the
// reference names, powers of two of 1024 ns with the precision of its own buckets, as
// far as there are calls between them.
func (st *commandStats) appendHistogram(w *protocol.Writer) {
	w.Map(2)
	w.BulkString("calls")
	w.Int(int64(st.latency.total))
	w.BulkString("histogram_usec")
	m, n := w.DeferMap(), 0
	seen, bucket := uint64(0), 0
	for limit := uint64(1024); seen < st.latency.total && limit != 0; limit *= 2 {
		before := seen
		for ; bucket < len(st.latency.counts) && latencyLimit(bucket) < limit; bucket++ {
			seen += uint64(st.latency.counts[bucket])
		}
		if seen > before {
			w.Int(int64((limit + limit/128 - 1) / 1000))
			w.Int(int64(seen))
			n++
		}
	}
	w.EndMap(m, n)
}
