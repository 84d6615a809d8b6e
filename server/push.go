package server

// Messages that answer no request. To a client whose command is being executed
// they are sent behind its reply, behind that of EXEC even: a message within
// another reply would be taken for a part of it. Nobody else can be in the middle of
// a reply.

// deferred are the messages to the client whose command is being executed.
type deferred struct{ messages []byte }

// push sends a message that compose has begun, in the protocol of the client.
func (s *Server) push(c *client, message []byte) {
	if c.closing || c.closed {
		return
	}
	if c == s.current && !s.eviction.pushing {
		s.deferred.messages = c.appendMessage(s.deferred.messages, message)
		return
	}
	s.pushNow(c, message)
}

// pushNow is push to a client that is known not to be in the middle of a reply.
func (s *Server) pushNow(c *client, message []byte) {
	if c.closing || c.closed {
		return
	}
	if c.out.Buf == nil {
		c.out.Buf = c.conn.Room()
	}
	c.out.Buf = c.appendMessage(c.out.Buf, message)
	if c != s.current {
		c.delivered()
	}
}

func (c *client) appendMessage(b, message []byte) []byte {
	at := len(b)
	b = append(b, message...)
	if c.out.Proto < 3 {
		b[at] = '*'
	}
	return b
}

// maxIdleMessages bounds the room for messages in bytes that is kept.
const maxIdleMessages = 64 << 10

// flushDeferred sends what has been deferred to the client whose command has ended.
func (s *Server) flushDeferred(c *client) {
	c.out.Buf = append(c.out.Buf, s.deferred.messages...)
	s.deferred.messages = s.deferred.messages[:0]
	if cap(s.deferred.messages) > maxIdleMessages {
		s.deferred.messages = nil
	}
}
