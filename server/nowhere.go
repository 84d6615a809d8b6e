package server

import (
	"time"

	"respect/server/transport"
)

// nowhere is the connection of a client that has none: one that replays a log.
type nowhere struct{}

var _ transport.Conn = nowhere{}

func (nowhere) Wake()                      {}
func (nowhere) Close()                     {}
func (nowhere) Reject([]byte)              {}
func (nowhere) LocalAddr() string          { return "" }
func (nowhere) RemoteAddr() string         { return "" }
func (nowhere) FD() int                    { return -1 }
func (nowhere) Unix() bool                 { return false }
func (nowhere) SetKeepAlive(time.Duration) {}
func (nowhere) OutputPending() int         { return 0 }
func (nowhere) Room() []byte               { return nil }
