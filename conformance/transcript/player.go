package transcript

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"respect/conformance/resp"
	"respect/conformance/target"
)

// Player plays cases against one server. It empties the server before each of
// them. It is not safe for concurrent use.
type Player struct {
	// Own starts a server like the target with the parameters, for cases that
	// demand one. If it is nil they are skipped.
	Own func(ctx context.Context, params []target.Param) (*target.Target, error)

	t        *target.Target
	manners  Manners
	control  *conn
	played   bool              // a case was, since the server was empty
	prefix   string            // of the keys of the cases
	baseline map[string]string // configuration to return to
	// configured tells that the configuration may differ from it.
	configured bool
	offered    names // commands of the server, once they were asked for
}

// NewPlayer returns a player for the server. All that the server holds is
// deleted by the first case.
func NewPlayer(ctx context.Context, t *target.Target) (*Player, error) {
	return NewGuest(ctx, t, Manners{})
}

// NewGuest returns a player with manners.
func NewGuest(ctx context.Context, t *target.Target, m Manners) (*Player, error) {
	control, err := dialControl(ctx, t)
	if err != nil {
		return nil, err
	}
	p := &Player{t: t, manners: m, control: control}
	if p.baseline, err = p.config(); err != nil {
		return nil, errors.Join(err, control.Close())
	}
	return p, nil
}

// Close empties the server a last time and leaves it.
func (p *Player) Close() error {
	var err error
	if !p.t.Ended(0) {
		err = p.empty()
	}
	return errors.Join(err, p.control.Close())
}

// Result is the outcome of one case in one protocol.
type Result struct {
	File, Case string
	Proto      int
	Skipped    string // why it was not played; empty if it was
	Lacks      string // the command that the server should have, if that is why
	Mismatches []Mismatch
	Steps      int // played
	Relaxed    int // relaxations in the expectations that were compared

	trace []moment
}

// Mismatch is one place where the server did not do what the file says.
type Mismatch struct {
	File, Case string
	Line       int // of the step
	Proto      int
	Step       string // as it stands in the file
	Want       string // what was expected, as it stands in the file
	Got        string // what the server sent, in the notation of the file
	GotBytes   []byte // the same as bytes
	Diff       *Diff  // nil if the replies were not compared
	Reason     string
	Command    string // that of the step, or the last one on its connection, as "config|get"
	Unknown    bool   // the reply says that the server does not have the command
	Before     int    // exchanges that went before, see [Result.Trace]
}

func (m *Mismatch) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: case %q, RESP%d: %s\n  request: %s\n", m.File, m.Line, m.Case, m.Proto, m.Reason, m.Step)
	if m.Want != "" {
		fmt.Fprintf(&b, "  want:\n%s\n", indent(m.Want))
	}
	if m.Got != "" {
		fmt.Fprintf(&b, "  got:\n%s\n", indent(m.Got))
	}
	if m.GotBytes != nil {
		fmt.Fprintf(&b, "  bytes: %.400q\n", m.GotBytes)
	}
	return b.String()
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n    ")
}

// Applies tells why the case is not for the server and the protocol; empty if
// it is.
func Applies(f *File, c *Case, e Env) string {
	for _, d := range values(f, c, DirProto) {
		if !strings.Contains(d.Value, fmt.Sprint(e.Proto)) {
			return fmt.Sprintf("only for RESP%s", d.Value)
		}
	}
	for _, d := range values(f, c, DirSince) {
		if r, err := target.ParseRelease(d.Value); err != nil || e.Release.Less(r) {
			return fmt.Sprintf("since release %s, the server's is %v", d.Value, e.Release)
		}
	}
	for _, d := range values(f, c, DirFlavour) {
		if (Cond{Flavour: d.Value}).Holds(e) {
			continue
		}
		return "only for " + d.Value
	}
	return ""
}

// TooOld tells whether a server of the release cannot play the case yet.
func TooOld(f *File, c *Case, release target.Release) bool {
	for _, d := range values(f, c, DirSince) {
		if r, err := target.ParseRelease(d.Value); err == nil && release.Less(r) {
			return true
		}
	}
	return false
}

