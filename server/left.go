package server

import (
	"regexp"

	"respect/server/disk"
)

// What a server leaves behind that was killed while it saved or rewrote. The reference never
// removes that, but its own names are not touched here: it takes no locks, so that nobody can
// tell whether it still writes.

var (
	dataDraft = regexp.MustCompile(`^temp-[0-9]+\.[0-9]+\.rdb$`)
	baseDraft = regexp.MustCompile(`^temp-rewriteaof-bg-[0-9]+\.[0-9]+\.aof$`)
)

// removeLeft removes files that are being written by nobody.
func (s *Server) removeLeft() {
	left := disk.RemoveLeft(s.cfg.Dir, dataDraft.MatchString)
	left = append(left, disk.RemoveLeft(s.aof.dir(), baseDraft.MatchString)...)
	for _, name := range left {
		s.log.notice("Removing %s, which a server left that was killed", name)
	}
}
