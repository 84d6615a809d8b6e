package stream

// transaction appends a transaction: what is watched before it, perhaps something
// that may change that, the commands, and how it ends.
func (d *draw) transaction(requests [][]string) [][]string {
	if d.IntN(2) == 0 {
		watch := []string{"WATCH"}
		for range 1 + d.IntN(4) {
			watch = append(watch, d.pick(allKeys))
		}
		requests = d.some(append(requests, watch), d.IntN(3))
	}
	requests = append(requests, []string{"MULTI"})
	requests = d.some(requests, d.IntN(8))
	switch d.IntN(12) {
	case 0:
		return append(requests, []string{"DISCARD"})
	case 1:
		return append(requests, []string{"NOSUCH"}, []string{"EXEC"})
	}
	return append(requests, []string{"EXEC"})
}

// some appends up to n requests that can be sent.
func (d *draw) some(requests [][]string, n int) [][]string {
	for range n {
		if words := d.request(); Safe(words) {
			requests = append(requests, words)
		}
	}
	return requests
}
