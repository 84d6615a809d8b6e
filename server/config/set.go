package config

import (
	"fmt"
	"slices"
	"strings"
)

// ErrLoading refuses a change while the data set is being loaded.
var ErrLoading = reason("LOADING Redis is loading the dataset in memory")

var errArguments = reason("wrong number of arguments")

// Request tells Set who asks and when.
type Request struct {
	Loading bool // the data set is being loaded
	Local   bool // the client came over a loopback address or a Unix socket
}

// hook is what has to happen when one of some parameters was changed.
type hook struct {
	params []*Param
	apply  func() error
}

// OnChange makes Set call apply when it has changed any of the named
// parameters, once per Set and after all of them have their new values. The text
// of an error becomes part of the reply; the old values are then restored and
// apply is called again to go back. Load does not call it. Names that do not
// exist panic: they are the caller's mistake.
func (c *Config) OnChange(apply func() error, names ...string) {
	h := hook{apply: apply}
	for _, name := range names {
		p := c.Lookup(name)
		if p == nil {
			panic("config: OnChange of unknown parameter " + name)
		}
		h.params = append(h.params, p)
	}
	c.hooks = append(c.hooks, h)
}

// Set changes parameters as CONFIG SET does: all of them or none. The text of
// the error is a whole error reply, code included.
func (c *Config) Set(pairs []Pair, req Request) error {
	params := make([]*Param, len(pairs))
	for i, pair := range pairs {
		p := c.Lookup(pair.Name)
		if p == nil {
			return fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", pair.Name)
		}
		if err := c.refused(p, req); err != nil {
			return setError(pair.Name, err)
		}
		if slices.ContainsFunc(pairs[:i], func(p Pair) bool { return strings.EqualFold(p.Name, pair.Name) }) {
			// A name and its alias may stand together.
			return setError(pair.Name, reason("duplicate parameter"))
		}
		params[i] = p
	}
	return c.change(pairs, params)
}

// refused tells why a parameter cannot be changed now, whatever the value.
func (c *Config) refused(p *Param, req Request) error {
	switch {
	case p.Flags&Immutable != 0:
		return reason("can't set immutable config")
	case p.Flags&Protected != 0 && !allows(c.EnableProtectedConfigs, req.Local):
		return reason("can't set protected config")
	case p.Flags&DenyLoading != 0 && req.Loading:
		return ErrLoading
	}
	return nil
}

// allows reads a parameter that is no, yes or local.
func allows(setting string, local bool) bool {
	return setting == "yes" || setting == "local" && local
}

func setError(name string, err error) error {
	if err == ErrLoading {
		return err
	}
	return fmt.Errorf("ERR CONFIG SET failed (possibly related to argument '%s') - %s", name, err)
}

// change stores the values, runs the hooks, and takes everything back if one
// of them fails.
func (c *Config) change(pairs []Pair, params []*Param) error {
	before := make([]snapshot, len(params))
	for i, p := range params {
		before[i] = p.value.snapshot()
	}
	rollback := func() {
		for _, s := range before {
			s.restore()
		}
	}
	for i, p := range params {
		if err := p.value.set(setWords(p, pairs[i].Value), fromSet); err != nil {
			rollback()
			return setError(strings.ToLower(pairs[i].Name), err)
		}
	}
	changed := make([]*Param, 0, len(params))
	for i, p := range params {
		if before[i].changed() {
			changed = append(changed, p)
		}
	}
	return c.runHooks(changed, rollback)
}

// runHooks calls the hooks of the changed parameters. When one fails, it and
// those before it are called again with the old values.
func (c *Config) runHooks(changed []*Param, rollback func()) error {
	var done []hook
	for _, h := range c.hooks {
		i := slices.IndexFunc(changed, func(p *Param) bool { return slices.Contains(h.params, p) })
		if i < 0 {
			continue
		}
		done = append(done, h)
		if err := h.apply(); err != nil {
			rollback()
			for _, h := range done {
				// Nothing is left to be done if even the old value fails.
				_ = h.apply()
			}
			return setError(changed[i].Name, err)
		}
	}
	return nil
}

// setWords cuts the value of a parameter that takes several words at each
// single blank: CONFIG SET knows no quotes within a value.
func setWords(p *Param, text string) []string {
	if !p.value.multi() {
		return []string{text}
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, " ")
}
