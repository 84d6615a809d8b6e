package server

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"respect/rdb"
)

// load reads the RDB file that the configuration names, if there is one.
func (s *Server) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := filepath.Join(s.cfg.Dir, s.cfg.Dbfilename)
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err == nil {
		defer f.Close()
		err = s.loadFrom(f)
	}
	if err == nil {
		return nil
	}
	var refused interface{ LogLines() []string }
	if errors.As(err, &refused) {
		for _, line := range refused.LogLines() {
			s.log.warn("%s", line)
		}
	} else {
		s.log.warn("%s", err)
	}
	s.log.warn("Fatal error loading the DB, check server logs. Exiting.")
	return err
}

func (s *Server) loadFrom(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	s.tick()
	began := time.Now()
	stats, err := rdb.Load(f, s.ks, rdb.LoadOptions{Size: info.Size(), SkipChecksum: !s.cfg.Rdbchecksum})
	if err != nil {
		return err
	}
	if version, ok := stats.Aux["redis-ver"]; ok {
		s.log.notice("Loading RDB produced by version %s", version)
	}
	if stats.Unchecked {
		s.log.notice("RDB file was saved with checksum disabled: no check performed.")
	}
	for _, key := range stats.EmptyKeys {
		s.log.notice("rdbLoadObject skipping empty key: %s", key)
	}
	if stats.Functions > 0 {
		s.log.notice("Left out %d function libraries: functions are not supported", stats.Functions)
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
