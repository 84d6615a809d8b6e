package server

import (
	"strings"
	"sync/atomic"
	"testing"

	"respect/server/disk"
)

// syncCounter counts how often files are synced.
type syncCounter struct {
	disk.System
	syncs atomic.Int64
}

func (d *syncCounter) Create(name string) (disk.File, error) {
	f, err := d.System.Create(name)
	return &countedFile{f, d}, err
}

type countedFile struct {
	disk.File
	disk *syncCounter
}

func (f *countedFile) Sync() error {
	f.disk.syncs.Add(1)
	return f.File.Sync()
}

func TestFilesAreSyncedInParts(t *testing.T) {
	d := &syncCounter{}
	s, addr := startServer(t, Options{Files: d})
	c := dial(t, addr)
	c.send("CONFIG SET rdbcompression no")
	c.expect("+OK")
	value := strings.Repeat("x", 1<<20)
	for i := range 10 {
		c.send("SET key:" + string(rune('0'+i)) + " " + value[:60_000])
		c.expect("+OK")
		for range 17 {
			c.send("APPEND key:" + string(rune('0'+i)) + " " + value[:60_000])
			if _, err := c.r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		set         string
		least, most int64
	}{{"yes", 2, 3}, {"no", 1, 1}} { // for 10 MiB, the end included; the keys of a bucket are written at once
		for _, save := range []string{"SAVE", "BGSAVE"} {
			d.syncs.Store(0)
			c.send("CONFIG SET rdb-save-incremental-fsync "+test.set, save)
			c.expect("+OK")
			if _, err := c.r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			waitSaved(t, s)
			if got := d.syncs.Load(); got < test.least || got > test.most {
				t.Errorf("%s with %s: synced %d times, want %d to %d", save, test.set, got, test.least, test.most)
			}
		}
	}
	if got := len(contents(loadedFile(t, s))); got != 10 {
		t.Errorf("%d keys in the file", got)
	}
}
