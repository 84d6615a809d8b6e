package server

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"respect/rdb"
)

// load reads the RDB file that the configuration names, if there is one.
func (s *Server) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.loadFile(rdb.LoadOptions{})
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.logLoadError(err)
	s.log.warn("Fatal error loading the DB, check server logs. Exiting.")
	return err
}

func (s *Server) logLoadError(err error) {
	var refused interface{ LogLines() []string }
	if errors.As(err, &refused) {
		for _, line := range refused.LogLines() {
			s.log.warn("%s", line)
		}
	} else {
		s.log.warn("%s", err)
	}
}

// loadFile reads the RDB file.
func (s *Server) loadFile(o rdb.LoadOptions) error {
	f, err := os.Open(s.dataFile())
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.tick()
	began := time.Now()
	o.Size, o.SkipChecksum = info.Size(), !s.cfg.Rdbchecksum
	stats, err := rdb.Load(f, s.ks, o)
	if err != nil {
		return err
	}
	s.saving.libraries = stats.Libraries
	if version, ok := stats.Aux["redis-ver"]; ok {
		s.log.notice("Loading RDB produced by version %s", version)
	}
	if stats.Unchecked {
		s.log.notice("RDB file was saved with checksum disabled: no check performed.")
	}
	for _, key := range stats.EmptyKeys {
		s.log.notice("rdbLoadObject skipping empty key: %s", key)
	}
	if n := len(stats.Libraries); n > 0 {
		s.log.notice("%d function libraries are kept for files, but not served: functions are not supported", n)
	}
	if stats.Empty > 0 {
		s.log.notice("Done loading RDB, keys loaded: %d, keys expired: %d, empty keys skipped: %d.", stats.Keys, stats.Expired, stats.Empty)
	} else {
		s.log.notice("Done loading RDB, keys loaded: %d, keys expired: %d.", stats.Keys, stats.Expired)
	}
	s.log.notice("DB loaded from disk: %.3f seconds", time.Since(began).Seconds())
	s.stats.loadedKeys, s.stats.loadExpired = uint64(stats.Keys), uint64(stats.Expired)
	return nil
}
