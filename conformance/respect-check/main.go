// Respect-check checks whether a server behaves as Redis does. It is one program without
// other files: the corpus is within it. docs/CONFORMANCE.md is its manual.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"time"

	"respect/conformance/check"
	"respect/conformance/target"
	"respect/conformance/verdict"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// The exit statuses.
const (
	statusPassed = iota
	statusFailed
	statusUseless // nothing could be checked
)

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return statusPassed
	}
	ok := false
	if err == nil {
		ok, err = carryOut(ctx, o, args, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "respect-check:", err)
		return statusUseless
	case !ok:
		return statusFailed
	}
	return statusPassed
}

func carryOut(ctx context.Context, o *options, args []string, w io.Writer) (ok bool, err error) {
	switch {
	case o.version:
		return true, tellVersion(w)
	case len(o.reports) > 0:
		return true, combine(o)
	case o.profile == "list":
		return true, listProfiles(w)
	}
	selection, err := o.selection()
	if err != nil {
		return false, err
	}
	plan, err := check.Plan(selection)
	if err != nil {
		return false, err
	}
	if len(plan) == 0 {
		return false, fmt.Errorf("no check is selected by %s", selection)
	}
	if o.list {
		for _, c := range plan {
			fmt.Fprintf(w, "%s  [%s]\n", c.ID, strings.Join(c.Labels, " "))
		}
		return true, nil
	}
	r, err := test(ctx, o, args, w, selection, plan)
	if err != nil {
		return false, err
	}
	return r.OK(), write(o, r)
}

// test makes the checks and shows what comes out.
func test(ctx context.Context, o *options, args []string, w io.Writer, selection *check.Selection, plan []*check.Check) (*verdict.Report, error) {
	var known *check.Known
	var err error
	if o.knownFailures != "" {
		if known, err = check.ReadKnown(o.knownFailures); err != nil {
			return nil, err
		}
	}
	servers, access, err := o.servers()
	if err != nil {
		return nil, err
	}
	if access != nil {
		if servers.Named, err = target.Connect(ctx, *access); err != nil {
			return nil, err
		}
	}
	study, err := servers.Study(ctx)
	if err != nil {
		return nil, err
	}
	r := &verdict.Report{Started: time.Now().UTC().Truncate(time.Second), Server: study.Server(), Selected: selection.String()}
	if o.name != "" {
		r.Server.Name, r.Server.Version, _ = strings.Cut(o.name, " ")
	}
	rerun := func(c *verdict.Check) string { return again(args, c.ID) }
	console := verdict.NewConsole(w, len(plan), isTerminal(w) && !o.quiet, rerun)
	begun := time.Now()
	r.Checks, err = check.Run(ctx, servers, study, plan, o.parallel, func(c *verdict.Check) {
		if known != nil {
			known.Expect(c)
		}
		if !o.quiet {
			console.Observe(c)
		}
	})
	if err != nil {
		return nil, err
	}
	r.Seconds = time.Since(begun).Seconds()
	if known != nil {
		known.Mark(r)
	}
	r.Finish()
	console.Summary(r)
	return r, nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && terminal(f)
}

func tellVersion(w io.Writer) error {
	version := "(unknown)"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version += " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(w, "respect-check %s\n", version)
	return err
}

func listProfiles(w io.Writer) error {
	all, err := check.Profiles()
	if err != nil {
		return err
	}
	for _, p := range all {
		plan, err := check.Plan(&check.Selection{Profile: p})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-12s %4d checks of %d commands. %s\n", p.Name, len(plan), len(p.Commands), p.About)
	}
	return nil
}
