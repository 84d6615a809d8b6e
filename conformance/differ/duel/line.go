package duel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
	"respect/conformance/target"
)

// Socket lets a server that is started listen on a socket of Unix, too. What has been
// written to such a socket can be read at once, so that nothing can be late.
var Socket = target.Param{Name: "unixsocket", Value: "socket"}

// dial opens a connection, by the socket of Unix if there is one.
func (s *side) dial(ctx context.Context) (net.Conn, error) {
	if s.socket != "" {
		conn, err := net.Dial("unix", s.socket)
		if err == nil {
			return conn, nil
		}
	}
	return s.Dial(ctx)
}

// findSocket asks where the socket of the server is.
func (s *side) findSocket() error {
	s.socket = ""
	if !s.Owned {
		return nil
	}
	name, _, err := s.parameter(Socket.Name)
	if err != nil || name == "" {
		return err
	}
	dir, _, err := s.parameter("dir")
	if err != nil {
		return err
	}
	if s.socket = name; name[0] != os.PathSeparator {
		s.socket = dir + "/" + name
	}
	return nil
}

// line is one of several connections to a server.
type line struct {
	conn        net.Conn // nil if it is closed
	id          string   // the number that the server gave it
	in          []byte   // what has come and is no whole value yet
	sent        []int    // the requests that may still be answered
	muted, skip bool     // CLIENT REPLY OFF and SKIP
	silent      []int    // the requests since then, which are not answered
	confirmed   int      // messages that have answered the first one
	heard       []heard
}

// heard is a value that came on a connection.
type heard struct {
	step   int // behind which request it came
	answer int // the request that it answers, or message
	value  resp.Value
}

// restTime is how long the rest of a value may take.
const restTime = time.Second

// message is what answers no request.
const message = -1

// The types of what is heard and is no value.
const (
	closedType = 'x' // the server has closed the connection
	brokenType = 'y' // what came is no value, or its rest did not come
)

var closed = resp.Value{Type: closedType}

// open opens the connection and asks for its number.
func (l *line) open(ctx context.Context, s *side, proto int) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	*l = line{conn: conn, heard: l.heard}
	greeting := append(s.Greeting(proto), resp.Request("CLIENT", "ID"))
	for _, g := range greeting {
		if _, err := conn.Write(g); err != nil {
			return err
		}
	}
	for range greeting {
		v, err := l.await(answerTimeout)
		if err != nil {
			return err
		}
		if v.Type == resp.Error {
			return fmt.Errorf("%v: %s", s.Info, v.Text)
		}
		l.id = string(v.Text)
	}
	return nil
}

func (l *line) close() {
	if l.conn != nil {
		_ = l.conn.Close() // nothing is sent any more
	}
	*l = line{id: l.id, heard: l.heard}
}

// send sends a request. If the server has closed the connection this is heard.
func (l *line) send(request int, words []string) {
	l.sent = append(l.sent, request)
	_, _ = l.conn.Write(resp.Request(words...))
}

// await waits for a value.
func (l *line) await(most time.Duration) (resp.Value, error) {
	if err := l.conn.SetReadDeadline(time.Now().Add(most)); err != nil {
		return resp.Value{}, err
	}
	defer l.conn.SetReadDeadline(time.Time{})
	var b [4096]byte
	for {
		v, rest, err := resp.Decode(l.in)
		if err == nil {
			l.in = append(l.in[:0], rest...)
			return v, nil
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return v, err
		}
		n, err := l.conn.Read(b[:])
		l.in = append(l.in, b[:n]...)
		if n == 0 && err != nil {
			return v, err
		}
	}
}

// lateTime is how long something may be on its way where there is no socket of Unix.
const lateTime = 20 * time.Millisecond

// hearken waits a moment for something to come.
func (l *line) hearken() {
	if l.conn == nil || l.conn.SetReadDeadline(time.Now().Add(lateTime)) != nil {
		return
	}
	var b [4096]byte
	n, _ := l.conn.Read(b[:]) // listen finds out whether the connection has ended
	l.in = append(l.in, b[:n]...)
	_ = l.conn.SetReadDeadline(time.Time{})
}

