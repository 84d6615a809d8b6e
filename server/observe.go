package server

import (
	"math"
	"slices"
	"time"

	"respect/server/command"
	"respect/server/config"
)

// Observation: what SLOWLOG, LATENCY and MONITOR have in common. Each costs one
// comparison per call or per reading of the clock as long as it has nothing to do.

// observation is what the configured thresholds come to.
type observation struct {
	slowNs int64 // calls that together took as long are looked at more closely
	exact  bool  // no reading of the clock is shared
}

// exactBelow is the threshold of the slow log, in microseconds, below which each
// call has its own reading of the clock.
const exactBelow = 1000

// applyObservation follows the thresholds.
func (s *Server) applyObservation() error {
	o := observation{slowNs: math.MaxInt64}
	if usec := s.cfg.SlowlogLogSlowerThan; usec >= 0 {
		o.slowNs = min(usec, math.MaxInt64/1000) * 1000
		o.exact = usec < exactBelow
	}
	if ms := s.cfg.LatencyMonitorThreshold; ms > 0 {
		o.slowNs = min(o.slowNs, min(ms, math.MaxInt64/1_000_000)*1_000_000)
		o.exact = true
	}
	s.observation = o
	s.slowlog.trim(s.cfg.SlowlogMaxLen)
	return nil
}

// observeSlow looks at the calls of a run that took so long together.
func (s *Server) observeSlow(run *timedRun, took int64) {
	each := took / int64(run.n) / int64(time.Microsecond)
	logged := s.cfg.SlowlogLogSlowerThan >= 0 && s.cfg.SlowlogMaxLen > 0 &&
		took/int64(time.Microsecond) >= s.cfg.SlowlogLogSlowerThan
	event := eventFastCommand
	for i, r := range run.rows[:run.n] {
		if r.Flags&command.Fast == 0 {
			event = eventCommand
		}
		if logged && r.Flags&command.SkipSlowlog == 0 {
			s.slowlog.enter(run.client, r, run.argvs[i], each, s.cfg.SlowlogMaxLen)
		}
	}
	s.latency.note(s, event, took)
}

// redacted stands for an argument that nobody is to see.
var redacted = []byte("(redacted)")

// secrets hide the passwords in the arguments of the commands that take any.
var secrets = map[string]func(s *Server, argv [][]byte){
	"auth": func(_ *Server, argv [][]byte) { hide(argv, 1, len(argv)) },
	"hello": func(_ *Server, argv [][]byte) {
		for i := 2; i < len(argv); i++ {
			switch {
			case equalFold(argv[i], "AUTH"):
				hide(argv, i+1, i+3)
				i += 2
			case equalFold(argv[i], "SETNAME"):
				i++
			}
		}
	},
	"migrate": func(_ *Server, argv [][]byte) {
		for i := 6; i < len(argv) && !equalFold(argv[i], "KEYS"); i++ {
			switch {
			case equalFold(argv[i], "AUTH"):
				hide(argv, i+1, i+2)
				i++
			case equalFold(argv[i], "AUTH2"):
				hide(argv, i+1, i+3)
				i += 2
			}
		}
	},
	"config|set": func(s *Server, argv [][]byte) {
		for i := 3; i < len(argv); i += 2 {
			if p := s.cfg.Lookup(string(argv[i-1])); p != nil && p.Flags&config.Sensitive != 0 {
				hide(argv, i, i+1)
			}
		}
	},
}

func hide(argv [][]byte, from, to int) {
	for i := from; i < min(to, len(argv)); i++ {
		argv[i] = redacted
	}
}

// shown returns the arguments of a call as others may see them.
func (s *Server) shown(r *row, argv [][]byte) [][]byte {
	secret := secrets[r.FullName]
	if secret == nil {
		return argv
	}
	argv = slices.Clone(argv)
	secret(s, argv)
	return argv
}
