package server

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"respect/rdb"
	"respect/server/config"
)

// loading is what is known of a load during which clients are there.
type loading struct {
	startedMs  int64
	total      int64  // bytes
	usedMemory uint64 // bytes that the writer needed

	// These are for the goroutine that reads, too.
	loaded atomic.Int64 // bytes
	ended  atomic.Bool  // no more is to be read
}

var errLoading = replyError(config.ErrLoading.Error())

// errStopped ends a load because the server is to end.
var errStopped = errors.New("the server ends")

// beginLoading makes clients wait, from before they can connect.
func (s *Server) beginLoading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	s.loading = &loading{startedMs: s.nowMs}
}

// load reads the data set that the configuration names, if there is one: the append only
// file if that is switched on, else the RDB file. Clients can connect meanwhile, and ask what
// may be asked then. After an error it stays that way: the server has no data to answer with.
func (s *Server) load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.aof.readManifest(); err != nil {
		s.logManifestError(err)
		return err
	}
	var err error
	if s.cfg.Appendonly {
		if err = s.loadAppendOnly(s.loading); err == nil {
			err = s.openAppendOnly()
		}
	} else {
		err = s.loadDataFile()
	}
	if err == errStopped {
		err = nil
	}
	if err == nil {
		s.loading = nil
		s.serves = true
	}
	return err
}

// loadDataFile reads the RDB file.
func (s *Server) loadDataFile() error {
	began := time.Now()
	err := s.loadFile(rdb.LoadOptions{Wait: s.whileClientsAsk})
	if err == nil {
		s.log.notice("DB loaded from disk: %.3f seconds", time.Since(began).Seconds())
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) || err == errStopped {
		return nil
	}
	s.logLoadError(err)
	s.log.warn("Fatal error loading the DB, check server logs. Exiting.")
	return err
}

// aux takes a fact about who has written a file.
func (s *Server) aux(name, value string) {
	n, _ := strconv.ParseInt(value, 10, 64)
	switch name {
	case "redis-ver":
		s.log.notice("Loading RDB produced by version %s", value)
	case "ctime":
		s.log.notice("RDB age %d seconds", max(0, s.nowMs/1000-n))
	case "used-mem":
		s.log.notice("RDB memory usage when created %.2f Mb", float64(n)/(1<<20))
		if s.loading != nil {
			s.loading.usedMemory = uint64(n)
		}
	case "aof-preamble":
		if n != 0 {
			s.log.notice("RDB has an AOF tail")
		}
	case "aof-base":
		if n != 0 {
			s.log.notice("RDB is base AOF")
		}
	case "redis-bits":
	default:
		if text, found := strings.CutPrefix(name, "%"); found {
			s.log.notice("RDB '%s': %s", text, value)
		} else {
			s.log.debug("Unrecognized RDB AUX field: '%s' '%s'", name, value)
		}
	}
}

// whileClientsAsk waits without the lock.
func (s *Server) whileClientsAsk(wait func()) {
	s.mu.Unlock()
	wait()
	s.mu.Lock()
	s.tick()
}

// loadReader reads a file, and notes how much of it.
type loadReader struct {
	in      io.Reader
	loading *loading
	delay   *loadDelay
}

// slowRead is how many bytes are read at once while key-load-delay is set: what has been
// read should be what has been loaded.
const slowRead = 1 << 10

func (r loadReader) Read(p []byte) (n int, err error) {
	if len(p) > slowRead && r.delay.isSet.Load() {
		p = p[:slowRead]
	}
	n, err = r.in.Read(p)
	r.loading.loaded.Add(int64(n))
	if r.loading.ended.Load() {
		return 0, errStopped
	}
	return n, err
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
	o.Size = info.Size()
	var in io.Reader = f
	if s.loading != nil {
		s.loading.total = info.Size()
		in = loadReader{f, s.loading, &s.loadDelay}
	}
	_, _, err = s.readRDB(in, o)
	return err
}

// readRDB reads an RDB file, and returns what stands behind it and where that begins.
func (s *Server) readRDB(in io.Reader, o rdb.LoadOptions) (rest io.Reader, end int64, err error) {
	o.SkipChecksum = o.SkipChecksum || !s.cfg.Rdbchecksum
	o.OnAux = s.aux
	s.stats.loadedKeys, s.stats.loadExpired = 0, 0
	o.OnKeys = func(loaded, expired int) {
		s.stats.loadedKeys += uint64(loaded)
		s.stats.loadExpired += uint64(expired)
	}
	o.Slow, o.Pause = &s.loadDelay.isSet, s.dawdleLoading
	s.beginReading()
	stats, rest, err := rdb.LoadPreamble(in, s.ks, o)
	s.endReading()
	if s.cfg.SanitizeDumpPayload == "yes" {
		s.stats.sanitized += uint64(stats.Packed)
	}
	if err != nil {
		return nil, 0, err
	}
	s.saving.libraries = stats.Libraries
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
	return rest, stats.End, nil
}
