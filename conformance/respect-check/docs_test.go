package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// flags are those that -help tells.
func flags(t *testing.T) []string {
	t.Helper()
	var help bytes.Buffer
	_, _ = parse([]string{"-help"}, func(string) string { return "" }, &help)
	var out []string
	for _, found := range regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(help.String(), -1) {
		out = append(out, found[1])
	}
	if len(out) < 30 {
		t.Fatalf("help tells %q", out)
	}
	return out
}

func TestTheManualNamesEveryFlag(t *testing.T) {
	text, err := os.ReadFile("../../docs/CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	manual, _, _ := strings.Cut(string(text), "# The conformance suite\n")
	all := flags(t)
	for _, name := range all {
		if !strings.Contains(manual, "`-"+name+"`") {
			t.Errorf("the manual does not tell of -%s", name)
		}
	}
	for _, found := range regexp.MustCompile("`-([a-z][a-z-]+)`").FindAllStringSubmatch(manual, -1) {
		if !slices.Contains(all, found[1]) {
			t.Errorf("the manual tells of -%s, which there is not", found[1])
		}
	}
}

func TestTheExamplesForCIAreRight(t *testing.T) {
	for _, file := range []string{"../../docs/ci/github-actions.yml", "../../docs/ci/gitlab-ci.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		_, call, found := strings.Cut(string(text), "- ./respect-check ")
		if !found {
			_, call, found = strings.Cut(string(text), "./respect-check\n")
		}
		if !found {
			t.Fatalf("%s does not call respect-check", file)
		}
		all := flags(t)
		for line := range strings.Lines(call) {
			if strings.HasPrefix(strings.TrimSpace(line), "- name:") || strings.Contains(line, "artifacts:") {
				break
			}
			line = regexp.MustCompile(`'[^']*'`).ReplaceAllString(line, "")
			for _, word := range strings.Fields(line) {
				if name, ok := strings.CutPrefix(word, "-"); ok && !slices.Contains(all, name) {
					t.Errorf("%s: respect-check has no flag -%s", file, name)
				}
			}
		}
	}
}
