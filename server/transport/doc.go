// Package transport moves bytes between sockets and sessions. It knows neither
// requests nor replies: a [Session] is told what has arrived, is asked to
// execute it, and hands over what it has to say.
//
// All state behind the sessions has one lock, the [Handler]'s. A transport does
// its reading, and lets the sessions do their parsing, outside that lock, takes
// it once for everything that is ready, and writes after it has let go:
//
//	read, Receive   read, Receive   read, Receive      no lock
//	└─────────────────────┬─────────────────────┘
//	Lock   Serve Serve Serve   Output Output Output   Unlock
//	┌─────────────────────┴─────────────────────┐
//	write           write           write              no lock
//
// # Two implementations
//
// On Linux, plain TCP and Unix sockets belong to epoll loops (epoll_linux.go, round_linux.go):
// each loop is a goroutine locked to its thread that does the above for all of
// its sockets that are ready. Its reads and writes are raw system calls: they
// never block, and the scheduler's hand-off around a call costs more than most
// of these calls do.
//
// Everything else (other systems, TLS, in-process pipes, or everywhere with
// [Options.ForceNet]) has a goroutine per connection that reads (net.go). Where
// the socket allows it, that goroutine also writes, without waiting; what the
// peer does not take at once is left to a second goroutine that lives until it
// is written. So no peer can make the server wait, and one that sends a long
// pipeline before it reads the first reply gets through.
//
// # Memory
//
// A connection without traffic holds no buffer in the epoll implementation, and
// up to 32 KiB in the other. A loop lends each session a buffer for
// its replies before Serve and takes it back after. While a peer does not read,
// the bytes taken from the session are [Conn.OutputPending]; further replies
// stay with the session. Their sum is for the session to bound, with
// [Conn.Close].
//
// # Ends
//
// A peer that closes its sending side still gets the replies to all that it sent
// before: its session ends at once, so that nothing is executed for it any more,
// and the connection lingers until the replies are written, at most 10 seconds.
package transport
