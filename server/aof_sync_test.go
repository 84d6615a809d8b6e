package server

import (
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"respect/server/config"
	"respect/server/disk"
	"respect/server/transport"
)

// When the append only file is put on the disk, who waits for that, and what LATENCY tells
// of it.

// clockedDisk counts the fsyncs of increments, and lets an operation on the append only
// file take a while by a clock that it moves itself.
type clockedDisk struct {
	faultyDisk
	syncs atomic.Int64
	nowMs atomic.Int64
	slow  atomic.Value // string: the operation that takes slowMs
}

const slowMs = 250

func (d *clockedDisk) now() time.Time { return time.UnixMilli(d.nowMs.Load()) }

func (d *clockedDisk) pass(operation string) {
	if slow, _ := d.slow.Load().(string); slow == operation {
		d.nowMs.Add(slowMs)
	}
}

func (d *clockedDisk) Append(name string) (disk.File, error) {
	f, err := d.faultyDisk.Append(name)
	return &clockedFile{f, d}, err
}

func (d *clockedDisk) Create(name string) (disk.File, error) {
	f, err := d.faultyDisk.Create(name)
	if strings.Contains(name, ".incr") {
		f = &clockedFile{f, d}
	}
	return f, err
}

func (d *clockedDisk) Rename(from, to string) error {
	if strings.Contains(from, "temp-rewriteaof-bg-") {
		d.pass("rename")
	}
	return d.faultyDisk.Rename(from, to)
}

type clockedFile struct {
	disk.File
	disk *clockedDisk
}

func (f *clockedFile) Write(p []byte) (int, error) {
	f.disk.pass("write")
	return f.File.Write(p)
}

func (f *clockedFile) Sync() error {
	f.disk.syncs.Add(1)
	return f.File.Sync()
}

// onClock starts a server on such a disk.
func onClock(t *testing.T, policy string, change func(cfg *config.Config)) (*aofServer, *clockedDisk) {
	t.Helper()
	d := &clockedDisk{}
	d.nowMs.Store(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	s := appending(t, t.TempDir(), Options{Files: d, Now: d.now}, func(cfg *config.Config) {
		cfg.Appendfsync, cfg.LatencyMonitorThreshold = policy, 100
		if change != nil {
			change(cfg)
		}
	})
	return s, d
}

// spikes returns the events of which LATENCY has spikes.
func (s *aofServer) spikes() string {
	s.Lock()
	defer s.Unlock()
	var names []string
	for _, name := range []string{"aof-fsync-always", "aof-rename", "aof-write", "aof-write-active-child", "aof-write-alone", "aof-write-pending-fsync"} {
		if s.latency[name] != nil {
			names = append(names, name)
		}
	}
	s.latency = nil
	return strings.Join(names, " ")
}

func (s *aofServer) expectSpikes(want string) {
	s.t.Helper()
	if got := s.spikes(); got != want {
		s.t.Errorf("spikes of %q, want %q", got, want)
	}
}

func TestLatencyOfTheAppendOnlyFile(t *testing.T) {
	s, d := onClock(t, "everysec", nil)
	s.send("SET k 1")
	s.expect("+OK")
	s.expectSpikes("")
	d.slow.Store("write")
	s.send("SET k 2")
	s.expect("+OK")
	s.expectSpikes("aof-write aof-write-alone")
	s.send("CONFIG SET rdb-key-save-delay 100000000", "BGSAVE", "SET k 3")
	s.expect("+OK", "+Background saving started", "+OK")
	s.expectSpikes("aof-write aof-write-active-child")
	s.send("CONFIG SET rdb-key-save-delay 0", "FLUSHALL", "SET k 4") // which ends the save
	s.expect("+OK", "+OK", "+OK")
	waitSaved(t, s.Server)
	d.slow.Store("rename")
	s.spikes()
	s.rewrite()
	s.expectSpikes("aof-rename")

	// An fsync that takes longer than one waits for it.
	d.slow.Store("")
	release := d.holdSyncs(t)
	for s.infoField("aof_pending_bio_fsync") != "1" {
		d.nowMs.Add(second)
		s.send("SET k 5")
		s.expect("+OK")
	}
	s.send("SET k 6")
	s.expect("+OK")
	s.spikes()
	d.slow.Store("write")
	d.nowMs.Add(patienceMs)
	s.send("SET k 7")
	s.expect("+OK")
	release()
	s.expectSpikes("aof-write aof-write-pending-fsync")
}

// TestLatencyOfFsyncs has those who wait for an fsync with appendfsync always.
func TestLatencyOfFsyncs(t *testing.T) {
	s, d := onClock(t, "always", func(cfg *config.Config) { cfg.LatencyMonitorThreshold = 1 })
	release := d.holdSyncs(t)
	time.AfterFunc(20*time.Millisecond, release)
	s.send("SET k 1")
	s.expect("+OK")
	s.expectSpikes("aof-fsync-always")
}

// TestNoFsyncWhileSaving has no-appendfsync-on-rewrite: while something is saved in the
// background there are no fsyncs, and there are again afterwards.
func TestNoFsyncWhileSaving(t *testing.T) {
	for _, policy := range []string{"always", "everysec"} {
		for _, leave := range []bool{true, false} {
			s, d := onClock(t, policy, func(cfg *config.Config) { cfg.NoAppendfsyncOnRewrite = leave })
			writes := func() int64 {
				before := d.syncs.Load()
				for range 3 {
					s.send("SET k v")
					s.expect("+OK")
					eventually(t, func() bool { return !s.aof.sync.isBusy() })
					d.nowMs.Add(2 * second)
				}
				return d.syncs.Load() - before
			}
			if n := writes(); n == 0 {
				t.Errorf("%s: no fsync", policy)
			}
			s.send("CONFIG SET rdb-key-save-delay 100000000", "SET l 1", "BGREWRITEAOF")
			s.expect("+OK", "+OK", "+Background append only file rewriting started")
			if n := writes(); (n == 0) != leave {
				t.Errorf("%s, no-appendfsync-on-rewrite %v: %d fsyncs while it is rewritten", policy, leave, n)
			}
			s.send("CONFIG SET rdb-key-save-delay 0", "CONFIG SET appendonly no", "CONFIG SET appendonly yes")
			s.expect("+OK", "+OK", "+OK")
			waitSaved(t, s.Server)
			if n := writes(); n == 0 {
				t.Errorf("%s: no fsync behind it", policy)
			}
			s.Server.Close()
		}
	}
}

// eventually waits until something is the case.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it never is")
		}
	}
}

