package conformance_test

import (
	"fmt"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/fixtures"
)

// What a stream consists of, as lines that can be compared: from a manifest, and from
// the replies of a server.

// streamLines lists a stream. Releases before 7.2 do not tell when a consumer was
// active.
func streamLines(s *fixtures.Stream) []string {
	lines := []string{fmt.Sprintf("length %d, first %s, last %s, deleted %s, added %s",
		s.Length, s.FirstID, s.LastID, s.MaxDeletedID, numberOrNull(s.EntriesAdded))}
	for _, e := range s.Entries {
		lines = append(lines, fmt.Sprintf("entry %s: %q", e.ID, e.Fields))
	}
	for _, g := range s.Groups {
		lines = append(lines, fmt.Sprintf("group %q: last %s, read %s, lag %s", g.Name, g.LastDeliveredID, numberOrNull(g.EntriesRead), numberOrNull(g.Lag)))
		for _, p := range g.PEL {
			lines = append(lines, fmt.Sprintf("pending %+v", p))
		}
		for _, c := range g.Consumers {
			line := fmt.Sprintf("consumer %q: seen %d", c.Name, c.SeenTime)
			if !server.Info.Release.Less(target.Release{Major: 7, Minor: 2}) {
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

func numberOrNull(n *int64) string {
	if n == nil {
		return "unknown"
	}
	return strconv.FormatInt(*n, 10)
}

// members are the values of a map of RESP2, by name.
func members(v *resp.Value) map[string]*resp.Value {
	out := map[string]*resp.Value{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out[string(v.Elems[i].Text)] = &v.Elems[i+1]
	}
	return out
}

// number is that of a reply, or nil.
func number(v *resp.Value) *int64 {
	if v == nil || v.Type != resp.Integer {
		return nil
	}
	n, _ := v.Int()
	return &n
}

// readStream asks for all that there is to know about a stream.
func (d *dialogue) readStream(key string) []string {
	GinkgoHelper()
	reply := d.ask("XINFO", "STREAM", key, "FULL", "COUNT", "0")
	info := members(&reply)
	s := &fixtures.Stream{Length: *number(info["length"]), LastID: string(info["last-generated-id"].Text),
		MaxDeletedID: string(info["max-deleted-entry-id"].Text), EntriesAdded: number(info["entries-added"]),
		FirstID: string(info["recorded-first-entry-id"].Text), Entries: entriesOf(info["entries"])}
	Expect(string(d.ask("XLEN", key).Text)).To(Equal(strconv.FormatInt(s.Length, 10)), "XLEN %q", key)
	all := d.ask("XRANGE", key, "-", "+")
	Expect(entriesOf(&all)).To(Equal(s.Entries), "XRANGE and XINFO of %q", key)
	for i := range info["groups"].Elems {
		s.Groups = append(s.Groups, groupOf(&info["groups"].Elems[i]))
	}
	return streamLines(s)
}

func entriesOf(v *resp.Value) []fixtures.StreamEntry {
	var out []fixtures.StreamEntry
	for _, e := range v.Elems {
		out = append(out, fixtures.StreamEntry{ID: string(e.Elems[0].Text), Fields: texts(e.Elems[1])})
	}
	return out
}

func groupOf(v *resp.Value) fixtures.StreamGroup {
	g := members(v)
	out := fixtures.StreamGroup{Name: fixtures.Text(g["name"].Text), LastDeliveredID: string(g["last-delivered-id"].Text),
		EntriesRead: number(g["entries-read"]), Lag: number(g["lag"]), PEL: pendingOf(g["pending"])}
	for i := range g["consumers"].Elems {
		c := members(&g["consumers"].Elems[i])
		out.Consumers = append(out.Consumers, fixtures.StreamConsumer{Name: fixtures.Text(c["name"].Text),
			SeenTime: *number(c["seen-time"]), ActiveTime: number(c["active-time"]), PEL: pendingOf(c["pending"])})
	}
	return out
}

// pendingOf lists rows of three, or of four with the consumer.
func pendingOf(v *resp.Value) []fixtures.StreamPending {
	var out []fixtures.StreamPending
	for _, row := range v.Elems {
		p := fixtures.StreamPending{ID: string(row.Elems[0].Text)}
		if len(row.Elems) == 4 {
			p.Consumer = fixtures.Text(row.Elems[1].Text)
			row.Elems = row.Elems[1:]
		}
		p.DeliveryTime, _ = row.Elems[1].Int()
		p.DeliveryCount, _ = row.Elems[2].Int()
		out = append(out, p)
	}
	return out
}
