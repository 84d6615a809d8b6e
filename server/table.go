package server

import (
	"iter"
	"slices"

	"respect/server/command"
)

// newTable returns the command table of a server that claims the given release:
// the rows of all groups, without the commands that came later.
func newTable(release command.Version) *command.Table[*row] {
	groups := slices.Concat(stringCommands, listCommands, genericCommands, connectionCommands, serverCommands)
	rows := make([]*row, 0, len(groups))
	for i := range groups {
		if r := groups[i]; release.Has(r.Since) {
			rows = append(rows, &r)
		}
	}
	return command.NewTable(rows)
}

// allRows yields every row, subcommands behind their container.
func allRows(t *command.Table[*row]) iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for _, r := range t.Rows() {
			if !yield(r) {
				return
			}
			for _, sub := range t.Subs(r) {
				if !yield(sub) {
					return
				}
			}
		}
	}
}

// Commands returns what every command of the table is, subcommands behind their
// container, for documentation.
func Commands() []*command.Spec {
	release, _ := command.ParseVersion(CompatVersion)
	var specs []*command.Spec
	for r := range allRows(newTable(release)) {
		specs = append(specs, &r.Spec)
	}
	return specs
}
