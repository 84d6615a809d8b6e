package server

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"respect/keyspace"
)

// CLIENT and its subcommands.

// describe returns the client's line in CLIENT LIST.
func (c *client) describe() string {
	s := c.srv
	var b []byte
	b = appendField(b, "id", c.id)
	b = appendField(b, "addr", c.conn.RemoteAddr())
	b = appendField(b, "laddr", c.conn.LocalAddr())
	b = appendField(b, "fd", c.conn.FD())
	b = appendField(b, "name", c.name)
	b = appendField(b, "age", c.age())
	b = appendField(b, "idle", (s.nowMs-c.activeMs)/1000)
	b = appendField(b, "flags", c.flagLetters())
	b = appendField(b, "db", c.db.ID())
	b = appendField(b, "sub", c.subscriptions.of(channels))
	b = appendField(b, "psub", c.subscriptions.of(patterns))
	b = appendField(b, "ssub", c.subscriptions.of(shards))
	b = appendField(b, "multi", c.queued())
	b = appendField(b, "qbuf", c.queryLen)
	b = appendField(b, "qbuf-free", cap(c.in)-c.queryLen)
	b = appendField(b, "argv-mem", c.argvMem())
	b = appendField(b, "multi-mem", c.multiMem())
	reply, waiting := len(c.out.Buf), c.conn.OutputPending()
	events, lists := "r", 0
	if waiting > 0 { // the peer does not read
		reply, waiting = 0, waiting+reply
		events, lists = "rw", 1
	}
	b = appendField(b, "rbs", cap(c.out.Buf))
	b = appendField(b, "rbp", cap(c.out.Buf))
	b = appendField(b, "obl", reply)
	b = appendField(b, "oll", lists)
	b = appendField(b, "omem", waiting)
	b = appendField(b, "tot-mem", c.memory())
	b = appendField(b, "events", events)
	b = appendField(b, "cmd", c.commandName())
	b = appendField(b, "user", c.user)
	b = appendField(b, "redir", c.redirection())
	b = appendField(b, "resp", c.out.Proto)
	b = appendField(b, "lib-name", c.libName)
	b = appendField(b, "lib-ver", c.libVersion)
	return string(b)
}

// age is for how many seconds the client has been connected.
func (c *client) age() int64 { return (c.srv.nowMs - c.createdMs) / 1000 }

func (c *client) commandName() string {
	if c.row == nil {
		return "NULL"
	}
	return c.row.FullName
}

func (c *client) argvMem() int {
	n := 0
	argv := c.args.argv
	if c.blocked != nil {
		argv = c.blocked.argv
	}
	for _, arg := range argv {
		n += len(arg)
	}
	return n
}

// queued returns how many commands the client has queued, -1 without MULTI.
func (c *client) queued() int {
	if c.multi == nil {
		return -1
	}
	return len(c.multi.queue)
}

// multiMem returns the bytes that the client's transaction takes.
func (c *client) multiMem() int {
	if c.multi == nil {
		return 0
	}
	const perArg, perCommand = 24, 24
	return c.multi.size + len(c.multi.argv)*perArg + len(c.multi.queue)*perCommand
}

// clientSize estimates the bytes that a connection takes without its buffers.
const clientSize = 1024

func (c *client) memory() int {
	return clientSize + cap(c.in) + c.argvMem() + c.multiMem() + len(c.out.Buf) + c.conn.OutputPending()
}

func (c *client) flagLetters() string {
	var b strings.Builder
	if c.flags&flagMonitor != 0 {
		b.WriteByte('O')
	}
	if c.subscribed() {
		b.WriteByte('P')
	}
	if c.multi != nil {
		b.WriteByte('x')
	}
	if c.blocked != nil || c.postponed {
		b.WriteByte('b')
	}
	b.WriteString(c.trackingLetters())
	if c.watchBroken() {
		b.WriteByte('d')
	}
	if c.closing {
		b.WriteByte('c')
	}
	if c.conn.Unix() {
		b.WriteByte('U')
	}
	if c.flags&flagNoEvict != 0 {
		b.WriteByte('e')
	}
	if c.flags&flagNoTouch != 0 {
		b.WriteByte('T')
	}
	if b.Len() == 0 {
		return "N"
	}
	return b.String()
}

