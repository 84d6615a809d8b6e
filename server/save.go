package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"respect/rdb"
	"respect/server/command"
	"respect/server/disk"
	"respect/server/process"
)

// Saving: the data set as an RDB file, in the foreground (SAVE, SHUTDOWN) or in the
// background (BGSAVE, save points; bgsave.go). Either way the file is the state of the
// moment of the command, and takes the place of the old one only when it is complete and
// on the disk.

var saveCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: bgsaveCommand, Spec: command.New("bgsave", -1, "admin noscript no_async_loading", "", "server 1.0.0", "O(1)",
		"[SCHEDULE@3.2.2]",
		"Saves the data in the background.")},
	{handler: lastsaveCommand, Spec: command.New("lastsave", 1, "loading stale fast @admin @dangerous tip:nondeterministic_output", "", "server 1.0.0", "O(1)",
		"",
		"Returns when the data was last saved, as Unix time in seconds.")},
	{handler: saveCommand, Spec: command.New("save", 1, "admin noscript no_async_loading no_multi", "", "server 1.0.0", "O(N)",
		"",
		"Saves the data while everybody waits.")},
}

// saving is what the server knows about its files.
type saving struct {
	lastSave    int64 // Unix time in seconds
	lastTry     int64 // of BGSAVE
	lastSeconds int64 // that the last BGSAVE took; -1 before the first
	failed      bool  // the last attempt in the background did
	denyWrites  bool  // for that reason (stop-writes-on-bgsave-error), or that of the append only file
	volatile    bool  // an embedded server that saves nothing unless it is told to
	scheduled   bool  // BGSAVE was part of a transaction

	foreground atomic.Pointer[disk.Draft] // of the SAVE that is under way
	background *backgroundSave            // what is under way, or nil
	latest     *backgroundSave            // the last one that has begun
	drafts     int                        // how many files have been begun
	libraries  [][]byte                   // function libraries that came with the data
}

const (
	errSaveFailed       replyError = "ERR"
	errSaveRunning      replyError = "ERR Background save already in progress"
	errSaveRewriting    replyError = "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
	errMisconf          replyError = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."
	statusSaveBegun                = "Background saving started"
	statusSaveScheduled            = "Background saving scheduled"
)

// saveCommand saves the data set.
//
//	SAVE
//
// O(N) with N the number of keys; nobody else is served meanwhile. Reply: OK, or an
// error without text.
func saveCommand(c *client, a *args) error {
	if c.srv.saving.background != nil {
		return errSaveRunning
	}
	c.srv.stats.saves++
	if c.srv.save() != nil {
		return errSaveFailed
	}
	c.out.OK()
	return nil
}

// lastsaveCommand tells when the data set was last saved.
//
//	LASTSAVE
//
// O(1). Reply: Unix time in seconds, that of the start if it was not saved since.
func lastsaveCommand(c *client, a *args) error {
	c.out.Int(c.srv.saving.lastSave)
	return nil
}

// dataFile returns the path of the RDB file.
func (s *Server) dataFile() string { return filepath.Join(s.cfg.Dir, s.cfg.Dbfilename) }

// savesByItself tells whether save points are configured, in which case the data set is
// also saved when the server ends.
func (s *Server) savesByItself() bool { return len(s.cfg.Save) > 0 && !s.saving.volatile }

// saveOptions returns what files are written by.
func (s *Server) saveOptions() rdb.SaveOptions {
	low, high := s.rdbVersion()
	o := rdb.SaveOptions{
		Version:      min(rdb.VersionFor(s.ks, low), high),
		Compress:     s.cfg.Rdbcompression,
		SkipChecksum: !s.cfg.Rdbchecksum,
		Functions:    s.saving.libraries,
		Aux: [][2]string{
			{"redis-ver", s.compat},
			{"redis-bits", strconv.Itoa(32 << (^uint(0) >> 63))},
			{"ctime", strconv.FormatInt(s.time().Unix(), 10)},
			{"used-mem", strconv.FormatUint(process.Memory().Heap, 10)},
			{"aof-base", "0"},
		},
	}
	switch policy := s.cfg.MaxmemoryPolicy; {
	case strings.HasSuffix(policy, "-lru"):
		o.Usage = rdb.Idle
	case strings.HasSuffix(policy, "-lfu"):
		o.Usage = rdb.Frequency
	}
	return o
}

