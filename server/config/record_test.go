package config

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The expected results in testdata come from real servers. To record them
// again:
//
//	RESPECT_RECORD=redis-server go test ./server/config -run Record

// setCase is a CONFIG SET and what became of it.
type setCase struct {
	Pairs  []string // name, value, name, value...
	Reply  string   // OK or the error
	Values []string // of the named parameters afterwards
}

// loadCase is a start of the server with a file, standard input and options.
type loadCase struct {
	File   string
	Stdin  string   `json:",omitempty"`
	Args   []string `json:",omitempty"` // after the file
	Names  []string `json:",omitempty"` // parameters to be asked for
	Stderr string   `json:",omitempty"`
	Values []string `json:",omitempty"`
}

// rewriteCase is a file, the command line after it, what CONFIG SET did, and the file
// after CONFIG REWRITE, or after DEBUG CONFIG-REWRITE-FORCE-ALL. @DIR stands for the
// directory, @PORT for the port.
type rewriteCase struct {
	File  string
	Args  []string `json:",omitempty"`
	All   bool     `json:",omitempty"`
	Auth  string   `json:",omitempty"` // the password, if the server asks for one
	Pairs []string `json:",omitempty"`
	Out   string   `json:",omitempty"`
}

func readCases[T any](t *testing.T, name string) []T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var cases []T
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		var c T
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cases = append(cases, c)
	}
	return cases
}

func writeCases[T any](t *testing.T, name string, cases []T) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, c := range cases {
		if err := enc.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join("testdata", name), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// realServer is a process of the server that cases are recorded from.
type realServer struct {
	cmd    *exec.Cmd
	conn   net.Conn
	r      *bufio.Reader
	stderr bytes.Buffer
	exited chan error
}

func startReal(t *testing.T, dir, stdin string, args ...string) *realServer {
	s := &realServer{cmd: exec.Command(os.Getenv("RESPECT_RECORD"), args...), exited: make(chan error, 1)}
	s.cmd.Dir = dir
	s.cmd.Stderr = &s.stderr
	s.cmd.Stdin = strings.NewReader(stdin)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.exited <- s.cmd.Wait() }()
	return s
}

// connect waits until the server listens; false if it has exited instead.
func (s *realServer) connect(t *testing.T, port string) bool {
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			s.conn, s.r = conn, bufio.NewReader(conn)
			if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			return true
		}
		select {
		case <-s.exited:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *realServer) stop() {
	if s.conn != nil {
		s.conn.Close()
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// call sends a command and returns its reply, the elements of an array.
func (s *realServer) call(t *testing.T, args ...string) []string {
	fmt.Fprintf(s.conn, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(s.conn, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return s.reply(t)
}

func (s *realServer) reply(t *testing.T) []string {
	line, err := s.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	rest := strings.TrimSuffix(line[1:], "\r\n")
	n, _ := strconv.Atoi(rest)
	switch line[0] {
	case '$':
		b := make([]byte, n+2)
		for i := range b {
			if b[i], err = s.r.ReadByte(); err != nil {
				t.Fatal(err)
			}
		}
		return []string{string(b[:n])}
	case '*':
		var all []string
		for range n {
			all = append(all, s.reply(t)...)
		}
		return all
	}
	return []string{rest}
}

func (s *realServer) values(t *testing.T, names []string) (values []string) {
	for _, name := range names {
		got := s.call(t, "CONFIG", "GET", name)
		if len(got) != 2 {
			t.Fatalf("CONFIG GET %s: %q", name, got)
		}
		values = append(values, got[1])
	}
	return values
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func needRecorder(t *testing.T) {
	if os.Getenv("RESPECT_RECORD") == "" {
		t.Skip("RESPECT_RECORD names no server to record from")
	}
}

func names(pairs []string) (names []string) {
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, pairs[i])
	}
	return names
}

func TestRecordSet(t *testing.T) {
	needRecorder(t)
	cases := readCases[setCase](t, "set.jsonl")
	dir, port := t.TempDir(), freePort(t)
	s := startReal(t, dir, "", "--port", port, "--save", "", "--enable-protected-configs", "yes")
	defer s.stop()
	if !s.connect(t, port) {
		t.Fatal(s.stderr.String())
	}
	for i := range cases {
		c := &cases[i]
		c.Reply = s.call(t, append([]string{"CONFIG", "SET"}, c.Pairs...)...)[0]
		c.Values = nil
		if c.Reply == "OK" {
			c.Values = s.values(t, names(c.Pairs))
		}
	}
	writeCases(t, "set.jsonl", cases)
}

// TestRecordLoad starts one server for each case. Those that are to be asked
// get a port of their own as their first line.
func TestRecordLoad(t *testing.T) {
	needRecorder(t)
	cases := readCases[loadCase](t, "load.jsonl")
	for i := range cases {
		c := &cases[i]
		c.Stderr, c.Values = "", nil
		dir, port := t.TempDir(), freePort(t)
		file := strings.ReplaceAll(c.File, "@PORT", port)
		if err := os.WriteFile(filepath.Join(dir, "c.conf"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		s := startReal(t, dir, c.Stdin, append([]string{"c.conf"}, c.Args...)...)
		if len(c.Names) > 0 && s.connect(t, port) {
			c.Values = s.values(t, c.Names)
		} else {
			select {
			case err := <-s.exited:
				s.exited <- err
				c.Stderr = s.stderr.String()
			case <-time.After(5 * time.Second):
				t.Errorf("%q %q: still running", c.File, c.Args)
			}
		}
		s.stop()
	}
	writeCases(t, "load.jsonl", cases)
}

func TestRecordRewrite(t *testing.T) {
	needRecorder(t)
	cases := readCases[rewriteCase](t, "rewrite.jsonl")
	for i := range cases {
		c := &cases[i]
		dir, port := t.TempDir(), freePort(t)
		path := filepath.Join(dir, "c.conf")
		file := strings.NewReplacer("@PORT", port, "@DIR", dir).Replace(c.File)
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"c.conf"}
		for _, arg := range c.Args {
			args = append(args, strings.ReplaceAll(arg, "@PORT", port))
		}
		s := startReal(t, dir, "", args...)
		if !s.connect(t, port) {
			t.Fatalf("%q: %s", c.File, s.stderr.String())
		}
		if c.Auth != "" {
			s.call(t, "AUTH", c.Auth)
		}
		var err error
		for _, pair := range pairsOf(c.Pairs) {
			if reply := s.call(t, "CONFIG", "SET", pair.Name, pair.Value)[0]; reply != "OK" {
				err = errors.Join(err, errors.New(reply))
			}
		}
		request := []string{"CONFIG", "REWRITE"}
		if c.All {
			request = []string{"DEBUG", "CONFIG-REWRITE-FORCE-ALL"}
		}
		if reply := s.call(t, request...)[0]; reply != "OK" {
			err = errors.Join(err, errors.New(reply))
		}
		out, readErr := os.ReadFile(path)
		s.stop()
		if err = errors.Join(err, readErr); err != nil {
			t.Fatalf("%q: %v", c.File, err)
		}
		c.Out = strings.NewReplacer(port, "@PORT", dir, "@DIR").Replace(string(out))
	}
	writeCases(t, "rewrite.jsonl", cases)
}

func pairsOf(words []string) (pairs []Pair) {
	for i := 0; i < len(words); i += 2 {
		pairs = append(pairs, Pair{words[i], words[i+1]})
	}
	return pairs
}
