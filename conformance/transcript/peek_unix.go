//go:build linux || darwin

package transcript

import (
	"errors"
	"net"
	"syscall"
)

// peek looks, without waiting, whether the socket has something to read. It
// does not work for TLS, whose records carry more than the stream's bytes.
func peek(c net.Conn) (state readiness, ok bool) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return quiet, false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return quiet, false
	}
	var n int
	var peekErr error
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, peekErr = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	switch {
	case err != nil:
		return quiet, false
	case errors.Is(peekErr, syscall.EAGAIN) || errors.Is(peekErr, syscall.EINTR):
		return quiet, true
	case peekErr != nil || n == 0:
		return ended, true
	}
	return readable, true
}
