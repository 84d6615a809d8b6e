// Package verdict holds what a run of the checks has found, and writes it for people and
// for programs: as text, JSON, JUnit XML, Markdown, a badge and an HTML page.
//
// A check is one case of a transcript in one protocol, or one data file. Its verdict is one
// of four. "wrong" is another answer than the real servers give; "not implemented" means
// that the server itself says it does not have the command. The two are counted apart: the
// first is a fault, the second may be intended. "skipped" checks were not made, for the reason
// that stands with them, and are in no denominator.
package verdict
