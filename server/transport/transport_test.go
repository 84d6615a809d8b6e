package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const everywhere = "tcp tcp6 unix pipe"

func TestFragments(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		for _, b := range []byte("hello\nworld\n") {
			p.send(string(b))
		}
		p.expect("hello\nworld\n")
		p.send("a\nb\nc")
		p.expect("a\nb\n")
		p.send("d\n")
		p.expect("cd\n")
	})
}

// TestPipeline sends 100 MB, more than any socket buffer takes, while reading.
func TestPipeline(t *testing.T) {
	total := 100 << 20
	if testing.Short() {
		total = 8 << 20
	}
	each(t, "tcp unix pipe", func(t *testing.T, f *fixture) {
		p := f.connect(t)
		block := []byte(strings.Repeat("0123456789abcde\n", 4096))
		done := make(chan error, 1)
		go func() {
			for range total / len(block) {
				if _, err := p.Write(block); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
		got := make([]byte, len(block))
		for range total / len(block) {
			if _, err := io.ReadFull(p.r, got); err != nil || !bytes.Equal(got, block) {
				t.Fatal("damaged:", err)
			}
		}
		if err := receive(t, done); err != nil {
			t.Fatal(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapInuse > 64<<20 {
			t.Errorf("%d MiB in use", m.HeapInuse>>20)
		}
	})
}

// TestWriteBeforeRead sends everything before it reads anything.
func TestWriteBeforeRead(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		s := f.session(t)
		p.send("big 30000000\n")
		f.eventually(t, "pending", func() bool { return s.conn.OutputPending() > 0 })
		for i := range 16 {
			p.send(fmt.Sprintf("big %d\n", 1<<20+i))
		}
		f.eventually(t, "all served", func() bool { return len(s.out) > 16<<20 })
		p.expect(strings.Repeat("x", 30000000) + "\n")
		for i := range 16 {
			p.expect(strings.Repeat("x", 1<<20+i) + "\n")
		}
		f.eventually(t, "nothing pending", func() bool { return s.conn.OutputPending() == 0 })
	})
}

func TestSlowReader(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		if tcp, ok := p.Conn.(*net.TCPConn); ok {
			tcp.SetReadBuffer(64 << 10) // the system would grow it to tens of megabytes
		}
		p.send("big 30000000\n")
		s := f.session(t)
		f.eventually(t, "pending", func() bool { return s.conn.OutputPending() > 1<<20 })
		// The others are served meanwhile, and so is this one.
		q := f.connect(t)
		q.send("hello\n")
		q.expect("hello\n")
		p.send("more\n")
		f.eventually(t, "reply kept", func() bool { return string(s.out) == "more\n" || s.serves > 1 })
		f.Lock()
		s.conn.Close()
		if s.closed != 1 {
			t.Error("Close did not call Closed")
		}
		s.conn.Close()
		s.conn.Wake()
		f.Unlock()
		if err := receive(t, f.closed); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(io.Discard, p.r); n >= 30000000 {
			t.Errorf("got all of it, %v", err)
		}
	})
}

func TestLargeArgument(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		payload := bytes.Repeat([]byte("0123456789abcdef!"), 1<<20)
		p.send(fmt.Sprintf("take %d\n", len(payload)))
		p.Write(payload)
		p.send("next\n")
		p.expect(fmt.Sprintf("%d %d\nnext\n", len(payload), sum(payload)))
		f.Lock()
		defer f.Unlock()
		if s := f.sessions[0]; f.server.API() == "epoll" && s.direct == 0 {
			t.Error("not read to its place")
		}
	})
}

func TestWake(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("one\nwait\ntwo\n")
		p.expect("one\n")
		s := f.session(t)
		f.eventually(t, "waiting", func() bool { return s.waiting })
		f.Lock()
		s.out = append(s.out, "news\n"...)
		s.waiting = false
		s.conn.Wake()
		s.conn.Wake()
		f.Unlock()
		p.expect("news\ntwo\n")
		for range 200 { // each finds the transport in another state
			f.Lock()
			s.out = append(s.out, "tick\n"...)
			s.conn.Wake()
			f.Unlock()
		}
		p.expect(strings.Repeat("tick\n", 200))
	})
}

// TestWakeEachOther has sessions wake each other from several goroutines while
// requests arrive.
func TestWakeEachOther(t *testing.T) {
	each(t, "tcp unix pipe", func(t *testing.T, f *fixture) {
		const peers, rounds = 8, 300
		var all sync.WaitGroup
		for range peers {
			p := f.connect(t)
			s := f.session(t)
			all.Go(func() {
				for range rounds {
					f.Lock()
					s.out = append(s.out, "m\n"...)
					s.conn.Wake()
					f.Unlock()
				}
			})
			all.Go(func() {
				for range rounds {
					io.WriteString(p, "m\n")
				}
			})
			all.Go(func() {
				got := make([]byte, 2*2*rounds)
				if n, err := io.ReadFull(p.r, got); err != nil {
					t.Errorf("%d bytes: %v", n, err)
				}
			})
		}
		all.Wait()
	})
}

func TestHalfClose(t *testing.T) {
	each(t, "tcp tcp6 unix", func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("hello\nbig 20000000\nrest")
		p.closeWrite()
		if err := receive(t, f.closed); err != io.EOF {
			t.Error(err)
		}
		p.expect("hello\n" + strings.Repeat("x", 20000000) + "\n")
		p.expectEOF()
	})
}

