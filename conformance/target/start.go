package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// readyTimeout is the time from the start of a server to its first PONG. While it loads its
// data, and says so, that does not count.
var readyTimeout = 10 * time.Second

const (
	loadTimeout  = 5 * time.Minute // the time with loading
	stopTimeout  = 5 * time.Second // from the request to end to being killed
	pollInterval = 5 * time.Millisecond
	portAttempts = 5
)

// ErrNotInstalled is returned if the program of a real server is not found.
var ErrNotInstalled = errors.New("not installed")

// EndedError tells that a started server ended instead of becoming ready.
type EndedError struct {
	Status int    // exit status, -1 if a signal ended it
	Log    string // what it printed
}

func (e *EndedError) Error() string {
	return fmt.Sprintf("ended with exit status %d before it was ready\n%s", e.Status, e.Log)
}

// Param is a configuration parameter given to a server at its start.
type Param struct{ Name, Value string }

// Find returns the path of the program of a real server: of Redis or Valkey, or
// the one that is given as an absolute path in place of the flavour.
func Find(flavour string) (string, error) {
	program := flavour
	if !filepath.IsAbs(program) {
		program += "-server"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, ErrNotInstalled)
	}
	return path, nil
}

// Build compiles our server from the module that the working directory is part
// of, into dir.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "respect")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if err := dependOnSources(); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "respect").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

