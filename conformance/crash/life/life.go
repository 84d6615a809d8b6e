package life

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"respect/conformance/target"
)

// Policy is what a server promises about its files.
type Policy string

// The policies: three of the append only file, by the values of appendfsync, and RDB files
// alone, where what was there before the last successful SAVE must be there.
const (
	Always   Policy = "always"
	Everysec Policy = "everysec"
	No       Policy = "no"
	RDB      Policy = "rdb"
)

// everysecLoss is how much of the last writes may be lost with everysec.
const everysecLoss = 2 * time.Second

// Params returns the parameters of a server for a policy. Files are rewritten often.
func (p Policy) Params() []target.Param {
	if p == RDB {
		return []target.Param{{Name: "appendonly", Value: "no"}}
	}
	return []target.Param{
		{Name: "appendonly", Value: "yes"}, {Name: "appendfsync", Value: string(p)},
		{Name: "auto-aof-rewrite-min-size", Value: "200kb"}, {Name: "auto-aof-rewrite-percentage", Value: "50"},
	}
}

// Options of a run.
type Options struct {
	Policy  Policy
	Seed    uint64
	Writers int           // clients that write; besides there are queues and keys that expire
	Longest time.Duration // of a life
}

// Stats are counts of a run.
type Stats struct {
	Lives        int
	AtFiles      int // lives that ended as soon as files changed
	Acknowledged int // changes
	Rewrites     int // BGREWRITEAOF that began
	Saves        int
}

// Run is a server with its players, over its lives.
type Run struct {
	Stats   Stats
	options Options
	rng     *rand.Rand
	server  *target.Target
	players []player

	mu      sync.Mutex
	savedAt time.Time // what was acknowledged before it is in the RDB file
}

// New begins a run with a server that has just been started with the parameters of the
// policy and is empty.
func New(server *target.Target, o Options) *Run {
	r := &Run{options: o, rng: rand.New(rand.NewPCG(o.Seed, 0)), server: server}
	source := func() *rand.Rand { return rand.New(rand.NewPCG(o.Seed, r.rng.Uint64())) }
	for i := range o.Writers {
		r.players = append(r.players, newWriter(source(), i))
	}
	r.players = append(r.players, newQueue(0), newQueue(1), newExpirer(source(), 0))
	return r
}

// Close ends the server and removes its files.
func (r *Run) Close() error {
	if err := r.server.Kill(); err == nil {
		return nil
	}
	time.Sleep(time.Second) // a process that the server left may have made a file
	return r.server.Kill()
}

// Abandon ends the server and leaves its files, which are in the directory that it returns.
func (r *Run) Abandon() (dir string) {
	r.server.Crash()
	return r.server.Dir()
}

// Life lets the server live once more, kills it, starts it again and compares. After an
// error the run is over.
func (r *Run) Life(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends := make(chan error, len(r.players)+1)
	for _, p := range r.players {
		go func() { ends <- p.play(ctx, r.server) }()
	}
	go func() { ends <- r.disturb(ctx) }()
	if r.rng.IntN(2) == 0 {
		r.awaitFiles(ctx, r.duration())
	} else {
		sleep(ctx, r.duration())
	}
	running := !r.server.Ended(0)
	r.server.Crash()
	died := time.Now()
	cancel()
	for range cap(ends) {
		var refused refusal
		if err := <-ends; errors.As(err, &refused) {
			return fmt.Errorf("while it lived: %w", err)
		}
	}
	if !running {
		return errors.New("it ended by itself\n" + r.server.Log())
	}
	r.Stats.Lives++
	for _, p := range r.players {
		r.Stats.Acknowledged += p.acknowledged()
	}
	again, err := r.server.Restart(ctxWithout(ctx))
	if err != nil {
		return fmt.Errorf("it does not start again: %w", err)
	}
	r.server = again
	for _, p := range r.players {
		if err := p.check(ctxWithout(ctx), r.server, r.promisedBefore(died)); err != nil {
			return fmt.Errorf("after life %d: %w", r.Stats.Lives, err)
		}
	}
	r.savedAt = time.Time{}
	return nil
}

// ctxWithout is a context that goes on when the one of a life has ended.
func ctxWithout(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// duration is how long a life lasts. With everysec one of ten is long enough to tell what
// was written long ago.
func (r *Run) duration() time.Duration {
	d := 5*time.Millisecond + time.Duration(r.rng.Int64N(int64(r.options.Longest)))
	if r.options.Policy == Everysec && r.rng.IntN(10) == 0 {
		d += everysecLoss
	}
	return d
}

// promisedBefore is up to when what was acknowledged must be there.
func (r *Run) promisedBefore(died time.Time) time.Time {
	switch r.options.Policy {
	case Always:
		return died
	case Everysec:
		return died.Add(-everysecLoss)
	case RDB:
		return r.savedAt
	}
	return time.Time{}
}

// sleep waits, and tells whether it waited for as long.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// awaitFiles waits until the names of the server's files change, after a while in which
// they may, but not for longer than it should.
func (r *Run) awaitFiles(ctx context.Context, longest time.Duration) {
	const look = 200 * time.Microsecond
	until := time.Now().Add(longest)
	if !sleep(ctx, min(longest, r.duration())/4) {
		return
	}
	// Some more changes, since those at the beginning of a rewrite come first.
	changes := 1 + r.rng.IntN(5)
	for names := r.fileNames(); time.Now().Before(until); {
		if !sleep(ctx, look) {
			return
		}
		if now := r.fileNames(); now != names {
			names = now
			if changes--; changes == 0 {
				r.Stats.AtFiles++
				return
			}
		}
	}
}

// fileNames are the names of all files of the server.
func (r *Run) fileNames() string {
	var b strings.Builder
	// A file that disappears meanwhile is a change as good as any.
	_ = filepath.WalkDir(r.server.Dir(), func(path string, _ fs.DirEntry, err error) error {
		b.WriteString(path)
		b.WriteByte(0)
		return nil
	})
	return b.String()
}

// disturb makes the server write and rewrite its files.
func (r *Run) disturb(ctx context.Context) error {
	c, err := dial(ctx, r.server, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	rng := rand.New(rand.NewPCG(r.options.Seed, uint64(r.Stats.Lives)))
	commands := [][]string{
		{"BGREWRITEAOF"}, {"BGREWRITEAOF"}, {"BGREWRITEAOF"}, {"BGSAVE"}, {"SAVE"},
		{"CONFIG", "SET", "aof-use-rdb-preamble", "yes"}, {"CONFIG", "SET", "aof-use-rdb-preamble", "no"},
		{"CONFIG", "SET", "aof-timestamp-enabled", "yes"}, {"CONFIG", "SET", "aof-timestamp-enabled", "no"},
	}
	if r.options.Policy == RDB {
		commands = [][]string{{"BGSAVE"}, {"BGSAVE"}, {"SAVE"}}
	}
	for sleep(ctx, time.Duration(rng.Int64N(int64(60*time.Millisecond)))) {
		words, began := commands[rng.IntN(len(commands))], time.Now()
		_, err := c.do(words...)
		var refused refusal
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err != nil { // another one is under way
			continue
		}
		switch words[0] {
		case "BGREWRITEAOF":
			r.Stats.Rewrites++
		case "SAVE":
			r.Stats.Saves++
			r.mu.Lock()
			r.savedAt = began
			r.mu.Unlock()
		}
	}
	return nil
}
