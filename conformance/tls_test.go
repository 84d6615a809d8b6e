package conformance_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"respect/conformance/target"
)

// authority is a certificate authority with what it has issued, as files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue("ca", &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// file returns the path of a certificate, or of a key, that issue has written.
func (a *authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// issue signs a certificate, with its own key if there is no authority yet.
func (a *authority) issue(name string, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name, "CERTIFICATE", der)
	a.write(name+"-key", "PRIVATE KEY", secret)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) write(name, kind string, der []byte) {
	a.t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(a.file(name), text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// serverConfig is that of a server of the given name, which demands a certificate
// of its clients.
func (a *authority) serverConfig(address string) *tls.Config {
	a.t.Helper()
	a.issue("server", &x509.Certificate{IPAddresses: []net.IP{net.ParseIP(address)}})
	own, err := tls.LoadX509KeyPair(a.file("server"), a.file("server-key"))
	if err != nil {
		a.t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	return &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
}

// terminate speaks TLS in front of a server, and returns its address.
func terminate(t *testing.T, backend string, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { bridge(client.(*tls.Conn), backend) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// bridge passes on what either side sends, and that it sends no more.
func bridge(client *tls.Conn, backend string) {
	defer client.Close()
	c, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	defer c.Close()
	server := c.(*net.TCPConn)
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(server, client)
		server.CloseWrite()
	}()
	io.Copy(client, server)
	client.CloseWrite()
	client.Close() // a client that has gone silent does not hold the other copy
	<-done
}

// startBehindTLS starts a server with a password, of the kind that the suite
// tests, behind TLS.
func startBehindTLS(t *testing.T, a *authority) (addr string) {
	t.Helper()
	kind := *serverFlag
	if kind == "" {
		kind = target.Respect
	}
	s, err := target.Start(t.Context(), kind, target.Param{Name: "requirepass", Value: "secret"})
	if errors.Is(err, target.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return terminate(t, s.Addr, a.serverConfig("127.0.0.1"))
}

// suite runs the suite as a person does, in a process of its own.
func suite(t *testing.T, args ...string) (output string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{"-test.run", "^TestConformance$", "-ginkgo.no-color"}, args...)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "RESPECT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// overTLS are some specs of each kind.
const overTLS = `string/set\.txt|list/blpop\.txt|go-redis, RESP[23]: lists|half-closed`

func TestSuiteOverTLS(t *testing.T) {
	if *addrFlag != "" {
		t.Skip("needs a server of its own")
	}
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	ours.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	other.issue("client", &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	addr := startBehindTLS(t, ours)
	mine := []string{"-tls-cert", ours.file("client"), "-tls-key", ours.file("client-key")}
	login := []string{"-user", "default", "-password", "secret"}
	for _, c := range []struct {
		name string
		args [][]string
		says string // of a run that must fail
	}{
		{"trusted", [][]string{{"-tls", "-tls-ca", ours.file("ca"), "-db", "3"}, mine, login}, ""},
		{"not verified", [][]string{{"-tls-insecure", "-db", "3"}, mine, login}, ""},
		{"other authority", [][]string{{"-tls-ca", other.file("ca")}, mine, login}, "certificate signed by unknown authority"},
		{"authority of the system", [][]string{{"-tls"}, mine, login}, "certificate signed by unknown authority"},
		{"no certificate of one's own", [][]string{{"-tls-ca", ours.file("ca")}, login}, "certificate required"},
		{"certificate of others", [][]string{{"-tls-ca", ours.file("ca")}, {"-tls-cert", other.file("client"), "-tls-key", other.file("client-key")}, login}, "certificate"},
		{"no TLS", [][]string{login}, "EOF"},
		{"no password", [][]string{{"-tls-ca", ours.file("ca")}, mine}, "NOAUTH Authentication required."},
		{"wrong password", [][]string{{"-tls-ca", ours.file("ca"), "-password", "other"}, mine}, "WRONGPASS"},
		{"no such database", [][]string{{"-tls-ca", ours.file("ca"), "-db", "99"}, mine, login}, "DB index is out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"-addr", addr, "-ginkgo.focus", overTLS}
			for _, more := range c.args {
				args = append(args, more...)
			}
			out, ok := suite(t, args...)
			if ok != (c.says == "") || !strings.Contains(out, c.says) {
				t.Errorf("ok %v, want %q in\n%s", ok, c.says, out)
			}
		})
	}
}
