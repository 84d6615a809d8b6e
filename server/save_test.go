package server

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"respect/keyspace"
	"respect/rdb"
	"respect/server/config"
	"respect/server/disk"
)

// faultyDisk is a file system of which one operation fails.
type faultyDisk struct {
	disk.System
	failing atomic.Value  // string: the operation, "" for none
	failed  atomic.Int64  // how often it has
	gate    chan struct{} // if not nil, writes wait until it is closed
	writing chan struct{} // if not nil, is told of the first write

	syncGate atomic.Pointer[chan struct{}] // if not nil, fsyncs wait until it is closed
}

var errDisk = errors.New("the disk is broken")

func (d *faultyDisk) fails(operation string) error {
	if name, _ := d.failing.Load().(string); name == operation {
		d.failed.Add(1)
		return errDisk
	}
	return nil
}

// holdSyncs lets fsyncs wait until the test ends, or the function is called.
func (d *faultyDisk) holdSyncs(t *testing.T) (release func()) {
	gate := make(chan struct{})
	d.syncGate.Store(&gate)
	release = sync.OnceFunc(func() {
		d.syncGate.Store(nil)
		close(gate)
	})
	t.Cleanup(release)
	return release
}

func (d *faultyDisk) Create(name string) (disk.File, error) {
	if err := d.fails("create"); err != nil {
		return nil, err
	}
	f, err := d.System.Create(name)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) Append(name string) (disk.File, error) {
	if err := d.fails("create"); err != nil {
		return nil, err
	}
	f, err := d.System.Append(name)
	return &faultyFile{f, d}, err
}

func (d *faultyDisk) Rename(from, to string) error {
	return errors.Join(d.fails("rename"), func() error {
		if d.fails("rename") != nil {
			return nil
		}
		return d.System.Rename(from, to)
	}())
}

func (d *faultyDisk) SyncDir(name string) error {
	return errors.Join(d.fails("syncdir"), d.System.SyncDir(name))
}

