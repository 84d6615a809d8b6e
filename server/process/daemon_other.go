//go:build !unix

package process

import "errors"

// Daemonize is not possible on this system.
func Daemonize() (parent bool, err error) {
	return false, errors.New("daemonize is not supported on this system")
}
