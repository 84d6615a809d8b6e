package server

import (
	"fmt"
	"os"
	"path/filepath"

	"respect/rdb"
	"respect/server/aof"
	"respect/server/disk"
)

// The rewrite: a base that is the data set of one moment, and an increment that begins at
// the same moment, take the place of all that the append only file had. The base is
// written in the background as BGSAVE does it, without fork.
//
// The order of the steps is what makes it safe at each of them; see package aof. What is
// written to the new increment before the base is complete belongs to the old log, too: base,
// old increments and the new one are all in the manifest then.

// rewriting is what is known of rewrites.
type rewriting struct {
	scheduled   bool
	begun       uint64
	failed      bool  // the last one
	failures    int64 // in a row
	lastSeconds int64 // that the last one took; -1 before the first
	drafts      int   // how many have been begun
	base        string

	delayMinutes int64 // of the limit after failures
	retryMs      int64 // when the limit ends; 0 if there is none
}

const (
	// limitFailures is after how many failures in a row rewrites are delayed, first for a
	// minute, then twice as long each time, up to limitMinutes.
	limitFailures, limitMinutes = 3, 60
)

// startRewrite begins a rewrite. What goes wrong is in the log.
func (a *appendOnly) startRewrite() error {
	s := a.srv
	draft, isRDB, err := a.prepareRewrite()
	if err != nil {
		a.rewriting.failed = true
		return err
	}
	a.rewriting.begun++
	a.rewriting.scheduled = false
	b := s.newBackgroundSave(draft, a.baseOptions(isRDB))
	b.finish = a.rewriteEnded
	if s.cfg.AofRewriteIncrementalFsync {
		b.syncEvery = syncBytes
	}
	a.rewrite = b
	s.log.notice("Background append only file rewriting started by pid %d", os.Getpid())
	go s.runBackgroundSave(b)
	return nil
}

// prepareRewrite opens the files of a rewrite.
func (a *appendOnly) prepareRewrite() (draft *disk.Draft, isRDB bool, err error) {
	s := a.srv
	if err := a.readManifest(); err != nil {
		s.logManifestError(err)
		return nil, false, err
	}
	if err := a.makeDir(); err != nil {
		return nil, false, err
	}
	isRDB = s.cfg.AofUseRdbPreamble
	a.rewriting.drafts++
	name := a.manifest.Clone().NewBase(s.cfg.Appendfilename, isRDB).Name
	temp := fmt.Sprintf("temp-rewriteaof-bg-%d.%d.aof", os.Getpid(), a.rewriting.drafts)
	if draft, err = disk.NewDraft(s.files, a.path(name), temp); err != nil {
		s.log.warn("Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): %s", disk.Reason(err))
		return nil, false, err
	}
	a.rewriting.base = name
	a.selected = noDB
	if err := a.openIncrement(); err != nil {
		draft.Discard()
		return nil, false, err
	}
	return draft, isRDB, nil
}

// makeDir creates the directory if it is not there, and makes it last.
func (a *appendOnly) makeDir() error {
	s := a.srv
	err := s.files.MakeDir(a.dir())
	if err == nil {
		err = s.files.SyncDir(filepath.Dir(a.dir()))
	}
	if err != nil {
		s.log.warn("Can't open or create append-only dir %s: %s", s.cfg.Appenddirname, disk.Reason(err))
	}
	return err
}

// baseOptions returns how a base is written.
func (a *appendOnly) baseOptions(isRDB bool) rdb.SaveOptions {
	s := a.srv
	o := s.saveOptions()
	if isRDB {
		o.Aux[len(o.Aux)-1] = [2]string{"aof-base", "1"}
		return o
	}
	commands := &aof.Commands{Functions: o.Functions}
	if s.cfg.AofTimestampEnabled {
		commands.Now = s.nowMs / 1000
	}
	o.Format = commands
	return o
}