// listen takes what has come behind the request, without waiting for more than the
// rest of a value.
func (l *line) listen(step int, requests []stream.Request) {
	if l.conn == nil {
		return
	}
	var ended bool
	l.in, ended = receive(l.conn, l.in)
	from := len(l.heard)
	for len(l.in) > 0 {
		v, rest, err := resp.Decode(l.in)
		switch {
		case err == nil:
			l.in = append(l.in[:0], rest...)
		case ended:
			v, l.in = resp.Value{Type: brokenType, Text: l.in}, nil
		default:
			if v, err = l.await(restTime); err != nil {
				v, l.in = resp.Value{Type: brokenType, Text: l.in}, nil
			}
		}
		l.heard = append(l.heard, heard{step: step, answer: message, value: v})
	}
	l.assign(l.heard[from:], requests)
	if ended {
		l.close()
		l.heard = append(l.heard, heard{step: step, answer: message, value: closed})
	}
}

// assign tells which requests the values answer, in the order in which they were sent.
func (l *line) assign(values []heard, requests []stream.Request) {
	for i := range values {
		v := &values[i].value
		if string(v.Text) == "RESET" { // whatever was refused before, this is certain
			l.sent = l.sent[max(0, slices.IndexFunc(l.sent, func(r int) bool { return isCommand(requests[r].Words, "reset") })):]
		}
		l.skipSilent(requests)
		if v.Type == resp.Error && bytes.Contains(v.Text, []byte("'client|reply'")) && len(l.silent) > 0 { // it was refused
			l.sent = slices.Concat(l.silent, l.sent)
			l.silent, l.muted, l.skip = nil, false, false
			values[i].answer, l.sent = l.sent[0], l.sent[1:]
			continue
		}
		if isMessage(v) {
			if len(l.sent) > 0 && len(v.Elems) > 0 && isCommand(requests[l.sent[0]].Words, string(v.Elems[0].Text)) {
				if l.confirmed++; l.confirmed >= len(requests[l.sent[0]].Words)-1 {
					l.sent, l.confirmed = l.sent[1:], 0
				}
			}
			continue
		}
		if len(l.sent) > 0 {
			values[i].answer, l.sent = l.sent[0], l.sent[1:]
			l.silent = nil
		}
	}
	l.skipSilent(requests)
}

// skipSilent takes out requests that are not answered, as CLIENT REPLY has it.
func (l *line) skipSilent(requests []stream.Request) {
	for len(l.sent) > 0 {
		words := requests[l.sent[0]].Words
		mode := ""
		if isCommand(words, "client") && len(words) == 3 && strings.EqualFold(words[1], "reply") {
			mode = strings.ToLower(words[2])
		}
		switch {
		case mode == "on":
			l.muted, l.skip = false, false
			return
		case isCommand(words, "reset") && l.muted:
			l.muted = false
			return
		case mode == "off":
			l.muted = true
		case mode == "skip":
			l.skip = true
		case l.muted:
		case l.skip:
			l.skip = false
		default:
			return
		}
		l.silent, l.sent = append(l.silent, l.sent[0]), l.sent[1:]
	}
}

// subscribes reports whether the request is answered by messages.
func subscribes(words []string) bool {
	return isCommand(words, "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe")
}

// isMessage reports whether a value answers no request.
func isMessage(v *resp.Value) bool {
	if v.Type == resp.Push {
		return true
	}
	if v.Type != resp.Array || len(v.Elems) < 3 || v.Elems[0].Type != resp.BulkString {
		return false
	}
	switch string(v.Elems[0].Text) {
	case "message", "pmessage", "smessage", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe":
		return true
	}
	return false
}

// number is the line's number as the server counts.
func (l *line) number() int {
	n, _ := strconv.Atoi(l.id)
	return n
}
