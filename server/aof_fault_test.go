package server

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"respect/server/config"
)

// What happens when the disk fails: at any step, whatever was acknowledged is there when
// another server loads the files.

const misconfDisk = "-MISCONF Errors writing to the AOF file: The disk is broken"

// waitFor asks until the reply comes.
func (s *aofServer) waitFor(request, reply string) {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		s.send(request)
		line, err := s.r.ReadString('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		if strings.TrimRight(line, "\r\n") == reply {
			return
		}
	}
	s.t.Fatalf("%s: never %s\n%s", request, reply, s.log)
}

// TestWritesAreRefusedUntilTheDiskWorks has short writes, which are cut off again.
func TestWritesAreRefusedUntilTheDiskWorks(t *testing.T) {
	for _, operation := range []string{"write", "sync"} {
		t.Run(operation, func(t *testing.T) {
			dir, d := t.TempDir(), &faultyDisk{}
			s := appending(t, dir, Options{Files: d}, nil)
			s.send("SET before 1")
			s.expect("+OK")
			d.failing.Store(operation)
			s.send("SET unsure 1")
			s.expect("+OK")
			s.waitFor("SET unsure 2", misconfDisk)
			s.send("PING", "GET before")
			s.expect(misconfDisk, "$1", "1")
			if got := s.infoField("aof_last_write_status"); got != "err" {
				t.Error(got)
			}
			d.failing.Store("")
			s.waitFor("SET after 1", "+OK")
			if got := s.infoField("aof_last_write_status"); got != "ok" {
				t.Error(got)
			}
			want := s.digest()
			s.Server.Close()
			again := appending(t, dir, Options{}, nil)
			if got := again.digest(); got != want || strings.Contains(again.log.String(), "Truncating") {
				t.Errorf("%s, want %s\n%s", got, want, again.log)
			}
		})
	}
}

// TestRewritesFail lets each step of a rewrite fail, writes on, and loads.
func TestRewritesFail(t *testing.T) {
	for _, operation := range []string{"create", "write", "sync", "close", "rename", "syncdir"} {
		t.Run(operation, func(t *testing.T) {
			dir, d := t.TempDir(), &faultyDisk{}
			s := appending(t, dir, Options{Files: d}, func(cfg *config.Config) { cfg.Appendfsync = "no" })
			s.send("SET before 1", "INCR n")
			s.expect("+OK", ":1")
			d.failing.Store(operation)
			s.send("BGREWRITEAOF")
			if _, err := s.r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			waitSaved(t, s.Server)
			if got := s.infoField("aof_last_bgrewrite_status"); got != "err" {
				t.Errorf("%s\n%s", got, s.log)
			}
			d.failing.Store("")
			s.waitFor("SET after 1", "+OK")
			s.send("INCR n")
			s.expect(":2")
			want := s.digest()
			for range 2 {
				// As after kill -9: another server takes the files as they are.
				copied := t.TempDir()
				if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				again := appending(t, copied, Options{}, nil)
				if got := again.digest(); got != want {
					t.Fatalf("%s, want %s\n%s\n%s", got, want, s.log, again.log)
				}
				again.Server.Close()
				s.rewrite()
			}
			if got := s.infoField("aof_last_bgrewrite_status"); got != "ok" {
				t.Errorf("%s\n%s", got, s.log)
			}
		})
	}
}

// TestFirstRewriteFails has the rewrite fail without which the file cannot be switched on.
func TestFirstRewriteFails(t *testing.T) {
	dir, d := t.TempDir(), &faultyDisk{}
	s := appending(t, dir, Options{Files: d}, func(cfg *config.Config) { cfg.Appendonly = false })
	s.send("SET before 1")
	s.expect("+OK")
	d.failing.Store("create")
	s.send("CONFIG SET appendonly yes")
	s.expect("-ERR CONFIG SET failed (possibly related to argument 'appendonly') - Unable to turn on AOF. Check server logs.")
	d.failing.Store("sync") // noticed in the background
	s.send("CONFIG SET appendonly yes")
	s.expect("+OK")
	waitSaved(t, s.Server)
	s.send("SET meanwhile 1")
	s.expect("+OK")
	d.failing.Store("")
	for s.infoField("aof_rewrite_scheduled") != "0" || s.infoField("aof_rewrite_in_progress") != "0" {
		waitSaved(t, s.Server)
	}
	s.send("SET after 1")
	s.expect("+OK")
	want := s.digest()
	s.Server.Close()
	s = appending(t, dir, Options{}, nil)
	if got := s.digest(); got != want {
		t.Errorf("%s, want %s\n%s", got, want, s.log)
	}
}

