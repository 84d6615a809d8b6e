package server

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"respect/server/aof"
	"respect/server/config"
)

// logText collects the log of a server.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// aofServer is a server with an append only file, and a client of it.
type aofServer struct {
	*Server
	*peer
	log *logText
}

// startAppending starts a server in a directory; change may change its configuration.
func startAppending(t *testing.T, dir string, o Options, change func(cfg *config.Config)) (*aofServer, error) {
	t.Helper()
	cfg := quiet(t)
	cfg.Dir, cfg.Appendonly, cfg.Save, cfg.EnableDebugCommand = dir, true, nil, "yes"
	cfg.Loglevel = config.LogNotice
	cfg.Port, cfg.Unixsocket = 0, filepath.Join(t.TempDir(), "s")
	if change != nil {
		change(cfg)
	}
	log := &logText{}
	o.Config, o.Log = cfg, log
	s := New(o)
	t.Cleanup(s.Close)
	if err := s.Start(); err != nil {
		return &aofServer{Server: s, log: log}, err
	}
	return &aofServer{s, dialUnix(t, cfg.Unixsocket), log}, nil
}

func dialUnix(t *testing.T, path string) *peer {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { conn.Close() })
	return &peer{t, conn, bufio.NewReader(conn)}
}

// another is another client of the server.
func (s *aofServer) another() *peer {
	s.t.Helper()
	return dialUnix(s.t.(*testing.T), s.cfg.Unixsocket)
}

// appending is startAppending for a server that has to start.
func appending(t *testing.T, dir string, o Options, change func(cfg *config.Config)) *aofServer {
	t.Helper()
	s, err := startAppending(t, dir, o, change)
	if err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	return s
}

// digest returns DEBUG DIGEST.
func (s *aofServer) digest() string {
	s.t.Helper()
	s.send("DEBUG DIGEST")
	line, err := s.r.ReadString('\n')
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// rewrite rewrites the append only file and waits for the end of that.
func (s *aofServer) rewrite() {
	s.t.Helper()
	s.send("BGREWRITEAOF")
	s.expect("+Background append only file rewriting started")
	waitSaved(s.t, s.Server)
}

// everyType are commands that make a value of every type, and change some.
var everyType = []string{
	"SET string value", "SET number 12345", "SET expires v EX 100000", "SETRANGE raw 100 x",
	"RPUSH list a b 3", "LPUSH list z", "SADD ints 1 2 3", "SADD set a b c", "SREM set a",
	"HSET hash f v g 2", "ZADD zset 1 a 2.5 b -inf c", "ZADD zset 3 a",
	"XADD stream 1-1 f v", "XADD stream 2-1 f w g x", "XADD stream 3-1 f w", "XDEL stream 3-1",
	"XGROUP CREATE stream g 0", "XGROUP CREATECONSUMER stream g idle", "XREADGROUP GROUP g c COUNT 1 STREAMS stream >",
	"XADD empty 5-5 a b", "XDEL empty 5-5", "SELECT 3", "SET other db", "SELECT 0",
}

// fillAll gives a server values of every type, among them big ones.
func (s *aofServer) fillAll() {
	s.t.Helper()
	lines := append([]string{}, everyType...)
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("RPUSH biglist %d%s", i, strings.Repeat("x", 100)),
			fmt.Sprintf("SADD bigset m%d", i), fmt.Sprintf("HSET bighash f%d %d", i, i),
			fmt.Sprintf("HSET longhash f%d %s", i, strings.Repeat("v", i+1)), fmt.Sprintf("ZADD bigzset %d.5 m%d", i, i))
	}
	lines = append(lines, "PEXPIREAT bighash 4102444800000", "HPEXPIREAT longhash 4102444800000 FIELDS 1 f5", "PING end")
	s.send(lines...)
	for {
		line, err := s.r.ReadString('\n')
		if err != nil || line[0] == '-' {
			s.t.Fatal(line, err)
		}
		if line == "end\r\n" {
			return
		}
	}
}

