package server

import (
	"math/bits"
	"strconv"
)

// latencyHistogram counts how long the calls of a command took. Its buckets are
// log-linear: each power of two of nanoseconds is cut into latencyParts parts, so
// that a percentile is off by an eighth at most.
type latencyHistogram struct {
	counts [64 * latencyParts]uint32
	total  uint64
}

const (
	latencyPartBits = 3
	latencyParts    = 1 << latencyPartBits
)

// record counts a call.
func (h *latencyHistogram) record(nsec uint64) {
	h.counts[latencyBucket(nsec)]++
	h.total++
}

func latencyBucket(nsec uint64) int {
	if nsec < latencyParts {
		return int(nsec)
	}
	exp := bits.Len64(nsec) - 1 - latencyPartBits
	return exp<<latencyPartBits + int(nsec>>exp)
}

// latencyLimit returns the largest number of nanoseconds in a bucket.
func latencyLimit(bucket int) uint64 {
	if bucket < 2*latencyParts {
		return uint64(bucket)
	}
	exp := bucket>>latencyPartBits - 1
	return uint64(bucket-exp<<latencyPartBits+1)<<exp - 1
}

// percentile returns the time in microseconds within which so many percent of the
// calls ended.
func (h *latencyHistogram) percentile(percent float64) float64 {
	want := uint64(float64(h.total)*percent/100 + 0.5)
	seen := uint64(0)
	for bucket, n := range h.counts {
		if seen += uint64(n); seen >= max(want, 1) {
			return float64(latencyLimit(bucket)) / 1000
		}
	}
	return 0
}

// infoLatencystats shows the percentiles of the commands that were called.
func (s *Server) infoLatencystats(w *infoWriter) {
	if !s.cfg.LatencyTracking {
		return
	}
	for r := range allRows(s.commands) {
		if r.stats.latency == nil {
			continue
		}
		text := ""
		for i, p := range s.cfg.LatencyTrackingInfoPercentiles {
			if i > 0 {
				text += ","
			}
			text += "p" + strconv.FormatFloat(p, 'f', -1, 64) + "=" + strconv.FormatFloat(r.stats.latency.percentile(p), 'f', 3, 64)
		}
		w.field("latency_percentiles_usec_"+r.FullName, text)
	}
}
