// Redcon is a server of the few commands that the redcon library shows in its manual: PING, QUIT, GET, SET,
// SETNX, DEL and pub/sub. The library reads requests and writes replies; what the commands do is
// here. So what is checked is mostly how the library speaks.
//
//	go run ./conformance/compatibility/redcon PORT
package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/tidwall/redcon"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: redcon PORT")
		os.Exit(2)
	}
	s := &server{texts: map[string][]byte{}}
	addr := net.JoinHostPort("127.0.0.1", os.Args[1])
	if err := redcon.ListenAndServe(addr, s.handle, func(redcon.Conn) bool { return true }, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// server holds texts under keys.
type server struct {
	mu    sync.Mutex
	texts map[string][]byte
	pubs  redcon.PubSub
}

// arguments are the least and the most that a command takes; -1 is for any number.
var arguments = map[string][2]int{
	"ping": {0, 1}, "quit": {0, -1}, "get": {1, 1}, "set": {2, 2}, "setnx": {2, 2}, "del": {1, -1},
	"publish": {2, 2}, "subscribe": {1, -1}, "psubscribe": {1, -1},
}

func (s *server) handle(c redcon.Conn, cmd redcon.Command) {
	name, args := strings.ToLower(string(cmd.Args[0])), cmd.Args[1:]
	takes, known := arguments[name]
	switch {
	case !known:
		c.WriteError("ERR unknown command '" + string(cmd.Args[0]) + "'")
	case len(args) < takes[0] || takes[1] >= 0 && len(args) > takes[1]:
		c.WriteError("ERR wrong number of arguments for '" + name + "' command")
	case strings.HasSuffix(name, "subscribe"):
		// The library takes the connection over; it answers from now on.
		for _, topic := range args {
			if name == "subscribe" {
				s.pubs.Subscribe(c, string(topic))
			} else {
				s.pubs.Psubscribe(c, string(topic))
			}
		}
	default:
		s.do(c, name, args)
	}
}

func (s *server) do(c redcon.Conn, name string, args [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch name {
	case "ping":
		if len(args) == 1 {
			c.WriteBulk(args[0])
			return
		}
		c.WriteString("PONG")
	case "quit":
		c.WriteString("OK")
		c.Close()
	case "publish":
		c.WriteInt(s.pubs.Publish(string(args[0]), string(args[1])))
	case "get":
		if text, ok := s.texts[string(args[0])]; ok {
			c.WriteBulk(text)
			return
		}
		c.WriteNull()
	case "set", "setnx":
		_, there := s.texts[string(args[0])]
		if name == "set" || !there {
			s.texts[string(args[0])] = append([]byte(nil), args[1]...)
		}
		switch {
		case name == "set":
			c.WriteString("OK")
		case there:
			c.WriteInt(0)
		default:
			c.WriteInt(1)
		}
	case "del":
		n := 0
		for _, key := range args {
			if _, ok := s.texts[string(key)]; ok {
				n++
			}
			delete(s.texts, string(key))
		}
		c.WriteInt(n)
	}
}
