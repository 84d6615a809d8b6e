package server

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"respect/server/config"
	"respect/server/disk"
)

// When a rewrite begins by itself, when it is not tried any more, and what becomes of one
// that is under way when the server is to end or the append only file is switched.

// noBases is a file system on which no base gets its name while it is failing.
type noBases struct {
	disk.System
	failing atomic.Bool
}

func (d *noBases) Rename(from, to string) error {
	if d.failing.Load() && strings.Contains(from, "temp-rewriteaof-bg-") {
		return errDisk
	}
	return d.System.Rename(from, to)
}

// rewrites returns how many rewrites have begun, once none is under way.
func (s *aofServer) rewrites() string {
	s.t.Helper()
	waitSaved(s.t, s.Server)
	return s.infoField("aof_rewrites")
}

// cron does the regular chores now.
func (s *aofServer) cron() {
	s.Lock()
	defer s.Unlock()
	s.tick()
	s.aofCron()
}

func TestRewriteBySizeAndGrowth(t *testing.T) {
	dir := t.TempDir()
	s := appending(t, dir, Options{}, func(cfg *config.Config) {
		cfg.AutoAofRewriteMinSize, cfg.AutoAofRewritePercentage = 1000, 100
	})
	grow := func(bytes int) {
		s.send("SET k " + strings.Repeat("x", bytes))
		s.expect("+OK")
		s.cron()
	}
	s.cron()
	grow(500) // too small, whatever its growth
	if n := s.rewrites(); n != "0" {
		t.Fatalf("%s rewrites of a small file\n%s", n, s.log)
	}
	grow(2000)
	if n := s.rewrites(); n != "1" || !strings.Contains(s.log.String(), "Starting automatic rewriting of AOF on ") {
		t.Fatalf("%s rewrites of a big file\n%s", n, s.log)
	}
	s.Lock()
	base := s.aof.baseSize
	s.Unlock()
	if base == 0 || fmt.Sprint(base) != s.infoField("aof_base_size") || fmt.Sprint(base) != s.infoField("aof_current_size") {
		t.Fatal("sizes after a rewrite", base, s.infoField("aof_base_size"), s.infoField("aof_current_size"))
	}
	grow(int(base) - 100) // not yet twice as long
	if n := s.rewrites(); n != "1" {
		t.Fatalf("%s rewrites before it has grown enough\n%s", n, s.log)
	}
	s.send("CONFIG SET auto-aof-rewrite-percentage 0")
	s.expect("+OK")
	grow(5000)
	if n := s.rewrites(); n != "1" {
		t.Fatalf("%s rewrites although switched off\n%s", n, s.log)
	}
	s.Server.Close()
	// How much it has grown is still known after another start.
	s = appending(t, dir, Options{}, func(cfg *config.Config) {
		cfg.AutoAofRewriteMinSize, cfg.AutoAofRewritePercentage = 1000, 100
	})
	s.cron()
	if n := s.rewrites(); n != "1" {
		t.Errorf("%s rewrites after another start\n%s", n, s.log)
	}
}

// TestRewritesThatFailAreLimited looks when they are tried again: after a minute, after
// two more, and so on up to an hour. Who asks for one gets it.
func TestRewritesThatFailAreLimited(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	d := &noBases{}
	s := appending(t, t.TempDir(), Options{Files: d, Now: func() time.Time { return time.UnixMilli(now.Load()) }},
		func(cfg *config.Config) {
			cfg.Appendfsync, cfg.AutoAofRewriteMinSize, cfg.AutoAofRewritePercentage = "no", 1, 1
		})
	d.failing.Store(true)
	s.send("SET k v")
	s.expect("+OK")
	for failures := range limitFailures {
		if failures > 0 || s.rewrites() == "0" {
			s.cron()
		}
		waitSaved(t, s.Server)
	}
	for s.infoField("aof_rewrites_consecutive_failures") != "3" {
		s.cron()
		waitSaved(t, s.Server)
	}
	begun := 3
	for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		s.cron() // the limit begins
		line := fmt.Sprintf("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in %d minutes", minutes)
		if !strings.Contains(s.log.String(), line) {
			t.Fatalf("not limited to %d minutes\n%s", minutes, s.log)
		}
		now.Add(int64(minutes)*60000 - 1000)
		s.cron()
		if n := s.rewrites(); n != fmt.Sprint(begun) {
			t.Fatalf("%s rewrites within %d minutes\n%s", n, minutes, s.log)
		}
		now.Add(1000)
		s.cron() // its time is over
		s.cron() // unless the timer was faster: then it has begun
		begun++
		if n := s.rewrites(); n != fmt.Sprint(begun) {
			t.Fatalf("%s rewrites after %d minutes, want %d\n%s", n, minutes, begun, s.log)
		}
	}
	s.send("BGREWRITEAOF")
	s.expect("+Background append only file rewriting started")
	if n := s.rewrites(); n != fmt.Sprint(begun+1) {
		t.Fatalf("%s rewrites, one was asked for\n%s", n, s.log)
	}
	d.failing.Store(false)
	s.rewrite()
	if n := s.infoField("aof_rewrites_consecutive_failures"); n != "0" {
		t.Errorf("%s failures after a success", n)
	}
}

