//go:build unix

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// daemonMark is in the environment of a process that Daemonize has started.
const daemonMark = "RESPECT_DAEMON=1"

// Daemonize starts the program again in the background, in a session of its own
// and without terminal. It tells whether this process is the parent, whose work
// is done. In the process that was started it returns false.
func Daemonize() (parent bool, err error) {
	if os.Getenv("RESPECT_DAEMON") == "1" {
		return false, os.Unsetenv("RESPECT_DAEMON")
	}
	executable, err := os.Executable()
	if err != nil {
		return false, err
	}
	cmd := exec.Command(executable, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), daemonMark)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return true, cmd.Start()
}
