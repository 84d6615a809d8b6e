package verdict

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Console writes for a person who watches: failures as they come, a bar below them if the output is a
// terminal, and a summary.
type Console struct {
	w     io.Writer
	total int
	bar   bool
	rerun func(*Check) string // the command that makes just this check again

	done, failed int
	score        Score
	drawn        time.Time
}

// MaxShown is how many failures are shown in full; the rest is in the reports.
const MaxShown = 50

// NewConsole returns a console for so many checks.
func NewConsole(w io.Writer, total int, bar bool, rerun func(*Check) string) *Console {
	return &Console{w: w, total: total, bar: bar, rerun: rerun}
}

// Observe shows a verdict.
func (c *Console) Observe(v *Check) {
	c.done++
	c.score.add(v)
	if v.Verdict == Wrong && v.Known == "" {
		c.failed++
		if c.failed <= MaxShown {
			c.erase()
			fmt.Fprintf(c.w, "%s\n", Block(v, c.rerun(v)))
		} else if c.failed == MaxShown+1 {
			c.erase()
			fmt.Fprintf(c.w, "More than %d checks are wrong: the others are in the reports (-json, -html).\n\n", MaxShown)
		}
	}
	if c.bar && time.Since(c.drawn) > 100*time.Millisecond {
		c.draw(v.ID)
	}
}

func (c *Console) erase() {
	if c.bar {
		fmt.Fprint(c.w, "\r\x1b[K")
	}
}

const barWidth = 30

func (c *Console) draw(what string) {
	c.drawn = time.Now()
	full := 0
	if c.total > 0 {
		full = barWidth * c.done / c.total
	}
	const room = 45
	if r := []rune(what); len(r) > room {
		what = string(r[:room-1]) + "…"
	}
	c.erase()
	fmt.Fprintf(c.w, "[%s%s] %d/%d  %d wrong  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full),
		c.done, c.total, c.score.Wrong, what)
}

// Summary writes what came out, with its denominators.
func (c *Console) Summary(r *Report) {
	c.erase()
	fmt.Fprint(c.w, Summary(r))
}

// Summary is what came out, with its denominators.
func Summary(r *Report) string {
	var b strings.Builder
	s := r.Score
	fmt.Fprintf(&b, "%s, as flavour %s of release %s; %s\n", r.Server, r.Server.Flavour, r.Server.Release, r.Selected)
	for _, line := range []struct {
		n    int
		text string
	}{
		{s.Passed, fmt.Sprintf("passed, of %d that were made (%s)", s.Total(), Percent(s.Passed, s.Total()))},
		{s.Wrong, fmt.Sprintf("wrong: of %d whose commands the server has, %s passed", s.Answered(), Percent(s.Passed, s.Answered()))},
		{s.Missing, "not implemented" + some(r.MissingCommands(), 12)},
		{s.Skipped, "skipped, and not counted"},
	} {
		fmt.Fprintf(&b, "%7d  %s\n", line.n, line.text)
	}
	for _, skip := range r.Skips() {
		fmt.Fprintf(&b, "         %5d  %s\n", skip.N, skip.Name)
	}
	if s.Known > 0 {
		fmt.Fprintf(&b, "%7d  of the failures are known\n", s.Known)
	}
	for _, stale := range r.Stale {
		fmt.Fprintf(&b, "unexpected pass: %s\n", stale)
	}
	fmt.Fprintf(&b, "%.1f s\n", r.Seconds)
	return b.String()
}

// some names the first of the counted, and how many there are.
func some(counts []Count, limit int) string {
	if len(counts) == 0 {
		return ""
	}
	var names []string
	for i, c := range counts {
		if i == limit {
			names = append(names, fmt.Sprintf("and %d more", len(counts)-limit))
			break
		}
		names = append(names, c.Name)
	}
	return ": " + strings.Join(names, ", ")
}

// Block is a failure for reading: what was asked, what should have come and what came, with a caret
// below the first difference, and what went before.
func Block(c *Check, rerun string) string {
	var b strings.Builder
	where := c.File
	f := c.Failure
	if f != nil && f.Line > 0 {
		where = fmt.Sprintf("%s:%d", c.File, f.Line)
	}
	mark := "✗"
	if c.Verdict == Missing {
		mark = "∅"
	}
	fmt.Fprintf(&b, "%s %s  (%s)\n", mark, c.ID, where)
	fmt.Fprintf(&b, "  %s: %s\n", c.Verdict, c.Reason)
	if f == nil {
		return b.String()
	}
	b.WriteString(before(f))
	fmt.Fprintf(&b, "  request   %s\n", f.Step)
	wantCaret, gotCaret := -1, -1
	wantColumn, gotColumn := 0, 0
	if f.Caret != nil {
		wantCaret, wantColumn, gotCaret, gotColumn = f.Caret.WantLine, f.Caret.WantColumn, f.Caret.GotLine, f.Caret.GotColumn
	}
	b.WriteString(part("expected", f.Want, wantCaret, wantColumn))
	b.WriteString(part("got", f.Got, gotCaret, gotColumn))
	if f.Further > 0 {
		fmt.Fprintf(&b, "  and %d more in this case\n", f.Further)
	}
	fmt.Fprintf(&b, "  again     %s\n", rerun)
	return b.String()
}

// maxBefore bounds the exchanges that are shown in front of the one that failed.
const maxBefore = 12

func before(f *Failure) string {
	var b strings.Builder
	list := f.Before
	title := "before"
	if cut := len(list) - maxBefore; cut > 0 {
		list = list[cut:]
		fmt.Fprintf(&b, "  %-9s (%d exchanges)\n", title, cut)
		title = ""
	}
	for _, e := range list {
		fmt.Fprintf(&b, "  %-9s %s\n", title, e.Step)
		title = ""
		for _, got := range e.Got {
			b.WriteString(indented(firstLines(got, 6)))
		}
	}
	return b.String()
}

const margin = "            "

func indented(text string) string {
	return margin + "  " + strings.ReplaceAll(text, "\n", "\n"+margin+"  ") + "\n"
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(text, "\n", n+1)
	if len(lines) > n {
		lines[n] = "…"
	}
	return strings.Join(lines, "\n")
}

// part shows a reply; long ones around the line of the caret only.
func part(title, text string, caretLine, caretColumn int) string {
	const around = 12
	var b strings.Builder
	lines := strings.Split(text, "\n")
	from, to := 0, len(lines)
	if caretLine > around {
		from = caretLine - around
	}
	to = min(to, max(caretLine, 0)+around)
	for i := from; i < to; i++ {
		if i == from && from > 0 {
			fmt.Fprintf(&b, "  %-9s … %d lines\n", title, from)
			title = ""
		}
		fmt.Fprintf(&b, "  %-9s %s\n", title, lines[i])
		title = ""
		if i == caretLine {
			fmt.Fprintf(&b, "%s%s^\n", margin, strings.Repeat(" ", caretColumn))
		}
	}
	if to < len(lines) {
		fmt.Fprintf(&b, "%s… %d more lines\n", margin, len(lines)-to)
	}
	return b.String()
}
