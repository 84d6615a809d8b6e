//go:build unix

package transport

import "syscall"

// tryWrite writes as much of p as the socket takes without waiting.
func tryWrite(socket syscall.RawConn, p []byte) (n int, err error) {
	outer := socket.Write(func(fd uintptr) (done bool) {
		n, err = syscall.Write(int(fd), p)
		return true
	})
	if outer != nil {
		return 0, outer
	}
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return 0, nil
	}
	return max(n, 0), err
}
