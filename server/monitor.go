package server

import (
	"slices"
	"strconv"

	"respect/server/command"
)

// MONITOR: a client that is shown every call of every client, after it has ended.
// Administrative commands and what scripts call through others are left out, and
// passwords are hidden (observe.go). What a slow reader has not taken counts against
// client-output-buffer-limit and maxmemory-clients (limits.go).

var monitorCommands = []row{
	//  name, arity, flags @categories tips, keys, group since, complexity
	//  syntax
	//  summary
	{handler: monitorCommand, Spec: command.New("monitor", 1, "admin noscript loading stale", "", "server 1.0.0", "",
		"",
		"Shows every command that the server executes.")},
}

const (
	errMonitorKeys   replyError = "ERR Replica can't interact with the keyspace"
	errMonitorInExec replyError = "ERR MONITOR isn't allowed for DENY BLOCKING client"
)

// monitorCommand makes the client a monitor, until RESET.
//
//	MONITOR
//
// O(1). Reply: OK, then a line for each call: Unix time, database and client in
// brackets, the arguments in quotes. To a monitor there is no reply.
func monitorCommand(c *client, a *args) error {
	if c.inExec() {
		return errMonitorInExec
	}
	if c.flags&flagMonitor != 0 {
		return nil
	}
	c.flags |= flagMonitor
	c.srv.monitors = append(c.srv.monitors, c)
	c.out.OK()
	return nil
}

// stopMonitor ends what MONITOR began.
func (c *client) stopMonitor() {
	if c.flags&flagMonitor == 0 {
		return
	}
	c.flags &^= flagMonitor
	list := c.srv.monitors
	if i := slices.Index(list, c); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		list = nil
	}
	c.srv.monitors = list
}

// feedMonitors shows a call that has ended, or begun to wait, to the monitors. It is
// called only if there are any.
func (s *Server) feedMonitors(c *client, r *row) {
	if r.Flags&(command.SkipMonitor|command.Admin) != 0 || c.blocked != nil && c.blocked.again {
		return
	}
	s.monitorLine = c.appendMonitorLine(s.monitorLine[:0], s.shown(r, c.args.argv))
	for _, m := range slices.Clone(s.monitors) { // one may be closed for its output
		if !m.closing && (m == c || m.reply == replyOn) { // its own is part of its reply
			m.out.Buf = append(m.out.Buf, s.monitorLine...)
			m.delivered()
		}
	}
	if cap(s.monitorLine) > maxSpareLine {
		s.monitorLine = nil
	}
}

// maxSpareLine is the capacity in bytes up to which the buffer for a monitor's line
// is kept.
const maxSpareLine = 64 << 10

// appendMonitorLine appends what monitors are shown of a call.
func (c *client) appendMonitorLine(b []byte, argv [][]byte) []byte {
	nowUs := c.srv.nowNs / 1000
	b = append(b, '+')
	b = strconv.AppendInt(b, nowUs/1_000_000, 10)
	b = append(b, '.')
	const digits = "000000"
	fraction := strconv.AppendInt(nil, nowUs%1_000_000, 10)
	b = append(append(b, digits[len(fraction):]...), fraction...)
	b = append(b, " ["...)
	b = strconv.AppendInt(b, int64(c.db.ID()), 10)
	b = append(b, ' ')
	if c.conn.Unix() {
		b = append(append(b, "unix:"...), c.srv.cfg.Unixsocket...)
	} else {
		b = append(b, c.conn.RemoteAddr()...)
	}
	b = append(b, ']')
	for _, arg := range argv {
		b = appendQuoted(append(b, ' '), arg)
	}
	return append(b, "\r\n"...)
}

// appendQuoted appends bytes in quotes, with escapes for what is not printable.
func appendQuoted(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, x := range text {
		switch {
		case x == '"' || x == '\\':
			b = append(b, '\\', x)
		case x == '\n':
			b = append(b, `\n`...)
		case x == '\r':
			b = append(b, `\r`...)
		case x == '\t':
			b = append(b, `\t`...)
		case x == '\a':
			b = append(b, `\a`...)
		case x == '\b':
			b = append(b, `\b`...)
		case x < ' ' || x > '~':
			b = append(b, '\\', 'x', hex[x>>4], hex[x&15])
		default:
			b = append(b, x)
		}
	}
	return append(b, '"')
}
