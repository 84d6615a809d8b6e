package life

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"respect/conformance/target"
)

// queue is a list into which one client pushes numbers in order, and from which another one
// takes them, waiting when there are none. Every number is in the list, or was taken once.
type queue struct {
	key      string
	db       int
	mu       sync.Mutex // the two clients are goroutines
	next     int        // to be pushed
	pushed   []mark     // pushes that were acknowledged: up to which number
	taken    []mark     // what was taken
	lastSent int
}

// mark is when a number was acknowledged.
type mark struct {
	number int
	at     time.Time
}

// upTo is the last number acknowledged before a time.
func upTo(marks []mark, before time.Time, otherwise int) int {
	for i := len(marks) - 1; i >= 0; i-- {
		if !marks[i].at.After(before) {
			return marks[i].number
		}
	}
	return otherwise
}

func newQueue(number int) *queue {
	q := &queue{key: fmt.Sprintf("q%d", number), db: number % 3, next: 1}
	q.begin(0)
	return q
}

// begin begins a life in which numbers up to taken were taken, and all up to next pushed.
func (q *queue) begin(taken int) {
	q.pushed = append(q.pushed[:0], mark{number: q.next - 1})
	q.taken = append(q.taken[:0], mark{number: taken})
	q.lastSent = q.next - 1
}

func (q *queue) play(ctx context.Context, t *target.Target) error {
	producer, err := dial(ctx, t, q.db)
	if err != nil {
		return err
	}
	defer producer.Close()
	consumer, err := dial(ctx, t, q.db)
	if err != nil {
		return err
	}
	defer consumer.Close()
	consumed := make(chan error, 1)
	go func() { consumed <- q.consume(consumer) }()
	err = q.produce(producer)
	return errors.Join(err, <-consumed)
}

// window is how many numbers may be in the list.
const window = 50

func (q *queue) produce(c *conn) error {
	for {
		q.mu.Lock()
		full := q.next-q.taken[len(q.taken)-1].number > window
		q.mu.Unlock()
		if full { // the server is asked for something, so that its end is noticed
			if _, err := c.do("LLEN", q.key); err != nil {
				return err
			}
			continue
		}
		words := []string{"RPUSH", q.key}
		q.mu.Lock()
		for range 1 + q.next%3 {
			words = append(words, strconv.Itoa(q.next))
			q.next++
		}
		last := q.next - 1
		q.lastSent = last
		q.mu.Unlock()
		if _, err := c.do(words...); err != nil {
			return err
		}
		q.mu.Lock()
		q.pushed = append(q.pushed, mark{last, time.Now()})
		q.mu.Unlock()
	}
}

func (q *queue) consume(c *conn) error {
	for {
		v, err := c.do("BLPOP", q.key, "0")
		if err != nil {
			return err
		}
		n := number(texts(v)[1])
		q.mu.Lock()
		want := q.taken[len(q.taken)-1].number + 1
		q.taken = append(q.taken, mark{n, time.Now()})
		q.mu.Unlock()
		if n != want {
			return refusal(fmt.Sprintf("%d to BLPOP %s, and not %d", n, q.key, want))
		}
	}
}

func (q *queue) acknowledged() int { return len(q.pushed) + len(q.taken) - 2 }

func (q *queue) check(ctx context.Context, t *target.Target, before time.Time) error {
	c, err := dial(ctx, t, q.db)
	if err != nil {
		return err
	}
	defer c.Close()
	v, err := c.do("LRANGE", q.key, "0", "-1")
	if err != nil {
		return err
	}
	list := texts(v)
	taken, pushed := upTo(q.taken, before, q.taken[0].number), upTo(q.pushed, before, q.pushed[0].number)
	state := fmt.Sprintf("queue %s: %d numbers were pushed, %d acknowledged in time, %d taken in time, %d taken; it holds %v",
		q.key, q.lastSent, pushed, taken, q.taken[len(q.taken)-1].number, list)
	// What is taken of several that are pushed at once is taken when they are pushed: the
	// client that waits may not have been told.
	highest := q.taken[len(q.taken)-1].number + 1
	if len(list) == 0 {
		if pushed > highest {
			return errors.New(state + ": numbers are missing")
		}
		q.next = q.lastSent + 1
		q.begin(q.lastSent)
		return nil
	}
	first := number(list[0])
	for i, s := range list {
		if number(s) != first+i {
			return errors.New(state + ": it has gaps")
		}
	}
	last := first + len(list) - 1
	switch {
	case last < pushed:
		return errors.New(state + ": numbers are missing at its end")
	case last > q.lastSent:
		return errors.New(state + ": there are more than were pushed")
	case first-1 < taken:
		return errors.New(state + ": numbers that were taken are there again")
	case first-1 > highest:
		return errors.New(state + ": numbers are missing at its beginning")
	}
	q.next = last + 1
	q.begin(first - 1)
	return nil
}
