package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBenchmark(t *testing.T) {
	const head = `"test","rps","avg_latency_ms","min_latency_ms"` + "\n"
	// Quotes within the name of a test are doubled, commas are not special.
	report, err := parseBenchmark(head + `"SET ""a"",b",85910.65,"0.310","0.080"` + "\n")
	want := map[string]float64{"rps": 85910.65, "avg_latency_ms": 0.31, "min_latency_ms": 0.08}
	if diff := cmp.Diff(want, report); err != nil || diff != "" {
		t.Error(diff, err)
	}
	for _, out := range []string{
		"", head, "\"test\"\n\"GET\"\n",
		head + `"GET","fast","1","1"`, head + `"GET","0.00","1","1"`, head + `"GET","NaN","1","1"`,
		head + `"GET","1","slow","1"`, head + `"GET","1","1","1"` + "\n" + `"SET","1","1","1"`,
	} {
		if report, err := parseBenchmark(out); err == nil {
			t.Errorf("%q was read as %v", out, report)
		}
	}
}

func TestParseStat(t *testing.T) {
	const stat = "375 (a) b (c) S 372 372 30026 0 -1 4194560 1173 0 4 0 136 282 7 8 20 0 5 0 490778 64905216 3211 18446744073709551615 1\n"
	u, err := parseStat([]byte(stat), 4096)
	want := usage{cpu: 4180 * time.Millisecond, resident: 3211 * 4096}
	if err != nil || u != want {
		t.Errorf("%+v, %v; want %+v", u, err, want)
	}
	for _, bad := range []string{"", "375", "375 (x) S 1 2 3", strings.Replace(stat, "282", "many", 1)} {
		if u, err := parseStat([]byte(bad), 4096); err == nil {
			t.Errorf("%q was read as %+v", bad, u)
		}
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip(err)
	}
	if u, err := usageOf(os.Getpid()); err != nil || u.resident <= 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestParsePID(t *testing.T) {
	if pid, err := parsePID("# Server\r\nparent_process_id:1\r\nprocess_id:375\r\nrun_id:9\r\n"); pid != 375 || err != nil {
		t.Error(pid, err)
	}
	if pid, err := parsePID("# Server\r\n"); err == nil {
		t.Error(pid)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 100, 2}, 3},
	} {
		given := slices.Clone(c.values)
		if got := median(given); got != c.want || !slices.Equal(given, c.values) {
			t.Errorf("median(%v) = %v, and now %v", c.values, got, given)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("no values have a median")
	}
}

// A machine that gets slower must not change a ratio.
func TestRatioIsTakenWithinTheRounds(t *testing.T) {
	r := newResult("GET", "throughput", "requests/s", aim{atLeast: 1})
	for i, speed := range []float64{100, 10, 80} {
		r.add("redis", speed)
		r.add("respect", speed*[]float64{1.5, 3, 2}[i])
	}
	if got := r.ratio("respect", "redis"); got != 2 {
		t.Errorf("ratio %v", got)
	}
}

func TestAims(t *testing.T) {
	for _, c := range []struct {
		aim   aim
		ratio float64
		met   bool
		text  string
	}{
		{aim{atLeast: 1.3}, 1.3, true, "≥ 1.3"}, {aim{atLeast: 1.3}, 1.29, false, "≥ 1.3"},
		{aim{atMost: 0.6}, 0.6, true, "≤ 0.6"}, {aim{atMost: 0.6}, 0.61, false, "≤ 0.6"},
		{aim{atMost: 0.6}, math.NaN(), false, "≤ 0.6"},
	} {
		if c.aim.met(c.ratio) != c.met || c.aim.String() != c.text {
			t.Errorf("%v at %v: %v", c.aim, c.ratio, !c.met)
		}
	}
}

func TestSelectWorkloads(t *testing.T) {
	for _, c := range []struct{ names, want string }{
		{"get,lpop -P 32", "[GET GET -P 32 LPOP -P 32] []"},
		{"memory, idle,load", "[] [memory idle load]"},
	} {
		picked, extras, err := selectWorkloads(splitList(c.names))
		if got := fmt.Sprint(picked, extras); got != c.want || err != nil {
			t.Errorf("%q picks %s, %v", c.names, got, err)
		}
	}
	if picked, extras, err := selectWorkloads(nil); len(picked) != len(workloads) || len(extras) != 5 || err != nil {
		t.Error("no name does not mean everything")
	}
	if _, _, err := selectWorkloads([]string{"HGOT"}); err == nil {
		t.Error("an unknown name is accepted")
	}
}

func TestMarkdown(t *testing.T) {
	b := &bench{options: options{servers: []string{"redis", "respect"}, rounds: 1, keys: 1000}}
	b.versions = map[string]string{"redis": "7.0.15", "respect": "0.1.0"}
	for _, r := range []struct {
		result
		redis, respect float64
	}{
		{newResult("GET", "throughput", "requests/s", aim{atLeast: 1}), 1000, 1200},
		{newResult("GET", "cpu per request", "µs", aim{atMost: 1}), 4, 5},
		{newResult("memory", "resident memory", "bytes/key", aim{atMost: 1.1}), 100, 75},
	} {
		r.add("redis", r.redis)
		r.add("respect", r.respect)
		b.results = append(b.results, r.result)
	}
	_, tables, _ := strings.Cut(b.report().markdown(), "\n")
	const want = `
respect 0.1.0 beside redis 7.0.15

| workload | redis rps | respect rps | ratio | cpu/req redis µs | respect µs | ratio | aim | met |
|---|--:|--:|--:|--:|--:|--:|---|---|
| GET | 1000 | 1200 | 1.20 | 4.00 | 5.00 | 1.25 | rps ≥ 1.0, cpu ≤ 1.0 | no: cpu per request |

| 1000 keys | redis | respect | ratio | aim | met |
|---|--:|--:|--:|---|---|
| memory, resident memory, bytes/key | 100.0 | 75.0 | 0.75 | ≤ 1.1 | yes |
`
	if diff := cmp.Diff(want, tables); diff != "" {
		t.Error(diff)
	}
}
