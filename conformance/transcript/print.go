package transcript

import "strings"

// Print writes the file in its one canonical form.
func Print(f *File) []byte {
	out := appendDirectives(nil, f.Directives)
	for i := range f.Cases {
		c := &f.Cases[i]
		out = appendLead(out, c.Lead)
		out = append(out, "=== "+c.Name+"\n"...)
		out = appendDirectives(out, c.Directives)
		for j := range c.Steps {
			out = appendStep(out, &c.Steps[j])
		}
	}
	return appendLead(out, f.Tail)
}

func appendLead(dst []byte, lead []string) []byte {
	for _, l := range lead {
		dst = append(dst, l...)
		dst = append(dst, '\n')
	}
	return dst
}

func appendDirectives(dst []byte, list []Directive) []byte {
	for _, d := range list {
		dst = appendLead(dst, d.Lead)
		dst = append(dst, d.Name+": "+d.Value+"\n"...)
	}
	return dst
}

func appendStep(dst []byte, s *Step) []byte {
	dst = appendLead(dst, s.Lead)
	dst = append(dst, s.String()...)
	dst = append(dst, '\n')
	for i := range s.Replies {
		r := &s.Replies[i]
		prefix := r.When.String()
		if prefix != "" {
			prefix += " "
		}
		dst = appendNode(dst, prefix, 0, &r.Node)
	}
	return dst
}

// String is the line of the step, without its replies.
func (s *Step) String() string {
	var b strings.Builder
	if w := s.When.String(); w != "" {
		b.WriteString(w + " ")
	}
	if s.Until {
		b.WriteString("until ")
	}
	b.WriteString(s.Conn)
	switch s.Kind {
	case Effects:
		b.WriteString(effectsLine)
		return b.String()
	case Raw:
		b.WriteString(">> " + Quote(s.Bytes))
		return b.String()
	case Send:
		b.WriteString(">")
	case Join:
		b.WriteString("+>")
	default:
		b.WriteString(": " + markers[s.Kind])
	}
	for _, w := range s.Words {
		b.WriteString(" " + w.String())
	}
	return b.String()
}
