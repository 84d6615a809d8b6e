package server

import (
	"strings"
	"time"
)

// applyConfig hands the configured values to the parts that work by them, now
// and whenever CONFIG SET changes them. Parameters that are read from the
// configuration when they are needed do not stand here.
func (s *Server) applyConfig() {
	s.onChange(s.applyEncodings, "list-max-listpack-size", "list-compress-depth")
	s.onChange(s.applyPolicy, "maxmemory-policy", "lfu-log-factor", "lfu-decay-time")
	s.onChange(s.applyPort, "port", "bind")
	s.onChange(s.applyKeepAlive, "tcp-keepalive")
}

// onChange calls apply now and at each change of one of the parameters.
func (s *Server) onChange(apply func() error, parameters ...string) {
	s.cfg.OnChange(apply, parameters...)
	if err := apply(); err != nil {
		s.log.warn("%s: %s", strings.Join(parameters, ", "), err)
	}
}

func (s *Server) applyEncodings() error {
	s.ks.Settings.List.MaxListpackSize = int(s.cfg.ListMaxListpackSize)
	s.ks.Settings.List.CompressDepth = int(s.cfg.ListCompressDepth)
	return nil
}

func (s *Server) applyPolicy() error {
	s.ks.Settings.LFU = strings.HasSuffix(s.cfg.MaxmemoryPolicy, "-lfu")
	s.ks.Settings.LFULogFactor = int(s.cfg.LFULogFactor)
	s.ks.Settings.LFUDecayMinutes = int(s.cfg.LFUDecayTime)
	return nil
}

// applyPort moves the listening sockets.
func (s *Server) applyPort() error {
	if s.transport == nil {
		return nil
	}
	if err := s.transport.Rebind(s.cfg.Bind, int(s.cfg.Port)); err != nil {
		return replyError("Unable to listen on this port. Check server logs.")
	}
	return nil
}

func (s *Server) applyKeepAlive() error {
	if s.transport != nil {
		s.transport.SetKeepAlive(time.Duration(s.cfg.TCPKeepalive) * time.Second)
	}
	return nil
}
