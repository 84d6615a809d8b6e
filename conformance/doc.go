// Package conformance tests whether a server behaves as Redis does.
//
// It is a black box suite: it talks to a server over its socket, with a strict
// decoder of its own, and imports nothing of the server in this repository.
//
//	go test ./conformance                          # our server, built for the purpose
//	go test ./conformance -server redis            # an installed redis-server (or valkey)
//	go test ./conformance -addr 127.0.0.1:6379     # any server that runs already
//
// The flags -user, -password, -tls, -tls-insecure and -db say how to enter a
// server that is named by its address; each flag can be given as an environment
// variable instead, such as RESPECT_ADDR. The suite deletes what the server
// holds. It refuses to touch a named server that is not empty unless
// -destructive is given.
//
// Respect-check is the part of it that checks any server, as one program.
//
// The golden transcripts are played from fixtures/transcripts; docs/TRANSCRIPTS.md
// describes them. docs/CONFORMANCE.md tells what else is tested, and how the suite
// itself is.
package conformance
