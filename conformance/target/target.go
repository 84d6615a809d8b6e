package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"respect/conformance/resp"
)

// Flavours of servers. A server that names itself neither Valkey nor Respect
// counts as Redis.
const (
	Redis   = "redis"
	Valkey  = "valkey"
	Respect = "respect"
)

// callTimeout bounds every exchange with a server.
const callTimeout = 5 * time.Second

// Access tells how to reach a server and to enter it.
type Access struct {
	Addr     string // host:port, or the path of a Unix socket
	User     string // empty for the default user
	Password string // empty for no AUTH
	TLS      *tls.Config
	DB       int
}

// Info is what a server says about itself.
type Info struct {
	Flavour string  // Redis, Valkey or Respect
	Version string  // its own version, such as 8.0.1
	Release Release // the level of Redis compatibility, from redis_version
	Mode    string  // standalone, cluster or sentinel
	Keys    int64   // in all databases at the time of the probe
	Process int     // its process ID, 0 if it does not tell
}

func (i Info) String() string { return i.Flavour + " " + i.Version }

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

func (t *Target) probe(ctx context.Context) (Info, error) {
	c, err := t.Dial(ctx)
	if err != nil {
		return Info{}, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(callTimeout)); err != nil {
		return Info{}, err
	}
	d := resp.NewDecoder(c)
	requests := append(t.Greeting(0), resp.Request("PING"), resp.Request("INFO"))
	var last resp.Value
	for _, r := range requests {
		if _, err := c.Write(r); err != nil {
			return Info{}, err
		}
		if last, err = d.Decode(); err != nil {
			return Info{}, err
		}
		if last.Type == resp.Error {
			return Info{}, fmt.Errorf("%q answered with %q", r, last.Text)
		}
	}
	return parseInfo(last.Text)
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
	if field["redis_version"] == "" {
		return Info{}, errors.New("INFO has no field redis_version")
	}
	release, err := ParseRelease(field["redis_version"])
	if err != nil {
		return Info{}, err
	}
	info := Info{Flavour: Redis, Version: field["redis_version"], Release: release, Mode: field["redis_mode"], Keys: keys}
	for _, flavour := range []string{Valkey, Respect} {
		if v := field[flavour+"_version"]; v != "" {
			info.Flavour, info.Version = flavour, v
		}
	}
	info.Process, _ = strconv.Atoi(field["process_id"]) // a server behind something may tell none
	if info.Mode == "" {
		info.Mode = field["server_mode"]
	}
	return info, nil
}

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
