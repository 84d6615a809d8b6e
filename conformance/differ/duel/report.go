package duel

import (
	"fmt"
	"strings"

	"respect/conformance/differ/stream"
	"respect/conformance/resp"
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
		lead = append(lead, comment(shown(d.Replies[other]))...)
		lead = append(lead, fmt.Sprintf("# and %v with what stands below it.", d.Servers[expected]))
	}
	c := transcript.Case{Lead: lead, Name: d.Key()}
	c.Directives = append(c.Directives, transcript.Directive{Name: transcript.DirProto, Value: fmt.Sprint(d.Stream.Proto)})
	for _, p := range d.Stream.Config {
		c.Directives = append(c.Directives, transcript.Directive{Name: transcript.DirConfig, Value: p.Name + " " + p.Value})
	}
	c.Steps = d.steps()
	if r := d.Replies[expected]; r.Type == closedType {
		c.Steps = append(c.Steps, transcript.Step{Kind: transcript.Closed, Conn: connName(d.On)})
	} else if r.Type != 0 && r.Type != brokenType {
		last := &c.Steps[len(c.Steps)-1]
		if d.On != d.Stream.Requests[len(d.Stream.Requests)-1].On {
			c.Steps = append(c.Steps, transcript.Step{Kind: transcript.Reads, Conn: connName(d.On)})
			last = &c.Steps[len(c.Steps)-1]
		}
		last.Replies = []transcript.Reply{{Node: transcript.NodeOf(r)}}
	}
	return string(transcript.Print(&transcript.File{Cases: []transcript.Case{c}}))
}

// shown is a reply as it stands in a transcript, or that there is none.
func shown(v resp.Value) string {
	switch v.Type {
	case 0:
		return "nothing"
	case closedType:
		return "the end of the connection"
	case brokenType:
		return fmt.Sprintf("%q, which is no reply", v.Text)
	}
	return transcript.NodeOf(v).String()
}

func connName(on int) string { return fmt.Sprintf("c%d", on+1) }

// steps are the requests of the stream. The numbers of connections that requests name
// become variables.
func (d *Difference) steps() []transcript.Step {
	var named, out []transcript.Step
	known := map[string]bool{}
	sent := d.Stream.Requests
	if d.Stream.Connections > 0 {
		sent, _ = expand(sent)
	}
	for _, r := range sent {
		s := transcript.Step{Kind: transcript.Send}
		if d.Stream.Connections > 0 {
			s.Conn = connName(r.On)
		}
		if len(r.Words) == 0 {
			s.Kind = transcript.Close
		}
		for _, w := range r.Words {
			word := transcript.Lit([]byte(w))
			for on := range d.Stream.Connections {
				if w != stream.ID(on) {
					continue
				}
				e := &transcript.Expr{Name: connName(on) + "id"}
				word.Parts[0] = transcript.Part{Expr: e}
				if !known[w] {
					named = append(named, transcript.Step{
						Kind: transcript.Send, Conn: connName(on),
						Words:   []transcript.Word{transcript.Lit([]byte("CLIENT")), transcript.Lit([]byte("ID"))},
						Replies: []transcript.Reply{{Node: transcript.Node{Type: resp.Integer, Expr: e}}},
					})
				}
				known[w] = true
			}
			s.Words = append(s.Words, word)
		}
		out = append(out, s)
	}
	return append(named, out...)
}

func comment(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		out = append(out, strings.TrimRight("#     "+line, " "))
	}
	return out
}
