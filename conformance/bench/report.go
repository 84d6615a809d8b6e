package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"respect/conformance/target"
)

// aim bounds a ratio of ours to the reference; 0 means no bound.
type aim struct{ atLeast, atMost float64 }

func (a aim) exists() bool { return a != aim{} }

func (a aim) met(ratio float64) bool {
	return ratio >= a.atLeast && (a.atMost == 0 || ratio <= a.atMost)
}

func (a aim) String() string {
	switch {
	case a.atLeast != 0:
		return fmt.Sprintf("≥ %.1f", a.atLeast)
	case a.atMost != 0:
		return fmt.Sprintf("≤ %.1f", a.atMost)
	}
	return ""
}

// result is one quantity of one workload, measured on all servers.
type result struct {
	workload, quantity, unit string
	aim                      aim
	rounds                   map[string][]float64 // by server
}

func newResult(workload, quantity, unit string, a aim) result {
	return result{workload, quantity, unit, a, map[string][]float64{}}
}

func (r result) add(server string, value float64) {
	r.rounds[server] = append(r.rounds[server], value)
}

// median is the median of a server's rounds.
func (r result) median(server string) float64 { return median(r.rounds[server]) }

// ratio is the median of the ratios within the rounds.
func (r result) ratio(subject, reference string) float64 {
	var ratios []float64
	for i, value := range r.rounds[subject] {
		ratios = append(ratios, value/r.rounds[reference][i])
	}
	return median(ratios)
}

// median is NaN for no values, and the mean of the two in the middle for an even
// number of them.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// report is what is printed, and what the JSON file holds.
type report struct {
	CPUs        int               `json:"cpus"`
	System      string            `json:"system"`
	Rounds      int               `json:"rounds"`
	Requests    int               `json:"requests"` // of a plain run
	Keys        int               `json:"keys"`     // for memory and loading
	Versions    map[string]string `json:"versions"`
	Comparisons []comparison      `json:"comparisons"`
}

// comparison is one quantity of one server beside that of the reference.
type comparison struct {
	Workload        string    `json:"workload"`
	Quantity        string    `json:"quantity"`
	Unit            string    `json:"unit"`
	Reference       string    `json:"reference"`
	Subject         string    `json:"subject"`
	ReferenceMedian float64   `json:"reference_median"`
	SubjectMedian   float64   `json:"subject_median"`
	Ratio           float64   `json:"ratio"`
	Aim             string    `json:"aim,omitempty"`
	Met             *bool     `json:"met,omitempty"`
	ReferenceRounds []float64 `json:"reference_rounds"`
	SubjectRounds   []float64 `json:"subject_rounds"`
}

func (b *bench) report() report {
	r := report{
		CPUs: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Rounds: b.rounds, Requests: b.requests, Keys: b.keys, Versions: b.versions,
	}
	for _, subject := range b.servers[1:] {
		for _, res := range b.results {
			r.Comparisons = append(r.Comparisons, compare(res, subject, b.servers[0]))
		}
	}
	return r
}

// compare divides a subject by the reference. The aims are those of ours beside Redis.
func compare(r result, subject, reference string) comparison {
	c := comparison{
		Workload: r.workload, Quantity: r.quantity, Unit: r.unit,
		Reference: reference, Subject: subject,
		ReferenceMedian: r.median(reference), SubjectMedian: r.median(subject),
		Ratio:           r.ratio(subject, reference),
		ReferenceRounds: r.rounds[reference], SubjectRounds: r.rounds[subject],
	}
	if r.aim.exists() && subject == target.Respect && reference == target.Redis {
		met := r.aim.met(c.Ratio)
		c.Aim, c.Met = r.aim.String(), &met
	}
	return c
}

// markdown is the report as tables: for each server that is not the reference one of
// the workloads, and one of everything else.
func (r report) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d CPUs, %s; medians of %d rounds\n", r.CPUs, r.System, r.Rounds)
	for len(r.Comparisons) > 0 {
		subject := r.Comparisons[0].Subject
		n := slices.IndexFunc(r.Comparisons, func(c comparison) bool { return c.Subject != subject })
		if n < 0 {
			n = len(r.Comparisons)
		}
		r.appendTables(&out, r.Comparisons[:n])
		r.Comparisons = r.Comparisons[n:]
	}
	return out.String()
}

func (r report) appendTables(out *strings.Builder, of []comparison) {
	reference, subject := of[0].Reference, of[0].Subject
	fmt.Fprintf(out, "\n%s %s beside %s %s\n", subject, r.Versions[subject], reference, r.Versions[reference])
	split := 0
	for split < len(of) && of[split].Quantity == "throughput" {
		split += 2
	}
	if split > 0 {
		fmt.Fprintf(out, "\n| workload | %[1]s rps | %[2]s rps | ratio | cpu/req %[1]s µs | %[2]s µs | ratio | aim | met |\n", reference, subject)
		out.WriteString("|---|--:|--:|--:|--:|--:|--:|---|---|\n")
	}
	for i := 0; i < split; i += 2 {
		rps, cpu := of[i], of[i+1]
		fmt.Fprintf(out, "| %s | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f | %s | %s |\n", rps.Workload,
			rps.ReferenceMedian, rps.SubjectMedian, rps.Ratio,
			cpu.ReferenceMedian, cpu.SubjectMedian, cpu.Ratio, aims(rps, cpu), verdict(rps, cpu))
	}
	if split == len(of) {
		return
	}
	fmt.Fprintf(out, "\n| %d keys | %s | %s | ratio | aim | met |\n", r.Keys, reference, subject)
	out.WriteString("|---|--:|--:|--:|---|---|\n")
	for _, c := range of[split:] {
		fmt.Fprintf(out, "| %s, %s, %s | %.1f | %.1f | %.2f | %s | %s |\n", c.Workload, c.Quantity, c.Unit,
			c.ReferenceMedian, c.SubjectMedian, c.Ratio, c.Aim, verdict(c))
	}
}

// aims is the column for the two aims of a workload.
func aims(rps, cpu comparison) string {
	if rps.Met == nil {
		return ""
	}
	return "rps " + rps.Aim + ", cpu " + cpu.Aim
}

// verdict names what falls short; it is empty where there is no aim.
func verdict(of ...comparison) string {
	var short []string
	aimed := false
	for _, c := range of {
		if c.Met == nil {
			continue
		}
		aimed = true
		if !*c.Met {
			short = append(short, c.Quantity)
		}
	}
	switch {
	case !aimed:
		return ""
	case len(short) == 0:
		return "yes"
	}
	return "no: " + strings.Join(short, ", ")
}
