package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"respect/rdb"
)

func TestKeyDelay(t *testing.T) {
	for _, tc := range []struct {
		delay keyDelay
		keys  int
		want  time.Duration
	}{{0, 5, 0}, {3, 0, 0}, {3, 5, 15 * time.Microsecond}, {-1, 5, 5 * time.Microsecond}} {
		if got := tc.delay.of(tc.keys); got != tc.want {
			t.Errorf("%d of %d: %s, want %s", tc.delay, tc.keys, got, tc.want)
		}
	}
	if got := keyDelay(-10).of(100_000); got < 9*time.Millisecond || got > 11*time.Millisecond {
		t.Errorf("a tenth of 100000 keys: %s", got)
	}
}

// delayed starts a server with a file and a delay of an hour for each key, and waits until
// it has begun to read. It returns a client and where Start's error will come.
func delayed(t *testing.T, appendonly bool, name string, file []byte) (*Server, *peer, chan error) {
	cfg := quiet(t)
	cfg.Port, cfg.Unixsocket = 0, filepath.Join(cfg.Dir, "socket")
	cfg.KeyLoadDelay, cfg.Appendonly, cfg.EnableDebugCommand = 3600e6, appendonly, "yes"
	if err := os.WriteFile(filepath.Join(cfg.Dir, name), file, 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Config: cfg, Log: io.Discard})
	t.Cleanup(s.Close)
	ended := make(chan error, 1)
	go func() { ended <- s.Start() }()
	var conn net.Conn
	for err := error(io.EOF); err != nil; {
		conn, err = net.Dial("unix", cfg.Unixsocket)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { conn.Close() })
	c := &peer{t, conn, bufio.NewReader(conn)}
	for c.loaded() < slowRead {
		// The file is being opened.
	}
	return s, c, ended
}

// loaded returns how many bytes have been loaded.
func (p *peer) loaded() int {
	n, _ := strconv.Atoi(p.infoField("loading_loaded_bytes"))
	return n
}

// TestLoadingIsDelayed has files that are loaded key by key, until it is not delayed any more.
func TestLoadingIsDelayed(t *testing.T) {
	commands := []byte("")
	for i := range 5000 {
		commands = fmt.Appendf(commands, "*3\r\n$3\r\nSET\r\n$8\r\nkey:%04d\r\n$1\r\nv\r\n", i)
	}
	for _, tc := range []struct {
		what, name string
		appendonly bool
		file       []byte
	}{
		{"an RDB file", "dump.rdb", false, fileOf(5000)},
		{"a base", "appendonly.aof", true, fileOf(5000)},
		{"commands", "appendonly.aof", true, commands},
	} {
		_, c, ended := delayed(t, tc.appendonly, tc.name, tc.file)
		if got := c.loaded(); got > 2*slowRead {
			t.Errorf("%s: %d bytes are loaded", tc.what, got)
		}
		c.send("GET key:0", "CONFIG SET key-load-delay 0")
		c.expect("-"+string(errLoading), "+OK")
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		c.send("DBSIZE")
		c.expect(":5000")
	}
}

// TestLoadTellsHowManyKeys has a key that has expired and one that has not.
func TestLoadTellsHowManyKeys(t *testing.T) {
	w := rdb.NewWriter(11, false)
	w.Header()
	for _, expireAtMs := range []int64{1, rdb.NoExpire, rdb.NoExpire} {
		w.Key(&rdb.KeyHeader{Key: fmt.Append(nil, len(w.Buf)), ExpireAtMs: expireAtMs, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
		w.String(bytes.Repeat([]byte("v"), slowRead))
	}
	w.EOF()
	_, c, ended := delayed(t, false, "dump.rdb", append(w.Buf, make([]byte, 8)...))
	for c.infoField("rdb_last_load_keys_expired") != "1" {
		// The first key is on its way.
	}
	if got := c.infoField("loading") + c.infoField("rdb_last_load_keys_loaded"); got != "10" {
		t.Errorf("loading, keys: %s", got)
	}
	c.send("CONFIG SET key-load-delay 0")
	c.expect("+OK")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := c.infoField("rdb_last_load_keys_loaded") + c.infoField("rdb_last_load_keys_expired"); got != "21" {
		t.Errorf("loaded, expired: %s", got)
	}
}

// TestItEndsWhileLoadingIsDelayed has nobody wait for the next key.
func TestItEndsWhileLoadingIsDelayed(t *testing.T) {
	s, c, ended := delayed(t, false, "dump.rdb", fileOf(5000))
	c.send("SHUTDOWN NOSAVE")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	s.Wait()
}

// TestSavingIsDelayed has SAVE and DEBUG RELOAD take as long as they are to.
func TestSavingIsDelayed(t *testing.T) {
	cfg := quiet(t)
	cfg.EnableDebugCommand = "yes"
	s, addr := startServer(t, Options{Config: cfg})
	c := dial(t, addr)
	c.send("DEBUG POPULATE 20")
	c.expect("+OK")
	for _, tc := range []struct{ parameter, request string }{
		{"rdb-key-save-delay", "SAVE"},
		{"key-load-delay", "DEBUG RELOAD"},
	} {
		c.send("CONFIG SET " + tc.parameter + " 1000")
		c.expect("+OK")
		began := time.Now()
		c.send(tc.request)
		c.expect("+OK")
		if took := time.Since(began); took < 20*time.Millisecond {
			t.Errorf("%s took %s", tc.request, took)
		}
		c.send("CONFIG SET " + tc.parameter + " 0")
		c.expect("+OK")
	}
	if got := len(contents(loadedFile(t, s))); got != 20 {
		t.Errorf("%d keys in the file", got)
	}
}

// fileOf returns a file of so many keys.
func fileOf(keys int) []byte {
	w := rdb.NewWriter(11, true)
	w.Header()
	w.Aux("used-mem", "123456")
	for i := range keys {
		w.Key(&rdb.KeyHeader{Key: fmt.Appendf(nil, "key:%d", i), ExpireAtMs: rdb.NoExpire, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
		w.String(fmt.Appendf(nil, "value:%d", i))
	}
	w.EOF()
	return append(w.Buf, make([]byte, 8)...)
}