// Play plays the case in the protocol. The error tells that the server could
// not be used at all; what it does wrong is in the result.
func (p *Player) Play(ctx context.Context, f *File, c *Case, proto int) (Result, error) {
	r := Result{File: f.Name, Case: c.Name, Proto: proto}
	if r.Skipped = Applies(f, c, EnvOf(p.t.Info, proto)); r.Skipped != "" {
		return r, nil
	}
	if params := serverParams(f, c); params != nil {
		return p.playOnOwn(ctx, f, c, params, r)
	}
	if err := p.prepare(ctx, f, c); err != nil {
		return r, err
	}
	p.played = true
	why, err := p.missing(f, c, &r)
	if why == "" && err == nil {
		if r.Lacks, err = p.lacking(c, EnvOf(p.t.Info, proto)); r.Lacks != "" {
			why = "the server does not have " + r.Lacks
		}
	}
	if why != "" || err != nil {
		r.Skipped = why
		return r, err
	}
	play := &play{session: p.newSession(ctx, proto), file: f, c: c, env: EnvOf(p.t.Info, proto), result: &r}
	if err := play.begin(c); err != nil {
		return r, err
	}
	play.run()
	return r, p.reset(play.session, c)
}

// serverParams are the parameters of the server of its own that the case needs.
func serverParams(f *File, c *Case) []target.Param {
	var out []target.Param
	for _, d := range values(f, c, DirServer) {
		name, value := pair(d)
		out = append(out, target.Param{Name: name, Value: value})
	}
	return out
}

// pair reads the two words of a directive; the parser has checked them.
func pair(d Directive) (name, value string) {
	words, _ := parseWords(d.Value)
	sc := scope{}
	args, err := sc.words(words)
	if err != nil || len(args) != 2 {
		return d.Value, ""
	}
	return string(args[0]), string(args[1])
}

func (p *Player) playOnOwn(ctx context.Context, f *File, c *Case, params []target.Param, r Result) (Result, error) {
	if p.Own == nil {
		r.Skipped = "needs a server of its own"
		return r, nil
	}
	t, err := p.Own(ctx, params)
	if err != nil {
		return r, err
	}
	own, err := NewGuest(ctx, t, p.manners)
	if err != nil {
		return r, errors.Join(err, t.Close())
	}
	c = c.without(DirServer)
	r, err = own.Play(ctx, f.without(DirServer), c, r.Proto)
	return r, errors.Join(err, own.Close(), t.Close())
}

func (f *File) without(name string) *File {
	g := *f
	g.Directives = dropDirective(f.Directives, name)
	return &g
}

func (c *Case) without(name string) *Case {
	d := *c
	d.Directives = dropDirective(c.Directives, name)
	return &d
}

func dropDirective(list []Directive, name string) []Directive {
	return slices.DeleteFunc(slices.Clone(list), func(d Directive) bool { return d.Name == name })
}

// prepare empties the server and configures it for the case.
func (p *Player) prepare(ctx context.Context, f *File, c *Case) error {
	if p.control.state() != quiet {
		// Something went wrong with the last case; it must not harm this one.
		control, err := dialControl(ctx, p.t)
		if err != nil {
			return err
		}
		_ = p.control.Close()
		*p.control = *control
	}
	if err := p.empty(); err != nil {
		return err
	}
	if err := p.restoreConfig(); err != nil { // the last case was not played to its end
		return err
	}
	for _, d := range values(f, c, DirConfig) {
		name, value := pair(d)
		p.configured = true
		if err := p.demand("CONFIG", "SET", name, value); err != nil {
			return err
		}
	}
	return nil
}

