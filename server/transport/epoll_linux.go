package transport

import (
	"encoding/binary"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const haveEpoll = true

const (
	// inputSize is the loop's read buffer. Sockets are read into it one behind
	// the other; when less than minRead bytes of it are left, what has been
	// read is executed first. It is meant to stay in the processor's cache.
	inputSize = 256 << 10
	minRead   = 16 << 10

	// maxRead and maxDirectRead bound what one connection may send per round,
	// into the loop's or the session's buffer, so that it cannot keep the
	// others from being served.
	maxRead       = 64 << 10
	maxDirectRead = 256 << 10

	maxEvents  = 512
	maxAccepts = 128 // per listener and round

	// A reply buffer begins with spareSize bytes. One that has grown beyond
	// maxSpare is not kept, nor are more than maxSpares.
	spareSize = 4 << 10
	maxSpares = 128

	cacheLine = 64
)

// A loop serves its connections, one round after the other. It is run by one
// goroutine, to which belongs everything that is not marked otherwise.
type loop struct {
	server *Server
	epfd   int
	wakefd int // an eventfd

	conns     []*epollConn // by descriptor
	listeners map[int]*epollListener
	live      int  // connections in conns
	eager     bool // there are likely to be events without waiting

	events   [maxEvents]unix.EpollEvent
	input    []byte
	used     int          // bytes of input that are taken
	batch    []*epollConn // to be looked after when the lock is taken
	finished []*epollConn // whose sessions have to be told that they are gone
	accepted []*epollConn // not yet offered to the handler
	returned [][]byte     // reply buffers for spares, when the lock is taken
	count    Stats        // since the lock was held

	lingering []*epollConn
	resumeAt  time.Time // when to accept again; zero if not paused
	trouble   acceptTrouble
	stopAt    time.Time // when to give up writing; zero if not stopping

	// Guarded by the handler's lock.
	spares   [][]byte // empty reply buffers
	missing  int      // how many more there may be
	woken    []*epollConn
	incoming []*epollConn // from the accepting loop
	load     int          // connections given to this loop

	posted   atomic.Bool // there is something in woken or incoming
	sleeping atomic.Bool // it takes a write to wakefd to be noticed

	mu     sync.Mutex
	orders []func() // to be run by the loop; guarded by mu
	told   atomic.Bool
}

type epollListener struct {
	fd   int
	addr net.Addr
}

func newLoop(s *Server) (*loop, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epfd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &loop{
		server: s, epfd: epfd, wakefd: wakefd,
		listeners: map[int]*epollListener{},
		input:     make([]byte, inputSize),
		missing:   maxSpares,
	}
	if err := l.control(unix.EPOLL_CTL_ADD, wakefd, unix.EPOLLIN); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

func (l *loop) release() {
	unix.Close(l.wakefd)
	unix.Close(l.epfd)
}

func (l *loop) control(op, fd int, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epfd, op, fd, &e))
}

// startLoops starts all loops, or none.
func (s *Server) startLoops() error {
	for range s.options.Loops {
		l, err := newLoop(s)
		if err != nil {
			for _, l := range s.loops {
				l.release()
			}
			s.loops = nil
			return err
		}
		s.loops = append(s.loops, l)
	}
	for _, l := range s.loops {
		s.running.Go(l.run)
	}
	return nil
}

// run goes round until the loop has been shut down and all connections are gone.
func (l *loop) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for l.stopAt.IsZero() || l.live > 0 {
		n := l.poll()
		if l.told.Load() {
			l.obey()
		}
		for i := range l.events[:n] {
			l.dispatch(&l.events[i])
		}
		if len(l.batch) > 0 || len(l.accepted) > 0 || len(l.finished) > 0 || l.posted.Load() {
			l.execute()
		}
		if l.timed() {
			l.expire(time.Now())
		}
	}
	l.release()
}

