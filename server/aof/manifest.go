package aof

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"respect/protocol"
)

// FileType is the role of a file, as the letter by which the manifest tells it.
type FileType byte

// The roles of files.
const (
	Base    FileType = 'b' // the data set at one moment
	Incr    FileType = 'i' // the commands since then
	History FileType = 'h' // not needed any more
)

// A File is one that a manifest names. Its name is relative to the directory.
type File struct {
	Name string
	Seq  int64
	Type FileType
}

// A Manifest tells of which files a log consists. The zero value is that of an empty log.
type Manifest struct {
	Base    *File  // nil if there is none
	Incrs   []File // in the order of their numbers
	History []File

	baseSeq, incrSeq int64 // the last numbers given
}

// maxManifestLine is how long a line of a manifest may be, in bytes, with its end.
const maxManifestLine = 1024

// A ManifestError is what is wrong with a manifest.
type ManifestError struct {
	Line   int    // counted from 1
	Text   string // the line, trimmed
	parsed bool   // Text is worth showing
	Reason string
}

func (e *ManifestError) Error() string { return e.Reason }

// LogLines returns what a server logs.
func (e *ManifestError) LogLines() []string {
	lines := []string{"\n*** FATAL AOF MANIFEST FILE ERROR ***\n"}
	if e.parsed {
		lines = append(lines, "Reading the manifest file, at line "+strconv.Itoa(e.Line)+"\n", ">>> '"+e.Text+"'\n")
	}
	return append(lines, e.Reason+"\n")
}

// ParseManifest reads a manifest: lines of names and values, "file NAME seq N type T", and
// comments. Names that are not known are passed over.
func ParseManifest(data []byte) (*Manifest, error) {
	m := &Manifest{}
	if len(data) == 0 {
		return nil, &ManifestError{Reason: "Found an empty AOF manifest"}
	}
	e := ManifestError{}
	for len(data) > 0 {
		e.Line++
		line, rest, found := bytes.Cut(data, []byte("\n"))
		if line = line[:min(len(line), maxManifestLine)]; len(line) > 0 && line[0] == '#' {
			data = rest
			continue
		}
		if !found || len(line)+1 > maxManifestLine {
			e.Reason = "The AOF manifest file contains too long line"
			return nil, &e
		}
		data = rest
		if nul := bytes.IndexByte(line, 0); nul >= 0 { // as C reads it
			line = line[:nul]
		}
		e.Text = strings.Trim(string(line), " \t\r\n")
		e.parsed = true
		if e.Reason = m.addLine(e.Text); e.Reason != "" {
			return nil, &e
		}
	}
	return m, nil
}

const errManifestLine = "Invalid AOF manifest file format"

// addLine adds the file of a line, or returns what is wrong with it.
func (m *Manifest) addLine(line string) (wrong string) {
	words, ok := protocol.SplitArgs([]byte(line))
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return errManifestLine
	}
	f, wrong := readFile(words)
	if wrong != "" {
		return wrong
	}
	switch f.Type {
	case Base:
		if m.Base != nil {
			return "Found duplicate base file information"
		}
		m.Base, m.baseSeq = &f, f.Seq
	case Incr:
		if f.Seq <= m.incrSeq {
			return "Found a non-monotonic sequence number"
		}
		m.Incrs, m.incrSeq = append(m.Incrs, f), f.Seq
	case History:
		m.History = append(m.History, f)
	default:
		return "Unknown AOF file type"
	}
	return ""
}

