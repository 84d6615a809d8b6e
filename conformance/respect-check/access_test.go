package main

import (
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
	"path/filepath"
	"strings"
	"testing"
	"time"

	"respect/conformance/target"
)

// TestWaysIn enters a real server by password, by user and through its socket.
func TestWaysIn(t *testing.T) {
	dir, err := os.MkdirTemp("", "respect-check-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	s, err := target.Start(t.Context(), target.Redis, target.Param{Name: "requirepass", Value: "secret"}, target.Param{Name: "unixsocket", Value: socket})
	if errors.Is(err, target.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, c := range []struct {
		status int
		args   []string
	}{
		{statusPassed, []string{"-socket", socket, "-password", "secret"}},
		{statusPassed, []string{"-addr", s.Addr, "-user", "default", "-password", "secret", "-db", "2"}},
		{statusUseless, []string{"-addr", s.Addr, "-password", "wrong"}},
		{statusUseless, []string{"-addr", s.Addr}},
		{statusUseless, []string{"-socket", socket + "x", "-password", "secret"}},
	} {
		status, stdout, stderr := call(t, nil, append(c.args, "-focus", "^string/get(set|del)?.txt")...)
		if status != c.status {
			t.Errorf("%q: status %d, want %d; %s%s", c.args, status, c.status, stdout, stderr)
		}
	}
}

// TestTLS enters a server that wants to see a certificate.
func TestTLS(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pool.pair}, ClientCAs: pool.trusted, ClientAuth: tls.RequireAndVerifyClientCert})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go forward(l, s.Addr())
	for _, c := range []struct {
		ok   bool
		args []string
	}{
		{true, []string{"-tls", "-tls-ca", cert, "-tls-cert", cert, "-tls-key", key}},
		{true, []string{"-tls-insecure", "-tls-cert", cert, "-tls-key", key}},
		{false, []string{"-tls", "-tls-cert", cert, "-tls-key", key}},
		{false, []string{"-tls", "-tls-ca", cert}},
		{false, nil},
	} {
		args := append(c.args, "-addr", l.Addr().String(), "-only", wrongCheck, "-timeout", "1s")
		status, stdout, stderr := call(t, nil, args...)
		if reached := status == statusFailed && strings.Contains(stdout, "PING a b"); reached != c.ok {
			t.Errorf("%q: status %d; %s%s", c.args, status, stdout, stderr)
		}
	}
}

// forward takes connections and copies what comes on them to and from the address.
func forward(l net.Listener, addr string) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(to, from); to.Close() }()
		go func() { _, _ = io.Copy(from, to); from.Close() }()
	}
}

// issued is a certificate that vouches for itself.
type issued struct {
	pair    tls.Certificate
	trusted *x509.CertPool
}

// certificate makes a certificate for the loopback address, and writes it and its key to files.
func certificate(t *testing.T, dir string) (certFile, keyFile string, out issued) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "toy"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(certFile, certText, 0o600), os.WriteFile(keyFile, keyText, 0o600)); err != nil {
		t.Fatal(err)
	}
	if out.pair, err = tls.X509KeyPair(certText, keyText); err != nil {
		t.Fatal(err)
	}
	out.trusted = x509.NewCertPool()
	out.trusted.AppendCertsFromPEM(certText)
	return certFile, keyFile, out
}
