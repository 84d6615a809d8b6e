package rdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
		{"REDIS0010\xfe\x03\x04\x01a\x01", Unsupported, []string{
			internal + "offset 14, type 4 (hash-hashtable) at offset 11, key \"a\" in DB 3: Value type not yet supported"}},
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
