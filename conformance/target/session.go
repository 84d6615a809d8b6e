package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"respect/conformance/resp"
)

// Session is a connection on which one request is sent after the other.
type Session struct {
	net.Conn
	dec  *resp.Decoder
	wait time.Duration
}

// Open opens a connection and enters the server; proto 0 sends no HELLO.
func (t *Target) Open(ctx context.Context, proto int) (*Session, error) {
	c, err := t.Dial(ctx)
	if err != nil {
		return nil, err
	}
	s := &Session{Conn: c, dec: resp.NewDecoder(c), wait: t.Wait()}
	for _, request := range t.Greeting(proto) {
		v, err := s.send(request)
		if err == nil && v.Type == resp.Error {
			err = fmt.Errorf("%q answered with %q", request, v.Text)
		}
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return s, nil
}

// Ask sends a request and reads its reply. The error tells that there was none; an error
// reply is a reply.
func (s *Session) Ask(words ...string) (resp.Value, error) {
	return s.send(resp.Request(words...))
}

func (s *Session) send(request []byte) (resp.Value, error) {
	if err := s.SetDeadline(time.Now().Add(s.wait)); err != nil {
		return resp.Value{}, err
	}
	if _, err := s.Write(request); err != nil {
		return resp.Value{}, err
	}
	return s.dec.Decode()
}
