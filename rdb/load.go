package rdb

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"

	"respect/keyspace"
)

// LoadStats count what Load has found.
type LoadStats struct {
	Keys          int // loaded
	Expired       int // left out because their deadline had passed, or that of all their fields
	ExpiredFields int // of hashes, left out because their deadline had passed
	Empty         int // left out because their value had no elements
	Packed        int // listpacks and intsets that were read, whatever became of them
	// Libraries are the sources of function libraries.
	Libraries [][]byte
	// EmptyKeys are the names of the first keys that count as Empty.
	EmptyKeys []string
	// Unchecked says that the file has no checksum although its version could.
	Unchecked bool
	// End is the offset behind the file, or of what was read last.
	End int64
	// Aux are the facts about the writer, by name.
	Aux map[string]string
}

// LoadOptions say how Load reads.
type LoadOptions struct {
	// Size is the length of the file in bytes, or 0 if it is not known. It bounds
	// what is allocated for the number of keys that the file announces.
	Size int64
	// SkipChecksum leaves the checksum unverified.
	SkipChecksum bool
	// OnAux, if set, is told each fact about the writer when it is read.
	OnAux func(name, value string)
	// Replace lets keys of the file take the place of keys that are there, which is an
	// error otherwise.
	Replace bool
	// Wait, if set, is called to wait for what comes next from the file: who holds a lock
	// that guards the keyspace can give it away meanwhile.
	Wait func(wait func())
	// OnKeys, if set, is told how many more keys have been loaded, and left out because they had
	// expired.
	OnKeys func(loaded, expired int)
	// Slow, if not nil, says whether Pause is to be called behind each key, by a goroutine of
	// its own, once what was read is in the keyspace or about to get there.
	Slow  *atomic.Bool
	Pause func()
}

// minKeySize is the least number of bytes that a key takes in a file. It bounds
// what is allocated for the announced number of keys.
const minKeySize = 3

// Load reads a file into a keyspace. Keys whose deadline has passed are left out.
// After an error, a *FormatError or a *LimitError or that of the input, the
// keyspace holds what came before it.
//
// A goroutine of its own reads the file and makes the objects, while the caller's puts
// them into the databases (load_insert.go).
func Load(in io.Reader, ks *keyspace.Keyspace, o LoadOptions) (LoadStats, error) {
	stats, _, err := LoadPreamble(in, ks, o)
	return stats, err
}

// LoadPreamble is Load for a file behind whose end something else follows, as the commands
// of an append only file do. It returns the input behind the RDB file; LoadStats.End tells
// where that begins.
func LoadPreamble(in io.Reader, ks *keyspace.Keyspace, o LoadOptions) (LoadStats, io.Reader, error) {
	settings := ks.Settings // they may change meanwhile
	settings.ZSet.Rand = rand.New(rand.NewPCG(ks.Rand().Uint64(), ks.Rand().Uint64()))
	l := newLoader(NewReader(in), &settings)
	l.nowMs, l.databases, l.replaying = ks.Now(), ks.Databases(), ks.Replaying
	l.size = o.Size
	l.stats.Aux = map[string]string{}
	l.reader.SkipChecksum = o.SkipChecksum
	l.belt = newBelt()
	l.slow, l.pause = o.Slow, o.Pause
	i := inserter{ks: ks, options: &o, belt: l.belt}
	stats, err := i.load(l)
	stats.Packed = l.reader.packed
	stats.End = l.reader.Position().Offset
	return stats, l.reader.Rest(), err
}

// loader is the Visitor that makes objects of what it visits.
type loader struct {
	Ignore
	reader    *Reader
	belt      *belt // to the keyspace; nil if the value is all that is wanted
	nowMs     int64
	databases int
	replaying bool         // deadlines do not count
	slow      *atomic.Bool // pause is to be called behind each key; nil for never
	pause     func()
	size      int64     // of the file in bytes, 0 if it is not known
	stats     LoadStats // but for the number of keys

	version int
	header  *KeyHeader
	skip    bool             // the key at hand is not kept
	object  *keyspace.Object // the key at hand, once it has its value

	// The value of the key at hand, if it is no string and has elements.
	valueType keyspace.Type
	value     any     // complete, or nil
	building  builder // makes the value of elements that come one by one, or nil
	dropped   int     // fields of it that have expired

	list listBuilder
	set  setBuilder
	hash hashBuilder
	zset zsetBuilder

	stream streamBuilder
}

// A builder makes a value of its elements.
type builder interface {
	// finish returns the value in the encoding in which real servers load it, or nil
	// if nothing is left of it.
	finish() (any, error)
}

func newLoader(r *Reader, limits *keyspace.Settings) *loader {
	l := &loader{reader: r}
	l.list = listBuilder{limits: &limits.List}
	l.set = setBuilder{reader: r, limits: &limits.Set}
	l.hash = hashBuilder{reader: r, limits: &limits.Hash}
	l.stream = streamBuilder{reader: r}
	l.zset = zsetBuilder{reader: r, limits: &limits.ZSet}
	return l
}

// A LimitError is a file that is in order, but that this server cannot serve. Its
// text is the line that a real server logs.
type LimitError struct {
	Position
	Reason string
}

func (e *LimitError) Error() string { return e.Reason }

// LogLines returns the lines that a server logs before it gives up on the file:
// that of the real servers, then where in the file it is.
func (e *LimitError) LogLines() []string {
	detail := FormatError{Position: e.Position, Reason: e.Reason}
	return []string{e.Reason, "Refused in RDB reading " + detail.detail()}
}

// refuse returns the error for what the reader is at.
func (l *loader) refuse(format string, v ...any) error {
	return &LimitError{l.reader.Position(), fmt.Sprintf(format, v...)}
}

func (l *loader) Aux(name, value []byte) error {
	const maxAux = 64 // facts that are kept
	if len(l.stats.Aux) < maxAux {
		l.stats.Aux[string(name)] = string(value)
	}
	l.belt.batch.facts = append(l.belt.batch.facts, [2]string{string(name), string(value)})
	return l.belt.send(l.reader)
}

func (l *loader) SelectDB(db int) error {
	if db < 0 || db >= l.databases {
		return l.refuse("FATAL: Data file was created with a Redis server configured to handle more than %d databases. Exiting", l.databases)
	}
	return nil
}

func (l *loader) ResizeDB(keys, _ uint64) error {
	r := reservation{l.reader.header.DB, int(min(keys, uint64(l.size)/minKeySize))}
	l.belt.batch.reservations = append(l.belt.batch.reservations, r)
	return nil
}

func (l *loader) Function(source []byte) error {
	l.stats.Libraries = append(l.stats.Libraries, bytes.Clone(source))
	return nil
}

func (l *loader) FunctionPreGA(_, _, _, _ []byte) error {
	return l.refuse("Pre-release function format not supported.")
}

func (l *loader) ModuleAux(module string, _ int) error {
	return l.refuse("The RDB file contains AUX module data I can't load: no matching module '%s'", module)
}

func (l *loader) Version(version int) error {
	l.version = version
	return nil
}

func (l *loader) EOF(checksum uint64) error {
	l.stats.Unchecked = checksum == 0 && l.version >= firstChecksumVersion
	return nil
}

// begin prepares for the value of a key.
func (l *loader) begin(h *KeyHeader) {
	l.header, l.object, l.skip = h, nil, false
	l.value, l.building, l.dropped = nil, nil, 0
}

// build makes b the builder of the value at hand, and reports whether it is new to it.
func (l *loader) build(t keyspace.Type, b builder) (begins bool) {
	begins = l.building == nil
	l.valueType, l.building = t, b
	return begins
}

// expected returns for how many members of a sorted set to make room in a table: for
// as many as the file announces, as long as the room is no larger than the rest of the file.
func (l *loader) expected() int {
	const room = 10 // bytes of a table for each element
	left := (l.size - l.reader.src.offset()) / room
	return int(min(l.reader.elements, uint64(max(left, 0))))
}

// adopt takes a complete value.
func (l *loader) adopt(t keyspace.Type, value any) { l.valueType, l.value = t, value }

func (l *loader) Key(h *KeyHeader) error {
	l.begin(h)
	l.skip = h.ExpireAtMs != NoExpire && h.ExpireAtMs < l.nowMs && !l.replaying
	if l.skip {
		l.countExpired()
	}
	return nil
}

func (l *loader) String(value []byte) error {
	switch {
	case l.skip:
	case l.belt == nil:
		l.adopt(keyspace.TypeString, bytes.Clone(value))
	default:
		l.object = keyspace.NewString(l.header.Key, value)
	}
	return nil
}

func (l *loader) EndKey() error {
	err := l.endKey()
	if err == nil && l.slow != nil && l.slow.Load() {
		if err = l.belt.send(l.reader); err == nil {
			l.pause()
		}
	}
	return err
}

func (l *loader) endKey() error {
	if l.skip {
		return nil
	}
	if err := l.finish(); err != nil {
		return err
	}
	if l.value != nil {
		l.object = keyspace.NewObject(l.header.Key, l.valueType, l.value)
	}
	if l.object == nil {
		l.countEmpty()
		return nil
	}
	return l.belt.add(l.object, l.header, l.reader)
}

// finish completes the value at hand.
func (l *loader) finish() (err error) {
	if l.building != nil {
		l.value, err = l.building.finish()
	}
	return err
}

// countExpired counts a key whose deadline has passed.
func (l *loader) countExpired() {
	l.stats.Expired++
	l.belt.batch.expired++
}

// countEmpty counts a key of whose value nothing is left.
func (l *loader) countEmpty() {
	if l.dropped > 0 {
		l.countExpired()
		return
	}
	const named = 10 // as in the log of real servers
	l.stats.Empty++
	if len(l.stats.EmptyKeys) < named {
		l.stats.EmptyKeys = append(l.stats.EmptyKeys, string(l.header.Key))
	}
}
