package inspect

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"respect/rdb"
)

const dumpUsage = `Usage: respect dump FILE [--json | --resp | --stats] [--db N] [--match GLOB]

Shows what an RDB file holds: one line of JSON for each key, the commands that
make the data, or a summary with the biggest keys.
`

// Dump is the command line "dump": it returns the exit status. Progress is where to tell
// how far it is, nil for nowhere.
func Dump(args []string, out, errors, progress io.Writer) int {
	flags := flag.NewFlagSet("dump", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.Usage = func() { fmt.Fprint(errors, dumpUsage) }
	asJSON := flags.Bool("json", false, "")
	asRESP := flags.Bool("resp", false, "")
	asStats := flags.Bool("stats", false, "")
	db := flags.Int("db", -1, "")
	match := flags.String("match", "", "")
	file, ok := parse(flags, args)
	if !ok || btoi(*asJSON)+btoi(*asRESP)+btoi(*asStats) > 1 {
		flags.Usage()
		return 2
	}
	w := bufio.NewWriterSize(out, 1<<16)
	var to shower = &jsonShower{w: w}
	switch {
	case *asRESP:
		to = &respShower{w: w}
	case *asStats:
		to = &statsShower{w: w}
	}
	visitor := &walk{to: to, db: *db}
	if *match != "" {
		visitor.match = []byte(*match)
	}
	err := read(file, func(r *rdb.Reader) rdb.Visitor {
		visitor.reader = r
		return visitor
	}, progress)
	if endErr := to.end(); err == nil {
		err = endErr
	}
	if flushErr := w.Flush(); err == nil {
		err = flushErr
	}
	if err != nil {
		fmt.Fprintf(errors, "respect dump: %s: %s\n", file, err)
		return 1
	}
	return 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// parse reads flags in front of and behind the name of a file, which it returns.
func parse(flags *flag.FlagSet, args []string) (file string, ok bool) {
	for len(args) > 0 {
		if flags.Parse(args) != nil {
			return "", false
		}
		if args = flags.Args(); len(args) > 0 {
			if file != "" {
				return "", false
			}
			file, args = args[0], args[1:]
		}
	}
	return file, file != ""
}

// read reads a file.
func read(name string, visitor func(*rdb.Reader) rdb.Visitor, progress io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err // the name is told anyway
		}
		return err
	}
	defer f.Close()
	r := rdb.NewReader(f)
	if info, err := f.Stat(); err == nil && progress != nil && info.Size() > 0 {
		const steps = 100
		size := info.Size()
		r.ProgressBytes = max(1, size/steps)
		r.Progress = func(offset int64) error {
			_, err := fmt.Fprintf(progress, "\r%3d%%", 100*offset/size)
			return err
		}
		defer fmt.Fprint(progress, "\r    \r")
	}
	return r.Read(visitor(r))
}
