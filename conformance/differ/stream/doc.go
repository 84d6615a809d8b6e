// Package stream makes the commands that the differential tester sends: random
// ones, drawn from the syntax of each command as the reference tells it in COMMAND
// DOCS, so that every option comes up, most of them valid and some of them slightly
// wrong.
//
// A [Generator] makes streams by number. The same seed, commands and number make
// the same stream, whatever was made before. A stream uses few keys, two databases
// and small pools of values, so that types collide and members overlap; some set
// small limits first, so that encodings convert early.
//
//   - syntax.go reads the syntax, and tells which commands are left out, and why
//   - generate.go draws streams, commands and arguments
//   - values.go says which values an argument is drawn from
//   - several.go draws streams of several connections, which wait, watch, track, subscribe
//   - payload.go draws payloads of RESTORE, and damages them
//   - mutate.go makes requests slightly invalid
//   - safe.go names what must not be sent, because it would wait, fill the memory
//     or depend on the clock
package stream
