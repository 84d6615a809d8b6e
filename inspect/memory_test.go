package inspect_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"respect/inspect"
	"respect/rdb"
)

// Sizes of the file that is larger than the memory that may be used for it.
const (
	hugeFile    = 64 << 20
	memoryBound = 8 << 20
)

// writeHuge writes a file of small strings, and one list, set and hash as large as all of
// them together.
func writeHuge(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "huge.rdb")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	w := rdb.NewWriter(11, false)
	text := bytes.Repeat([]byte("text "), 20)
	flush := func() {
		out.Write(w.Buf)
		w.Buf = w.Buf[:0]
	}
	key := func(kind rdb.Type, name string) {
		w.Key(&rdb.KeyHeader{Type: kind, Key: []byte(name), ExpireAtMs: rdb.NoExpire, Freq: rdb.NoFreq, IdleSeconds: rdb.NoIdle})
		flush()
	}
	part := hugeFile / 4 / len(text)
	w.Header()
	for i := range part {
		key(rdb.TypeString, fmt.Sprint("key:", i))
		w.String(text)
	}
	for kind, texts := range map[rdb.Type]int{rdb.TypeList: 1, rdb.TypeSet: 1, rdb.TypeHash: 2} {
		key(kind, kind.String())
		w.Length(uint64(part))
		for i := range part {
			for range texts {
				w.String(fmt.Appendf(nil, "%d %s", i, text[:len(text)/texts]))
			}
			flush()
		}
	}
	w.EOF()
	w.Buf = binary.LittleEndian.AppendUint64(w.Buf, 0) // no checksum
	flush()
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	return name
}

// watchedWriter looks at the memory in use while something is written.
type watchedWriter struct {
	every         int // bytes between two looks
	written, next int
	peak          uint64
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	if w.written += len(p); w.written >= w.next {
		w.next = w.written + w.every
		w.look()
	}
	return len(p), nil
}

func (w *watchedWriter) look() {
	var m runtime.MemStats
	runtime.GC() // what counts is what is held
	runtime.ReadMemStats(&m)
	w.peak = max(w.peak, m.HeapAlloc)
}

// TestFilesLargerThanMemory shows and checks a file while no more than an eighth of its
// size is held in memory.
func TestFilesLargerThanMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes a large file")
	}
	file := writeHuge(t)
	for name, show := range map[string]func(out, progress io.Writer) int{
		"dump --json":  func(out, progress io.Writer) int { return inspect.Dump([]string{file, "--json"}, out, out, progress) },
		"dump --resp":  func(out, progress io.Writer) int { return inspect.Dump([]string{file, "--resp"}, out, out, progress) },
		"dump --stats": func(out, progress io.Writer) int { return inspect.Dump([]string{file, "--stats"}, out, out, progress) },
		"check-rdb":    func(out, progress io.Writer) int { return inspect.CheckRDB([]string{file}, out, out, progress) },
	} {
		var before watchedWriter
		before.look()
		out, progress := watchedWriter{every: 4 << 20}, watchedWriter{every: 50}
		if status := show(&out, &progress); status != 0 {
			t.Errorf("%s: exit status %d", name, status)
		}
		progress.look()
		if peak := max(out.peak, progress.peak); peak > before.peak+memoryBound {
			t.Errorf("%s: up to %d MiB of memory, before that %d", name, peak>>20, before.peak>>20)
		}
	}
}
