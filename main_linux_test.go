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
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"respect/rdb"
)

// limitMark is in the environment of this test program when it is to become the
// server with a limit of open files.
const limitMark = "RESPECT_TEST_NOFILE"

// becomeLimited replaces the process by the program that its arguments name, with
// the limit of open files that the environment names, and without the right to
// raise it.
func becomeLimited() {
	limit, err := strconv.ParseUint(os.Getenv(limitMark), 10, 64)
	if err != nil {
		return
	}
	runtime.LockOSThread()
	// Root would get the right back with the new program. Who is not root has
	// none, and must not change the set.
	_ = unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_RESOURCE, 0, 0, 0)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
	panic(syscall.Exec(os.Args[1], os.Args[1:], os.Environ()))
}

// limited is program with a limit of open files.
func limited(t *testing.T, files int, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program(t, args...)
	cmd.Args = append([]string{os.Args[0], cmd.Path}, args...)
	cmd.Path = os.Args[0]
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", limitMark, files))
	return cmd
}

// client is a connection that speaks in lines.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func connect(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { c.Close() })
	return &client{c, t, bufio.NewReader(c)}
}

// line sends a request and reads a line of the reply.
func (c *client) line(request string) string {
	c.t.Helper()
	fmt.Fprintf(c, "%s\r\n", request)
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%s: %v", request, err)
	}
	return strings.TrimRight(line, "\r\n")
}

// info reads a number from the statistics.
func (c *client) info(field string) int {
	c.t.Helper()
	n, _ := strconv.Atoi(strings.TrimPrefix(c.line("INFO stats"), "$"))
	text := make([]byte, n+2)
	for at := 0; at < len(text); {
		n, err := c.r.Read(text[at:])
		if err != nil {
			c.t.Fatal(err)
		}
		at += n
	}
	m := regexp.MustCompile(`(?m)^` + field + `:(\d+)`).FindSubmatch(text)
	if m == nil {
		c.t.Fatalf("no %s in %s", field, text)
	}
	n, _ = strconv.Atoi(string(m[1]))
	return n
}

// The lines and the error are those of the real servers.
func TestMaxclientsYieldsToTheLimitOfOpenFiles(t *testing.T) {
	port := freePort(t)
	r := startCommand(t, limited(t, 60, "--port", strconv.Itoa(port), "--bind", "127.0.0.1"))
	r.until(" # You requested maxclients of 10000 requiring at least 10032 max file descriptors.\n")
	r.until(" # Server can't set maximum open files to 10032 because of OS error: Operation not permitted.\n")
	r.until(" # Current maximum open files is 60. maxclients has been reduced to 28 to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.\n")
	r.until("Ready to accept connections")
	clients := []*client{connect(t, loopback(port))}
	const refused = "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to handle the specified number of clients, try with 28"
	for _, c := range []struct{ request, reply string }{
		{"CONFIG SET maxclients 29", refused},
		{"CONFIG SET maxclients 27", "+OK"},
		{"CONFIG SET maxclients 20000", refused},
		{"CONFIG SET maxclients 28", "+OK"},
	} {
		if got := clients[0].line(c.request); got != c.reply {
			t.Errorf("%s: %s", c.request, got)
		}
	}
	// There are descriptors for all of them, and for the one that is refused.
	for len(clients) < 28 {
		clients = append(clients, connect(t, loopback(port)))
		if got := clients[len(clients)-1].line("PING"); got != "+PONG" {
			t.Fatalf("client %d: %s", len(clients), got)
		}
	}
	if got := connect(t, loopback(port)).line("PING"); got != "-ERR max number of clients reached" {
		t.Errorf("client 29: %s", got)
	}
}

func TestTooFewOpenFilesAreFatal(t *testing.T) {
	r := startCommand(t, limited(t, 32, "--port", strconv.Itoa(freePort(t)), "--bind", "127.0.0.1"))
	r.until(" # Your current 'ulimit -n' of 32 is not enough for the server to start. Please increase your open file limit to at least 10032. Exiting.\n")
	if code := r.exit(); code != 1 {
		t.Errorf("exit status %d", code)
	}
}

// TestItSurvivesWithoutDescriptors takes them away from the running server. The
// real one fills its log with 200,000 lines a second meanwhile.
func TestItSurvivesWithoutDescriptors(t *testing.T) {
	port := freePort(t)
	r := start(t, "--port", strconv.Itoa(port), "--bind", "127.0.0.1")
	r.until("Ready to accept connections")
	served := connect(t, loopback(port))
	if got := served.line("PING"); got != "+PONG" {
		t.Fatal(got)
	}
	var normal unix.Rlimit
	if err := unix.Prlimit(r.Process.Pid, unix.RLIMIT_NOFILE, nil, &normal); err != nil {
		t.Skip("limits of other processes cannot be set: ", err)
	}
	setLimit := func(files uint64) {
		t.Helper()
		if err := unix.Prlimit(r.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: normal.Max}, nil); err != nil {
			t.Fatal(err)
		}
	}
	setLimit(3) // no further one, whatever there is
	const complaint = " # Accepting client connection: accept: Too many open files\n"
	late := connect(t, loopback(port))
	r.until(complaint)
	cycles := served.info("eventloop_cycles")
	if got := served.line("PING"); got != "+PONG" {
		t.Error(got)
	}
	r.until(complaint) // after ten attempts
	if n := served.info("eventloop_cycles") - cycles; n < 9 || n > 60 {
		t.Errorf("the loop went round %d times meanwhile", n)
	}
	setLimit(normal.Cur)
	if got := late.line("PING"); got != "+PONG" {
		t.Error(got)
	}
	if n := strings.Count(r.seen.String(), complaint); n > 3 {
		t.Errorf("%d complaints", n)
	}
}

// openTerminal returns both ends of a pseudo terminal.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// TestDumpShowsProgress looks at what a terminal gets, and what a pipe.
func TestDumpShowsProgress(t *testing.T) {
	const keys = 50_000
	w := rdb.NewWriter(11, true)
	w.Header()
	for i := range keys {
		w.Key(&rdb.KeyHeader{Key: fmt.Appendf(nil, "key:%d", i), ExpireAtMs: rdb.NoExpire, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
		w.String([]byte("value"))
	}
	w.EOF()
	file := filepath.Join(t.TempDir(), "dump.rdb")
	if err := os.WriteFile(file, append(w.Buf, make([]byte, 8)...), 0o644); err != nil {
		t.Fatal(err)
	}
	master, slave := openTerminal(t)
	var out, piped, toPipe bytes.Buffer
	cmd := program(t, "dump", file, "--json")
	cmd.Stdout, cmd.Stderr = &out, slave
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // EIO when nobody has the other end
		shown <- string(text)
	}()
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	text := <-shown
	if !regexp.MustCompile(`^\r +\d%\r[ \d]*\d%.*\r +\r$`).MatchString(text) {
		t.Errorf("a terminal gets %q", text)
	}
	cmd = program(t, "dump", file, "--json")
	cmd.Stdout, cmd.Stderr = &piped, &toPipe
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if toPipe.Len() > 0 || !bytes.Equal(out.Bytes(), piped.Bytes()) || bytes.ContainsAny(out.Bytes(), "\r%") || bytes.Count(out.Bytes(), []byte("\n")) != keys {
		t.Errorf("a pipe gets %.300q, and %d and %d bytes", toPipe.String(), out.Len(), piped.Len())
	}
}
