package conformance_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"respect/conformance/differ/duel"
	"respect/conformance/differ/stream"
	"respect/conformance/target"
)

// duelTime is how long random commands are compared with each real server. The
// command conformance/differ does it for longer.
const duelTime = 3 * time.Second

// maxDifferences is how many distinct differences a spec tells.
const maxDifferences = 5

var _ = Describe("random commands", Label("differ"), func() {
	for _, flavour := range []string{target.Redis, target.Valkey} {
		It("are answered as by "+flavour, func(ctx SpecContext) {
			kind := cmp.Or(*serverFlag, target.Respect)
			switch {
			case *addrFlag != "":
				Skip("a server that was named is not compared: it may end")
			case filepath.IsAbs(kind):
				Skip("which releases may differ from which is known of the usual ones; see conformance/differ")
			case kind == flavour:
				Skip("the server under test is " + flavour + " itself")
			}
			if _, err := target.Find(flavour); err != nil {
				Skip(err.Error())
			}
			d := challenge(ctx, kind, flavour)
			// The seed is the one that Ginkgo prints.
			seed := uint64(GinkgoRandomSeed())
			all, err := stream.Commands(d.Release())
			must(err)
			options := stream.Options{Seed: 1, Commands: stream.Select(all, d.Has, nil), Config: d.Config()}
			options.Payloads, err = d.Payloads(ctx, stream.New(options))
			must(err)
			options.Seed, options.Transactions, options.Several = seed, d.Has("multi"), stream.DefaultSeveral
			result, err := d.Run(ctx, duel.Options{
				Generator: stream.New(options),
				Duration:  duelTime,
				Limit:     maxDifferences,
			})
			must(err)
			AddReportEntry("random commands", ReportEntryVisibilityFailureOrVerbose, fmt.Sprintf("%d requests with seed %d\n%s",
				result.Requests, seed, strings.Join(result.Usage.Lines(), "\n")))
			var texts []string
			for _, diff := range result.Differences {
				again := fmt.Sprintf("go run ./conformance/differ -servers %s,%s -seed %d -stream %d", kind, flavour, seed, diff.Stream.Number)
				texts = append(texts, diff.Transcript(again)+diff.Log)
			}
			if len(texts) > 0 {
				Fail(strings.Join(texts, "\n"))
			}
		})
	}
})

// challenge starts two servers and lets them meet.
func challenge(ctx context.Context, kind, flavour string) *duel.Duel {
	GinkgoHelper()
	startOwn := func(ctx context.Context) (*target.Target, error) { return start(ctx, duel.Socket) }
	startReal := func(ctx context.Context) (*target.Target, error) { return target.Start(ctx, flavour, duel.Socket) }
	if kind != target.Respect {
		startOwn = func(ctx context.Context) (*target.Target, error) { return target.Start(ctx, kind, duel.Socket) }
	}
	own, err := startOwn(ctx)
	must(err)
	other, err := startReal(ctx)
	if err == nil {
		var d *duel.Duel
		d, err = duel.New(ctx, duel.Opponent{Target: own, Restart: startOwn}, duel.Opponent{Target: other, Restart: startReal})
		if err == nil {
			DeferCleanup(d.Close)
			return d
		}
		must(other.Close())
	}
	must(own.Close())
	must(err)
	return nil
}
