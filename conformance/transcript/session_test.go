package transcript

import (
	"net"
	"testing"
)

// endpoints is a connection of which only the addresses matter.
type endpoints struct {
	net.Conn
	local, remote string
}

func (e endpoints) LocalAddr() net.Addr  { return textAddr(e.local) }
func (e endpoints) RemoteAddr() net.Addr { return textAddr(e.remote) }

type textAddr string

func (a textAddr) Network() string { return "tcp" }
func (a textAddr) String() string  { return string(a) }

// TestClientLine: a proxy may talk to the server from the port that a client talks to the
// proxy from.
func TestClientLine(t *testing.T) {
	const list = "id=3 addr=127.0.0.1:40000 laddr=127.0.0.1:7000 fd=8 name=\n" +
		"id=4 addr=127.0.0.1:40002 laddr=127.0.0.1:7000 fd=9 name=\n"
	for _, c := range []struct {
		local, remote string
		found         bool
	}{
		{"127.0.0.1:40000", "127.0.0.1:7000", true},
		{"127.0.0.1:40000", "127.0.0.1:7777", false},
		{"127.0.0.1:4000", "127.0.0.1:7000", false},
	} {
		if line := clientLine([]byte(list), endpoints{local: c.local, remote: c.remote}); (line != nil) != c.found {
			t.Errorf("%s to %s: found %q", c.local, c.remote, line)
		}
	}
}
