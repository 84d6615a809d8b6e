//go:build linux || darwin

package duel

import (
	"errors"
	"net"
	"syscall"
)

// receive appends what has come, without waiting, and tells whether the peer has
// closed the connection.
func receive(c net.Conn, in []byte) (out []byte, ended bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return receiveSoon(c, in)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return in, true
	}
	var b [4096]byte
	for {
		var n int
		var readErr error
		err := raw.Control(func(fd uintptr) { n, readErr = syscall.Read(int(fd), b[:]) })
		switch {
		case errors.Is(readErr, syscall.EINTR):
		case errors.Is(readErr, syscall.EAGAIN):
			return in, false
		case err != nil || readErr != nil || n <= 0:
			return in, true
		default:
			in = append(in, b[:n]...)
		}
	}
}
