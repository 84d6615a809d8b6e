package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"respect/server/config"
	"respect/server/transport"
)

// These tests ask the kernel what the sockets of a server are really set to.

// startOn runs a server on free ports of the given addresses, with epoll or with
// a goroutine per connection, until the test ends.
func startOn(t *testing.T, cfg *config.Config, forceNet bool, bind ...string) *Server {
	t.Helper()
	s := New(Options{Config: cfg, Log: io.Discard})
	o := s.transportOptions()
	o.Bind, o.Port, o.AnyPort, o.ForceNet = bind, 0, true, forceNet
	tr, err := transport.Listen(s, o)
	if err != nil {
		t.Fatal(err)
	}
	s.setTransport(tr)
	s.timer.start()
	t.Cleanup(s.Close)
	return s
}

// eachTransport runs a test against both implementations.
func eachTransport(t *testing.T, test func(t *testing.T, forceNet bool)) {
	for _, name := range []string{"epoll", "net"} {
		t.Run(name, func(t *testing.T) { test(t, name == "net") })
	}
}

// socketFact reads an option of a socket of this process.
func socketFact(t *testing.T, fd, level, option int) int {
	t.Helper()
	n, err := unix.GetsockoptInt(fd, level, option)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// acceptedFD returns the server's descriptor of a client's connection.
func acceptedFD(t *testing.T, p *peer) int {
	t.Helper()
	p.send("CLIENT INFO")
	p.r.ReadString('\n') // the length
	line, err := p.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(line, " fd=")
	digits, _, _ := strings.Cut(rest, " ")
	fd, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("no descriptor in %q", line)
	}
	p.r.ReadString('\n') // the end of the bulk string
	return fd
}

// keepAliveFacts are SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT.
func keepAliveFacts(t *testing.T, fd int) string {
	t.Helper()
	if socketFact(t, fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 {
		return "off"
	}
	return fmt.Sprint(socketFact(t, fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE), " ",
		socketFact(t, fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL), " ",
		socketFact(t, fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT))
}

// What the real servers set for these values was read from their sockets.
func TestKeepAliveIsThatOfTheRealServer(t *testing.T) {
	eachTransport(t, func(t *testing.T, forceNet bool) {
		s := startOn(t, quiet(t), forceNet, "127.0.0.1")
		addr := s.transport.Addrs()[0].String()
		first := dial(t, addr)
		const byDefault = "300 100 3"
		fd := acceptedFD(t, first)
		if got := keepAliveFacts(t, fd); got != byDefault {
			t.Errorf("by default: %s", got)
		}
		if socketFact(t, fd, unix.IPPROTO_TCP, unix.TCP_NODELAY) == 0 {
			t.Error("small replies are delayed")
		}
		for _, c := range []struct{ seconds, want string }{
			{"1", "1 1 3"}, {"2", "2 1 3"}, {"5", "5 1 3"}, {"10", "10 3 3"}, {"0", "off"}, {"300", byDefault},
		} {
			first.send("CONFIG SET tcp-keepalive " + c.seconds)
			first.expect("+OK")
			if got := keepAliveFacts(t, acceptedFD(t, dial(t, addr))); got != c.want {
				t.Errorf("tcp-keepalive %s: %s, want %s", c.seconds, got, c.want)
			}
			if got := keepAliveFacts(t, fd); got != byDefault {
				t.Errorf("tcp-keepalive %s changes a connection that was there: %s", c.seconds, got)
			}
		}
	})
}

// listeningFD returns the descriptor of this process that listens on a TCP port.
func listeningFD(t *testing.T, port int) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of the descriptors: ", err)
	}
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || on == 0 {
			continue
		}
		if a, err := unix.Getsockname(fd); err == nil {
			if in4, ok := a.(*unix.SockaddrInet4); ok && in4.Port == port {
				return fd
			}
		}
	}
	t.Fatalf("nothing listens on port %d", port)
	return -1
}

// maxBacklog is the longest queue that the kernel allows.
func maxBacklog(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBacklogReachesTheSocket(t *testing.T) {
	most := maxBacklog(t)
	for _, backlog := range []int{1, 7, 511, most + 1} {
		cfg := quiet(t)
		cfg.TCPBacklog = int64(backlog)
		s, addr := startServer(t, Options{Config: cfg})
		for _, moment := range []string{"start", "CONFIG SET port"} {
			port := s.transport.Addrs()[0].(*net.TCPAddr).Port
			// For a socket that listens, this field is the length of its queue.
			info, err := unix.GetsockoptTCPInfo(listeningFD(t, port), unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil {
				t.Fatal(err)
			}
			if want := min(backlog, most); int(info.Sacked) != want {
				t.Errorf("tcp-backlog %d after %s: %d, want %d", backlog, moment, info.Sacked, want)
			}
			if moment == "start" {
				p := dial(t, addr)
				p.send(fmt.Sprintf("CONFIG SET port %d bind 127.0.0.1", freePort(t)))
				p.expect("+OK")
			}
		}
	}
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// ownAddress returns an address of this machine that is not a loopback one.
func ownAddress(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip("no list of the addresses: ", err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback ones")
	return ""
}

// A connection to an address of the machine comes from the same address: for the
// server that is not the loopback interface.
func TestProtectedModeOnARealConnection(t *testing.T) {
	own := ownAddress(t)
	eachTransport(t, func(t *testing.T, forceNet bool) {
		s := startOn(t, quiet(t), forceNet, "127.0.0.1", own)
		addrs := s.transport.Addrs()
		local := dial(t, addrs[0].String())
		stranger := func() *peer { return dial(t, addrs[1].String()) }

		refused := stranger()
		refused.expect("-" + errProtectedMode)
		if rest, err := io.ReadAll(refused.r); err != nil || len(rest) > 0 {
			t.Errorf("behind the refusal: %q, %v", rest, err)
		}
		local.send("PING", "CONFIG SET protected-mode no")
		local.expect("+PONG", "+OK")
		p := stranger()
		p.send("PING")
		p.expect("+PONG")
		local.send("CONFIG SET protected-mode yes requirepass secret")
		local.expect("+OK")
		p = stranger()
		p.send("PING", "AUTH secret", "PING")
		p.expect("-NOAUTH Authentication required.", "+OK", "+PONG")
	})
}
