package conformance_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"respect/conformance/target"
	"respect/conformance/transcript"
)

// Where the server under test is. Each flag takes its default from the
// environment.
var (
	addrFlag        = flag.String("addr", env("ADDR"), "address host:port of the server under test, or path of its socket")
	userFlag        = flag.String("user", env("USER"), "user name for AUTH")
	passwordFlag    = flag.String("password", env("PASSWORD"), "password for AUTH")
	tlsFlag         = flag.Bool("tls", env("TLS") != "", "connect by TLS")
	insecureFlag    = flag.Bool("tls-insecure", env("TLS_INSECURE") != "", "do not verify the certificate")
	caFlag          = flag.String("tls-ca", env("TLS_CA"), "`file` of the certificates to trust, instead of the system's")
	certFlag        = flag.String("tls-cert", env("TLS_CERT"), "`file` of a certificate to show to the server")
	keyFlag         = flag.String("tls-key", env("TLS_KEY"), "`file` of the key that belongs to it")
	dbFlag          = flag.Int("db", envInt("DB"), "database to work in")
	serverFlag      = flag.String("server", env("SERVER"), "server to start if no address is given: respect (default), redis, valkey or the absolute path of a program")
	destructiveFlag = flag.Bool("destructive", env("DESTRUCTIVE") != "", "empty the named server even if it holds keys")
)

func env(name string) string { return os.Getenv("RESPECT_" + name) }

func envInt(name string) int {
	n, err := strconv.Atoi(env(name))
	if err != nil {
		return 0
	}
	return n
}

// The server under test, once the suite runs.
var (
	server *target.Target
	player *transcript.Player
	// program is our server's binary, empty if it is not the one that is tested.
	program string
)

func TestConformance(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Conformance")
}

// Our server is built once for all processes that share the specs; each starts one of its own.
var _ = SynchronizedBeforeSuite(buildOurs, func(ctx SpecContext, built []byte) {
	program = string(built)
	var err error
	if *addrFlag != "" {
		server, err = connect(ctx)
	} else {
		server, err = start(ctx)
	}
	if errors.Is(err, target.ErrNotInstalled) {
		Skip(err.Error())
	}
	must(err)
	DeferCleanup(func() error { return server.Close() })
	visible := ReportEntryVisibilityAlways
	if GinkgoParallelProcess() > 1 {
		visible = ReportEntryVisibilityFailureOrVerbose
	}
	AddReportEntry("server under test", visible, fmt.Sprintf("%v (release %v) at %s", server.Info, server.Info.Release, server.Addr))

	player, err = transcript.NewPlayer(ctx, server)
	must(err)
	DeferCleanup(func() error { return player.Close() })
	DeferCleanup(endLatest)
	if server.Owned {
		player.Own = func(ctx context.Context, params []target.Param) (*target.Target, error) { return start(ctx, params...) }
	}
})

// The last of the processes removes what was built.
var _ = SynchronizedAfterSuite(func() {}, func() {
	if program != "" {
		must(os.RemoveAll(filepath.Dir(program)))
	}
})

// buildOurs builds our server if it is the one that is tested, and returns its path.
func buildOurs(ctx SpecContext) []byte {
	if *addrFlag != "" || *serverFlag != "" && *serverFlag != target.Respect {
		return nil
	}
	dir, err := os.MkdirTemp("", "conformance-build-")
	must(err)
	path, err := target.Build(ctx, dir)
	must(err)
	return []byte(path)
}

// must fails with the text of the error alone: its structure says nothing to
// the reader of a report.
func must(err error) {
	GinkgoHelper()
	if err != nil {
		Fail(err.Error())
	}
}

// connect uses the server that was named, after making sure that nobody loses
// anything by it.
func connect(ctx context.Context) (*target.Target, error) {
	a := target.Access{Addr: *addrFlag, User: *userFlag, Password: *passwordFlag, DB: *dbFlag}
	o := target.TLS{CA: *caFlag, Cert: *certFlag, Key: *keyFlag, Insecure: *insecureFlag}
	var err error
	if *tlsFlag || o != (target.TLS{}) {
		if a.TLS, err = o.Config(a.Addr); err != nil {
			return nil, err
		}
	}
	t, err := target.Connect(ctx, a)
	if err == nil && t.Info.Keys > 0 && !*destructiveFlag {
		err = fmt.Errorf("the server at %s holds %d keys, which the suite would delete; give -destructive to allow it", a.Addr, t.Info.Keys)
	}
	return t, err
}

// start starts a server of the kind that is tested.
func start(ctx context.Context, params ...target.Param) (*target.Target, error) {
	kind := *serverFlag
	if kind == "" {
		kind = target.Respect
	}
	switch {
	case kind == target.Redis, kind == target.Valkey, filepath.IsAbs(kind):
		return target.Start(ctx, kind, params...)
	case kind != target.Respect:
		return nil, fmt.Errorf("-server %s: not respect, redis, valkey or an absolute path", kind)
	}
	return target.StartProgram(ctx, program, params...)
}

// relaxations is the name of the report entry of a spec that used some.
const relaxations = "relaxations"

var _ = ReportAfterSuite("summary", func(r Report) {
	relaxed := 0
	for _, s := range r.SpecReports {
		for _, e := range s.ReportEntries {
			if e.Name == relaxations {
				n, _ := strconv.Atoi(e.StringRepresentation()) // it is one of ours
				relaxed += n
			}
		}
	}
	fmt.Printf("transcripts: %d relaxations used\n", relaxed)
	slowest := slices.SortedFunc(slices.Values(r.SpecReports), func(a, b SpecReport) int { return cmp.Compare(b.RunTime, a.RunTime) })
	fmt.Printf("%d specs; the slowest:\n", r.PreRunStats.SpecsThatWillRun)
	for _, s := range slowest[:min(10, len(slowest))] {
		fmt.Printf("%6.2f s  %s\n", s.RunTime.Seconds(), cmp.Or(s.FullText(), s.LeafNodeType.String()))
	}
})
