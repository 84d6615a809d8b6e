package server

import "testing"

func TestLatencyBucketsAreInOrderAndTight(t *testing.T) {
	for _, nsec := range []uint64{0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 1000, 1023, 1024, 123456789, 1<<63 - 1, 1<<64 - 1} {
		b := latencyBucket(nsec)
		if limit := latencyLimit(b); limit < nsec || limit-nsec > nsec/latencyParts {
			t.Errorf("%d ns is in bucket %d, which ends at %d", nsec, b, limit)
		}
		if b > 0 && latencyLimit(b-1) >= nsec {
			t.Errorf("%d ns is in bucket %d, but fits the one before", nsec, b)
		}
	}
}

func TestLatencyPercentiles(t *testing.T) {
	var h latencyHistogram
	for i := range 1000 {
		h.record(uint64(i+1) * 1000)
	}
	for percent, want := range map[float64]float64{50: 500, 99: 990, 99.9: 999, 100: 1000} {
		if got := h.percentile(percent); got < want || got > want*9/8 {
			t.Errorf("p%v = %v µs, want %v", percent, got, want)
		}
	}
}
