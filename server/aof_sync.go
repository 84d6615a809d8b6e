package server

import (
	"errors"
	"sync"
	"syscall"

	"respect/server/disk"
)

// Fsyncs. A syncer knows how much was written to the log and how much of that is on the
// disk. With appendfsync always each round gets a ticket and waits for it without the
// server's lock: one of those who wait does the fsync, which is for all that was written
// when it began. With everysec a goroutine does it once a second, if there is anything.
//
// A file is only left for the next one after an fsync. So of all increments only the last
// one can have lost its end in a crash of the system, which loading forgives.

// A syncer puts the log on the disk. Its mutex may be taken while the server's lock is
// held, and not the other way round.
type syncer struct {
	mu      sync.Mutex
	ended   *sync.Cond // an fsync has
	file    disk.File
	written uint64 // bytes since the start of the server
	synced  uint64 // those that are on the disk
	busy    bool   // an fsync is under way
}

// use makes a file the one that is written to. All that was written before is on the disk.
func (y *syncer) use(file disk.File) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.ended == nil {
		y.ended = sync.NewCond(&y.mu)
	}
	for y.busy {
		y.ended.Wait()
	}
	y.file = file
	y.synced = y.written
}

// wrote counts bytes that were written.
func (y *syncer) wrote(n int) {
	y.mu.Lock()
	y.written += uint64(n)
	y.mu.Unlock()
}

// due returns the ticket for all that was written, or 0 if it is on the disk.
func (y *syncer) due() uint64 {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.synced == y.written {
		return 0
	}
	return y.written
}

func (y *syncer) isBusy() bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.busy
}

// await returns when that much is on the disk.
func (y *syncer) await(ticket uint64) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	for y.synced < ticket {
		if y.busy {
			y.ended.Wait()
			continue
		}
		if err := y.run(y.begin()); err != nil {
			return err
		}
	}
	return nil
}

// flush puts all that was written on the disk.
func (y *syncer) flush() error { return y.await(y.due()) }

// begin announces an fsync, and tells of which file and up to where. y.mu is held.
func (y *syncer) begin() (file disk.File, upTo uint64) {
	y.busy = true
	return y.file, y.written
}

// run does the fsync that was announced. y.mu is held before and after, not meanwhile.
func (y *syncer) run(file disk.File, upTo uint64) error {
	y.mu.Unlock()
	err := file.Sync()
	y.mu.Lock()
	y.busy = false
	if err == nil {
		y.synced = max(y.synced, upTo)
	}
	y.ended.Broadcast()
	return err
}

// syncIfDue begins an fsync in the background, if a second has passed since the last one
// began and something was written.
func (a *appendOnly) syncIfDue() {
	s := a.srv
	if s.nowMs-a.syncMs < second && s.nowMs >= a.syncMs || a.leavesSync() || a.sync.due() == 0 {
		return
	}
	a.syncMs = s.nowMs
	y := &a.sync
	y.mu.Lock()
	file, upTo := y.begin()
	y.mu.Unlock()
	s.background.Go(func() {
		y.mu.Lock()
		err := y.run(file, upTo)
		y.mu.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		a.syncEnded(err)
	})
}

// syncEnded notes how an fsync in the background has ended. Files that cannot be synced,
// as pipes, are not meant to be.
func (a *appendOnly) syncEnded(err error) {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EBADF) {
		err = nil
	}
	if err != nil && a.syncErr == nil {
		a.srv.log.warn("Fail to fsync the AOF file: %s", disk.Reason(err))
	}
	if (err == nil) != (a.syncErr == nil) {
		a.syncErr = err
		a.srv.applyMisconf()
	}
}
