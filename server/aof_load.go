package server

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"respect/rdb"
	"respect/server/aof"
	"respect/server/command"
	"respect/server/disk"
)

// Loading: base and increments are replayed in order by a client that nobody sees. What a
// transaction has changed is there as a whole or not at all: its commands wait for EXEC. If
// the last file ends within a command or a transaction, which a crash can bring about, it is
// cut off behind the last one that is complete (aof-load-truncated). Deviation: the reference
// cuts a transaction in the middle of a command off behind the command before, so that all
// that it writes next belongs to a transaction without end, and is lost at the next start.
//
// While the log is replayed no deadline passes: it says itself when a key has gone. What has
// expired since goes when it is loaded.

const errLoadAOF replyError = "ERR Error trying to load the AOF files, check server logs."

// errNotLoaded is an error whose reason is in the log.
var errNotLoaded = errors.New("the append only file cannot be loaded")

// loadAppendOnly reads the append only file, if there is one. l is where to tell how far
// one is, nil if nobody else is served meanwhile.
func (s *Server) loadAppendOnly(l *loading) error {
	a := &s.aof
	if err := a.upgrade(); err != nil {
		return err
	}
	if a.manifest.IsEmpty() {
		return nil
	}
	s.tick()
	began := time.Now()
	s.ks.Replaying = true
	err := a.loadFiles(l)
	s.ks.Replaying = false
	if err != nil {
		return err
	}
	if l != nil {
		s.log.notice("DB loaded from append only file: %.3f seconds", time.Since(began).Seconds())
	}
	return nil
}

// upgrade makes a log of a release that had a single file the base of one of several.
func (a *appendOnly) upgrade() error {
	s := a.srv
	name := s.cfg.Appendfilename
	old := filepath.Join(s.cfg.Dir, name)
	if _, err := s.files.Size(old); err != nil {
		return nil
	}
	if !a.manifest.IsEmpty() {
		if len(a.manifest.Incrs) > 0 || a.manifest.Base.Name != name {
			return nil
		}
		if _, err := s.files.Size(a.path(name)); err == nil {
			return nil
		}
	}
	if err := a.makeDir(); err != nil {
		return errNotLoaded
	}
	// The manifest comes first: with it, and without the file in the directory, the next
	// start gets here again.
	next := a.manifest.Clone()
	next.Adopt(name)
	if a.publish(next) != nil {
		return errNotLoaded
	}
	err := s.files.Rename(old, a.path(name))
	if err == nil {
		err = s.files.SyncDir(a.dir())
	}
	if err != nil {
		s.log.warn("Error trying to move the old AOF file %s into dir %s: %s", name, s.cfg.Appenddirname, disk.Reason(err))
		return errNotLoaded
	}
	s.log.notice("Successfully migrated an old-style AOF file (%s) into the AOF directory (%s).", name, s.cfg.Appenddirname)
	return nil
}

// loadFiles loads the files of the manifest.
func (a *appendOnly) loadFiles(l *loading) error {
	s := a.srv
	files := a.manifest.Files()
	sizes := make([]int64, len(files))
	total := int64(0)
	for i, f := range files {
		size, err := s.files.Size(a.path(f.Name))
		if err != nil {
			s.log.warn("Unable to obtain the AOF file %s length. stat: %s", f.Name, disk.Reason(err))
			return errNotLoaded
		}
		sizes[i] = size
		total += size
	}
	if l != nil {
		l.total = total
	}
	last := len(files) - 1
	for last > 0 && sizes[last] == 0 {
		last-- // Deviation: nothing stands behind what is cut off if it is followed by empty files alone
	}
	r := newReplay(s, l)
	for i, f := range files {
		if sizes[i] == 0 {
			continue
		}
		began := time.Now()
		kind := "incr"
		if f.Type == aof.Base {
			kind = "base"
		}
		truncated, err := r.load(f.Name)
		if err != nil {
			return err
		}
		if truncated && i < last {
			s.log.warn("Fatal error: the truncated file is not the last file")
			return errNotLoaded
		}
		s.log.notice("DB loaded from %s file %s: %.3f seconds", kind, f.Name, time.Since(began).Seconds())
	}
	a.size, a.baseSize = total, 0
	if a.manifest.Base != nil {
		a.baseSize = sizes[0]
	}
	return nil
}

// replay executes the commands of a log.
type replay struct {
	s    *Server
	c    *client // that nobody sees
	l    *loading
	name string // of the file

	shared *sharedReader // what it is read by, if l is not nil

	queue   []queuedCommand // of a transaction
	argv    [][]byte
	inMulti bool
	good    int64 // offset behind the last command or transaction that is complete
}