// openIncrement begins another increment. Until the first rewrite is complete it has a
// temporary name: there is nothing yet that it could be added to.
func (a *appendOnly) openIncrement() error {
	s := a.srv
	if a.state == aofOff {
		return nil
	}
	if err := a.settle(); err != nil {
		return err
	}
	next := a.manifest.Clone()
	name := a.tempIncrement()
	if a.state == aofOn {
		name = next.NewIncr(s.cfg.Appendfilename).Name
	}
	file, err := s.files.Create(a.path(name))
	if err == nil {
		err = s.files.SyncDir(a.dir())
	}
	if err != nil {
		s.log.warn("Can't open the append-only file %s: %s", name, disk.Reason(err))
		return err
	}
	if a.state == aofOn {
		if err := a.publish(next); err != nil {
			file.Close()
			return err
		}
	}
	s.log.notice("Creating AOF incr file %s on background rewrite", name)
	a.changeFile(file)
	return nil
}

// settle writes what there is to the present increment and puts it on the disk: it has to
// be there before anything stands in the next one. What cannot be written must not get into
// the next one, in which it would be counted twice.
func (a *appendOnly) settle() error {
	if a.file == nil {
		a.buf = a.buf[:0]
		return nil
	}
	a.flush(true)
	if len(a.buf) > 0 {
		return a.writeErr
	}
	err := a.sync.flush()
	if err != nil {
		a.srv.log.warn("Fail to fsync the AOF file: %s", disk.Reason(err))
	}
	return err
}

// changeFile makes a file that was just begun the one that is written to.
func (a *appendOnly) changeFile(file disk.File) {
	a.sync.use(file)
	if a.file != nil {
		_ = a.file.Close() // it is on the disk
	}
	a.file = file
	a.offset = 0
	a.syncMs = a.srv.nowMs
}

// tempIncrement is the name of the increment during the first rewrite.
func (a *appendOnly) tempIncrement() string { return "temp-" + a.srv.cfg.Appendfilename + ".incr" }

// rewriteEnded makes a base that is complete a part of the append only file.
func (a *appendOnly) rewriteEnded(b *backgroundSave, err error) {
	s := a.srv
	a.rewrite = nil
	a.rewriting.lastSeconds = (s.clock()/1e6 - b.startedMs) / 1000
	if err == nil {
		s.logLosses(b.saver.Stats())
		s.log.notice("Successfully created the temporary AOF base file %s", b.draft.Temp())
		s.log.notice("Background AOF rewrite terminated with success")
		err = a.adoptBase(b)
	} else {
		s.log.warn("Write error writing append only file on disk: %s", disk.Reason(err))
		s.log.warn("Background AOF rewrite terminated with error")
		b.draft.Discard()
	}
	a.rewriting.failed = err != nil
	if err != nil {
		a.rewriting.failures++
		if a.state == aofWaiting { // all of it once more
			a.dropIncrement()
			a.rewriting.scheduled = true
		}
		return
	}
	a.rewriting.failures = 0
	s.log.notice("Background AOF rewrite finished successfully")
	if a.state == aofWaiting {
		a.setState(aofOn)
	}
	a.deleteHistory()
}

// adoptBase gives the base its name and replaces the manifest.
func (a *appendOnly) adoptBase(b *backgroundSave) error {
	s := a.srv
	next := a.manifest.Clone()
	base := next.NewBase(s.cfg.Appendfilename, filepath.Ext(a.rewriting.base) == ".rdb")
	if err := a.rename(b, base.Name); err != nil {
		return err
	}
	keep := 0
	if a.state == aofOn {
		keep = 1 // it is being written to
	}
	next.RetireIncrs(keep)
	if a.state == aofWaiting {
		name := next.NewIncr(s.cfg.Appendfilename).Name
		if err := s.files.Rename(a.path(a.tempIncrement()), a.path(name)); err != nil {
			s.log.warn("Error trying to rename the temporary AOF incr file %s into %s: %s", a.tempIncrement(), name, disk.Reason(err))
			_ = s.files.Remove(a.path(base.Name))
			return err
		}
		s.log.notice("Successfully renamed the temporary AOF incr file %s into %s", a.tempIncrement(), name)
		if err := s.files.SyncDir(a.dir()); err != nil {
			_ = s.files.Remove(a.path(base.Name))
			return err
		}
	}
	if err := a.publish(next); err != nil {
		if a.manifest != next {
			_ = s.files.Remove(a.path(base.Name))
		}
		return err
	}
	if a.state != aofOff {
		a.size = b.output.Bytes + a.offset
		a.baseSize = a.size
	}
	return nil
}

