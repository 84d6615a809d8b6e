package server

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Tests want loading and saving to take long. key-load-delay and rdb-key-save-delay are how
// long to wait for each key, and in an append only file for each command.

// keyDelay is such a time in microseconds. If it is negative, as -n, one key out of n is
// waited for on average, a microsecond.
type keyDelay int64

// of returns how long to wait for some keys.
func (d keyDelay) of(keys int) time.Duration {
	if d >= 0 {
		return time.Duration(d) * time.Microsecond * time.Duration(keys)
	}
	waits := 0
	for range keys {
		waits += btoi(rand.Int64N(int64(-d)) == 0)
	}
	return time.Duration(waits) * time.Microsecond
}

// loadDelay is the delay of loading. It may be changed while the goroutine that reads waits.
type loadDelay struct {
	isSet   atomic.Bool
	present atomic.Pointer[loadPace]
}

type loadPace struct {
	delay keyDelay
	over  chan struct{} // closed when another takes its place
}

func (d *loadDelay) set(delay keyDelay) {
	last := d.present.Swap(&loadPace{delay, make(chan struct{})})
	d.isSet.Store(delay != 0)
	if last != nil {
		close(last.over)
	}
}

func (s *Server) applyLoadDelay() error {
	s.loadDelay.set(keyDelay(s.cfg.KeyLoadDelay))
	return nil
}

// dawdleLoading waits as key-load-delay asks for, unless that changes or the server is to end.
func (s *Server) dawdleLoading() {
	pace := s.loadDelay.present.Load()
	wait := pace.delay.of(1)
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-pace.over:
	case <-s.stop:
	}
}
