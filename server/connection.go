package server

import (
	"respect/server/command"

	"crypto/subtle"
	"strconv"

	"respect/keyspace"
)

// The connection itself: who the client is, which protocol and which database
// it uses. The subcommands of CLIENT are in clientcmd.go and client_*.go.

var connectionCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: authCommand, Spec: command.New("auth", -2, "noscript loading stale fast no_auth allow_busy @connection", "", "connection 1.0.0", "O(N)",
		"[username:string@6.0.0] password:string",
		"Authenticates the connection.")},
	{Spec: command.New("client", -2, "", "", "connection 2.4.0", "",
		"",
		"Looks at and controls connections.")},
	{handler: clientCachingCommand, Spec: command.New("client|caching", 3, "noscript loading stale @connection", "", "connection 6.0.0", "O(1)",
		"mode(YES | NO)",
		"Tells whether the next command's keys are tracked.")},
	{handler: clientGetnameCommand, Spec: command.New("client|getname", 2, "noscript loading stale @connection", "", "connection 2.6.9", "O(1)",
		"",
		"Returns the connection's name.")},
	{handler: clientGetredirCommand, Spec: command.New("client|getredir", 2, "noscript loading stale @connection", "", "connection 6.0.0", "O(1)",
		"",
		"Returns the client that gets this one's invalidation messages.")},
	{handler: clientHelpCommand, Spec: command.New("client|help", 2, "loading stale @connection", "", "connection 5.0.0", "O(1)",
		"",
		"Lists the subcommands of CLIENT.")},
	{handler: clientIdCommand, Spec: command.New("client|id", 2, "noscript loading stale @connection", "", "connection 5.0.0", "O(1)",
		"",
		"Returns the connection's number.")},
	{handler: clientInfoCommand, Spec: command.New("client|info", 2, "noscript loading stale @connection tip:nondeterministic_output", "", "connection 6.2.0", "O(1)",
		"",
		"Describes the connection.")},
	{handler: clientKillCommand, Spec: command.New("client|kill", -3, "admin noscript loading stale @connection", "", "connection 2.4.0", "O(N)",
		"filter(old-format:string<ip:port>!2.8.12 | new-format([ID client-id:integer@2.8.12] | [TYPE client-type(NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB)@2.8.12] | [USER username:string] | [ADDR addr:string<ip:port>] | [LADDR laddr:string<ip:port>@6.2.0] | [SKIPME skipme(YES | NO)])...)",
		"Closes connections.")},
	{handler: clientListCommand, Spec: command.New("client|list", -2, "admin noscript loading stale @connection tip:nondeterministic_output", "", "connection 2.4.0", "O(N)",
		"[TYPE client-type(NORMAL | MASTER | REPLICA | PUBSUB)@5.0.0] [ID client-id:integer...@6.2.0]",
		"Describes connections.")},
	{handler: clientNoEvictCommand, Spec: command.New("client|no-evict", 3, "admin noscript loading stale @connection", "", "connection 7.0.0", "O(1)",
		"enabled(ON | OFF)",
		"Protects the connection from being closed when memory is short.")},
	{handler: clientNoTouchCommand, Spec: command.New("client|no-touch", 3, "noscript loading stale @connection", "", "connection 7.2.0", "O(1)",
		"enabled(ON | OFF)",
		"Lets the connection's commands leave the age of keys alone.")},
	{handler: clientPauseCommand, Spec: command.New("client|pause", -3, "admin noscript loading stale @connection", "", "connection 3.0.0", "O(1)",
		"timeout:integer [mode(WRITE | ALL)@6.2.0]",
		"Lets the commands of all clients wait.")},
	{handler: clientReplyCommand, Spec: command.New("client|reply", 3, "noscript loading stale @connection", "", "connection 3.2.0", "O(1)",
		"action(ON | OFF | SKIP)",
		"Switches the replies to the connection on and off.")},
	{handler: clientSetinfoCommand, Spec: command.New("client|setinfo", 4, "noscript loading stale @connection tip:request_policy:all_nodes tip:response_policy:all_succeeded",
		"", "connection 7.2.0", "O(1)",
		"attr(LIB-NAME libname:string | LIB-VER libver:string)",
		"Tells the server about the client library.")},
	{handler: clientSetnameCommand, Spec: command.New("client|setname", 3, "noscript loading stale @connection tip:request_policy:all_nodes tip:response_policy:all_succeeded",
		"", "connection 2.6.9", "O(1)",
		"connection-name:string",
		"Gives the connection a name.")},
	{handler: clientTrackingCommand, Spec: command.New("client|tracking", -3, "noscript loading stale @connection", "", "connection 6.0.0", "O(1)",
		"status(ON | OFF) [REDIRECT client-id:integer] [(PREFIX prefix:string)...] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
		"Switches invalidation messages for cached keys on and off.")},
	{handler: clientTrackinginfoCommand, Spec: command.New("client|trackinginfo", 2, "noscript loading stale @connection", "", "connection 6.2.0", "O(1)",
		"",
		"Describes the connection's tracking.")},
	{handler: clientUnblockCommand, Spec: command.New("client|unblock", -3, "admin noscript loading stale @connection", "", "connection 5.0.0", "O(log N)",
		"client-id:integer [unblock-type(TIMEOUT | ERROR)]",
		"Ends another connection's waiting.")},
	{handler: clientUnpauseCommand, Spec: command.New("client|unpause", 2, "admin noscript loading stale @connection", "", "connection 6.2.0", "O(N)",
		"",
		"Ends CLIENT PAUSE.")},
	{handler: echoCommand, Spec: command.New("echo", 2, "loading stale fast @connection", "", "connection 1.0.0", "O(1)",
		"message:string",
		"Returns its argument.")},
	{handler: helloCommand, Spec: command.New("hello", -1, "noscript loading stale fast no_auth allow_busy @connection", "", "connection 6.0.0", "O(1)",
		"[arguments(protover:integer [AUTH auth(username:string password:string)] [SETNAME clientname:string])]",
		"Chooses the protocol and introduces client and server to each other.")},
	{handler: pingCommand, subscribed: true, Spec: command.New("ping", -1, "fast @connection tip:request_policy:all_shards tip:response_policy:all_succeeded", "", "connection 1.0.0", "O(1)",
		"[message:string]",
		"Replies PONG, or its argument.")},
	{handler: quitCommand, inMulti: atOnce, subscribed: true, Spec: command.New("quit", -1, "noscript loading stale fast no_auth allow_busy @connection",
		"", "connection 1.0.0 deprecated 7.2.0 just closing the connection", "O(1)",
		"",
		"Closes the connection.")},
	{handler: resetCommand, inMulti: atOnce, subscribed: true, Spec: command.New("reset", 1, "noscript loading stale fast no_auth allow_busy @connection", "", "connection 6.2.0", "O(1)",
		"",
		"Puts the connection into the state of a new one.")},
	{handler: selectCommand, Spec: command.New("select", 2, "loading stale fast @connection", "", "connection 1.0.0", "O(1)",
		"index:integer",
		"Changes the connection's database.")},
}

