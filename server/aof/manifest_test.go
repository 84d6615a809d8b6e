package aof_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/server/aof"
)

func TestManifestErrors(t *testing.T) {
	for _, c := range []struct{ text, reason string }{
		{"", "Found an empty AOF manifest"},
		{"file a seq 1 type b", "The AOF manifest file contains too long line"}, // its end is missing
		{"file " + strings.Repeat("a", 1024) + " seq 1 type b\n", "The AOF manifest file contains too long line"},
		{"\n", "Invalid AOF manifest file format"},
		{"file a seq 1\n", "Invalid AOF manifest file format"},
		{"file a seq 1 type b more\n", "Invalid AOF manifest file format"},
		{"file a seq x type b\n", "Invalid AOF manifest file format"},
		{"file \"a seq 1 type b\n", "Invalid AOF manifest file format"},
		{"seq 1 type b more more\n", "Invalid AOF manifest file format"},
		{"file a/b seq 1 type b\n", "File can't be a path, just a filename"},
		{"file a seq 1 type x\n", "Unknown AOF file type"},
		{"file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information"},
		{"file a seq 2 type i\nfile b seq 2 type i\n", "Found a non-monotonic sequence number"},
	} {
		_, err := aof.ParseManifest([]byte(c.text))
		if err == nil || err.Error() != c.reason {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.reason)
		}
	}
}

func TestManifestLogLines(t *testing.T) {
	_, err := aof.ParseManifest([]byte("# comment\n file a seq 1 type x \r\n"))
	want := []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***\n", "Reading the manifest file, at line 2\n", ">>> 'file a seq 1 type x'\n", "Unknown AOF file type\n"}
	if diff := cmp.Diff(want, err.(*aof.ManifestError).LogLines()); diff != "" {
		t.Error(diff)
	}
}

func TestManifestIsReadAsWritten(t *testing.T) {
	m := &aof.Manifest{}
	m.NewBase("my \"file\"\x00\n.aof", true)
	m.NewIncr("a")
	m.NewIncr("b")
	m.NewBase("plain", false)
	m.RetireIncrs(1)
	want := "file plain.2.base.aof seq 2 type b\n" +
		"file a.1.incr.aof seq 1 type h\n" +
		"file \"my \\\"file\\\"\\x00\\n.aof.1.base.rdb\" seq 1 type h\n" +
		"file b.2.incr.aof seq 2 type i\n"
	if diff := cmp.Diff(want, string(m.Format())); diff != "" {
		t.Fatal(diff)
	}
	again, err := aof.ParseManifest(m.Format())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, again, cmp.AllowUnexported(aof.Manifest{})); diff != "" {
		t.Error(diff)
	}
	if next := again.NewIncr("c"); next.Name != "c.3.incr.aof" {
		t.Error(next)
	}
	if base := again.NewBase("c", true); base.Name != "c.3.base.rdb" {
		t.Error(base)
	}
	if again.LastIncr("d").Name != "c.3.incr.aof" || len(m.Incrs) != 1 {
		t.Error("the last increment is not the last")
	}
}

func FuzzManifest(f *testing.F) {
	for _, seed := range []string{"file a seq 1 type b\nfile \"b c\" seq 1 type i\n", "#\nfile a seq -1 type h\n", "file a type i seq 9999999999999999999\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := aof.ParseManifest(text)
		if err != nil {
			return
		}
		again, err := aof.ParseManifest(m.Format())
		if err != nil && len(m.Format()) > 0 {
			t.Fatalf("%q is read, and written as %q, which is not: %v", text, m.Format(), err)
		}
		if err == nil && string(again.Format()) != string(m.Format()) {
			t.Fatalf("%q, then %q", m.Format(), again.Format())
		}
	})
}
