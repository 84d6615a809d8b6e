package duel

import (
	"context"
	"time"

	"respect/conformance/differ/stream"
)

// Options say how long to run, and what to do with differences.
type Options struct {
	Generator *stream.Generator
	First     uint64        // number of the first stream
	Streams   int           // how many to play; 0 for no limit
	Requests  int           // how many to send at least; 0 for no limit
	Duration  time.Duration // how long to run at most; 0 for no limit
	// Limit is how many distinct differences are collected; at most 1 means to stop
	// at the first.
	Limit int
	// Found is called for each distinct difference, after it was shrunk.
	Found func(d *Difference)
}

// Result tells what was done.
type Result struct {
	Streams     int
	Requests    int
	Elapsed     time.Duration
	Differences []*Difference
	Repeated    int // differences that were seen before
	Usage       Usage
}

// Run plays streams until the limits are reached.
func (d *Duel) Run(ctx context.Context, o Options) (*Result, error) {
	began := time.Now()
	d.compare.usage = Usage{}
	r := &Result{Usage: d.compare.usage}
	known := map[string]bool{}
	stopped := make(chan struct{})
	streams := make(chan stream.Stream, 4)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for n := o.First; ; n++ {
			select {
			case streams <- o.Generator.Stream(n):
			case <-stopped:
				return
			}
		}
	}()
	defer func() {
		close(stopped)
		<-finished
		r.Elapsed = time.Since(began)
	}()
	for !o.reached(r, time.Since(began)) && ctx.Err() == nil {
		s := <-streams
		diff, err := d.Play(ctx, s)
		if err != nil {
			return r, err
		}
		r.Streams++
		r.Requests += len(s.Requests)
		if diff == nil {
			continue
		}
		if known[diff.Key()] {
			r.Repeated++
			continue
		}
		known[diff.Key()] = true
		if diff, err = d.Shrink(ctx, diff); err != nil {
			return r, err
		}
		r.Differences = append(r.Differences, diff)
		if o.Found != nil {
			o.Found(diff)
		}
	}
	return r, nil
}

// reached reports whether it is time to stop.
func (o *Options) reached(r *Result, elapsed time.Duration) bool {
	return o.Streams > 0 && r.Streams >= o.Streams ||
		o.Requests > 0 && r.Requests >= o.Requests ||
		o.Duration > 0 && elapsed >= o.Duration ||
		len(r.Differences) >= max(o.Limit, 1)
}
