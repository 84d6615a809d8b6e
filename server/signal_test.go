package server

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// endsSlowly starts a server that is told to end by SIGTERM while its disk takes nothing.
// It returns the channel of its signals, and that of the exit status if it is ended at once.
func endsSlowly(t *testing.T, d *faultyDisk) (s *Server, signals chan os.Signal, exited chan int) {
	d.gate, d.writing = make(chan struct{}), make(chan struct{}, 1)
	s, c := saver(t, d)
	c.send("SET k v")
	c.expect("+OK")
	exited = make(chan int, 1)
	exit = func(status int) { exited <- status }
	t.Cleanup(func() { exit = os.Exit })
	signals = make(chan os.Signal)
	t.Cleanup(func() { close(signals) })
	go s.HandleSignals(signals)
	signals <- syscall.SIGTERM
	<-d.writing
	return s, signals, exited
}

func waitStopped(t *testing.T, s *Server) {
	t.Helper()
	select {
	case <-s.stop:
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
}

// TestSupervisorsRepeatThemselves repeats SIGTERM while the data is saved.
func TestSupervisorsRepeatThemselves(t *testing.T) {
	d := &faultyDisk{}
	s, signals, exited := endsSlowly(t, d)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM
	close(d.gate)
	waitStopped(t, s)
	signals <- syscall.SIGTERM
	select {
	case status := <-exited:
		t.Errorf("ended at once with %d", status)
	default:
	}
	if got := contents(loadedFile(t, s)); got["0 k"] != "v until -1" {
		t.Errorf("the file holds %q", got)
	}
}

// TestSomebodyInsists interrupts the server while it saves, which ends it without a file.
func TestSomebodyInsists(t *testing.T) {
	d := &faultyDisk{}
	s, signals, exited := endsSlowly(t, d)
	signals <- syscall.SIGINT
	select {
	case status := <-exited:
		if status != 1 {
			t.Errorf("ended with %d", status)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happens")
	}
	if names, _ := filepath.Glob(filepath.Join(s.cfg.Dir, "*.rdb")); len(names) > 0 {
		t.Errorf("left over: %q", names)
	}
	close(d.gate) // that the process goes on is the test's doing
}

// TestSignalsAgainAfterAFailure has a server that could not save, and goes on.
func TestSignalsAgainAfterAFailure(t *testing.T) {
	d := &faultyDisk{}
	s, c := saver(t, d)
	c.send("SET k v")
	c.expect("+OK")
	exit = func(status int) { t.Errorf("ended at once with %d", status) }
	t.Cleanup(func() { exit = os.Exit })
	signals := make(chan os.Signal)
	t.Cleanup(func() { close(signals) })
	go s.HandleSignals(signals)
	d.failing.Store("rename")
	signals <- syscall.SIGINT
	for d.failed.Load() == 0 {
		c.send("PING")
		c.expect("+PONG")
	}
	d.failing.Store("")
	until := time.After(20 * time.Second)
	for { // the first may come before that attempt is over
		select {
		case <-s.stop:
			return
		case <-until:
			t.Fatal("the server does not end")
		case signals <- syscall.SIGTERM:
		}
	}
}
