package rdb

import (
	"fmt"
	"strings"
)

// Kind tells the ways apart in which a file can be refused.
type Kind int

// The kinds of [FormatError].
const (
	Truncated    Kind = iota + 1 // the file ends too early
	BadSignature                 // not an RDB file
	BadVersion                   // a version outside MinVersion..MaxVersion
	BadChecksum                  // the stored checksum is not that of the bytes read
	Unsupported                  // a value of a module
	Corrupt                      // the bytes make no sense
)

var kindNames = [...]string{
	Truncated: "truncated", BadSignature: "bad signature", BadVersion: "bad version",
	BadChecksum: "bad checksum", Unsupported: "unsupported", Corrupt: "corrupt",
}

func (k Kind) String() string {
	if k > 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", int(k))
}

// Position tells where in a file a [Reader] is.
type Position struct {
	// Offset is the number of bytes read so far.
	Offset int64
	// ItemOffset is the offset of the opcode or type byte of the item that is being read.
	ItemOffset int64
	// Item is that byte; InItem is false while the header of the file is read.
	Item   byte
	InItem bool
	// DB is the selected database.
	DB int
	// Key is the key whose value is being read; HasKey is false outside of a value.
	Key    string
	HasKey bool
}

// ItemName names the item: "type 18 (quicklist-v2)" or "opcode 250 (AUX)".
func (p Position) ItemName() string {
	switch _, isOpcode := opcodeNames[Opcode(p.Item)]; {
	case !p.InItem:
		return "file header"
	case isOpcode:
		return fmt.Sprintf("opcode %d (%v)", p.Item, Opcode(p.Item))
	case Type(p.Item).Known():
		return fmt.Sprintf("type %d (%v)", p.Item, Type(p.Item))
	}
	return fmt.Sprintf("type %d", p.Item)
}

// FormatError says what is wrong with a file, and where.
type FormatError struct {
	Position
	Kind Kind
	// Reason is one line, in the words of the real servers' log where they have some.
	Reason string
}

func (e *FormatError) Error() string { return "rdb: " + e.detail() }

// detail is "offset 393, type 18 (quicklist-v2) at offset 89, key 'small' in DB 0: reason".
func (e *FormatError) detail() string {
	var b strings.Builder
	fmt.Fprintf(&b, "offset %d, %s", e.Offset, e.ItemName())
	if e.InItem {
		fmt.Fprintf(&b, " at offset %d", e.ItemOffset)
	}
	if e.HasKey {
		fmt.Fprintf(&b, ", key %s in DB %d", quoteKey(e.Key), e.DB)
	}
	b.WriteString(": ")
	b.WriteString(e.Reason)
	return b.String()
}

// quoteKey makes a key of a damaged file fit for a log line.
func quoteKey(key string) string {
	const shown = 128
	if len(key) > shown {
		return fmt.Sprintf("%+q... (%d bytes)", key[:shown], len(key))
	}
	return fmt.Sprintf("%+q", key)
}

// LogLines returns the lines that a server logs, at warning level, before it gives up on the file:
// first the line that the real servers log, if they have one for this case, then the details.
func (e *FormatError) LogLines() []string {
	detail := "Internal error in RDB reading " + e.detail()
	switch e.Kind {
	case Truncated:
		return []string{"Short read or OOM loading DB. Unrecoverable error, aborting now.", detail}
	case BadChecksum:
		return []string{e.Reason, strings.TrimSuffix(detail, e.Reason) + "RDB CRC error"}
	case BadSignature, BadVersion:
		return []string{e.Reason, detail}
	}
	return []string{detail}
}
