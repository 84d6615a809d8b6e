package server

import (
	"slices"
	"strings"

	"respect/keyspace"
)

// CLIENT and its subcommands. KILL is in client_kill.go; PAUSE, UNPAUSE and UNBLOCK are in
// client_pause.go, CACHING, GETREDIR, TRACKING and TRACKINGINFO in tracking.go.

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

// clientHelpCommand lists the subcommands.
//
//	CLIENT HELP
func clientHelpCommand(c *client, a *args) error { return c.help("client") }