// TestAlwaysEndsWithoutDisk runs itself in another process, which has to end.
func TestAlwaysEndsWithoutDisk(t *testing.T) {
	const variable = "RESPECT_TEST_FAILING"
	if operation := os.Getenv(variable); operation != "" {
		d := &faultyDisk{}
		s := appending(t, t.TempDir(), Options{Files: d}, func(cfg *config.Config) { cfg.Appendfsync = "always" })
		d.failing.Store(operation)
		s.send("SET k v")
		line, err := bufio.NewReader(s.peer).ReadString('\n')
		t.Fatal("still there", line, err) // with another status
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"write", "sync"} {
		cmd := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v")
		// It cannot clear up behind itself.
		cmd.Env = append(os.Environ(), variable+"="+operation, "TMPDIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 || strings.Contains(string(out), "still there") {
			t.Errorf("%s: %v\n%s", operation, err, out)
		}
	}
}

// TestRepliesWaitForTheDisk holds an fsync up: nobody gets a reply meanwhile, neither who
// writes nor who reads what was written.
func TestRepliesWaitForTheDisk(t *testing.T) {
	d := &faultyDisk{gate: nil}
	s := appending(t, t.TempDir(), Options{Files: d}, func(cfg *config.Config) { cfg.Appendfsync = "always" })
	s.send("SET k old")
	s.expect("+OK")
	release := d.holdSyncs(t)
	s.send("SET k new", "GET k")
	if err := s.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if b, err := s.r.Peek(1); err == nil {
		t.Fatalf("a reply before the fsync: %q", b)
	}
	release()
	if err := s.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	s.expect("+OK", "$3", "new")
}

// TestSlowFsync has writing wait for an fsync, but not for ever.
func TestSlowFsync(t *testing.T) {
	dir, d := t.TempDir(), &faultyDisk{}
	s := appending(t, dir, Options{Files: d}, nil)
	release := d.holdSyncs(t)
	s.send("SET k 1")
	s.expect("+OK")
	for s.infoField("aof_pending_bio_fsync") != "1" {
		s.waitFor("SET k 1", "+OK")
	}
	s.send("SET k 2")
	s.expect("+OK")
	if s.infoField("aof_buffer_length") == "0" {
		t.Error("written while an fsync is under way")
	}
	if testing.Short() {
		release()
		return
	}
	for s.infoField("aof_delayed_fsync") != "1" { // two seconds later
		s.waitFor("PING", "+PONG")
	}
	release()
	if !strings.Contains(s.log.String(), "Asynchronous AOF fsync is taking too long") {
		t.Error(s.log)
	}
}

// TestTheBufferIsNotHeldAgainstMaxmemory lets the buffer grow while an fsync is under way.
func TestTheBufferIsNotHeldAgainstMaxmemory(t *testing.T) {
	const size = 300_000
	d := &faultyDisk{}
	s := appending(t, t.TempDir(), Options{Files: d}, nil)
	release := d.holdSyncs(t)
	s.send("SET k 1")
	s.expect("+OK")
	for s.infoField("aof_pending_bio_fsync") != "1" {
		s.waitFor("SET k 1", "+OK")
	}
	number := func(field string) int {
		n, err := strconv.Atoi(s.infoField(field))
		if err != nil {
			t.Fatal(field, err)
		}
		return n
	}
	for range 6 {
		s.send("SET big " + strings.Repeat("x", size/6))
		s.expect("+OK")
	}
	s.send("SET big 1", "PING")
	s.expect("+OK", "+PONG")
	buffer, used := number("mem_not_counted_for_evict"), number("used_memory")
	if buffer < size || used < buffer || number("mem_aof_buffer") != buffer {
		t.Errorf("%d of %d bytes do not count", buffer, used)
	}
	limit := used - buffer + size/2 // the limit is kept, but not if the buffer counted
	s.send("CONFIG SET maxmemory "+strconv.Itoa(limit), "SET small 1")
	s.expect("+OK", "+OK")
	release()
}
