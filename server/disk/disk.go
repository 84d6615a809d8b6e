package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// FS is what is needed of a file system.
type FS interface {
	// Create creates a file, or empties the one that is there.
	Create(name string) (File, error)
	// Append opens a file to write behind what it holds, and creates it if it is not there.
	Append(name string) (File, error)
	// Open opens a file to read it, and tells how long it is.
	Open(name string) (in io.ReadCloser, size int64, err error)
	// Size tells how long a file is.
	Size(name string) (int64, error)
	// Truncate cuts a file off.
	Truncate(name string, size int64) error
	// MakeDir creates a directory, unless it is there.
	MakeDir(name string) error
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the names in a directory outlast a crash.
	SyncDir(name string) error
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	// Sync makes what was written, and the length, outlast a crash.
	Sync() error
	// Truncate cuts the file off. What is written next stands behind that, if the file
	// was opened by Append or Create and nothing else writes to it.
	Truncate(size int64) error
}

// System is the file system of the operating system.
type System struct{}

var _ FS = System{}

// Create is as in FS.
func (System) Create(name string) (File, error) { return open(name, os.O_TRUNC, 0o666) }

// Append is as in FS.
func (System) Append(name string) (File, error) { return open(name, 0, 0o644) }

// open opens a file for appending: so that it can be cut off and gone on with.
func open(name string, flags int, perm os.FileMode) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flags, perm)
	if err != nil {
		return nil, err
	}
	return file{f}, nil
}

// file is a file of the operating system.
type file struct{ *os.File }

func (f file) Sync() error { return syncData(f.File) }

// Open is as in FS.
func (System) Open(name string) (io.ReadCloser, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Size is as in FS.
func (System) Size(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Truncate is as in FS.
func (System) Truncate(name string, size int64) error { return os.Truncate(name, size) }

// MakeDir is as in FS.
func (System) MakeDir(name string) error {
	err := os.Mkdir(name, 0o755)
	if errors.Is(err, fs.ErrExist) {
		if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
			return nil
		}
	}
	return err
}

// Rename is as in FS.
func (System) Rename(from, to string) error { return rename(from, to) }

// Remove is as in FS.
func (System) Remove(name string) error { return os.Remove(name) }

// SyncDir is as in FS.
func (System) SyncDir(name string) error { return syncDir(name) }

// A Draft is a file that is written under a temporary name and is to take the place of
// another. It is not safe for concurrent use.
type Draft struct {
	fs         FS
	file       File      // nil once it is closed
	lock       io.Closer // tells others that it is being written; nil where there are none
	temp, name string
}

// NewDraft begins a file of a name, which is a path, as a temporary file in the same
// directory.
func NewDraft(fs FS, name, temp string) (*Draft, error) {
	d := &Draft{fs: fs, name: name, temp: filepath.Join(filepath.Dir(name), temp)}
	var err error
	if d.file, d.lock, err = createLocked(fs, d.temp); err != nil {
		return nil, err
	}
	return d, nil
}

// unlock tells others that the file is not being written any more.
func (d *Draft) unlock() {
	if d.lock != nil {
		_ = d.lock.Close()
		d.lock = nil
	}
}

// Temp returns the name that the file has until it is published.
func (d *Draft) Temp() string { return filepath.Base(d.temp) }

// Write writes the next bytes.
func (d *Draft) Write(p []byte) (int, error) { return d.file.Write(p) }

// Sync puts what was written so far on the disk, so that Finish has less to do.
func (d *Draft) Sync() error { return d.file.Sync() }

// Finish ends the writing: all bytes are on the disk then.
func (d *Draft) Finish() error {
	file := d.file
	if err := file.Sync(); err != nil {
		return err
	}
	d.file = nil
	return file.Close()
}

// ErrUnsynced says that a file has its name, but might lose it in a crash.
var ErrUnsynced = errors.New("the directory could not be synced")

// Publish gives the file its name, under which it will still be there after a crash.
func (d *Draft) Publish() error {
	if err := d.fs.Rename(d.temp, d.name); err != nil {
		return err
	}
	d.unlock()
	if err := d.fs.SyncDir(filepath.Dir(d.name)); err != nil {
		return errors.Join(ErrUnsynced, err)
	}
	return nil
}

// Remove removes the file that was not published, and nothing else: another goroutine may
// still be writing to it. It is for those who are about to end the process.
func (d *Draft) Remove() { _ = d.fs.Remove(d.temp) }

// Discard removes the file that was not published. That it may not succeed does not
// matter: the name is used again.
func (d *Draft) Discard() {
	if d.file != nil {
		_ = d.file.Close()
		d.file = nil
	}
	_ = d.fs.Remove(d.temp)
	d.unlock()
}
