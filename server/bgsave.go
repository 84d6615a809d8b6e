package server

import (
	"os"
	"sync"
	"time"

	"respect/rdb"
	"respect/server/disk"
)

// Saving in the background. There is no fork: a goroutine walks the keyspace in slices
// under the lock, and what is about to change is written first (keyspace/snapshot.go,
// rdb.Saver). What a slice has written goes to the disk outside the lock.
//
// Clients that change keys faster than the disk takes them have to wait: when more than
// fullBytes are to be written, the one who adds to them writes.

const (
	saveSlice = 250 * time.Microsecond // for which the lock is held
	saveChunk = 64 << 10               // bytes after which a slice ends
	saveYield = 500 * time.Microsecond // between two slices, if clients are busy
	fullBytes = 1 << 20
)

// backgroundSave is a save that is under way.
type backgroundSave struct {
	saver     *rdb.Saver
	draft     *disk.Draft
	finish    func(b *backgroundSave, err error) // told of the end, with the lock held
	syncEvery int64                              // bytes after which the file is synced; 0 for only at the end
	startedMs int64
	dirty     uint64 // changes of the keyspace when it began
	delay     keyDelay
	cancelled bool          // guarded by Server.mu
	walked    bool          // all keys have been saved; guarded by Server.mu
	commands  uint64        // how many there had been at the last slice
	keys      int           // that had been saved before the last slice
	quit      chan struct{} // closed when it is given up
	ended     chan struct{} // closed at the end

	writing     sync.Mutex // taken under Server.mu, so that chunks are written in order
	output      *rdb.Output
	err         error // what went wrong first
	step        savingStep
	syncedBytes int64
	spare       []byte // of clients
}

// bgsaveCommand saves the data set in the background.
//
//	BGSAVE [SCHEDULE]
//
// O(1). Reply: a status. SCHEDULE is for times when the append only file is rewritten.
func bgsaveCommand(c *client, a *args) error {
	schedule := a.more()
	if schedule && (!a.option("SCHEDULE") || a.more()) {
		return errSyntax
	}
	if c.srv.saving.background != nil {
		return errSaveRunning
	}
	if c.srv.aof.rewrite != nil && !schedule && !c.inExec() {
		return errSaveRewriting
	}
	if c.inExec() || c.srv.aof.rewrite != nil { // begun by cron
		c.srv.saving.scheduled = true
		c.out.Status(statusSaveScheduled)
		return nil
	}
	if c.srv.saveInBackground() != nil {
		return errSaveFailed
	}
	c.out.Status(statusSaveBegun)
	return nil
}

// saveInBackground begins to save the data set.
func (s *Server) saveInBackground() error {
	s.saving.scheduled = false
	s.stats.saves++
	s.saving.lastTry = s.nowMs / 1000
	draft, err := s.newDraft()
	if err != nil {
		s.backgroundSaveEnded(nil, err)
		return nil // the reference finds out in its child
	}
	b := s.newBackgroundSave(draft, s.saveOptions())
	b.finish = s.saveEnded
	s.saving.background = b
	if s.cfg.RdbSaveIncrementalFsync {
		b.syncEvery = syncBytes
	}
	s.log.notice("Background saving started by pid %d", os.Getpid())
	go s.runBackgroundSave(b)
	return nil
}

// newBackgroundSave returns what writes the present state of the data set into a draft.
func (s *Server) newBackgroundSave(draft *disk.Draft, o rdb.SaveOptions) *backgroundSave {
	b := &backgroundSave{
		draft: draft, startedMs: s.nowMs, dirty: s.dirty, quit: make(chan struct{}), ended: make(chan struct{}),
		saver: rdb.NewSaver(s.ks, o), output: rdb.NewOutput(draft, o.SkipChecksum),
		delay: keyDelay(s.cfg.RdbKeySaveDelay),
	}
	if o.Format != nil {
		b.output = rdb.NewPlainOutput(draft)
	}
	b.saver.Full, b.saver.FullBytes = b.writeFull, fullBytes
	s.saving.latest = b
	return b
}

