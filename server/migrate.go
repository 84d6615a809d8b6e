package server

import (
	"bufio"
	"context"
	"errors"
	"math"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"respect/keyspace"
	"respect/protocol"
	"respect/server/command"
)

// MIGRATE: keys that move to another server. It is a client of that server: it sends
// RESTORE with the payload of each key, and deletes each key whose arrival is confirmed.
//
// As in the reference the command is atomic, so that a key is on one server or on the
// other: nobody is served while it waits for the target, and the timeout bounds each
// connecting, each writing of a chunk, and each reading of a line. Connections are kept
// for a while; one that turns out to be broken is replaced, once.

var migrateCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: migrateCommand, Spec: command.New("migrate", -6, "write @dangerous @keyspace tip:nondeterministic_output",
		"3 RW access delete; KEYS@-2..-1 RW access delete incomplete; by migrate", "generic 2.6.0", "O(N*M)",
		`host:string port:integer key-selector(key:key | empty-string="") destination-db:integer timeout:integer [COPY@3.0.0] [REPLACE@3.0.0] [authentication(AUTH auth:string<password>@4.0.7 | AUTH2 auth2(username:string password:string)@6.0.0)] [KEYS keys:key<key>...@3.0.6]`,
		"Moves keys to another server.")},
}

const (
	errMigrateKeys    replyError = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
	errMigrateConnect replyError = "IOERR error or timeout connecting to the client"
	errMigrateWrite   replyError = "IOERR error or timeout writing to target instance"
	errMigrateRead    replyError = "IOERR error or timeout reading to target instance"
	statusNoKey                  = "NOKEY"
)

const (
	maxMigrateSockets = 64       // that are kept
	migrateSocketMs   = 10_000   // for which one is kept
	migrateChunk      = 64 << 10 // bytes that are written at a time
	migrateLine       = 1023     // bytes of a reply that are looked at, as in the reference
	noDatabase        = -1       // so that -1 is the one that is selected anyway, as in the reference
)

// migration is what one MIGRATE is to do.
type migration struct {
	host, port string
	db         int64
	timeout    time.Duration
	copy       bool
	replace    bool
	auth       [][]byte // the arguments of AUTH, if any
	keys       []*keyspace.Object
}

// migrateCommand moves keys to another server.
//
//	MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE]
//	  [AUTH password | AUTH2 username password] [KEYS key [key ...]]
//
// O(N*M) with N the number of elements of the values and M their average size. Reply: OK,
// NOKEY if there is none of the keys, or the first error of the target; keys that have
// arrived are gone here all the same. The timeout is in milliseconds.
func migrateCommand(c *client, a *args) error {
	m, keys, err := readMigration(a)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if o := c.db.Lookup(key, c.touchFlag()); o != nil {
			m.keys = append(m.keys, o)
		}
	}
	if len(m.keys) == 0 {
		c.out.Status(statusNoKey)
		return nil
	}
	if err := c.migrate(m); err != nil {
		return err
	}
	c.out.OK()
	return nil
}

func readMigration(a *args) (m *migration, keys [][]byte, err error) {
	m = &migration{host: string(text(a.next())), port: portNumber(a.next())}
	keys = [][]byte{a.next()}
	dbArg, timeoutArg := a.next(), a.next()
	for a.more() {
		switch {
		case a.option("COPY"):
			m.copy = true
		case a.option("REPLACE"):
			m.replace = true
		case a.optionWith("AUTH", 1):
			m.auth = [][]byte{a.next()}
		case a.optionWith("AUTH2", 2):
			m.auth = [][]byte{a.next(), a.next()}
		case a.option("KEYS"):
			if len(keys[0]) > 0 {
				return nil, nil, errMigrateKeys
			}
			keys = a.rest()
		default:
			return nil, nil, errSyntax
		}
	}
	ms, ok := keyspace.ParseInt(timeoutArg)
	if !ok {
		return nil, nil, errNotInteger
	}
	if m.db, ok = keyspace.ParseInt(dbArg); !ok {
		return nil, nil, errNotInteger
	}
	if ms <= 0 {
		ms = 1000
	}
	m.timeout = time.Duration(min(ms, math.MaxInt32)) * time.Millisecond
	return m, keys, nil
}

