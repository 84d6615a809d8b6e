package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// exchangeTimeout bounds a request or a whole load of them.
const exchangeTimeout = 2 * time.Minute

// server is a running server with a connection to it.
type server struct {
	*target.Target
	name string
	pid  int
	conn net.Conn
	in   *resp.Decoder
	// release ends the watch that closes the connection when the context ends.
	release func() bool
	filled  map[*data]bool
}

// startServer starts a server that saves nothing by itself.
func (b *bench) startServer(ctx context.Context, name string, params ...target.Param) (*server, error) {
	params = append([]target.Param{{Name: "appendonly", Value: "no"}}, params...)
	t, err := target.StartProgram(ctx, b.programs[name], params...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &server{Target: t, name: name, filled: map[*data]bool{}}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.close())
	}
	b.versions[name] = t.Info.Version
	return s, nil
}

func (s *server) connect(ctx context.Context) error {
	conn, err := s.Dial(ctx)
	if err != nil {
		return err
	}
	s.conn, s.in = conn, resp.NewDecoder(conn)
	s.release = context.AfterFunc(ctx, func() { conn.Close() })
	info, err := s.do("INFO", "server")
	if err != nil {
		return err
	}
	s.pid, err = parsePID(string(info.Text))
	return err
}

// parsePID finds the process among the fields of INFO.
func parsePID(info string) (int, error) {
	for line := range strings.Lines(info) {
		if digits, ok := strings.CutPrefix(strings.TrimSpace(line), "process_id:"); ok {
			return strconv.Atoi(digits)
		}
	}
	return 0, errors.New("INFO has no field process_id")
}

// close ends the server.
func (s *server) close() error {
	if s.conn != nil {
		s.release()
		// The server is about to end; nothing is lost with the connection.
		_ = s.conn.Close()
	}
	return s.Target.Close()
}

// do sends a request and returns its reply; an error reply is an error.
func (s *server) do(words ...string) (resp.Value, error) {
	if err := s.conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return resp.Value{}, err
	}
	if _, err := s.conn.Write(resp.Request(words...)); err != nil {
		return resp.Value{}, err
	}
	v, err := s.in.Decode()
	if err == nil && v.Type == resp.Error {
		err = fmt.Errorf("%s answers %s with %q", s.name, words[0], v.Text)
	}
	return v, err
}

// fillKeys sets key:000000000000 and the n-1 keys that follow.
func (s *server) fillKeys(n int, value string) error {
	return s.fill(n, func(i int) []string { return []string{"SET", fmt.Sprintf("key:%012d", i), value} })
}

// fill sends n requests, all pipelined. An error reply is an error.
func (s *server) fill(n int, request func(i int) []string) error {
	if err := s.conn.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() {
		out := bufio.NewWriterSize(s.conn, 64<<10)
		sent <- writeRequests(out, n, request)
	}()
	err := s.readReplies(n)
	if err != nil {
		// It would wait for a server that is no longer listened to.
		_ = s.conn.Close()
	}
	return errors.Join(err, <-sent)
}

func writeRequests(out *bufio.Writer, n int, request func(i int) []string) error {
	for i := range n {
		if _, err := out.Write(resp.Request(request(i)...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// readReplies reads n replies, none of which may be an error.
func (s *server) readReplies(n int) error {
	for range n {
		v, err := s.in.Decode()
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, noEOF(err))
		}
		if v.Type == resp.Error {
			return fmt.Errorf("%s answers with %q", s.name, v.Text)
		}
	}
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fillList makes mylist hold n elements. They are pushed many at a time, so that it
// takes no longer than the measurement after it.
func (s *server) fillList(n int) error {
	const batch = 10_000
	if _, err := s.do("DEL", "mylist"); err != nil {
		return err
	}
	push := append(make([]string, 0, batch+2), "RPUSH", "mylist")
	for range batch {
		push = append(push, "xxx")
	}
	for left := n; left > 0; left -= batch {
		if _, err := s.do(push[:2+min(left, batch)]...); err != nil {
			return err
		}
	}
	return nil
}
