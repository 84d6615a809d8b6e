package inspect

import (
	"errors"
	"fmt"
	"io"
	"time"

	"respect/rdb"
)

const checkUsage = "Usage: respect check-rdb FILE\n"

// CheckRDB is the command line "check-rdb": it verifies a file, tells what it finds in the
// manner of redis-check-rdb, and returns the exit status.
func CheckRDB(args []string, out, errors, progress io.Writer) int {
	if len(args) != 1 {
		fmt.Fprint(errors, checkUsage)
		return 2
	}
	c := &checker{out: out, now: time.Now().UnixMilli()}
	c.say(0, "Checking RDB file %s", args[0])
	err := read(args[0], func(r *rdb.Reader) rdb.Visitor {
		c.reader = r
		return c
	}, progress)
	if err != nil {
		c.explain(err)
		c.summary()
		return 1
	}
	c.say(c.reader.Position().Offset, "\\o/ RDB looks OK! \\o/")
	c.summary()
	return 0
}

// checker is the visitor that counts and tells.
type checker struct {
	rdb.Ignore
	reader *rdb.Reader
	out    io.Writer
	now    int64 // Unix time in milliseconds

	keys, expires, expired, functions int
}

func (c *checker) say(offset int64, format string, v ...any) {
	fmt.Fprintf(c.out, "[offset %d] %s\n", offset, fmt.Sprintf(format, v...))
}

// tell is say for where the reader is.
func (c *checker) tell(format string, v ...any) { c.say(c.reader.Position().Offset, format, v...) }

func (c *checker) Aux(name, value []byte) error {
	c.tell("AUX FIELD %s = '%s'", name, value)
	return nil
}

func (c *checker) SelectDB(db int) error {
	c.tell("Selecting DB ID %d", db)
	return nil
}

func (c *checker) Function([]byte) error {
	c.functions++
	return nil
}

func (c *checker) ModuleAux(module string, _ int) error {
	c.tell("MODULE AUX for: %s", module)
	return nil
}

func (c *checker) Key(h *rdb.KeyHeader) error {
	c.keys++
	if h.ExpireAtMs != rdb.NoExpire {
		c.expires++
		c.expired += btoi(h.ExpireAtMs < c.now)
	}
	return nil
}

func (c *checker) EOF(checksum uint64) error {
	if checksum == 0 {
		c.tell("RDB file was saved with checksum disabled: no check performed")
	} else {
		c.tell("Checksum OK")
	}
	return nil
}

// explain tells what is wrong, and where.
func (c *checker) explain(err error) {
	fmt.Fprintln(c.out, "--- RDB ERROR DETECTED ---")
	var bad *rdb.FormatError
	if !errors.As(err, &bad) {
		fmt.Fprintf(c.out, "%s\n", err)
		return
	}
	c.say(bad.Offset, "%s", bad.Reason)
	if bad.HasKey {
		fmt.Fprintf(c.out, "[additional info] Reading key %+q\n", bad.Key)
	}
	fmt.Fprintf(c.out, "[additional info] Reading %s at offset %d\n", bad.ItemName(), bad.ItemOffset)
}

func (c *checker) summary() {
	fmt.Fprintf(c.out, "[info] %d keys read\n[info] %d expires\n[info] %d already expired\n", c.keys, c.expires, c.expired)
	if c.functions > 0 {
		fmt.Fprintf(c.out, "[info] %d functions\n", c.functions)
	}
}
