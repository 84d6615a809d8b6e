//go:build linux || darwin

package process

import "syscall"

// OpenFiles returns how many files and sockets the process may have open.
func OpenFiles() (limit uint64, err error) {
	var l syscall.Rlimit
	err = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	return l.Cur, err
}

// RaiseOpenFiles makes the limit at least want, or as high as the system allows,
// and returns what it is then. The error tells why it is less than want.
func RaiseOpenFiles(want uint64) (limit uint64, err error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur >= want {
		return l.Cur, err
	}
	// Beyond the hard limit only a privileged process gets.
	err = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: max(l.Max, want)})
	if err != nil && l.Cur < l.Max && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: l.Max, Max: l.Max}) == nil {
		return l.Max, err
	}
	if err != nil {
		return l.Cur, err
	}
	return want, nil
}