// readFile reads names and values.
func readFile(words [][]byte) (f File, wrong string) {
	for ; len(words) > 0; words = words[2:] {
		value := string(words[1])
		switch strings.ToLower(string(words[0])) {
		case "file":
			if strings.ContainsAny(value, `/\`) {
				return f, "File can't be a path, just a filename"
			}
			f.Name = value
		case "seq":
			f.Seq = leadingInt(value)
		case "type":
			f.Type = 0
			if value != "" {
				f.Type = FileType(value[0])
			}
		}
	}
	if f.Name == "" || f.Seq == 0 || f.Type == 0 {
		return f, errManifestLine
	}
	return f, ""
}

// leadingInt reads the number that a text begins with, as C's atoll does.
func leadingInt(text string) int64 {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && (text[0] == '-' || text[0] == '+')) {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64)
	return n
}

// Format returns the manifest as ParseManifest reads it.
func (m *Manifest) Format() []byte {
	var b []byte
	for f := range m.all() {
		b = append(b, "file "...)
		b = appendName(b, f.Name)
		b = append(b, " seq "...)
		b = strconv.AppendInt(b, f.Seq, 10)
		b = append(b, " type "...)
		b = append(b, byte(f.Type), '\n')
	}
	return b
}

// all yields all files, in the order in which they are written.
func (m *Manifest) all() func(yield func(File) bool) {
	return func(yield func(File) bool) {
		if m.Base != nil && !yield(*m.Base) {
			return
		}
		for _, f := range slices.Concat(m.History, m.Incrs) {
			if !yield(f) {
				return
			}
		}
	}
}

// appendName appends a name, quoted if it needs that.
func appendName(b []byte, name string) []byte {
	plain := !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\"'`, r)
	})
	if plain {
		return append(b, name...)
	}
	b = append(b, '"')
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\\' || c == '"':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\a':
			b = append(b, `\a`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c < ' ' || c >= 0x7f:
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// Clone returns a copy, to be changed and published before it takes the place of m.
func (m *Manifest) Clone() *Manifest {
	c := *m
	if m.Base != nil {
		base := *m.Base
		c.Base = &base
	}
	c.Incrs, c.History = slices.Clone(m.Incrs), slices.Clone(m.History)
	return &c
}

// Files returns what is to be loaded, in order.
func (m *Manifest) Files() []File {
	if m.Base == nil {
		return m.Incrs
	}
	return slices.Concat([]File{*m.Base}, m.Incrs)
}

// IsEmpty tells whether there is nothing to be loaded.
func (m *Manifest) IsEmpty() bool { return m.Base == nil && len(m.Incrs) == 0 }

// NewIncr adds an increment to the log of files of a name.
func (m *Manifest) NewIncr(name string) File {
	m.incrSeq++
	f := File{Name: name + "." + strconv.FormatInt(m.incrSeq, 10) + ".incr.aof", Seq: m.incrSeq, Type: Incr}
	m.Incrs = append(m.Incrs, f)
	return f
}

// LastIncr returns the increment that is written to, which it adds if there is none.
func (m *Manifest) LastIncr(name string) File {
	if n := len(m.Incrs); n > 0 {
		return m.Incrs[n-1]
	}
	return m.NewIncr(name)
}

// NewBase gives the log another base, an RDB file or one of commands. The one that there
// was is history.
func (m *Manifest) NewBase(name string, isRDB bool) File {
	if m.Base != nil {
		m.retire(*m.Base)
	}
	m.baseSeq++
	suffix := ".base.aof"
	if isRDB {
		suffix = ".base.rdb"
	}
	m.Base = &File{Name: name + "." + strconv.FormatInt(m.baseSeq, 10) + suffix, Seq: m.baseSeq, Type: Base}
	return *m.Base
}

// retire makes a file history.
func (m *Manifest) retire(f File) {
	f.Type = History
	m.History = slices.Insert(m.History, 0, f)
}

// RetireIncrs makes increments history, but for the last keep ones.
func (m *Manifest) RetireIncrs(keep int) {
	n := max(0, len(m.Incrs)-keep)
	for _, f := range slices.Backward(m.Incrs[:n]) {
		m.retire(f)
	}
	m.Incrs = slices.Clone(m.Incrs[n:])
}

// Adopt makes a single file of an old release the base.
func (m *Manifest) Adopt(name string) {
	m.Base, m.baseSeq = &File{Name: name, Seq: 1, Type: Base}, 1
}

// ManifestName returns the name of the manifest of files of a name.
func ManifestName(name string) string { return name + ".manifest" }
