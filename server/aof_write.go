package server

import (
	"os"
	"time"

	"respect/server/disk"
)

// Writing. The buffer goes to the file as a whole, by one call. If only a part of it
// arrives, the file is cut back to where it was, so that it ends behind a command, and the
// buffer is kept for the next attempt. Until one succeeds, commands that write are refused.
// With appendfsync always there is no way back: replies may have told of reads of what is
// lost, so that the server ends.

const (
	// maxAofBuffer is the capacity in bytes up to which the buffer is kept.
	maxAofBuffer = 1 << 20
	// patienceMs is how long writing waits for an fsync that is under way.
	patienceMs = 2000
	// errorLogMs is how often an error of writing is logged.
	errorLogMs = 30000
)

// exit ends the process at once. A test that takes the disk away goes on instead.
var exit = os.Exit

// Commit is told that requests have been executed, before the replies to them are written.
// It returns what those have to wait for, or 0: see transport.Committer. The lock is held.
func (s *Server) Commit() (ticket uint64) {
	if s.aof.state == aofOff {
		return 0
	}
	return s.aof.commit()
}

// Await returns when what the ticket stands for is on the disk. Without the lock.
func (s *Server) Await(ticket uint64) {
	if ticket == 0 {
		return
	}
	began := time.Now()
	if err := s.aof.sync.await(ticket); err != nil {
		s.log.warn("Can't persist AOF for fsync error when the AOF fsync policy is 'always': %s. Exiting...", disk.Reason(err))
		exit(1)
	}
	if took := time.Since(began); took >= time.Millisecond {
		s.mu.Lock()
		s.latency.note(s, "aof-fsync-always", int64(took))
		s.mu.Unlock()
	}
}

func (a *appendOnly) commit() (ticket uint64) {
	a.flush(false)
	if a.policy != fsyncAlways || a.leavesSync() {
		return 0
	}
	return a.sync.due()
}

// leavesSync tells whether there are no fsyncs at present, as no-appendfsync-on-rewrite
// asks for.
func (a *appendOnly) leavesSync() bool {
	return a.srv.cfg.NoAppendfsyncOnRewrite && (a.rewrite != nil || a.srv.saving.background != nil)
}

// flush writes the buffer, unless an fsync is under way that is worth waiting for, which
// only who forces it does not. An fsync in the background follows if it is time.
func (a *appendOnly) flush(force bool) {
	if a.file == nil {
		return
	}
	syncing := a.policy == fsyncEverySecond && a.sync.isBusy()
	if len(a.buf) > 0 {
		if syncing && !force && a.postpones() || !a.write(syncing) {
			return
		}
	}
	if a.policy == fsyncEverySecond && !syncing {
		a.syncIfDue()
	}
}

// postpones tells whether writing waits for the fsync: the system would let it wait, too,
// and everybody with it.
func (a *appendOnly) postpones() bool {
	now := a.srv.nowMs
	if a.postponedMs == 0 {
		a.postponedMs = now
		return true
	}
	if now-a.postponedMs < patienceMs {
		return true
	}
	a.delayed++
	a.srv.log.notice("Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.")
	return false
}

// write writes the buffer and reports whether it succeeded.
func (a *appendOnly) write(syncing bool) bool {
	s := a.srv
	watched := s.cfg.LatencyMonitorThreshold > 0
	var began int64
	if watched {
		began = s.clock()
	}
	n, err := a.file.Write(a.buf)
	if watched {
		a.noteWrite(s.clock()-began, syncing)
	}
	a.postponedMs = 0
	if err != nil {
		a.writeFailed(n, err)
		return false
	}
	a.wrote(n)
	if a.buf = a.buf[:0]; cap(a.buf) > maxAofBuffer {
		a.buf = nil
	}
	if a.writeErr != nil {
		s.log.notice("AOF write error looks solved, Redis can write again.")
		a.writeErr = nil
		s.applyMisconf()
	}
	return true
}

// wrote counts bytes that are in the file.
func (a *appendOnly) wrote(n int) {
	a.offset += int64(n)
	a.size += int64(n)
	a.sync.wrote(n)
}

func (a *appendOnly) noteWrite(nsec int64, syncing bool) {
	event := "aof-write-alone"
	switch {
	case syncing:
		event = "aof-write-pending-fsync"
	case a.rewrite != nil || a.srv.saving.background != nil:
		event = "aof-write-active-child"
	}
	a.srv.latency.note(a.srv, event, nsec)
	a.srv.latency.note(a.srv, "aof-write", nsec)
}

// writeFailed deals with a call that has written n bytes of the buffer.
func (a *appendOnly) writeFailed(n int, err error) {
	s := a.srv
	tell := a.loggedMs == 0 || s.nowMs-a.loggedMs > errorLogMs
	if tell {
		a.loggedMs = s.nowMs
	}
	if n == 0 {
		if tell {
			s.log.warn("Error writing to the AOF file: %s", disk.Reason(err))
		}
	} else {
		if tell {
			s.log.warn("Short write while writing to the AOF file: (nwritten=%d, expected=%d)", n, len(a.buf))
		}
		n = a.cutBack(n, tell)
	}
	if a.policy == fsyncAlways {
		s.log.warn("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
		exit(1)
	}
	a.wrote(n)
	a.buf = append(a.buf[:0], a.buf[n:]...)
	a.writeErr = err
	s.applyMisconf()
}

// cutBack removes the n bytes that have arrived, and returns how many are still there.
func (a *appendOnly) cutBack(n int, tell bool) int {
	err := a.file.Truncate(a.offset)
	if err == nil {
		return 0
	}
	if tell {
		a.srv.log.warn("Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it starts.  ftruncate: %s", disk.Reason(err))
	}
	return n
}
