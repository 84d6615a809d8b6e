package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Markdown is a summary for the page of a CI run: the score by group, what is wrong, and what
// is missing.
func Markdown(r *Report) ([]byte, error) {
	var b strings.Builder
	s := r.Score
	mark := "✅"
	if !r.OK() {
		mark = "❌"
	}
	fmt.Fprintf(&b, "## %s %s: %s of %d checks passed\n\n", mark, escape(r.Server.String()), Percent(s.Passed, s.Total()), s.Total())
	fmt.Fprintf(&b, "%d passed, %d wrong, %d not implemented; %d skipped and not counted", s.Passed, s.Wrong, s.Missing, s.Skipped)
	if s.Known > 0 {
		fmt.Fprintf(&b, "; %d of the failures are known", s.Known)
	}
	fmt.Fprintf(&b, ". Of those whose commands the server has, %s passed. Flavour %s, release %s; %s.\n\n",
		Percent(s.Passed, s.Answered()), r.Server.Flavour, r.Server.Release, escape(r.Selected))
	groupTable(&b, []*Report{r})
	failureList(&b, r)
	if missing := r.MissingCommands(); len(missing) > 0 {
		fmt.Fprintf(&b, "\n### Not implemented\n\n%s\n", escape(strings.TrimPrefix(some(missing, 60), ": ")))
	}
	if len(r.Stale) > 0 {
		b.WriteString("\n### Unexpected passes\n\n")
		for _, line := range r.Stale {
			fmt.Fprintf(&b, "* %s\n", escape(line))
		}
	}
	return []byte(b.String()), nil
}

// Comparison is the scores of several servers side by side, by group.
func Comparison(reports []*Report) []byte {
	var b strings.Builder
	b.WriteString("| server | flavour, release | passed | wrong | not implemented | skipped |\n|---|---|--:|--:|--:|--:|\n")
	for _, r := range reports {
		s := r.Score
		fmt.Fprintf(&b, "| %s | %s, %s | %d of %d (%s) | %d | %d | %d |\n", escape(r.Server.String()), r.Server.Flavour, r.Server.Release,
			s.Passed, s.Total(), Percent(s.Passed, s.Total()), s.Wrong, s.Missing, s.Skipped)
	}
	b.WriteString("\n")
	groupTable(&b, reports)
	return []byte(b.String())
}

// groupTable has a row for each group: with all numbers of one report, or what passed of several.
func groupTable(b *strings.Builder, reports []*Report) {
	scores := make([]map[string]*Score, len(reports))
	groups := map[string]bool{}
	for i, r := range reports {
		scores[i] = map[string]*Score{}
		for j := range r.Checks {
			c := &r.Checks[j]
			if scores[i][c.Group] == nil {
				scores[i][c.Group] = &Score{}
			}
			scores[i][c.Group].add(c)
			groups[c.Group] = true
		}
	}
	b.WriteString("| group |")
	columns, empty := 3, " – | – | – |"
	if len(reports) == 1 {
		b.WriteString(" passed | wrong | not implemented |")
	} else {
		columns, empty = len(reports), " – |"
		for _, r := range reports {
			fmt.Fprintf(b, " %s |", escape(r.Server.String()))
		}
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", columns) + "\n")
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		fmt.Fprintf(b, "| %s |", group)
		for i := range reports {
			s := scores[i][group]
			if s == nil || s.Total() == 0 {
				b.WriteString(empty)
				continue
			}
			fmt.Fprintf(b, " %d of %d |", s.Passed, s.Total())
			if len(reports) == 1 {
				fmt.Fprintf(b, " %d | %d |", s.Wrong, s.Missing)
			}
		}
		b.WriteString("\n")
	}
}

// maxListed bounds the failures that a summary shows in full.
const maxListed = 20

func failureList(b *strings.Builder, r *Report) {
	var wrong []*Check
	for _, c := range r.Failures() {
		if c.Verdict == Wrong {
			wrong = append(wrong, c)
		}
	}
	if len(wrong) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### Wrong: %d\n", len(wrong))
	for i, c := range wrong {
		if i == maxListed {
			fmt.Fprintf(b, "\nand %d more.\n", len(wrong)-maxListed)
			break
		}
		fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n%s\n\n</details>\n", html(c.ID), fence(Block(c, "")))
	}
}

// fence puts the text into a block of code that it cannot end.
func fence(text string) string {
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	return marks + "\n" + strings.TrimRight(text, "\n") + "\n" + marks
}

var (
	forMarkdown = strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[")
	forHTML     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

func escape(text string) string { return forMarkdown.Replace(text) }
func html(text string) string   { return forHTML.Replace(text) }
