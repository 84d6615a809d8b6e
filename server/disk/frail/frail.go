// Package frail is a file system in memory that fails when a test wants it to: at any
// operation, as a full disk does, or as a machine that loses power. After that, what was
// not synced may be there or not, as with a journaling file system: names that were made,
// changed and removed since their directory was synced, in order up to any of them; and of the bytes that were
// written since their file was, any beginning.
package frail

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"respect/server/disk"
)

// ErrPower is what every operation fails with after the power is gone.
var ErrPower = errors.New("no power")

// FS is the file system. Its zero value is empty and never fails. It is safe for
// concurrent use.
type FS struct {
	mu         sync.Mutex
	names      map[string]*node // by path; a directory is a node without data
	durable    map[string]*node // as of the last SyncDir, for all directories
	journal    []step           // changes of names since
	operations int
	fault      func(n int, op string) error
	dead       bool
}

type node struct {
	data   []byte
	synced int // bytes of data that are safe
	dir    bool
}

// step is a change of names that is not safe yet: a file got a name, or lost one, or both
// at once.
type step struct {
	dir        string
	gone, name string
	node       *node // of name
}

var _ disk.FS = (*FS)(nil)

// New returns a file system with one empty directory.
func New(dir string) *FS {
	d := &node{dir: true}
	return &FS{names: map[string]*node{dir: d}, durable: map[string]*node{dir: d}}
}

// FailAt lets operations fail: it is asked before each one, with its number, from 1, and its
// name, such as "write" or "rename". An error that is ErrPower takes the power away for good. A
// write that fails with ENOSPC writes half of its bytes.
func (f *FS) FailAt(fault func(n int, op string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Operations is how many operations there were.
func (f *FS) Operations() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.operations
}

// AfterPower returns what a machine finds that is started again after it lost its power now.
func (f *FS) AfterPower(rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := map[string]*node{}
	for name, n := range f.durable {
		names[name] = n
	}
	for _, s := range f.journal[:rng.IntN(len(f.journal)+1)] {
		s.apply(names)
	}
	after := &FS{names: map[string]*node{}, durable: map[string]*node{}}
	for name, n := range names {
		kept := n.synced + rng.IntN(len(n.data)-n.synced+1)
		c := &node{data: slices.Clone(n.data[:kept]), synced: kept, dir: n.dir}
		after.names[name], after.durable[name] = c, c
	}
	return after
}

func (s step) apply(names map[string]*node) {
	delete(names, s.gone)
	if s.node != nil {
		names[s.name] = s.node
	}
}

// begin counts an operation and tells whether it fails.
func (f *FS) begin(op string) error {
	f.operations++
	if f.dead {
		return ErrPower
	}
	if f.fault == nil {
		return nil
	}
	err := f.fault(f.operations, op)
	f.dead = errors.Is(err, ErrPower)
	return err
}

// change changes names, for the time being.
func (f *FS) change(gone, name string, n *node) {
	s := step{filepath.Dir(name), gone, name, n}
	if n == nil {
		s.dir = filepath.Dir(gone)
	}
	s.apply(f.names)
	f.journal = append(f.journal, s)
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// find returns a file that is there.
func (f *FS) find(op, name string) (*node, error) {
	n := f.names[name]
	switch {
	case n == nil:
		return nil, pathError(op, name, fs.ErrNotExist)
	case n.dir:
		return nil, pathError(op, name, syscall.EISDIR)
	}
	return n, nil
}

// Create is as in disk.FS.
func (f *FS) Create(name string) (disk.File, error) { return f.open(name, true) }

// Append is as in disk.FS.
func (f *FS) Append(name string) (disk.File, error) { return f.open(name, false) }

func (f *FS) open(name string, empty bool) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin("open"); err != nil {
		return nil, pathError("open", name, err)
	}
	if f.names[filepath.Dir(name)] == nil {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	n := f.names[name]
	if n == nil {
		n = new(node)
		f.change("", name, n)
	}
	if empty {
		n.data, n.synced = nil, 0
	}
	return &file{f, n, name}, nil
}

// Open is as in disk.FS.
func (f *FS) Open(name string) (io.ReadCloser, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("open", name)
	if err != nil {
		return nil, 0, err
	}
	return io.NopCloser(bytes.NewReader(slices.Clone(n.data))), int64(len(n.data)), nil
}

// Size is as in disk.FS.
func (f *FS) Size(name string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("stat", name)
	if err != nil {
		return 0, err
	}
	return int64(len(n.data)), nil
}

// Truncate is as in disk.FS.
func (f *FS) Truncate(name string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("truncate", name)
	if err != nil {
		return err
	}
	return f.cut(n, name, size)
}

func (f *FS) cut(n *node, name string, size int64) error {
	if err := f.begin("truncate"); err != nil {
		return pathError("truncate", name, err)
	}
	n.data = n.data[:min(size, int64(len(n.data)))]
	n.synced = min(n.synced, len(n.data))
	return nil
}

// MakeDir is as in disk.FS.
func (f *FS) MakeDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin("mkdir"); err != nil {
		return pathError("mkdir", name, err)
	}
	if n := f.names[name]; n == nil {
		f.change("", name, &node{dir: true})
	} else if !n.dir {
		return pathError("mkdir", name, fs.ErrExist)
	}
	return nil
}

// Rename is as in disk.FS.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin("rename"); err != nil {
		return pathError("rename", from, err)
	}
	n, err := f.find("rename", from)
	if err != nil {
		return err
	}
	f.change(from, to, n)
	return nil
}

// Remove is as in disk.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin("remove"); err != nil {
		return pathError("remove", name, err)
	}
	if f.names[name] == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	f.change(name, "", nil)
	return nil
}

// SyncDir is as in disk.FS.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.begin("syncdir"); err != nil {
		return pathError("sync", dir, err)
	}
	rest := f.journal[:0]
	for _, s := range f.journal {
		if s.dir == dir {
			s.apply(f.durable)
		} else {
			rest = append(rest, s)
		}
	}
	f.journal = rest
	return nil
}

// file is an open file. What is written stands at its end.
type file struct {
	fs   *FS
	node *node
	name string
}

func (h *file) Write(p []byte) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	n, err := len(p), h.fs.begin("write")
	if err != nil {
		n, err = 0, pathError("write", h.name, err)
		if errors.Is(err, syscall.ENOSPC) {
			n = len(p) / 2
		}
	}
	h.node.data = append(h.node.data, p[:n]...)
	return n, err
}

func (h *file) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.fs.begin("sync"); err != nil {
		return pathError("sync", h.name, err)
	}
	h.node.synced = len(h.node.data)
	return nil
}

func (h *file) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return h.fs.cut(h.node, h.name, size)
}

func (h *file) Close() error { return nil }
