package rdb

import (
	"bytes"
	gocmp "cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"respect/fixtures"
)

// TestFixtures reads every RDB file of every server and compares it with its manifest: completely
// if all types are supported, otherwise up to the first key that has to be refused.
func TestFixtures(t *testing.T) {
	for _, m := range fixtures.List() {
		if m.RDBPath == "" {
			continue
		}
		t.Run(m.Name(), func(t *testing.T) {
			data, err := m.Load()
			if err != nil {
				t.Fatal(err)
			}
			var got recorder
			r := NewReader(bytes.NewReader(data))
			err = r.Read(&got)
			compareKeys(t, &m, &got)
			if refused := firstRefused(&m); refused {
				requireUnsupported(t, &m, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			compareFacts(t, &m, &got)
			if r.Position().Offset != m.RDB.Size {
				t.Errorf("ended at %d of %d", r.Position().Offset, m.RDB.Size)
			}
		})
	}
}

func firstRefused(m *fixtures.Manifest) bool {
	for rdbType := range m.RDB.Types {
		if !Type(rdbType).Supported() {
			return true
		}
	}
	return false
}

func requireUnsupported(t *testing.T, m *fixtures.Manifest, err error) {
	t.Helper()
	var bad *FormatError
	if !errors.As(err, &bad) || bad.Kind != Unsupported {
		t.Fatalf("got %v, want an unsupported type", err)
	}
	for _, key := range m.Databases[bad.DB] {
		if string(key.Key) == bad.Key && key.RDBType == int(bad.Item) && !Type(bad.Item).Supported() {
			return
		}
	}
	t.Fatalf("%v: the manifest has no such key", err)
}

// compareKeys requires what was read to be in the manifest.
func compareKeys(t *testing.T, m *fixtures.Manifest, got *recorder) {
	t.Helper()
	for db, keys := range m.Databases {
		for i := range keys {
			if k := got.keys[db][string(keys[i].Key)]; k != nil {
				compareKey(t, &keys[i], k)
				delete(got.keys[db], string(keys[i].Key))
			}
		}
	}
	for db, keys := range got.keys {
		for name := range keys {
			t.Errorf("database %d: key %q is not in the manifest", db, name)
		}
	}
}

func compareKey(t *testing.T, want *fixtures.Key, got *recordedKey) {
	t.Helper()
	header := KeyHeader{DB: got.DB, Type: Type(want.RDBType), Key: []byte(want.Key),
		ExpireAtMs: NoExpire, Freq: NoFreq, IdleSeconds: NoIdle}
	if want.Expire.Set {
		header.ExpireAtMs = want.Expire.AtMs
	}
	if want.Freq != nil {
		header.Freq = *want.Freq
	}
	if want.IdleSeconds != nil {
		header.IdleSeconds = *want.IdleSeconds
	}
	if diff := cmp.Diff(header, got.KeyHeader); diff != "" {
		t.Errorf("key %q (-manifest +file):\n%s", want.Key, diff)
	}
	compareValue(t, want, got)
}

func compareValue(t *testing.T, want *fixtures.Key, got *recordedKey) {
	t.Helper()
	if got.kind != want.Type {
		t.Errorf("key %q: type %q, want %q", want.Key, got.kind, want.Type)
		return
	}
	var diff string
	var err error
	switch want.Type {
	case "string":
		var text string
		text, err = want.Value.Text()
		diff = cmp.Diff(text, got.text)
	case "list", "set":
		var elements []string
		elements, err = want.Value.List()
		if want.Type == "set" {
			slices.Sort(got.elements)
		}
		diff = cmp.Diff(elements, got.elements)
	case "stream":
		var s *fixtures.Stream
		s, err = want.Value.Stream()
		forgetUntold(s, &got.stream, want.RDBType)
		diff = cmp.Diff(s, &got.stream, cmpopts.EquateEmpty())
	default:
		var pairs []fixtures.Pair
		pairs, err = want.Value.Pairs()
		sortPairs(want.Type, pairs)
		sortPairs(want.Type, got.pairs)
		diff = cmp.Diff(pairs, got.pairs)
	}
	if err != nil || diff != "" {
		t.Errorf("key %q: %v (-manifest +file):\n%s", want.Key, err, diff)
	}
}

// forgetUntold takes out of both what only one of manifest and file tells: the lag is not in a
// file, and releases before 7.0 and 7.2 did not tell all that is read out of theirs.
func forgetUntold(want, got *fixtures.Stream, rdbType int) {
	if rdbType == int(TypeStream) {
		got.MaxDeletedID, got.FirstID, got.EntriesAdded = "", "", nil
	}
	for i := range want.Groups {
		want.Groups[i].Lag = nil
	}
	for i := range got.Groups {
		g := &got.Groups[i]
		if rdbType == int(TypeStream) {
			g.EntriesRead = nil
		}
		for j := range g.Consumers {
			if rdbType != int(TypeStream3) {
				g.Consumers[j].ActiveTime = nil
			}
		}
	}
}

// sortPairs orders fields by name, and members by score and name, after it has given
// all scores the same form.
func sortPairs(kind string, pairs []fixtures.Pair) {
	slices.SortFunc(pairs, func(a, b fixtures.Pair) int { return strings.Compare(a.Name, b.Name) })
	if kind != "zset" {
		return
	}
	for i := range pairs {
		score, _ := strconv.ParseFloat(pairs[i].Value, 64)
		pairs[i].Value = formatScore(score)
	}
	slices.SortStableFunc(pairs, func(a, b fixtures.Pair) int {
		x, _ := strconv.ParseFloat(a.Value, 64)
		y, _ := strconv.ParseFloat(b.Value, 64)
		return gocmp.Compare(x, y)
	})
}

// compareFacts compares what a file that was read to its end says besides its keys.
func compareFacts(t *testing.T, m *fixtures.Manifest, got *recorder) {
	t.Helper()
	var aux [][2]string
	for _, pair := range m.RDB.Aux {
		aux = append(aux, [2]string{string(pair[0]), string(pair[1])})
	}
	keys := 0
	for _, n := range m.DBSize {
		keys += n
	}
	var checksum uint64
	if m.RDB.Checksum != "" {
		var err error
		if checksum, err = strconv.ParseUint(m.RDB.Checksum, 16, 64); err != nil {
			t.Fatal(err)
		}
	}
	type facts struct {
		Version, Keys, Functions, Modules int
		Aux                               [][2]string
		Resize, Slots                     [][3]uint64
		Checksum                          uint64
		Ended                             bool
	}
	op := m.RDB.Opcodes
	want := facts{m.RDBVersion, keys, op["FUNCTION2"] + op["FUNCTION_PRE_GA"], op["MODULE_AUX"],
		aux, nilIfEmpty(m.RDB.ResizeDB), nilIfEmpty(m.RDB.SlotInfo), checksum, true}
	have := facts{got.version, got.count, got.functions, len(got.modules),
		got.aux, got.resize, got.slots, got.checksum, got.ended}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-manifest +file):\n%s", diff)
	}
}

