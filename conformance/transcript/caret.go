package transcript

import (
	"strings"
	"unicode/utf8"
)

// Caret finds the first difference between what was expected and what came, in the lines of
// Want and of Got. ok is false if nothing was compared.
func (m *Mismatch) Caret() (wantLine, wantColumn, gotLine, gotColumn int, ok bool) {
	if m.Diff == nil {
		return 0, 0, 0, 0, false
	}
	want, got := strings.Split(m.Want, "\n"), strings.Split(m.Got, "\n")
	wantLine, gotLine = lineOf(want, m.Diff.Path), lineOf(got, m.Diff.Path)
	w, g := want[wantLine], got[gotLine]
	wantColumn, gotColumn = payload(w), payload(g)
	for wantColumn < len(w) && gotColumn < len(g) && w[wantColumn] == g[gotColumn] {
		wantColumn++
		gotColumn++
	}
	return wantLine, utf8.RuneCountInString(w[:wantColumn]), gotLine, utf8.RuneCountInString(g[:gotColumn]), true
}

// lineOf is the line of the node with the path; that of the closest node above it, if the text
// does not go so far.
func lineOf(lines []string, path []int) int {
	at := 0
	for depth, child := range path {
		next := at
		for n := -1; n < child; {
			next++
			if next >= len(lines) || indentOf(lines[next]) <= depth {
				return at
			}
			if indentOf(lines[next]) == depth+1 && !strings.HasPrefix(strings.TrimLeft(lines[next], " "), "|") {
				n++
			}
		}
		at = next
	}
	return at
}

func indentOf(line string) int { return (len(line) - len(strings.TrimLeft(line, " "))) / 2 }

// payload is where the type byte stands, behind indentation and relaxation.
func payload(line string) int {
	at := len(line) - len(strings.TrimLeft(line, " "))
	for _, word := range []string{"any ", "match ", "approx ", "unordered "} {
		if strings.HasPrefix(line[at:], word) {
			at += len(word)
			if word == "approx " || word == "unordered " {
				if i := strings.IndexByte(line[at:], ' '); i > 0 {
					at += i + 1
				}
			}
		}
	}
	return at
}
