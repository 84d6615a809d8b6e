package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"

	"respect/server/process"
	"respect/server/transport"
)

// Start opens the sockets and loads the data set. Both tell in the log what they
// do; supervisors and test harnesses wait for its lines. Clients that come before the
// data is there are told so. After an error the server is of no use but to be closed.
func (s *Server) Start() error {
	s.log.notice("%s version=%s, compatible with Redis %s, bits=%d, %s, PID: %d",
		Product, Version, s.compat, 32<<(^uint(0)>>63), runtime.Version(), os.Getpid())
	if err := s.limitClients(); err != nil {
		return err
	}
	if err := s.writePidfile(); err != nil {
		s.log.warn("Failed to write PID file: %s", err)
	}
	s.stats.startMemory = process.Memory().Heap
	s.ownCollector()
	if s.cfg.Maxmemory > 0 && s.cfg.Maxmemory < 1<<20 {
		s.log.warn("WARNING: You specified a maxmemory value that is less than 1MB (current value is %d bytes). Are you sure this is what you really want?", s.cfg.Maxmemory)
	}
	s.removeLeft()
	s.log.notice("Server initialized")
	s.beginLoading()
	if err := s.listen(); err != nil {
		return err
	}
	if err := s.load(); err != nil {
		return err
	}
	s.timer.start()
	s.log.notice("Ready to accept connections")
	return nil
}

// defaultPidfile is where a daemon leaves its process ID if nothing else is
// configured.
const defaultPidfile = "/var/run/redis.pid"

func (s *Server) writePidfile() error {
	name := s.cfg.Pidfile
	if name == "" {
		if !s.cfg.Daemonize {
			return nil
		}
		name = defaultPidfile
	}
	s.pidfile = name
	return os.WriteFile(name, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

// listen opens the sockets that the configuration names.
func (s *Server) listen() error {
	t, err := transport.Listen(s, s.transportOptions())
	if err != nil {
		var failed *transport.ListenError
		if errors.As(err, &failed) && failed.Unix {
			s.log.warn("Failed opening Unix socket: %s", failed.Err)
			return err
		}
		s.log.warn("Warning: Could not create server TCP listening socket %s", err)
		s.log.warn("Failed listening on port %d (tcp), aborting.", s.cfg.Port)
		return err
	}
	s.setTransport(t)
	return nil
}

// setTransport takes the transport once it listens. Clients may be there before:
// what they may ask for has to do without it.
func (s *Server) setTransport(t *transport.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transport = t
}

// moved returns what the transport has counted.
func (s *Server) moved() transport.Stats {
	if s.transport == nil {
		return transport.Stats{}
	}
	return s.transport.Stats()
}

func (s *Server) transportOptions() transport.Options {
	return transport.Options{
		Bind:           s.cfg.Bind,
		Port:           int(s.cfg.Port),
		Backlog:        int(s.cfg.TCPBacklog),
		KeepAlive:      time.Duration(s.cfg.TCPKeepalive) * time.Second,
		UnixSocket:     s.cfg.Unixsocket,
		UnixSocketPerm: os.FileMode(s.cfg.Unixsocketperm),
		Loops:          int(s.cfg.IOThreads),
		AcceptError:    func(err error) { s.log.warn("Accepting client connection: %s", err) },
	}
}

// StartLoopback starts the server without data on a free port of the loopback
// interface, whatever the configuration says, and returns its address. It is for
// servers that are embedded in tests; nothing is saved unless a command says so.
func (s *Server) StartLoopback() (addr string, err error) {
	o := s.transportOptions()
	o.Bind, o.Port, o.AnyPort = []string{"127.0.0.1"}, 0, true
	t, err := transport.Listen(s, o)
	if err != nil {
		return "", err
	}
	s.setTransport(t)
	s.saving.volatile = true
	s.mu.Lock()
	s.serves = true
	s.mu.Unlock()
	s.timer.start()
	return t.Addrs()[0].String(), nil
}

// requestStop lets Wait return. It may be called more than once.
func (s *Server) requestStop() {
	s.stopOnce.Do(func() { close(s.stop) })
}

// Wait returns when the server has been asked to end, and has ended.
func (s *Server) Wait() {
	<-s.stop
	s.Close()
	s.log.warn("%s is now ready to exit, bye bye...", Product)
}

// Close ends the server: replies that are due are still written, then the
// sockets are closed and all goroutines end. It may be called more than once.
func (s *Server) Close() {
	s.requestStop()
	s.closeOnce.Do(func() {
		if s.transport != nil {
			s.transport.Close()
		}
		s.timer.stop()
		s.endBackgroundSave()
		s.closeAppendOnly()
		s.background.Wait() // nothing is left that could begin anything
		s.closeMigrateSockets()
		if s.pidfile != "" {
			s.log.notice("Removing the pid file.")
			os.Remove(s.pidfile)
		}
	})
}

// listenerFields describes the sockets for INFO.
func (s *Server) listenerFields() []string {
	var fields []string
	if s.cfg.Port != 0 {
		text := "name=tcp"
		for _, b := range s.cfg.Bind {
			text += ",bind=" + b
		}
		fields = append(fields, fmt.Sprintf("%s,port=%d", text, s.cfg.Port))
	}
	if s.cfg.Unixsocket != "" {
		fields = append(fields, "name=unix,bind="+s.cfg.Unixsocket)
	}
	return fields
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true // an in-process pipe has no address
	}
	ip := net.ParseIP(host)
	return ip == nil || ip.IsLoopback()
}
