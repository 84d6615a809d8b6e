package duel

import (
	"fmt"
	"strings"

	"respect/conformance/target"
	"respect/conformance/transcript"
)

// Transcript is the difference as a case of a transcript (docs/TRANSCRIPTS.md). The
// reply below the last request is the one of a real server; what the other
// answered stands in a comment. The replies of the requests before were the same.
func (d *Difference) Transcript(how string) string {
	expected := 0
	if d.Servers[0].Flavour == target.Respect {
		expected = 1
	}
	other := 1 - expected
	lead := []string{"# " + d.Problem + "; seen with " + how}
	if !d.Shrunk {
		lead = append(lead, "# It did not come again, and so could not be shrunk.")
	}
	if d.Failed != nil {
		lead = append(lead, comment(d.Failed.Error())...)
	} else {
		lead = append(lead, "#", fmt.Sprintf("# %v answers the last request with:", d.Servers[other]))
		lead = append(lead, comment(transcript.NodeOf(d.Replies[other]).String())...)
		lead = append(lead, fmt.Sprintf("# and %v with what stands below it.", d.Servers[expected]))
	}
	c := transcript.Case{Lead: lead, Name: d.Key()}
	c.Directives = append(c.Directives, transcript.Directive{Name: transcript.DirProto, Value: fmt.Sprint(d.Stream.Proto)})
	for _, p := range d.Stream.Config {
		c.Directives = append(c.Directives, transcript.Directive{Name: transcript.DirConfig, Value: p.Name + " " + p.Value})
	}
	for _, words := range d.Stream.Requests {
		s := transcript.Step{Kind: transcript.Send}
		for _, w := range words {
			s.Words = append(s.Words, transcript.Lit([]byte(w)))
		}
		c.Steps = append(c.Steps, s)
	}
	if r := d.Replies[expected]; r.Type != 0 {
		last := &c.Steps[len(c.Steps)-1]
		last.Replies = []transcript.Reply{{Node: transcript.NodeOf(r)}}
	}
	return string(transcript.Print(&transcript.File{Cases: []transcript.Case{c}}))
}

func comment(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		out = append(out, strings.TrimRight("#     "+line, " "))
	}
	return out
}
