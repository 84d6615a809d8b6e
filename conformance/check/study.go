package check

import (
	"context"
	"fmt"

	"respect/conformance/resp"
	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/conformance/verdict"
)

// Servers are where the server under test comes from: one that runs already, or as many
// as are needed.
type Servers struct {
	Named    *target.Target   // nil if servers are started
	Template *target.Template // how

	// Destructive allows to do anything to the named server.
	Destructive bool
	// Release and Flavour are expected in place of what the server tells, if they are given.
	Release target.Release
	Flavour string
	// Access has what it takes to enter servers that are started.
	Access target.Access
}

// Study is what was found out about the server before the checks.
type Study struct {
	Info         target.Info
	Capabilities map[target.Capability]bool
	Manners      transcript.Manners
	// Gentle tells that the server may be used by others, so that nothing may be done to it
	// except to the keys of the checks.
	Gentle bool
}

// Server is the study as it stands in a report.
func (s *Study) Server() verdict.Server {
	out := verdict.Server{Name: s.Info.Flavour, Version: s.Info.Version, Flavour: s.Info.Flavour,
		Release: s.Info.Release.String(), Capabilities: map[string]bool{}}
	if s.Info.Name != "" {
		out.Name = s.Info.Name
	}
	if s.Info.Flavour == target.Respect {
		out.Flavour = target.Other
	}
	for _, c := range target.Capabilities() {
		out.Capabilities[string(c)] = s.Capabilities[c]
	}
	return out
}

// NotEmpty is the error of a named server that holds keys.
type NotEmpty struct {
	Addr string
	Keys int64
}

func (e *NotEmpty) Error() string {
	return fmt.Sprintf("the server at %s holds %d keys, and the checks delete what is there; -destructive allows it", e.Addr, e.Keys)
}

// Study finds out what the server is and can do. Keys that it holds are an error, unless they
// may be deleted.
func (s *Servers) Study(ctx context.Context) (*Study, error) {
	t := s.Named
	if t == nil {
		var err error
		if t, err = s.start(ctx, nil); err != nil {
			return nil, err
		}
		defer t.Close()
	}
	out := &Study{Info: s.adjust(t.Info), Capabilities: t.Probe(ctx), Gentle: s.Named != nil && !s.Destructive}
	c := &asker{ctx: ctx, t: t}
	if out.Gentle {
		if n := c.keys(); n > 0 {
			return nil, &NotEmpty{t.Addr, n}
		}
	}
	out.Manners = c.manners(out)
	if s.Named != nil && out.Manners.Emptying == transcript.ByHand {
		return nil, fmt.Errorf("the server at %s can be emptied neither by FLUSHALL nor by KEYS and DEL; "+
			"with -server the suite starts a new one for each check", t.Addr)
	}
	return out, nil
}

// start starts a server, with data for it to load if there are any.
func (s *Servers) start(ctx context.Context, data []byte, params ...target.Param) (*target.Target, error) {
	t, err := s.Template.Start(ctx, data, params...)
	if err == nil {
		t.Info, t.Patience = s.adjust(t.Info), s.Access.Patience
	}
	return t, err
}

func (s *Servers) adjust(i target.Info) target.Info {
	if !s.Release.IsZero() {
		i.Release = s.Release
	}
	if s.Flavour != "" {
		i.Flavour = s.Flavour
	}
	return i
}

// asker asks a server that may close the connection over a request that it does not know.
type asker struct {
	ctx context.Context
	t   *target.Target
}

func (a *asker) ask(words ...string) resp.Value {
	c, err := a.t.Open(a.ctx, 0)
	if err != nil {
		return resp.Value{Type: resp.Error}
	}
	defer c.Close()
	v, err := c.Ask(words...)
	if err != nil {
		return resp.Value{Type: resp.Error}
	}
	return v
}

// keys counts the keys of the server, or those of the database if it does not tell.
func (a *asker) keys() int64 {
	if a.t.Info.Keys > 0 {
		return a.t.Info.Keys
	}
	if n, ok := number(a.ask("DBSIZE")); ok {
		return n
	}
	return int64(len(a.ask("KEYS", "*").Elems))
}

func number(v resp.Value) (int64, bool) {
	n, ok := v.Int()
	return n, ok && v.Type == resp.Integer
}

// manners finds out which requests of the player's own the server knows.
func (a *asker) manners(s *Study) transcript.Manners {
	// Which commands there are is seen from what is said to them. Servers that are made for
	// tests tell the list of a real one.
	m := transcript.Manners{Guarded: s.Gentle, Untold: []string{"COMMAND"}}
	untold := func(name string, has bool) {
		if !has {
			m.Untold = append(m.Untold, name)
		}
	}
	untold("CONFIG", s.Capabilities[target.Config])
	untold("CLIENT", a.ask("CLIENT", "LIST").Type == resp.BulkString)
	untold("TIME", len(a.ask("TIME").Elems) == 2)
	_, counts := number(a.ask("DEL", probeKey))
	lists := a.ask("KEYS", probeKey).Type == resp.Array
	switch {
	case !s.Gentle && a.ask("FLUSHALL").Type == resp.SimpleString:
		m.Emptying = transcript.ByFlush
	case counts && lists:
		m.Emptying, m.Plain = transcript.ByKeys, !a.findsByPrefix()
	default:
		m.Emptying = transcript.ByHand
	}
	return m
}

// findsByPrefix tells whether KEYS finds a key by the prefix of the checks. Some servers know the star
// alone, and the keys of the checks must not be left behind on them.
func (a *asker) findsByPrefix() bool {
	a.ask("SET", probeKey, "1")
	found := a.ask("KEYS", Prefix+"*").Elems
	a.ask("DEL", probeKey)
	return len(found) > 0
}

// probeKey is a key that nobody else has.
const probeKey = "respect-check:probe"