// byID returns all clients, oldest first.
func (s *Server) byID() []*client {
	all := make([]*client, 0, len(s.clients))
	for _, c := range s.clients {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y *client) int { return int(x.id - y.id) })
	return all
}

// clientIdCommand tells the client's number.
//
//	CLIENT ID
//
// O(1). Reply: the number; later connections have higher ones.
func clientIdCommand(c *client, a *args) error {
	c.out.Int(c.id)
	return nil
}

// clientInfoCommand describes the connection.
//
//	CLIENT INFO
//
// O(1). Reply: a line of fields.
func clientInfoCommand(c *client, a *args) error {
	c.out.Verbatim("txt", c.describe()+"\n")
	return nil
}

// clientListCommand describes the connections.
//
//	CLIENT LIST [TYPE NORMAL | MASTER | REPLICA | PUBSUB] [ID client-id ...]
//
// O(N) with N the number of connections. Reply: a line for each.
func clientListCommand(c *client, a *args) error {
	clients := c.srv.byID()
	switch {
	case !a.more():
	case a.left() == 2 && a.option("TYPE"):
		t := a.next()
		kind, ok := parseClientType(t)
		if !ok {
			return errClientType(t)
		}
		clients = slices.DeleteFunc(clients, func(other *client) bool { return other.kind() != kind })
	case a.optionWith("ID", 1):
		clients = clients[:0]
		for a.more() {
			id, ok := keyspace.ParseInt(a.next())
			if !ok {
				return replyError("ERR Invalid client ID")
			}
			if other := c.srv.clients[id]; other != nil {
				clients = append(clients, other)
			}
		}
	default:
		return errSyntax
	}
	var b strings.Builder
	for _, other := range clients {
		b.WriteString(other.describe())
		b.WriteByte('\n')
	}
	c.out.Verbatim("txt", b.String())
	return nil
}

// clientType is what a connection is used for.
type clientType uint8

const (
	clientNormal clientType = iota
	clientMaster
	clientReplica
	clientPubsub
)

// kind is the type that the client is of. Monitors are normal ones.
func (c *client) kind() clientType {
	if c.subscribed() {
		return clientPubsub
	}
	return clientNormal
}

func parseClientType(name []byte) (clientType, bool) {
	switch {
	case equalFold(name, "NORMAL"):
		return clientNormal, true
	case equalFold(name, "MASTER"):
		return clientMaster, true
	case equalFold(name, "REPLICA"), equalFold(name, "SLAVE"):
		return clientReplica, true
	case equalFold(name, "PUBSUB"):
		return clientPubsub, true
	}
	return 0, false
}

func errClientType(name []byte) replyError {
	return replyError("ERR Unknown client type '" + string(name) + "'")
}

// killFilter says which clients CLIENT KILL closes.
type killFilter struct {
	id          int64   // 0 for any
	addr, laddr *string // nil for any
	user        *string
	typ         *clientType
	skipMe      bool
	maxAge      int64 // in seconds: who has been there as long or longer; 0 for any
}

func (k *killFilter) matches(c *client) bool {
	switch {
	case k.id != 0 && k.id != c.id,
		k.addr != nil && *k.addr != c.conn.RemoteAddr(),
		k.laddr != nil && *k.laddr != c.conn.LocalAddr(),
		k.user != nil && *k.user != c.user,
		k.typ != nil && *k.typ != c.kind(),
		k.maxAge != 0 && c.age() < k.maxAge:
		return false
	}
	return true
}

const errNoSuchClient replyError = "ERR No such client"

func readKillFilter(a *args) (k killFilter, err error) {
	k.skipMe = true
	for a.more() {
		if a.left() < 2 {
			return k, errSyntax
		}
		switch {
		case a.option("ID"):
			id, err := a.int()
			if err != nil || id < 1 {
				return k, replyError("ERR client-id should be greater than 0")
			}
			k.id = id
		case a.option("TYPE"):
			name := a.next()
			typ, ok := parseClientType(name)
			if !ok {
				return k, errClientType(name)
			}
			k.typ = &typ
		case a.option("ADDR"):
			k.addr = new(string(a.next()))
		case a.option("LADDR"):
			k.laddr = new(string(a.next()))
		case a.option("USER"):
			if k.user = new(string(a.next())); *k.user != defaultUser {
				return k, replyError("ERR No such user '" + *k.user + "'")
			}
		case a.option("MAXAGE"): // since 7.4
			var ok bool
			switch k.maxAge, ok = keyspace.ParseInt(a.next()); {
			case !ok:
				return k, replyError("ERR maxage is not an integer or out of range")
			case k.maxAge <= 0:
				return k, replyError("ERR maxage should be greater than 0")
			}
		case a.option("SKIPME"):
			switch {
			case a.option("YES"):
				k.skipMe = true
			case a.option("NO"):
				k.skipMe = false
			default:
				return k, errSyntax
			}
		default:
			return k, errSyntax
		}
	}
	return k, nil
}