// newDraft begins a file that will take the place of the data file.
func (s *Server) newDraft() (*disk.Draft, error) {
	s.saving.drafts++
	temp := fmt.Sprintf("temp-%d.%d.rdb", os.Getpid(), s.saving.drafts)
	d, err := disk.NewDraft(s.files, s.dataFile(), temp)
	if err != nil {
		s.log.warn("Failed opening the temp RDB file %s (in server root dir %s) for saving: %s", temp, s.cfg.Dir, disk.Reason(err))
	}
	return d, err
}

// save saves the data set in the foreground.
func (s *Server) save() error {
	began := time.Now()
	for _, b := range []*backgroundSave{s.saving.background, s.aof.rewrite} {
		if b != nil {
			b.completeWalk() // there can be one snapshot at a time
		}
	}
	draft, err := s.newDraft()
	if err != nil {
		return err
	}
	s.saving.foreground.Store(draft)
	defer s.saving.foreground.Store(nil)
	o := s.saveOptions()
	if delay := keyDelay(s.cfg.RdbKeySaveDelay); delay != 0 {
		o.Saved = func(keys int) { time.Sleep(delay.of(keys)) }
	}
	stats, err := rdb.Save(s.draftWriter(draft), s.ks, o)
	if err != nil {
		return s.dropFile(draft, savingValues, err)
	}
	if err := draft.Finish(); err != nil {
		return s.dropFile(draft, savingSync, err)
	}
	if err := s.commitFile(draft); err != nil {
		return err
	}
	s.log.notice("DB saved on disk: %d keys, %d bytes, %.3f seconds", stats.Keys, stats.Bytes, time.Since(began).Seconds())
	s.logLosses(stats)
	s.dirty = 0
	s.saved()
	return nil
}

// savingStep is what of saving has failed, as the reference's functions are named.
type savingStep string

const (
	savingValues savingStep = "rdbSaveRio"
	savingSync   savingStep = "fsync"
)

// dropFile removes a file that could not be written, and returns why.
func (s *Server) dropFile(draft *disk.Draft, step savingStep, err error) error {
	s.log.warn("Write error while saving DB to the disk(%s): %s", step, disk.Reason(err))
	draft.Discard()
	return err
}

// commitFile gives a file that is complete its name.
func (s *Server) commitFile(draft *disk.Draft) error {
	err := draft.Publish()
	if err != nil {
		s.log.warn("Error moving temp DB file %s on the final destination %s (in server root dir %s): %s", draft.Temp(), s.cfg.Dbfilename, s.cfg.Dir, disk.Reason(err))
		draft.Discard()
	}
	return err
}

// saved notes that the data set has been saved.
func (s *Server) saved() {
	s.saving.lastSave = s.clock() / int64(time.Second)
	s.saving.failed = false
	s.applyMisconf()
}

// logLosses tells what the release for which a file was written cannot hold.
func (s *Server) logLosses(stats rdb.SaveStats) {
	if stats.Lost > 0 {
		s.log.warn("%d hashes were saved without the expiry of their fields, which Redis %s does not know", stats.Lost, s.compat)
	}
}

// applyMisconf brings denyWrites up to date.
func (s *Server) applyMisconf() error {
	s.saving.denyWrites = s.savingFails() || s.aof.failure() != nil
	return nil
}

// savingFails tells whether writes are refused because saving in the background fails.
func (s *Server) savingFails() bool {
	return s.saving.failed && s.cfg.StopWritesOnBgsaveError && s.savesByItself()
}

// deniesWrite tells whether a command is refused because saving fails: those that write,
// EXEC for what it would execute, and PING, so that who watches the server notices.
func (s *Server) deniesWrite(c *client, r *row) bool {
	return c.flagsOf(r)&command.Write != 0 || r.Name == "ping"
}

// resetFile is for FLUSHALL: a save that is under way is given up,
// and if save points are configured, the empty data set is saved.
func (s *Server) resetFile() {
	if b := s.saving.background; b != nil {
		s.cancelBackgroundSave()
		s.saving.lastSeconds = (s.nowMs - b.startedMs) / 1000
		s.log.warn("Background saving terminated by FLUSHALL")
	}
	if s.savesByItself() {
		_ = s.save() // it is in the log
	}
}
