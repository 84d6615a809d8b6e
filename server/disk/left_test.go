package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNobodyLosesADraft writes drafts while somebody else looks for those that were left.
func TestNobodyLosesADraft(t *testing.T) {
	dir := t.TempDir()
	if _, err := lock(dir); err != nil && strings.Contains(err.Error(), "unsupported") {
		t.Skip(err)
	}
	isDraft := func(name string) bool { return strings.HasPrefix(name, "temp-") }
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				RemoveLeft(dir, isDraft)
			}
		}
	}()
	for range 2000 {
		d, err := NewDraft(System{}, filepath.Join(dir, "file"), "temp-1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Write([]byte("data")); err != nil {
			t.Fatal(err)
		}
		if err := d.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := d.Publish(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-ended
	if err := os.WriteFile(filepath.Join(dir, "temp-2"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := RemoveLeft(dir, isDraft); len(got) != 1 || got[0] != "temp-2" {
		t.Errorf("removed %q", got)
	}
}