type faultyFile struct {
	disk.File
	disk *faultyDisk
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.disk.writing != nil {
		select {
		case f.disk.writing <- struct{}{}:
		default:
		}
	}
	if f.disk.gate != nil {
		<-f.disk.gate
	}
	if err := f.disk.fails("write"); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) Sync() error {
	if gate := f.disk.syncGate.Load(); gate != nil {
		<-*gate
	}
	if err := f.disk.fails("sync"); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Close() error { return errors.Join(f.disk.fails("close"), f.File.Close()) }

// saver starts a server that saves by itself, on a disk that can fail.
func saver(t *testing.T, d *faultyDisk) (*Server, *peer) {
	cfg := quiet(t)
	s, addr := startServer(t, Options{Config: cfg, Files: d})
	s.Lock()
	s.saving.volatile = false
	s.Unlock()
	t.Cleanup(s.Close)
	return s, dial(t, addr)
}

// waitSaved waits for the end of the last save in the background.
func waitSaved(t testing.TB, s *Server) {
	t.Helper()
	s.Lock()
	b := s.saving.latest
	s.Unlock()
	if b == nil {
		return
	}
	select {
	case <-b.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the save does not end")
	}
}

// loadedFile loads the server's file into a keyspace.
func loadedFile(t *testing.T, s *Server) *keyspace.Keyspace {
	t.Helper()
	f, err := os.Open(s.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ks := keyspace.New(s.ks.Databases(), rand.NewPCG(1, 2))
	s.Lock()
	ks.SetNow(s.ks.Now())
	s.Unlock()
	if _, err := rdb.Load(f, ks, rdb.LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	return ks
}

// contents returns all strings of a keyspace by database and key, with their deadlines.
func contents(ks *keyspace.Keyspace) map[string]string {
	all := map[string]string{}
	for i := range ks.Databases() {
		for o := range ks.DB(i).All() {
			all[fmt.Sprintf("%d %s", i, o.Key())] = fmt.Sprintf("%s until %d", o.Bytes(nil), ks.DB(i).ExpireAt(o))
		}
	}
	return all
}

func TestSavingFails(t *testing.T) {
	for _, operation := range []string{"create", "write", "sync", "close", "rename"} {
		t.Run(operation, func(t *testing.T) {
			d := &faultyDisk{}
			s, c := saver(t, d)
			c.send("SET k old", "SAVE", "SET k new")
			c.expect("+OK", "+OK", "+OK")
			d.failing.Store(operation)
			c.send("SAVE")
			c.expect("-ERR")
			c.send("SET k new", "BGSAVE")
			c.expect("+OK", "+Background saving started")
			waitSaved(t, s)
			c.send("SET k newer", "PING", "GET k")
			c.expect("-"+string(errMisconf), "-"+string(errMisconf), "$3", "new")
			c.send("SHUTDOWN")
			c.expect("-" + string(errShutdownFailed))
			if s.Signal(os.Interrupt) {
				t.Error("a signal ended a server that cannot save")
			}
			if got := contents(loadedFile(t, s)); got["0 k"] != "old until -1" {
				t.Errorf("the old file holds %q", got)
			}
			c.send("CONFIG SET stop-writes-on-bgsave-error no", "SET k newer", "CONFIG SET stop-writes-on-bgsave-error yes", "SET k x")
			c.expect("+OK", "+OK", "+OK", "-"+string(errMisconf))
			if names, _ := filepath.Glob(filepath.Join(s.cfg.Dir, "temp-*")); len(names) > 0 {
				t.Errorf("left over: %q", names)
			}
			d.failing.Store("")
			c.send("BGSAVE")
			c.expect("+Background saving started")
			waitSaved(t, s)
			c.send("SET k newest", "PING")
			c.expect("+OK", "+PONG")
			if got := contents(loadedFile(t, s)); got["0 k"] != "newer until -1" {
				t.Errorf("the file holds %q", got)
			}
		})
	}
}

func TestForcedShutdownDoesNotNeedToSave(t *testing.T) {
	d := &faultyDisk{}
	s, c := saver(t, d)
	d.failing.Store("write")
	c.send("SHUTDOWN SAVE", "PING", "SHUTDOWN FORCE")
	c.expect("-"+string(errShutdownFailed), "+PONG")
	s.Wait()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
}

// TestNothingIsDoneBehindTheLastFile sends more behind SHUTDOWN.
func TestNothingIsDoneBehindTheLastFile(t *testing.T) {
	s, c := saver(t, &faultyDisk{})
	c.send("SET k 1", "SHUTDOWN", "SET k 2")
	c.expect("+OK")
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("then %q, %v", rest, err)
	}
	if got := contents(loadedFile(t, s)); got["0 k"] != "1 until -1" {
		t.Errorf("the file holds %q", got)
	}
	s.Lock()
	defer s.Unlock()
	if got := contents(s.ks); got["0 k"] != "1 until -1" {
		t.Errorf("the server holds %q", got)
	}
}

// TestBackgroundSaveIsOfOneMoment writes at full rate while a slow disk takes a snapshot.
func TestBackgroundSaveIsOfOneMoment(t *testing.T) {
	const clients = 3
	keys := 60_000
	if raceDetector {
		keys = 6_000
	}
	d := &faultyDisk{gate: make(chan struct{}), writing: make(chan struct{}, 1)}
	s, _ := saver(t, d)
	s.Lock()
	s.tick()
	for i := range keys {
		db, key := s.ks.DB(i%3), fmt.Appendf(nil, "key:%d", i)
		o := db.SetString(key, fmt.Appendf(nil, "%0*d", 1+i%300, i), false)
		if i%5 == 0 {
			db.SetExpireAt(o, s.nowMs+3_600_000+int64(i))
		}
	}
	want := contents(s.ks)
	err := s.saveInBackground()
	b := s.saving.background
	s.Unlock()
	if err != nil || b == nil {
		t.Fatal(err)
	}
	writers := make(chan int)
	for n := range clients {
		go func() {
			r, done := rand.New(rand.NewPCG(uint64(n), 1)), 0
			for ended := false; !ended; done++ {
				s.Lock()
				s.tick()
				changeSomething(s, r, keys)
				s.stats.commands++
				s.Unlock()
				select {
				case <-b.ended:
					ended = true
				default:
				}
			}
			writers <- done
		}()
	}
	close(d.gate)
	waitSaved(t, s)
	for range clients {
		if n := <-writers; n < 10 {
			t.Errorf("only %d changes", n)
		}
	}
	if got := contents(loadedFile(t, s)); !maps.Equal(want, got) {
		t.Errorf("%d keys, want %d (-want +got):\n%.2000s", len(got), len(want), cmp.Diff(want, got))
	}
	s.Lock()
	defer s.Unlock()
	if s.dirty == 0 || s.saving.failed || s.saving.background != nil {
		t.Errorf("%d changes since, failed: %t, background: %v", s.dirty, s.saving.failed, s.saving.background)
	}
	if err := s.ks.Check(); err != nil {
		t.Error(err)
	}
}

// changeSomething makes a random change in the way in which commands do.
func changeSomething(s *Server, r *rand.Rand, keys int) {
	i := r.IntN(keys)
	db, key := s.ks.DB(i%3), fmt.Appendf(nil, "key:%d", i)
	o := db.Lookup(key, 0)
	switch n := r.IntN(1000); {
	case n == 0 && r.IntN(100) == 0:
		s.flush(s.ks.DB(r.IntN(3)))
	case n == 1:
		s.ks.Swap(r.IntN(3), r.IntN(3))
	case o == nil || n < 400:
		db.SetString(key, fmt.Appendf(nil, "changed %d", n), n%2 == 0)
	case n < 500:
		db.Append(o, []byte("!"))
	case n < 600:
		db.Remove(o)
	case n < 700:
		db.SetExpireAt(o, s.nowMs+int64(n))
	case n < 800:
		db.Persist(o)
	default:
		if fresh := fmt.Appendf(nil, "new:%d", r.IntN(keys)); db.Lookup(fresh, 0) == nil {
			db.Rename(o, fresh)
		}
	}
	s.dirty++
	s.ks.Settle()
}

// TestFlushallEndsABackgroundSave flushes while the disk is slow.
func TestFlushallEndsABackgroundSave(t *testing.T) {
	d := &faultyDisk{writing: make(chan struct{}, 1)}
	s, c := saver(t, d)
	c.send("DEBUG POPULATE 50000", "SAVE")
	c.expect("-"+string(errDebugDenied), "+OK")
	s.Lock()
	s.cfg.EnableDebugCommand = "yes"
	s.Unlock()
	<-d.writing // of SAVE
	c.send("DEBUG POPULATE 50000")
	c.expect("+OK")
	d.gate = make(chan struct{})
	c.send("BGSAVE")
	c.expect("+Background saving started")
	<-d.writing
	s.Lock()
	b := s.saving.background
	s.saving.volatile = true // FLUSHALL would save, and so wait for the disk
	s.Unlock()
	c.send("BGSAVE", "BGSAVE SCHEDULE", "BGSAVE x", "SAVE", "FLUSHALL", "INFO persistence")
	c.expect("-"+string(errSaveRunning), "-"+string(errSaveRunning), "-ERR syntax error", "-"+string(errSaveRunning), "+OK")
	s.Lock()
	under := s.saving.background
	s.Unlock()
	if under != nil {
		t.Error("the save goes on")
	}
	close(d.gate)
	<-b.ended
	if got := contents(loadedFile(t, s)); len(got) != 0 {
		t.Errorf("the file of the save that was given up has %d keys", len(got))
	}
	if names, _ := filepath.Glob(filepath.Join(s.cfg.Dir, "temp-*")); len(names) > 0 {
		t.Errorf("left over: %q", names)
	}
}

func TestSavePoints(t *testing.T) {
	var now atomic.Int64
	now.Store(1_700_000_000)
	cfg := quiet(t)
	cfg.Save = []config.SavePoint{{Seconds: 100, Changes: 1}, {Seconds: 10, Changes: 3}}
	d := &faultyDisk{}
	s := New(Options{Config: cfg, Log: io.Discard, Files: d, Now: func() time.Time { return time.Unix(now.Load(), 0) }})
	defer s.Close()
	// due tells whether a save begins when so many seconds have passed.
	due := func(seconds int64, changes uint64) bool {
		now.Add(seconds)
		s.Lock()
		s.tick()
		s.dirty += changes
		s.checkSavePoints()
		begun := s.saving.background != nil
		s.Unlock()
		waitSaved(t, s)
		return begun
	}
	for i, step := range []struct {
		seconds int64
		changes uint64
		saves   bool
	}{
		{11, 2, false}, {1, 1, true}, {20, 0, false}, {85, 1, true}, {10, 3, false}, {1, 0, true}, {1000, 0, false},
	} {
		if got := due(step.seconds, step.changes); got != step.saves {
			t.Errorf("step %d: a save begins: %t", i, got)
		}
	}
	if s.dirty != 0 {
		t.Errorf("%d changes are left", s.dirty)
	}
	d.failing.Store("rename")
	if !due(11, 3) || due(5, 0) || !due(1, 0) {
		t.Error("after a failure it is not tried again after more than five seconds")
	}
}

// TestFilesAreWhole looks at the facts in a file, and for the function libraries that came
// with the data.
func TestFilesAreWhole(t *testing.T) {
	cfg := quiet(t)
	var file strings.Builder
	w := rdb.NewWriter(11, true)
	w.Header()
	w.Function([]byte("#!lua name=mylib\nredis.register_function('f', function() return 1 end)"))
	w.EOF()
	file.Write(w.Buf)
	file.WriteString("\x00\x00\x00\x00\x00\x00\x00\x00")
	if err := os.WriteFile(filepath.Join(cfg.Dir, "dump.rdb"), []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	s := New(Options{Config: cfg, Log: io.Discard})
	defer s.Close()
	s.beginLoading()
	if err := s.load(); err != nil {
		t.Fatal(err)
	}
	s.Lock()
	defer s.Unlock()
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(s.dataFile())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stats, err := rdb.Load(f, keyspace.New(16, rand.NewPCG(1, 2)), rdb.LoadOptions{})
	if err != nil || len(stats.Libraries) != 1 || !strings.Contains(string(stats.Libraries[0]), "mylib") {
		t.Errorf("%q, %v", stats.Libraries, err)
	}
	if stats.Aux["redis-ver"] != CompatVersion || stats.Aux["redis-bits"] == "" || stats.Aux["ctime"] == "" ||
		stats.Aux["used-mem"] == "" || stats.Aux["aof-base"] != "0" {
		t.Errorf("facts: %q", stats.Aux)
	}
}
