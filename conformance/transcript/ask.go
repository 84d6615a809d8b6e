package transcript

import (
	"fmt"
	"slices"
	"strings"
)

// PlayedIn tells whether the case is for the protocol.
func PlayedIn(f *File, c *Case, proto int) bool {
	for _, d := range values(f, c, DirProto) {
		if !strings.Contains(d.Value, fmt.Sprint(proto)) {
			return false
		}
	}
	return true
}

// Has tells whether the case has the directive, or the file has it for all cases.
func Has(f *File, c *Case, name string) bool { return len(values(f, c, name)) > 0 }

// Literal is the word if it stands for itself: without variables and ranges.
func (w Word) Literal() (string, bool) {
	if len(w.Parts) != 1 || w.Parts[0].Expr != nil || w.Parts[0].Range != nil {
		return "", false
	}
	return string(w.Parts[0].Lit), true
}

// Requires tells whether the case needs this of the server.
func Requires(f *File, c *Case, need string) bool {
	for _, d := range values(f, c, DirRequires) {
		if slices.Contains(fields(d.Value), need) {
			return true
		}
	}
	return false
}