// ends sends a request that ends the server.
func (s *aofServer) ends(request string) {
	s.t.Helper()
	s.send(request)
	select {
	case <-s.stop:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("%s does not end the server\n%s", request, s.log)
	}
	s.Server.Close()
	if rest, err := io.ReadAll(s.r); err != nil || len(rest) > 0 {
		s.t.Fatalf("%s: %q, %v", request, rest, err)
	}
}

// TestShutdownDuringTheFirstRewrite ends a server before its append only file is complete.
func TestShutdownDuringTheFirstRewrite(t *testing.T) {
	dir := t.TempDir()
	begin := func() *aofServer {
		s := appending(t, dir, Options{}, func(cfg *config.Config) { cfg.Appendonly = false })
		s.send("SET a 1", "SET b 2", "CONFIG SET rdb-key-save-delay 100000000", "CONFIG SET appendonly yes")
		s.expect("+OK", "+OK", "+OK", "+OK")
		return s
	}
	s := begin()
	for _, request := range []string{"SHUTDOWN", "SHUTDOWN NOSAVE", "SHUTDOWN NOW", "SHUTDOWN SAVE"} {
		s.send(request)
		s.expect("-ERR Errors trying to SHUTDOWN. Check logs.")
	}
	s.send("SHUTDOWN ABORT", "SHUTDOWN FORCE ABORT", "INCR a")
	s.expect("-ERR No shutdown in progress.", "-ERR syntax error", ":2")
	if n := strings.Count(s.log.String(), "Writing initial AOF, can't exit."); n != 4 {
		t.Errorf("told %d times\n%s", n, s.log)
	}
	s.send("CONFIG SET rdb-key-save-delay 0", "CONFIG SET appendonly no", "CONFIG SET appendonly yes")
	s.expect("+OK", "+OK", "+OK")
	waitSaved(t, s.Server)
	s.ends("SHUTDOWN")
	s = appending(t, dir, Options{}, nil)
	s.send("GET a", "GET b")
	s.expect("$1", "2", "$1", "2")
	s.Server.Close()

	dir = t.TempDir()
	s = begin()
	s.ends("SHUTDOWN FORCE")
	if !strings.Contains(s.log.String(), "Writing initial AOF. Exit anyway.") {
		t.Error(s.log)
	}
	s = appending(t, dir, Options{}, nil) // what there was is lost, but it starts
	s.send("DBSIZE")
	s.expect(":0")
}

// TestSwitchingUnderLoad switches the append only file off and on while clients write, and
// starts another server with a copy of the files, as after kill -9.
func TestSwitchingUnderLoad(t *testing.T) {
	dir := t.TempDir()
	s := appending(t, dir, Options{}, func(cfg *config.Config) { cfg.Appendfsync = "no" })
	writer, stop, written := s.another(), make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { written <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			writer.send("MULTI", "INCR n", "RPUSH l x", "EXEC")
			n++
			for range 6 {
				if _, err := writer.r.ReadString('\n'); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	for range 20 {
		s.send("CONFIG SET appendonly no", "CONFIG SET appendonly yes")
		s.expect("+OK", "+OK")
		waitSaved(t, s.Server)
		s.send("INCR n", "RPUSH l x") // what is acknowledged now must be there
		line, err := s.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		var least, n, length int
		fmt.Sscanf(line, ":%d", &least)
		copied := t.TempDir()
		s.Lock() // the copy is of one moment
		err = os.CopyFS(copied, os.DirFS(dir))
		s.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		again := appending(t, copied, Options{}, nil)
		again.send("INCRBY n 0", "LLEN l")
		for _, to := range []*int{&n, &length} {
			line, err := again.r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			fmt.Sscanf(line, ":%d", to)
		}
		if n < least || n-length > 1 || length > n {
			t.Fatalf("n is %d, %d was acknowledged; the list has %d\n%s", n, least, length, again.log)
		}
		again.Server.Close()
	}
	close(stop)
	<-written
}
