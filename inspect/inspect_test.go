package inspect_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"respect/fixtures"
	"respect/inspect"
	"respect/protocol"
)

// shown is what can be told of a key in any form: its type, its expiry, and its elements as
// texts, sorted where their order means nothing.
type shown struct {
	Type       string
	ExpireAtMs int64 // 0 for none
	Elements   []string
}

// readable calls do for each fixture of which every type is supported.
func readable(t *testing.T, do func(t *testing.T, m *fixtures.Manifest, file string)) {
	for _, m := range fixtures.List() {
		if m.RDB == nil || !m.HoldsOnly("string", "list", "set", "hash", "zset", "stream") {
			continue
		}
		t.Run(m.Name(), func(t *testing.T) {
			data, err := m.Load()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "dump.rdb")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			do(t, &m, file)
		})
	}
}

// held is what the manifest says that the file holds.
func held(t *testing.T, m *fixtures.Manifest) map[string]shown {
	all := map[string]shown{}
	for db, keys := range m.Databases {
		for _, k := range keys {
			s := shown{Type: k.Type}
			if k.Expire.Set {
				s.ExpireAtMs = k.Expire.AtMs
			}
			var err error
			var pairs []fixtures.Pair
			switch k.Type {
			case "string":
				var text string
				text, err = k.Value.Text()
				s.Elements = []string{text}
			case "list", "set":
				s.Elements, err = k.Value.List()
			case "stream":
				var value *fixtures.Stream
				value, err = k.Value.Stream()
				s.Elements = streamLines(value)
			default:
				pairs, err = k.Value.Pairs()
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range pairs {
				s.Elements = append(s.Elements, pair(k.Type, p.Name, p.Value, p.ExpireAtMs))
			}
			all[fmt.Sprintf("%d %s", db, k.Key)] = s.sorted()
		}
	}
	return all
}

// streamLines tells a stream in lines: entries, the last ID, groups, consumers, and what
// is pending.
func streamLines(s *fixtures.Stream) []string {
	if s == nil {
		return nil
	}
	lines := []string{"last " + s.LastID}
	for _, e := range s.Entries {
		lines = append(lines, fmt.Sprintf("%s %q", e.ID, e.Fields))
	}
	for _, g := range s.Groups {
		lines = append(lines, fmt.Sprintf("group %q at %s", g.Name, g.LastDeliveredID))
		for _, c := range g.Consumers {
			lines = append(lines, fmt.Sprintf("consumer %q of %q", c.Name, g.Name))
		}
		for _, p := range g.PEL {
			lines = append(lines, fmt.Sprintf("%s of %q is pending for %q at %d, %d times", p.ID, g.Name, p.Consumer, p.DeliveryTime, p.DeliveryCount))
		}
	}
	return lines
}

// streamLine is the line of a command, none for one that only makes an empty stream.
func streamLine(t *testing.T, words []string) []string {
	var line string
	switch {
	case words[0] == "XADD" && words[2] == "MAXLEN":
		return nil
	case words[0] == "XADD":
		line = fmt.Sprintf("%s %q", words[2], words[3:])
	case words[0] == "XSETID":
		line = "last " + words[2]
	case words[0] == "XGROUP" && words[1] == "CREATE":
		line = fmt.Sprintf("group %q at %s", words[3], words[4])
	case words[0] == "XGROUP" && words[1] == "CREATECONSUMER":
		line = fmt.Sprintf("consumer %q of %q", words[4], words[3])
	case words[0] == "XCLAIM":
		line = fmt.Sprintf("%s of %q is pending for %q at %s, %s times", words[5], words[2], words[3], words[7], words[9])
	default:
		t.Fatalf("%q", words)
	}
	return []string{line}
}

func pair(kind, name, value string, expireAtMs int64) string {
	if kind == "zset" {
		f, _ := strconv.ParseFloat(value, 64)
		value = fmt.Sprint(f + 0) // both zeros are shown as one by some releases
	}
	return fmt.Sprintf("%q=%q@%d", name, value, expireAtMs)
}

func (s shown) sorted() shown {
	if s.Type != "list" {
		slices.Sort(s.Elements)
	}
	return s
}

// dump runs the command line.
func dump(t *testing.T, args ...string) string {
	t.Helper()
	var out, errors bytes.Buffer
	if status := inspect.Dump(args, &out, &errors, nil); status != 0 || errors.Len() > 0 {
		t.Fatalf("%q: exit status %d, %s", args, status, errors.Bytes())
	}
	return out.String()
}

// text decodes a text of the JSON form.
func text(t *testing.T, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		b, err := base64.StdEncoding.DecodeString(v["b64"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	case json.Number:
		return v.String()
	}
	t.Fatalf("%T where a text should be", v)
	return ""
}

// texts decodes a list of texts of the JSON form.
func texts(t *testing.T, v any) []string {
	var out []string
	for _, e := range v.([]any) {
		out = append(out, text(t, e))
	}
	return out
}

func TestJSON(t *testing.T) {
	readable(t, func(t *testing.T, m *fixtures.Manifest, file string) {
		got := map[string]shown{}
		for line := range strings.Lines(dump(t, file, "--json")) {
			var k struct {
				DB       int
				Key      any
				Type     string
				Encoding string
				ExpireAt int64 `json:"expire_at_ms"`
				Value    any
				State    []any
				Size     int
			}
			d := json.NewDecoder(strings.NewReader(line))
			d.UseNumber()
			if err := d.Decode(&k); err != nil || k.Size == 0 || k.Encoding == "" {
				t.Fatalf("%s: %v", line, err)
			}
			s := shown{Type: k.Type, ExpireAtMs: k.ExpireAt}
			list, isList := k.Value.([]any)
			if !isList {
				list = []any{k.Value}
			}
			for _, command := range k.State {
				s.Elements = append(s.Elements, streamLine(t, texts(t, command))...)
			}
			for _, e := range list {
				words, isPair := e.([]any)
				if k.Type == "stream" {
					command := append([]string{"XADD", "", text(t, words[0])}, texts(t, words[1])...)
					s.Elements = append(s.Elements, streamLine(t, command)...)
					continue
				}
				if !isPair {
					s.Elements = append(s.Elements, text(t, e))
					continue
				}
				at := int64(0)
				if len(words) == 3 {
					at, _ = words[2].(json.Number).Int64()
				}
				s.Elements = append(s.Elements, pair(k.Type, text(t, words[0]), text(t, words[1]), at))
			}
			got[fmt.Sprintf("%d %s", k.DB, text(t, k.Key))] = s.sorted()
		}
		if diff := cmp.Diff(held(t, m), got); diff != "" {
			t.Errorf("(-manifest +shown):\n%s", diff)
		}
	})
}

// TestRESP carries out the commands that are shown.
func TestRESP(t *testing.T) {
	readable(t, func(t *testing.T, m *fixtures.Manifest, file string) {
		got := carriedOut(t, []byte(dump(t, "--resp", file)))
		if diff := cmp.Diff(held(t, m), got); diff != "" {
			t.Errorf("(-manifest +carried out):\n%s", diff)
		}
	})
}

// carriedOut carries commands out, as far as data is made by them.
func carriedOut(t *testing.T, commands []byte) map[string]shown {
	type field struct {
		value string
		at    int64
	}
	keys, fields, db := map[string]shown{}, map[string]map[string]field{}, "0"
	var p protocol.Parser
	for len(commands) > 0 {
		n, argv, err := p.Next(commands, nil)
		if err != nil || n == 0 {
			t.Fatalf("%.50q: %v", commands, err)
		}
		commands = commands[n:]
		words := make([]string, len(argv))
		for i, arg := range argv {
			words[i] = string(arg)
		}
		if words[0] == "SELECT" {
			db = words[1]
			continue
		}
		name := db + " " + words[1]
		if words[0] == "XGROUP" {
			name = db + " " + words[2]
		}
		k := keys[name]
		switch words[0] {
		case "SET":
			k.Type, k.Elements = "string", words[2:]
		case "RPUSH":
			k.Type, k.Elements = "list", append(k.Elements, words[2:]...)
		case "SADD":
			k.Type, k.Elements = "set", append(k.Elements, words[2:]...)
		case "ZADD":
			k.Type = "zset"
			for i := 2; i < len(words); i += 2 {
				k.Elements = append(k.Elements, pair("zset", words[i+1], words[i], 0))
			}
		case "HSET":
			k.Type = "hash"
			if fields[name] == nil {
				fields[name] = map[string]field{}
			}
			for i := 2; i < len(words); i += 2 {
				fields[name][words[i]] = field{value: words[i+1]}
			}
		case "HPEXPIREAT":
			at, _ := strconv.ParseInt(words[2], 10, 64)
			fields[name][words[5]] = field{fields[name][words[5]].value, at}
		case "XADD", "XSETID", "XGROUP", "XCLAIM":
			k.Type, k.Elements = "stream", append(k.Elements, streamLine(t, words)...)
		case "PEXPIREAT":
			k.ExpireAtMs, _ = strconv.ParseInt(words[2], 10, 64)
		default:
			t.Fatalf("%q", words)
		}
		keys[name] = k
	}
	for name, k := range keys {
		for f, v := range fields[name] {
			k.Elements = append(k.Elements, pair("hash", f, v.value, v.at))
		}
		keys[name] = k.sorted()
	}
	return keys
}

// file returns the path of a fixture.
func file(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "fixtures", "rdb", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSelection(t *testing.T) {
	all := dump(t, file(t, "redis-7.2.6/multidb.rdb"))
	some := dump(t, "--db", "9", file(t, "redis-7.2.6/multidb.rdb"))
	matched := dump(t, file(t, "redis-7.2.6/multidb.rdb"), "--match", "d?", "--db=1")
	if strings.Count(some, "\n") == 0 || strings.Count(some, `"db":9`) != strings.Count(some, "\n") || strings.Count(all, `"db":9`) != strings.Count(some, "\n") {
		t.Errorf("all:\n%s\nof database 9:\n%s", all, some)
	}
	if strings.Count(matched, "\n") != 1 || !strings.Contains(matched, `"db":1,"key":"db"`) {
		t.Errorf("matched:\n%s", matched)
	}
}

func TestStats(t *testing.T) {
	got := dump(t, "--stats", file(t, "redis-7.2.6/lists.rdb"))
	if !strings.Contains(got, "biggest keys:") || !strings.Contains(got, "db0") || !strings.HasPrefix(got, "        ") {
		t.Error(got)
	}
	lines := strings.Split(got[strings.Index(got, "biggest"):], "\n")
	last := int64(1 << 62)
	for _, line := range lines[1 : len(lines)-1] {
		size, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
		if err != nil || size > last {
			t.Errorf("not in order: %s", line)
		}
		last = size
	}
}

func TestMistakes(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "damaged.rdb")
	if err := os.WriteFile(damaged, []byte("REDIS0011\x00\x01k\x05abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{nil, 2, "Usage"}, {[]string{"a", "b"}, 2, "Usage"}, {[]string{"--json", "--resp", "x"}, 2, "Usage"}, {[]string{"--nope", "x"}, 2, "nope"},
		{[]string{"nothing-there.rdb"}, 1, "nothing-there.rdb: "}, {[]string{damaged}, 1, `offset 16, type 0 (string) at offset 9, key "k" in DB 0: Unexpected EOF`},
	} {
		var out, errors bytes.Buffer
		if status := inspect.Dump(c.args, &out, &errors, nil); status != c.status || !strings.Contains(errors.String(), c.says) {
			t.Errorf("%q: exit status %d, %q", c.args, status, errors.String())
		}
	}
}

func TestCheckRDB(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "damaged.rdb")
	data, err := os.ReadFile(file(t, "redis-7.2.6/multidb.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(damaged, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file   string
		status int
		says   []string
	}{
		{file(t, "redis-7.2.6/multidb.rdb"), 0, []string{"AUX FIELD redis-ver = '7.2.6'", "Selecting DB ID 0", "Checksum OK", "RDB looks OK"}},
		{file(t, "redis-7.2.6/functions-only.rdb"), 0, []string{"[info] 0 keys read", "[info] 1 functions"}},
		{file(t, "redis-4.0.14/nochecksum.rdb"), 0, []string{"checksum disabled", "RDB looks OK"}},
		{damaged, 1, []string{"--- RDB ERROR DETECTED ---", "Wrong RDB checksum", "keys read"}},
		{file(t, "redis-7.4.1/module-type.rdb"), 1, []string{"RDB ERROR", "[additional info] Reading key"}},
	} {
		var out, errors, progress bytes.Buffer
		status := inspect.CheckRDB([]string{c.file}, &out, &errors, &progress)
		for _, want := range c.says {
			if status != c.status || !strings.Contains(out.String(), want) {
				t.Errorf("%s: exit status %d, no %q in\n%s", c.file, status, want, out.String())
			}
		}
		if !strings.Contains(progress.String(), "%") && c.status == 0 && len(data) > 1<<16 {
			t.Errorf("%s: no progress", c.file)
		}
	}
}
