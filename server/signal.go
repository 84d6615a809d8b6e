package server

import (
	"os"
	"syscall"

	"respect/server/config"
)

// Signals. SIGTERM and SIGINT end the server as SHUTDOWN does, with the options that
// shutdown-on-sigterm and shutdown-on-sigint have. A second SIGTERM changes nothing, since
// supervisors repeat it and the data is still to be saved. SIGINT, when the end has begun,
// ends the process without any of that: somebody at a terminal insists.

// HandleSignals ends the server as signals ask for. It goes on for as long as the process
// lives, since one may still insist while the server closes.
func (s *Server) HandleSignals(signals <-chan os.Signal) {
	for sig := range signals {
		switch {
		case s.ending.CompareAndSwap(false, true):
			go func() { s.ending.Store(s.Signal(sig)) }()
		case sig == syscall.SIGINT:
			s.log.warn("You insist... exiting now.")
			s.dropForeground()
			exit(1)
		default:
			s.log.warn("Received %s scheduling shutdown...", signalName(sig))
		}
	}
}

func signalName(sig os.Signal) string {
	if sig == syscall.SIGINT {
		return "SIGINT"
	}
	return "SIGTERM"
}

// Signal ends the server in good order, as a signal asks for, and reports whether it
// ends: not if its data cannot be saved.
func (s *Server) Signal(sig os.Signal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	flags := s.cfg.ShutdownOnSigterm
	if sig == syscall.SIGINT {
		flags = s.cfg.ShutdownOnSigint
	}
	if s.loading != nil {
		s.log.warn("Received shutdown signal during loading, scheduling shutdown.")
	} else {
		s.log.warn("Received %s scheduling shutdown...", signalName(sig))
	}
	err := s.prepareShutdown(shutdownOptions{
		save:   flags&config.ShutdownSave != 0,
		noSave: flags&config.ShutdownNosave != 0,
		force:  flags&config.ShutdownForce != 0,
	})
	if err != nil {
		return false
	}
	s.requestStop()
	return true
}

// dropForeground removes what SAVE has written so far, for which nobody else is left.
func (s *Server) dropForeground() {
	if draft := s.saving.foreground.Load(); draft != nil {
		draft.Remove()
	}
}
