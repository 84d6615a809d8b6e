package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"respect/conformance/target"
	"respect/conformance/transcript"
	"respect/fixtures"
)

// One spec for each case of each transcript in each protocol.
var _ = Describe("transcript", func() {
	for _, f := range transcripts() {
		group := path.Dir(f.Name)
		Describe(f.Name, Label("group:"+group), func() {
			for i := range f.Cases {
				for proto := 2; proto <= 3; proto++ {
					describeCase(f, &f.Cases[i], proto)
				}
			}
		})
	}
})

// transcripts reads the corpus while the tree of specs is built. A file that
// cannot be parsed stops the suite: it would silently test less otherwise.
func transcripts() []*transcript.File {
	files, err := transcript.ReadAll(fixtures.Transcripts())
	if err != nil {
		panic(err)
	}
	return files
}

func describeCase(f *transcript.File, c *transcript.Case, proto int) {
	labels := Label(fmt.Sprintf("proto:%d", proto))
	for _, name := range transcript.Commands(c) {
		labels = append(labels, "cmd:"+name)
	}
	labels = append(labels, transcript.Labels(f, c)...)
	It(fmt.Sprintf("%s, RESP%d", c.Name, proto), labels, func(ctx SpecContext) {
		r, err := playerOf(ctx, f, c).Play(ctx, f, c, proto)
		must(err)
		if r.Skipped != "" {
			Skip(r.Skipped)
		}
		if r.Relaxed > 0 {
			AddReportEntry(relaxations, ReportEntryVisibilityNever, r.Relaxed)
		}
		if len(r.Mismatches) > 0 {
			Fail(report(r.Mismatches))
		}
	})
}

// latest is the newest release of which our server has commands. It reports an older
// one unless it is told to be of this.
var latest = target.Release{Major: 7, Minor: 4}

// latestServer is a server of ours that says it is of the latest release, and
// latestPlayer plays on it; nil before the first case for it.
var (
	latestServer *target.Target
	latestPlayer *transcript.Player
)

// endLatest is called at the end of the suite.
func endLatest() error {
	if latestPlayer == nil {
		return nil
	}
	return errors.Join(latestPlayer.Close(), latestServer.Close())
}

// playerOf returns the player of the server under test. Cases that are for a later
// release than ours reports are played on a server of ours that reports that.
func playerOf(ctx context.Context, f *transcript.File, c *transcript.Case) *transcript.Player {
	ours := server.Owned && server.Info.Flavour == target.Respect
	if !ours || !transcript.TooOld(f, c, server.Info.Release) || transcript.TooOld(f, c, latest) {
		return player
	}
	if latestPlayer == nil {
		var err error
		latestServer, err = start(ctx, target.Param{Name: "compat", Value: latest.String()})
		must(err)
		latestPlayer, err = transcript.NewPlayer(ctx, latestServer)
		must(err)
	}
	return latestPlayer
}

func report(mismatches []transcript.Mismatch) string {
	var b strings.Builder
	for i := range mismatches {
		b.WriteString(mismatches[i].String())
	}
	return b.String()
}
