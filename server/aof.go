package server

import (
	"path/filepath"
	"slices"
	"time"

	"respect/protocol"
	"respect/server/aof"
	"respect/server/command"
	"respect/server/disk"
)

// The append only file: every change of the data set is written behind the others, and read
// again when the server starts. Of which files it consists is told by package aof.
//
//	aof.go          what is to be written, BGREWRITEAOF, INFO
//	aof_write.go    when it is written, and what happens if it cannot be
//	aof_sync.go     when it is put on the disk, and who waits for that
//	aof_rewrite.go  the file is made anew, as short as it can be
//	aof_switch.go   it is opened at the start, switched on and off, closed at the end
//	aof_load.go     it is read
//
// feed collects the commands in a buffer. What the clients of one round of the transport
// have changed is written at its end, by one call, before any of their replies is: so that
// a reply is never known to somebody while what it tells is known to nobody else. With
// appendfsync always the replies also wait until it is on the disk; rounds that end
// meanwhile wait for the next fsync, which is for all of them.

var appendOnlyCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: bgrewriteaofCommand, Spec: command.New("bgrewriteaof", 1, "admin noscript no_async_loading", "", "server 1.0.0", "O(1)",
		"",
		"Makes the append only file anew, in the background.")},
}

// aofState is whether changes are kept in the append only file.
type aofState uint8

const (
	aofOff aofState = iota
	aofOn
	aofWaiting // switched on: what there was before is still being written
)

// fsyncPolicy is the parameter appendfsync.
type fsyncPolicy uint8

const (
	fsyncNo fsyncPolicy = iota
	fsyncEverySecond
	fsyncAlways
)

var fsyncPolicies = map[string]fsyncPolicy{"no": fsyncNo, "everysec": fsyncEverySecond, "always": fsyncAlways}

// appendOnly is the append only file of a server. It is guarded by the server's lock.
type appendOnly struct {
	srv      *Server
	state    aofState
	policy   fsyncPolicy
	manifest *aof.Manifest // nil before it was read
	file     disk.File     // the increment that is written to, or nil

	buf       []byte // what is to be written next
	selected  int    // the database of the last command, or noDB
	timestamp int64  // of the last annotation, Unix time in seconds

	offset   int64 // bytes of the increment
	size     int64 // bytes of all files
	baseSize int64 // size after the last rewrite

	postponedMs int64 // since when writing waits for an fsync; 0 if it does not
	delayed     uint64
	writeErr    error // of the last attempt to write
	loggedMs    int64 // when an error was logged last
	sync        syncer
	syncMs      int64 // when an fsync was begun last
	syncErr     error // of the last fsync in the background

	rewrite   *backgroundSave // the one that is under way, or nil
	rewriting rewriting
}

// noDB is the number of no database.
const noDB = -1

const (
	errRewriteRunning      replyError = "ERR Background append only file rewriting already in progress"
	errRewriteFailed       replyError = "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
	statusRewriteBegun                = "Background append only file rewriting started"
	statusRewriteScheduled            = "Background append only file rewriting scheduled"
)

// bgrewriteaofCommand makes the append only file anew.
//
//	BGREWRITEAOF
//
// O(1). Reply: a status: it has begun, or, while the data set is being saved or within a
// transaction, it is going to.
func bgrewriteaofCommand(c *client, a *args) error {
	s := c.srv
	switch {
	case s.aof.rewrite != nil:
		return errRewriteRunning
	case s.saving.background != nil || c.inExec():
		s.aof.rewriting.scheduled = true
		s.aof.rewriting.failures = 0 // who asks for it gets it
		c.out.Status(statusRewriteScheduled)
	case s.aof.startRewrite() != nil:
		return errRewriteFailed
	default:
		c.out.Status(statusRewriteBegun)
	}
	return nil
}

