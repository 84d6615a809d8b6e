// Package transcript reads, writes, plays and records conversations with a
// server, kept as text files that state the exact bytes of every reply.
//
// docs/TRANSCRIPTS.md specifies the format. A File is parsed by Parse and
// written by Print, and Parse(Print(f)) equals f. A Player holds a server
// against a file; a Recorder asks real servers for the replies and writes them
// into the file. Both talk to a server through a session, which keeps the
// connections of one case.
package transcript
