// Package toy is a server of a few commands, such as somebody writes who begins. The tests
// of the suite's own parts use it: it is ready at once, and it can be wrong in a known way.
package toy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server holds texts under keys.
type Server struct {
	// Answer is asked first, if it is set; it returns the reply, or empty for the usual one.
	// The words are as they were sent.
	Answer func(words []string) string

	l    net.Listener
	mu   sync.Mutex
	keys map[string]entry
	seen []string
	all  []net.Conn
}

type entry struct {
	text string
	at   time.Time // of its end; zero for none
}

// Start starts a server that listens at a free port.
func Start() (*Server, error) { return Listen("127.0.0.1:0", nil) }

// Listen starts a server at the address; answer is its Answer from the first request on.
func Listen(addr string, answer func(words []string) string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{Answer: answer, l: l, keys: map[string]entry{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.all = append(s.all, c)
			s.mu.Unlock()
			go s.serve(c)
		}
	}()
	return s, nil
}

// Addr is its address.
func (s *Server) Addr() string { return s.l.Addr().String() }

// Close ends it.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.all {
		_ = c.Close()
	}
	return s.l.Close()
}

// Put stores a text as a client would.
func (s *Server) Put(key, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = entry{text: text}
}

// Has tells whether the key exists.
func (s *Server) Has(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.keys[key]
	return ok
}

// Seen lists the names of the commands that were received, in upper case.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		words, err := readRequest(r)
		if err != nil {
			return
		}
		if _, err := io.WriteString(c, s.reply(words)); err != nil {
			return
		}
	}
}

// readRequest reads an array of bulk strings and nothing else.
func readRequest(r *bufio.Reader) ([]string, error) {
	n, err := readNumber(r, '*')
	if err != nil {
		return nil, err
	}
	words := make([]string, 0, 4)
	for range n {
		size, err := readNumber(r, '$')
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(io.LimitReader(r, int64(size)))
		if err != nil {
			return nil, err
		}
		if _, err := r.Discard(2); err != nil {
			return nil, err
		}
		words = append(words, string(b))
	}
	if len(words) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return words, nil
}

func readNumber(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("want %c, got %q", kind, line)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// reply carries out a request.
func (s *Server) reply(words []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToUpper(words[0])
	s.seen = append(s.seen, name)
	if s.Answer != nil {
		if out := s.Answer(words); out != "" {
			return out
		}
	}
	for key, e := range s.keys {
		if !e.at.IsZero() && !time.Now().Before(e.at) {
			delete(s.keys, key)
		}
	}
	do, ok := commands[name]
	if !ok {
		return fmt.Sprintf("-ERR unknown command '%s'\r\n", words[0])
	}
	if len(words)-1 < least[name] {
		return fmt.Sprintf("-ERR wrong number of arguments for '%s' command\r\n", strings.ToLower(name))
	}
	return do(s, words[1:])
}

// least are the arguments that a command must have.
var least = map[string]int{"ECHO": 1, "GET": 1, "SET": 2, "DEL": 1, "KEYS": 1}

var commands = map[string]func(*Server, []string) string{
	"PING": func(_ *Server, args []string) string {
		if len(args) == 1 {
			return bulk(args[0])
		}
		return "+PONG\r\n"
	},
	"ECHO": func(_ *Server, args []string) string { return bulk(args[0]) },
	"GET": func(s *Server, args []string) string {
		if e, ok := s.keys[args[0]]; ok {
			return bulk(e.text)
		}
		return "$-1\r\n"
	},
	"SET": func(s *Server, args []string) string {
		e := entry{text: args[1]}
		if len(args) == 4 && strings.EqualFold(args[2], "PX") {
			ms, _ := strconv.Atoi(args[3])
			e.at = time.Now().Add(time.Duration(ms) * time.Millisecond)
		}
		s.keys[args[0]] = e
		return "+OK\r\n"
	},
	"DEL": func(s *Server, args []string) string {
		n := 0
		for _, key := range args {
			if _, ok := s.keys[key]; ok {
				n++
			}
			delete(s.keys, key)
		}
		return fmt.Sprintf(":%d\r\n", n)
	},
	"KEYS": func(s *Server, args []string) string {
		var out strings.Builder
		n := 0
		for key := range s.keys {
			if ok, err := path.Match(args[0], key); ok && err == nil {
				out.WriteString(bulk(key))
				n++
			}
		}
		return fmt.Sprintf("*%d\r\n%s", n, out.String())
	},
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }
