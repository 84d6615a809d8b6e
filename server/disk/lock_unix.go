//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package disk

import (
	"io"
	"os"
	"syscall"
)

// lock takes the lock of a file, if it is still the one that has the name.
func lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		err = errLocked
	}
	if err == nil {
		err = sameFile(f, name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sameFile returns errGone if a file has lost its name.
func sameFile(f *os.File, name string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(name)
	if err != nil || !os.SameFile(mine, named) {
		return errGone
	}
	return nil
}
