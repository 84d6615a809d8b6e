//go:build !linux

package transport

import (
	"errors"
	"net"
	"time"
)

const haveEpoll = false

type loop struct{}

func (l *loop) post(func()) {}

func (l *loop) shutdown(time.Time) {}

func (s *Server) startLoops() error { return errors.ErrUnsupported }

func (s *Server) serveEpoll(net.Listener) (stop func(), err error) {
	return nil, errors.ErrUnsupported
}