// dependOnSources looks at the sources of the module. The go command remembers
// which files a test looked at, and repeats an old result only if they are
// unchanged; it does not see what the compiler reads on the test's behalf.
func dependOnSources() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	for !exists(filepath.Join(root, "go.mod")) {
		if root == filepath.Dir(root) {
			return errors.New("the working directory is in no module")
		}
		root = filepath.Dir(root)
	}
	return filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == ".git" {
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		_, err = os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil // somebody is working on it
		}
		return err
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Start starts a server of the flavour, or the program with this absolute path, on
// a free loopback port, in a temporary directory of its own, and returns it as soon
// as it answers PING.
func Start(ctx context.Context, flavour string, params ...Param) (*Target, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	var path string
	if flavour == Respect {
		path, err = Build(ctx, dir)
	} else {
		path, err = Find(flavour)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return startIn(ctx, dir, path, params)
}

// StartProgram is Start for a program given by its path.
func StartProgram(ctx context.Context, path string, params ...Param) (*Target, error) {
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	return startIn(ctx, dir, path, params)
}

// Another starts another server of the program of one that Start has started.
func (t *Target) Another(ctx context.Context, params ...Param) (*Target, error) {
	return StartProgram(ctx, t.process.cmd.Path, params...)
}

func startIn(ctx context.Context, dir, path string, params []Param) (*Target, error) {
	t, err := launchSomewhere(ctx, dir, path, params)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return t, nil
}

// launchSomewhere starts a server in a directory, which it leaves there if that fails.
func launchSomewhere(ctx context.Context, dir, path string, params []Param) (*Target, error) {
	return tryPorts(func(addr string) (*Target, error) { return launch(ctx, dir, path, addr, params) })
}

// tryPorts tries several ports: between looking for a free one and the server
// binding it, somebody else may take it.
func tryPorts(launch func(addr string) (*Target, error)) (*Target, error) {
	var failures error
	for range portAttempts {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		t, err := launch(addr)
		if err == nil {
			return t, nil
		}
		failures = err
		if !strings.Contains(err.Error(), "in use") {
			break
		}
	}
	return nil, failures
}

func launch(ctx context.Context, dir, path, addr string, params []Param) (*Target, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	args := []string{"--port", port, "--bind", host}
	own := []Param{{"dir", dir}, {"save", ""}, {"enable-debug-command", "yes"}}
	if len(params) > 0 {
		file := filepath.Join(dir, configFile)
		if err := os.WriteFile(file, configText(append(own, params...)), 0o644); err != nil {
			return nil, err
		}
		args, own = append([]string{file}, args...), nil
	}
	for _, p := range own {
		args = append(args, "--"+p.Name, p.Value)
	}
	return launchAt(ctx, addr, dir, path, args, params, true)
}

// launchAt starts the program that will listen at the address, and waits for it. If it is
// the server itself, not something that starts one, its process ID is looked at.
func launchAt(ctx context.Context, addr, dir, path string, args []string, params []Param, itself bool) (*Target, error) {
	t := &Target{Access: Access{Addr: addr}, Owned: true}
	for _, p := range params {
		if p.Name == "requirepass" {
			t.Password = p.Value
		}
	}
	p, err := startProcess(dir, path, args)
	if err != nil {
		return nil, err
	}
	p.params = params
	t.process = p
	if err := t.awaitReady(ctx, itself); err != nil {
		p.kill()
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return t, nil
}

// configFile holds the parameters of a server that was given any, in its directory: it
// can rewrite it.
const configFile = "server.conf"

// configText writes parameters as a configuration file.
func configText(params []Param) []byte {
	var b []byte
	for _, p := range params {
		b = append(append(b, p.Name...), ' ', '"')
		for i := range len(p.Value) {
			if c := p.Value[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
				b = fmt.Appendf(b, "\\x%02x", c)
			} else {
				b = append(b, c)
			}
		}
		b = append(b, '"', '\n')
	}
	return b
}

func (t *Target) awaitReady(ctx context.Context, itself bool) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	readyBy := time.Now().Add(readyTimeout)
	for {
		// Another server may have taken the port: its answer is none of ours, which
		// will end as soon as it finds out.
		info, err := t.probe(ctx)
		if err == nil && (!itself || info.Process == t.process.cmd.Process.Pid) {
			t.Info = info
			return nil
		}
		if errors.Is(err, errLoading) {
			readyBy = time.Now().Add(readyTimeout)
		}
		if err == nil {
			err = errOther
		}
		if time.Now().After(readyBy) {
			return fmt.Errorf("not ready: %w\n%s", err, t.Log())
		}
		select {
		case <-t.process.ended:
			return &EndedError{Status: t.process.cmd.ProcessState.ExitCode(), Log: t.Log()}
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w\n%s", err, t.Log())
		case <-tick.C:
		}
	}
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// errOther is why a server is not ready whose address somebody else has.
var errOther = errors.New("another process answers at its address")

// process is a server started by us, together with its directory.
type process struct {
	cmd    *exec.Cmd
	dir    string
	params []Param
	output *logBuffer
	ended  chan struct{} // closed once the process was waited for
}

func startProcess(dir, path string, args []string) (*process, error) {
	p := &process{cmd: exec.Command(path, args...), dir: dir, output: &logBuffer{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "LC_ALL=C") // SORT ALPHA goes by the locale
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		// How the server ends is not what is tested here.
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ended reports whether a server that was started by the suite ends within so long.
func (t *Target) Ended(within time.Duration) bool {
	if t.process == nil {
		return false
	}
	select {
	case <-t.process.ended:
		return true
	default:
	}
	select {
	case <-t.process.ended:
		return true
	case <-time.After(within):
		return false
	}
}

// ExitStatus is that of a server that was started by the suite and has ended; -1 if a signal
// ended it.
func (t *Target) ExitStatus() int { return t.process.cmd.ProcessState.ExitCode() }

// Signal sends a signal to a server that was started by the suite.
func (t *Target) Signal(sig os.Signal) error { return t.process.cmd.Process.Signal(sig) }

// Kill ends a server that was started by the suite at once, without letting it
// finish anything, and removes its files.
func (t *Target) Kill() error {
	if t.process == nil {
		return nil
	}
	t.process.kill()
	return os.RemoveAll(t.process.dir)
}

// Crash ends a server that was started by the suite at once and leaves its files as they
// are, for Restart or for somebody who wants to look at them.
func (t *Target) Crash() { t.process.kill() }

// Dir is the directory of a server that was started by the suite.
func (t *Target) Dir() string { return t.process.dir }

// Restart starts a server that has ended again, with the same parameters in the same
// directory, on another port. If it fails the files stay.
func (t *Target) Restart(ctx context.Context) (*Target, error) {
	return launchSomewhere(ctx, t.process.dir, t.process.cmd.Path, t.process.params)
}

// stop asks the process to end, insists after a while, and removes its files.
func (p *process) stop() error {
	if p.cmd.Process.Signal(os.Interrupt) == nil {
		select {
		case <-p.ended:
		case <-time.After(stopTimeout):
		}
	}
	p.kill()
	return os.RemoveAll(p.dir)
}

// kill ends the process at once. It fails only if the process has ended already.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// logBuffer keeps the first part of what a server prints.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

const maxLog = 1 << 20

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := maxLog - l.b.Len(); room > 0 {
		l.b.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
