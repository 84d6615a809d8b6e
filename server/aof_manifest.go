package server

import (
	"errors"
	"io"
	"io/fs"

	"respect/server/aof"
	"respect/server/disk"
)

// The manifest on the disk. It is replaced as a whole, so that a crash leaves the old one or
// the new one. If its directory cannot be synced nobody knows which, and the old one is put
// back: what the server goes on to write then belongs to the old one.

// readManifest reads the manifest, unless that was done. There need not be one.
func (a *appendOnly) readManifest() error {
	if a.manifest != nil {
		return nil
	}
	s := a.srv
	name := aof.ManifestName(s.cfg.Appendfilename)
	in, _, err := s.files.Open(a.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		a.manifest = &aof.Manifest{}
		return nil
	}
	if err != nil {
		s.log.warn("Fatal error: can't open the AOF manifest file %s for reading: %s", name, disk.Reason(err))
		return err
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return &aof.ManifestError{Reason: "Read AOF manifest failed"}
	}
	m, err := aof.ParseManifest(data)
	if err == nil {
		a.manifest = m
	}
	return err
}

// logManifestError tells what is wrong with the manifest.
func (s *Server) logManifestError(err error) {
	var wrong *aof.ManifestError
	if errors.As(err, &wrong) {
		for _, line := range wrong.LogLines() {
			s.log.warn("%s", line)
		}
	}
}

// publish makes a manifest the present one. After an error the one before is, unless that
// could not be put back: see a.manifest.
func (a *appendOnly) publish(m *aof.Manifest) error {
	err := a.writeManifest(m)
	if err == nil {
		a.manifest = m
		return nil
	}
	if errors.Is(err, disk.ErrUnsynced) {
		if a.restoreManifest() != nil {
			a.manifest = m
		}
	}
	return err
}

// restoreManifest puts the manifest back of which a copy is in memory.
func (a *appendOnly) restoreManifest() error {
	if a.manifest.IsEmpty() && len(a.manifest.History) == 0 {
		return a.srv.files.Remove(a.path(aof.ManifestName(a.srv.cfg.Appendfilename)))
	}
	err := a.writeManifest(a.manifest)
	if errors.Is(err, disk.ErrUnsynced) {
		return nil
	}
	return err
}

func (a *appendOnly) writeManifest(m *aof.Manifest) error {
	s := a.srv
	name := aof.ManifestName(s.cfg.Appendfilename)
	temp := "temp-" + name
	draft, err := disk.NewDraft(s.files, a.path(name), temp)
	if err != nil {
		s.log.warn("Can't open the AOF manifest file %s: %s", name, disk.Reason(err))
		return err
	}
	if _, err = draft.Write(m.Format()); err == nil {
		err = draft.Finish()
	}
	if err != nil {
		s.log.warn("Error trying to write the temporary AOF manifest file %s: %s", temp, disk.Reason(err))
		draft.Discard()
		return err
	}
	err = draft.Publish()
	switch {
	case errors.Is(err, disk.ErrUnsynced):
		s.log.warn("Fail to fsync AOF directory %s: %s.", a.dir(), disk.Reason(err))
	case err != nil:
		s.log.warn("Error trying to rename the temporary AOF manifest file %s into %s: %s", temp, name, disk.Reason(err))
		draft.Discard()
	}
	return err
}
