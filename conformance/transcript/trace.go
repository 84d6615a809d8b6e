package transcript

import (
	"strings"

	"respect/conformance/resp"
)

// moment is a step as it was played, with the replies that came.
type moment struct {
	step *Step
	got  []resp.Value
}

// Exchange is a step as it was played: what was done, and what the server sent, in the
// notation of transcripts.
type Exchange struct {
	Step string   `json:"step"`
	Got  []string `json:"got,omitempty"`
}

// maxTraced bounds a reply within a trace, in bytes.
const maxTraced = 2000

// Trace is what was done and what came in the case, in order. Replies that are long are cut.
func (r *Result) Trace() []Exchange {
	out := make([]Exchange, len(r.trace))
	for i, m := range r.trace {
		out[i].Step = m.step.String()
		for _, v := range m.got {
			out[i].Got = append(out[i].Got, Shorten(strings.TrimSuffix(NodeOf(v).String(), "\n"), maxTraced))
		}
	}
	return out
}

// Shorten cuts a text that has more bytes than the limit, at the end of a line if it has several.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	if i := strings.LastIndexByte(text, '\n'); i > 0 {
		text = text[:i]
	}
	return text + "\n…"
}

// does notes that the step is played.
func (p *play) does(s *Step) {
	p.result.trace = append(p.result.trace, moment{step: s})
}

// saw notes a reply to the step.
func (p *play) saw(s *Step, v resp.Value) {
	for i := len(p.result.trace) - 1; i >= 0; i-- {
		if m := &p.result.trace[i]; m.step == s {
			m.got = append(m.got, v)
			return
		}
	}
}

// blame fills in which command a mismatch at the step is about, and what went before.
func (p *play) blame(m *Mismatch, s *Step) {
	if m.Command == "" {
		m.Command = CommandOf(s)
	}
	for i, t := range p.result.trace {
		if t.step == s {
			m.Before = i
			break
		}
		if name := CommandOf(t.step); name != "" && !s.sends() && !s.opens() && t.step.On() == s.On() {
			m.Command = name
		}
	}
	if name := named(m.Got); m.Unknown && name != "" {
		m.Command = name
		for _, t := range p.result.trace {
			if command := CommandOf(t.step); strings.HasPrefix(command, name+"|") {
				m.Command = command
			}
		}
	}
}

// named is the command that the text of a reply says is unknown, in lower case; empty if it does not
// tell. Of several requests in a pipeline the reply may be to any.
func named(text string) string {
	_, rest, _ := strings.Cut(strings.ToLower(text), " command '")
	name, _, ok := strings.Cut(rest, "'")
	if !ok || strings.ContainsAny(name, " \\") {
		return ""
	}
	return name
}
