package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"respect/conformance/check"
	"respect/conformance/target"
)

// options are the flags of the command, each of which takes its default from the environment:
// -tls-ca from RESPECT_TLS_CA.
type options struct {
	addr, host, port, socket, user, password string
	tls, insecure                            bool
	ca, cert, key                            string
	db                                       int
	server                                   string
	timeout                                  time.Duration
	parallel                                 int
	release, flavour                         string
	destructive                              bool

	profile, commands, groups, labels, protocol, focus, skip, only string
	list                                                           bool

	knownFailures, writeKnown                  string
	json, junit, markdown, html, badge, shield string
	quiet, version                             bool

	name    string   // of the server in reports
	reports []string // JSON reports to be shown side by side
}

// parse reads the flags; what is wrong with them is told to w.
func parse(args []string, getenv func(string) string, w io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("respect-check", flag.ContinueOnError)
	f.SetOutput(w)
	f.Usage = func() { usage(w, f) }
	text := func(p *string, name, value, use string) { f.StringVar(p, name, value, use) }
	text(&o.addr, "addr", "", "host:port of the server, or the path of its socket")
	text(&o.host, "host", "127.0.0.1", "`host` of the server")
	text(&o.port, "port", "", "its `port`")
	text(&o.socket, "socket", "", "`path` of its Unix socket")
	text(&o.user, "user", "", "user `name` for AUTH")
	text(&o.password, "password", "", "password for AUTH")
	f.BoolVar(&o.tls, "tls", false, "speak TLS")
	f.BoolVar(&o.insecure, "tls-insecure", false, "do not verify the certificate of the server")
	text(&o.ca, "tls-ca", "", "`file` of the certificates to trust, instead of the system's")
	text(&o.cert, "tls-cert", "", "`file` of a certificate to show to the server")
	text(&o.key, "tls-key", "", "`file` of the key that belongs to it")
	f.IntVar(&o.db, "db", 0, "`number` of the database to work in")
	text(&o.server, "server", "", "`command` that starts the server, such as 'my-server --port {port} --dir {dir}'; or redis, or valkey")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a reply is awaited")
	f.IntVar(&o.parallel, "parallel", runtime.NumCPU(), "servers that are started to be tested at once")
	text(&o.release, "release", "", "`level` that is expected, such as 7.2, in place of the one that the server tells")
	text(&o.flavour, "flavour", "", "redis, valkey or other, in place of what the server tells")
	f.BoolVar(&o.destructive, "destructive", false, "do everything to the server at the address, even if it holds keys")
	text(&o.profile, "profile", "", "checks of this profile only; -profile list shows them")
	text(&o.commands, "commands", "", "checks that use one of these `commands`, such as get,config|set")
	text(&o.groups, "groups", "", "checks of these `groups`, such as list,sorted-set")
	text(&o.labels, "labels", "", "checks whose labels satisfy this `expression`, such as 'cmd:set && !needs:config'")
	text(&o.protocol, "protocol", "", "2 or 3, in place of both")
	text(&o.focus, "focus", "", "checks whose ID matches this `regexp`")
	text(&o.skip, "skip", "", "not those whose ID matches this `regexp`")
	text(&o.only, "only", "", "the one check with this `ID`")
	f.BoolVar(&o.list, "list", false, "list the checks that are selected, and make none")
	text(&o.knownFailures, "known-failures", "", "`file` of failures that are expected")
	text(&o.writeKnown, "write-known-failures", "", "write the failures to this `file` afterwards")
	text(&o.json, "json", "", "write the report as JSON to this `file`")
	text(&o.junit, "junit", "", "write it as JUnit XML")
	text(&o.markdown, "markdown", "", "write a summary as Markdown")
	text(&o.html, "html", "", "write an HTML page")
	text(&o.badge, "badge", "", "write a badge as SVG")
	text(&o.shield, "shield", "", "write a badge as JSON for shields.io")
	text(&o.name, "name", "", "what to call the server in reports, such as 'my-server 1.2'")
	f.BoolVar(&o.quiet, "quiet", false, "only the summary")
	f.BoolVar(&o.version, "version", false, "tell the version")
	var bad error
	f.VisitAll(func(g *flag.Flag) {
		value := getenv("RESPECT_" + strings.ToUpper(strings.ReplaceAll(g.Name, "-", "_")))
		if value == "" {
			return
		}
		if err := g.Value.Set(value); err != nil && bad == nil {
			bad = fmt.Errorf("the environment's value for -%s: %w", g.Name, err)
		}
	})
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	o.reports = f.Args()
	return &o, bad
}

