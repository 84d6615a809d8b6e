package server

import (
	"errors"
	"fmt"
	"strings"

	"respect/server/process"
)

// Each client needs a descriptor, of which the system allows a process only so
// many. So maxclients is held against that limit when the server starts and when
// the parameter is set: the limit is raised if it can be, otherwise maxclients is
// lowered. What happens when the descriptors are used up nevertheless is the
// transport's concern: it tries again later.

const (
	// reservedFiles are the descriptors for what is not a client.
	reservedFiles = 32

	// assumedFiles is the limit if the system does not tell it.
	assumedFiles = 1024
)

var errFewFiles = errors.New("the limit of open files is too low")

// limitClients sees to it that the process can have as many files open as
// maxclients demands, now and whenever CONFIG SET changes that.
func (s *Server) limitClients() error {
	s.cfg.OnChange(func() error {
		asked := s.cfg.Maxclients
		if err := s.fitClients(); err != nil || s.cfg.Maxclients != asked {
			return replyError(fmt.Sprintf("The operating system is not able to handle the specified number of clients, try with %d", s.cfg.Maxclients))
		}
		return nil
	}, "maxclients")
	return s.fitClients()
}

// fitClients lowers maxclients as far as the limit of open files demands. It
// fails if hardly a client could be served.
func (s *Server) fitClients() error {
	asked := s.cfg.Maxclients
	want := uint64(asked) + reservedFiles
	before, err := process.OpenFiles()
	if err != nil {
		s.log.warn("Unable to obtain the current NOFILE limit (%s), assuming %d and setting the max clients configuration accordingly.", systemText(err), assumedFiles)
		s.cfg.Maxclients = min(asked, assumedFiles-reservedFiles)
		return nil
	}
	if before >= want {
		return nil
	}
	limit, err := process.RaiseOpenFiles(want)
	if limit >= want {
		s.log.notice("Increased maximum number of open files to %d (it was originally set to %d).", want, before)
		return nil
	}
	if limit <= reservedFiles {
		s.log.warn("Your current 'ulimit -n' of %d is not enough for the server to start. Please increase your open file limit to at least %d. Exiting.", before, want)
		return errFewFiles
	}
	s.cfg.Maxclients = int64(limit - reservedFiles)
	s.log.warn("You requested maxclients of %d requiring at least %d max file descriptors.", asked, want)
	s.log.warn("Server can't set maximum open files to %d because of OS error: %s.", want, systemText(err))
	s.log.warn("Current maximum open files is %d. maxclients has been reduced to %d to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.", limit, s.cfg.Maxclients)
	return nil
}

// systemText is an error of the system as C's library words it.
func systemText(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