func TestHalfCloseWaiting(t *testing.T) {
	each(t, "tcp unix", func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("a\nwait\nb\n")
		p.closeWrite()
		p.expect("a\n")
		p.expectEOF()
		if err := receive(t, f.closed); err != io.EOF {
			t.Error(err)
		}
	})
}

func TestQuit(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("a\nbig 10000000\nquit\nb\n")
		p.expect("a\n" + strings.Repeat("x", 10000000) + "\nquit\n")
		if _, err := p.r.ReadByte(); err == nil {
			t.Error("not closed")
		}
		if err := receive(t, f.closed); err != nil {
			t.Error(err)
		}
	})
}

func TestDrop(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("a\n")
		p.expect("a\n")
		p.send("b\ndrop\nc\n")
		if got, _ := io.ReadAll(p.r); len(got) > 0 {
			t.Errorf("got %q", got)
		}
		if err := receive(t, f.closed); err != nil {
			t.Error(err)
		}
	})
}

// TestPeerVanishes closes the peer's end at each stage.
func TestPeerVanishes(t *testing.T) {
	for _, sent := range []string{"", "part", "a\n", "wait\n", "big 5000000\n", "big 5000000\nquit\n", "take 100000\nabc"} {
		t.Run(fmt.Sprintf("%q", sent), func(t *testing.T) {
			each(t, "tcp unix pipe", func(t *testing.T, f *fixture) {
				p := f.connect(t)
				p.send(sent)
				s := f.session(t)
				if sent != "" {
					f.eventually(t, "served", func() bool { return s.serves > 0 })
				}
				p.Close()
				receive(t, f.closed)
				q := f.connect(t)
				q.send("still there\n")
				q.expect("still there\n")
			})
		})
	}
}

func TestRefuse(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		f.Lock()
		f.refuse = "-no\n"
		f.Unlock()
		p := f.connect(t)
		p.expect("-no\n")
		p.expectEOF()
		f.Lock()
		f.refuse = ""
		f.Unlock()
		q := f.connect(t)
		q.send("x\n")
		q.expect("x\n")
	})
}

func TestThousandConnections(t *testing.T) {
	each(t, "tcp unix", func(t *testing.T, f *fixture) {
		peers := make([]*peer, 1000)
		for i := range peers {
			peers[i] = f.connect(t)
		}
		for range 3 {
			for i, p := range peers {
				p.send(fmt.Sprintf("peer %d\n", i))
			}
			for i, p := range peers {
				p.expect(fmt.Sprintf("peer %d\n", i))
			}
		}
		f.Lock()
		stats := f.server.Stats()
		f.Unlock()
		if stats.Connections != 1000 || stats.Reads < 3000 || stats.Writes < 2000 || stats.BytesRead != 3*8890 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestCloseServer(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		p.send("a\n")
		p.expect("a\n")
		s := f.session(t)
		f.Lock()
		s.out = append(s.out, strings.Repeat("y", 3000000)+"\n"...)
		f.Unlock()
		got := make(chan int64)
		go func() {
			n, _ := io.Copy(io.Discard, p.r)
			got <- n
		}()
		f.server.Close()
		if n := receive(t, got); n != 3000001 {
			t.Errorf("the peer got %d bytes", n)
		}
		if err := receive(t, f.closed); !errors.Is(err, ErrShutdown) {
			t.Error(err)
		}
		f.server.Close()
		f.Lock()
		s.conn.Wake()
		s.conn.Close()
		f.Unlock()
		if c, err := f.dial(); err == nil {
			c.Close()
			t.Error("still accepts")
		}
	})
}

// TestCloseServerBusy closes while peers send, read, do not read, and connect.
func TestCloseServerBusy(t *testing.T) {
	each(t, "tcp unix pipe", func(t *testing.T, f *fixture) {
		f.server.options.Grace = 1 // do not wait for those that do not read
		var all sync.WaitGroup
		for i := range 20 {
			p := f.connect(t)
			all.Go(func() {
				reads := i%2 == 0
				for n := 0; reads || n < 60; n++ {
					if _, err := io.WriteString(p, "big 100000\n"); err != nil {
						return
					}
					if !reads {
						continue
					}
					if _, err := io.CopyN(io.Discard, p.r, 100001); err != nil {
						return
					}
				}
			})
		}
		all.Go(func() {
			for {
				c, err := f.dial()
				if err != nil {
					return
				}
				c.Close()
			}
		})
		f.eventually(t, "busy", func() bool { return len(f.sessions) > 20 })
		f.server.Close()
		all.Wait()
		f.Lock()
		defer f.Unlock()
		for _, s := range f.sessions {
			if s.closed != 1 {
				t.Error("a session was not told")
			}
		}
	})
}

func TestConnFacts(t *testing.T) {
	each(t, everywhere, func(t *testing.T, f *fixture) {
		p := f.connect(t)
		c := f.session(t).conn
		f.Lock()
		defer f.Unlock()
		local, remote := p.RemoteAddr().String(), p.LocalAddr().String()
		if p.RemoteAddr().Network() == "unix" {
			local += ":0"
			remote = local
		}
		if c.LocalAddr() != local || c.RemoteAddr() != remote {
			t.Errorf("%s %s, want %s %s", c.LocalAddr(), c.RemoteAddr(), local, remote)
		}
		if c.Unix() != (p.RemoteAddr().Network() == "unix") {
			t.Error("Unix is wrong")
		}
		if (c.FD() < 0) != (p.RemoteAddr().Network() == "pipe") {
			t.Error("FD is wrong")
		}
		c.SetKeepAlive(patience)
	})
}
