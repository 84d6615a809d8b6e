package stream

// transaction appends a transaction: what is watched before it, perhaps something
// that may change that, the commands, and how it ends.
func (d *draw) transaction(requests []Request) []Request {
	if d.IntN(2) == 0 {
		watch := []string{"WATCH"}
		for range 1 + d.IntN(4) {
			watch = append(watch, d.pick(allKeys))
		}
		requests = d.some(append(requests, Request{Words: watch}), d.IntN(3))
	}
	requests = append(requests, Requests([]string{"MULTI"})...)
	requests = d.some(requests, d.IntN(8))
	switch d.IntN(12) {
	case 0:
		return append(requests, Requests([]string{"DISCARD"})...)
	case 1:
		return append(requests, Requests([]string{"NOSUCH"}, []string{"EXEC"})...)
	}
	return append(requests, Requests([]string{"EXEC"})...)
}

// some appends up to n requests that can be sent.
func (d *draw) some(requests []Request, n int) []Request {
	for range n {
		if words := d.request(); Safe(words) {
			requests = append(requests, Request{Words: words})
		}
	}
	return requests
}
