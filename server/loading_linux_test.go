package server

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// slowStart starts a server whose data file is a pipe, so that the test decides how far
// the load is. It returns the pipe, a client, and where Start's error will come.
func slowStart(t *testing.T) (*Server, *os.File, *peer, chan error) {
	cfg := quiet(t)
	cfg.Port, cfg.Unixsocket = 0, filepath.Join(cfg.Dir, "socket")
	if err := syscall.Mkfifo(filepath.Join(cfg.Dir, "dump.rdb"), 0o600); err != nil {
		t.Skip(err)
	}
	s := New(Options{Config: cfg, Log: io.Discard})
	t.Cleanup(s.Close)
	ended := make(chan error, 1)
	go func() { ended <- s.Start() }()
	pipe, err := os.OpenFile(filepath.Join(cfg.Dir, "dump.rdb"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pipe.Close() })
	conn, err := net.Dial("unix", cfg.Unixsocket)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { conn.Close() })
	return s, pipe, &peer{t, conn, bufio.NewReader(conn)}, ended
}

func TestClientsMayAskWhileItLoads(t *testing.T) {
	s, pipe, c, ended := slowStart(t)
	file := fileOf(50_000)
	half := len(file) / 2
	if _, err := pipe.Write(file[:half]); err != nil {
		t.Fatal(err)
	}
	for c.infoField("loading_loaded_bytes") != strconv.Itoa(half) {
		// The load goes on until the pipe is empty.
	}
	if got := c.infoField("loading") + " " + c.infoField("loading_rdb_used_mem"); got != "1 123456" {
		t.Errorf("INFO: %s", got)
	}
	loading := "-LOADING Redis is loading the dataset in memory"
	c.send("PING", "SET k v", "GET key:0", "SAVE", "FLUSHALL", "CONFIG SET appendonly yes", "HELLO")
	c.expect(loading, loading, loading, loading, loading, loading)
	c.send("CONFIG SET timeout 0", "LASTSAVE")
	for line := ""; line != "+OK\r\n"; { // behind what HELLO tells
		var err error
		if line, err = c.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := pipe.Write(file[half:]); err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	c.send("PING", "GET key:49999", "DBSIZE")
	c.expect("+PONG", "$11", "value:49999", ":50000")
	if got := c.infoField("loading") + c.infoField("loading_total_bytes"); got != "0" {
		t.Errorf("INFO: %s", got)
	}
	s.Lock()
	defer s.Unlock()
	if err := s.ks.Check(); err != nil {
		t.Error(err)
	}
}

// TestItEndsWhileItLoads ends servers before the data is there; nothing is saved.
func TestItEndsWhileItLoads(t *testing.T) {
	for _, end := range []func(s *Server, c *peer){
		func(_ *Server, c *peer) { c.send("SHUTDOWN SAVE") },
		func(s *Server, _ *peer) { s.Signal(syscall.SIGTERM) },
	} {
		s, pipe, c, ended := slowStart(t)
		file := fileOf(50_000)
		if _, err := pipe.Write(file[:len(file)/2]); err != nil {
			t.Fatal(err)
		}
		if c.infoField("loading") != "1" {
			t.Error("it does not load")
		}
		end(s, c)
		<-s.stop
		pipe.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.Wait()
		if info, err := os.Lstat(s.dataFile()); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			t.Errorf("the file was replaced: %v", err)
		}
	}
}

// TestNoDataNoAnswers has a file that cannot be loaded: no client is ever told that the
// server is ready.
func TestNoDataNoAnswers(t *testing.T) {
	_, pipe, c, ended := slowStart(t)
	loading := "-LOADING Redis is loading the dataset in memory"
	c.send("PING")
	c.expect(loading)
	if _, err := pipe.Write([]byte("REDIS0011\x63\x00")); err != nil {
		t.Fatal(err)
	}
	pipe.Close()
	if err := <-ended; err == nil {
		t.Error("the file was loaded")
	}
	c.send("PING")
	c.expect(loading)
}
