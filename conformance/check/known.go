package check

import (
	"fmt"
	"os"
	"strings"

	"respect/conformance/verdict"
)

// Known is a list of failures that are expected. Each line is the ID of a check, with * for
// anything; without its protocol it stands for both. Above each group of them stands why:
//
//	reason: streams come with the next release
//	stream/*
//	list/lpos.txt: RANK, RESP3
type Known struct {
	file    string
	entries []*knownEntry
}

type knownEntry struct {
	line            int
	pattern, reason string
	checks, failed  int
}

// ReadKnown reads a list.
func ReadKnown(file string) (*Known, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ParseKnown(file, string(text))
}

// ParseKnown reads the text of a list; the name of the file is for messages.
func ParseKnown(file, text string) (*Known, error) {
	k := &Known{file: file}
	reason := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
			continue
		}
		if after, ok := strings.CutPrefix(line, "reason:"); ok {
			if reason = strings.TrimSpace(after); reason == "" {
				return nil, fmt.Errorf("%s:%d: the reason is empty", file, i+1)
			}
			continue
		}
		if reason == "" {
			return nil, fmt.Errorf("%s:%d: no line \"reason: …\" stands above %q", file, i+1, line)
		}
		k.entries = append(k.entries, &knownEntry{line: i + 1, pattern: line, reason: reason})
	}
	return k, nil
}

// Mark notes in the report which failures are expected, and which entries are not needed
// any more: all checks that they match have passed, or there is none.
func (k *Known) Mark(r *verdict.Report) {
	for i := range r.Checks {
		k.mark(&r.Checks[i])
	}
	r.Stale = nil
	for _, e := range k.entries {
		switch {
		case e.checks == 0:
			r.Stale = append(r.Stale, fmt.Sprintf("%s:%d: %s: no such check was made", k.file, e.line, e.pattern))
		case e.failed == 0:
			r.Stale = append(r.Stale, fmt.Sprintf("%s:%d: %s: passes now (%s)", k.file, e.line, e.pattern, e.reason))
		}
	}
}

// Expect notes at the check why its failure is expected, if it is.
func (k *Known) Expect(c *verdict.Check) {
	both, _, _ := strings.Cut(c.ID, ", RESP")
	for _, e := range k.entries {
		if c.Known == "" && e.matches(c.ID, both) {
			c.Known = e.reason
		}
	}
}

func (e *knownEntry) matches(id, both string) bool {
	return e.pattern == id || e.pattern == both || matches(e.pattern, id) || matches(e.pattern, both)
}

func (k *Known) mark(c *verdict.Check) {
	if c.Verdict == verdict.Skipped {
		return
	}
	both, _, _ := strings.Cut(c.ID, ", RESP")
	for _, e := range k.entries {
		if !e.matches(c.ID, both) {
			continue
		}
		e.checks++
		if c.Failed() {
			e.failed++
		}
	}
	k.Expect(c)
}

// Write lists the failures of the report that are not yet expected, for somebody who adopts the
// suite for a server that is not ready.
func Write(file string, r *verdict.Report) error {
	var b strings.Builder
	b.WriteString("# Failures of " + r.Server.String() + " that are known.\n")
	reason := ""
	for _, c := range r.Checks {
		if !c.Failed() {
			continue
		}
		why := c.Known
		switch {
		case why != "":
		case c.Verdict == verdict.Missing:
			why = "not implemented: " + c.Reason
		default:
			why = "not looked at yet"
		}
		if why != reason {
			fmt.Fprintf(&b, "\nreason: %s\n", why)
			reason = why
		}
		b.WriteString(c.ID + "\n")
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
