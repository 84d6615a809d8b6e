package life

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"respect/conformance/target"
)

// expirer sets keys that expire, at relative times, and looks after a restart whether they
// expire when they should have.
type expirer struct {
	rng    *rand.Rand
	prefix string
	n      int
	writes [expiringKeys][]expiringWrite // of each key; the first one holds for sure
	acks   int
}

const expiringKeys = 12

// expiringWrite is a SET, or that there is nothing.
type expiringWrite struct {
	nothing  bool
	text     string
	earliest time.Time // when it may expire
	latest   time.Time // when it must have; zero if there was no reply
	acked    time.Time
}

func newExpirer(rng *rand.Rand, number int) *expirer {
	e := &expirer{rng: rng, prefix: fmt.Sprintf("e%d", number)}
	for i := range e.writes {
		e.writes[i] = []expiringWrite{{nothing: true}}
	}
	return e
}

func (e *expirer) key(i int) string { return fmt.Sprintf("%s:%d", e.prefix, i) }

// expiringSets are how a key is given a value and a time, at once.
var expiringSets = []func(key, text string, ms int) []string{
	func(key, text string, ms int) []string { return []string{"SET", key, text, "PX", strconv.Itoa(ms)} },
	func(key, text string, ms int) []string { return []string{"PSETEX", key, strconv.Itoa(ms), text} },
}

func (e *expirer) play(ctx context.Context, t *target.Target) error {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		e.n++
		i, text, ms := e.rng.IntN(expiringKeys), strconv.Itoa(e.n), 1+e.rng.IntN(1500)
		w := expiringWrite{text: text, earliest: time.Now().Add(time.Duration(ms) * time.Millisecond)}
		e.writes[i] = append(e.writes[i], w)
		if _, err := c.do(expiringSets[e.rng.IntN(len(expiringSets))](e.key(i), text, ms)...); err != nil {
			return err
		}
		last := &e.writes[i][len(e.writes[i])-1]
		last.acked = time.Now()
		last.latest = last.acked.Add(time.Duration(ms) * time.Millisecond)
		e.acks++
	}
}

func (e *expirer) acknowledged() int { return e.acks }

// clockSlack is by how much the two clocks, rounded to milliseconds, may differ.
const clockSlack = 5 * time.Millisecond

func (e *expirer) check(ctx context.Context, t *target.Target, before time.Time) error {
	c, err := dial(ctx, t, 0)
	if err != nil {
		return err
	}
	defer c.Close()
	for i := range e.writes {
		key, from := e.key(i), time.Now()
		c.add("MULTI")
		c.add("GET", key)
		c.add("PTTL", key)
		v, err := c.do("EXEC")
		for n := 0; err == nil && n < 3; n++ { // the replies to MULTI and to what is queued come first
			v, err = c.reply()
		}
		if err != nil {
			return err
		}
		ttl, _ := v.Elems[1].Int()
		text := string(v.Elems[0].Text)
		kept, ok := e.accept(i, text, time.Duration(ttl)*time.Millisecond, from, time.Now(), before)
		if !ok {
			return fmt.Errorf("key %s is %q and lives for %d ms, at %v; what was written: %+v, acknowledged before %v", key, text, ttl, from, e.writes[i], before)
		}
		e.writes[i] = []expiringWrite{kept}
	}
	e.acks = 0
	return nil
}

// accept tells whether a key may be what it is, and which write made it so.
func (e *expirer) accept(i int, text string, ttl time.Duration, from, to, before time.Time) (expiringWrite, bool) {
	list := e.writes[i]
	first := 0
	for j, w := range list {
		if !w.acked.IsZero() && !w.acked.After(before) {
			first = j
		}
	}
	for j := len(list) - 1; j >= first; j-- {
		w := list[j]
		latest := w.latest
		if latest.IsZero() { // never acknowledged: executed before the server died, whenever that was
			latest = w.earliest.Add(replyTimeout)
		}
		switch {
		case text == "" && (w.nothing || !to.Add(clockSlack).Before(w.earliest)):
			return expiringWrite{nothing: true}, true
		case text != "" && text == w.text &&
			!from.Add(ttl).After(latest.Add(clockSlack)) && !to.Add(ttl).Before(w.earliest.Add(-clockSlack)):
			return w, true
		}
	}
	return expiringWrite{}, false
}