// TestGroupCommit has many clients wait for one fsync, over either transport: what came while
// one was under way is put on the disk by the next, all of it at once.
func TestGroupCommit(t *testing.T) {
	for _, forceNet := range []bool{false, true} {
		s, d := onClock(t, "always", nil)
		o := s.transportOptions()
		o.UnixSocket, o.ForceNet = filepath.Join(t.TempDir(), "n"), forceNet
		tr, err := transport.Listen(s.Server, o)
		if err != nil {
			t.Fatal(err)
		}
		const clients = 20
		peers := make([]*peer, clients)
		for i := range peers {
			peers[i] = dialUnix(t, o.UnixSocket)
			peers[i].send("PING")
			peers[i].expect("+PONG")
		}
		release := d.holdSyncs(t)
		before := d.syncs.Load()
		var replied atomic.Int64
		var all sync.WaitGroup
		for _, p := range peers {
			p.send("INCR n")
			all.Go(func() {
				if head, err := p.r.Peek(1); err != nil || head[0] != ':' {
					t.Errorf("%q, %v", head, err)
				}
				replied.Add(1)
			})
		}
		enough := int64(clients)
		if !forceNet {
			enough = 1 // a loop of epoll reads nothing while it waits
		}
		eventually(t, func() bool {
			s.Lock()
			defer s.Unlock()
			return s.aof.offset >= enough*int64(len("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"))
		})
		if n := replied.Load(); n > 0 {
			t.Errorf("net %v: %d replies before the fsync", forceNet, n)
		}
		release()
		all.Wait()
		if n := d.syncs.Load() - before; n < 1 || n > clients/2 {
			t.Errorf("net %v: %d fsyncs for %d clients", forceNet, n, clients)
		}
		tr.Close()
		s.Server.Close()
	}
}
