package transcript

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// readiness is what is found on a connection without reading it.
type readiness int

const (
	quiet    readiness = iota // nothing to read
	readable                  // bytes to read
	ended                     // closed by the server
)

// glance is how long a read waits that stands for looking, where the system
// offers no way to look.
const glance = 2 * time.Millisecond

// conn is a client connection of a case.
type conn struct {
	name string
	net.Conn
	dec  *resp.Decoder
	wait time.Duration // for a reply that must come
}

// dial opens a connection; proto 0 sends no HELLO, bare says nothing at all.
func dial(ctx context.Context, t *target.Target, name string, proto int, bare bool) (*conn, error) {
	nc, err := t.Dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{name: name, Conn: nc, dec: resp.NewDecoder(nc), wait: t.Wait()}
	if bare {
		return c, nil
	}
	for _, request := range t.Greeting(proto) {
		v, err := c.exchange(request, c.wait)
		if err == nil && v.Type == resp.Error {
			err = &Refused{Request: fmt.Sprintf("%q", request), Reply: v}
		}
		if err != nil {
			return nil, errors.Join(err, nc.Close())
		}
	}
	if proto == 0 || proto == 2 {
		c.dec.SetProtocol(2)
	}
	return c, nil
}

// exchange writes a request and reads one reply.
func (c *conn) exchange(request []byte, wait time.Duration) (resp.Value, error) {
	if err := c.write(request); err != nil {
		return resp.Value{}, err
	}
	return c.read(wait)
}

func (c *conn) write(b []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(c.wait)); err != nil {
		return err
	}
	_, err := c.Write(b)
	return err
}

func (c *conn) read(wait time.Duration) (resp.Value, error) {
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return resp.Value{}, err
	}
	return c.dec.Decode()
}

// state looks whether there is something to read now.
func (c *conn) state() readiness {
	if c.dec.Buffered() > 0 {
		return readable
	}
	if _, encrypted := c.Conn.(*tls.Conn); !encrypted {
		if s, ok := peek(c.Conn); ok {
			return s
		}
	}
	return c.await(glance)
}

// await waits for something to read.
func (c *conn) await(wait time.Duration) readiness {
	if c.SetReadDeadline(time.Now().Add(wait)) != nil {
		return ended
	}
	switch err := c.dec.Peek(); {
	case err == nil:
		return readable
	case errors.Is(err, os.ErrDeadlineExceeded):
		return quiet
	}
	return ended
}
