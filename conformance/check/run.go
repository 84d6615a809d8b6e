package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/conformance/verdict"
	"respect/fixtures"
)

// Run makes the checks, as many at once as parallel says if it starts the servers, and
// returns their verdicts in the order of the plan. Each is told to observe as soon as it is
// known. The error tells that the server can no longer be used.
func Run(ctx context.Context, s *Servers, study *Study, plan []*Check, parallel int, observe func(*verdict.Check)) ([]verdict.Check, error) {
	if s.Named != nil {
		parallel = 1
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := make([]verdict.Check, len(plan))
	next := make(chan piece)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(1, parallel) {
		wg.Go(func() {
			w := &worker{servers: s, study: study}
			defer w.leave()
			defer w.drop()
			for p := range next {
				for i := p.from; i < p.to && ctx.Err() == nil; i++ {
					v, err := w.make(ctx, plan[i])
					if err != nil {
						cancel(err)
						break // the others are told by the context
					}
					mu.Lock()
					out[i] = v
					observe(&v)
					mu.Unlock()
				}
			}
		})
	}
	for _, p := range pieces(plan) {
		if ctx.Err() != nil {
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return out, nil
}

// piece is a part of the plan that one worker makes.
type piece struct{ from, to int }

// pieces are single checks, and those of the same data file, which need it to be loaded once only.
func pieces(plan []*Check) []piece {
	var out []piece
	for i, c := range plan {
		if i > 0 && c.Data != nil && c.Data == plan[i-1].Data {
			out[len(out)-1].to++
		} else {
			out = append(out, piece{i, i + 1})
		}
	}
	return out
}

// worker makes one check after the other on a server.
type worker struct {
	servers *Servers
	study   *Study
	t       *target.Target
	player  *transcript.Player

	// holder is a server that has loaded a data file, held; nil if there is none.
	holder *target.Target
	held   *fixtures.Manifest
}

// make makes the check. The error tells that there is no server any more.
func (w *worker) make(ctx context.Context, c *Check) (verdict.Check, error) {
	begun := time.Now()
	v := verdict.Check{ID: c.ID, Group: c.Group, Protocol: c.Protocol, Commands: commandsOf(c)}
	if c.Case != nil {
		v.File, v.Case, v.Line = c.File.Name, c.Case.Name, c.Case.Line
	} else {
		v.File, v.Case = c.Data.RDBPath, c.Data.Case
		if c.Encodings {
			v.Case += ": encodings"
		}
	}
	if w.preclude(c, &v) {
		return v, nil
	}
	var err error
	if c.Data != nil {
		w.load(ctx, c, &v)
	} else {
		err = w.play(ctx, c, &v)
	}
	v.Seconds = time.Since(begun).Seconds()
	return v, err
}

// commandsOf are the commands of the check that real servers have: others are asked for
// to see what is said about them.
func commandsOf(c *Check) []string {
	table, err := known()
	if err != nil {
		return c.Commands
	}
	out := []string{}
	for _, name := range c.Commands {
		if table[name] != nil {
			out = append(out, name)
		}
	}
	return out
}

// preclude gives the verdict on a check that need not be, or must not be, made.
func (w *worker) preclude(c *Check, v *verdict.Check) bool {
	if c.Data != nil {
		if w.servers.Template == nil {
			v.Verdict, v.Reason = verdict.Skipped, "needs a server that is started with a data file; give -server"
		}
		return v.Verdict != ""
	}
	info := w.study.Info
	if why := transcript.Applies(c.File, c.Case, transcript.EnvOf(info, c.Protocol)); why != "" {
		v.Verdict, v.Reason = verdict.Skipped, why
		return true
	}
	if w.servers.Named != nil && transcript.Requires(c.File, c.Case, "aof") {
		v.Verdict, v.Reason = verdict.Skipped, "reads the files of the server; give -server"
		return true
	}
	if w.study.Gentle {
		if why := Disturbs(c); why != "" {
			v.Verdict, v.Reason = verdict.Skipped, why+"; -destructive allows it"
			return true
		}
	}
	if c.Protocol == 3 && !w.study.Capabilities[target.RESP3] {
		v.Verdict, v.Reason = verdict.Missing, "RESP3"
		return true
	}
	return false
}

// play plays a case. A server that does not survive it is replaced.
func (w *worker) play(ctx context.Context, c *Check, v *verdict.Check) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	played := c.Case
	if w.study.Gentle {
		if err := w.player.Clean(); err != nil {
			return err
		}
		if played = prefixed(c.Case); played != nil {
			w.player.Within(Prefix)
		} else if played, v.Reason = c.Case, w.disturbed(ctx); v.Reason != "" {
			v.Verdict = verdict.Skipped
			return nil
		} else {
			w.player.Within("")
		}
	}
	if err := w.player.Alive(); err != nil {
		// The last check has broken the server, or the connection to it.
		w.leave()
		if err := w.enter(ctx); err != nil {
			return err
		}
	}
	patience := w.t.Patience
	if slices.Contains(c.Labels, "slow") {
		w.t.Patience = 4 * w.t.Wait()
	}
	r, err := w.player.Play(ctx, c.File, played, c.Protocol)
	w.t.Patience = patience
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	judge(v, &r, err)
	if w.study.Gentle && w.player.Clean() != nil {
		w.leave()
		return nil
	}
	if w.t.Ended(0) && w.servers.Named == nil || w.study.Manners.Emptying == transcript.ByHand || err != nil && !isRefused(err) {
		w.leave()
	}
	return nil
}

func isRefused(err error) bool {
	var refused *transcript.Refused
	return errors.As(err, &refused)
}

// enter makes sure that there is a server and a player on it.
func (w *worker) enter(ctx context.Context) error {
	if w.player != nil {
		return nil
	}
	w.t = w.servers.Named
	if w.t == nil {
		var err error
		if w.t, err = w.servers.start(ctx, nil); err != nil {
			return err
		}
	}
	w.t.Info = w.study.Info
	player, err := transcript.NewGuest(ctx, w.t, w.study.Manners)
	if err != nil {
		return fmt.Errorf("the server at %s: %w", w.t.Addr, err)
	}
	if template := w.servers.Template; template != nil && template.TakesParams() {
		player.Own = func(ctx context.Context, params []target.Param) (*target.Target, error) {
			return w.servers.start(ctx, nil, params...)
		}
	}
	w.player = player
	return nil
}

// leave empties the server of the checks' keys, and ends it if the suite has started it.
func (w *worker) leave() {
	if w.player != nil {
		// A server that was broken by a check may not be able to do it.
		_ = w.player.Close()
	}
	if w.t != nil {
		_ = w.t.Close()
	}
	w.player, w.t = nil, nil
}

// disturbed tells why a case must not be played whose keys have no names of their own: somebody
// else has written keys, which might be the same.
func (w *worker) disturbed(ctx context.Context) string {
	a := &asker{ctx: ctx, t: w.t}
	if len(a.ask("KEYS", "*").Elems) > 0 {
		return "somebody else writes to the server, and its keys must not be touched"
	}
	return ""
}

// judge turns what the player has found into a verdict.
func judge(v *verdict.Check, r *transcript.Result, err error) {
	var refused *transcript.Refused
	switch {
	case errors.As(err, &refused):
		needed := strings.Fields(refused.Request)
		v.Verdict, v.Reason = verdict.Missing, strings.Join(needed[:min(3, len(needed))], " ")
		v.Command = strings.ToLower(strings.Join(needed[:min(2, len(needed))], "|"))
	case r.Lacks != "":
		v.Verdict, v.Reason, v.Command = verdict.Missing, r.Lacks, strings.ToLower(strings.ReplaceAll(r.Lacks, " ", "|"))
	case r.Skipped != "":
		v.Verdict, v.Reason = verdict.Skipped, r.Skipped
	case len(r.Mismatches) > 0:
		fail(v, r)
	case err != nil:
		v.Verdict, v.Reason = verdict.Wrong, "the server cannot be used: "+err.Error()
	default:
		v.Verdict = verdict.Passed
	}
}

// fail gives the verdict on a case with mismatches. The first tells what is wrong; if
// it is that the server does not have a command, the case is not implemented.
func fail(v *verdict.Check, r *transcript.Result) {
	m := &r.Mismatches[0]
	v.Verdict, v.Reason, v.Command = verdict.Wrong, m.Reason, m.Command
	if m.Unknown {
		v.Command = missing(v.Command)
		v.Verdict, v.Reason = verdict.Missing, strings.ToUpper(strings.ReplaceAll(v.Command, "|", " "))
	}
	f := &verdict.Failure{Line: m.Line, Step: m.Step, Want: transcript.Shorten(m.Want, maxReply), Got: transcript.Shorten(m.Got, maxReply),
		Further: len(r.Mismatches) - 1}
	if len(m.GotBytes) > 0 {
		f.Bytes = fmt.Sprintf("%.300q", m.GotBytes)
	}
	trace := r.Trace()
	f.Before = trace[:min(m.Before, len(trace))]
	if wl, wc, gl, gc, ok := m.Caret(); ok && wl < strings.Count(f.Want, "\n")+1 && gl < strings.Count(f.Got, "\n")+1 {
		f.Caret = &verdict.Caret{WantLine: wl, WantColumn: wc, GotLine: gl, GotColumn: gc}
	}
	v.Failure = f
}

// missing is the command that a server does not have which is said not to have this one: a subcommand that is
// asked for because nobody has it stands for the container. Of DEBUG the subcommands are not known.
func missing(command string) string {
	container, _, _ := strings.Cut(command, "|")
	table, err := known()
	if err != nil || table[command] != nil {
		return command
	}
	for name := range table {
		if strings.HasPrefix(name, container+"|") {
			return container
		}
	}
	return command
}

// maxReply bounds a reply in a report, in bytes.
const maxReply = 8000
