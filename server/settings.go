package server

import (
	"strings"
	"time"

	"respect/keyspace"
	"respect/keyspace/stream"
	"respect/protocol"
)

// applyConfig hands the configured values to the parts that work by them, now
// and whenever CONFIG SET changes them. Parameters that are read from the
// configuration when they are needed do not stand here.
func (s *Server) applyConfig() {
	s.onChange(s.applyEncodings, "list-max-listpack-size", "list-compress-depth",
		"set-max-intset-entries", "set-max-listpack-entries", "set-max-listpack-value",
		"hash-max-listpack-entries", "hash-max-listpack-value",
		"zset-max-listpack-entries", "zset-max-listpack-value", "hll-sparse-max-bytes",
		"stream-node-max-bytes", "stream-node-max-entries")
	s.onChange(s.applyPolicy, "maxmemory-policy", "lfu-log-factor", "lfu-decay-time")
	s.onChange(s.applyMisconf, "save", "stop-writes-on-bgsave-error")
	s.onChange(s.applyFsync, "appendfsync")
	s.onChange(s.applyAppendOnly, "appendonly")
	s.onChange(s.applyPort, "port", "bind")
	s.onChange(s.applyKeepAlive, "tcp-keepalive")
	s.onChange(s.applyNotify, "notify-keyspace-events")
	s.onChange(s.applyObservation, "slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold")
	s.onChange(s.applyLimits, "client-output-buffer-limit", "maxmemory-clients", "maxmemory")
	s.onChange(s.applyMaxmemory, "maxmemory")
	s.onChange(s.applyLoadDelay, "key-load-delay")
}

// onChange calls apply now and at each change of one of the parameters.
func (s *Server) onChange(apply func() error, parameters ...string) {
	s.cfg.OnChange(apply, parameters...)
	if err := apply(); err != nil {
		s.log.warn("%s: %s", strings.Join(parameters, ", "), err)
	}
}

func (s *Server) applyEncodings() error {
	to, cfg := &s.ks.Settings, s.cfg
	to.List.MaxListpackSize = int(cfg.ListMaxListpackSize)
	to.List.CompressDepth = int(cfg.ListCompressDepth)
	to.Set = keyspace.SetLimits{
		MaxIntset:          int(cfg.SetMaxIntsetEntries),
		MaxListpackEntries: int(cfg.SetMaxListpackEntries),
		MaxListpackValue:   int(cfg.SetMaxListpackValue),
	}
	to.Hash = keyspace.HashLimits{
		MaxListpackEntries: int(cfg.HashMaxListpackEntries),
		MaxListpackValue:   int(cfg.HashMaxListpackValue),
	}
	to.ZSet.MaxListpackEntries = int(cfg.ZsetMaxListpackEntries)
	to.ZSet.MaxListpackValue = int(cfg.ZsetMaxListpackValue)
	to.ZSet.FormatScore = protocol.FormatDouble
	to.Stream = stream.Limits{NodeMaxBytes: int(cfg.StreamNodeMaxBytes), NodeMaxEntries: int(cfg.StreamNodeMaxEntries)}
	to.HLLSparseMaxBytes = int(cfg.HllSparseMaxBytes)
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
