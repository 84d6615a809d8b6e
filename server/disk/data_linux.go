package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData leaves out the times of the file: they are of no use for reading it again.
func syncData(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	outer := raw.Control(func(fd uintptr) {
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Fdatasync(int(fd))
		}
	})
	if outer != nil {
		return outer
	}
	return os.NewSyscallError("fdatasync", err)
}
