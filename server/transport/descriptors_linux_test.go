package transport

import (
	"bufio"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// withoutDescriptors lets the process open none until the test, or the function
// that is returned, ends that.
func withoutDescriptors(t *testing.T) (end func()) {
	t.Helper()
	var normal syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &normal); err != nil {
		t.Fatal(err)
	}
	end = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &normal); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(end)
	// The number of a new descriptor would have to be below this one.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: normal.Max}); err != nil {
		t.Fatal(err)
	}
	return end
}

// connectLater returns a socket and what connects it, for which no descriptor is
// needed any more.
func connectLater(t *testing.T, to net.Addr) (socket *os.File, connect func()) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	socket = os.NewFile(uintptr(fd), "socket")
	t.Cleanup(func() { socket.Close() })
	return socket, func() {
		a := &unix.SockaddrInet4{Port: to.(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
		if err := unix.Connect(fd, a); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutOfDescriptors has a connection wait while none can be accepted.
func TestOutOfDescriptors(t *testing.T) {
	each(t, "tcp", func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("before\n")
		p.expect("before\n")
		f.session(t)
		late, connect := connectLater(t, f.server.Addrs()[0])
		end := withoutDescriptors(t)
		connect()
		first := receive(t, f.failed)
		cycles := f.cycles()
		p.send("meanwhile\n")
		p.expect("meanwhile\n")
		if !testing.Short() {
			// It tries again without hurry, and does not tell of each time.
			second := receive(t, f.failed)
			if !errors.Is(second.err, unix.EMFILE) || second.at.Sub(first.at) < toldAccept*acceptPause {
				t.Errorf("told %v after %v", second.err, second.at.Sub(first.at))
			}
			if n := f.cycles() - cycles; n > 8*toldAccept {
				t.Errorf("the loops went round %d times meanwhile", n)
			}
		}
		if !errors.Is(first.err, unix.EMFILE) || first.err.Error() != "accept: Too many open files" {
			t.Errorf("told %v", first.err)
		}
		end()
		f.session(t)
		c, err := net.FileConn(late)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		q := &peer{c, t, bufio.NewReader(c)}
		q.send("after\n")
		q.expect("after\n")
	})
}

// cycles is how often the loops have looked for events.
func (f *fixture) cycles() uint64 {
	f.Lock()
	defer f.Unlock()
	return f.server.Stats().Cycles
}