// defaultUser is who a client is without AUTH.
const defaultUser = "default"

// pingCommand tells whether the server is there.
//
//	PING [message]
//
// O(1). Reply: PONG, or the message; to a subscribed client of RESP2 an array of
// pong and the message, which may be empty.
func pingCommand(c *client, a *args) error {
	if c.subscribed() && c.out.Proto < 3 && a.left() <= 1 {
		c.out.Array(2)
		c.out.BulkString("pong")
		if a.more() {
			c.out.Bulk(a.next())
		} else {
			c.out.BulkString("")
		}
		return nil
	}
	switch a.left() {
	case 0:
		c.out.Pong()
	case 1:
		c.out.Bulk(a.next())
	default:
		return errArity("ping")
	}
	return nil
}

// echoCommand replies with its argument.
//
//	ECHO message
//
// O(1). Reply: the message.
func echoCommand(c *client, a *args) error {
	c.out.Bulk(a.next())
	return nil
}

// quitCommand closes the connection.
//
//	QUIT
//
// O(1). Reply: OK, before the connection is closed. Deviation: a client that wants no reply
// is closed, too; the reference then leaves the connection open, and deaf.
func quitCommand(c *client, a *args) error {
	c.out.OK()
	c.closeAfterReply()
	return nil
}

// selectCommand chooses the database.
//
//	SELECT index
//
// O(1). Reply: OK.
func selectCommand(c *client, a *args) error {
	index, err := c.dbIndex(a)
	if err != nil {
		return err
	}
	c.db = c.srv.ks.DB(index)
	c.out.OK()
	return nil
}

// authCommand authenticates the client.
//
//	AUTH [username] password
//
// O(1). Reply: OK.
func authCommand(c *client, a *args) error {
	if a.left() > 2 {
		return errSyntax
	}
	user := []byte(defaultUser)
	if a.left() == 2 {
		user = a.next()
	} else if c.srv.cfg.Requirepass == "" {
		return errNoPassword
	}
	if err := c.authenticate(user, a.next()); err != nil {
		return err
	}
	c.out.OK()
	return nil
}

// authenticate checks a name and a password. Without a configured password the
// default user may come in with any.
func (c *client) authenticate(user, pass []byte) error {
	want := c.srv.cfg.Requirepass
	if string(user) != defaultUser || want != "" && subtle.ConstantTimeCompare(pass, []byte(want)) == 0 {
		c.srv.stats.deniedAuth++
		return errWrongPass
	}
	c.user = string(user)
	c.setAuthenticated(true)
	return nil
}

const (
	errHelloProto  replyError = "ERR Protocol version is not an integer or out of range"
	errClientChars replyError = "ERR Client names cannot contain spaces, newlines or special characters."
)

// helloCommand chooses the protocol and introduces client and server.
//
//	HELLO [protover [AUTH username password] [SETNAME clientname]]
//
// O(1). Reply: a map that describes the server and the connection.
func helloCommand(c *client, a *args) error {
	proto := c.out.Proto
	if a.more() {
		n, ok := keyspace.ParseInt(a.next())
		if !ok {
			return errHelloProto
		}
		if n < 2 || n > 3 {
			return errNoProto
		}
		proto = int(n)
	}
	var name []byte
	for a.more() {
		switch {
		case a.optionWith("AUTH", 2):
			if err := c.authenticate(a.next(), a.next()); err != nil {
				return err
			}
		case a.optionWith("SETNAME", 1):
			if name = a.next(); !validName(name) {
				return errClientChars
			}
		default:
			return replyError("ERR Syntax error in HELLO option '" + string(a.next()) + "'")
		}
	}
	if !c.authenticated {
		return errNoAuthHello
	}
	if name != nil {
		c.name = string(name)
	}
	c.out.Proto = proto
	c.introduce()
	return nil
}

// introduce appends the reply of HELLO.
func (c *client) introduce() {
	w := &c.out
	w.Map(7)
	w.BulkString("server")
	w.BulkString("redis")
	w.BulkString("version")
	w.BulkString(c.srv.compat)
	w.BulkString("proto")
	w.Int(int64(w.Proto))
	w.BulkString("id")
	w.Int(c.id)
	w.BulkString("mode")
	w.BulkString("standalone")
	w.BulkString("role")
	w.BulkString("master")
	w.BulkString("modules")
	w.Array(0)
}

// resetCommand brings the connection back to the state that it began with.
//
//	RESET
//
// O(1). Reply: RESET.
func resetCommand(c *client, a *args) error {
	c.discard()
	c.unsubscribeAll()
	c.untrack()
	c.db = c.srv.ks.DB(0)
	c.out.Proto = 2
	c.name = ""
	c.stopMonitor()
	c.flags &= flagTrackingBroken
	if c.reply != replySkip { // this reply is skipped, too
		c.reply = replyOn
	}
	c.user = defaultUser
	c.setAuthenticated(c.srv.cfg.Requirepass == "")
	c.out.Status("RESET")
	return nil
}

// validName tells whether a text can stand in the fields of CLIENT LIST:
// printable ASCII without spaces. As in the reference
// a zero byte ends what is looked at.
func validName(s []byte) bool {
	for _, c := range text(s) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// appendField appends " name=value" to a line of CLIENT LIST.
func appendField[T string | int | int64](b []byte, name string, value T) []byte {
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = append(append(b, name...), '=')
	switch v := any(value).(type) {
	case string:
		b = append(b, v...)
	case int:
		b = strconv.AppendInt(b, int64(v), 10)
	case int64:
		b = strconv.AppendInt(b, v, 10)
	}
	return b
}