// rename gives the base its name.
func (a *appendOnly) rename(b *backgroundSave, name string) error {
	s, temp := a.srv, b.draft.Temp()
	began := s.clock()
	err := b.draft.Publish()
	if err != nil {
		s.log.warn("Error trying to rename the temporary AOF base file %s into %s: %s", temp, name, disk.Reason(err))
		b.draft.Discard()
		_ = s.files.Remove(a.path(name)) // if it has it already: nobody knows it
		return err
	}
	s.latency.note(s, "aof-rename", s.clock()-began)
	s.log.notice("Successfully renamed the temporary AOF base file %s into %s", temp, name)
	return nil
}

// deleteHistory deletes the files that are not needed any more. That the manifest still
// names them does no harm, so that it is only replaced if there were any.
func (a *appendOnly) deleteHistory() {
	s := a.srv
	if len(a.manifest.History) == 0 {
		return
	}
	next := a.manifest.Clone()
	next.History = nil
	for _, f := range a.manifest.History {
		path := a.path(f.Name)
		s.log.notice("Removing the history file %s in the background", f.Name)
		s.background.Go(func() { _ = s.files.Remove(path) }) // a long one takes its time
	}
	_ = a.publish(next) // it is in the log
}

// dropIncrement ends the increment of a first rewrite that has failed.
func (a *appendOnly) dropIncrement() {
	a.buf = a.buf[:0]
	if a.file == nil {
		return
	}
	a.sync.use(nil)
	_ = a.file.Close()
	a.file, a.offset = nil, 0
	_ = a.srv.files.Remove(a.path(a.tempIncrement()))
}

// cancelRewrite gives up the rewrite that is under way, if there is one.
func (a *appendOnly) cancelRewrite() {
	b := a.rewrite
	if b == nil {
		return
	}
	a.srv.log.notice("Killing running AOF rewrite child: %d", os.Getpid())
	b.giveUp()
	a.rewrite = nil
	a.rewriting.lastSeconds = (a.srv.nowMs - b.startedMs) / 1000
}

// rewriteIfGrown begins a rewrite if the append only file has grown as much as the
// configuration allows.
func (a *appendOnly) rewriteIfGrown() {
	cfg := a.srv.cfg
	if a.state != aofOn || cfg.AutoAofRewritePercentage == 0 || a.size <= cfg.AutoAofRewriteMinSize {
		return
	}
	growth := a.size*100/max(1, a.baseSize) - 100
	if growth >= cfg.AutoAofRewritePercentage && !a.limited() {
		a.srv.log.notice("Starting automatic rewriting of AOF on %d%% growth", growth)
		_ = a.startRewrite() // it is in the log
	}
}

// limited tells whether rewrites have failed too often to be tried again now.
func (a *appendOnly) limited() bool {
	r, now := &a.rewriting, a.srv.nowMs
	switch {
	case r.failures < limitFailures:
		r.delayMinutes, r.retryMs = 0, 0
		return false
	case r.retryMs != 0 && now < r.retryMs:
		return true
	case r.retryMs != 0:
		r.retryMs = 0
		return false
	}
	r.delayMinutes = min(max(1, 2*r.delayMinutes), limitMinutes)
	r.retryMs = now + r.delayMinutes*60*second
	a.srv.log.warn("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in %d minutes", r.delayMinutes)
	return true
}
