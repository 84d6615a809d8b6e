package server

import (
	"os"
	"syscall"

	"respect/server/config"
)

// The end of the server: SHUTDOWN and signals. If save points are configured, or SAVE
// asks for it, the data set is saved first; where that fails, the server goes on unless
// it is forced. From the moment of that file on no command is carried out any more.

const errNoShutdown replyError = "ERR No shutdown in progress."
const errShutdownFailed replyError = "ERR Errors trying to SHUTDOWN. Check logs."

// shutdownOptions are the options of SHUTDOWN.
type shutdownOptions struct{ save, noSave, now, force, abort bool }

func readShutdownOptions(a *args) (o shutdownOptions, err error) {
	for a.more() {
		switch {
		case a.option("SAVE"):
			o.save = true
		case a.option("NOSAVE"):
			o.noSave = true
		case a.option("NOW"):
			o.now = true
		case a.option("FORCE"):
			o.force = true
		case a.option("ABORT"):
			o.abort = true
		default:
			return o, errSyntax
		}
	}
	if o.save && o.noSave || o.abort && (o.save || o.noSave || o.now || o.force) {
		return o, errSyntax
	}
	return o, nil
}

// shutdownCommand ends the server.
//
//	SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]
//
// O(N) with N the number of keys if they are saved. No reply; the connection is closed.
func shutdownCommand(c *client, a *args) error {
	o, err := readShutdownOptions(a)
	if err != nil {
		return err
	}
	s := c.srv
	if o.abort {
		return errNoShutdown
	}
	s.log.warn("User requested shutdown...")
	if s.prepareShutdown(o) != nil {
		return errShutdownFailed
	}
	s.requestStop()
	return nil
}

// prepareShutdown does what has to be done before the end. After an error, which is in
// the log, the server goes on.
func (s *Server) prepareShutdown(o shutdownOptions) error {
	if s.stopping {
		return nil
	}
	if !s.finishAppendOnly(o.force) {
		return errShutdownFailed
	}
	s.cancelBackgroundSave()
	if s.loading == nil && (o.save || s.savesByItself() && !o.noSave) {
		s.log.notice("Saving the final RDB snapshot before exiting.")
		err := s.save()
		if err != nil && !o.force {
			s.log.warn("Error trying to save the DB, can't exit.")
			return err
		}
		if err != nil {
			s.log.warn("Error trying to save the DB. Exiting anyway, as that is forced.")
		}
	}
	s.stopping = true
	if s.loading != nil {
		s.loading.ended.Store(true)
	}
	return nil
}

// Signal ends the server in good order, as a signal asks for, and reports whether it
// ends: not if its data cannot be saved.
func (s *Server) Signal(sig os.Signal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tick()
	name, flags := "SIGTERM", s.cfg.ShutdownOnSigterm
	if sig == syscall.SIGINT {
		name, flags = "SIGINT", s.cfg.ShutdownOnSigint
	}
	s.log.warn("Received %s scheduling shutdown...", name)
	err := s.prepareShutdown(shutdownOptions{
		save:   flags&config.ShutdownSave != 0,
		noSave: flags&config.ShutdownNosave != 0,
		force:  flags&config.ShutdownForce != 0,
	})
	if err != nil {
		s.log.warn("Errors trying to shut down the server. Check the logs for more information.")
		return false
	}
	s.requestStop()
	return true
}
