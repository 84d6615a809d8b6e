package inspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"respect/rdb"
	"respect/server/aof"
)

const checkAOFUsage = "Usage: respect check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n"

// errChecked is an end of which has been told.
var errChecked = errors.New("the file is not valid")

// aofChecker is a check of an append only file: of one file, or of all that a manifest names.
type aofChecker struct {
	in      *bufio.Reader // answers
	out     io.Writer
	fix     bool
	toStamp int64 // cut the log off behind this Unix time; 0 for not
}

// CheckAOF is the command line "check-aof": it verifies append only files, tells what it finds
// in the manner of redis-check-aof, cuts off what is not valid if it is asked to, and returns
// the exit status.
func CheckAOF(args []string, in io.Reader, out io.Writer) int {
	c := &aofChecker{in: bufio.NewReader(in), out: out}
	name, ok := c.options(args)
	if !ok {
		fmt.Fprint(out, checkAOFUsage)
		return 1
	}
	if c.check(name) != nil {
		return 1
	}
	return 0
}

func (c *aofChecker) options(args []string) (name string, ok bool) {
	switch {
	case len(args) == 1:
	case len(args) == 2 && args[0] == "--fix":
		c.fix = true
	case len(args) == 3 && args[0] == "--truncate-to-timestamp":
		stamp, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil || stamp <= 0 {
			fmt.Fprint(c.out, "Invalid timestamp, aborting...\n")
			return "", false
		}
		c.toStamp = stamp
	default:
		return "", false
	}
	return args[len(args)-1], true
}

func (c *aofChecker) say(format string, v ...any) { fmt.Fprintf(c.out, format+"\n", v...) }

// fail is say, for the end.
func (c *aofChecker) fail(format string, v ...any) error {
	c.say(format, v...)
	return errChecked
}

// check checks a file of any kind.
func (c *aofChecker) check(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return c.fail("Cannot open file %s: %s, aborting...", name, reasonOf(err))
	}
	head := make([]byte, len("REDIS"))
	n, _ := io.ReadFull(f, head)
	f.Close()
	head = head[:n]
	switch {
	case string(head) == "REDIS":
		c.say("Start checking Old-Style AOF")
		return c.checkPart(name, name, "AOF", true, true)
	case bytes.HasPrefix(head, []byte("file")) || bytes.HasPrefix(head, []byte("#")) && strings.HasSuffix(name, ".manifest"):
		return c.checkManifest(name)
	}
	c.say("Start checking Old-Style AOF")
	return c.checkPart(name, name, "AOF", false, true)
}

// reasonOf is the text of an error, in the words of C's library as far as they differ.
func reasonOf(err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "No such file or directory"
	}
	return err.Error()
}

// checkManifest checks the files of a manifest in order.
func (c *aofChecker) checkManifest(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return c.fail("Cannot open file %s: %s, aborting...", name, reasonOf(err))
	}
	m, err := aof.ParseManifest(data)
	var bad *aof.ManifestError
	if errors.As(err, &bad) {
		for _, line := range bad.LogLines() {
			fmt.Fprint(c.out, line)
		}
		return err
	}
	c.say("Start checking Multi Part AOF")
	last := len(m.Files()) - 1
	for i, f := range m.Files() {
		path := filepath.Join(filepath.Dir(name), f.Name)
		kind, preamble := "INCR AOF", false
		if f.Type == aof.Base {
			kind, preamble = "BASE AOF", isRDB(path)
			form := "RESP"
			if preamble {
				form = "RDB"
			}
			c.say("Start to check BASE AOF (%s format).", form)
		} else if i == 0 || i == 1 && m.Base != nil {
			c.say("Start to check INCR files.")
		}
		if err := c.checkPart(f.Name, path, kind, preamble, i == last); err != nil {
			return err
		}
	}
	c.say("All AOF files and manifest are valid")
	return nil
}

func isRDB(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len("REDIS"))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == "REDIS"
}

// aofPart is what is found in one file. Deviation: redis-check-aof tells as ok_up_to_line
// how many lines it has read, those that are not valid among them and annotations not. Of a
// command that is cut it tells how many bytes it expected.
type aofPart struct {
	good  int64 // offset behind the last command or transaction that is complete
	line  int64 // of the file there, counted from 1
	stamp int64 // offset of the first annotation that is too late; -1 if there is none
	wrong string
}

