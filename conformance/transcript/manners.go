package transcript

import (
	"fmt"
	"slices"
	"strings"

	"respect/conformance/resp"
)

// Manners are how a player treats a server besides playing cases. The zero value is for
// servers that can do everything and that may be emptied.
type Manners struct {
	// Emptying is how the server is emptied before each case.
	Emptying Emptying
	// Untold are commands of which the player itself makes no use, because the server
	// does not have them, or because it would change the server: "CONFIG", "CLIENT", "TIME".
	Untold []string
	// Plain tells that KEYS knows no other pattern than the star alone.
	Plain bool
	// Guarded servers are not emptied unless a case was played since they last were: what they
	// hold then belongs to somebody else.
	Guarded bool
}

// Emptying is a way to begin a case with an empty server.
type Emptying int

// The ways.
const (
	ByFlush Emptying = iota // FLUSHALL
	ByKeys                  // KEYS, and DEL for each, in the database that is played in
	ByHand                  // not by the player
)

// Refused is the error of a request of the player's own that the server must not refuse, because
// the case cannot be set up without it, or a connection not be opened.
type Refused struct {
	Request string
	Reply   resp.Value
}

func (e *Refused) Error() string { return fmt.Sprintf("%s: %s", e.Request, e.Reply.Text) }

// ask sends a request of the player's own; the answer of a request that it is not to
// make is empty.
func (p *Player) ask(words ...string) (resp.Value, error) {
	if slices.Contains(p.manners.Untold, words[0]) {
		return resp.Value{}, nil
	}
	return p.control.exchange(resp.Request(words...), p.control.wait)
}

// demand sends a request that must not fail, nor be one of those that are not made.
func (p *Player) demand(words ...string) error {
	if slices.Contains(p.manners.Untold, words[0]) {
		return &Refused{Request: strings.Join(words[:2], " "), Reply: resp.Value{Type: resp.Error, Text: []byte("the server does not have it")}}
	}
	v, err := p.ask(words...)
	if err == nil && v.Type == resp.Error {
		err = &Refused{Request: strings.Join(words, " "), Reply: v}
	}
	return err
}

// Alive makes sure that the server still answers.
func (p *Player) Alive() error {
	_, err := p.ask("PING")
	return err
}

// Clean deletes the keys that the last case has left, unless that was done.
func (p *Player) Clean() error {
	if !p.played {
		return nil
	}
	return p.empty()
}

// empty deletes all keys; of a guarded server none before the first case.
func (p *Player) empty() error {
	if p.manners.Guarded && !p.played {
		return nil
	}
	p.played = false
	switch p.manners.Emptying {
	case ByFlush:
		return p.demand("FLUSHALL")
	case ByKeys:
		return p.deleteKeys()
	}
	return nil
}

// Within tells that the following cases write no keys but those that begin with the prefix, which
// holds no characters that patterns know.
func (p *Player) Within(prefix string) { p.prefix = prefix }

func (p *Player) deleteKeys() error {
	pattern := p.prefix + "*"
	if p.manners.Plain {
		pattern = "*"
	}
	keys, err := p.ask("KEYS", pattern)
	if err != nil {
		return err
	}
	for _, k := range keys.Elems {
		if !strings.HasPrefix(string(k.Text), p.prefix) {
			continue
		}
		if err := p.demand("DEL", string(k.Text)); err != nil {
			return err
		}
	}
	return nil
}
