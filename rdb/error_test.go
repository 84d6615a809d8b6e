package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// TestRefusals fixes kind and log lines for each way to be wrong. The first lines, and the text
// after ": " where it has one, are those of redis-server 7.0.15 for the same bytes.
func TestRefusals(t *testing.T) {
	const short = "Short read or OOM loading DB. Unrecoverable error, aborting now."
	const internal = "Internal error in RDB reading "
	const header = internal + "offset 9, file header: "
	flipped := file("\x00\x01a\x01b")
	flipped[len(flipped)-1] ^= 1
	sum := CRC64(0, flipped[:len(flipped)-8])
	for _, c := range []struct {
		data  string
		kind  Kind
		lines []string
	}{
		{"", Truncated, []string{short, internal + "offset 0, file header: Unexpected EOF reading RDB file"}},
		{"REDIS001", Truncated, []string{short, internal + "offset 8, file header: Unexpected EOF reading RDB file"}},
		{"RODIS0010\xff", BadSignature, []string{"Wrong signature trying to load DB from file", header + "Wrong signature trying to load DB from file"}},
		{"REDIS0000\xff", BadVersion, []string{"Can't handle RDB format version 0", header + "Can't handle RDB format version 0"}},
		{"REDISabcd\xff", BadVersion, []string{"Can't handle RDB format version 0", header + "Can't handle RDB format version 0"}},
		{"REDIS0013\xff", BadVersion, []string{"Can't handle RDB format version 13", header + "Can't handle RDB format version 13"}},
		{"REDIS9999\xff", BadVersion, []string{"Can't handle RDB format version 9999", header + "Can't handle RDB format version 9999"}},
		{"REDIS0010\xff1234567", Truncated, []string{short,
			internal + "offset 17, opcode 255 (EOF) at offset 9: Unexpected EOF reading RDB file"}},
		{string(flipped), BadChecksum, []string{
			fmt.Sprintf("Wrong RDB checksum expected: (%x) but got (%x). Aborting now.", sum, sum^1<<56),
			internal + "offset 23, opcode 255 (EOF) at offset 14: RDB CRC error"}},
		{"REDIS0010\x50\x01a\x01b", Corrupt, []string{
			internal + "offset 10, type 80 at offset 9: Unknown RDB encoding type 80"}},
		{"REDIS0010\xfe\x03\x06\x01a\x01", Unsupported, []string{
			internal + "offset 14, type 6 (module-pre-release) at offset 11, key \"a\" in DB 3: Value type not yet supported"}},
		{"REDIS0010\x00\x01a\x81\x00\x00\x00\xff\x00\x00\x00\x00xxx", Truncated, []string{short,
			internal + "offset 24, type 0 (string) at offset 9, key \"a\" in DB 0: Unexpected EOF reading RDB file"}},
		{"REDIS0010\x00\x01a\xc4a", Corrupt, []string{
			internal + "offset 13, type 0 (string) at offset 9, key \"a\" in DB 0: Unknown RDB string encoding type 4"}},
		{"REDIS0010\x00\x82aaaa", Corrupt, []string{
			internal + "offset 11, type 0 (string) at offset 9: Unknown length encoding 2 in rdbLoadLen()"}},
		{"REDIS0010\x00\x01a\xc3\x02\x81\x00\x00\x00\xff\x00\x00\x00\x00\x00a", Corrupt, []string{
			internal + "offset 25, type 0 (string) at offset 9, key \"a\" in DB 0: Invalid LZF compressed string"}},
		{"REDIS0010\x12\x01a\x01\x03\x03abc", Corrupt, []string{
			internal + "offset 14, type 18 (quicklist-v2) at offset 9, key \"a\" in DB 0: Quicklist integrity check failed. (container 3)"}},
		{"REDIS0010\x12\x01a\x01\x02\x03abc", Corrupt, []string{
			internal + "offset 18, type 18 (quicklist-v2) at offset 9, key \"a\" in DB 0: Listpack integrity check failed. (listpack: corrupt data: only 3 bytes)"}},
		{"REDIS0010\x0a\x02\n\xff\x03abc", Corrupt, []string{
			internal + `offset 17, type 10 (list-ziplist) at offset 9, key "\n\xff" in DB 0: List ziplist integrity check failed. (only 3 bytes)`}},
		{"REDIS0010\xfa\x01a", Truncated, []string{short,
			internal + "offset 12, opcode 250 (AUX) at offset 9: Unexpected EOF reading RDB file"}},
	} {
		err := NewReader(bytes.NewReader([]byte(c.data))).Read(&recorder{})
		var bad *FormatError
		if !errors.As(err, &bad) || bad.Kind != c.kind {
			t.Errorf("%q: %v, want %v", c.data, err, c.kind)
			continue
		}
		if diff := cmp.Diff(c.lines, bad.LogLines()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.data, diff)
		}
	}
}