// checkPart checks one file, and cuts it off if that is asked for and needed.
func (c *aofChecker) checkPart(name, path, kind string, preamble, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return c.fail("Cannot open file %s: %s, aborting...", path, reasonOf(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return c.fail("Cannot stat file: %s, aborting...", name)
	}
	if info.Size() == 0 {
		c.say("%s %s is empty", kind, name)
		return nil
	}
	var in io.Reader = f
	offset := int64(0)
	if preamble {
		if in, offset, err = c.preamble(f, name); err != nil {
			return err
		}
	}
	part, err := c.read(in, offset, name)
	if err != nil {
		return err
	}
	if part.stamp >= 0 {
		return c.cutAtStamp(name, path, part.stamp, last)
	}
	return c.conclude(name, path, kind, info.Size(), part, last)
}

// preamble checks the RDB file that a file begins with.
func (c *aofChecker) preamble(f *os.File, name string) (rest io.Reader, offset int64, err error) {
	r := rdb.NewReader(f)
	check := &checker{out: c.out, reader: r}
	check.say(0, "Checking RDB file %s", name)
	if err := r.Read(check); err != nil {
		check.explain(err)
		check.summary()
		return nil, 0, c.fail("RDB preamble of AOF file is not sane, aborting.")
	}
	check.say(r.Position().Offset, "\\o/ RDB looks OK! \\o/")
	check.summary()
	c.say("RDB preamble is OK, proceeding with AOF tail...")
	return r.Rest(), r.Position().Offset, nil
}

// read reads the commands of a file.
func (c *aofChecker) read(in io.Reader, offset int64, name string) (aofPart, error) {
	p := aofPart{good: offset, line: 1, stamp: -1}
	line, multi := int64(1), false
	r := aof.NewReader(in, offset)
	r.Strict = true
	r.Annotation = func(text []byte, at int64) {
		line++
		if !multi {
			p.good, p.line = at+int64(len(text))+3, line
		}
		stamp, ok := bytes.CutPrefix(text, []byte("TS:"))
		if n, err := strconv.ParseInt(string(stamp), 10, 64); ok && err == nil && c.toStamp > 0 && n > c.toStamp && p.stamp < 0 {
			p.stamp = at
		}
	}
	for {
		at := r.Offset()
		argv, err := r.Next()
		var bad *aof.FormatError
		switch {
		case p.stamp >= 0:
			return p, nil
		case err == io.EOF && multi:
			p.wrong = wrongAt(r.Offset(), "Reached EOF before reading EXEC for MULTI")
			return p, nil
		case err == io.EOF, err == aof.ErrTruncated:
			return p, nil
		case errors.As(err, &bad):
			p.wrong = wrongAt(bad.Offset, strings.ToUpper(bad.Expected[:1])+bad.Expected[1:])
			return p, nil
		case err != nil:
			return p, c.fail("Failed to read from AOF %s, aborting...", name)
		}
		line += int64(1 + 2*len(argv))
		switch word := strings.ToLower(string(argv[0])); {
		case word == "multi" && multi || word == "exec" && !multi:
			p.wrong = wrongAt(at, "Unexpected "+strings.ToUpper(word)+" in AOF "+name)
			return p, nil
		case word == "multi":
			multi = true
		case word == "exec":
			multi = false
		}
		if !multi {
			p.good, p.line = r.Offset(), line
		}
	}
}

func wrongAt(offset int64, text string) string { return fmt.Sprintf("0x%16x: %s", offset, text) }

// cutAtStamp cuts a file off before an annotation.
func (c *aofChecker) cutAtStamp(name, path string, at int64, last bool) error {
	switch {
	case at == 0:
		return c.fail("AOF %s has nothing before timestamp %d, aborting...", name, c.toStamp)
	case !last:
		c.say("Failed to truncate AOF %s to timestamp %d to offset %d because it is not the last file.", path, c.toStamp, at)
		return c.fail("If you insist, please delete all files after this file according to the manifest file and delete the corresponding records in manifest file manually. Then re-run redis-check-aof.")
	case os.Truncate(path, at) != nil:
		return c.fail("Failed to truncate AOF %s to timestamp %d", name, c.toStamp)
	}
	c.say("Successfully truncated AOF %s to timestamp %d", name, c.toStamp)
	return nil
}

// conclude tells what was found.
func (c *aofChecker) conclude(name, path, kind string, size int64, p aofPart, last bool) error {
	if p.wrong != "" {
		c.say("%s", p.wrong)
	}
	rest := size - p.good
	if rest == 0 && c.toStamp > 0 {
		c.say("Truncate nothing in AOF %s to timestamp %d", name, c.toStamp)
		c.say("%s %s is valid", kind, name)
		return nil
	}
	c.say("AOF analyzed: filename=%s, size=%d, ok_up_to=%d, ok_up_to_line=%d, diff=%d", name, size, p.good, p.line, rest)
	switch {
	case rest == 0:
		c.say("%s %s is valid", kind, name)
		return nil
	case !c.fix:
		return c.fail("AOF %s is not valid. Use the --fix option to try fixing it.", name)
	case !last:
		return c.fail("Failed to truncate AOF %s because it is not the last file", name)
	}
	c.say("This will shrink the AOF %s from %d bytes, with %d bytes, to %d bytes", name, size, rest, p.good)
	fmt.Fprint(c.out, "Continue? [y/N]: ")
	answer, _ := c.in.ReadString('\n')
	if !strings.HasPrefix(strings.ToLower(answer), "y") {
		return c.fail("Aborting...")
	}
	if os.Truncate(path, p.good) != nil {
		return c.fail("Failed to truncate AOF %s", name)
	}
	c.say("Successfully truncated AOF %s", name)
	return nil
}
