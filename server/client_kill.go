package server

import (
	"respect/keyspace"
)

// CLIENT KILL: which clients are closed, and the types that CLIENT LIST and KILL
// choose by.

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