func newReplay(s *Server, l *loading) *replay {
	c := &client{srv: s, conn: nowhere{}, db: s.ks.DB(0), user: defaultUser, authenticated: true, replays: true}
	c.out.Proto = 2
	c.multi = &transaction{executing: true} // nothing waits, nothing is begun in the background
	return &replay{s: s, c: c, l: l}
}

// sharedReader reads a log, without the lock, which who reads holds unless that is a
// goroutine of rdb.Load.
type sharedReader struct {
	loadReader
	s        *Server
	unlocked bool
}

func (r *sharedReader) Read(p []byte) (n int, err error) {
	if r.unlocked {
		return r.loadReader.Read(p)
	}
	r.s.whileClientsAsk(func() { n, err = r.loadReader.Read(p) })
	return n, err
}

// load replays one file and reports whether it was cut off.
func (r *replay) load(name string) (truncated bool, err error) {
	s := r.s
	r.name, r.good, r.inMulti = name, 0, false
	r.c.db = s.ks.DB(0)
	f, size, err := s.files.Open(s.aof.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		s.log.warn("The append log file %s doesn't exist: %s", name, disk.Reason(err))
		return false, errNotLoaded
	}
	if err != nil {
		s.log.warn("Fatal error: can't open the append log file %s for reading: %s", name, disk.Reason(err))
		return false, errNotLoaded
	}
	defer f.Close()
	var in io.Reader = f
	if r.l != nil {
		r.shared = &sharedReader{loadReader: loadReader{f, r.l, &s.loadDelay}, s: s}
		in = r.shared
	}
	in, offset, err := r.preamble(in, size)
	if err != nil {
		return false, err
	}
	return r.commands(aof.NewReader(in, offset))
}

const rdbSignature = "REDIS"

// preamble loads the RDB file that a file begins with, if it does, and returns what follows
// it and where that begins.
func (r *replay) preamble(in io.Reader, size int64) (rest io.Reader, offset int64, err error) {
	s := r.s
	head := make([]byte, len(rdbSignature))
	n, err := io.ReadFull(in, head)
	if err == errStopped {
		return nil, 0, err
	}
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	if string(head) != rdbSignature {
		return in, 0, nil
	}
	old := r.name == s.cfg.Appendfilename
	what := "base file"
	if old {
		what = "preamble of the AOF file"
		s.log.notice("Reading RDB preamble from AOF file...")
	} else {
		s.log.notice("Reading RDB base file on AOF loading...")
	}
	o := rdb.LoadOptions{Size: size}
	if r.l != nil {
		o.Wait = s.whileClientsAsk
		r.shared.unlocked = true
		defer func() { r.shared.unlocked = false }()
	}
	rest, offset, err = s.readRDB(in, o)
	if err == errStopped {
		return nil, 0, err
	}
	if err != nil {
		s.logLoadError(err)
		s.log.warn("Error reading the RDB %s %s, AOF loading aborted", what, r.name)
		return nil, 0, errNotLoaded
	}
	if old {
		s.log.notice("Reading the remaining AOF tail...")
	}
	r.good = offset
	return rest, offset, nil
}

// commands replays the commands of a file.
func (r *replay) commands(in *aof.Reader) (truncated bool, err error) {
	for {
		argv, err := in.Next()
		if err == nil {
			if err = r.command(argv); err != nil {
				return false, err
			}
			if !r.inMulti {
				r.good = in.Offset()
			}
			r.dawdle()
			continue
		}
		switch {
		case err == errStopped:
			return false, err
		case err == io.EOF && !r.inMulti:
			return false, nil
		case err == io.EOF:
			r.s.log.warn("Revert incomplete MULTI/EXEC transaction in AOF file %s", r.name)
			return r.truncate()
		case err == aof.ErrTruncated:
			return r.truncate()
		}
		return false, r.bad(err)
	}
}

// dawdle waits as key-load-delay asks for.
func (r *replay) dawdle() {
	switch {
	case !r.s.loadDelay.isSet.Load():
	case r.l != nil:
		r.s.whileClientsAsk(r.s.dawdleLoading)
	default:
		r.s.dawdleLoading()
	}
}

// bad tells of what cannot be read.
func (r *replay) bad(err error) error {
	var format *aof.FormatError
	if errors.As(err, &format) {
		r.s.log.warn("Bad file format reading the append only file %s: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>", r.name)
	} else {
		r.s.log.warn("Unrecoverable error reading the append only file %s: %s", r.name, disk.Reason(err))
	}
	return errNotLoaded
}