// clientKillCommand closes connections.
//
//	CLIENT KILL <ip:port | <[ID client-id] [TYPE type] [USER username]
//	    [ADDR ip:port] [LADDR ip:port] [SKIPME YES | NO] [MAXAGE seconds]> ...>
//
// O(N) with N the number of connections. Reply: OK for an address, else how
// many were closed.
func clientKillCommand(c *client, a *args) error {
	oldForm := a.left() == 1
	k := killFilter{}
	if oldForm {
		k.addr = new(string(a.next()))
	} else {
		var err error
		if k, err = readKillFilter(a); err != nil {
			return err
		}
	}
	killed := int64(0)
	for _, other := range c.srv.byID() {
		if !k.matches(other) || other == c && k.skipMe {
			continue
		}
		killed++
		c.srv.kill(other, c)
	}
	switch {
	case !oldForm:
		c.out.Int(killed)
	case killed == 0:
		return errNoSuchClient
	default:
		c.out.OK()
	}
	return nil
}

// kill closes a connection; by itself a client is closed only after the reply.
func (s *Server) kill(c, by *client) {
	if c == by {
		c.closeAfterReply()
		return
	}
	c.conn.Close()
}

// clientSetnameCommand names the connection.
//
//	CLIENT SETNAME connection-name
//
// O(1). Reply: OK.
func clientSetnameCommand(c *client, a *args) error {
	name := a.next()
	if !validName(name) {
		return errClientChars
	}
	c.name = string(name)
	c.out.OK()
	return nil
}

// clientGetnameCommand tells the connection's name.
//
//	CLIENT GETNAME
//
// O(1). Reply: the name, or null.
func clientGetnameCommand(c *client, a *args) error {
	if c.name == "" {
		c.out.Null()
	} else {
		c.out.BulkString(c.name)
	}
	return nil
}

// clientSetinfoCommand notes which library the client uses.
//
//	CLIENT SETINFO LIB-NAME libname | LIB-VER libver
//
// O(1). Reply: OK.
func clientSetinfoCommand(c *client, a *args) error {
	attr, value := a.next(), a.next()
	field := &c.libName
	switch {
	case equalFold(attr, "LIB-NAME"):
	case equalFold(attr, "LIB-VER"):
		field = &c.libVersion
	default:
		return replyError("ERR Unrecognized option '" + string(attr) + "'")
	}
	if !validName(value) {
		return replyError("ERR " + string(attr) + " cannot contain spaces, newlines or special characters.")
	}
	*field = string(value)
	c.out.OK()
	return nil
}

// onOff reads ON or OFF.
func (a *args) onOff() (on bool, err error) {
	switch {
	case a.option("ON"):
		return true, nil
	case a.option("OFF"):
		return false, nil
	}
	return false, errSyntax
}

// clientNoEvictCommand protects the connection from being closed to free memory.
//
//	CLIENT NO-EVICT ON | OFF
//
// O(1). Reply: OK.
func clientNoEvictCommand(c *client, a *args) error { return c.setFlag(a, flagNoEvict) }

// clientNoTouchCommand lets the client's commands leave the access clocks of
// keys alone.
//
//	CLIENT NO-TOUCH ON | OFF
//
// O(1). Reply: OK.
func clientNoTouchCommand(c *client, a *args) error { return c.setFlag(a, flagNoTouch) }

func (c *client) setFlag(a *args, flag clientFlags) error {
	on, err := a.onOff()
	if err != nil {
		return err
	}
	c.flags &^= flag
	if on {
		c.flags |= flag
	}
	c.out.OK()
	return nil
}

