package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"respect/conformance/resp"
)

// Flavours of servers. One that is like Redis and names itself in a way of its own, or
// in none, is of the flavour Other.
const (
	Redis   = "redis"
	Valkey  = "valkey"
	Respect = "respect"
	Other   = "other"
)

// AssumedRelease is the level that is expected of a server that does not tell one.
var AssumedRelease = Release{Major: 7, Minor: 2}

// callTimeout bounds every exchange with a server.
const callTimeout = 5 * time.Second

// Access tells how to reach a server and to enter it.
type Access struct {
	Addr     string // host:port, or the path of a Unix socket
	User     string // empty for the default user
	Password string // empty for no AUTH
	TLS      *tls.Config
	DB       int
	// Patience is how long a reply is awaited; 0 is for 5 seconds.
	Patience time.Duration
}

// Info is what a server says about itself.
type Info struct {
	Flavour string  // Redis, Valkey, Respect or Other
	Name    string  // what it calls itself, if the flavour does not tell it
	Version string  // its own version, such as 8.0.1; empty if it tells none
	Release Release // the level of Redis compatibility, from redis_version
	Mode    string  // standalone, cluster or sentinel
	Keys    int64   // in all databases at the time of the probe
	Process int     // its process ID, 0 if it does not tell
}

func (i Info) String() string {
	name := i.Flavour
	if i.Name != "" {
		name = i.Name
	}
	return strings.TrimSuffix(name+" "+i.Version, " ")
}

// Target is a server that can be talked to.
type Target struct {
	Access
	Info Info
	// Owned tells that the suite started this server, and so may do to it
	// whatever it wants.
	Owned bool
	// Effects returns all that a server within this process has told to those who keep a
	// copy of its data, as it would stand in its AOF; nil for any other server.
	Effects func() ([]byte, error)

	process *process
}

// Connect probes a server that already runs.
func Connect(ctx context.Context, a Access) (*Target, error) {
	t := &Target{Access: a}
	info, err := t.probe(ctx)
	if err != nil {
		return nil, fmt.Errorf("server at %s: %w", a.Addr, err)
	}
	t.Info = info
	return t, nil
}

// Dial opens a connection and says nothing on it.
func (t *Target) Dial(ctx context.Context) (net.Conn, error) {
	network := "tcp"
	if strings.Contains(t.Addr, "/") {
		network = "unix"
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	d := &net.Dialer{}
	if t.TLS == nil {
		return d.DialContext(ctx, network, t.Addr)
	}
	return (&tls.Dialer{NetDialer: d, Config: t.TLS}).DialContext(ctx, network, t.Addr)
}

// Wait is how long a reply is awaited.
func (a Access) Wait() time.Duration {
	if a.Patience == 0 {
		return callTimeout
	}
	return a.Patience
}

// Greeting are the requests that open the door of the server: AUTH if there is
// a password, HELLO if proto is not 0, SELECT if the database is not 0.
func (t *Target) Greeting(proto int) [][]byte {
	var out [][]byte
	if t.Password != "" {
		words := []string{"AUTH", t.Password}
		if t.User != "" {
			words = []string{"AUTH", t.User, t.Password}
		}
		out = append(out, resp.Request(words...))
	}
	if proto != 0 {
		out = append(out, resp.Request("HELLO", strconv.Itoa(proto)))
	}
	if t.DB != 0 {
		out = append(out, resp.Request("SELECT", strconv.Itoa(t.DB)))
	}
	return out
}

// Close ends a server that was started by the suite and removes its files; it
// leaves any other alone.
func (t *Target) Close() error {
	if t.process == nil {
		return nil
	}
	return t.process.stop()
}

// Log is what a started server has printed so far.
func (t *Target) Log() string {
	if t.process == nil {
		return ""
	}
	return t.process.output.String()
}

// errLoading is the answer of a server that loads its data.
var errLoading = errors.New("the server is loading its data")

// probe asks the server for a sign of life and for what it is. Only the first is
// demanded of it.
func (t *Target) probe(ctx context.Context) (Info, error) {
	c, err := t.Open(ctx, 0)
	if err != nil {
		return Info{}, err
	}
	defer c.Close()
	alive, err := c.Ask("PING")
	if err == nil && bytes.HasPrefix(alive.Text, []byte("LOADING ")) {
		return Info{}, errLoading
	}
	if err == nil && alive.Type == resp.Error && !IsUnknownCommand(&alive) {
		err = fmt.Errorf("PING answered with %q", alive.Text)
	}
	if err != nil {
		return Info{}, err
	}
	v, err := c.Ask("INFO")
	if err != nil || v.Type == resp.Error {
		return t.withoutInfo(ctx), nil
	}
	return parseInfo(v.Text)
}

// withoutInfo is for servers that do not know INFO, or close the connection over it: some
// of them greet with a name.
func (t *Target) withoutInfo(ctx context.Context) Info {
	info := Info{Flavour: Other, Release: AssumedRelease}
	c, err := t.Open(ctx, 0)
	if err != nil {
		return info
	}
	defer c.Close()
	hello, err := c.Ask("HELLO")
	for i := 0; err == nil && i+1 < len(hello.Elems); i += 2 {
		switch string(hello.Elems[i].Text) {
		case "server":
			info.Name = string(hello.Elems[i+1].Text)
		case "version":
			info.Version = string(hello.Elems[i+1].Text)
		}
	}
	return info
}

func parseInfo(text []byte) (Info, error) {
	field := map[string]string{}
	var keys int64
	for line := range bytes.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		if !ok {
			continue
		}
		field[name] = value
		keys += keysOf(name, value)
	}
	info := Info{Flavour: Redis, Version: field["redis_version"], Release: AssumedRelease, Mode: field["redis_mode"], Keys: keys}
	if info.Version == "" {
		info.Flavour = Other
	} else {
		var err error
		if info.Release, err = ParseRelease(info.Version); err != nil {
			return Info{}, err
		}
	}
	for name, value := range field {
		if own, ok := strings.CutSuffix(name, "_version"); ok && !slices.Contains(notServers, own) {
			info.Flavour, info.Name, info.Version = Other, own, value
		}
	}
	if info.Name == Valkey || info.Name == Respect {
		info.Flavour, info.Name = info.Name, ""
	}
	info.Process, _ = strconv.Atoi(field["process_id"]) // a server behind something may tell none
	if info.Mode == "" {
		info.Mode = field["server_mode"]
	}
	return info, nil
}

// notServers have versions in INFO, and are not what the server calls itself.
var notServers = []string{"redis", "gcc", "rdb", "tls", "openssl", "lua", "go"}

// keysOf reads the number of keys from a line of the keyspace section, such as
// "db0:keys=3,expires=0,avg_ttl=0".
func keysOf(name, value string) int64 {
	if _, err := strconv.Atoi(strings.TrimPrefix(name, "db")); err != nil || !strings.HasPrefix(name, "db") {
		return 0
	}
	first, _, _ := strings.Cut(value, ",")
	n, _ := strconv.ParseInt(strings.TrimPrefix(first, "keys="), 10, 64)
	return n
}
