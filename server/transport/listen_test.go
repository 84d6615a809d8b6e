package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestListenErrors(t *testing.T) {
	for _, forceNet := range []bool{false, true} {
		busy := newFixture(t, "tcp", Options{ForceNet: forceNet}).server.Addrs()[0].(*net.TCPAddr)
		cases := []struct {
			o          Options
			addr, text string
		}{
			{Options{Bind: []string{"127.0.0.1"}, Port: busy.Port}, busy.String(), "bind: Address already in use"},
			{Options{Bind: []string{"-127.0.0.1"}, Port: busy.Port}, busy.String(), "bind: Address already in use"},
			{Options{Bind: []string{"127.0.0.1", "192.0.2.1"}, AnyPort: true}, "192.0.2.1:0", "bind: Cannot assign requested address"},
			{Options{Bind: []string{"no.such.invalid"}, AnyPort: true}, "no.such.invalid:0", "Name or service not known"},
			{Options{UnixSocket: "/nonexistent/s"}, "/nonexistent/s", "bind: No such file or directory"},
			{Options{UnixSocket: os.DevNull}, os.DevNull, "bind: Address already in use"},
		}
		for _, c := range cases {
			c.o.ForceNet = forceNet
			s, err := Listen(newLineHandler(), c.o)
			if err == nil {
				s.Close()
				t.Errorf("%+v: no error", c.o)
				continue
			}
			var failed *ListenError
			if !errors.As(err, &failed) {
				t.Errorf("%+v: %v", c.o, err)
			} else if failed.Addr != c.addr || runtime.GOOS == "linux" && failed.Err.Error() != c.text {
				t.Errorf("%s | %s, want %s | %s", failed.Addr, failed.Err, c.addr, c.text)
			}
		}
	}
}

func TestListenOptional(t *testing.T) {
	s, err := Listen(newLineHandler(), Options{Bind: []string{"127.0.0.1", "-192.0.2.1"}, AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := len(s.Addrs()); n != 1 {
		t.Errorf("%d addresses", n)
	}
}

func TestListenAll(t *testing.T) {
	s, err := Listen(newLineHandler(), Options{Bind: []string{"*", "-::*"}, AnyPort: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	port := s.Addrs()[0].(*net.TCPAddr).Port
	// IPv4 and IPv6 do not get into each other's way.
	if err := s.Rebind([]string{"*", "-::*"}, port); err != nil {
		t.Error(err)
	}
}

func TestUnixSocket(t *testing.T) {
	for _, forceNet := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "s")
		stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		stale.SetUnlinkOnClose(false)
		stale.Close()
		s, err := Listen(newLineHandler(), Options{UnixSocket: path, UnixSocketPerm: 0o750, ForceNet: forceNet})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o750 {
			t.Error(info, err)
		}
		s.Close()
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Error("not removed:", err)
		}
	}
}

func TestRebind(t *testing.T) {
	each(t, "tcp", func(t *testing.T, f *fixture) {
		p := f.connect(t)
		f.session(t)
		old := f.server.Addrs()[0].(*net.TCPAddr)
		f.Lock() // as CONFIG SET does
		err := f.server.Rebind([]string{"*"}, old.Port)
		f.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		q := f.connect(t)
		q.send("new\n")
		q.expect("new\n")
		p.send("old\n")
		p.expect("old\n")
		f.Lock()
		err = f.server.Rebind([]string{"192.0.2.1"}, old.Port)
		f.Unlock()
		if err == nil {
			t.Fatal("no error")
		}
		r := f.connect(t)
		r.send("same\n")
		r.expect("same\n")
		if err := f.server.Rebind([]string{"127.0.0.1"}, 0); err != nil {
			t.Fatal(err)
		}
		if c, err := net.Dial("tcp", old.String()); err == nil {
			c.Close()
			t.Error("still listens")
		}
	})
}

func TestTLS(t *testing.T) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, "", Options{})
	socket, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.server.Serve(socket); err != nil {
		t.Fatal(err)
	}
	f.dial = func() (net.Conn, error) {
		return tls.Dial("tcp", socket.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	}
	p := f.connect(t)
	p.send("hello\nbig 3000000\n")
	p.expect("hello\n" + strings.Repeat("x", 3000000) + "\n")
	p.send("wait\n")
	s := f.session(t)
	f.eventually(t, "waiting", func() bool { return s.waiting })
	f.Lock()
	s.waiting = false
	s.out = append(s.out, "news\n"...)
	s.conn.Wake()
	f.Unlock()
	p.expect("news\n")
	p.send("quit\n")
	p.expect("quit\n")
	p.expectEOF()
	q := f.connect(t)
	q.send("a\n")
	q.expect("a\n")
	f.server.Close()
	q.expectEOF()
}
