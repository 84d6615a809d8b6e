package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run the program as a supervisor or a test harness would.

var (
	buildOnce sync.Once
	binary    string
	buildErr  error
)

func TestMain(m *testing.M) {
	becomeLimited()
	dir, err := os.MkdirTemp("", "respect-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "respect")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program returns the command that runs the built program in a directory of its
// own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	buildOnce.Do(func() {
		var out []byte
		if out, buildErr = exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); buildErr != nil {
			buildErr = fmt.Errorf("%w\n%s", buildErr, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = t.TempDir()
	return cmd
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// running is the program and its log.
type running struct {
	*exec.Cmd
	t    *testing.T
	log  *bufio.Reader
	seen bytes.Buffer
}

// start runs the program until the test ends.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startCommand(t, program(t, args...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{Cmd: cmd, t: t}
	r.log = bufio.NewReader(io.TeeReader(out, &r.seen))
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	watchdog := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	t.Cleanup(func() { watchdog.Stop() })
	return r
}

// until reads the log up to a line that contains the text.
func (r *running) until(text string) {
	r.t.Helper()
	for {
		line, err := r.log.ReadString('\n')
		if err != nil {
			r.t.Fatalf("no line with %q in\n%s", text, r.seen.String())
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// exit waits for the end and returns the exit status.
func (r *running) exit() int {
	io.Copy(io.Discard, r.log)
	r.Wait()
	return r.ProcessState.ExitCode()
}

func ask(t *testing.T, network, addr, request string) string {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "%s\r\n", request)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(line, "\r\n")
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func TestItTellsWhatSupervisorsWaitFor(t *testing.T) {
	port := freePort(t)
	r := start(t, "--port", strconv.Itoa(port), "--bind", "127.0.0.1")
	r.until(fmt.Sprintf(" PID: %d", r.Process.Pid))
	r.until("Server initialized")
	r.until("Ready to accept connections")
	if got := ask(t, "tcp", loopback(port), "PING"); got != "+PONG" {
		t.Errorf("PING: %s", got)
	}
}

func TestSignalsEndIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals on Windows")
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		pidfile := filepath.Join(t.TempDir(), "pid")
		r := start(t, "--port", strconv.Itoa(freePort(t)), "--bind", "127.0.0.1", "--pidfile", pidfile)
		r.until("Ready to accept connections")
		if pid, _ := os.ReadFile(pidfile); strings.TrimSpace(string(pid)) != strconv.Itoa(r.Process.Pid) {
			t.Errorf("pidfile holds %q", pid)
		}
		r.Process.Signal(sig)
		if code := r.exit(); code != 0 {
			t.Errorf("%s: exit status %d", sig, code)
		}
		if _, err := os.Stat(pidfile); !os.IsNotExist(err) {
			t.Errorf("pidfile: %v", err)
		}
	}
}

// TestItSavesBeforeItEnds ends servers in different ways; the next one has the data or not.
func TestItSavesBeforeItEnds(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals on Windows")
	}
	for _, c := range []struct {
		save, end string // with a signal if end is none
		more      []string
		saves     bool
	}{
		{"", "SHUTDOWN", nil, false}, {"", "SHUTDOWN SAVE", nil, true}, {"60 1", "SHUTDOWN", nil, true},
		{"60 1", "SHUTDOWN NOSAVE", nil, false}, {"60 1", "", nil, true}, {"", "", nil, false},
		{"60 1", "", []string{"--shutdown-on-sigterm", "nosave"}, false},
		{"", "", []string{"--shutdown-on-sigterm", "save force"}, true},
	} {
		dir, port := t.TempDir(), freePort(t)
		args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", c.save}, c.more...)
		r := start(t, args...)
		r.until("Ready to accept connections")
		conn, err := net.Dial("tcp", loopback(port))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "SET k v\r\nPING\r\n")
		if _, err := io.ReadFull(conn, make([]byte, len("+OK\r\n+PONG\r\n"))); err != nil {
			t.Fatal(err)
		}
		if c.end != "" {
			fmt.Fprint(conn, c.end+"\r\n")
		} else {
			r.Process.Signal(syscall.SIGTERM)
		}
		if code := r.exit(); code != 0 {
			t.Errorf("save %q, %q %q: exit status %d", c.save, c.end, c.more, code)
		}
		conn.Close()
		if _, err := os.Stat(filepath.Join(dir, "dump.rdb")); (err == nil) != c.saves {
			t.Errorf("save %q, %q %q: %v", c.save, c.end, c.more, err)
		}
		again := start(t, args...)
		want := "Ready to accept connections"
		if c.saves {
			want = "keys loaded: 1,"
		}
		again.until(want)
		if c.saves {
			again.until("Ready to accept connections")
		}
		again.Process.Signal(syscall.SIGINT)
		again.exit()
	}
}

func TestShutdownEndsIt(t *testing.T) {
	port := freePort(t)
	r := start(t, "--port", strconv.Itoa(port), "--bind", "127.0.0.1")
	r.until("Ready to accept connections")
	c, err := net.Dial("tcp", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "SHUTDOWN NOSAVE\r\n")
	if rest, err := io.ReadAll(c); err != nil || len(rest) != 0 {
		t.Errorf("SHUTDOWN was answered with %q, %v", rest, err)
	}
	if code := r.exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

func TestATakenPortIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	r := start(t, "--port", strconv.Itoa(port), "--bind", "127.0.0.1")
	r.until(fmt.Sprintf("Failed listening on port %d", port))
	if code := r.exit(); code != 1 {
		t.Errorf("exit status %d", code)
	}
}

func TestAMistakeInTheConfigurationIsFatal(t *testing.T) {
	cmd := program(t, "-", "--loglevel", "warning")
	cmd.Stdin = strings.NewReader("port 0\nnonsense 1\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	for _, want := range []string{"*** FATAL CONFIG FILE ERROR (Respect ", "at line 2\n", ">>> 'nonsense 1'\n", "Bad directive or wrong number of arguments\n"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q in %s", want, stderr.String())
		}
	}
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

func TestFileAndOptionsConfigureIt(t *testing.T) {
	port := freePort(t)
	conf := filepath.Join(t.TempDir(), "redis.conf")
	text := "# a comment\nport 1\nbind 127.0.0.1\nproto-max-bulk-len 2mb\nsave 3600 1\nsave 300 10\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "s")
	args := []string{conf, "--port", strconv.Itoa(port)}
	if runtime.GOOS != "windows" {
		args = append(args, "--unixsocket", socket, "--unixsocketperm", "700")
	}
	r := start(t, args...)
	r.until("Ready to accept connections")
	c, err := net.Dial("tcp", loopback(port))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "CONFIG GET proto-max-bulk-len\r\nCONFIG GET save\r\nQUIT\r\n")
	got, err := io.ReadAll(c)
	want := "*2\r\n$18\r\nproto-max-bulk-len\r\n$7\r\n2097152\r\n*2\r\n$4\r\nsave\r\n$13\r\n3600 1 300 10\r\n+OK\r\n"
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("socket: %v, %v", info, err)
	}
	if got := ask(t, "unix", socket, "PING"); got != "+PONG" {
		t.Errorf("PING over the Unix socket: %s", got)
	}
}

