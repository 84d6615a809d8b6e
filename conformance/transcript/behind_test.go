package transcript

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"respect/conformance/target"
)

// lazy stands between clients and a server, and passes BLPOP on only when the list of clients was
// asked for as often as held says.
type lazy struct {
	backend string
	held    int32
	asked   atomic.Int32
	enough  chan struct{}
	once    sync.Once
}

func (z *lazy) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", z.backend)
		if err != nil {
			client.Close()
			return
		}
		go func() { _, _ = io.Copy(client, server); client.Close() }()
		go z.pass(client, server)
	}
}

func (z *lazy) pass(client, server net.Conn) {
	defer server.Close()
	chunk := make([]byte, 4096)
	for {
		n, err := client.Read(chunk)
		if err != nil {
			return
		}
		if bytes.Contains(chunk[:n], []byte("LIST")) && z.asked.Add(1) >= z.held {
			z.once.Do(func() { close(z.enough) })
		}
		if bytes.Contains(chunk[:n], []byte("BLPOP")) {
			<-z.enough
		}
		if _, err := server.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// TestWhoWaitsBehindAProxy: the server knows the client by another address, and gets its request late.
// It must wait before the next step is played all the same.
func TestWhoWaitsBehindAProxy(t *testing.T) {
	direct := startReal(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	// The player asks for the list once by itself, to find the client in it.
	z := &lazy{backend: direct.t.Addr, held: 3, enough: make(chan struct{})}
	go z.serve(l)
	through, err := target.Connect(t.Context(), target.Access{Addr: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlayer(t.Context(), through)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	z.asked.Store(0)
	f := mustParse(t, "=== a\nc1> BLPOP k 0\nc1: blocked\nc2> RPUSH k a\n:1\nc2> EXISTS k\n:0\nc1: reads\n*2\n  $\"k\"\n  $\"a\"\n")
	r, err := p.Play(t.Context(), f, &f.Cases[0], 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Mismatches {
		t.Error(m.String())
	}
}