func TestAppendOnlyFileIsLoaded(t *testing.T) {
	for _, preamble := range []bool{true, false} {
		for _, fsync := range []string{"always", "everysec", "no"} {
			t.Run(fmt.Sprint(fsync, preamble), func(t *testing.T) {
				dir := t.TempDir()
				configure := func(cfg *config.Config) {
					cfg.Appendfsync, cfg.AofUseRdbPreamble, cfg.AofTimestampEnabled = fsync, preamble, !preamble
				}
				s := appending(t, dir, Options{}, configure)
				s.fillAll()
				want := s.digest()
				for _, rewrite := range []bool{false, true, false} {
					if rewrite {
						s.rewrite()
						s.send("SET string value") // behind it
						s.expect("+OK")
					}
					s.Server.Close()
					s = appending(t, dir, Options{}, configure)
					if got := s.digest(); got != want {
						t.Fatalf("rewritten %v: %s, want %s\n%s", rewrite, got, want, s.log)
					}
				}
			})
		}
	}
}

// manifestOf returns the manifest in a directory.
func manifestOf(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "appendonlydir", "appendonly.aof.manifest"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write makes a file in the directory of append only files.
func writeAppendOnly(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "appendonlydir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "appendonlydir", name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const oneIncrement = "file appendonly.aof.1.incr.aof seq 1 type i\n"

// TestTruncatedAppendOnlyFile loads each beginning of a file.
func TestTruncatedAppendOnlyFile(t *testing.T) {
	const (
		set1  = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n11\r\n"
		multi = "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$1\r\n1\r\n*1\r\n$4\r\nEXEC\r\n"
	)
	all := set1 + "#TS:12345\r\n" + multi
	if testing.Short() {
		t.Skip("a server for each byte")
	}
	for n := range len(all) + 1 {
		dir := t.TempDir()
		writeAppendOnly(t, dir, "appendonly.aof.manifest", oneIncrement)
		writeAppendOnly(t, dir, "appendonly.aof.1.incr.aof", all[:n])
		s := appending(t, dir, Options{}, nil)
		s.send("DBSIZE")
		switch {
		case n < len(set1):
			s.expect(":0")
		case n < len(all):
			s.expect(":1")
		default:
			s.expect(":3")
		}
		s.send("SET d 1")
		s.expect("+OK")
		want := s.digest()
		s.Server.Close()
		s = appending(t, dir, Options{}, nil)
		if got := s.digest(); got != want {
			t.Fatalf("cut at %d: not the same after another start\n%s", n, s.log)
		}
		s.Server.Close()
	}
}

// TestAppendOnlyFileIsRefused has what cannot be loaded.
func TestAppendOnlyFileIsRefused(t *testing.T) {
	const set = "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n"
	for _, c := range []struct{ name, manifest, base, incr, line string }{
		{"manifest is empty", "", "", "", "Found an empty AOF manifest"},
		{"no file", oneIncrement + "file b seq 2 type i\n", "", set, "Unable to obtain the AOF file b length. stat: No such file or directory"},
		{"unknown command", oneIncrement, "", "*1\r\n$3\r\nFOO\r\n", "Unknown command 'FOO' reading the append only file appendonly.aof.1.incr.aof"},
		{"bad format", oneIncrement, "", "foo\r\n", "Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>"},
		{"bad arity", oneIncrement, "", "*1\r\n$3\r\nSET\r\n", "Bad file format reading"},
		{"base is cut", "file b seq 1 type b\n" + oneIncrement, set[:10], set, "Fatal error: the truncated file is not the last file"},
		{"bad RDB", "file b seq 1 type b\n" + oneIncrement, "REDIS0011\xff", set, "Error reading the RDB base file b, AOF loading aborted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			writeAppendOnly(t, dir, "appendonly.aof.manifest", c.manifest)
			writeAppendOnly(t, dir, "appendonly.aof.1.incr.aof", c.incr)
			if c.base != "" {
				writeAppendOnly(t, dir, "b", c.base)
			}
			s, err := startAppending(t, dir, Options{}, nil)
			if err == nil || !strings.Contains(s.log.String(), c.line) {
				t.Errorf("%v\n%s", err, s.log)
			}
		})
	}
}

// TestFilesOfRewrites looks at which files there are.
func TestFilesOfRewrites(t *testing.T) {
	dir := t.TempDir()
	s := appending(t, dir, Options{}, func(cfg *config.Config) { cfg.Appendfilename = "my file.aof" })
	s.send("SET a 1")
	s.expect("+OK")
	for i := range 3 {
		files, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*"))
		if err != nil {
			t.Fatal(err)
		}
		s.Lock()
		m := s.aof.manifest
		s.Unlock()
		seq := strconv.Itoa(i + 1)
		if len(files) != 3 || m.Base.Name != "my file.aof."+seq+".base.rdb" || len(m.Incrs) != 1 || m.Incrs[0].Name != "my file.aof."+seq+".incr.aof" {
			t.Fatal(files, string(m.Format()))
		}
		text, err := os.ReadFile(filepath.Join(dir, "appendonlydir", "my file.aof.manifest"))
		if err != nil || string(text) != string(m.Format()) {
			t.Fatalf("%q, %v", text, err)
		}
		s.rewrite()
		s.background.Wait() // history goes
	}
}

// TestSwitchedOnAndOff has CONFIG SET appendonly.
func TestSwitchedOnAndOff(t *testing.T) {
	dir := t.TempDir()
	s := appending(t, dir, Options{}, func(cfg *config.Config) { cfg.Appendonly = false })
	s.send("SET before 1", "CONFIG SET appendonly yes")
	s.expect("+OK", "+OK")
	waitSaved(t, s.Server)
	s.send("SET while 1", "CONFIG SET appendonly no", "SET off 1")
	s.expect("+OK", "+OK", "+OK")
	s.Server.Close()
	s = appending(t, dir, Options{}, nil)
	s.send("EXISTS before", "EXISTS while", "EXISTS off")
	s.expect(":1", ":1", ":0")
	s.send("CONFIG SET appendonly no", "SET lost 1", "CONFIG SET appendonly yes")
	s.expect("+OK", "+OK", "+OK")
	waitSaved(t, s.Server)
	want := s.digest()
	s.Server.Close()
	if m, err := aof.ParseManifest([]byte(manifestOf(t, dir))); err != nil || m.Base == nil || len(m.Incrs) != 1 {
		t.Fatal(m, err)
	}
	s = appending(t, dir, Options{}, nil)
	if got := s.digest(); got != want {
		t.Error(got, want)
	}
}

// TestAppendingAllocatesNothing has the buffer used again.
func TestAppendingAllocatesNothing(t *testing.T) {
	s := appending(t, t.TempDir(), Options{}, func(cfg *config.Config) { cfg.Appendfsync = "no" })
	s.Lock()
	defer s.Unlock()
	argv := [][]byte{[]byte("SET"), []byte("key"), []byte("value")}
	round := func() {
		for range 100 {
			s.aof.feed(0, argv)
		}
		s.Commit()
	}
	round()
	if n := testing.AllocsPerRun(10, round); n > 0 {
		t.Errorf("%v allocations for 100 commands", n)
	}
}

// TestSaveDuringRewrite has a second snapshot while the first is under way.
func TestSaveDuringRewrite(t *testing.T) {
	dir := t.TempDir()
	s := appending(t, dir, Options{}, nil)
	s.send("DEBUG POPULATE 1000", "CONFIG SET rdb-key-save-delay 300000", "BGREWRITEAOF", "CONFIG SET rdb-key-save-delay 0", "SAVE", "INCR n")
	s.expect("+OK", "+OK", "+Background append only file rewriting started", "+OK", "+OK", ":1")
	waitSaved(t, s.Server)
	if got := s.infoField("aof_last_bgrewrite_status"); got != "ok" {
		t.Fatal(got, s.log)
	}
	want := s.digest()
	s.Server.Close()
	s = appending(t, dir, Options{}, nil)
	if got := s.digest(); got != want {
		t.Errorf("%s, want %s\n%s", got, want, s.log)
	}
}