// TestFunctionPreGA compares the parts of the old form with the manifest.
func TestFunctionPreGA(t *testing.T) {
	seen := 0
	for _, m := range fixtures.List() {
		if m.RDBPath == "" || m.RDB.Opcodes["FUNCTION_PRE_GA"] == 0 {
			continue
		}
		data, err := m.Load()
		if err != nil {
			t.Fatal(err)
		}
		var got recorder
		if err := NewReader(bytes.NewReader(data)).Read(&got); err != nil {
			t.Fatal(err)
		}
		var want [][3]string
		for _, library := range m.Functions {
			want = append(want, [3]string{library.Name, library.Engine, string(library.Code)})
		}
		slices.SortFunc(got.librariesPreGA, func(a, b [3]string) int { return strings.Compare(a[0], b[0]) })
		if diff := cmp.Diff(want, got.librariesPreGA); diff != "" {
			t.Errorf("%s (-manifest +file):\n%s", m.Name(), diff)
		}
		seen++
	}
	if seen == 0 {
		t.Error("no fixture has such a library")
	}
}

func nilIfEmpty(rows [][3]uint64) [][3]uint64 {
	if len(rows) == 0 {
		return nil
	}
	return rows
}

// TestPreambles reads the RDB parts of append only files; the commands behind a preamble must
// remain in the input.
func TestPreambles(t *testing.T) {
	for _, m := range fixtures.List() {
		for _, f := range m.Files {
			if f.Format == "resp" || f.Format == "manifest" {
				continue
			}
			t.Run(m.Name()+"/"+path.Base(f.Path), func(t *testing.T) {
				data, err := fs.ReadFile(fixtures.RDB(), path.Join(path.Dir(m.Path), f.Path))
				if err != nil {
					t.Fatal(err)
				}
				r := NewReader(iotest.OneByteReader(bytes.NewReader(data)))
				err = r.Read(&recorder{})
				var bad *FormatError
				if errors.As(err, &bad) && bad.Kind == Unsupported {
					t.Skip(err)
				}
				rest, restErr := io.ReadAll(r.Rest())
				if err != nil || restErr != nil {
					t.Fatal(err, restErr)
				}
				if size := int64(len(data) - len(rest)); f.RDBPreambleSize != 0 && size != f.RDBPreambleSize {
					t.Errorf("preamble of %d bytes, want %d", size, f.RDBPreambleSize)
				}
			})
		}
	}
}

