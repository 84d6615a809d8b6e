package duel

import (
	"slices"
	"strconv"

	"respect/conformance/differ/stream"
)

// databases are how many a stream uses.
const databases = 2

// contents are the requests that tell the whole value of a key, by its type.
var contents = map[string]func(key string) []string{
	"string": func(key string) []string { return []string{"GET", key} },
	"list":   func(key string) []string { return []string{"LRANGE", key, "0", "-1"} },
	"set":    func(key string) []string { return []string{"SMEMBERS", key} },
	"zset":   func(key string) []string { return []string{"ZRANGE", key, "0", "-1", "WITHSCORES"} },
	"hash":   func(key string) []string { return []string{"HGETALL", key} },
	"stream": func(key string) []string { return []string{"XINFO", "STREAM", key, "FULL", "COUNT", "0"} },
}

// compareState compares all keys of all databases: types, values, encodings and
// expiries. A difference is told as if the request that shows it had been the
// last one of the stream.
func (d *Duel) compareState(s stream.Stream) (*Difference, error) {
	for db := range databases {
		choose := []string{"SELECT", strconv.Itoa(db)}
		p, diff, err := d.look(s, [][]string{choose, {"KEYS", "*"}})
		if diff != nil || err != nil {
			return diff, err
		}
		var keys []string
		for _, k := range p.exchanges[1].replies[0].Elems {
			keys = append(keys, string(k.Text))
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			continue
		}
		requests := [][]string{choose}
		for _, k := range keys {
			requests = append(requests, []string{"TYPE", k})
		}
		if p, diff, err = d.look(s, requests); diff != nil || err != nil {
			return diff, err
		}
		requests = [][]string{choose}
		for i, k := range keys {
			if ask := contents[string(p.exchanges[i+1].replies[0].Text)]; ask != nil {
				requests = append(requests, ask(k))
			}
			requests = append(requests, []string{"OBJECT", "ENCODING", k}, []string{"PTTL", k})
		}
		if _, diff, err = d.look(s, requests); diff != nil || err != nil {
			return diff, err
		}
	}
	return nil, nil
}

// look sends requests, of which the first chooses the database, and compares.
func (d *Duel) look(s stream.Stream, words [][]string) (*plan, *Difference, error) {
	requests := stream.Requests(words...)
	p := newPlan(requests)
	n, err := d.send(p)
	if err != nil {
		return nil, nil, err
	}
	i, problem := d.first(p, n)
	if problem == "" {
		return p, nil, nil
	}
	diff := d.difference(stream.Stream{Requests: requests}, p, i, problem)
	diff.Stream = s
	diff.Stream.Requests = append(slices.Clone(s.Requests), requests[0], requests[i])
	return nil, diff, nil
}
