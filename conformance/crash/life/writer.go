package life

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"respect/conformance/target"
)

// A player uses the server until it dies, and looks afterwards what became of what it did.
type player interface {
	// play returns the error of its connection, or a refusal.
	play(ctx context.Context, t *target.Target) error
	// check compares the server that was started again with what the player knows.
	// What was acknowledged before the time must be there.
	check(ctx context.Context, t *target.Target, before time.Time) error
	// acknowledged is how many changes were, in this life.
	acknowledged() int
}

// writer makes changes to keys of its own.
type writer struct {
	author
	db    int
	depth int // how many changes it sends before it waits for replies
	base  model
	log   []sent // since base
}

// sent is a change and when its reply came, if it did.
type sent struct {
	change
	acked time.Time
}

func newWriter(rng *rand.Rand, number int) *writer {
	w := &writer{db: number % 3, depth: 1 + number%4*4, base: model{}}
	w.author = author{rng: rng, prefix: fmt.Sprintf("w%d", number), transactions: number%2 == 1, state: model{}}
	return w
}

func (w *writer) play(ctx context.Context, t *target.Target) error {
	c, err := dial(ctx, t, w.db)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		first := len(w.log)
		for range 1 + w.rng.IntN(w.depth) {
			ch := w.next()
			w.log = append(w.log, sent{change: ch})
			if ch.transaction {
				c.add("MULTI")
			}
			for _, words := range ch.commands {
				c.add(words...)
			}
			if ch.transaction {
				c.add("EXEC")
			}
		}
		if err := c.flush(); err != nil {
			return err
		}
		for i := first; i < len(w.log); i++ {
			if err := w.log[i].await(c); err != nil {
				return err
			}
		}
	}
}

// await reads the replies to a change.
func (s *sent) await(c *conn) error {
	replies := len(s.commands)
	if s.transaction {
		replies += 2
	}
	for range replies {
		v, err := c.reply()
		if err != nil {
			return err
		}
		for _, e := range v.Elems {
			if e.Type == '-' {
				return refusal(e.Text)
			}
		}
	}
	s.acked = time.Now()
	return nil
}

func (w *writer) acknowledged() int { return w.promised(time.Now()) }

// promised is how many changes were acknowledged before a time.
func (w *writer) promised(before time.Time) int {
	for i := len(w.log) - 1; i >= 0; i-- {
		if at := w.log[i].acked; !at.IsZero() && !at.After(before) {
			return i + 1
		}
	}
	return 0
}

func (w *writer) check(ctx context.Context, t *target.Target, before time.Time) error {
	actual, err := w.read(ctx, t)
	if err != nil {
		return err
	}
	promised := w.promised(before)
	now, found, state := w.base.clone(), -1, model(nil)
	wrong := map[string]bool{}
	note := func(key string) {
		if now[key].String() == actual[key] {
			delete(wrong, key)
		} else {
			wrong[key] = true
		}
	}
	for key := range actual {
		note(key)
	}
	for i := 0; ; i++ {
		if len(wrong) == 0 {
			found, state = i, now.clone()
		}
		if i == len(w.log) {
			break
		}
		for _, words := range w.log[i].commands {
			now.apply(words)
			note(words[1])
			if words[0] == "RENAME" {
				note(words[2])
			}
		}
	}
	if found < promised {
		return w.failure(actual, found, promised)
	}
	w.base, w.author.state, w.log = state, state.clone(), nil
	return nil
}

// failure describes what is wrong.
func (w *writer) failure(actual map[string]string, found, promised int) error {
	if found >= 0 {
		return fmt.Errorf("client %s: its keys are as after %d of %d changes, but %d were acknowledged in time", w.prefix, found, len(w.log), promised)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "client %s: its keys are as after no number of its %d changes, of which %d were acknowledged in time\n", w.prefix, len(w.log), promised)
	now := w.base.clone()
	for _, s := range w.log[:promised] {
		for _, words := range s.commands {
			now.apply(words)
		}
	}
	for key, is := range actual {
		if want := now[key].String(); is != want {
			fmt.Fprintf(&b, "%s is   %s\n%s was  %s\n", key, is, strings.Repeat(" ", len(key)), want)
		}
	}
	for _, s := range w.log[max(0, promised-3):min(len(w.log), promised+8)] {
		fmt.Fprintf(&b, "%v acknowledged %v: %q\n", s.transaction, !s.acked.IsZero(), s.commands)
	}
	return errors.New(b.String())
}

// readers are how the values of each kind are read.
var readers = map[kind]func(key string) []string{
	kindString: func(key string) []string { return []string{"GET", key} },
	kindList:   func(key string) []string { return []string{"LRANGE", key, "0", "-1"} },
	kindHash:   func(key string) []string { return []string{"HGETALL", key} },
	kindSet:    func(key string) []string { return []string{"SMEMBERS", key} },
	kindZset:   func(key string) []string { return []string{"ZRANGE", key, "0", "-1", "WITHSCORES"} },
	kindStream: func(key string) []string { return []string{"XRANGE", key, "-", "+"} },
}

// read returns all that the writer can have written, as text.
func (w *writer) read(ctx context.Context, t *target.Target) (map[string]string, error) {
	c, err := dial(ctx, t, w.db)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	out := map[string]string{}
	for k, request := range readers {
		for i := range keysPerKind {
			key := fmt.Sprintf("%s:%s:%d", w.prefix, k, i)
			reply, err := c.do(request(key)...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			v := &value{kind: k, text: string(reply.Text)}
			elems := texts(reply)
			switch {
			case k == kindString && reply.IsNull, k != kindString && len(elems) == 0 && k != kindStream:
				v = nil
			case k == kindList:
				v.list = elems
			case k == kindSet:
				v.fields = map[string]string{}
				for _, m := range elems {
					v.fields[m] = ""
				}
			case k == kindHash:
				v.fields = map[string]string{}
				for i := 0; i < len(elems); i += 2 {
					v.fields[elems[i]] = elems[i+1]
				}
			case k == kindZset:
				v.scores = map[string]int{}
				for i := 0; i < len(elems); i += 2 {
					v.scores[elems[i]] = number(elems[i+1])
				}
			case k == kindStream:
				if len(reply.Elems) == 0 {
					v = nil
					break
				}
				for _, entry := range reply.Elems {
					v.list = append(v.list, string(entry.Elems[0].Text), string(entry.Elems[1].Elems[1].Text))
				}
			}
			out[key] = v.String()
		}
	}
	return out, nil
}