// TestBadValues fixes the reason for values that are refused. Before " (" they are those
// of redis-server 7.0.15 and valkey-server 8.0.1 for the same bytes, of some with
// sanitize-dump-payload only: without it, these servers do not look.
func TestBadValues(t *testing.T) {
	for _, c := range badValues {
		err := NewReader(strings.NewReader("REDIS0012" + c.item)).Read(&recorder{})
		var bad *FormatError
		if !errors.As(err, &bad) || bad.Kind != Corrupt || bad.Key != "k" {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if bad.Reason != c.reason {
			t.Errorf("%s: %q, want %q", c.name, bad.Reason, c.reason)
		}
	}
}

// badValues are keys, each with a value that makes no sense in itself.
var badValues = []struct{ name, item, reason string }{
	{"intset without integers", "\x0b\x01k" + packed(intsetOf(2)), "Intset integrity check failed. (no integers)"},
	{"intset out of order", "\x0b\x01k" + packed(intsetOf(2, 3, 1)), "Intset integrity check failed. (intset: corrupt data: integer 1 is not greater than the one before)"},
	{"intset with one twice", "\x0b\x01k" + packed(intsetOf(8, 1, 1)), "Intset integrity check failed. (intset: corrupt data: integer 1 is not greater than the one before)"},
	{"intset of other length", "\x0b\x01k" + packed(intsetOf(4, 1)+"x"), "Intset integrity check failed. (intset: corrupt data: 13 bytes, 12 are needed for 1 integers of 4 bytes)"},
	{"intset of wrong width", "\x0b\x01k\x09\x01\x00\x00\x00\x01\x00\x00\x00x", "Intset integrity check failed. (intset: corrupt data: width 1)"},
	{"intset cut", "\x0b\x01k\x02\x02\x00", "Intset integrity check failed. (intset: corrupt data: only 2 bytes)"},
	{"stream node without ID", "\x13\x01k\x01\x01x" + packed(listpackOf("1")), "Stream node key entry is not the size of a stream ID"},
	{"stream node cut", streamNode("1", "0", "1", "f", "0", "2", "0", "0", "v"), "Stream listpack integrity check failed. (stream: corrupt data: ends before the number of elements of an entry)"},
	{"stream node empty", streamNode(), "Stream listpack integrity check failed. (stream: corrupt data: ends before the number of entries)"},
	{"stream node without entries", streamNode("0", "0", "1", "f", "0"), "Stream listpack integrity check failed. (stream: corrupt data: no entry)"},
	{"stream node with text for a number", streamNode("1", "0", "1", "f", "0", "2", "x", "0", "v", "4"), "Stream listpack integrity check failed. (stream: corrupt data: the time of an entry is \"x\")"},
	{"stream node with more", streamNode("1", "0", "1", "f", "0", "2", "0", "0", "v", "4", "2"), "Stream listpack integrity check failed. (stream: corrupt data: more than 1 entries)"},
	{"stream node of huge entry", streamNode("1", "0", "1", "f", "0", "0", "0", "0", "1000000000", "v", "4"), "Stream listpack integrity check failed. (stream: corrupt data: ends within the values of an entry)"},
	{"stream node out of order", streamNode("2", "0", "1", "f", "0", "2", "1", "0", "v", "4", "2", "0", "0", "v", "4"), "Stream listpack integrity check failed. (stream: corrupt data: entry 5-0 is not in order)"},
	{"stream node counting wrong", streamNode("1", "1", "1", "f", "0", "2", "0", "0", "v", "4", "2", "1", "0", "v", "4"), "Stream listpack integrity check failed. (stream: corrupt data: 2 entries, the node says 1)"},
	{"stream node of other elements", streamNode("1", "0", "1", "f", "0", "2", "0", "0", "v", "5"), "Stream listpack integrity check failed. (stream: corrupt data: the number of elements of an entry is \"5\")"},
	{"stream of other length", streamNode("1", "0", "1", "f", "0", "2", "0", "0", "v", "4") + "\x02\x05\x00", "Stream length inconsistent with rax entries"},
	{"set listpack cut", "\x14\x01k\x03abc", "Set listpack integrity check failed. (listpack: corrupt data: only 3 bytes)"},
	{"set listpack, twice", "\x14\x01k" + packed(listpackOf("a", "b", "a")), "Set listpack integrity check failed. (a member occurs twice)"},
	{"set listpack, twice as number", "\x14\x01k\x0c\x0c\x00\x00\x00\x02\x00\x01\x01\x811\x02\xff", "Set listpack integrity check failed. (a member occurs twice)"},
	{"zipmap without fields", "\x09\x01k\x02\x00\xff", "Zipmap integrity check failed. (no fields)"},
	{"zipmap of more fields", "\x09\x01k\x07\x07\x01f\x01\x00v\xff", "Zipmap integrity check failed. (1 fields, header says 7)"},
	{"zipmap, free bytes beyond", "\x09\x01k\x07\x01\x01f\x01\x01v\xff", "Zipmap integrity check failed. (value 0 at 3: text goes beyond the end)"},
	{"zipmap without value", "\x09\x01k\x04\x01\x01f\xff", "Zipmap integrity check failed. (value 0 at 3: text goes beyond the end)"},
	{"zipmap without end", "\x09\x01k\x06\x01\x01f\x01\x00v", "Zipmap integrity check failed. (no end byte)"},
	{"zipmap, wide length", "\x09\x01k\x0b\x01\xfe\x01\x00\x00\x00f\x01\x00v\xff", "Zipmap integrity check failed. (field 0 at 1: length 1 in the wide form)"},
	{"zipmap, length lies", "\x09\x01k\x08\x01\xfe\xff\xff\xff\xfff\xff", "Zipmap integrity check failed. (field 0 at 1: text goes beyond the end)"},
	{"zipmap, end in the middle", "\x09\x01k\x09\x01\x01f\x01\x00v\xff\x00\xff", "Zipmap integrity check failed. (field 1 at 6: end byte in the place of a length)"},
	{"zipmap, a field twice", "\x09\x01k\x0c\x02\x01f\x01\x00v\x01f\x01\x00w\xff", "Hash zipmap with dup elements, or big length (a member occurs twice)"},
	{"hash ziplist, odd", "\x0d\x01k" + packed(ziplistOf("f", "1", "g")), "Hash ziplist integrity check failed. (3 elements)"},
	{"hash ziplist, twice", "\x0d\x01k" + packed(ziplistOf("f", "1", "f", "2")), "Hash ziplist integrity check failed. (a member occurs twice)"},
	{"hash listpack, odd", "\x10\x01k" + packed(listpackOf("f", "1", "g")), "Hash listpack integrity check failed. (3 elements)"},
	{"hash listpack, twice", "\x10\x01k" + packed(listpackOf("f", "1", "f", "2")), "Hash listpack integrity check failed. (a member occurs twice)"},
	{"hash metadata, ttl too large", "\x18\x01k" + year2100 + "\x01\x81\x00\x01\x00\x00\x00\x00\x00\x00\x01f\x01v", "invalid expireAt time: 285577421510655"},
	{"hash metadata, sum wraps", "\x18\x01k\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x01f\x01v", "invalid expireAt time: 0"},
	{"hash metadata of the rc", "\x16\x01k\x01\x81\x00\x00\xff\xff\xff\xff\xff\xff\x01f\x01v", "invalid expireAt time: 281474976710655"},
	{"listpackex, odd", "\x19\x01k" + year2100 + packed(listpackOf("f", "v")), "Hash listpack integrity check failed. (2 elements)"},
	{"listpackex, twice", "\x19\x01k" + year2100 + packed(listpackOf("f", "v", "1", "f", "v", "1")), "Hash listpack integrity check failed. (a member occurs twice)"},
	{"listpackex, text as deadline", "\x19\x01k" + year2100 + packed(listpackOf("f", "v", "x")), "Hash listpack integrity check failed. (a deadline is no number)"},
	{"listpackex, deadline too large", "\x17\x01k" + packed(listpackOf("f", "v", "0", "g", "v", "281474976710655")), "Hash listpack integrity check failed. (deadline 281474976710655 out of range)"},
	{"listpackex, negative deadline", "\x17\x01k" + packed(listpackOf("f", "v", "-1")), "Hash listpack integrity check failed. (deadline -1 out of range)"},
	{"zset, NaN", "\x03\x01k\x01\x01m\xfd", "Zset with NAN score detected"},
	{"zset, NaN as text", "\x03\x01k\x01\x01m\x03nan", "Zset with NAN score detected"},
	{"zset, no number", "\x03\x01k\x01\x01m\x03abc", "Zset with a score that is no number"},
	{"zset, empty score", "\x03\x01k\x01\x01m\x00", "Zset with a score that is no number"},
	{"zset, another notation", "\x03\x01k\x01\x01m\x050x1p3", "Zset with a score that is no number"},
	{"zset, digits parted", "\x03\x01k\x01\x01m\x031_0", "Zset with a score that is no number"},
	{"zset, binary NaN", "\x05\x01k\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x7f", "Zset with NAN score detected"},
	{"zset ziplist, odd", "\x0c\x01k" + packed(ziplistOf("m")), "Zset ziplist integrity check failed. (1 elements)"},
	{"zset ziplist, twice", "\x0c\x01k" + packed(ziplistOf("m", "1", "m", "2")), "Zset ziplist integrity check failed. (a member occurs twice)"},
	{"zset ziplist, no number", "\x0c\x01k" + packed(ziplistOf("m", "x")), "Zset ziplist integrity check failed. (a score is no number)"},
	{"zset listpack, odd", "\x11\x01k" + packed(listpackOf("m")), "Zset listpack integrity check failed. (1 elements)"},
	{"zset listpack, twice", "\x11\x01k" + packed(listpackOf("m", "1", "m", "2")), "Zset listpack integrity check failed. (a member occurs twice)"},
	{"zset listpack, NaN", "\x11\x01k" + packed(listpackOf("m", "nan")), "Zset with NAN score detected"},
	{"zset listpack, no number", "\x11\x01k" + packed(listpackOf("m", "1x")), "Zset listpack integrity check failed. (a score is no number)"},
}

// year2100 is a deadline of eight bytes.
const year2100 = "\x00\xd8\xc3\x2c\xbb\x03\x00\x00"

// TestInputErrors requires an error of the input not to be taken for a truncated file.
func TestInputErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	in := io.MultiReader(bytes.NewReader([]byte("REDIS0010\x00")), iotest.ErrReader(broken))
	if err := NewReader(in).Read(&recorder{}); err != broken {
		t.Errorf("got %v", err)
	}
	if err := NewReader(silent{}).Read(&recorder{}); err != io.ErrNoProgress {
		t.Errorf("got %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }
