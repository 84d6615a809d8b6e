package server

import (
	"respect/rdb"
	"respect/server/aof"
	"respect/server/disk"
)

// The append only file is opened when the server has loaded its data, switched on and off
// by CONFIG SET appendonly, and put on the disk when the server ends.

const errAppendOnlyOn replyError = "Unable to turn on AOF. Check server logs."

// applyAppendOnly switches the append only file on or off. At the start it is not: that is
// openAppendOnly's task.
func (s *Server) applyAppendOnly() error {
	a := &s.aof
	switch {
	case !s.serves:
		return nil
	case s.cfg.Appendonly && a.state == aofOff:
		return a.start()
	case !s.cfg.Appendonly && a.state != aofOff:
		a.stop()
	}
	return nil
}

func (s *Server) applyFsync() error {
	s.aof.policy = fsyncPolicies[s.cfg.Appendfsync]
	if s.aof.policy == fsyncNo {
		s.aof.syncErr = nil // there will be no fsync that could succeed
	}
	return s.applyMisconf()
}

// start switches the append only file on: all that there is has to be written first.
func (a *appendOnly) start() error {
	s := a.srv
	a.setState(aofWaiting)
	switch {
	case s.saving.background != nil:
		a.rewriting.scheduled = true
		s.log.notice("AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.")
	case s.current != nil && s.current.inExec():
		a.rewriting.scheduled = true
		s.log.notice("AOF was enabled during a transaction. An AOF background was scheduled to start when possible.")
	default:
		if a.rewrite != nil {
			s.log.notice("AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.")
			a.cancelRewrite()
		}
		if a.startRewrite() != nil {
			a.setState(aofOff)
			s.log.warn("Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check the above logs for more info about the error.")
			return errAppendOnlyOn
		}
	}
	a.syncMs = s.nowMs
	if a.writeErr != nil || a.syncErr != nil {
		s.log.warn("AOF reopen, just ignore the last error.")
		a.writeErr, a.syncErr = nil, nil
	}
	return s.applyMisconf()
}

// stop switches the append only file off. What is there stays.
func (a *appendOnly) stop() {
	a.finish("Fail to fsync the AOF file: %s")
	a.cancelRewrite()
	if a.state == aofWaiting {
		a.dropIncrement()
	} else if a.file != nil {
		a.sync.use(nil)
		_ = a.file.Close() // it is on the disk, or the log tells that it is not
		a.file, a.offset = nil, 0
	}
	a.buf = a.buf[:0]
	a.selected = noDB
	a.rewriting.scheduled = false
	a.setState(aofOff)
	_ = a.srv.applyMisconf()
}

// finish writes all there is and puts it on the disk.
func (a *appendOnly) finish(complaint string) {
	if a.file == nil {
		return
	}
	a.flush(true)
	if err := a.sync.flush(); err != nil {
		a.srv.log.warn(complaint, disk.Reason(err))
	}
}

// finishAppendOnly is called before the server ends. It reports whether it may: not while
// the first rewrite is under way, without which all would be lost.
func (s *Server) finishAppendOnly(force bool) bool {
	a := &s.aof
	if a.rewrite != nil {
		if a.state == aofWaiting {
			if !force {
				s.log.warn("Writing initial AOF, can't exit.")
				return false
			}
			s.log.warn("Writing initial AOF. Exit anyway.")
		}
		s.log.warn("There is a child rewriting the AOF. Killing it!")
		a.cancelRewrite()
	}
	if a.state != aofOff {
		s.log.notice("Calling fsync() on the AOF file.")
		a.finish("Fail to fsync the AOF file: %s.")
	}
	return true
}

// closeAppendOnly closes the file once nobody writes to it any more.
func (s *Server) closeAppendOnly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &s.aof
	if a.file == nil {
		return
	}
	a.finish("Fail to fsync the AOF file: %s.")
	a.setState(aofOff)
	a.sync.use(nil)
	_ = a.file.Close() // it is on the disk
	a.file = nil
}

// openAppendOnly opens the append only file once it was loaded, and makes it what it should
// be: there is a base, an increment, and no history.
func (s *Server) openAppendOnly() error {
	a := &s.aof
	if !s.cfg.Appendonly {
		return nil
	}
	if err := a.makeDir(); err != nil {
		return err
	}
	next := a.manifest.Clone()
	fresh := next.IsEmpty()
	if fresh {
		if err := a.createBase(next); err != nil {
			return err
		}
	}
	what := "Opening"
	if len(next.Incrs) == 0 {
		what = "Creating"
	}
	name := next.LastIncr(s.cfg.Appendfilename).Name
	file, err := s.files.Append(a.path(name))
	if err == nil {
		err = s.files.SyncDir(a.dir())
	}
	if err != nil {
		s.log.warn("Can't open the append-only file %s: %s", name, disk.Reason(err))
		return err
	}
	if err := a.publish(next); err != nil {
		_ = file.Close()
		return err
	}
	a.changeFile(file)
	a.offset, _ = s.files.Size(a.path(name))
	s.log.notice("%s AOF incr file %s on server start", what, name)
	a.selected = noDB
	a.setState(aofOn)
	a.deleteHistory()
	return nil
}

// createBase writes the base of a new append only file: the data set as it is.
func (a *appendOnly) createBase(m *aof.Manifest) error {
	s := a.srv
	isRDB := s.cfg.AofUseRdbPreamble
	name := m.NewBase(s.cfg.Appendfilename, isRDB).Name
	draft, err := disk.NewDraft(s.files, a.path(name), "temp-"+name)
	if err == nil {
		if _, err = rdb.Save(draft, s.ks, a.baseOptions(isRDB)); err == nil {
			err = draft.Finish()
		}
		if err == nil {
			err = draft.Publish()
		}
		if err != nil {
			draft.Discard()
		}
	}
	if err != nil {
		s.log.warn("Write error writing append only file on disk: %s", disk.Reason(err))
		return err
	}
	s.log.notice("Creating AOF base file %s on server start", name)
	return nil
}