// portNumber reads a port as the reference does: digits up to anything else, of which 16
// bits count.
func portNumber(arg []byte) string {
	n := 0
	for _, c := range arg {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return strconv.Itoa(n & math.MaxUint16)
}

// migrate moves the keys. If a connection breaks before the first reply, it tries again
// with another one; if the target is only silent, it does not.
func (c *client) migrate(m *migration) error {
	err := c.migrateOnce(m)
	var broken *brokenSocket
	if errors.As(err, &broken) && broken.again {
		err = c.migrateOnce(m)
	}
	if errors.As(err, &broken) {
		return broken.reply
	}
	return err
}

// migrateOnce moves the keys on one connection. Its error is that of the target, or a
// *brokenSocket.
func (c *client) migrateOnce(m *migration) error {
	sockets := &c.srv.migrateSockets
	socket, err := sockets.get(m, c.srv.nowMs)
	if err != nil {
		return err
	}
	selects := socket.db != m.db
	if err := c.sendMigration(m, socket, selects); err != nil {
		sockets.drop(m)
		return err
	}
	arrived, err := readMigrationReplies(m, socket, selects)
	if !m.copy {
		c.removeMigrated(arrived)
	}
	socket.db = m.db
	if err != nil {
		socket.db = noDatabase
	}
	if socket.broken {
		sockets.drop(m)
	}
	return err
}

// sendMigration sends all requests.
func (c *client) sendMigration(m *migration, to *migrateSocket, selects bool) error {
	var b []byte
	if m.auth != nil {
		b = protocol.AppendRequest(b, slices.Concat([][]byte{[]byte("AUTH")}, m.auth)...)
	}
	if selects {
		b = protocol.AppendRequest(b, []byte("SELECT"), strconv.AppendInt(nil, m.db, 10))
	}
	restore := [][]byte{[]byte("RESTORE"), nil, nil, nil}
	if m.replace {
		restore = append(restore, []byte("REPLACE"))
	}
	var payload []byte
	for _, o := range m.keys {
		ttl := int64(0)
		if at := c.db.ExpireAt(o); at != keyspace.NoExpiry {
			ttl = max(1, at-c.srv.nowMs)
		}
		payload = c.srv.appendDump(payload[:0], o)
		restore[1], restore[2], restore[3] = o.Key(), strconv.AppendInt(nil, ttl, 10), payload
		b = protocol.AppendRequest(b, restore...)
		if len(b) >= migrateChunk {
			if err := to.write(b, m.timeout); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return to.write(b, m.timeout)
}

// readMigrationReplies reads the replies to what sendMigration has sent, and returns the
// keys that have arrived.
func readMigrationReplies(m *migration, from *migrateSocket, selects bool) (arrived [][]byte, err error) {
	refused, isRefused := "", false // what the target says to AUTH or SELECT, if that is an error
	for _, expected := range []bool{m.auth != nil, selects} {
		if !expected {
			continue
		}
		line, err := from.readLine(m.timeout)
		if err != nil {
			from.broken = true
			return nil, err
		}
		if !isRefused {
			refused, isRefused = targetError(line)
		}
	}
	for i, o := range m.keys {
		line, broken := from.readLine(m.timeout)
		if broken != nil {
			from.broken = true
			broken.again = broken.again && i == 0
			if err == nil {
				err = broken
			}
			return arrived, err
		}
		said, isError := refused, isRefused
		if !isError {
			said, isError = targetError(line)
		}
		if !isError {
			arrived = append(arrived, o.Key())
		} else if err == nil {
			err = replyError("ERR Target instance replied with error: " + said)
		}
	}
	return arrived, err
}

// targetError returns the text of an error reply.
func targetError(line []byte) (said string, isError bool) {
	if len(line) == 0 || line[0] != '-' {
		return "", false
	}
	return string(text(line[1:])), true
}

// removeMigrated deletes the keys that have arrived. Who keeps a copy of the data set is
// told a deletion of them.
func (c *client) removeMigrated(keys [][]byte) {
	if len(keys) == 0 {
		return
	}
	for _, key := range keys {
		c.db.Delete(key)
		c.modified(eventGeneric, "del", key)
	}
	c.effect(slices.Concat([][]byte{wordDel}, keys)...)
}

// migrateSockets are the connections to other servers that are kept, by address.
type migrateSockets struct{ byName map[string]*migrateSocket }

// A migrateSocket is a connection to another server.
type migrateSocket struct {
	conn   net.Conn
	in     *bufio.Reader
	db     int64 // that is selected there, or noDatabase
	usedMs int64
	broken bool
}

// A brokenSocket is a connection that has failed.
type brokenSocket struct {
	reply replyError
	again bool // another one may do better
}

func (b *brokenSocket) Error() string { return string(b.reply) }

func socketError(reply replyError, err error) *brokenSocket {
	return &brokenSocket{reply: reply, again: !errors.Is(err, os.ErrDeadlineExceeded)}
}

// get returns the connection to the target, a new one if there is none.
func (s *migrateSockets) get(m *migration, nowMs int64) (*migrateSocket, error) {
	name := net.JoinHostPort(m.host, m.port)
	if socket := s.byName[name]; socket != nil {
		socket.usedMs = nowMs
		return socket, nil
	}
	if len(s.byName) == maxMigrateSockets {
		for other, socket := range s.byName { // any of them
			socket.conn.Close()
			delete(s.byName, other)
			break
		}
	}
	conn, err := dialTarget(m, name)
	if err != nil {
		return nil, err
	}
	socket := &migrateSocket{conn: conn, in: bufio.NewReaderSize(conn, migrateLine), db: noDatabase, usedMs: nowMs}
	if s.byName == nil {
		s.byName = map[string]*migrateSocket{}
	}
	s.byName[name] = socket
	return socket, nil
}

// dialTarget connects. The reference notices that a connection is refused when it writes.
func dialTarget(m *migration, name string) (net.Conn, error) {
	if m.host == "" {
		return nil, errMigrateConnect
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", name)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ECONNRESET):
		return nil, socketError(errMigrateWrite, err)
	}
	return nil, errMigrateConnect
}

// drop closes the connection to the target.
func (s *migrateSockets) drop(m *migration) {
	name := net.JoinHostPort(m.host, m.port)
	if socket := s.byName[name]; socket != nil {
		socket.conn.Close()
		delete(s.byName, name)
	}
}

// closeUnused closes the connections that nobody has used since a time.
func (s *migrateSockets) closeUnused(sinceMs int64) {
	for name, socket := range s.byName {
		if socket.usedMs < sinceMs {
			socket.conn.Close()
			delete(s.byName, name)
		}
	}
}

// closeMigrateSockets closes all connections to other servers.
func (s *Server) closeMigrateSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.migrateSockets.closeUnused(math.MaxInt64)
}

func (t *migrateSocket) write(b []byte, timeout time.Duration) error {
	for len(b) > 0 {
		n := min(len(b), migrateChunk)
		err := t.conn.SetWriteDeadline(time.Now().Add(timeout))
		if err == nil {
			_, err = t.conn.Write(b[:n])
		}
		if err != nil {
			return socketError(errMigrateWrite, err)
		}
		b = b[n:]
	}
	return nil
}

// readLine reads a line, without its end, or as much of it as is looked at. Like the
// reference it takes a line without anything, not even a carriage return, for the end.
func (t *migrateSocket) readLine(timeout time.Duration) ([]byte, *brokenSocket) {
	err := t.conn.SetReadDeadline(time.Now().Add(timeout))
	var line []byte
	if err == nil {
		line, err = t.in.ReadSlice('\n')
	}
	if err != nil && err != bufio.ErrBufferFull || len(line) == 1 && line[0] == '\n' {
		return nil, socketError(errMigrateRead, err)
	}
	if n := len(line); line[n-1] == '\n' {
		line = line[:n-1]
		if n > 1 && line[n-2] == '\r' {
			line = line[:n-2]
		}
	}
	return line, nil
}
