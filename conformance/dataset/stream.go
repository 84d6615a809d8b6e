package dataset

import (
	"fmt"
	"strconv"

	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/fixtures"
)

// StreamLines lists what a stream consists of. Releases before 7.2 do not tell when a
// consumer was active.
func StreamLines(s *fixtures.Stream, r target.Release) []string {
	lines := []string{fmt.Sprintf("length %d, first %s, last %s, deleted %s, added %s",
		s.Length, s.FirstID, s.LastID, s.MaxDeletedID, numberOrNull(s.EntriesAdded))}
	lines = append(lines, EntryLines(s.Entries)...)
	for _, g := range s.Groups {
		lines = append(lines, fmt.Sprintf("group %q: last %s, read %s, lag %s", g.Name, g.LastDeliveredID, numberOrNull(g.EntriesRead), numberOrNull(g.Lag)))
		for _, p := range g.PEL {
			lines = append(lines, fmt.Sprintf("pending %+v", p))
		}
		for _, c := range g.Consumers {
			line := fmt.Sprintf("consumer %q: seen %d", c.Name, c.SeenTime)
			if !r.Less(release72) {
				line += ", active " + numberOrNull(c.ActiveTime)
			}
			lines = append(lines, line)
			for _, p := range c.PEL {
				lines = append(lines, fmt.Sprintf("owned %+v", p))
			}
		}
	}
	return lines
}

// EntryLines lists entries.
func EntryLines(entries []fixtures.StreamEntry) []string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("entry %s: %q", e.ID, e.Fields))
	}
	return lines
}

func numberOrNull(n *int64) string {
	if n == nil {
		return "unknown"
	}
	return strconv.FormatInt(*n, 10)
}

// Stream is the stream that the reply of XINFO STREAM FULL tells of, in RESP2. What the reply
// lacks, or has in another form, is left out, and so differs from what is expected.
func Stream(v *resp.Value) *fixtures.Stream {
	info := members(v)
	s := &fixtures.Stream{Length: count(info["length"]), LastID: text(info["last-generated-id"]), MaxDeletedID: text(info["max-deleted-entry-id"]),
		EntriesAdded: number(info["entries-added"]), FirstID: text(info["recorded-first-entry-id"]), Entries: Entries(info["entries"])}
	for _, g := range elems(info["groups"]) {
		s.Groups = append(s.Groups, group(&g))
	}
	return s
}

// Entries are those of the reply of XRANGE.
func Entries(v *resp.Value) []fixtures.StreamEntry {
	var out []fixtures.StreamEntry
	for _, row := range elems(v) {
		e := fixtures.StreamEntry{}
		if len(row.Elems) == 2 {
			e.ID = text(&row.Elems[0])
			for _, f := range row.Elems[1].Elems {
				e.Fields = append(e.Fields, string(f.Text))
			}
		}
		out = append(out, e)
	}
	return out
}

func group(v *resp.Value) fixtures.StreamGroup {
	g := members(v)
	out := fixtures.StreamGroup{Name: fixtures.Text(text(g["name"])), LastDeliveredID: text(g["last-delivered-id"]),
		EntriesRead: number(g["entries-read"]), Lag: number(g["lag"]), PEL: pending(g["pending"])}
	for _, c := range elems(g["consumers"]) {
		c := members(&c)
		out.Consumers = append(out.Consumers, fixtures.StreamConsumer{Name: fixtures.Text(text(c["name"])),
			SeenTime: count(c["seen-time"]), ActiveTime: number(c["active-time"]), PEL: pending(c["pending"])})
	}
	return out
}

// pending lists rows of three, or of four with the consumer.
func pending(v *resp.Value) []fixtures.StreamPending {
	var out []fixtures.StreamPending
	for _, row := range elems(v) {
		p := fixtures.StreamPending{}
		rest := row.Elems
		if len(rest) == 4 {
			p.Consumer = fixtures.Text(rest[1].Text)
			rest = []resp.Value{rest[0], rest[2], rest[3]}
		}
		if len(rest) == 3 {
			p.ID, p.DeliveryTime, p.DeliveryCount = text(&rest[0]), count(&rest[1]), count(&rest[2])
		}
		out = append(out, p)
	}
	return out
}

// members are the values of a map of RESP2, by name.
func members(v *resp.Value) map[string]*resp.Value {
	out := map[string]*resp.Value{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out[string(v.Elems[i].Text)] = &v.Elems[i+1]
	}
	return out
}

func elems(v *resp.Value) []resp.Value {
	if v == nil {
		return nil
	}
	return v.Elems
}

func text(v *resp.Value) string {
	if v == nil {
		return ""
	}
	return string(v.Text)
}

// number is that of a reply, or nil.
func number(v *resp.Value) *int64 {
	if v == nil || v.Type != resp.Integer {
		return nil
	}
	n, ok := v.Int()
	if !ok {
		return nil
	}
	return &n
}

// count is a number that is always told; -1 stands for none.
func count(v *resp.Value) int64 {
	if n := number(v); n != nil {
		return *n
	}
	return -1
}
