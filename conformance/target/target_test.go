package target

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"respect/conformance/resp"
)

func TestReleasesCompareAsNumbers(t *testing.T) {
	a, _ := ParseRelease("8.4.1")
	b, _ := ParseRelease("8.10")
	if !a.Less(b) || b.Less(a) || a.Less(a) {
		t.Error("8.4 must come before 8.10")
	}
	for _, s := range []string{"", "7", "x.y", "7.", "-1.2", "7.2x"} {
		if r, err := ParseRelease(s); err == nil {
			t.Errorf("%q became %v", s, r)
		}
	}
}

func TestStartRealServers(t *testing.T) {
	for _, flavour := range []string{Redis, Valkey} {
		t.Run(flavour, func(t *testing.T) {
			s, err := Start(t.Context(), flavour, Param{"requirepass", "secret"})
			if errors.Is(err, ErrNotInstalled) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Info.Flavour != flavour || s.Info.Release.IsZero() || s.Info.Mode != "standalone" {
				t.Errorf("probe says %+v", s.Info)
			}
			dir := s.process.dir
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left behind: %v", dir, err)
			}
			if c, err := net.Dial("tcp", s.Addr); err == nil {
				c.Close()
				t.Error("the server is left behind")
			}
		})
	}
}

// TestAnotherServerHasThePort starts a server where there is one already, as it comes
// when two look for a free port at the same time.
func TestAnotherServerHasThePort(t *testing.T) {
	first, err := Start(t.Context(), Redis)
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := launch(t.Context(), t.TempDir(), first.process.cmd.Path, first.Addr, nil)
	if err == nil {
		second.process.kill()
		t.Fatal("the server of somebody else was taken for it")
	}
	if !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want that the address is in use", err)
	}
}

func TestStartTellsWhyAServerEnded(t *testing.T) {
	_, err := Start(t.Context(), Redis, Param{"no-such-parameter", "1"})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err == nil || !strings.Contains(err.Error(), "FATAL CONFIG FILE ERROR") {
		t.Errorf("got %v", err)
	}
	var ended *EndedError
	if !errors.As(err, &ended) || ended.Status != 1 {
		t.Errorf("got %#v, want exit status 1", ended)
	}
}

// TestStartWaitsWhileAServerLoads has a server that takes longer to load than to be ready is allowed to.
func TestStartWaitsWhileAServerLoads(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := Param{"dir", t.TempDir()}
	s, err := Start(t.Context(), Redis, dir)
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d := resp.NewDecoder(c)
	for _, request := range [][]string{{"DEBUG", "POPULATE", "1000"}, {"SAVE"}} {
		c.Write(resp.Request(request...))
		if v, err := d.Decode(); err != nil || string(v.Text) != "OK" {
			t.Fatal(request, v, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	defer func(before time.Duration) { readyTimeout = before }(readyTimeout)
	readyTimeout = 2 * time.Second
	s, err = Start(t.Context(), Redis, dir, Param{"key-load-delay", "4000"}, Param{"loading-process-events-interval-bytes", "1024"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Info.Keys != 1000 {
		t.Error(s.Info.Keys)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestParseInfo(t *testing.T) {
	i, err := parseInfo([]byte("# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.0.1\r\nserver_mode:standalone\r\nprocess_id:12\r\n" +
		"# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb11:keys=4,expires=0,avg_ttl=0\r\n"))
	want := Info{Flavour: Valkey, Version: "8.0.1", Release: Release{7, 2}, Mode: "standalone", Keys: 7, Process: 12}
	if err != nil || i != want {
		t.Errorf("got %+v, %v", i, err)
	}
	for text, want := range map[string]Info{
		"hello": {Flavour: Other, Release: AssumedRelease},
		"redis_version:7.4.0\r\ngcc_version:12.2.0\r\n":                      {Flavour: Redis, Version: "7.4.0", Release: Release{7, 4}},
		"redis_version:7.2.6\r\nrespect_version:1.0\r\n":                     {Flavour: Respect, Version: "1.0", Release: Release{7, 2}},
		"redis_version:6.2.11\r\ndragonfly_version:df-1.2\r\ndb0:keys=2\r\n": {Flavour: Other, Name: "dragonfly", Version: "df-1.2", Release: Release{6, 2}, Keys: 2},
	} {
		if i, err := parseInfo([]byte(text)); err != nil || i != want {
			t.Errorf("%q: got %+v, %v", text, i, err)
		}
	}
	if _, err := parseInfo([]byte("redis_version:new\r\n")); err == nil {
		t.Error("a version without numbers was accepted")
	}
}
