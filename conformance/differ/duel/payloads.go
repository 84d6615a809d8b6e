package duel

import (
	"context"
	"slices"
	"strconv"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
)

// How many streams make values for payloads, and how long a payload is at most.
const (
	payloadStreams = 6
	longestPayload = 2048
)

// Payloads returns what DUMP answers for values of all kinds, made by streams of the
// generator: those of the older of the two servers, which both can read, or of both if they
// are of the same release.
func (d *Duel) Payloads(ctx context.Context, g *stream.Generator) ([]string, error) {
	var out []string
	for n := range uint64(payloadStreams) {
		s := g.Stream(n)
		if err := d.reset(ctx, s); err != nil {
			return nil, err
		}
		p := newPlan(comparable(d.compare.sent(s.Requests, false)))
		if _, err := d.send(p); err != nil {
			return nil, d.revive(ctx) // the stream will show it
		}
		for i, side := range d.sides {
			if d.sides[1-i].Info.Release.Less(side.Info.Release) {
				continue
			}
			for db := range databases {
				more, err := side.dumps(db)
				if err != nil {
					return nil, err
				}
				out = append(out, more...)
			}
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	d.compare.intact = map[string]bool{}
	for _, p := range append(stream.SmallPayloads(), out...) {
		d.compare.intact[p] = true
	}
	return out, nil
}

// dumps returns the payloads of all keys of a database.
func (s *side) dumps(db int) ([]string, error) {
	replies, err := s.exchange(append(resp.Request("SELECT", strconv.Itoa(db)), resp.Request("KEYS", "*")...), 2)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, key := range replies[1].Elems {
		v, err := s.call("DUMP", string(key.Text))
		if err != nil {
			return nil, err
		}
		if len(v.Text) > 0 && len(v.Text) <= longestPayload {
			out = append(out, string(v.Text))
		}
	}
	return out, nil
}