// clientReplyCommand says whether the client gets replies.
//
//	CLIENT REPLY ON | OFF | SKIP
//
// O(1). Reply: OK to ON, nothing otherwise.
func clientReplyCommand(c *client, a *args) error {
	switch {
	case a.option("ON"):
		c.reply = replyOn
		c.out.OK()
	case a.option("OFF"):
		c.reply = replyOff
	case a.option("SKIP"):
		if c.reply != replyOff {
			c.reply = replySkipNext
		}
	default:
		return errSyntax
	}
	return nil
}

// clientPauseCommand lets the commands of all clients wait.
//
//	CLIENT PAUSE timeout [WRITE | ALL]
//
// O(1). Reply: OK. The timeout is in milliseconds.
func clientPauseCommand(c *client, a *args) error {
	timeout := a.next()
	all := true
	if a.left() > 1 {
		return errSubcommandArgs("client", a.argv[1])
	}
	if a.more() {
		switch {
		case a.option("WRITE"):
			all = false
		case a.option("ALL"):
		default:
			return replyError("ERR CLIENT PAUSE mode must be WRITE or ALL")
		}
	}
	until, err := timeoutAt(timeout, timeoutMilliseconds, c.srv.nowMs)
	if err != nil {
		return err
	}
	c.srv.setPause(until, all)
	c.out.OK()
	return nil
}

// clientUnpauseCommand ends CLIENT PAUSE.
//
//	CLIENT UNPAUSE
//
// O(N) with N the number of clients that wait. Reply: OK.
func clientUnpauseCommand(c *client, a *args) error {
	c.srv.unpause()
	c.out.OK()
	return nil
}

// clientUnblockCommand ends the wait of a blocked client.
//
//	CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
//
// O(log N) with N the number of blocked clients. Reply: 1 if it was blocked,
// else 0.
func clientUnblockCommand(c *client, a *args) error {
	idArg := a.next()
	withError := false
	if a.left() > 1 {
		return errSubcommandArgs("client", a.argv[1])
	}
	if a.more() {
		switch {
		case a.option("TIMEOUT"):
		case a.option("ERROR"):
			withError = true
		default:
			return replyError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
		}
	}
	id, ok := keyspace.ParseInt(idArg)
	if !ok {
		return errNotInteger
	}
	other := c.srv.clients[id]
	if other == nil || other.blocked == nil {
		c.out.Int(0)
		return nil
	}
	reply := other.blocked.onTimeout
	if withError {
		c.row.stats.failed++ // the error counts as one of this command, too
		reply = func(c *client) {
			c.srv.stats.countError(string(errUnblocked))
			c.out.Error(string(errUnblocked))
		}
	}
	c.srv.endWait(other, reply)
	c.out.Int(1)
	return nil
}

// clientHelpCommand lists the subcommands.
//
//	CLIENT HELP
func clientHelpCommand(c *client, a *args) error { return c.help("client") }

type timeoutUnit uint8

const (
	timeoutSeconds timeoutUnit = iota // with fraction
	timeoutMilliseconds
)

// timeoutAt reads a timeout and returns when it is over, as Unix time in
// milliseconds; 0 for never. A fraction of a millisecond counts as one, so that
// the shortest timeout is not taken for none.
func timeoutAt(arg []byte, unit timeoutUnit, nowMs int64) (int64, error) {
	if unit == timeoutMilliseconds {
		n, ok := keyspace.ParseInt(arg)
		switch {
		case !ok:
			return 0, errTimeoutInteger
		case n < 0:
			return 0, errTimeoutNeg
		case n > math.MaxInt64-nowMs:
			return 0, errTimeoutRange
		}
		return nowMs + n, nil
	}
	f, ok := parseLongDouble(arg)
	if !ok {
		return 0, errTimeoutFloat
	}
	exact, _ := f.Mul(f, big.NewFloat(1000)).Float64() // in the reference's precision
	ms := math.Ceil(exact)
	switch {
	case ms < 0:
		return 0, errTimeoutNeg
	case ms == 0: // also less than a millisecond below zero
		return 0, nil
	case ms > math.MaxInt64-float64(nowMs)-1024: // float64 has no finer steps there
		return 0, errTimeoutRange
	}
	return nowMs + int64(ms), nil
}
