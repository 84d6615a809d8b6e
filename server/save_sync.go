package server

import (
	"io"

	"respect/server/disk"
)

// syncBytes is after how many bytes a file is synced that is being saved, if
// rdb-save-incremental-fsync is set: so that there is not all of it to be synced at the
// end, which would hold up everybody who uses the disk.
const syncBytes = 4 << 20

// syncingWriter syncs what SAVE has written, a part at a time.
type syncingWriter struct {
	draft *disk.Draft
	since int // bytes written since the last time
}

func (w *syncingWriter) Write(p []byte) (n int, err error) {
	n, err = w.draft.Write(p)
	if w.since += n; err == nil && w.since >= syncBytes {
		w.since = 0
		err = w.draft.Sync()
	}
	return n, err
}

// syncSome syncs a part of a file that is saved in the background. Clients that have to
// write to it do not wait for that.
func (b *backgroundSave) syncSome() {
	b.writing.Lock()
	written := b.output.Bytes
	due := b.syncEvery > 0 && b.err == nil && written-b.syncedBytes >= b.syncEvery
	b.writing.Unlock()
	if !due {
		return
	}
	err := b.draft.Sync()
	b.writing.Lock()
	defer b.writing.Unlock()
	b.syncedBytes = written
	if b.err == nil {
		b.err = err
	}
}

// draftWriter returns what SAVE writes an RDB file with.
func (s *Server) draftWriter(d *disk.Draft) io.Writer {
	if s.cfg.RdbSaveIncrementalFsync {
		return &syncingWriter{draft: d}
	}
	return d
}
