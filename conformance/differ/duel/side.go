package duel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// answerTimeout bounds how long a server may take for a stream. Slower means that
// it hangs.
const answerTimeout = 30 * time.Second

// Opponent is a server of a duel, and how to get another one if it dies.
type Opponent struct {
	*target.Target
	// Restart starts the server anew; nil for one that is not ours to start.
	Restart func(ctx context.Context) (*target.Target, error)
}

// side is one of the two servers with the connection to it.
type side struct {
	Opponent
	conn   net.Conn
	dec    *resp.Decoder
	socket string // of Unix, if there is one
}

// FailedError tells that a server did not answer all that it was asked.
type FailedError struct {
	Server   string
	Answered int // replies that came
	Cause    error
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("%s stopped answering after %d replies: %v", e.Server, e.Answered, e.Cause)
}

func (e *FailedError) Unwrap() error { return e.Cause }

// connect opens the connection, if there is none, and enters the server.
func (s *side) connect(ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	s.conn, s.dec = conn, resp.NewDecoder(conn)
	var out []byte
	greeting := s.Greeting(0)
	for _, g := range greeting {
		out = append(out, g...)
	}
	replies, err := s.exchange(out, len(greeting))
	for _, r := range replies {
		if r.Type == resp.Error {
			err = fmt.Errorf("%v: %s", s.Info, r.Text)
		}
	}
	return err
}

// enter connects to a server for the first time.
func (s *side) enter(ctx context.Context) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.findSocket(); err != nil || s.socket == "" {
		return err
	}
	s.disconnect()
	return s.connect(ctx)
}

// disconnect gives the connection up; the next exchange needs another one.
func (s *side) disconnect() {
	if s.conn != nil {
		_ = s.conn.Close() // nothing is sent any more
		s.conn = nil
	}
}

// exchange sends the requests and reads n replies. The server reads and answers
// at the same time, so that it does not matter how long they are.
func (s *side) exchange(requests []byte, n int) ([]resp.Value, error) {
	if err := s.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return nil, err
	}
	conn, sent := s.conn, make(chan error, 1)
	go func() {
		_, err := conn.Write(requests)
		sent <- err
	}()
	replies := make([]resp.Value, 0, n)
	for range n {
		v, err := s.dec.Decode()
		if err != nil {
			s.disconnect()
			<-sent
			return replies, &FailedError{Server: s.Info.String(), Answered: len(replies), Cause: err}
		}
		replies = append(replies, v)
	}
	return replies, <-sent
}

// call is exchange for one request given as words.
func (s *side) call(words ...string) (resp.Value, error) {
	replies, err := s.exchange(resp.Request(words...), 1)
	if err != nil {
		return resp.Value{}, err
	}
	return replies[0], nil
}

// revive makes sure that the server answers: it connects again, and starts the
// server again if it has died.
func (s *side) revive(ctx context.Context) error {
	s.disconnect()
	err := s.connect(ctx)
	if err == nil {
		if _, err = s.call("PING"); err == nil {
			return nil
		}
	}
	if s.Restart == nil {
		return fmt.Errorf("%v is gone: %w", s.Info, err)
	}
	s.disconnect()
	if err := s.Kill(); err != nil {
		return err
	}
	t, err := s.Restart(ctx)
	if err != nil {
		return err
	}
	s.Target, s.socket = t, ""
	return s.enter(ctx)
}

// has returns the names of the commands of the server.
func (s *side) commands() (map[string]bool, error) {
	v, err := s.call("COMMAND")
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, c := range v.Elems {
		if len(c.Elems) > 0 {
			out[strings.ToLower(string(c.Elems[0].Text))] = true
		}
	}
	if len(out) == 0 {
		return nil, errors.New("COMMAND tells no command")
	}
	return out, nil
}

// parameter returns the value of a configuration parameter, if there is one.
func (s *side) parameter(name string) (string, bool, error) {
	v, err := s.call("CONFIG", "GET", name)
	if err != nil || len(v.Elems) != 2 {
		return "", false, err
	}
	return string(v.Elems[1].Text), true, nil
}
