package server

// The end of the server: SHUTDOWN, and what signals have in common with it (signal.go). If save points are configured, or SAVE
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
	s.log.notice("User requested shutdown...")
	if err := s.keepAll(o); err != nil {
		s.log.warn("Errors trying to shut down the server. Check the logs for more information.")
		return err
	}
	s.stopping = true
	if s.loading != nil {
		s.loading.ended.Store(true)
	}
	return nil
}

// keepAll brings the files up to date for the last time.
func (s *Server) keepAll(o shutdownOptions) error {
	if s.saving.background != nil {
		s.log.warn("There is a child saving an .rdb. Killing it!")
		s.cancelBackgroundSave()
	}
	if !s.finishAppendOnly(o.force) {
		return errShutdownFailed
	}
	if s.loading != nil || !o.save && (o.noSave || !s.savesByItself()) {
		return nil
	}
	s.log.notice("Saving the final RDB snapshot before exiting.")
	err := s.save()
	switch {
	case err != nil && !o.force:
		s.log.warn("Error trying to save the DB, can't exit.")
		return err
	case err != nil:
		s.log.warn("Error trying to save the DB. Exit anyway.")
	}
	return nil
}
