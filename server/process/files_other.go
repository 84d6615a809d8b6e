//go:build !linux && !darwin

package process

import "math"

// OpenFiles returns how many files and sockets the process may have open. It is
// not known on this system, and taken for enough.
func OpenFiles() (limit uint64, err error) { return math.MaxUint64, nil }

// RaiseOpenFiles makes the limit at least want, which it is taken for already.
func RaiseOpenFiles(want uint64) (limit uint64, err error) { return math.MaxUint64, nil }
