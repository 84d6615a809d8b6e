package verdict

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"respect/conformance/transcript"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
)

// page is the data of the HTML page: the checks once, and for each server a letter for each of
// them, and what there is to say about those that did not pass.
type page struct {
	Servers  []pageServer  `json:"servers"`
	Commands []pageCommand `json:"commands"`
	Checks   []pageCheck   `json:"checks"`
	Results  []pageResult  `json:"results"`
}

type pageServer struct {
	Server
	Score    Score  `json:"score"`
	Selected string `json:"selected"`
	Started  string `json:"started"`
}

type pageCommand struct {
	Name  string `json:"name"`
	Group string `json:"group"`
}

type pageCheck struct {
	ID       string `json:"id"`
	File     string `json:"file"`
	Protocol int    `json:"protocol"`
	Commands []int  `json:"commands"`
}

type pageResult struct {
	Verdicts string           `json:"verdicts"` // p, w, m, s, or - for checks of other runs
	Blamed   map[int]int      `json:"blamed"`   // the command at fault, -1 if it is none of the check's
	Reasons  map[int]string   `json:"reasons"`
	Known    map[int]string   `json:"known"`
	Failures map[int]*Failure `json:"failures"`
}

// HTML is the reports side by side, as a page that needs nothing else.
func HTML(reports ...*Report) ([]byte, error) {
	text, err := json.Marshal(paged(reports)) // which writes < as \u003c
	if err != nil {
		return nil, err
	}
	fill := strings.NewReplacer("{{style}}", pageStyle, "{{script}}", pageScript, "{{data}}", string(text))
	return []byte(fill.Replace(pageHTML)), nil
}

func paged(reports []*Report) *page {
	p := &page{}
	commandAt, checkAt := p.index(reports)
	for _, r := range reports {
		p.Servers = append(p.Servers, pageServer{Server: r.Server, Score: r.Score, Selected: r.Selected, Started: r.Started.Format("2006-01-02")})
		p.Results = append(p.Results, resultOf(r, len(p.Checks), commandAt, checkAt))
	}
	return p
}

// index lists the commands, by group, and the checks of all reports.
func (p *page) index(reports []*Report) (commandAt, checkAt map[string]int) {
	groups := map[string]string{}
	for _, r := range reports {
		for _, c := range r.Commands {
			groups[c.Name] = cmp.Or(groups[c.Name], c.Group)
		}
		for i := range r.Checks {
			for _, name := range namesOf(&r.Checks[i]) {
				groups[name] = cmp.Or(groups[name], r.Checks[i].Group)
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(groups[a], groups[b]), cmp.Compare(a, b))
	})
	commandAt, checkAt = map[string]int{}, map[string]int{}
	for i, name := range names {
		commandAt[name] = i
		p.Commands = append(p.Commands, pageCommand{name, groups[name]})
	}
	for _, r := range reports {
		for i := range r.Checks {
			c := &r.Checks[i]
			if _, ok := checkAt[c.ID]; ok {
				continue
			}
			checkAt[c.ID] = len(p.Checks)
			row := pageCheck{ID: c.ID, File: c.File, Protocol: c.Protocol}
			for _, name := range namesOf(c) {
				row.Commands = append(row.Commands, commandAt[name])
			}
			p.Checks = append(p.Checks, row)
		}
	}
	return commandAt, checkAt
}

// namesOf are the commands in whose rows the check stands. Checks without any, which are those
// of data files and of the protocol itself, have a row of their own.
func namesOf(c *Check) []string {
	if len(c.Commands) == 0 {
		return []string{"(" + c.Group + ")"}
	}
	return c.Commands
}

// Limits of what a page shows of a failure; the JSON report has more.
const (
	pageReply    = 1500 // bytes of a reply
	pageBefore   = 12   // exchanges in front
	pageExchange = 300  // bytes of each
)

// trimmed is the failure within these limits.
func trimmed(f *Failure) *Failure {
	g := *f
	g.Want, g.Got, g.Step = transcript.Shorten(f.Want, pageReply), transcript.Shorten(f.Got, pageReply), transcript.Shorten(f.Step, pageReply)
	if g.Caret != nil && (strings.Count(g.Want, "\n") < g.Caret.WantLine || strings.Count(g.Got, "\n") < g.Caret.GotLine) {
		g.Want, g.Got = f.Want, f.Got
	}
	g.Before = nil
	for _, e := range f.Before[max(0, len(f.Before)-pageBefore):] {
		short := transcript.Exchange{Step: transcript.Shorten(e.Step, pageExchange)}
		for _, got := range e.Got {
			short.Got = append(short.Got, transcript.Shorten(got, pageExchange))
		}
		g.Before = append(g.Before, short)
	}
	return &g
}

func resultOf(r *Report, checks int, commandAt, checkAt map[string]int) pageResult {
	out := pageResult{Blamed: map[int]int{}, Reasons: map[int]string{}, Known: map[int]string{}, Failures: map[int]*Failure{}}
	letters := []byte(strings.Repeat("-", checks))
	for i := range r.Checks {
		c := &r.Checks[i]
		at := checkAt[c.ID]
		letters[at] = map[Verdict]byte{Passed: 'p', Wrong: 'w', Missing: 'm', Skipped: 's'}[c.Verdict]
		if c.Reason != "" {
			out.Reasons[at] = c.Reason
		}
		if c.Known != "" {
			out.Known[at] = c.Known
		}
		if c.Failed() && c.Command != "" {
			out.Blamed[at] = -1
			if slices.Contains(c.Commands, c.Command) {
				out.Blamed[at] = commandAt[c.Command]
			}
		}
		if c.Failure != nil {
			out.Failures[at] = trimmed(c.Failure)
		}
	}
	out.Verdicts = string(letters)
	return out
}
