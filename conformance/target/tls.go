package target

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
)

// TLS tells how to make sure of a server that speaks TLS, and of whom the server
// wants to make sure.
type TLS struct {
	CA        string // file of the certificates to trust; empty for the system's
	Cert, Key string // files of the client's own certificate; empty for none
	Insecure  bool   // do not verify the server's certificate
}

// Config returns the configuration for the server at addr, in whose name its
// certificate must be.
func (o TLS) Config(addr string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host, InsecureSkipVerify: o.Insecure}
	if o.CA != "" {
		text, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", o.CA)
		}
	}
	if o.Cert != "" || o.Key != "" {
		own, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}
