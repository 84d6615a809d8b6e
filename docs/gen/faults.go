package main

import (
	"bytes"
	"fmt"
	"slices"

	"respect/conformance/faults"
)

// matrix lists the faults by area, with the check that detects each of them.
func matrix() []byte {
	var areas []string
	byArea := map[string][]faults.Fault{}
	for _, f := range faults.All() {
		if !slices.Contains(areas, f.Area) {
			areas = append(areas, f.Area)
		}
		byArea[f.Area] = append(byArea[f.Area], f)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Faults

Made by `+"`make gen`"+` from `+"`conformance/faults`"+`; not to be edited. Each of these %d faults breaks one behaviour of a server
that works, by a proxy in front of it. `+"`go test ./conformance/faults`"+` demands that the check beside it fails with the
fault, and passes through the proxy without it. What shows in one protocol only is checked in that one.
`, len(faults.All()))
	for _, area := range areas {
		fmt.Fprintf(&b, "\n## %s\n\n| fault | what goes wrong | detected by |\n|---|---|---|\n", area)
		for _, f := range byArea[area] {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(f.Name), cell(f.Breaks), cell(detector(&f)))
		}
	}
	return b.Bytes()
}

// detector names the check that must fail.
func detector(f *faults.Fault) string {
	switch {
	case f.Spec != "":
		return "spec *" + f.Spec + "*"
	case f.Proto != 0:
		return fmt.Sprintf("`%s`: %s, RESP%d", f.File, f.Case, f.Proto)
	}
	return fmt.Sprintf("`%s`: %s", f.File, f.Case)
}
