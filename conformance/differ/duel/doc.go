// Package duel sends the same streams of commands to two servers and compares
// every reply, byte for byte.
//
// What no server promises, such as the order of a set, is compared by a named
// [rule]; what is different between releases on purpose is a named [tolerance]. Both
// stand in one table each, with reasons, and are counted when they are needed. After
// each stream the complete contents of both servers are compared by the same means.
//
// A difference, or a server that dies or hangs, is shrunk to the shortest stream
// that still shows it, and printed as a transcript.
//
//   - side.go talks to one server, and starts it again
//   - exchange.go lines requests up with the replies of both
//   - line.go and several.go play streams of several connections: whatever is sent to
//     each of them is compared, and when
//   - rules.go, tolerances.go, compare.go decide what is a difference
//   - duel.go plays one stream, state.go compares what is left behind
//   - payloads.go gets payloads for RESTORE from the servers
//   - run.go plays many, shrink.go makes them short, report.go prints them
package duel