// setState is the only place where the state changes: copies is kept in step.
func (a *appendOnly) setState(state aofState) {
	a.state = state
	s := a.srv
	at := slices.Index(s.copies, copyKeeper(a))
	switch {
	case state != aofOff && at < 0:
		s.copies = append(s.copies, a)
	case state == aofOff && at >= 0:
		s.copies = slices.Delete(s.copies, at, at+1)
		if len(s.copies) == 0 {
			s.copies = nil
		}
	}
}

// feed takes a command that changes the data set. Before the first rewrite has begun there
// is no increment that it could belong to.
func (a *appendOnly) feed(db int, argv [][]byte) {
	if a.state == aofWaiting && a.rewrite == nil {
		return
	}
	if a.srv.cfg.AofTimestampEnabled {
		if now := a.srv.nowMs / 1000; now > a.timestamp {
			a.timestamp = now
			a.buf = aof.AppendTimestamp(a.buf, now)
		}
	}
	if db != a.selected && db != noDB {
		a.selected = db
		a.buf = aof.AppendSelect(a.buf, db)
	}
	a.buf = protocol.AppendRequest(a.buf, argv...)
}

// dir returns the path of the directory of the files.
func (a *appendOnly) dir() string { return filepath.Join(a.srv.cfg.Dir, a.srv.cfg.Appenddirname) }

// path returns the path of one of the files.
func (a *appendOnly) path(name string) string { return filepath.Join(a.dir(), name) }

// infoAppendOnly tells of the append only file.
func (s *Server) infoAppendOnly(w *infoWriter) {
	a := &s.aof
	current := int64(-1)
	if a.rewrite != nil {
		current = (s.nowMs - a.rewrite.startedMs) / 1000
	}
	w.field("aof_enabled", a.state != aofOff)
	w.field("aof_rewrite_in_progress", a.rewrite != nil)
	w.field("aof_rewrite_scheduled", a.rewriting.scheduled)
	w.field("aof_last_rewrite_time_sec", a.rewriting.lastSeconds)
	w.field("aof_current_rewrite_time_sec", current)
	w.field("aof_last_bgrewrite_status", okOrErr(!a.rewriting.failed))
	w.field("aof_rewrites", a.rewriting.begun)
	w.field("aof_rewrites_consecutive_failures", a.rewriting.failures)
	w.field("aof_last_write_status", okOrErr(a.writeErr == nil && a.syncErr == nil))
}

// infoAppendOnlySize tells how much there is, if it is switched on.
func (s *Server) infoAppendOnlySize(w *infoWriter) {
	a := &s.aof
	if a.state == aofOff {
		return
	}
	w.field("aof_current_size", a.size)
	w.field("aof_base_size", a.baseSize)
	w.field("aof_pending_rewrite", a.rewriting.scheduled)
	w.field("aof_buffer_length", len(a.buf))
	w.field("aof_pending_bio_fsync", a.policy != fsyncAlways && a.sync.isBusy())
	w.field("aof_delayed_fsync", a.delayed)
}

func okOrErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

// misconf returns why commands that write are refused.
func (s *Server) misconf() error {
	err := s.aof.failure()
	if s.savingFails() || err == nil {
		return errMisconf
	}
	return replyError("MISCONF Errors writing to the AOF file: " + disk.Reason(err))
}

// failure returns why what changes cannot be kept.
func (a *appendOnly) failure() error {
	switch {
	case a.state == aofOff:
		return nil
	case a.writeErr != nil:
		return a.writeErr
	}
	return a.syncErr
}

// aofCron does what the append only file needs regularly.
func (s *Server) aofCron() {
	a := &s.aof
	if s.loading != nil || s.stopping || s.saving.background != nil || a.rewrite != nil {
		return
	}
	if a.rewriting.scheduled {
		if !a.limited() {
			_ = a.startRewrite() // it is in the log
		}
		return
	}
	a.rewriteIfGrown()
}

// second is the time in milliseconds after which an fsync is due.
const second = int64(time.Second / time.Millisecond)
