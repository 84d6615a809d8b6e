// Package server is the Redis-compatible server: clients, the command table and
// its handlers, configuration, timers, start and stop.
//
// # The life of a request
//
// A transport reads bytes from a socket and hands them to a client (client.go),
// which cuts them into requests. The transport then takes the server's lock and
// lets the clients that have requests serve them: dispatch (dispatch.go) walks
// the guards and calls the handler of the command's row. Handlers stand in one
// file per command group (string.go, list.go, ...), below the group's rows. A
// handler appends its reply to the client's buffer, and the transport writes it
// once the lock is released.
//
// # One lock
//
// All state belongs to whoever holds Server.mu. Transports hold it while they
// execute, timers (timer.go) while they expire keys and end waits. Handlers
// never lock.
package server