// TestRest is for preambles whose values are all supported.
func TestRest(t *testing.T) {
	data := append(file("\x00\x01a\x01b"), "*1\r\n$4\r\nPING\r\n"...)
	r := NewReader(bytes.NewReader(data))
	if err := r.Read(&recorder{}); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r.Rest()); err != nil || string(rest) != "*1\r\n$4\r\nPING\r\n" {
		t.Errorf("rest %q, %v", rest, err)
	}
}

// TestSlowInput gives one byte at a time, and twice what fits the buffer.
func TestSlowInput(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789abcdef"), 2*bufferSize/16)
	data := file(fmt.Sprintf("\x00\x01a\x80\x00\x02\x00\x00%s\x00\x01b\xc1\x00\x80", long))
	var sums [2]recorder
	for i, in := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
		if err := NewReader(in).Read(&sums[i]); err != nil {
			t.Fatal(err)
		}
		if got := sums[i].keys[0]; got["a"].text != string(long) || got["b"].text != "-32768" {
			t.Errorf("a has %d bytes, b is %q", len(got["a"].text), got["b"].text)
		}
	}
}

func TestProgress(t *testing.T) {
	data := file(strings.Repeat("\x00\x01a\x50\x00"+strings.Repeat("x", 4096), 1024))
	r := NewReader(bytes.NewReader(data))
	var seen []int64
	r.ProgressBytes = 1 << 20
	r.Progress = func(offset int64) error { seen = append(seen, offset); return nil }
	if err := r.Read(Ignore{}); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 4 || len(seen) > 5 {
		t.Errorf("called at %v", seen)
	}
	stop := errors.New("stop")
	r = NewReader(bytes.NewReader(data))
	r.Progress = func(int64) error { return stop }
	if err := r.Read(Ignore{}); err != stop {
		t.Errorf("got %v", err)
	}
}

