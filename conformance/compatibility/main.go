// Compatibility makes all checks on several servers and writes what came out, side by side, to
// docs/compatibility: on the real servers, where a difference is a fault of the suite; on
// ours; and on servers that others have written.
//
//	go run ./conformance/compatibility [-dir docs/compatibility] [-servers redis,valkey,respect,redict,miniredis,redcon]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"respect/conformance/check"
	"respect/conformance/target"
	"respect/conformance/verdict"
)

// server is one that is checked.
type server struct {
	name    string
	real    bool   // the expectations come from it
	build   string // the package to build, in place of a program that is installed
	command string // with {program} for what was built
	// module is the module that tells the version, where the server does not.
	module  string
	timeout time.Duration
}

var servers = []server{
	{name: target.Redis, real: true, command: target.Shorthands[target.Redis]},
	{name: target.Valkey, real: true, command: target.Shorthands[target.Valkey]},
	{name: target.Respect, build: "respect", command: `{program} {config} --port {port} --bind {host} --dir {dir} --save "" --enable-debug-command yes`},
	{name: "redict", command: "redict-server {config} " + strings.TrimPrefix(target.Shorthands[target.Redis], "redis-server {config} ")},
	{name: "miniredis", build: "respect/conformance/compatibility/miniredis", command: "{program} {port}", module: "github.com/alicebob/miniredis/v2", timeout: 2 * time.Second},
	{name: "redcon", build: "respect/conformance/compatibility/redcon", command: "{program} {port}", module: "github.com/tidwall/redcon", timeout: 2 * time.Second},
}

func main() {
	dir := flag.String("dir", filepath.Join("docs", "compatibility"), "`directory` to write to")
	names := flag.String("servers", "", "`names` of the servers; all by default")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *dir, strings.FieldsFunc(*names, func(r rune) bool { return r == ',' }))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compatibility:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, names []string) error {
	programs, err := os.MkdirTemp("", "compatibility-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	var reports []*verdict.Report
	var faults []error
	for _, s := range servers {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		r, err := s.check(ctx, programs)
		if errors.Is(err, target.ErrNotInstalled) {
			fmt.Println(err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", r.Server, r.Score)
		if s.real && !r.OK() {
			faults = append(faults, fmt.Errorf("the suite is wrong about %s: %s", r.Server, r.Failures()[0].ID))
		}
		reports = append(reports, r)
	}
	if len(reports) == 0 {
		return errors.New("there is no server to check")
	}
	return errors.Join(append(faults, write(dir, reports))...)
}

// check makes all checks on the server.
func (s *server) check(ctx context.Context, programs string) (*verdict.Report, error) {
	command := s.command
	if s.build != "" {
		program := filepath.Join(programs, s.name)
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, s.build).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w\n%s", s.build, err, out)
		}
		command = strings.ReplaceAll(command, "{program}", program)
	}
	template, err := target.ParseTemplate(command)
	if err != nil {
		return nil, err
	}
	from := &check.Servers{Template: template, Access: target.Access{Patience: s.timeout}}
	study, err := from.Study(ctx)
	if err != nil {
		return nil, err
	}
	all := &check.Selection{}
	plan, err := check.Plan(all)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	r := &verdict.Report{Started: begun.UTC().Truncate(time.Second), Server: study.Server(), Selected: all.String()}
	if s.module != "" {
		r.Server.Name = s.name
		if r.Server.Version, err = version(ctx, s.module); err != nil {
			return nil, err
		}
	}
	r.Checks, err = check.Run(ctx, from, study, plan, 2*runtime.NumCPU(), func(*verdict.Check) {})
	r.Seconds = time.Since(begun).Seconds()
	r.Finish()
	return r, err
}

// version is the version of the module that was built.
func version(ctx context.Context, module string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), err
}

const introduction = `# Compatibility

Written by ` + "`make compatibility`" + ` on %s; every check of the corpus on each of the servers. The page
[index.html](index.html) shows the same by command, with every exchange that failed.

A check that fails on redis or valkey would be a fault of the suite. *Wrong* is another answer than theirs; *not
implemented* means that the server says it does not have the command. Both count as not passed. Checks are skipped, and
in no denominator, where they are for another release or flavour, or need something the server was not built for.
[CONFORMANCE.md](../CONFORMANCE.md) tells how to make them on any server.

redis, valkey and redict are Debian's packages; redict left Redis after 7.2 and calls itself by another name in replies.
miniredis and redcon are Go modules: the one is a library for tests, which is served as it is; the other is a library for
servers, with the nine commands that its manual shows. Of other Redis-like servers that are Go modules, LedisDB, Redka,
SugarDB, DiceDB and Godis were asked for by their names, and the module proxy did not offer them.

`

func write(dir string, reports []*verdict.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	page, err := verdict.HTML(reports...)
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, introduction, reports[0].Started.Format(time.DateOnly))
	text = append(text, verdict.Comparison(reports)...)
	for _, r := range reports {
		text = append(text, lacks(r)...)
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "index.html"), page, 0o644), os.WriteFile(filepath.Join(dir, "README.md"), text, 0o644))
}

// mostMissing is how many commands are listed that a server does not have.
const mostMissing = 40

// lacks lists the commands that the server does not have, with the number of checks that need them.
func lacks(r *verdict.Report) string {
	missing := r.MissingCommands()
	if len(missing) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s does not have: ", r.Server)
	for i, m := range missing[:min(mostMissing, len(missing))] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (%d)", m.Name, m.N)
	}
	if n := len(missing) - mostMissing; n > 0 {
		fmt.Fprintf(&b, ", and %d others", n)
	}
	b.WriteString(".\n")
	return b.String()
}
