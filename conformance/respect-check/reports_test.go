package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestEveryReportIsWritten makes a few checks, of which some pass, some are wrong and some not
// implemented, and reads all that can be written of them.
func TestEveryReportIsWritten(t *testing.T) {
	s := start(t)
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"-addr", s.Addr(), "-focus", `^(connection/ping-echo|string/(get|strlen))\.txt|^rdb/redis-7.2.6/strings`, "-quiet"}
	for _, name := range []string{"json", "junit", "markdown", "html", "badge", "shield"} {
		args = append(args, "-"+name, file(name))
	}
	if status, stdout, stderr := call(t, nil, args...); status != statusFailed {
		t.Fatalf("status %d: %s%s", status, stdout, stderr)
	}
	read := func(name string) []byte {
		text, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(read("json")))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	for _, verdict := range []string{"passed", "wrong", "not implemented", "skipped"} {
		if !bytes.Contains(read("json"), []byte(`"verdict": "`+verdict+`"`)) {
			t.Errorf("no check is %s", verdict)
		}
	}

	for _, name := range []string{"junit", "badge"} {
		d := xml.NewDecoder(bytes.NewReader(read(name)))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	var shield struct {
		SchemaVersion         int
		Label, Message, Color string
	}
	if err := json.Unmarshal(read("shield"), &shield); err != nil || shield.SchemaVersion != 1 || shield.Label == "" || shield.Message == "" || shield.Color == "" {
		t.Errorf("shield: %+v, %v", shield, err)
	}
	for name, text := range map[string]string{"markdown": "not implemented", "html": "</html>", "junit": "<skipped", "badge": "<svg"} {
		if !strings.Contains(string(read(name)), text) {
			t.Errorf("%s does not contain %q", name, text)
		}
	}

	if status, _, stderr := call(t, nil, "-html", file("both.html"), "-markdown", file("both.md"), file("json"), file("json")); status != statusPassed {
		t.Errorf("side by side: status %d, %s", status, stderr)
	}
	if n := strings.Count(string(read("both.md")), "| other | other, 7.2 |"); n != 2 {
		t.Errorf("%d servers stand side by side:\n%s", n, read("both.md"))
	}
	if status, _, _ := call(t, nil, "-html", file("html"), file("junit")); status != statusUseless {
		t.Error("a file that is no report was taken for one")
	}
}