// missing tells what the case requires and the server does not offer.
func (p *Player) missing(f *File, c *Case, r *Result) (string, error) {
	for _, d := range values(f, c, DirRequires) {
		for _, need := range fields(d.Value) {
			ok, err := p.offers(need)
			if err != nil || !ok {
				if name, isCommand := strings.CutPrefix(need, "command:"); isCommand {
					r.Lacks = strings.ToUpper(name)
				}
				return "the server does not offer " + need, err
			}
		}
	}
	return "", nil
}

// offers knows "aof", "own-server", "debug" and "command:NAME".
func (p *Player) offers(need string) (bool, error) {
	switch name, ok := strings.CutPrefix(need, "command:"); {
	case ok && slices.Contains(p.manners.Untold, "COMMAND"):
		return true, nil // it is found out when it is asked for
	case ok:
		v, err := p.ask("COMMAND", "INFO", name)
		return err == nil && len(v.Elems) == 1 && !v.Elems[0].IsNull, err
	case need == "own-server":
		return p.t.Owned, nil
	case need == "aof":
		v, err := p.ask("INFO", "persistence")
		return err == nil && (p.t.Effects != nil || strings.Contains(string(v.Text), "aof_enabled:1")), err
	case need == "debug":
		v, err := p.ask("DEBUG", "SLEEP", "0")
		return err == nil && v.Type == resp.SimpleString, err
	}
	return false, fmt.Errorf("unknown requirement %q", need)
}

func (p *Player) config() (map[string]string, error) {
	v, err := p.ask("CONFIG", "GET", "*")
	out := map[string]string{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out[string(v.Elems[i].Text)] = string(v.Elems[i+1].Text)
	}
	return out, err
}

// reset undoes what the case may have done to the server besides its keys.
func (p *Player) reset(s *session, c *Case) error {
	if s.gone {
		return s.closeAll()
	}
	if c.mentions("PAUSE") {
		if _, err := s.ask("CLIENT", "UNPAUSE"); err != nil {
			return err
		}
	}
	if c.mentions("CONFIG") {
		p.configured = true
	}
	if err := p.restoreConfig(); err != nil {
		return err
	}
	var requests [][]string
	if c.mentions("DEBUG") {
		requests = append(requests, []string{"DEBUG", "SET-ACTIVE-EXPIRE", "1"})
	}
	if c.mentions("EVAL") || c.mentions("SCRIPT") || c.mentions("FUNCTION") || c.mentions("FCALL") {
		requests = append(requests, []string{"SCRIPT", "FLUSH"}, []string{"FUNCTION", "FLUSH"})
	}
	for _, r := range requests {
		if _, err := s.ask(r...); err != nil {
			return err
		}
	}
	return s.closeAll()
}

// restoreConfig sets what differs from the beginning. A parameter that cannot
// be set cannot have been changed either.
func (p *Player) restoreConfig() error {
	if !p.configured {
		return nil
	}
	p.configured = false
	now, err := p.config()
	if err != nil {
		return err
	}
	for name, value := range p.baseline {
		if now[name] != value {
			if _, err := p.ask("CONFIG", "SET", name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// mentions reports whether a request of the case holds a word that contains
// the upper case text.
func (c *Case) mentions(text string) bool {
	for i := range c.Steps {
		if strings.Contains(strings.ToUpper(string(c.Steps[i].Bytes)), text) {
			return true
		}
		for _, w := range c.Steps[i].Words {
			if strings.Contains(strings.ToUpper(w.String()), text) {
				return true
			}
		}
	}
	return false
}

// broken tells what a failed read means.
func (c *conn) broken(err error) string {
	var syntax *resp.SyntaxError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("no reply within %v", c.wait)
	case errors.As(err, &syntax):
		return err.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection within a reply"
	case errors.Is(err, io.EOF):
		return "the server closed the connection"
	}
	return err.Error()
}

// poll calls done until it reports true, but not for longer than wait.
func poll(ctx context.Context, wait time.Duration, done func() (bool, error)) (bool, error) {
	deadline := time.Now().Add(wait)
	for {
		ok, err := done()
		if ok || err != nil || time.Now().After(deadline) {
			return ok, err
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		time.Sleep(pollPause)
	}
}
