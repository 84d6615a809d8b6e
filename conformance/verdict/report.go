package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"respect/conformance/transcript"
)

// Verdict is what came out of a check.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"
	Wrong   Verdict = "wrong"
	Missing Verdict = "not implemented"
	Skipped Verdict = "skipped"
)

// Report is all that is known about one run. It is the document that the JSON output
// holds; docs/report.schema.json describes it.
type Report struct {
	Format   int       `json:"format"` // FormatVersion
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	Server   Server    `json:"server"`
	Selected string    `json:"selected"` // the selection in words
	Score    Score     `json:"score"`
	Commands []Command `json:"commands"`
	Checks   []Check   `json:"checks"`
	// Stale are entries of the known failures that no longer fail, or match no check.
	Stale []string `json:"stale,omitempty"`
}

// FormatVersion changes when a member of the document gets another meaning.
const FormatVersion = 1

// Server is what is known about the server.
type Server struct {
	Name         string          `json:"name"`
	Version      string          `json:"version"`
	Flavour      string          `json:"flavour"` // redis, valkey or other
	Release      string          `json:"release"` // level that was tested
	Capabilities map[string]bool `json:"capabilities"`
}

func (s Server) String() string { return strings.TrimSpace(s.Name + " " + s.Version) }

// Check is a check and its verdict.
type Check struct {
	ID       string   `json:"id"` // unique: "list/lpos.txt: RANK, RESP2"
	File     string   `json:"file"`
	Case     string   `json:"case"`
	Line     int      `json:"line,omitempty"`
	Group    string   `json:"group"`
	Protocol int      `json:"protocol"`
	Commands []string `json:"commands"` // as "config|get"
	Verdict  Verdict  `json:"verdict"`
	// Reason is why it was skipped, what is missing, or what is wrong.
	Reason string `json:"reason,omitempty"`
	// Command is the one that is wrong or missing, which may be none of Commands: the case could
	// not be set up without it.
	Command string `json:"command,omitempty"`
	// Known is the reason for which the failure is expected.
	Known   string   `json:"known,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	Seconds float64  `json:"seconds"`
}

// Blames tells whether the failure is that of the command. Where no single one is to blame, as
// with a protocol that the server does not speak, it is that of all.
func (c *Check) Blames(name string) bool {
	return c.Command == name || c.Command == ""
}

// Failed tells whether the check was made and not passed.
func (c *Check) Failed() bool { return c.Verdict == Wrong || c.Verdict == Missing }

// Failure is the first exchange that went wrong.
type Failure struct {
	Line    int                   `json:"line"` // of the step in the file
	Step    string                `json:"step"`
	Want    string                `json:"want"` // in the notation of transcripts
	Got     string                `json:"got"`
	Bytes   string                `json:"bytes,omitempty"` // what came, quoted
	Caret   *Caret                `json:"caret,omitempty"`
	Before  []transcript.Exchange `json:"before,omitempty"`
	Further int                   `json:"further,omitempty"` // other mismatches in the case
}

// Caret is the place of the first difference: lines and columns count from 0, in characters.
type Caret struct {
	WantLine   int `json:"want_line"`
	WantColumn int `json:"want_column"`
	GotLine    int `json:"got_line"`
	GotColumn  int `json:"got_column"`
}

// Score counts checks by verdict.
type Score struct {
	Passed  int `json:"passed"`
	Wrong   int `json:"wrong"`
	Missing int `json:"not_implemented"`
	Skipped int `json:"skipped"`
	// Known are those of the failures that are expected; they are counted above, too.
	Known int `json:"known"`
}

// Total is the denominator: the checks that were made.
func (s Score) Total() int { return s.Passed + s.Wrong + s.Missing }

// Answered are the checks whose commands the server has.
func (s Score) Answered() int { return s.Passed + s.Wrong }

func (s Score) String() string {
	return fmt.Sprintf("%d of %d checks passed (%s): %d wrong, %d not implemented; %d skipped",
		s.Passed, s.Total(), Percent(s.Passed, s.Total()), s.Wrong, s.Missing, s.Skipped)
}

// Percent is a share with one decimal; it is never rounded up to 100 %.
func Percent(n, of int) string {
	switch {
	case of == 0:
		return "none"
	case n == of:
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", float64(n*1000/of)/10)
}

func (s *Score) add(c *Check) {
	switch c.Verdict {
	case Passed:
		s.Passed++
	case Wrong:
		s.Wrong++
	case Missing:
		s.Missing++
	default:
		s.Skipped++
	}
	if c.Known != "" && c.Failed() {
		s.Known++
	}
}

// Command is a command with the score of the checks that use it, by protocol. A check
// that fails because of another command counts for Elsewhere of this one.
type Command struct {
	Name  string  `json:"name"`
	Group string  `json:"group"` // that of most of its checks
	RESP2 Outcome `json:"resp2"`
	RESP3 Outcome `json:"resp3"`
}

// Outcome counts the checks of a command in one protocol.
type Outcome struct {
	Passed    int `json:"passed"`
	Wrong     int `json:"wrong"`
	Missing   int `json:"not_implemented"`
	Elsewhere int `json:"elsewhere"`
}

// Finish fills in what follows from the checks: the score and the commands.
func (r *Report) Finish() {
	r.Format, r.Score = FormatVersion, Score{}
	commands := map[string]*Command{}
	groups := map[string]map[string]int{}
	for i := range r.Checks {
		c := &r.Checks[i]
		r.Score.add(c)
		if c.Verdict == Skipped {
			continue
		}
		for _, name := range c.Commands {
			if commands[name] == nil {
				commands[name], groups[name] = &Command{Name: name}, map[string]int{}
			}
			groups[name][c.Group]++
			outcome := &commands[name].RESP2
			if c.Protocol == 3 {
				outcome = &commands[name].RESP3
			}
			outcome.add(c, name)
		}
	}
	r.Commands = r.Commands[:0]
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		c := commands[name]
		c.Group = most(groups[name])
		r.Commands = append(r.Commands, *c)
	}
}

func (o *Outcome) add(c *Check, name string) {
	switch {
	case c.Verdict == Passed:
		o.Passed++
	case !c.Blames(name):
		o.Elsewhere++
	case c.Verdict == Missing:
		o.Missing++
	default:
		o.Wrong++
	}
}

// most is the name that was counted most often, the first by name among equals.
func most(counts map[string]int) string {
	best := ""
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name] > counts[best] {
			best = name
		}
	}
	return best
}

// Failures are the checks that failed and were not expected to.
func (r *Report) Failures() []*Check {
	var out []*Check
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Failed() && c.Known == "" {
			out = append(out, c)
		}
	}
	return out
}

// OK tells whether the run is a success: nothing failed unexpectedly.
func (r *Report) OK() bool { return len(r.Failures()) == 0 }

// Skips counts the reasons of skipped checks, the most frequent first.
func (r *Report) Skips() []Count {
	counts := map[string]int{}
	for i := range r.Checks {
		if r.Checks[i].Verdict == Skipped {
			counts[r.Checks[i].Reason]++
		}
	}
	return sorted(counts)
}

// MissingCommands counts the checks by the command that the server does not have.
func (r *Report) MissingCommands() []Count {
	counts := map[string]int{}
	for i := range r.Checks {
		if r.Checks[i].Verdict == Missing {
			counts[r.Checks[i].Reason]++
		}
	}
	return sorted(counts)
}

// Count is a name and how often it occurs.
type Count struct {
	Name string
	N    int
}

func sorted(counts map[string]int) []Count {
	var out []Count
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, Count{name, counts[name]})
	}
	slices.SortStableFunc(out, func(a, b Count) int { return b.N - a.N })
	return out
}