// usage groups the flags by what they are for.
func usage(w io.Writer, f *flag.FlagSet) {
	fmt.Fprint(w, `Checks whether a server behaves as Redis does.

    respect-check -port 6379                                       a server that runs
    respect-check -server 'my-server --port {port} --dir {dir}'    servers that it starts
    respect-check -profile learner -server './your_program.sh --port {port}'
    respect-check -html page.html a.json b.json                    reports side by side

Each flag can be given in the environment: RESPECT_TLS_CA stands for -tls-ca.
Exit status: 0 if nothing failed unexpectedly, 1 if something did, 2 if nothing could be checked.

`)
	f.PrintDefaults()
}

// address is where the server is, empty if it is to be started.
func (o *options) address() (string, error) {
	switch {
	case o.addr != "":
		return o.addr, nil
	case o.socket != "":
		return o.socket, nil
	case o.port != "":
		if _, err := strconv.ParseUint(o.port, 10, 16); err != nil {
			return "", fmt.Errorf("-port %s is not a port", o.port)
		}
		if strings.Contains(o.host, ":") {
			return "[" + o.host + "]:" + o.port, nil
		}
		return o.host + ":" + o.port, nil
	case o.server == "":
		return "", fmt.Errorf("give -port or -addr of a server that runs, or -server with the command that starts it")
	}
	return "", nil
}

// servers says where the server under test comes from.
func (o *options) servers() (*check.Servers, *target.Access, error) {
	s := &check.Servers{Destructive: o.destructive}
	addr, err := o.address()
	if err != nil {
		return nil, nil, err
	}
	if o.release != "" {
		if s.Release, err = target.ParseRelease(o.release); err != nil {
			return nil, nil, err
		}
	}
	switch o.flavour {
	case "", target.Redis, target.Valkey, target.Other:
		s.Flavour = o.flavour
	default:
		return nil, nil, fmt.Errorf("-flavour %s: not redis, valkey or other", o.flavour)
	}
	s.Access.Patience = o.timeout
	if addr == "" {
		s.Template, err = target.ParseTemplate(o.server)
		return s, nil, err
	}
	if o.server != "" {
		return nil, nil, fmt.Errorf("an address and -server exclude each other")
	}
	a := &target.Access{Addr: addr, User: o.user, Password: o.password, DB: o.db, Patience: o.timeout}
	secure := target.TLS{CA: o.ca, Cert: o.cert, Key: o.key, Insecure: o.insecure}
	if o.tls || secure != (target.TLS{}) {
		a.TLS, err = secure.Config(addr)
	}
	return s, a, err
}

// selection says which checks are made.
func (o *options) selection() (*check.Selection, error) {
	s := &check.Selection{Labels: o.labels, Commands: words(strings.ToLower(o.commands)), Groups: words(o.groups)}
	var err error
	if s.Focus, err = compile(o.focus); err != nil {
		return nil, err
	}
	if s.Skip, err = compile(o.skip); err != nil {
		return nil, err
	}
	if o.only != "" {
		s.Focus = regexp.MustCompile("^" + regexp.QuoteMeta(o.only) + "$")
	}
	switch o.protocol {
	case "":
	case "2", "3":
		s.Protocols = []int{int(o.protocol[0] - '0')}
	default:
		return nil, fmt.Errorf("-protocol %s: not 2 or 3", o.protocol)
	}
	if o.profile != "" {
		s.Profile, err = check.FindProfile(o.profile)
	}
	return s, err
}

func compile(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	return regexp.Compile(text)
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// again is the command that makes just one check once more.
func again(args []string, id string) string {
	out := []string{"respect-check"}
	for i := 0; i < len(args); i++ {
		name, _, inline := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch name {
		case "focus", "skip", "only", "labels", "commands", "groups", "profile", "protocol", "json", "junit", "markdown", "html", "badge",
			"shield", "known-failures", "write-known-failures", "password", "parallel":
			if !inline {
				i++
			}
			continue
		case "quiet":
			continue
		}
		out = append(out, quote(args[i]))
	}
	return strings.Join(append(out, "-only", quote(id)), " ")
}

// quote makes a word safe for a shell.
func quote(word string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// terminal tells whether the file is one.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
