package target

import (
	"errors"
	"slices"
	"testing"

	"respect/conformance/resp"
)

func TestTemplates(t *testing.T) {
	for line, want := range map[string][]string{
		"srv --port {port}":                             {"srv", "--port", "71"},
		`srv  -p {port} "a b" '' c"d e"f`:               {"srv", "-p", "71", "a b", "", "cd ef"},
		"srv {host}:{port} {dir}/{dbfilename}":          {"srv", "127.0.0.1:71", "/d/dump.rdb"},
		"srv {config} {port} --maxclients 5 --save '1'": {"srv", "/d/server.conf", "71", "--save", "1"},
		"srv {port} --maxclients 5 {params}":            {"srv", "71", "--maxclients", "7"},
	} {
		tpl, err := ParseTemplate(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if got := tpl.fill("127.0.0.1", "71", "/d", []Param{{"maxclients", "7"}}); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
	for _, line := range []string{"", "srv", `srv {port} "open`} {
		if _, err := ParseTemplate(line); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}

func TestTemplateWithoutParametersHasNoFile(t *testing.T) {
	tpl, err := ParseTemplate(Redis)
	if err != nil {
		t.Fatal(err)
	}
	if got := tpl.fill("h", "1", "/d", nil); slices.Contains(got, "/d/server.conf") {
		t.Errorf("got %q", got)
	}
}

func TestTemplateStartsServers(t *testing.T) {
	tpl, err := ParseTemplate(Redis)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tpl.Start(t.Context(), nil, Param{"databases", "3"})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if v, err := c.Ask("SELECT", "3"); err != nil || v.Type != resp.Error {
		t.Errorf("database 3 of 3: %v, %v", v, err)
	}
	got := s.Probe(t.Context())
	for _, name := range Capabilities() {
		if want := name != Cluster; got[name] != want {
			t.Errorf("%s: got %v", name, got[name])
		}
	}
}

func TestUnknownCommands(t *testing.T) {
	for text, want := range map[string]bool{
		"ERR unknown command 'FOO', with args beginning with: ": true,
		"ERR Unknown subcommand or wrong number of arguments":   true,
		"ERR syntax error": false,
	} {
		if got := IsUnknownCommand(&resp.Value{Type: resp.Error, Text: []byte(text)}); got != want {
			t.Errorf("%q: got %v", text, got)
		}
		if IsUnknownCommand(&resp.Value{Type: resp.BulkString, Text: []byte(text)}) {
			t.Errorf("%q as a string is no error", text)
		}
	}
}
