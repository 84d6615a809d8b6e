package server

import (
	"iter"
	"slices"

	"respect/server/command"
)

// newTable returns the command table: the rows of all groups, without the
// commands that came later than the given release; all if it is nil.
func newTable(release *command.Version) *command.Table[*row] {
	groups := slices.Concat(stringCommands, listCommands, setCommands, hashCommands, hashExpireCommands,
		sortedSetCommands, bitmapCommands, hyperloglogCommands, geoCommands,
		streamCommands,
		transactionCommands,
		pubsubCommands,
		genericCommands, dumpCommands,
		migrateCommands,
		connectionCommands, serverCommands, memoryCommands, saveCommands,
		appendOnlyCommands,
		slowlogCommands, latencyCommands, monitorCommands)
	rows := make([]*row, 0, len(groups))
	for i := range groups {
		if r := groups[i]; release == nil || release.Has(r.Since) {
			r.quick = isQuick(&r.Spec)
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
	var specs []*command.Spec
	for r := range allRows(newTable(nil)) {
		specs = append(specs, &r.Spec)
	}
	return specs
}
