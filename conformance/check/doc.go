// Package check selects checks of the corpus, makes them on a server and collects the
// verdicts.
//
// A check is a case of a transcript in one protocol, or a data file that the server is
// started with. [Plan] lists those that are selected, [Study] finds out what a server can do and
// how it may be treated, and [Run] makes the checks: one after the other on a server that
// was named by its address, and on several servers at once if it can start them.
package check
