package check

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"slices"
	"sync"

	"respect/conformance/resp"
	"respect/conformance/transcript"
	"respect/fixtures"
)

// Prefix is what the names of keys begin with on a server that others may use, in the cases
// that allow it.
const Prefix = "respect-check:"

// keyRange says where in a request the keys are: each step-th word from first to last, which
// counts from the end if it is negative.
type keyRange struct{ first, last, step int }

// keyRanges holds the places of the keys of those commands whose keys are at fixed places, and for
// the other commands an empty list if they have no keys.
var keyRanges = sync.OnceValues(func() (map[string][]keyRange, error) {
	text, err := fs.ReadFile(fixtures.Reference(), "redis-7.4.1/commands.jsonl")
	if err != nil {
		return nil, err
	}
	out := map[string][]keyRange{}
	for line := range bytes.Lines(text) {
		var row commandRow
		if err := json.Unmarshal(line, &row); err != nil {
			return nil, err
		}
		for _, c := range append(row.Subcommands, row) {
			if ranges, ok := c.ranges(); ok {
				out[c.Name] = ranges
			}
		}
	}
	return out, nil
})

// commandRow is what the recorded facts tell about the keys of a command.
type commandRow struct {
	Name        string
	Subcommands []commandRow
	KeySpecs    []struct {
		Begin struct {
			Type string
			Spec struct{ Index int }
		} `json:"begin_search"`
		Find struct {
			Type string
			Spec struct{ LastKey, KeyStep, Limit int }
		} `json:"find_keys"`
		Flags []string
	} `json:"key_specs"`
}

func (c *commandRow) ranges() ([]keyRange, bool) {
	out := []keyRange{}
	for _, s := range c.KeySpecs {
		if s.Begin.Type != "index" || s.Find.Type != "range" || s.Find.Spec.Limit > 1 ||
			slices.Contains(s.Flags, "incomplete") || slices.Contains(s.Flags, "not_key") {
			return nil, false
		}
		last := s.Find.Spec.LastKey
		if last >= 0 {
			last += s.Begin.Spec.Index
		}
		out = append(out, keyRange{s.Begin.Spec.Index, last, max(1, s.Find.Spec.KeyStep)})
	}
	return out, true
}

// wholeKeyspace are commands without keys that show or touch those of others, or whose replies
// depend on the names.
var wholeKeyspace = []string{"keys", "scan", "randomkey", "dbsize", "info", "memory|usage", "client|tracking", "psubscribe", "subscribe"}

// prefixed is the case with the prefix in front of each key; nil if that would change more than
// the names of keys, because replies tell them or other words do.
func prefixed(c *transcript.Case) *transcript.Case {
	places, err := keyRanges()
	if err != nil {
		return nil
	}
	out := *c
	out.Steps = slices.Clone(c.Steps)
	var keys [][]byte
	for i := range out.Steps {
		s := &out.Steps[i]
		if s.Kind == transcript.Raw {
			return nil
		}
		if s.Kind != transcript.Send && s.Kind != transcript.Join {
			continue
		}
		command := transcript.CommandOf(s)
		ranges, ok := places[command]
		if !ok || slices.Contains(wholeKeyspace, command) {
			return nil
		}
		s.Words = slices.Clone(s.Words)
		for _, r := range ranges {
			last := r.last
			if last < 0 {
				last += len(s.Words)
			}
			for at := r.first; at <= last && at < len(s.Words); at += r.step {
				if slices.ContainsFunc(s.Words[:at], isRange) {
					return nil // the places of the words that follow are others
				}
				if text, ok := s.Words[at].Literal(); ok {
					keys = append(keys, []byte(text))
				} else if !isRange(s.Words[at]) {
					return nil
				}
				s.Words[at] = transcript.Word{Parts: append([]transcript.Part{{Lit: []byte(Prefix)}}, s.Words[at].Parts...)}
			}
		}
	}
	for i := range out.Steps {
		for j := range out.Steps[i].Replies {
			if tells(&out.Steps[i].Replies[j].Node, keys) {
				return nil
			}
		}
	}
	return &out
}

func isRange(w transcript.Word) bool {
	return slices.ContainsFunc(w.Parts, func(p transcript.Part) bool { return p.Range != nil })
}

// tells reports whether the reply may hold the name of a key.
func tells(n *transcript.Node, keys [][]byte) bool {
	for _, key := range keys {
		quoted := slices.Concat([]byte("'"), key, []byte("'"))
		if bytes.Equal(n.Text, key) && n.Type != resp.Integer || n.Relax == transcript.Match && bytes.Contains(n.Text, key) ||
			n.Type == resp.Error && bytes.Contains(n.Text, quoted) {
			return true
		}
	}
	return slices.ContainsFunc(n.Elems, func(e transcript.Node) bool { return tells(&e, keys) }) ||
		slices.ContainsFunc(n.Attrs, func(e transcript.Node) bool { return tells(&e, keys) })
}