// truncate cuts the file off behind what is complete.
func (r *replay) truncate() (truncated bool, err error) {
	s := r.s
	if s.cfg.AofLoadTruncated {
		s.log.warn("!!! Warning: short read while loading the AOF file %s!!!", r.name)
		s.log.warn("!!! Truncating the AOF %s at offset %d !!!", r.name, r.good)
		err := s.files.Truncate(s.aof.path(r.name), r.good)
		if err == nil {
			s.log.warn("AOF %s loaded anyway because aof-load-truncated is enabled", r.name)
			return true, nil
		}
		s.log.warn("Error truncating the AOF file %s: %s", r.name, disk.Reason(err))
	}
	s.log.warn("Unexpected end of file reading the append only file %s. You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.", r.name)
	return false, errNotLoaded
}

// command executes a command, or keeps it for the end of its transaction.
func (r *replay) command(argv [][]byte) error {
	row, ok := r.s.commands.Lookup(argv[0])
	if ok && row.Subcommands != nil && len(argv) > 1 {
		row, ok = r.s.commands.LookupSub(row, argv[1])
	}
	switch {
	case !ok && equalFold(argv[0], "FUNCTION") && r.function(argv):
		return nil
	case !ok:
		r.s.log.warn("Unknown command '%s' reading the append only file %s", argv[0], r.name)
		return errNotLoaded
	case !row.ArityOK(len(argv)):
		return r.bad(&aof.FormatError{Expected: "wrong number of arguments"})
	case row.inMulti == executes:
		r.exec()
	case row.Name == "multi":
		r.inMulti = true
	case r.inMulti:
		r.keep(row, argv)
	default:
		r.execute(row, argv)
	}
	return nil
}

// keep queues a command of a transaction.
func (r *replay) keep(row *row, argv [][]byte) {
	first := len(r.argv)
	for _, arg := range argv {
		r.argv = append(r.argv, bytes.Clone(arg))
	}
	r.queue = append(r.queue, queuedCommand{row, first, len(r.argv)})
}

// exec executes a transaction.
func (r *replay) exec() {
	for _, q := range r.queue {
		r.execute(q.row, r.argv[q.first:q.last:q.last])
	}
	clear(r.argv)
	r.queue, r.argv, r.inMulti = r.queue[:0], r.argv[:0], false
}

// execute executes a command. Deviation: one that changes nothing has no business in a log;
// the reference executes it all the same.
func (r *replay) execute(row *row, argv [][]byte) {
	s, c := r.s, r.c
	if row.Flags&command.Write == 0 && row.Name != "select" {
		return
	}
	c.row, c.args = row, args{argv: argv, pos: row.Words}
	err := row.handler(c, &c.args)
	if s.ks.HasOpen() {
		s.ks.Settle()
	}
	if err != nil {
		s.log.warn("== CRITICAL == This server is sending an error to its AOF-loading-client: '%s' after processing the command '%s'", err, row.FullName)
	}
	c.out.Buf = c.out.Buf[:0]
}

// function keeps function libraries for files, since functions are not served, and reports
// whether it could.
func (r *replay) function(argv [][]byte) bool {
	libraries := &r.s.saving.libraries
	switch {
	case len(argv) >= 3 && equalFold(argv[1], "LOAD"):
		source := bytes.Clone(argv[len(argv)-1])
		name := libraryName(source)
		*libraries = slices.DeleteFunc(*libraries, func(l []byte) bool { return libraryName(l) == name })
		*libraries = append(*libraries, source)
	case len(argv) == 3 && equalFold(argv[1], "DELETE"):
		*libraries = slices.DeleteFunc(*libraries, func(l []byte) bool { return libraryName(l) == string(argv[2]) })
	case len(argv) >= 2 && equalFold(argv[1], "FLUSH"):
		*libraries = nil
	default:
		return false
	}
	return true
}

// libraryName returns the name that the first line of a library tells: "#!lua name=NAME".
func libraryName(source []byte) string {
	line, _, _ := bytes.Cut(source, []byte("\n"))
	_, name, _ := bytes.Cut(line, []byte("name="))
	name, _, _ = bytes.Cut(name, []byte(" "))
	return strings.TrimSpace(string(name))
}

// debugLoadAOF loads the append only file in place of the data set. Without a manifest that
// can be read there is nothing to go on with.
func debugLoadAOF(c *client, a *args) error {
	s := c.srv
	if s.loading != nil {
		return errLoading
	}
	s.aof.flush(true)
	s.emptyAll()
	s.aof.manifest = nil
	if err := s.aof.readManifest(); err != nil {
		s.logManifestError(err)
		exit(1)
		return errLoadAOF
	}
	if s.aof.manifest.IsEmpty() || s.reloadAppendOnly() != nil {
		return errLoadAOF
	}
	s.dirty = 0
	s.log.notice("Append Only File loaded by DEBUG LOADAOF")
	c.out.OK()
	return nil
}

// reloadAppendOnly loads the append only file again. What it holds is not written once more.
func (s *Server) reloadAppendOnly() error {
	copies := s.copies
	s.copies = nil
	err := s.loadAppendOnly(nil)
	s.copies = copies
	return err
}