// poll returns the number of events. While there keep being some it looks for
// them with a raw call, which does not wait: a call that may block costs the
// scheduler's work besides. When that has found none, the next time begins with
// the call that waits, so that a loop with little to do makes one call per event.
func (l *loop) poll() int {
	l.count.Cycles++
	if l.eager {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epfd),
			uintptr(unsafe.Pointer(&l.events[0])), maxEvents, 0, 0, 0)
		if errno == 0 && n > 0 {
			return int(n)
		}
	}
	l.sleeping.Store(true)
	defer l.sleeping.Store(false)
	if l.posted.Load() || l.told.Load() {
		return 0
	}
	timeout := -1
	if l.timed() {
		timeout = int(acceptPause / time.Millisecond)
	}
	n, err := unix.EpollWait(l.epfd, l.events[:], timeout)
	l.eager = n > 1
	if err != nil {
		return 0
	}
	return n
}

// notify gets the loop's attention for what was put in woken or incoming.
func (l *loop) notify() {
	if !l.posted.Load() {
		l.posted.Store(true)
	}
	l.rouse()
}

func (l *loop) rouse() {
	if l.sleeping.Load() && l.sleeping.CompareAndSwap(true, false) {
		var one [8]byte
		binary.NativeEndian.PutUint64(one[:], 1)
		unix.Write(l.wakefd, one[:])
	}
}

// post has the loop run f, without the handler's lock.
func (l *loop) post(f func()) {
	l.mu.Lock()
	l.orders = append(l.orders, f)
	l.mu.Unlock()
	l.told.Store(true)
	l.rouse()
}

func (l *loop) obey() {
	l.mu.Lock()
	orders := l.orders
	l.orders = nil
	l.told.Store(false)
	l.mu.Unlock()
	for _, f := range orders {
		f()
	}
}

// dispatch deals with one event.
func (l *loop) dispatch(e *unix.EpollEvent) {
	fd := int(e.Fd)
	if fd < len(l.conns) && l.conns[fd] != nil {
		c := l.conns[fd]
		if c.stuck && e.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			l.write(c)
		}
		if c.reading() && e.Events&^unix.EPOLLOUT != 0 {
			l.read(c)
		}
		return
	}
	if fd == l.wakefd {
		var counter [8]byte
		unix.Read(fd, counter[:])
		return
	}
	if listener := l.listeners[fd]; listener != nil {
		l.accept(listener)
	}
}

// linger sets a limit to the time for which replies are written to a peer whose
// session has ended.
func (l *loop) linger(c *epollConn) {
	if !c.ended || c.gone || !c.until.IsZero() {
		return
	}
	c.until = l.stopAt
	if l.stopAt.IsZero() {
		c.until = time.Now().Add(lingerTime)
	}
	l.lingering = append(l.lingering, c)
}

// timed tells whether something will have to be done at a certain time.
func (l *loop) timed() bool { return len(l.lingering) > 0 || !l.resumeAt.IsZero() }

// expire does what the time has come for.
func (l *loop) expire(now time.Time) {
	kept := l.lingering[:0]
	for _, c := range l.lingering {
		if !c.gone && now.After(c.until) {
			l.dispose(c)
		}
		if !c.gone {
			kept = append(kept, c)
		}
	}
	clear(l.lingering[len(kept):])
	l.lingering = kept
	if !l.resumeAt.IsZero() && now.After(l.resumeAt) {
		l.resumeAt = time.Time{}
		for fd := range l.listeners {
			l.control(unix.EPOLL_CTL_MOD, fd, unix.EPOLLIN)
		}
	}
}

// shutdown ends all sessions. The loop itself ends when what they had to say is
// written, or at the given time.
func (l *loop) shutdown(until time.Time) {
	l.execute() // for the connections that are still on their way to this loop
	l.stopAt = until
	for _, c := range l.conns {
		if c == nil {
			continue
		}
		if c.ended {
			c.until = until
			continue
		}
		if c.end == nil {
			c.end = ErrShutdown
		}
		l.enlist(c)
	}
	if len(l.batch) > 0 {
		l.execute()
	}
}
