package disk

import (
	"io"
	"os"
	"path/filepath"
)

// FS is what is needed of a file system.
type FS interface {
	// Create creates a file, or empties the one that is there.
	Create(name string) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the names in a directory outlast a crash.
	SyncDir(name string) error
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	Sync() error
}

// System is the file system of the operating system.
type System struct{}

var _ FS = System{}

// Create is as in FS.
func (System) Create(name string) (File, error) { return os.Create(name) }

// Rename is as in FS.
func (System) Rename(from, to string) error { return os.Rename(from, to) }

// Remove is as in FS.
func (System) Remove(name string) error { return os.Remove(name) }

// SyncDir is as in FS.
func (System) SyncDir(name string) error { return syncDir(name) }

// A Draft is a file that is written under a temporary name and is to take the place of
// another. It is not safe for concurrent use.
type Draft struct {
	fs         FS
	file       File // nil once it is closed
	temp, name string
}

// NewDraft begins a file of a name, which is a path, as a temporary file in the same
// directory.
func NewDraft(fs FS, name, temp string) (*Draft, error) {
	d := &Draft{fs: fs, name: name, temp: filepath.Join(filepath.Dir(name), temp)}
	file, err := fs.Create(d.temp)
	if err != nil {
		return nil, err
	}
	d.file = file
	return d, nil
}

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

// Publish gives the file its name, under which it will still be there after a crash.
func (d *Draft) Publish() error {
	if err := d.fs.Rename(d.temp, d.name); err != nil {
		return err
	}
	return d.fs.SyncDir(filepath.Dir(d.name))
}

// Discard removes the file that was not published. That it may not succeed does not
// matter: the name is used again.
func (d *Draft) Discard() {
	if d.file != nil {
		_ = d.file.Close()
		d.file = nil
	}
	_ = d.fs.Remove(d.temp)
}
