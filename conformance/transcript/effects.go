package transcript

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"respect/conformance/resp"
)

// What a server tells to those who keep a copy of its data, as its AOF shows it. The
// server is one of the player's own, which writes each command to the file before it is
// answered. Only the increments are read, so that a case that looks
// at them must not have the file rewritten.

// looksAtEffects tells whether a case has a step that does.
func (c *Case) looksAtEffects() bool {
	for i := range c.Steps {
		if c.Steps[i].Kind == Effects {
			return true
		}
	}
	return false
}

// written returns all that the server has told since it was started.
func (s *session) written() ([]byte, error) {
	if s.t.Effects != nil {
		return s.t.Effects()
	}
	v, err := s.ask("CONFIG", "GET", "append*name")
	if err != nil {
		return nil, err
	}
	dir, err := s.ask("CONFIG", "GET", "dir")
	if err != nil {
		return nil, err
	}
	parts := map[string]string{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		parts[string(v.Elems[i].Text)] = string(v.Elems[i+1].Text)
	}
	if len(dir.Elems) != 2 {
		return nil, fmt.Errorf("the server tells no directory")
	}
	return readIncrements(filepath.Join(string(dir.Elems[1].Text), parts["appenddirname"]), parts["appendfilename"])
}

// readIncrements reads the increments that the manifest lists.
func readIncrements(dir, name string) ([]byte, error) {
	manifest, err := os.ReadFile(filepath.Join(dir, name+".manifest"))
	if err != nil {
		return nil, err
	}
	var out []byte
	for line := range strings.Lines(string(manifest)) {
		f := strings.Fields(line) // file NAME seq N type i
		if len(f) < 6 || f[0] != "file" || f[5] != "i" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f[1]))
		if err != nil {
			return nil, err
		}
		out = append(out, text...)
	}
	return out, nil
}

// skipEffects forgets what was told so far.
func (s *session) skipEffects() error {
	all, err := s.written()
	s.toldBytes = len(all)
	return err
}

// effects returns the commands that were told since the last call; seen are the bytes of
// them.
func (s *session) effects() (told []resp.Value, seen int, err error) {
	if err := s.barrier(); err != nil {
		return nil, 0, err
	}
	all, err := s.written()
	if err != nil {
		return nil, 0, err
	}
	if len(all) < s.toldBytes {
		return nil, 0, fmt.Errorf("the file has become shorter")
	}
	rest := all[s.toldBytes:]
	for len(rest) > 0 {
		if rest[0] == '#' { // a time
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				rest = rest[end+1:]
				continue
			}
		}
		v, after, err := resp.Decode(rest)
		if err != nil {
			return nil, 0, err
		}
		told, rest = append(told, v), after
	}
	return told, len(all), nil
}

// demandEffects compares what was told with what the step expects.
func (p *play) demandEffects(s *Step) error {
	want := s.expected(p.env)
	var got []resp.Value
	_, err := poll(p.ctx, p.control.wait, func() (bool, error) {
		var seen int
		var err error
		if got, seen, err = p.effects(); err == nil && len(got) >= len(want) {
			p.toldBytes = seen
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return p.stop(s, err.Error())
	}
	for i, n := range want {
		p.result.Relaxed += n.Relaxations()
		if i == len(got) {
			return p.failEffects(s, n, nil, "not told")
		}
		if d := p.scope.match(n, &got[i]); d != nil {
			return p.failEffects(s, n, got[i:], d.String())
		}
	}
	if len(got) > len(want) {
		return p.failEffects(s, nil, got[len(want):], "more was told")
	}
	return nil
}

func (p *play) failEffects(s *Step, want *Node, got []resp.Value, reason string) error {
	m := Mismatch{GotBytes: []byte{}}
	if want != nil {
		m.Want = want.String()
	}
	for _, v := range got {
		m.Got += NodeOf(v).String()
		m.GotBytes = v.Append(m.GotBytes)
	}
	p.report(s, reason, m)
	return errStop
}

// observeEffects records what was told.
func (t *take) observeEffects(s *Step) error {
	got, seen, err := t.effects()
	if err != nil {
		return err
	}
	t.toldBytes = seen
	for _, v := range got {
		t.observe(s, v)
	}
	return nil
}
