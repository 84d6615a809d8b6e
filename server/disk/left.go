package disk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// What a process leaves behind that was killed while it wrote a draft: a file with a temporary
// name, which nobody will ever use. Who writes a draft holds a lock of it, which ends with the
// process; so a draft without a lock is nobody's, also where several servers share a directory.
// Where there are no locks, nothing is removed.

var (
	errLocked = errors.New("somebody else has the lock")
	errGone   = errors.New("the file has lost its name")
)

// A Locker is a file system whose files can be locked. The lock ends when it is closed, and
// when the process ends.
type Locker interface {
	Lock(name string) (io.Closer, error)
}

// Lock is as in Locker.
func (System) Lock(name string) (io.Closer, error) { return lock(name) }

// RemoveLeft removes those files of a directory that the function chooses by their names and
// that nobody writes to, and returns the names.
func RemoveLeft(dir string, isDraft func(name string) bool) (removed []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // there is nothing to be removed, or others will complain
	}
	for _, e := range entries {
		if e.Type().IsRegular() && isDraft(e.Name()) && removeUnlocked(filepath.Join(dir, e.Name())) {
			removed = append(removed, e.Name())
		}
	}
	return removed
}

// removeUnlocked removes a file while it has its lock, so that nobody begins to write to it.
func removeUnlocked(path string) bool {
	held, err := lock(path)
	if err != nil {
		return false
	}
	defer held.Close()
	return os.Remove(path) == nil
}

// createLocked creates a file and takes its lock, which is nil where there are none. Somebody
// who looks for files that were left may have the lock for a moment, and remove the file.
func createLocked(fs FS, name string) (file File, held io.Closer, err error) {
	const attempts = 100
	for i := range attempts {
		file, err = fs.Create(name)
		locker, ok := fs.(Locker)
		if err != nil || !ok {
			return file, nil, err
		}
		held, err = locker.Lock(name)
		if err != errLocked && err != errGone && !errors.Is(err, os.ErrNotExist) {
			return file, held, nil
		}
		_ = file.Close() // it is empty
		time.Sleep(time.Duration(i) * 100 * time.Microsecond)
	}
	return nil, nil, err
}