// TestModuleAux has every form of item, and the name that a real server's file has.
func TestModuleAux(t *testing.T) {
	data, err := fs.ReadFile(fixtures.RDB(), "redis-7.4.1/module-aux.rdb")
	if err != nil {
		t.Fatal(err)
	}
	var got recorder
	_ = NewReader(bytes.NewReader(data)).Read(&got) // its keys may not be readable
	if len(got.modules) == 0 || got.modules[0] != "test__rdb" {
		t.Errorf("modules %q", got.modules)
	}
	items := "\xf7\x81\x24\x02\xa0\x00\x00\x00\x00\x05" +
		"\x02\x01\x01\x42\x00\x03ffff\x04dddddddd\x05\x03abc\x05\xc0\x07\x00" + "\x00\x01k\x01v"
	got = recorder{}
	if err := NewReader(bytes.NewReader(file(items))).Read(&got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.modules, []string{"JAKgAAAAA"}) || got.keys[0]["k"].text != "v" {
		t.Errorf("modules %q, keys %v", got.modules, got.keys)
	}
}

// TestEmptyLists requires empty nodes to be left out, as some releases saved them by mistake.
func TestEmptyLists(t *testing.T) {
	const listpack, ziplist = "\x07\x07\x00\x00\x00\x00\x00\xff", "\x0b\x0b\x00\x00\x00\x0a\x00\x00\x00\x00\x00\xff"
	for _, items := range []string{
		"\x01\x01k\x00", "\x0a\x01k" + ziplist, "\x0e\x01k\x00", "\x0e\x01k\x01" + ziplist,
		"\x12\x01k\x00", "\x12\x01k\x02\x02" + listpack + "\x02" + listpack,
	} {
		var got recorder
		if err := NewReader(bytes.NewReader(file(items))).Read(&got); err != nil {
			t.Errorf("%q: %v", items, err)
		}
		if got.count != 1 || got.keys[0]["k"].kind != "" {
			t.Errorf("%q: %d keys, %+v", items, got.count, got.keys[0]["k"])
		}
	}
}

// readTypes are those whose values can be read.
var readTypes = []string{"string", "list", "set", "hash", "zset"}

func TestDumpPayloads(t *testing.T) {
	decoded := 0
	for _, m := range fixtures.List() {
		for db, keys := range m.Databases {
			for i := range keys {
				if k := &keys[i]; k.Dump != "" && slices.Contains(readTypes, k.Type) {
					decodeDump(t, m.Name(), db, k)
					decoded++
				}
			}
		}
	}
	if decoded < 1000 {
		t.Errorf("only %d payloads", decoded)
	}
}

func decodeDump(t *testing.T, name string, db int, k *fixtures.Key) {
	t.Helper()
	payload, err := hex.DecodeString(k.Dump)
	if err != nil {
		t.Fatal(err)
	}
	object, err := OpenDump(payload, MaxVersion, false)
	if err != nil {
		t.Fatalf("%s: key %q: %v", name, k.Key, err)
	}
	v := recorder{current: &recordedKey{}}
	if err := DecodeObject(object, db, []byte(k.Key), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	compareValue(t, k, v.current)
	payload[len(payload)-1] ^= 1
	if _, err := OpenDump(payload, MaxVersion, false); err != ErrDumpPayload {
		t.Errorf("%s: key %q: wrong checksum: %v", name, k.Key, err)
	}
}

func TestOpenDumpVersion(t *testing.T) {
	payload, _ := hex.DecodeString("0001760c005a7efa72e3121487")
	if _, err := OpenDump(payload, 11, false); err != ErrDumpPayload {
		t.Errorf("version 12 for a server of version 11: %v", err)
	}
	if _, err := OpenDump(payload[:9], 12, false); err != ErrDumpPayload {
		t.Errorf("short: %v", err)
	}
}

func TestVisitorErrorIsUnchanged(t *testing.T) {
	if err := NewReader(bytes.NewReader(file("\x00\x01a\x01b"))).Read(failing{}); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v", err)
	}
}

type failing struct{ Ignore }

func (failing) EndKey() error { return io.ErrUnexpectedEOF }

// file wraps items as a file of version 10 with its checksum.
func file(items string) []byte {
	b := append([]byte("REDIS0010"), items...)
	b = append(b, byte(OpEOF))
	sum := CRC64(0, b)
	for range 8 {
		b = append(b, byte(sum))
		sum >>= 8
	}
	return b
}
