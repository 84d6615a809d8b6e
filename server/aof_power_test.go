package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"respect/server/config"
	"respect/server/disk/frail"
)

// frailServer is a server whose append only file is on a disk that fails, and a client of
// it.
type frailServer struct {
	*Server
	c       *client
	rng     *rand.Rand
	n       int
	digests map[string]int // the states that it had, by the last change
	gone    atomic.Bool    // it would have ended
	later   atomic.Int64   // by how much its clock is ahead
}

// exits is told that the process would have ended.
var exits struct {
	sync.Mutex
	server *frailServer
}

// onFrail starts a server on a disk, whatever it holds.
func onFrail(t *testing.T, disk *frail.FS, rng *rand.Rand, policy string, preamble bool) (*frailServer, error) {
	t.Helper()
	cfg := quiet(t)
	cfg.Dir, cfg.Appendonly, cfg.Save, cfg.EnableDebugCommand = "/data", true, nil, "yes"
	cfg.Loglevel = config.LogWarning
	cfg.Appendfsync, cfg.AofUseRdbPreamble = policy, preamble
	f := &frailServer{rng: rng, digests: map[string]int{}}
	exits.Lock()
	exits.server = f
	exits.Unlock()
	now := func() time.Time { return time.Now().Add(time.Duration(f.later.Load())) }
	f.Server = New(Options{Config: cfg, Files: disk, Log: &logText{}, Now: now})
	f.beginLoading()
	if err := f.load(); err != nil {
		return f, fmt.Errorf("%w\n%s", err, f.log.out)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.c = f.Accept(lone{}).(*client)
	f.note()
	return f, nil
}

// note remembers the state after the present change.
func (f *frailServer) note() { f.digests[digestOf(f.Server)] = f.n }

func digestOf(s *Server) string {
	c := s.Accept(lone{}).(*client)
	defer s.forget(c)
	return c.do("DEBUG", "DIGEST")
}

// send executes requests as a transport does, and returns the replies.
func (f *frailServer) send(requests ...string) string {
	var replies strings.Builder
	f.mu.Lock()
	for _, r := range requests {
		replies.WriteString(f.c.do(strings.Fields(r)...))
	}
	ticket := f.Commit()
	f.mu.Unlock()
	f.Await(ticket)
	return replies.String()
}

// change makes the next change and tells whether it was acknowledged.
func (f *frailServer) change() bool {
	f.n++
	n := f.n
	requests := []string{fmt.Sprintf("SET n %d", n)}
	switch f.rng.IntN(4) {
	case 0:
		requests = []string{"MULTI", fmt.Sprintf("RPUSH list %d", n), fmt.Sprintf("HSET hash f%d %d", n%20, n), "EXEC"}
	case 1:
		requests = []string{fmt.Sprintf("SELECT %d", n%3), fmt.Sprintf("APPEND text %s", strings.Repeat("x", n%50+1)), "SELECT 0"}
	case 2:
		requests = []string{fmt.Sprintf("XADD stream %d-1 f %d", n, n)}
	}
	replies := f.send(requests...)
	f.mu.Lock()
	f.note()
	f.mu.Unlock()
	return !strings.Contains(replies, "-MISCONF") && !strings.Contains(replies, "-EXECABORT") && !f.gone.Load()
}

// end lets what is under way in the background end.
func (f *frailServer) end() {
	f.background.Wait()
	f.endBackgroundSave()
}

// live makes changes and rewrites the log in between. It returns how many changes were
// acknowledged.
func (f *frailServer) live(changes int) (acknowledged int) {
	for range changes {
		if f.gone.Load() {
			break
		}
		if f.rng.IntN(8) == 0 {
			f.send("BGREWRITEAOF")
		}
		if f.rng.IntN(8) == 0 {
			f.end()
		}
		if f.change() {
			acknowledged = f.n
		}
	}
	return acknowledged
}

// withoutExit lets servers go on that would have ended the process.
func withoutExit(t *testing.T) {
	before := exit
	exit = func(int) {
		exits.Lock()
		defer exits.Unlock()
		exits.server.gone.Store(true)
	}
	t.Cleanup(func() { exit = before })
}

// Power may go at any operation on the disk. With appendfsync always nothing is lost that
// was acknowledged, and whatever the policy a state is found that there was.
func TestPowerFailsAtAnyOperation(t *testing.T) {
	withoutExit(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	lives := 1000
	if testing.Short() {
		lives = 100
	}
	for life := range lives {
		rng := rand.New(rand.NewPCG(seed, uint64(life)))
		policy := []string{"always", "always", "everysec", "no"}[life%4]
		disk := frail.New("/data")
		for generation := range 2 { // the second one begins with what the first has left
			f, err := onFrail(t, disk, rng, policy, rng.IntN(2) == 0)
			if err != nil {
				t.Fatalf("life %d, generation %d: %v", life, generation, err)
			}
			at := disk.Operations() + 1 + rng.IntN(150)
			disk.FailAt(func(n int, op string) error {
				if n >= at {
					return frail.ErrPower
				}
				return nil
			})
			acknowledged := f.live(60)
			f.end()
			disk = disk.AfterPower(rng)
			again, err := onFrail(t, disk, rng, policy, true)
			if err != nil {
				t.Fatalf("life %d (%s, power until operation %d) is not loaded: %v", life, policy, at, err)
			}
			found, known := f.digests[digestOf(again.Server)]
			if policy != "always" {
				acknowledged = 0
			}
			if !known || found < acknowledged {
				t.Fatalf("life %d (%s, power until operation %d): state %d (known: %v) was found, %d were acknowledged of %d", life, policy, at, found, known, acknowledged, f.n)
			}
			again.end()
			disk = disk.AfterPower(rng)
		}
	}
}

// Space may run out, for some operations or for good, or a file cannot be synced. What was
// acknowledged is there after a restart, as soon as there is space again.
func TestSpaceRunsOutAtAnyOperation(t *testing.T) {
	withoutExit(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	lives := 600
	if testing.Short() {
		lives = 60
	}
	refusals := 0
	for life := range lives {
		rng := rand.New(rand.NewPCG(seed, uint64(life)))
		policy := []string{"always", "everysec", "no"}[life%3]
		cause := []error{syscall.ENOSPC, syscall.EIO}[rng.IntN(2)]
		disk := frail.New("/data")
		f, err := onFrail(t, disk, rng, policy, rng.IntN(2) == 0)
		if err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		from := disk.Operations() + 1 + rng.IntN(100)
		to := from + 1 + rng.IntN(10)
		disk.FailAt(func(n int, op string) error {
			if f.gone.Load() || n >= from && n < to && op != "remove" {
				return cause
			}
			return nil
		})
		acknowledged := f.live(40)
		f.end()
		disk.FailAt(nil)
		if !f.gone.Load() {
			if !f.change() { // the first write shows that there is space again
				refusals++
				f.later.Add(int64(2 * time.Second))
				f.send("GET n") // an fsync that has failed is tried again
				f.end()
				if !f.change() {
					t.Fatalf("life %d (%s, %v at operations %d to %d): it goes on to refuse writes\n%s", life, policy, cause, from, to, f.log.out)
				}
			}
			acknowledged = f.n
			f.send("BGREWRITEAOF")
			f.end()
			f.closeAppendOnly()
		}
		again, err := onFrail(t, disk, rng, policy, true)
		if err != nil {
			t.Fatalf("life %d (%s, %v at operations %d to %d) is not loaded: %v", life, policy, cause, from, to, err)
		}
		found, known := f.digests[digestOf(again.Server)]
		if !known || found < acknowledged {
			t.Fatalf("life %d (%s, %v at operations %d to %d): state %d (known: %v) was found, %d were acknowledged of %d\n%s", life, policy, cause, from, to, found, known, acknowledged, f.n, f.log.out)
		}
		again.end()
	}
	t.Logf("%d lives refused writes for a while", refusals)
}