// runBackgroundSave is the goroutine of a save.
func (s *Server) runBackgroundSave(b *backgroundSave) {
	defer close(b.ended)
	var spare []byte
	for more := true; more; {
		s.mu.Lock()
		more = b.slice(b.delay > 0)
		saved := b.saver.Stats().Keys
		delay := b.delay.of(saved - b.keys)
		b.keys = saved
		busy := s.stats.commands != b.commands
		b.commands = s.stats.commands
		spare = b.writeNext(s.mu.Unlock, spare)
		b.syncSome()
		if more && delay > 0 {
			b.dawdle(delay)
		}
		if more && busy {
			time.Sleep(saveYield)
		}
	}
	b.step = savingValues
	if b.err == nil {
		b.err = b.output.Finish()
	}
	if b.err == nil {
		b.step = savingSync
		b.err = b.draft.Finish()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.cancelled {
		b.draft.Discard()
		return
	}
	b.finish(b, b.err)
}

// saveEnded makes what was saved the data file.
func (s *Server) saveEnded(b *backgroundSave, err error) {
	if err != nil {
		_ = s.dropFile(b.draft, b.step, err)
	} else {
		err = s.commitFile(b.draft)
	}
	s.backgroundSaveEnded(b, err)
}

// completeWalk saves all that is left, for somebody who is about to take another snapshot.
// Called with the lock held.
func (b *backgroundSave) completeWalk() {
	for !b.walked {
		b.walked = !b.saver.Step()
		if b.saver.Pending() >= fullBytes {
			b.writeFull()
		}
	}
}

// dawdle lets time pass, which rdb-key-save-delay asks for in tests for each key, unless the
// save is given up.
func (b *backgroundSave) dawdle(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.quit:
	}
}

// slice walks for a while, or makes a single step, and tells whether more is to be done.
// Called with the lock held.
func (b *backgroundSave) slice(single bool) (more bool) {
	const stepsBetween = 8 // two looks at the clock
	if b.err != nil || b.cancelled {
		b.saver.GiveUp()
	}
	until := time.Now().Add(saveSlice)
	for {
		for range stepsBetween {
			if b.walked = b.walked || !b.saver.Step(); b.walked {
				return false
			}
			if b.saver.Pending() >= saveChunk || single {
				return true
			}
		}
		if time.Now().After(until) {
			return true
		}
	}
}

// writeNext writes what there is, after it has released the lock, and returns the buffer.
func (b *backgroundSave) writeNext(unlock func(), spare []byte) []byte {
	chunk := b.saver.Take(spare)
	b.writing.Lock()
	unlock()
	defer b.writing.Unlock()
	b.write(chunk)
	return chunk
}

// writeFull is called with the lock held by whoever is about to change a key.
func (b *backgroundSave) writeFull() {
	chunk := b.saver.Take(b.spare)
	b.writing.Lock()
	defer b.writing.Unlock()
	b.write(chunk)
	b.spare = chunk
}

func (b *backgroundSave) write(chunk []byte) {
	if b.err == nil && len(chunk) > 0 {
		_, b.err = b.output.Write(chunk)
	}
}

// backgroundSaveEnded notes how a save has ended. It is nil if it did not even begin.
func (s *Server) backgroundSaveEnded(b *backgroundSave, err error) {
	s.saving.background = nil
	s.saving.lastSeconds = 0
	if b != nil {
		s.saving.lastSeconds = (s.clock()/int64(time.Millisecond) - b.startedMs) / 1000
	}
	if err != nil {
		s.log.warn("Background saving error")
		s.saving.failed = true
		s.applyMisconf()
		return
	}
	stats := b.saver.Stats()
	s.log.notice("DB saved on disk: %d keys, %d bytes", stats.Keys, b.output.Bytes)
	s.logLosses(stats)
	s.log.notice("Background saving terminated with success")
	s.dirty -= min(s.dirty, b.dirty)
	s.saved()
}

// cancelBackgroundSave gives up the save that is under way, if there is one.
func (s *Server) cancelBackgroundSave() {
	b := s.saving.background
	if b == nil {
		return
	}
	b.giveUp()
	s.saving.background = nil
}

// giveUp ends the save without a result. Called with the lock held, once.
func (b *backgroundSave) giveUp() {
	b.cancelled = true
	b.saver.GiveUp()
	close(b.quit)
}

// endBackgroundSave gives up the save that is under way and waits for the end of it.
func (s *Server) endBackgroundSave() {
	s.mu.Lock()
	s.cancelBackgroundSave()
	s.aof.cancelRewrite()
	latest := s.saving.latest
	s.mu.Unlock()
	if latest != nil {
		<-latest.ended
	}
}

// retryDelay is for how many seconds no save point saves after a failure.
const retryDelay = 5

// checkSavePoints saves in the background if one of the save points asks for it.
func (s *Server) checkSavePoints() {
	if s.saving.background != nil || s.aof.rewrite != nil || s.loading != nil {
		return
	}
	if s.saving.scheduled {
		_ = s.saveInBackground() // it is in the log
		return
	}
	if !s.savesByItself() {
		return
	}
	now := s.nowMs / 1000
	if s.saving.failed && now-s.saving.lastTry <= retryDelay {
		return
	}
	for _, p := range s.cfg.Save {
		if s.dirty >= uint64(p.Changes) && now-s.saving.lastSave > p.Seconds {
			s.log.notice("%d changes in %d seconds. Saving...", p.Changes, p.Seconds)
			_ = s.saveInBackground() // it is in the log
			return
		}
	}
}