func TestVersionAndHelp(t *testing.T) {
	for flag, want := range map[string]string{"--version": "Respect server v=", "-v": "Respect server v=", "--help": "Usage: ", "-h": "Usage: "} {
		out, err := program(t, flag).Output()
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %q, %v", flag, out, err)
		}
	}
}

func TestADamagedFileIsRefusedAndLeftAlone(t *testing.T) {
	cmd := program(t, "--port", strconv.Itoa(freePort(t)), "--bind", "127.0.0.1")
	file := filepath.Join(cmd.Dir, "dump.rdb")
	damaged := []byte("REDIS0011\x00\x01k\x05v")
	if err := os.WriteFile(file, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	for _, want := range []string{"Short read or OOM loading DB", "type 0 (string)", `key "k"`, "offset"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, damaged) {
		t.Errorf("the file was changed to %q, %v", now, err)
	}
}

func TestDaemonizeLeavesItRunning(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no daemons on Windows")
	}
	port, dir := freePort(t), t.TempDir()
	pidfile, logfile := filepath.Join(dir, "pid"), filepath.Join(dir, "log")
	if out, err := program(t, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--daemonize", "yes",
		"--pidfile", pidfile, "--logfile", logfile, "--dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		log, _ := os.ReadFile(logfile)
		if strings.Contains(string(log), "Ready to accept connections") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", log)
		}
		time.Sleep(5 * time.Millisecond)
	}
	text, err := os.ReadFile(pidfile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, "tcp", loopback(port), "PING"); got != "+PONG" {
		t.Errorf("PING: %s", got)
	}
	process, _ := os.FindProcess(pid)
	process.Signal(syscall.SIGTERM)
	for time.Now().Before(deadline) {
		_, err := os.Stat(pidfile)
		if log, _ := os.ReadFile(logfile); os.IsNotExist(err) && strings.Contains(string(log), "bye bye") {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("it did not end")
}

func TestItListensOnSeveralAddresses(t *testing.T) {
	port := freePort(t)
	addrs := []string{"127.0.0.1"}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		l.Close()
		addrs = append(addrs, "::1")
	}
	args := append([]string{"--port", strconv.Itoa(port), "--bind"}, addrs...)
	r := start(t, append(args, "-192.0.2.7")...) // one that the machine does not have may fail
	r.until("Ready to accept connections")
	for _, addr := range addrs {
		if got := ask(t, "tcp", net.JoinHostPort(addr, strconv.Itoa(port)), "PING"); got != "+PONG" {
			t.Errorf("PING on %s: %s", addr, got)
		}
	}
}

