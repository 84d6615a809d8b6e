package conformance_test

import (
	"fmt"
	"path"
	"strings"

	. "github.com/onsi/ginkgo/v2"

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
		r, err := player.Play(ctx, f, c, proto)
		must(err)
		if r.Skipped != "" {
			Skip(r.Skipped)
		}
		relaxed += r.Relaxed
		if len(r.Mismatches) > 0 {
			Fail(report(r.Mismatches))
		}
	})
}

func report(mismatches []transcript.Mismatch) string {
	var b strings.Builder
	for i := range mismatches {
		b.WriteString(mismatches[i].String())
	}
	return b.String()
}