// TestWhatAKilledServerLeaves kills a server while it saves and rewrites, and starts another
// in the same directory, in which a third one is saving.
func TestWhatAKilledServerLeaves(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no locks")
	}
	dir := t.TempDir()
	drafts := func() (paths []string) {
		for _, pattern := range []string{"temp-*", "appendonlydir/temp-*"} {
			found, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, found...)
		}
		return paths
	}
	// busy is a server in the middle of something for which it writes a file.
	busy := func(request string) *running {
		before, port := len(drafts()), freePort(t)
		r := start(t, "--dir", dir, "--save", "", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--rdb-key-save-delay", "100000000")
		r.until("Ready to accept connections")
		for _, text := range []string{"SET a 1", "SET b 1", request} {
			ask(t, "tcp", loopback(port), text)
		}
		if got := len(drafts()); got != before+1 {
			t.Fatalf("%d files, there were %d", got, before)
		}
		return r
	}
	saving := busy("BGSAVE")
	kept := drafts()
	for _, request := range []string{"BGSAVE", "BGREWRITEAOF"} {
		r := busy(request)
		r.Process.Kill()
		r.exit()
		for _, foreign := range []string{"temp-1.rdb", "temp-rewriteaof-bg-1.aof", "temp-1.1.rdb.bak"} {
			if err := os.WriteFile(filepath.Join(dir, foreign), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		again := start(t, "--dir", dir, "--save", "", "--bind", "127.0.0.1", "--port", strconv.Itoa(freePort(t)))
		again.until("Removing temp-")
		again.until("Ready to accept connections")
		for _, foreign := range []string{"temp-1.rdb", "temp-rewriteaof-bg-1.aof", "temp-1.1.rdb.bak"} {
			if err := os.Remove(filepath.Join(dir, foreign)); err != nil {
				t.Error(err)
			}
		}
		if got := drafts(); !slices.Equal(got, kept) {
			t.Errorf("%s: left are %q, want %q", request, got, kept)
		}
	}
	saving.Process.Signal(syscall.SIGTERM)
	if status := saving.exit(); status != 0 {
		t.Errorf("the server that saved ended with %d", status)
	}
	if got := drafts(); len(got) > 0 {
		t.Errorf("left are %q", got)
	}
}
